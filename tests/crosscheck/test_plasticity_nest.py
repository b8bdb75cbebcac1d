"""Rules against NEST's synapses, in float64: with given spikes on both sides, every spike carries the same weight.

What NEST does, in the words of this package. A synapse's whole delay is dendritic: a spike of the source meets the
weight at once, a spike of the target one delay later; what the source's spike then carries arrives one delay later too.
With arrival as our moment of learning, the target's spikes come two delays late. Spikes that meet in one step make no
pair: first the weight grows by the trace of earlier spikes of the source, then it shrinks by that of earlier spikes of
the target. Our code of the target runs after that of the source; so it runs one step early, with the trace as it will
be a step later, and its own trace is moved by a pathway of its own, in time. The triplet rule reads the slow traces
before the spike itself is added; `tsodyks2_synapse` releases before it depresses and facilitates. NEST applies what the
target's spikes have done when the source spikes next: weights are compared as the spikes carry them.

Weights of up to 80 after some hundred changes: rounding alone makes 1e-12 to 1e-11.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import lapicque as lq
from lapicque.units import ms

pytestmark = pytest.mark.crosscheck

DT, STEPS, CELLS = 0.1, 20_000, 6


def pair(power):
    """`stdp_synapse`: Guetig et al. 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003; additive where the power is 0."""
    return dict(
        model="stdp_synapse",
        parameters={
            "tau_plus": 15.0, "lambda": 0.05, "alpha": 1.1, "mu_plus": power, "mu_minus": 0.7 * power, "Wmax": 80.0
        },
        target_parameters={"tau_minus": 25.0},
        equations="""
        dr/dt = -r/tau_plus : 1 (event-driven)
        do/dt = -o/tau_minus : 1 (event-driven)
        """,
        on_pre="w -= alpha*rate*w_max*(w/w_max)**mu_minus*o; r += 1; sent = w",
        grow="w += rate*w_max*(1 - w/w_max)**mu_plus*r*exp(-dt/tau_plus)",
        trace="o += 1",
        bounds=dict(w=(0, "w_max")),
        values=dict(
            tau_plus=15 * ms, tau_minus=25 * ms, rate=0.05, alpha=1.1, mu_plus=power, mu_minus=0.7 * power, w_max=80
        ),
    )  # fmt: skip


def triplet():
    """`stdp_triplet_synapse`: Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006, all pairs and triplets."""
    return dict(
        model="stdp_triplet_synapse",
        parameters={
            "tau_plus": 16.8, "tau_plus_triplet": 101.0, "Aplus": 1.0, "Aplus_triplet": 2.0,
            "Aminus": 3.0, "Aminus_triplet": 0.5, "Wmax": 80.0,
        },
        target_parameters={"tau_minus": 33.7, "tau_minus_triplet": 125.0},
        equations="""
        dr_1/dt = -r_1/tau_plus : 1 (event-driven)
        dr_2/dt = -r_2/tau_x : 1 (event-driven)
        do_1/dt = -o_1/tau_minus : 1 (event-driven)
        do_2/dt = -o_2/tau_y : 1 (event-driven)
        """,
        on_pre="w -= o_1*(a2_minus + a3_minus*r_2); r_1 += 1; r_2 += 1; sent = w",
        grow="w += r_1*exp(-dt/tau_plus)*(a2_plus + a3_plus*o_2); o_2 += 1",
        trace="o_1 += 1",
        bounds=dict(w=(0, "w_max")),
        values=dict(
            tau_plus=16.8 * ms, tau_x=101 * ms, tau_minus=33.7 * ms, tau_y=125 * ms,
            a2_plus=1.0, a3_plus=2.0, a2_minus=3.0, a3_minus=0.5, w_max=80,
        ),
    )  # fmt: skip


def inhibitory():
    """`vogels_sprekeler_synapse`: Vogels et al. 2011, doi:10.1126/science.1211095; each change is bounded by itself."""
    return dict(
        model="vogels_sprekeler_synapse",
        parameters={"tau": 20.0, "eta": 2.0, "alpha": 1.5, "Wmax": 80.0},
        target_parameters={"tau_minus": 20.0},
        equations="""
        dr/dt = -r/tau : 1 (event-driven)
        do/dt = -o/tau : 1 (event-driven)
        """,
        on_pre="w += eta*o; w -= eta*alpha; r += 1; sent = w",
        grow="w += eta*r*exp(-dt/tau)",
        trace="o += 1",
        bounds=dict(w=(0, "w_max")),
        values=dict(tau=20 * ms, eta=2.0, alpha=1.5, w_max=80),
    )


def release():
    """`tsodyks2_synapse`: Tsodyks & Markram 1997, doi:10.1073/pnas.94.2.719, with facilitation."""
    return dict(
        model="tsodyks2_synapse",
        parameters={"U": 0.2, "u": 0.2, "tau_rec": 200.0, "tau_fac": 150.0},
        target_parameters={},
        equations="""
        dx/dt = (1 - x)/tau_rec : 1 (event-driven)
        du/dt = (u_0 - u)/tau_fac : 1 (event-driven)
        """,
        on_pre="sent = w*x*u; x -= u*x; u += u_0*(1 - u)",
        values=dict(u_0=0.2, tau_rec=200 * ms, tau_fac=150 * ms),
        initial=dict(x=1, u=0.2),
    )


RULES = {
    "stdp_synapse additive": pair(0.0),
    "stdp_synapse power": pair(0.4),
    "stdp_triplet_synapse": triplet(),
    "vogels_sprekeler_synapse": inhibitory(),
    "tsodyks2_synapse": release(),
}
DELAYS = (0.1, 1.0, 3.7)


def spikes(delay, seed):
    """Steps of the spikes of both sides, 30 Hz each; a third of the target's meet spikes of a source at the synapse."""
    random = np.random.default_rng(seed)
    sources = [np.flatnonzero(random.random(STEPS) < 0.003) + 100 for _ in range(CELLS)]
    targets = []
    for cell in range(CELLS):
        met = random.choice(sources[cell], len(sources[cell]) // 3, replace=False) - round(delay / DT)
        targets.append(np.union1d(np.flatnonzero(random.random(STEPS) < 0.002) + 100, met))
    return sources, targets


CASES = {
    f"{name}, {delay} ms": (
        rule,
        delay,
        *spikes(delay, seed),
        np.random.default_rng(seed).uniform(20, 60, (CELLS, CELLS)),
    )
    for seed, (name, rule) in enumerate(RULES.items())
    for delay in DELAYS
}
DURATION = STEPS * DT + 50


@pytest.fixture(scope="module")
def theirs(peer, tmp_path_factory):
    python, folder = peer("nest"), tmp_path_factory.mktemp("nest")
    given, written, texts = folder / "cases.npz", folder / "weights.npz", {}
    for name, (rule, delay, sources, targets, _) in CASES.items():
        texts[name] = {key: rule[key] for key in ("model", "parameters", "target_parameters")} | dict(
            dt=DT,
            delay=delay,
            duration=DURATION,
            sources=[train.tolist() for train in sources],
            targets=[train.tolist() for train in targets],
        )
    np.savez(given, cases=json.dumps(texts), **{name: case[-1] for name, case in CASES.items()})
    subprocess.run([python, Path(__file__).with_name("peer_nest_plasticity.py"), given, written], check=True)
    return dict(np.load(written))


def ours(rule, delay, sources, targets, weights):
    """What every spike carries, as NEST's answer has it: (target, source, spike)."""
    later = {}
    if "grow" in rule:
        later = dict(
            grow=lq.On("post", rule["grow"], delay=(2 * delay - DT) * ms),
            trace=lq.On("post", rule["trace"], delay=2 * delay * ms),
        )
    synapse = lq.Synapse(
        rule["equations"] + "w : 1\nsent : 1",
        on_pre=rule["on_pre"],
        on=later,
        bounds=rule.get("bounds", {}),
        parameters=rule["values"],
        initial=rule.get("initial", {}),
    )
    net = lq.Network()
    relay = lq.Neuron("v : 1", threshold="v > 0.5", reset="v -= 1")
    ends = {}
    for name, trains in dict(source=sources, target=targets).items():
        given = net.spikes([train * DT for train in trains], name=f"{name}_spikes")
        ends[name] = net.population(relay, CELLS, name=name)
        net.connect(given, ends[name], on_pre="v += 1", where=lq.one_to_one())
    plastic = net.connect(ends["source"], ends["target"], synapse, w=weights.T, delay=delay * ms, name="plastic")
    net.record(plastic, "sent", every=DT, name="sent")
    sent = lq.simulate(net, DURATION, dt=DT, progress=False).traces["sent"].values
    arrivals = [train + 1 + round(delay / DT) for train in sources]  # a relay spikes a step after what it repeats
    sent = sent.reshape(-1, CELLS, CELLS)  # (step, target, source)
    return np.concatenate([sent[arrivals[j] + 1, i, j] for i in range(CELLS) for j in range(CELLS)])


@pytest.mark.parametrize("name", CASES)
def test_every_spike_carries_the_weight_that_it_carries_in_nest(theirs, name):
    rule, delay, sources, targets, weights = CASES[name]
    expected = theirs[name]
    assert len(expected) == CELLS * sum(map(len, sources)) > 1000
    assert np.ptp(expected) > 10
    np.testing.assert_allclose(ours(rule, delay, sources, targets, weights), expected, rtol=1e-10, atol=1e-10)
