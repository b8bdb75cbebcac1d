"""Short-term plasticity against its recursion: several spikes in flight, ratios of pairs, steady states."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError

DT = 0.5
SUM = lq.Neuron("dz/dt = 0/ms : 1\ni_ext : 1 (input)", name="sum")
PAIRS = [5.0, 20.0, 50.0, 100.0, 200.0, 500.0]  # ms
RATES = [50, 100]  # Hz
TRAIN = np.array([10.0, 30.0, 50.0, 70.0, 90.0, 600.0, 610.0])


def released(times, use_0, tau_d, tau_f):
    """What each spike releases: the recursion of Tsodyks et al. 1998."""
    use, resources, last, found = 0.0, 1.0, None, []
    for t in times:
        if last is not None:
            resources = 1 - (1 - resources) * np.exp(-(t - last) / tau_d)
            use *= np.exp(-(t - last) / tau_f) if tau_f else 0
        use += use_0 * (1 - use)
        found.append(use * resources)
        resources, last = resources - found[-1], t
    return np.array(found)


SETS = {"depressing": (0.5, 800.0, None), "facilitating": (0.1, 100.0, 1000.0), "both": (0.3, 200.0, 60.0)}


def net():
    """One source a pair of spikes, one with a train; the delay is longer than intervals."""
    made = lq.Network()
    trains = [*([10.0, 10.0 + pair] for pair in PAIRS), TRAIN, *(np.arange(10, 600, 1000 / rate) for rate in RATES)]
    source = made.spikes(trains, name="source")
    for name, (use_0, tau_d, tau_f) in SETS.items():
        synapse = lq.synapses.tsodyks_markram(lq.synapses.instantaneous("z"), use_0, tau_d, tau_f)
        delays = {"uniform": 55.0, "own": np.linspace(30, 60, len(trains))}
        for kind, delay in delays.items():
            target = made.population(SUM, len(trains), name=f"{name}_{kind}")
            made.connect(source, target, synapse, w=2.0, where=lq.one_to_one(), delay=delay)
            made.record(target, "z", name=f"{name}_{kind}")
    return made


@pytest.fixture(scope="module", params=["reference", "compiled"])
def jumps(request):
    """What each spike did, by network and source."""
    options = {"reference": True} if request.param == "reference" else {"threads": 1}
    traces = lq.simulate(net(), 700, dt=DT, progress=False, **options).traces
    found = {}
    for name, trace in traces.items():
        steps = np.diff(trace.values, axis=0)
        found[name.removesuffix(".z")] = [column[column != 0] / 2 for column in steps.T]
    return found


@pytest.mark.parametrize("kind", ["uniform", "own"])
@pytest.mark.parametrize("name", SETS)
def test_every_spike_releases_what_the_recursion_says(jumps, name, kind):
    for pair, found in zip(PAIRS, jumps[f"{name}_{kind}"], strict=False):
        np.testing.assert_allclose(found, released([10.0, 10.0 + pair], *SETS[name]), rtol=0, atol=1e-12)
    np.testing.assert_allclose(jumps[f"{name}_{kind}"][len(PAIRS)], released(TRAIN, *SETS[name]), rtol=0, atol=1e-12)


def test_ratios_of_pairs_are_the_formula(jumps):
    """u2/u1 (1 - u1 exp(-T/tau_d)) with u2 = U + U (1 - U) exp(-T/tau_f)."""
    for name, (use, tau_d, tau_f) in SETS.items():
        for pair, (first, second) in zip(PAIRS, jumps[f"{name}_uniform"], strict=False):
            raised = use + use * (1 - use) * (np.exp(-pair / tau_f) if tau_f else 0)
            assert second / first == pytest.approx(raised / use * (1 - use * np.exp(-pair / tau_d)), rel=1e-12)
    assert jumps["depressing_uniform"][0][1] < 0.6 * jumps["depressing_uniform"][0][0]
    assert jumps["facilitating_uniform"][0][1] > 1.5 * jumps["facilitating_uniform"][0][0]


def test_the_steady_state_falls_with_one_over_the_rate(jumps):
    """Tsodyks & Markram 1997: a depressing synapse at high rates says nothing about the rate."""
    for rate, found in zip(RATES, jumps["depressing_uniform"][-len(RATES) :], strict=True):
        decay = np.exp(-1000 / rate / 800)
        assert found[-1] == pytest.approx(0.5 * (1 - decay) / (1 - 0.5 * decay), rel=1e-6)
        assert found[-1] * rate == pytest.approx(1000 / 800, rel=0.05)


def test_rules_go_onto_it():
    short = lq.synapses.tsodyks_markram(lq.synapses.exponential("5 ms"), 0.5, "800 ms")
    both = lq.synapses.stdp("10 pA").onto(short)
    assert both.name == "stdp_tsodyks_markram_exponential"
    first = next(p for p in both.pathways if p.name == "pre").statements[0]
    assert (first.target, first.expression.text) == ("i", "w*output*use_0*resources")
    with pytest.raises(ModelError, match=r"put the rule onto it, stdp\(...\).onto\(tsodyks_markram\(...\)\)"):
        lq.synapses.tsodyks_markram(both)


def test_what_acts_by_a_sum_is_scaled_as_a_whole():
    odd = lq.Synapse(on_pre="z += w + 1", name="odd")
    assert "(w + 1)*use_0*resources" in lq.synapses.tsodyks_markram(odd).on_pre
