"""GIF neurons by maximum likelihood: what was simulated is found again, within its errors."""

import dataclasses

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, LapicqueNotice
from lapicque.neurons.gif import gif_like
from lapicque.spikes import SpikeTrains

CELL = lq.neurons.gif.with_(v_th="-50 mV", delta_v="2 mV")
CURRENT, THRESHOLD = lq.fit.exponentials("57.8 ms", "218.2 ms"), lq.fit.exponentials("53.8 ms", "640 ms")


def trial_of(cell, current, runs=2, seed=1, noise=0.0, **more):
    answer = lq.simulate(
        cell, len(current) * 0.1, inputs={"i_ext": current}, n=runs, seed=seed, record="v", progress=False
    )
    spikes = SpikeTrains.from_lists(answer.spikes.to_lists(), t_stop=len(current) * 0.1, shape=(runs, 1))
    v = answer.traces["v"].values.T
    v = v + noise * np.random.default_rng(seed).normal(size=v.shape)
    return lq.fit.Trial(current, spikes, voltage=v, **more)


@pytest.fixture(scope="module")
def recorded(noisy_current):
    return trial_of(CELL, noisy_current(300_000, seed=2, mean=100.0, sd=100.0))


@pytest.fixture(scope="module")
def found(recorded):
    return lq.fit.gif([recorded], current=CURRENT, threshold=THRESHOLD)


def test_what_was_simulated_is_found_again(found):
    assert found.n_spikes > 300
    assert list(found.parameters) == list(dict.fromkeys(found.parameters))
    assert set(found.parameters) == set(CELL.constants)
    for name, estimate in found.parameters.items():
        true = float(CELL.constants[name].value)
        # the membrane is found up to the rounding of a step, which its errors know nothing of
        assert abs(estimate.value - true) < 3.5 * estimate.standard_error + 0.02 * abs(true), name
    assert found.parameters["delta_v"].standard_error < 0.2
    assert found.explained_slope > 0.98
    assert found.explained_voltage > 0.98


def test_its_likelihood_is_that_of_its_neuron_and_no_less_than_the_truths(found, recorded):
    value = lq.fit.log_likelihood(found.neuron, [recorded])
    assert found.log_likelihood() == value
    assert value > lq.fit.log_likelihood(CELL, [recorded]) - 1.0
    for change in (dict(delta_v=1.05), dict(v_th=1.01), dict(q_gamma_1=1.1)):
        (name, factor), *_ = change.items()
        other = found.neuron.with_(**{name: found.parameters[name].value * factor})
        assert lq.fit.log_likelihood(other, [recorded]) < value


def test_it_explains_spikes_that_it_has_not_seen(found, noisy_current):
    unseen = trial_of(CELL, noisy_current(100_000, seed=9, mean=100.0, sd=100.0), runs=5, seed=7)
    rescaling = found.time_rescaling([unseen])
    assert rescaling.p > 0.01
    assert found.bits_per_spike([unseen]) > 0.5
    score = found.score([unseen], runs=20)
    assert score.reliability is not None
    assert score.gamma_over_reliability == pytest.approx(1, abs=0.25)
    (runs,) = found.predict([unseen], runs=20)
    assert runs.shape == (20, 1)
    assert runs.rate().mean() == pytest.approx(unseen.spikes.rate().mean(), rel=0.15)


def test_information_criteria(found):
    assert found.free == 6 + 2 + 2
    assert found.aic == pytest.approx(20 - 2 * found.log_likelihood())
    assert found.bic == pytest.approx(10 * np.log(found.n_spikes) - 2 * found.log_likelihood())
    assert "c_m" in repr(found)


def test_a_kernel_that_is_not_there_is_found_to_be_nothing(recorded):
    """Of three time constants, that of 5 ms has no part in the truth."""
    more = lq.fit.gif([recorded], current=CURRENT, threshold=lq.fit.exponentials("5 ms", "53.8 ms", "640 ms"))
    extra = more.parameters["q_gamma_1"]
    assert abs(extra.value) < 3.5 * extra.standard_error
    expected = 56.7 * np.exp(-10 / 57.8) - 6.9 * np.exp(-10 / 218.2)
    np.testing.assert_allclose(more.current_kernel([10.0]), expected, rtol=0.2)
    np.testing.assert_allclose(
        more.threshold_kernel([30.0]), 11.7 * np.exp(-30 / 53.8) + 1.8 * np.exp(-30 / 640), rtol=0.2
    )


def test_threshold_that_follows_the_voltage(noisy_current):
    """Accommodation of 0.6 within 10 ms, which compiled code integrates as the reference does, and the fit finds."""
    cell = gif_like({**CELL.parameters, "kappa_1": 0.6, "tau_theta_1": "10 ms"}).with_(v_th="-60 mV")
    short = noisy_current(3000, seed=4, mean=100.0, sd=150.0)
    runs = [
        lq.simulate(cell, "300 ms", inputs={"i_ext": short}, record="theta_1", seed=2, reference=r, progress=False)
        for r in (False, True)
    ]
    assert runs[0].spikes.times.size > 2
    np.testing.assert_array_equal(runs[0].spikes.times, runs[1].spikes.times)
    np.testing.assert_allclose(runs[0].traces["theta_1"].values, runs[1].traces["theta_1"].values, rtol=1e-9, atol=1e-9)
    trial = trial_of(cell, noisy_current(200_000, seed=2, mean=100.0, sd=150.0))
    found = lq.fit.gif(
        [trial], current=CURRENT, threshold=THRESHOLD, accommodation=lq.fit.exponentials("10 ms", "100 ms")
    )
    for name, true in (("kappa_1", 0.6), ("kappa_2", 0.0), ("delta_v", 2.0), ("v_th", -60.0)):
        estimate = found.parameters[name]
        assert abs(estimate.value - true) < 3.5 * estimate.standard_error + 0.01 * abs(true), name
    assert found.parameters["kappa_1"].unit == "1"


def test_noise_in_the_voltage_does_not_bias_the_leak(noisy_current):
    trial = trial_of(CELL, noisy_current(300_000, seed=2, mean=100.0, sd=100.0), runs=1, noise=0.3)
    found = lq.fit.gif([trial], current=CURRENT, threshold=THRESHOLD)
    for name in ("g_l", "c_m", "e_l"):
        estimate, true = found.parameters[name], float(CELL.constants[name].value)
        assert abs(estimate.value - true) < 3.5 * estimate.standard_error + 0.02 * abs(true), name


# -- what cannot be fitted --------------------------------------------------------------------------------------------


def refused(trial, what, **more):
    with pytest.raises(FitError, match=what):
        lq.fit.gif(trial, **{"current": None, "threshold": None, **more})


def test_impossible_data_are_refused(recorded):
    size = 20_000
    flat = np.zeros(size)

    def spikes(*times):
        return SpikeTrains.from_lists([times], t_stop=size * 0.1)

    wave = np.random.default_rng(1).normal(size=size)
    voltage = -60 + np.cumsum(wave - wave.mean()) * 0.01
    good = lq.fit.Trial(wave, spikes(500.0), voltage=voltage)
    refused([dataclasses.replace(good, voltage=None)], "has no voltage")
    refused([dataclasses.replace(recorded, voltage=-recorded.voltage)], "no passive membrane's")
    refused([lq.fit.Trial(flat, spikes(500.0), voltage=voltage)], "'injected current' is 0")
    refused([recorded], "less than the refractory period, 300 ms", t_ref="300 ms")
    refused([recorded.within(0, 20_000)], "far enough from spikes", before="40 s")
    refused([recorded], "not negative", t_ref=-1)
    refused([lq.fit.Trial(recorded.stimulus, SpikeTrains.from_lists([[], []], t_stop=30_000, shape=(2, 1)),
                          voltage=recorded.voltage)], "no spike is followed")  # fmt: skip
    refused([recorded], "exponentials", threshold=lq.fit.rectangles(0, 10))
    refused([recorded], "exponentials", current=[10.0, 20.0])
    refused([dataclasses.replace(recorded, voltage=recorded.voltage[:1])], "2 spike trains but 1 voltages")
    refused([], "no trials")
    refused([1.0], "is no trial")
    refused([good, good.resampled(0.2)], "dt 0.1 and 0.2 ms")
    with pytest.raises(lq.errors.UnitError):
        lq.fit.gif([recorded], current=None, threshold=None, t_ref="4 mV")
    with pytest.raises(FitError, match="NaN"):
        lq.fit.Trial(wave, spikes(500.0), voltage=np.full(size, np.nan))


def test_spikes_without_a_cause_in_the_voltage_are_told(noisy_current):
    """Spikes at troughs: less likely the higher the voltage."""
    current = noisy_current(100_000, seed=5, mean=0.0, sd=60.0, tau=50.0)
    passive = CELL.with_(v_th="100 mV")
    v = lq.simulate(passive, "10 s", inputs={"i_ext": current}, record="v", progress=False).traces["v"].values[:, 0]
    troughs = np.flatnonzero((v[1:-1] < v[:-2]) & (v[1:-1] < v[2:]) & (v[1:-1] < np.quantile(v, 0.2)))
    times = troughs[np.concatenate([[True], np.diff(troughs) > 200])] * 0.1
    trial = lq.fit.Trial(current, SpikeTrains.from_lists([times], t_stop=10_000), voltage=v)
    refused([trial], "less likely the higher the model's voltage")


def test_one_spike_is_refused_or_says_how_little_it_knows(noisy_current):
    current = noisy_current(50_000, seed=6, mean=20.0, sd=60.0)
    trial = trial_of(CELL, current, runs=1, seed=1)
    one = dataclasses.replace(trial, spikes=SpikeTrains.from_lists([trial.spikes.times[:1]], t_stop=5000))
    assert one.spikes.times.size == 1
    found = lq.fit.gif([one], current=None, threshold=None)
    assert np.isnan(found.parameters["v_reset"].standard_error)
    assert found.parameters["v_th"].standard_error > 0.5
    # the current after the spike is known from one block of time alone
    with_current = lq.fit.gif([one], current=lq.fit.exponentials("10 ms"), threshold=None)
    assert np.isnan(with_current.parameters["q_eta_1"].standard_error)
    assert np.isfinite(with_current.parameters["q_eta_1"].value)


def test_what_is_given_as_integers_counts_as_well():
    rng = np.random.default_rng(3)
    current = rng.integers(-100, 300, 2000).repeat(20)
    trial = trial_of(CELL, current.astype(float), runs=1)
    whole = dataclasses.replace(trial, stimulus=current)
    one, other = (lq.fit.gif(t, current=CURRENT, threshold=None) for t in (trial, whole))
    assert one.parameters == other.parameters


def test_windows_and_trials_add_up(found, recorded):
    """Two halves of the time, as two trials: the same membrane and threshold as from one."""
    halves = [recorded.within(0, 15_000), recorded.within(15_000, 30_000)]
    other = lq.fit.gif(halves, current=CURRENT, threshold=THRESHOLD)
    for name, estimate in found.parameters.items():
        assert other.parameters[name].value == pytest.approx(estimate.value, rel=1e-3, abs=1e-3), name
    assert other.log_likelihood() == pytest.approx(found.log_likelihood(), abs=0.1)
    first, second = other.predict(runs=1, seed=1)
    assert first.times.tolist() != second.times.tolist()
    assert first.times.tolist() == other.predict(runs=1, seed=1)[0].times.tolist()


@pytest.mark.parametrize("lost", ["nA", "V"])
def test_units_that_were_lost_are_told(lost, recorded):
    current, *_ = recorded.inputs.values()
    by = 1e-3 if lost == "nA" else 1.0
    changed = lq.fit.Trial(by * current, recorded.spikes, voltage=1e-3 / by * recorded.voltage)
    with pytest.warns(LapicqueNotice, match="is the current in pA and the voltage in mV"):
        lq.fit.gif([changed], current=CURRENT, threshold=None)


def test_no_refractory_period_is_refused_as_such(recorded):
    with pytest.raises(FitError, match=r"t_ref is 0 ms .* a positive and a not negative time"):
        lq.fit.gif([recorded], current=CURRENT, threshold=None, t_ref=0)


def test_it_compares_with_a_search_and_brings_its_likelihood(found, recorded, noisy_current):
    test = trial_of(CELL, noisy_current(20_000, seed=5, mean=100.0, sd=100.0), seed=8)
    problem = lq.fit.Problem(
        lq.neurons.lif, [recorded], free=dict(c_m=("50 pF", "900 pF")), distance=lq.distances.coincidence("4 ms")
    )
    silent = lq.fit.search.Candidate(problem, np.array([0.9]))
    rows = lq.fit.compare({"lif": silent, "gif": found}, [test], runs=5).rows
    assert [row.name for row in rows] == ["gif", "lif"]
    assert (rows[0].aic, rows[0].bic, rows[0].free) == (found.aic, found.bic, found.free)
    assert rows[0].bits_per_spike == found.bits_per_spike([test])
    assert np.isnan([rows[1].aic, rows[1].bits_per_spike]).all()
