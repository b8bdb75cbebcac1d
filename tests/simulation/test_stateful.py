"""Looking at a running network, changing it, closing loops."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.units import ms, mV, nS, pA, pF


def cells(drive=None, synapse=False, size=70, **parameters):
    net = lq.Network()
    made = net.population(lq.neurons.lif, size, name="exc", **parameters)
    if drive is not None:
        net.stimulate(made, "i_ext", drive)
    if synapse:
        net.connect(made, made, lq.synapses.exponential(tau=5 * ms), into="i_ext", w=20 * pA, delay=1 * ms,
                    where=lq.fixed_in_degree(3), receptor="ampa")  # fmt: skip
    net.record(made, "spikes")
    net.record(made[:5], "v", name="v")
    return net


def test_states_are_read_and_set_in_their_units():
    with lq.Simulation(cells(synapse=True)) as sim:
        sim.set("exc.v", -0.06)  # a bare number is in mV
        assert sim.get("exc.v")[0] == -0.06
        sim.set("exc.v", "-0.06 volt")
        sim.set("exc.ampa.i", np.arange(70.0))
        assert sim.get("exc.v")[3] == -60
        assert sim.get("exc.ampa.i")[69] == 69
        result = sim.run(1 * ms)
        assert result.traces["v"].values[0].tolist() == [-60] * 5


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("value", [300 * pA, np.linspace(200, 400, 70) * pA], ids=["one", "each"])
def test_an_input_that_nothing_drives_can_be_set(value, reference):
    with lq.Simulation(cells(), reference=reference) as sim:
        sim.run(5 * ms)
        sim.set("exc.i_ext", value)
        sim.run(3 * ms)
        assert np.array_equal(sim.get("exc.i_ext"), np.broadcast_to(value.magnitude, 70))
        found = sim.run(2 * ms)
    with lq.Simulation(cells()) as plain:
        plain.run(5 * ms)
        states = plain.get("exc.v")
    with lq.Simulation(cells(drive=value)) as driven:
        driven.set("exc.v", states)
        wanted = driven.run(5 * ms)
    assert np.allclose(found.final["exc"]["v"], wanted.final["exc"]["v"], rtol=1e-12)


def test_setting_many_times_lays_nothing_out_anew():
    with lq.Simulation(cells()) as sim:
        run = sim._run
        for k in range(5):
            sim.set("exc.i_ext", k * 100 * pA)
            sim.set("exc.c_m", (100 + k) * pF)
            sim.run(1 * ms)
        assert sim._run is run
        sim.set("exc.i_ext", np.arange(70.0))  # one value a neuron needs another kernel, once
        assert sim._run is not run
        run = sim._run
        sim.set("exc.i_ext", 300 * pA)
        sim.set("exc.i_ext", np.arange(70.0))
        assert sim._run is run


@pytest.mark.parametrize(
    ("net", "name", "value", "same_as"),
    [
        (cells(300 * pA), "exc.c_m", 100 * pF, cells(300 * pA, c_m=100 * pF)),
        (cells(300 * pA), "exc.c_m", np.linspace(80, 200, 70) * pF, cells(300 * pA, c_m=np.linspace(80, 200, 70) * pF)),
        (cells(300 * pA), "exc.i_ext", 400 * pA, cells(400 * pA)),
        (cells(300 * pA), "exc.i_ext.amplitude", "0.4 nA", cells(400 * pA)),
    ],
    ids=["one", "each", "input", "stimulus"],
)
def test_a_value_that_is_set_at_the_beginning_is_as_if_described(net, name, value, same_as, same):
    with lq.Simulation(net, threads=2) as sim:
        sim.set(name, value)
        same(sim.run(30 * ms), lq.simulate(same_as, 30 * ms))


def test_parameters_of_receptors_and_weights_can_be_set(same):
    def net(tau=5 * ms, w=20 * pA):
        made = cells(300 * pA)
        made.connect(made["exc"], made["exc"], lq.synapses.alpha(tau=tau), into="i_ext", w=w, delay=1 * ms,
                     where=lq.fixed_in_degree(10))  # fmt: skip
        return made

    with lq.Simulation(net()) as sim:
        sim.set("exc.alpha.tau", 8 * ms)  # which weights depend on
        sim.set("exc->exc.w", 40 * pA)
        same(sim.run(60 * ms), lq.simulate(net(8 * ms, 40 * pA), 60 * ms))


def test_what_is_on_its_way_survives_a_new_layout(small, same):
    with lq.Simulation(small) as sim, lq.Simulation(small) as plain:
        sim.run(10 * ms)
        plain.run(10 * ms)
        sim.set("exc.tau_m", np.full(200, 20.0))  # the same values, in another form
        sim.set("inh->exc.w", -9 * mV)
        a, b = sim.run(20 * ms), plain.run(20 * ms)
    assert np.array_equal(a.spikes["inh"].steps, b.spikes["inh"].steps)
    assert np.allclose(a.final["exc"]["v"], b.final["exc"]["v"], rtol=1e-9)


def test_a_constant_is_added_to_what_drives_an_input():
    noise = lq.stimuli.ornstein_uhlenbeck(mean=100 * pA, sd=20 * pA, tau=3 * ms)
    with lq.Simulation(cells(noise)) as sim, lq.Simulation(cells(noise)) as plain:
        sim.set("exc.i_ext", 500 * pA)
        sim.set("exc.i_ext", 50 * pA)  # in place of the other
        plain.set("exc.i_ext.mean", 150 * pA)
        a, b = sim.run(100 * ms), plain.run(100 * ms)
    assert a.final["exc"]["v"].mean() == pytest.approx(b.final["exc"]["v"].mean(), abs=1)
    assert a.final["exc"]["v"].mean() > -57


def test_spikes_since():
    with lq.Simulation(cells(400 * pA)) as sim:
        first = sim.run(30 * ms)
        assert sim.spikes_since()["exc"].times.tolist() == first.spikes["exc"].times.tolist()
        assert len(sim.spikes_since()["exc"].times) == 0
        runs = [sim.run(10 * ms) for _ in range(3)]
        sim.step()
        since = sim.spikes_since()["exc"]
        assert (since.t_start, since.t_stop) == (pytest.approx(30), pytest.approx(60.1))
        assert since.counts.sum() == sum(r.spikes["exc"].counts.sum() for r in runs)


def test_a_closed_loop_holds_a_rate():
    with lq.Simulation(cells()) as sim:
        current, rates = 0.0, []
        for _ in range(60):
            sim.set("exc.i_ext", current * pA)
            sim.run(10 * ms)
            rates.append(sim.spikes_since()["exc"].counts.sum() / 70 / 0.01)
            current += 0.5 * (40 - rates[-1])
    assert np.mean(rates[-20:]) == pytest.approx(40, abs=4)


REFUSED = {
    "population": (("ecx.v", 1), r"there is no population 'ecx'; did you mean 'exc'\?"),
    "state": (("exc.u", 1), r"'exc' has nothing called 'u'; it has 'v', "),
    "near": (("exc.tau_n", 1), r"'exc' has nothing called 'tau_n'"),
    "length": (("exc.v", [1, 2]), r"exc.v is given 2 values, but there are 70 neurons"),
    "matrix": (("exc.v", np.zeros((2, 70))), r"exc.v is given an array of shape \(2, 70\), but there are 70 neurons"),
    "NaN": (("exc.v", np.nan), r"exc.v is given NaN"),
    "unit": (("exc.v", 3 * nS), r"exc.v is given in .*, but a voltage \(mV\) is expected"),
    "unit of a parameter": (("exc.c_m", 3 * mV), r"exc.c_m is given in .*, but a capacitance \(pF\) is expected"),
    "delay": (("exc->exc.delay", 1 * ms), r"'exc->exc.delay' cannot change during a simulation: begin another one"),
    "no name": ((3, 1), r"a name is expected, such as 'exc.v', not 3"),
    "projection": (("exc->inh.w", 1), r"there is no value 'exc->inh.w' in the network; did you mean 'exc->exc.w'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_set(case):
    given, message = REFUSED[case]
    with (
        lq.Simulation(cells(synapse=True)) as sim,
        pytest.raises((SimulationError, UnitError, ModelError), match=message),
    ):
        sim.set(*given)


def test_what_is_computed_cannot_be_set():
    neuron = lq.Neuron("dv/dt = -v/(5*ms) : mV\nw = 2*v : mV", initial=dict(v="1 mV"), name="computed")
    net = lq.Network()
    net.population(neuron, 2, name="exc")
    with lq.Simulation(net) as sim, pytest.raises(SimulationError, match=r"'exc.w' is computed from other variables"):
        sim.set("exc.w", 1)
