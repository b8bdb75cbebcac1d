import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, jitter, poisson, spike_contrast


def naive(trains, width):
    """Ciba et al. 2018, eqs. (1) to (5), in bins that overlap by half."""
    margin = min(np.diff(times).min() for times in trains if len(times) > 1)
    edges = np.arange(-margin, 1000 + margin + width / 2, width / 2)
    counts = np.array([[np.sum((times >= a) & (times < a + width)) for a in edges[:-2]] for times in trains])
    theta, active = counts.sum(axis=0), (counts > 0).sum(axis=0)
    contrast = np.abs(np.diff(theta)).sum() / (2 * sum(map(len, trains)))
    return contrast * ((theta * active).sum() / theta.sum() - 1) / (len(trains) - 1)


def test_against_the_definition():
    trains = poisson(20, 1000, seed=1, trains=5)
    found = spike_contrast(trains)
    np.testing.assert_allclose(found.bins, 500 * 0.9 ** np.arange(len(found.bins)))
    assert found.bins[-1] >= 10 > 0.9 * found.bins[-1]
    np.testing.assert_allclose(found.values, [naive(trains.to_lists(), width) for width in found.bins])
    assert found.synchrony == found.values.max()


def test_jitter_lowers_it():
    train = poisson(10, 10_000, seed=2)
    same = train[[0, 0, 0, 0]]
    values = [spike_contrast(jitter(same, sd, seed=3)).synchrony for sd in (0, 20, 200)]
    assert values[0] > 0.9 > values[1] > 0.5 > values[2]


def test_what_has_no_contrast():
    assert np.isnan(spike_contrast(SpikeTrains.from_lists([[5], []], t_stop=10)).synchrony)
    with pytest.raises(RecordingError, match=r"the shape is \(1, 1\)"):
        spike_contrast(poisson(10, 1000, seed=1))
    with pytest.raises(RecordingError, match="between 0 and 1"):
        spike_contrast(poisson(10, 1000, seed=1, trains=2), shrink=1)
    with pytest.raises(RecordingError, match="two bins of 10 ms do not fit"):
        spike_contrast(SpikeTrains.from_lists([[1, 2], [3]], t_stop=15))
