import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import SpikeTrains, gamma, log_isi_bursts, log_isi_threshold, poisson


def bursting(seed, short=5.0, long=500.0, number=60):
    """Bursts of 3 to 9 spikes, and where each begins and ends; intervals are lognormal."""
    random = np.random.default_rng(seed)
    times, spans, now = [], [], 100.0
    for _ in range(number):
        own = now + np.cumsum(np.append(0, random.lognormal(np.log(short), 0.3, random.integers(2, 9))))
        times.append(own)
        spans.append((own[0], own[-1]))
        now = own[-1] + random.lognormal(np.log(long), 0.3)
    return np.concatenate(times), spans, now


@pytest.mark.parametrize(("short", "long"), [(5, 500), (20, 400), (2, 60)])
def test_the_threshold_lies_between_short_and_long_intervals(short, long):
    for seed in range(5):
        times, spans, end = bursting(seed, short, long)
        trains = SpikeTrains.from_lists([times], t_stop=end)
        assert 1.5 * short < log_isi_threshold(trains)[0] < long / 1.5
        found = log_isi_bursts(trains)
        assert list(zip(found.start, found.stop, strict=True)) == spans


def test_a_threshold_beyond_the_limit_extends_cores():
    times, spans, end = bursting(1, short=60, long=8000)
    trains = SpikeTrains.from_lists([times], t_stop=end)
    assert log_isi_threshold(trains)[0] > 100
    found = log_isi_bursts(trains)
    inside = [any(a <= x and y <= b for a, b in spans) for x, y in zip(found.start, found.stop, strict=True)]
    assert np.mean(inside) == 1
    assert len(found) > 0.8 * len(spans)


def test_trains_without_two_kinds_of_intervals_have_no_threshold():
    silent = SpikeTrains.from_lists([[], [5], [5, 9], [5, 5, 5]], t_stop=10_000)
    assert np.isnan(log_isi_threshold(silent)).all()
    assert len(log_isi_bursts(silent)) == 0
    assert np.isnan(log_isi_threshold(gamma(20, 4, 60_000, seed=1, trains=10))).all()
    # the logarithm of exponential intervals has a long tail to the left: false alarms are rare, not impossible
    assert np.isfinite(log_isi_threshold(poisson(20, 60_000, seed=2, trains=50))).mean() < 0.1


def test_what_has_no_meaning():
    trains = poisson(20, 1000, seed=1)
    for wrong in (dict(within=0), dict(smooth=0), dict(void=1.5)):
        with pytest.raises(RecordingError, match="must be positive"):
            log_isi_threshold(trains, **wrong)
