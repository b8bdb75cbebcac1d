"""GLMs: kernels are found again, likelihoods are those of the equations, couplings of others are told from none."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.spikes import SpikeTrains

STIMULUS, HISTORY = lq.fit.exponentials("8 ms", "30 ms"), lq.fit.exponentials("4 ms", "60 ms")
TRUE = {
    "constant": np.log(12.0),
    "stimulus, 8 ms": 0.02, "stimulus, 30 ms": -0.003, "history, 4 ms": -3.0, "history, 60 ms": 0.4,
}  # fmt: skip


@pytest.fixture(scope="module")
def spiking():
    """200 s of a GLM as a neuron, run by its own equations."""
    names = [*TRUE]
    trains = lq.spikes.SpikeTrains.from_lists([[100.0, 250.0]], t_stop=1000)
    current = np.random.default_rng(0).normal(0, 20, 1000)
    shell = lq.fit.glm(
        lq.fit.Trial(current, trains, dt="1 ms"), stimulus=STIMULUS, history=HISTORY, t_ref="2 ms", ridge=1.0
    )
    values = dict(zip(["constant", "k_1", "k_2", "q_1", "q_2"], TRUE.values(), strict=True))
    assert list(shell.parameters) == names
    cell = shell.neuron.with_(**values)
    current = np.repeat(np.random.default_rng(1).normal(0, 20, 40_000), 5)
    answer = lq.simulate(cell, "200 s", dt="1 ms", inputs={"i_ext": current}, seed=2, progress=False)
    return cell, lq.fit.Trial(current, answer.spikes, dt="1 ms")


@pytest.fixture(scope="module")
def found(spiking):
    return lq.fit.glm(spiking[1], stimulus=STIMULUS, history=HISTORY, t_ref="2 ms")


def test_weights_are_found_again_within_their_errors(found):
    assert found.n_spikes > 1000
    for name, true in TRUE.items():
        estimate = found.parameters[name]
        assert abs(estimate.value - true) < 3.5 * estimate.standard_error, name
    assert found.parameters["stimulus, 8 ms"].unit == "1/(pA*ms)"


def test_other_bases_find_the_same_kernels(spiking):
    """200 s of its own spikes: kernels of raised cosines correlate with the true ones by more than 0.95."""
    found = lq.fit.glm(
        spiking[1],
        stimulus=lq.fit.raised_cosines(6, "1 ms", "80 ms", offset="10 ms"),
        history=lq.fit.raised_cosines(6, "2 ms", "120 ms", offset="2 ms"),
        t_ref="2 ms",
    )
    lags = np.arange(2.0, 100.0)
    stimulus = STIMULUS.kernel([0.02, -0.003], lags)
    history = HISTORY.kernel([-3.0, 0.4], lags)
    assert np.corrcoef(found.stimulus_kernel(lags), stimulus)[0, 1] > 0.95
    assert np.corrcoef(found.history_kernel(lags), history)[0, 1] > 0.95
    with pytest.raises(FitError, match="no states of a neuron"):
        found.neuron  # noqa: B018


def test_it_is_the_neuron_whose_likelihood_was_maximised(found, spiking):
    cell, trial = spiking
    assert lq.fit.log_likelihood(found.neuron, [trial]) == pytest.approx(found.log_likelihood(), rel=1e-9)
    assert found.log_likelihood() > lq.fit.log_likelihood(cell, [trial])
    assert found.log_likelihood([trial]) == found.log_likelihood()
    assert found.time_rescaling().p > 0.01
    assert found.bits_per_spike() > 0.05


def test_its_runs_are_those_of_its_neuron(found, spiking):
    """Rates over the stimulus of two ways to run the same model."""
    trial = lq.fit.Trial(spiking[1].stimulus[:4000], SpikeTrains.from_lists([[10.0]], t_stop=4000), dt="1 ms")
    (runs,) = found.predict([trial], runs=200, seed=1)
    answer = lq.simulate(
        found.neuron, "4 s", dt="1 ms", inputs={"i_ext": trial.stimulus}, n=200, seed=5, progress=False
    )
    one, other = (trains.counts for trains in (runs, answer.spikes))
    assert one.mean() == pytest.approx(other.mean(), abs=4 * np.sqrt((one.var() + other.var()) / 200))
    psth = [np.histogram(trains.times, bins=200, range=(0, 4000))[0] for trains in (runs, answer.spikes)]
    assert np.corrcoef(*psth)[0, 1] > 0.8
    assert runs.times.size == found.predict([trial], runs=200, seed=1)[0].times.size


def test_coupling_is_found_where_it_is():
    """Neuron 0 follows neuron 1 by 5 ms and ignores neuron 2."""
    rng = np.random.default_rng(4)
    bins = 120_000
    drive = (rng.random((2, bins)) < 0.02).astype(float)
    kernel = lq.fit.exponentials("10 ms").values(np.arange(1.0, 60.0))[:, 0]
    log_rate = np.log(8e-3) + 1.5 * np.convolve(np.concatenate([[0.0], drive[0]]), kernel)[:bins]
    own = (rng.random(bins) < 1 - np.exp(-np.exp(log_rate))).astype(float)
    trains = SpikeTrains.from_lists([np.flatnonzero(x) * 1.0 for x in (own, *drive)], t_stop=float(bins))
    found = lq.fit.glm(trains, coupling=lq.fit.exponentials("10 ms"), history=lq.fit.exponentials("10 ms"))
    first, second, history = (found.parameters[f"{name}, 10 ms"] for name in ("coupling 0", "coupling 1", "history"))
    assert abs(first.value - 1.5) < 3.5 * first.standard_error
    assert first.standard_error < 0.1
    assert abs(second.value) < 3.5 * second.standard_error
    assert abs(history.value) < 3.5 * history.standard_error
    np.testing.assert_allclose(found.coupling_kernel(0, [10.0]), first.value / np.e)
    # who listens to whom is not symmetric
    other = lq.fit.glm(trains, neuron=1, coupling=lq.fit.exponentials("10 ms"))
    assert abs(other.parameters["coupling 0, 10 ms"].value) < 3.5 * other.parameters["coupling 0, 10 ms"].standard_error
    assert found.predict(runs=2)[0].shape == (2, 1)
    with pytest.raises(FitError, match="listens to other neurons"):
        found.neuron  # noqa: B018
    with pytest.raises(FitError, match="no other neuron 2"):
        found.coupling_kernel(2, [1.0])


def test_poisson_counts_agree_with_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn comes with the extra demo")
    rng = np.random.default_rng(3)
    signal = rng.normal(size=5000)
    counts = rng.poisson(np.exp(0.2 + 0.05 * lq.fit.exponentials(5).of_signal(signal, 1.0)[:, 0]))
    times = np.repeat(np.arange(5000.0), counts)
    found = lq.fit.glm(
        SpikeTrains.from_lists([times], t_stop=5000), stimulus=lq.fit.exponentials(5), signal=signal, poisson=True
    )
    other = linear_model.PoissonRegressor(alpha=0.0, tol=1e-10, max_iter=1000).fit(
        lq.fit.exponentials(5).of_signal(signal, 1.0), counts
    )
    assert found.parameters["stimulus, 5 ms"].value == pytest.approx(other.coef_[0], rel=1e-5)
    assert found.parameters["constant"].value - np.log(1e3) == pytest.approx(other.intercept_, rel=1e-5)
    assert found.n_spikes == counts.sum()
    with pytest.raises(FitError, match="one spike at most"):
        found.time_rescaling()
    with pytest.raises(FitError, match="a model of counts"):
        found.predict()
    with pytest.raises(FitError, match="a model of counts"):
        found.neuron  # noqa: B018


def test_a_constant_alone_is_the_mean_rate():
    trains = SpikeTrains.from_lists([[10.5, 20.2, 900.0], [3.0]], t_stop=1000, shape=(2, 1))
    found = lq.fit.glm(trains)
    assert np.exp(found.parameters["constant"].value) == pytest.approx(-1e3 * np.log1p(-4 / 2000))
    assert found.bits_per_spike() == pytest.approx(0, abs=1e-9)
    assert found.neuron.threshold == "hazard(lambda_0*exp(constant))"


@pytest.mark.parametrize(
    ("times", "more", "what"),
    [
        ([10.0, 10.2], {}, "two spikes in the bin at 10 ms"),
        ([10.0, 12.0], dict(t_ref="5 ms"), "2 ms apart at 10 ms, less than the refractory period"),
        ([], {}, "no spikes"),
        ([10.0, 60.0], dict(history=lq.fit.rectangles(0, 5)), "separation"),
        ([10.0, 60.0], dict(stimulus=STIMULUS), "no stimulus to filter"),
        ([10.0, 60.0], dict(coupling=STIMULUS), "no other neurons"),
        ([10.0, 60.0], dict(neuron=1), "no neuron 1"),
        ([10.0, 60.0], dict(signal=np.zeros(7), stimulus=STIMULUS), r"shape \(7,\)"),
        ([10.0, 60.0], dict(signal=np.full(100, np.nan), stimulus=STIMULUS), "not finite"),
        ([10.0, 60.0], dict(dt="200 ms"), "longer than the spike trains"),
        ([10.0, 60.0], dict(dt=0), "positive"),
        ([10.0, 60.0], dict(history=10.0), "no basis"),
        ([10.0, 60.0], dict(poisson=True, t_ref="2 ms"), "no refractory period"),
    ],
)
def test_impossible_data_are_refused(times, more, what):
    with pytest.raises(FitError, match=what):
        lq.fit.glm(SpikeTrains.from_lists([times], t_stop=100), **more)


def test_trains_that_do_not_begin_at_0_and_held_out_trains():
    train = lq.spikes.poisson("20 Hz", "20 s", seed=2)
    later = SpikeTrains.from_lists([train.times + 500], t_start=500, t_stop=20_500)
    basis = lq.fit.exponentials("30 ms")
    one, other = (lq.fit.glm(t, history=basis, dt="0.1 ms") for t in (train, later))
    for name, estimate in one.parameters.items():
        assert other.parameters[name].value == pytest.approx(estimate.value, abs=0.02)
    (runs,) = other.predict(runs=3)
    assert (runs.t_start, runs.t_stop) == (500, 20_500)
    held_out = lq.spikes.poisson("20 Hz", "20 s", seed=3)
    assert abs(one.bits_per_spike(held_out)) < 0.1
    assert one.log_likelihood(one.cut(held_out)) == one.log_likelihood(held_out)
    with pytest.raises(FitError, match="compares with the repeats of trials"):
        one.score()


def test_stimuli_in_several_units_are_refused():
    spikes = SpikeTrains.from_lists([[10.0]], t_stop=100)
    trials = [lq.fit.Trial(np.arange(100.0), spikes, dt="1 ms", unit=unit) for unit in ("pA", "1")]
    with pytest.raises(FitError, match="stimuli in 1 and pA"):
        lq.fit.glm(trials, stimulus=STIMULUS)


def test_a_ridge_holds_what_would_grow_without_end():
    """No spike follows another within 5 ms: the weight of that time is large and negative, but finite."""
    trains = SpikeTrains.from_lists([np.arange(10.0, 2000.0, 37.0)], t_stop=2000)
    found = lq.fit.glm(trains, history=lq.fit.rectangles(0, 5), ridge=1.0)
    assert -20 < found.parameters["history, 0 to 5 ms"].value < -1
    with pytest.raises(FitError, match="ridge is -1"):
        lq.fit.glm(trains, history=lq.fit.rectangles(0, 5), ridge=-1.0)


def test_wrong_units_are_refused():
    with pytest.raises(lq.errors.UnitError):
        lq.fit.glm(SpikeTrains.from_lists([[10.0]], t_stop=100), dt="1 mV")


def test_no_trials_are_refused():
    with pytest.raises(FitError, match="there are no trials in the spike trains"):
        lq.fit.glm(SpikeTrains.from_lists([], t_stop=100, shape=(0, 2)))
