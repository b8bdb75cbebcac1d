import numpy as np
import pytest

from lapicque.errors import RecordingError
from lapicque.spikes import (
    SpikeTrains,
    bin_counts,
    cv,
    cv2,
    fano,
    gamma,
    inhomogeneous_poisson,
    isi,
    lv,
    lvr,
    poisson,
    psth,
)


def test_intervals_by_hand():
    # intervals 1, 3, 2: mean 2, sd sqrt(2/3)
    train = SpikeTrains.from_lists([[0, 1, 4, 6]], t_stop=10)
    assert list(isi(train)[0]) == [1, 3, 2]
    assert cv(train)[0] == pytest.approx(np.sqrt(2 / 3) / 2)
    assert cv2(train)[0] == pytest.approx((2 * 2 / 4 + 2 * 1 / 5) / 2)
    assert lv(train)[0] == pytest.approx(3 / 2 * (4 / 16 + 1 / 25))
    assert lvr(train, "1 ms")[0] == pytest.approx(3 / 2 * (4 / 16 * (1 + 4 / 4) + 1 / 25 * (1 + 4 / 5)))


@pytest.mark.parametrize("measure", [cv, cv2, lv, lvr])
def test_trains_that_are_too_short_have_no_variability(measure):
    trains = SpikeTrains.from_lists([[], [5], [2, 5], [1, 2, 3], [3, 3, 3, 4]], t_stop=10)
    values = measure(trains)
    assert np.isnan(values[:3]).all()
    assert values[3] == 0
    assert np.isfinite(values[4])


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 8.0])
def test_variability_of_a_gamma_process(shape):
    # CV = 1/sqrt(k) by definition; Lv = 3 / (2 k + 1) (Shinomoto, Shima & Tanji 2003)
    train = gamma(50, shape, 400_000, seed=1)
    assert cv(train)[0] == pytest.approx(1 / np.sqrt(shape), rel=0.03)
    assert lv(train)[0] == pytest.approx(3 / (2 * shape + 1), rel=0.03)
    if shape == 1.0:
        assert cv2(train)[0] == pytest.approx(1.0, rel=0.03)


def test_local_measures_ignore_slow_changes_of_the_rate():
    # Holt et al. 1996: the CV of a Poisson process with a changing rate is well above 1, CV2 and Lv stay at 1
    train = inhomogeneous_poisson(lambda t: 50 * (1 + 0.9 * np.sin(2 * np.pi * t / 20_000)), 400_000, seed=2)
    assert cv(train)[0] > 1.3
    assert cv2(train)[0] == pytest.approx(1.0, abs=0.03)
    assert lv(train)[0] == pytest.approx(1.0, abs=0.03)


def test_revision_for_the_refractory_period():
    # Shinomoto et al. 2009: a refractory period lowers Lv with the rate, LvR much less
    slow, fast = (poisson(rate, 400_000, seed=3, refractory=5) for rate in (5, 20))
    assert lv(fast)[0] < 0.75 < 0.9 < lv(slow)[0]
    assert abs(lvr(fast)[0] - lvr(slow)[0]) < 0.5 * abs(lv(fast)[0] - lv(slow)[0])


def test_counts_in_bins():
    trains = SpikeTrains.from_lists([[0, 4.9, 5, 10], [7, 7, 9.99]], t_stop=10)
    edges, counts = bin_counts(trains, "5 ms")
    np.testing.assert_array_equal(edges, [0, 5, 10])
    np.testing.assert_array_equal(counts, [[2, 2], [0, 3]])
    np.testing.assert_array_equal(bin_counts(trains, 4).values, [[1, 2], [0, 2]])  # 8 to 10 is left out
    assert bin_counts(trains, 10).values.tolist() == [[4], [3]]
    assert bin_counts(SpikeTrains.from_lists([[999.95]], t_stop=1000), 0.1).values.shape == (1, 10_000)
    assert bin_counts(SpikeTrains.from_lists([[0.3]], t_stop=0.3), 0.1).values.tolist() == [[0, 0, 1]]
    for width in (0, 11, -1):
        with pytest.raises(RecordingError, match="does not fit into a window of 10 ms"):
            bin_counts(trains, width)


@pytest.mark.parametrize(("unit", "t_start"), [("s", 0), ("ms", 0), ("us", 0), ("s", 86_400)])
def test_times_on_an_edge_are_in_the_bin_that_begins_there(unit, t_start):
    # 1.001 s are 1000.9999999999999 ms: every edge has a spike, and no bin two
    scale = {"s": 1e3, "ms": 1.0, "us": 1e-3}[unit]
    times = np.array([f"{t_start * 1000 + k}e-3" for k in range(3000)], float) * 1e3 / scale
    trains = SpikeTrains.from_lists([times], t_start=t_start * 1e3 / scale, t_stop=t_start * 1e3 / scale + 3e3 / scale,
                                    unit=unit)  # fmt: skip
    assert (bin_counts(trains, 1).values == 1).all()
    tenths = SpikeTrains.from_lists([np.array([f"{k}e-1" for k in range(1000)], float)], t_stop=100)
    assert (bin_counts(tenths, 0.1).values == 1).all()
    # steps of a simulation, and a rest of the window: the spike at its beginning is left out
    assert (bin_counts(SpikeTrains.from_steps(range(1000), [0, 1000], dt=0.1, t_stop=100), 0.7).values == 7).all()
    assert bin_counts(SpikeTrains.from_lists([[90]], t_stop=100), 30).values.tolist() == [[0, 0, 0]]


def test_counts_agree_with_a_histogram():
    trains = poisson(100, 1003.7, seed=4, trains=5, t_start=-20)
    edges, counts = bin_counts(trains, 2.5)
    for times, row in zip(trains.to_lists(), counts, strict=True):
        np.testing.assert_array_equal(row, np.histogram(times[times < edges[-1]], edges)[0])


def test_rate_in_time_is_averaged_over_trials():
    trains = SpikeTrains.from_lists([[1], [6], [2, 3], []], t_stop=10, shape=(2, 2))
    np.testing.assert_allclose(psth(trains, 5).values, [[300, 0], [0, 100]])
    drive = inhomogeneous_poisson([20, 80, 40], 3000, dt=1000, seed=5, trains=400)
    repeats = SpikeTrains(drive.times, drive.offsets, 0, 3000, shape=(400, 1))
    np.testing.assert_allclose(psth(repeats, 1000).values[0], [20, 80, 40], rtol=0.06)


def test_fano_factor():
    trains = poisson(50, 1000, seed=6, trains=2000)
    repeats = SpikeTrains(trains.times, trains.offsets, 0, 1000, shape=(2000, 1))
    assert fano(repeats)[0] == pytest.approx(1.0, abs=0.1)
    # of a renewal process, in long windows: CV^2 (Cox 1962)
    assert fano(gamma(50, 4, 2_000_000, seed=7), bin=2000)[0] == pytest.approx(0.25, abs=0.05)
    assert np.isnan(fano(SpikeTrains.from_lists([[], []], t_stop=5, shape=(2, 1)))).all()
    with pytest.raises(RecordingError, match="several trials, or a bin"):
        fano(SpikeTrains.from_lists([[1]], t_stop=5))


@pytest.mark.parametrize("constant", [-5, np.nan])
def test_no_refractory_constant_is_negative(constant):
    with pytest.raises(RecordingError, match="must be finite and not negative"):
        lvr(poisson(50, 1000, seed=1), constant)
