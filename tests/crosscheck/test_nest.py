"""Networks against NEST with the same synapses: equal spikes where both are exact, equal statistics elsewhere.

A NEST cell is held for t_ref after the step of its spike, ours from the step of its spike on: NEST's t_ref is ours less
dt. NEST's delta synapses act before the threshold is tested and ours after it, and NEST integrates AdEx cells with
adaptive steps: these are compared by rates, irregularity and correlations.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import lapicque as lq
from lapicque.spikes import correlation, cv
from lapicque.units import Hz, ms, mV, nS, pA, pF

pytestmark = pytest.mark.crosscheck

DT, T_REF = 0.1, 2.0


def synapses(random, size, unit, weights, in_degrees, delay=(0.1, 3.0), spread=0.5):
    """Projections from the first four fifths of the cells and from the others onto all, onto themselves excepted."""
    exc, found = size * 4 // 5, []
    for (low, high), weight, in_degree in zip(((0, exc), (exc, size)), weights, in_degrees, strict=True):
        targets = np.repeat(np.arange(size), in_degree)
        sources = random.integers(low, high, len(targets))
        kept = sources != targets
        sources, targets, number = sources[kept], targets[kept], kept.sum()
        steps = random.integers(round(delay[0] / DT), round(delay[1] / DT) + 1, number)
        found.append(
            dict(
                sources=sources,
                targets=targets,
                weights=weight * (1 + spread * random.uniform(-1, 1, number)),
                delays=np.round(steps * DT, 1),
                unit=unit,
            )
        )
    return found


def psc(model, synapse, taus):
    """Leaky cells with a drive of their own and synaptic currents, whose spikes forget small differences."""
    random, size = np.random.default_rng(21), 400
    drives, v = random.uniform(190, 340, size), random.uniform(-70, -50.5, size)
    cell = lq.neurons.lif.with_(t_ref=(T_REF + DT) * ms)
    return dict(
        model=model,
        size=size,
        duration=500.0,
        parameters=dict(
            C_m=200.0, tau_m=20.0, E_L=-70.0, V_th=-50.0, V_reset=-70.0, t_ref=T_REF, I_e=0.0,
            tau_syn_ex=taus[0], tau_syn_in=taus[1],
        ),
        varied=dict(I_e=drives, V_m=v),
        projections=synapses(random, size, pA, (30, -120), (40, 10)),
        drive=None,
        cell=cell,
        method="exact",
        initial=dict(v=v * mV),
        constant=drives * pA,
        receptors=[dict(synapse=synapse(tau * ms), into="i_ext") for tau in taus],
    )  # fmt: skip


def delta():
    """Brunel's network at a tenth of its size and ten times the weights."""
    random, size = np.random.default_rng(22), 1250
    tau, threshold, weight = 20.0, 20.0, 0.8
    rate = 2.0 * threshold / (weight * tau) * 1000
    cell = lq.Neuron(
        "dv/dt = -v/tau : mV (unless refractory)",
        threshold="v > threshold",
        reset="v = 0*mV",
        refractory="t_ref",
        parameters=dict(tau=tau * ms, threshold=threshold * mV, t_ref=(T_REF + DT) * ms),
    )
    return dict(
        model="iaf_psc_delta",
        size=size,
        duration=1000.0,
        parameters=dict(C_m=1.0, tau_m=tau, E_L=0.0, V_th=threshold, V_reset=0.0, V_m=0.0, t_ref=T_REF),
        varied={},
        projections=synapses(random, size, mV, (weight, -5 * weight), (100, 25), delay=(1.5, 1.5), spread=0.0),
        drive=(rate, weight),
        cell=cell,
        method="exact",
        initial={},
        poisson=("v", lq.stimuli.poisson(rate * Hz, w=weight * mV)),
        receptors=[dict(on_pre="v += w")] * 2,
    )


def adex():
    random, size = np.random.default_rng(23), 400
    drives, v = random.uniform(350, 700, size), random.uniform(-70, -55, size)
    values = dict(c_m=200 * pF, g_l=10 * nS, e_l=-70 * mV, v_th=-50 * mV, delta_t=2 * mV, v_peak=0 * mV)
    more = dict(v_reset=-58 * mV, a=2 * nS, b=60 * pA, tau_w=120 * ms, t_ref=(T_REF + DT) * ms)
    return dict(
        model="aeif_cond_exp",
        size=size,
        duration=2000.0,
        parameters=dict(
            C_m=200.0, g_L=10.0, E_L=-70.0, V_th=-50.0, Delta_T=2.0, V_peak=0.0, V_reset=-58.0, a=2.0, b=60.0,
            tau_w=120.0, t_ref=T_REF, tau_syn_ex=5.0, tau_syn_in=10.0, E_ex=0.0, E_in=-80.0,
        ),
        varied=dict(I_e=drives, V_m=v),
        projections=synapses(random, size, nS, (0.6, 4.0), (40, 10)),
        drive=None,
        cell=lq.neurons.adex.with_(**values, **more),
        method="rk4",
        initial=dict(v=v * mV),
        constant=drives * pA,
        receptors=[
            dict(synapse=lq.synapses.conductance(tau=5 * ms, e=0 * mV), into="i_ext"),
            dict(synapse=lq.synapses.conductance(tau=10 * ms, e=-80 * mV), into="i_ext"),
        ],
    )  # fmt: skip


CASES = {
    "iaf_psc_exp": psc("iaf_psc_exp", lq.synapses.exponential, (2.0, 5.0)),
    "iaf_psc_alpha": psc("iaf_psc_alpha", lq.synapses.alpha, (1.0, 3.0)),
    "iaf_psc_delta": delta(),
    "aeif_cond_exp": adex(),
}
GIVEN = ("model", "size", "duration", "parameters", "drive")


@pytest.fixture(scope="module")
def theirs(peer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nest")
    return asked(peer("nest"), folder / "networks.npz", folder / "spikes.npz")


def asked(python, given, written):
    texts, arrays = {}, {}
    for name, case in CASES.items():
        more = dict(dt=DT, varied=list(case["varied"]), projections=len(case["projections"]))
        texts[name] = {key: case[key] for key in GIVEN} | more
        arrays |= {f"{name}/{key}": values for key, values in case["varied"].items()}
        for number, projection in enumerate(case["projections"]):
            sign = -1 if case["model"] == "aeif_cond_exp" and number else 1  # NEST's sign says which conductance
            kept = projection | dict(weights=sign * projection["weights"])
            arrays |= {f"{name}/{number}/{key}": kept[key] for key in ("sources", "targets", "weights", "delays")}
    np.savez(given, cases=json.dumps(texts), **arrays)
    subprocess.run([python, Path(__file__).with_name("peer_nest.py"), given, written], check=True)
    return dict(np.load(written))


def ours(case):
    net = lq.Network()
    cells = net.population(case["cell"], case["size"], name="cells", initial=case["initial"])
    for projection, receptor in zip(case["projections"], case["receptors"], strict=True):
        net.connect(
            cells,
            cells,
            **receptor,
            where=lq.edges(projection["sources"], projection["targets"]),
            w=projection["weights"] * projection["unit"],
            delay=projection["delays"] * ms,
        )
    if "constant" in case:
        net.stimulate(cells, "i_ext", case["constant"])
    if "poisson" in case:
        net.stimulate(cells, *case["poisson"])
    net.record(cells, "spikes")
    return lq.simulate(net, case["duration"], dt=DT, method=case["method"], progress=False).spikes["cells"]


def trains(theirs, name):
    steps, neurons = theirs[f"{name}/steps"], theirs[f"{name}/neurons"]
    order = np.lexsort((steps, neurons))
    size = CASES[name]["size"]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(neurons, minlength=size))])
    return lq.spikes.SpikeTrains.from_steps(
        steps[order], offsets, dt=DT, t_start=0.0, t_stop=CASES[name]["duration"], shape=(1, size)
    )


@pytest.mark.parametrize("name", ["iaf_psc_exp", "iaf_psc_alpha"])
def test_spikes_are_those_of_nest_step_by_step(theirs, name):
    expected, found = trains(theirs, name), ours(CASES[name])
    assert len(expected.times) > 1000
    assert found.offsets.tolist() == expected.offsets.tolist()
    assert found.steps.tolist() == expected.steps.tolist()


@pytest.mark.parametrize("name", ["iaf_psc_delta", "aeif_cond_exp"])
def test_activity_is_that_of_nest(theirs, name):
    expected, found = (statistics(spikes) for spikes in (trains(theirs, name), ours(CASES[name])))
    assert expected["rate"] > 5
    for key, tolerance in dict(rate=0.03 * expected["rate"], cv=0.03, correlation=0.006).items():
        assert found[key] == pytest.approx(expected[key], abs=tolerance), key


def statistics(spikes):
    """Mean rate in Hz, mean coefficient of variation, mean correlation of the counts in 5 ms of 200 cells."""
    late = spikes.window(100.0, spikes.t_stop)
    some = correlation(late[:200], 5 * ms)
    pairs = some[np.triu_indices(len(some), 1)]
    return dict(rate=late.rate().mean(), cv=np.nanmean(cv(late)), correlation=np.nanmean(pairs))
