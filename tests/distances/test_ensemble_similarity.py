"""Md*: by its definition, between bounds that follow from it, and refused where it has no meaning."""

from itertools import product

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains, jitter, poisson


def naive(model, data, width):
    def pairs(a, b):
        return sum(abs(s - t) <= width for s, t in product(a, b))

    def within(trains):
        lists = trains.to_lists()
        found = [pairs(a, b) for i, a in enumerate(lists) for j, b in enumerate(lists) if i != j]
        return np.mean(found)

    between = np.mean([pairs(a, b) for a, b in product(model.to_lists(), data.to_lists())])
    return 2 * between / (within(model) + within(data))


def test_it_is_its_definition():
    data, model = (poisson("30 Hz", "1 s", trains=n, seed=n) for n in (3, 4))
    assert lq.distances.ensemble_similarity(model, data, "6 ms") == pytest.approx(naive(model, data, 6.0), abs=1e-12)


def test_a_noisy_model_of_the_same_process_is_alike_where_the_coincidence_factor_is_not():
    base = poisson("10 Hz", "60 s", seed=1, t_start="-1 s")
    several = SpikeTrains.from_lists([base.times] * 20, t_start=-1000, t_stop=60_000)
    noisy = jitter(several, "6 ms", seed=2)
    data, model = noisy[:10], noisy[10:]
    assert lq.distances.ensemble_similarity(model, data, "4 ms") == pytest.approx(1, abs=0.03)
    assert lq.distances.coincidence("4 ms").batch(model, data).mean() < 0.5


def test_a_model_without_noise_stands_twice():
    data = SpikeTrains.from_lists([[10.0, 50.0], [11.0, 80.0]], t_stop=100)
    model = SpikeTrains.from_lists([[10.0, 50.0]], t_stop=100)[[0, 0]]
    # pairs with the data: 2 and 1, mean 1.5; within the model 2, within the data 1
    assert lq.distances.ensemble_similarity(model, data, "2 ms") == pytest.approx(2 * 1.5 / 3)


def test_silence_on_both_sides_has_no_number():
    silent = SpikeTrains.from_lists([[], []], t_stop=100)
    assert np.isnan(lq.distances.ensemble_similarity(silent, silent))
    spiking = SpikeTrains.from_lists([[5.0], [5.0]], t_stop=100)
    assert lq.distances.ensemble_similarity(silent, spiking) == 0


@pytest.mark.parametrize(
    ("model", "precision", "message"),
    [
        (SpikeTrains.from_lists([[5.0]], t_stop=100), "4 ms", "the model is 1 train"),
        (SpikeTrains.from_lists([[5.0], []], t_stop=90), "4 ms", "the windows differ"),
        (SpikeTrains.from_lists([[5.0], []], t_stop=100), "0 ms", "a positive time is expected"),
    ],
)
def test_mistakes_are_named(model, precision, message):
    data = SpikeTrains.from_lists([[5.0], [6.0]], t_stop=100)
    with pytest.raises(DistanceError, match=message):
        lq.distances.ensemble_similarity(model, data, precision)
