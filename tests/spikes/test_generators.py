import numpy as np
import pytest

from lapicque.errors import RecordingError, UnitError
from lapicque.spikes import (
    SpikeTrains,
    cv,
    fano,
    gamma,
    inhomogeneous_gamma,
    inhomogeneous_poisson,
    isi,
    jitter,
    poisson,
    psth,
)


def trials(trains):
    return SpikeTrains(trains.times, trains.offsets, trains.t_start, trains.t_stop, shape=(len(trains), 1))


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: poisson("30 Hz", "2 second", seed=seed, trains=3),
        lambda seed: poisson(30, 2000, seed=seed, trains=3, refractory="5 ms"),
        lambda seed: gamma(30, 3, 2000, seed=seed, trains=3, t_start=-100),
        lambda seed: inhomogeneous_poisson(lambda t: 0.02 * t, 2000, seed=seed, trains=3),
        lambda seed: inhomogeneous_gamma(lambda t: 0.02 * t, 3, 2000, seed=seed, trains=3),
        lambda seed: jitter(poisson(30, 2000, seed=1, trains=3), 5, seed=seed),
    ],
)
def test_a_seed_gives_the_same_trains(make):
    assert make(1) == make(1) == make(np.random.default_rng(1))
    assert make(1) != make(2)
    trains = make(3)
    assert len({train.times.tobytes() for train in trains}) == 3


@pytest.mark.parametrize(
    ("make", "interval_cv"),
    [
        (lambda **k: poisson(40, 1000, **k), 1.0),
        (lambda **k: poisson(40, 1000, refractory=10, **k), 0.6),  # CV = 1 - rate * refractory period
        (lambda **k: gamma(40, 4, 1000, **k), 0.5),
        (lambda **k: gamma(40, 0.5, 1000, **k), np.sqrt(2)),
    ],
)
def test_rate_and_variability_from_the_first_moment_on(make, interval_cv):
    trains = trials(make(seed=1, trains=4000))
    rate = psth(trains, 20).values[0]
    np.testing.assert_allclose(rate, 40, atol=40 * 5 / np.sqrt(4000 * 0.8))
    assert trains.rate().mean() == pytest.approx(40, rel=0.02)
    assert rate[0] == pytest.approx(40, rel=0.1)  # stationary: no transient at the window's start
    intervals = np.concatenate(isi(trains))  # long ones are missed in a window of 1 s
    assert interval_cv * 0.85 < intervals.std() / intervals.mean() < interval_cv * 1.05


def test_a_refractory_period_is_kept():
    train = poisson(100, 100_000, seed=3, refractory="5 ms")
    assert isi(train)[0].min() >= 5
    assert cv(train)[0] == pytest.approx(0.5, abs=0.02)
    with pytest.raises(RecordingError, match="refractory for 5 ms cannot fire at 200 Hz"):
        poisson(200, 1000, seed=1, refractory=5)


def test_counts_of_a_poisson_process():
    assert fano(trials(poisson(20, 500, seed=4, trains=4000)))[0] == pytest.approx(1.0, abs=0.08)


def test_a_rate_that_changes():
    rate = [0, 200, 50]
    trains = trials(inhomogeneous_poisson(rate, 300, dt=100, seed=5, trains=2000))
    found = psth(trains, 100).values[0]
    assert found[0] == 0
    np.testing.assert_allclose(found[1:], rate[1:], rtol=0.05)
    ramp = trials(inhomogeneous_poisson(lambda t: 0.1 * t, 1000, seed=6, trains=1000))
    np.testing.assert_allclose(psth(ramp, 250).values[0], [12.5, 37.5, 62.5, 87.5], rtol=0.08)


def test_silence():
    assert len(poisson(0, 1000, seed=1).times) == 0
    assert len(gamma(0, 2, 1000, seed=1).times) == 0
    assert len(inhomogeneous_poisson(np.zeros(1000), 1000, seed=1).times) == 0
    assert len(poisson(50, 0, seed=1).times) == 0


def test_jitter_moves_spikes_and_keeps_their_number():
    data = poisson(20, 100_000, seed=7, refractory=40)
    moved = jitter(data, "3 ms", seed=8)
    assert len(moved.times) == len(data.times)
    shift = moved.times - data.times  # spikes 40 ms apart keep their order
    assert shift.std() == pytest.approx(3, rel=0.05)
    assert abs(shift.mean()) < 0.3
    assert jitter(data, 0, seed=1) == data
    edge = jitter(SpikeTrains.from_lists([[0.0, 10.0]] * 200, t_stop=10), 30, seed=9)
    assert edge.counts.tolist() == [2] * 200


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: poisson(-1, 10, seed=1), "not negative, not -1 Hz"),
        (lambda: poisson(np.inf, 10, seed=1), "must be finite"),
        (lambda: poisson(10, 10, seed=1, t_start=20), "end after its start: 20 to 10 ms"),
        (lambda: gamma(10, 0, 10, seed=1), "must be positive and finite, not 0"),
        (lambda: inhomogeneous_poisson([1, 2], 10, seed=1), r"shape \(2,\), but the window needs 10 samples of 1 ms"),
        (lambda: inhomogeneous_poisson([1, -2], 2, seed=1), "finite and not negative at all times"),
        (lambda: inhomogeneous_poisson([1, 2], 2, dt=0, seed=1), "dt must be positive"),
        (lambda: jitter(poisson(10, 10, seed=1), -1, seed=1), "jitter must be finite and not negative, not -1 ms"),
    ],
)
def test_arguments_that_make_no_sense(call, message):
    with pytest.raises(RecordingError, match=message):
        call()


def test_units_of_arguments():
    with pytest.raises(UnitError, match="the rate"):
        poisson("20 ms", 10, seed=1)


def test_modulated_gamma_trains_follow_the_rate_and_are_regular():
    trains = trials(inhomogeneous_gamma([20, 80, 0, 40.0], 4, 4000, dt=1000, seed=1, trains=1000))
    np.testing.assert_allclose(psth(trains, 250).values[0], np.repeat([20, 80, 0, 40], 4), rtol=0.08, atol=1)
    # where the rate is constant, intervals are those of the gamma process
    assert np.nanmean(cv(trains.window(1000, 2000))) == pytest.approx(0.5, abs=0.03)
    poisson_like = inhomogeneous_gamma(lambda t: 50 + 0 * t, 1, 200_000, seed=2)
    assert cv(poisson_like)[0] == pytest.approx(1, abs=0.03)
    # an operational time in which nothing is expected
    assert inhomogeneous_gamma(lambda t: 0 * t, 2, 100, seed=1, trains=2).counts.tolist() == [0, 0]
    odd = inhomogeneous_gamma(np.full(4, 1000.0), 2, 3.5, seed=3, trains=200)
    assert odd.times.max() <= 3.5
    assert odd.rate().mean() == pytest.approx(1000, rel=0.1)
    with pytest.raises(RecordingError, match="must be positive and finite, not 0"):
        inhomogeneous_gamma([20], 0, 1, seed=1)
    with pytest.raises(RecordingError, match="needs 4 samples"):
        inhomogeneous_gamma([20], 2, 4, seed=1)


def test_what_cannot_be_generated_is_refused():
    with pytest.raises(RecordingError, match="positive and finite, not inf"):
        gamma(10, np.inf, 1000, seed=1)
    with pytest.raises(RecordingError, match="must not be negative, and is -2"):
        poisson(10, 1000, seed=1, trains=-2)
    # a rate in steps of 0.1 ms, whose first tenth would be taken for all
    with pytest.raises(RecordingError, match=r"needs 100 samples of 1 ms: give dt="):
        inhomogeneous_poisson(np.full(1000, 50.0), 100, seed=1)
    assert inhomogeneous_poisson(np.full(101, 50.0), 100, seed=1) == inhomogeneous_poisson(
        np.full(100, 50.0), 100, seed=1
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: poisson(10, 100, seed=1, refractory=np.nan),
        lambda: inhomogeneous_poisson([50.0], 100, seed=1, dt=np.inf),
        lambda: inhomogeneous_gamma([50.0], 2, 100, seed=1, dt=np.inf),
    ],
)
def test_times_that_are_none_are_not_silence(make):
    with pytest.raises(RecordingError, match=r"nan|inf"):
        make()
