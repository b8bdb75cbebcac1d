"""Likelihood and time rescaling of neurons with escape noise, along spikes that are given."""

import dataclasses

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.spikes import SpikeTrains

CELL = lq.neurons.gif.with_(v_th="-50 mV", delta_v="2 mV")


def trial_of(cell, current, runs=1, seed=1, **more):
    answer = lq.simulate(cell, len(current) * 0.1, inputs={"i_ext": current}, n=runs, seed=seed, progress=False)
    spikes = SpikeTrains.from_lists(answer.spikes.to_lists(), t_stop=len(current) * 0.1, shape=(runs, 1))
    return lq.fit.Trial(current, spikes, **more)


def step_by_step(cell, current, spikes, dt=0.1):
    """The log-likelihood of a GIF, by a loop over its exact solution: the naive definition."""
    p = {name: float(v.value) for name, v in cell.constants.items()}
    tau = p["c_m"] / p["g_l"]
    eta, gamma = np.zeros(2), np.zeros(2)
    taus = {k: np.array([p[f"tau_{k}_1"], p[f"tau_{k}_2"]]) for k in ("eta", "gamma")}
    jumps = {k: np.array([p[f"q_{k}_1"], p[f"q_{k}_2"]]) for k in ("eta", "gamma")}
    v, last, total = p["e_l"], -10_000, 0.0
    steps = set(np.round(spikes / dt).astype(int))
    for k, i in enumerate(current):
        free = k - last >= int(p["t_ref"] / dt + 1e-3)
        if free:
            # v relaxes to what the current asks for, and follows each decaying current
            d, decay = np.exp(-dt / tau), np.exp(-dt / taus["eta"])
            follow = -(decay - d) / (1 / tau - 1 / taus["eta"]) / p["c_m"]
            v = p["e_l"] + i / p["g_l"] + (v - p["e_l"] - i / p["g_l"]) * d + follow @ eta
        eta = eta * np.exp(-dt / taus["eta"])
        gamma = gamma * np.exp(-dt / taus["gamma"])
        u = p["lambda_0"] * np.exp((v - p["v_th"] - gamma.sum()) / p["delta_v"]) * dt / 1e3
        if free:
            total += np.log(-np.expm1(-u)) if k in steps else -u
        if k in steps:
            v, last = p["v_reset"], k
            eta, gamma = eta + jumps["eta"], gamma + jumps["gamma"]
    return total


def test_likelihood_is_that_of_the_naive_loop(noisy_current):
    current = noisy_current(15_000, mean=90.0, sd=80.0)
    trial = trial_of(CELL, current)
    assert 5 < trial.spikes.times.size < 40
    expected = step_by_step(CELL, current, trial.spikes.times)
    assert lq.fit.log_likelihood(CELL, [trial]) == pytest.approx(expected, rel=1e-9)
    assert lq.fit.log_likelihood(CELL, [trial, trial]) == pytest.approx(2 * expected, rel=1e-9)


def test_windows_cut_the_likelihood_into_parts(noisy_current):
    trial = trial_of(CELL, noisy_current(15_000, mean=90.0, sd=80.0), runs=2)
    parts = [trial.within(0, 432.1), trial.within(432.1, 1500)]
    whole = lq.fit.log_likelihood(CELL, [trial])
    assert lq.fit.log_likelihood(CELL, parts) == pytest.approx(whole, rel=1e-12)


def test_true_models_have_uniform_intervals_and_others_do_not(noisy_current):
    current = noisy_current(100_000, seed=3, mean=90.0, sd=80.0)
    trial = trial_of(CELL, current, runs=4)
    true = lq.fit.time_rescaling(CELL, [trial])
    assert true.intervals.size == trial.spikes.times.size > 150
    assert true.statistic < true.bound
    assert true.p > 0.05
    assert abs(true.correlation) < 0.2
    for wrong in (CELL.with_(v_th="-49 mV"), CELL.with_(delta_v="4 mV"), CELL.with_(q_eta_1="0 pA")):
        assert lq.fit.time_rescaling(wrong, [trial]).p < 1e-3


def test_p_values_of_true_models_are_uniform():
    """Bins of 20 ms that hold a spike half of the time: intervals are exactly uniform, although time is coarse."""
    from scipy.stats import kstest

    from lapicque.fit.likelihood.forced import Bins
    from lapicque.fit.likelihood.goodness import rescaled

    rng = np.random.default_rng(8)
    found = []
    for seed in range(200):
        u = rng.gamma(2.0, 0.4, size=(1, 300))
        counts = (rng.random(u.shape) < 1 - np.exp(-u)).astype(float)
        found.append(rescaled([Bins(u, counts, np.ones_like(u, dtype=bool), 20.0)], seed).p)
    assert kstest(found, "uniform").pvalue > 0.01


def test_no_spikes_have_a_likelihood_but_no_intervals():
    trial = lq.fit.Trial(np.zeros(1000), SpikeTrains.from_lists([[]], t_stop=100))
    assert -1 < lq.fit.log_likelihood(CELL, [trial]) < 0
    none = lq.fit.time_rescaling(CELL, [trial])
    assert none.intervals.size == 0
    assert np.isnan([none.statistic, none.p, none.bound, none.correlation]).all()


def test_what_has_no_likelihood_is_refused():
    trial = lq.fit.Trial(np.zeros(1000), SpikeTrains.from_lists([[20.0, 22.0]], t_stop=100))
    with pytest.raises(FitError, match="less than the refractory period, 4 ms"):
        lq.fit.log_likelihood(CELL, [trial])
    same = dataclasses.replace(trial, spikes=SpikeTrains.from_lists([[20.01, 20.04]], t_stop=100))
    with pytest.raises(FitError, match=r"in one step of 0.1 ms"):
        lq.fit.log_likelihood(CELL.with_(t_ref="0.1 ms"), [same])
    with pytest.raises(FitError, match=r"needs threshold='hazard\(rate\)'"):
        lq.fit.log_likelihood(lq.neurons.lif, [trial])
    text = "dv/dt = (i_ext*r - v)/tau + s*xi/tau**0.5 : mV\ni_ext : pA (input)\nr : Gohm\ns : mV"
    cell = lq.Neuron(text, threshold="hazard(9*Hz*exp(v/mV))", parameters=dict(tau="9 ms", r="1 Gohm", s="1 mV"))
    with pytest.raises(FitError, match="random numbers beside its escape noise"):
        lq.fit.log_likelihood(cell, [trial])
    text = "dv/dt = -v/tau : mV\ni_ext : pA (input)\nk : 1/pA\nx = k*i_ext : 1"
    cell = lq.Neuron(text, threshold="hazard(9*Hz*exp(x))", parameters=dict(tau="9 ms", k=1.0))
    with pytest.raises(FitError, match="reads 'i_ext' itself"):
        lq.fit.log_likelihood(cell, [trial])
    held = CELL.with_(refractory="v > v_th")
    with pytest.raises(FitError, match="needs a fixed time"):
        lq.fit.log_likelihood(held, [trial])
