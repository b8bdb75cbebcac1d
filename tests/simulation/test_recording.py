"""What results call what was recorded."""

import pickle

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError


def test_several_variables_of_one_recorder_are_called_after_the_population():
    net = lq.Network()
    exc, inh = (net.population(lq.neurons.lif, 3, name=name) for name in ("exc", "inh"))
    ampa = lq.synapses.conductance(tau="5 ms", e="0 mV").with_(name="ampa")
    net.connect(exc, inh, ampa, into="i_ext", w="1 nS", delay="1 ms")
    net.record(inh, "v", "ampa.g", "spikes")
    net.record(inh, "i_ext", "ampa.g", name="currents")
    net.record(exc, "v")
    result = lq.simulate(net, "1 ms")
    assert list(result.traces) == ["inh.v", "inh.ampa.g", "currents.i_ext", "currents.ampa.g", "exc.v"]
    assert list(result.spikes) == ["inh"]


def test_a_run_in_parts_has_the_spike_times_of_the_whole():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells", initial=dict(v=[-70.0, -60.0, -55.0]))
    net.stimulate(cells, "i_ext", "300 pA")
    net.record(cells, "spikes")
    whole = lq.simulate(net, "90 ms").spikes["cells"]
    with lq.Simulation(net) as simulation:
        parts = [simulation.run("30 ms").spikes["cells"] for _ in range(3)]
    for *several, one in zip(*(p.to_lists() for p in parts), whole.to_lists(), strict=True):
        assert np.concatenate(several).tolist() == one.tolist()
    assert np.sort(np.concatenate([part.steps for part in parts])).tolist() == np.sort(whole.steps).tolist()


def plastic(*synapses):
    net = lq.Network()
    source = net.spikes([np.arange(n, 60.0, 7 + n) for n in range(12)], name="source")
    cells = net.population(lq.neurons.lif, 80, name="cells")  # two blocks of 64, for two threads
    net.stimulate(cells, "i_ext", 400.0)
    rule = lq.synapses.stdp("1 mV").onto(lq.synapses.instantaneous("v"))
    made = net.connect(source, cells, rule, where=lq.fixed_probability(0.5), w="0.5 mV", delay="1 ms")
    chain = lq.synapses.stdp("1 mV").onto(lq.synapses.instantaneous("v"))
    net.connect(source, cells[:12], chain, where=lq.one_to_one(), w=lq.uniform("0 mV", "0.3 mV"), name="chain")
    net.record(made, "w", every="10 ms")
    for n, numbers in enumerate(synapses):
        net.record(made, "w", every="10 ms", name=f"some_{n}", synapses=numbers)
    return net


@pytest.mark.parametrize("threads", [1, 2])
def test_recorded_synapses_are_columns_of_all(threads):
    chosen = np.array([400, 3, 77])
    net = plastic(chosen)
    count = len(lq.connections(net["source->cells"]).sources)
    for result in (
        lq.simulate(net, "60 ms", threads=threads),
        lq.simulate(net, "60 ms", sweep={"source->cells.tau_plus": [10.0]}),
        lq.simulate(net, "60 ms", reference=True),
    ):
        every = result.traces["source->cells.w"].values
        assert every.shape[-1] == count > 400
        some = result.traces["some_0"]
        assert np.array_equal(some.values, every[..., chosen])
        assert some.neurons.tolist() == chosen.tolist()
        assert np.ptp(some.values, axis=0).min() > 0  # they learn


def test_a_synapse_that_there_is_not():
    net = plastic([100_000])
    with pytest.raises(SimulationError, match=r"'some_0' names synapse 100000, but 'source->cells' has \d+: lq"):
        lq.simulate(net, "1 ms")


def test_numbers_of_spikes_are_called_so():
    net = lq.Network()
    net.record(net.spikes([[1.0, 2.0, 3.0], [2.0]], name="in"), "spikes")
    assert "spikes['in']: 4 spikes of 2 neurons, 400 Hz" in repr(lq.simulate(net, "5 ms"))


def test_what_was_not_recorded_is_named_with_the_nearest():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells")
    net.record(cells, "v")
    result = lq.simulate(net, "1 ms")
    with pytest.raises(KeyError, match=r"nothing called 'cell.v' was recorded; did you mean 'cells.v'"):
        result.traces["cell.v"]
    with pytest.raises(KeyError, match=r"nothing called 'cells' was recorded; there is nothing"):
        result.spikes["cells"]
    with pytest.raises(KeyError, match="nothing called 'u' was recorded; there is 'v'"):
        lq.simulate(lq.neurons.lif, "1 ms", record="v").traces["u"]
    assert result.traces.get("cell.v") is None


def test_results_are_pickled_with_the_synapses_that_there_are():
    net = plastic()
    net.restructure(net["chain"], lq.structure.pruning(below=0.1), every="5 ms")
    result = lq.simulate(net, "20 ms")
    there = pickle.loads(pickle.dumps(result))
    assert list(there.traces) == list(result.traces)
    assert 0 < len(result.synapses["chain"]) < 11  # those of small weights are gone
    assert np.array_equal(there.synapses["chain"].sources, result.synapses["chain"].sources)
    for name in ("source->cells", "chain"):
        assert np.array_equal(there.final[name]["w"], result.final[name]["w"])
