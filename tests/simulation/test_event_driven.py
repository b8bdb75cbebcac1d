"""Networks from event to event: against closed forms, and against the clock-driven engine as its step goes to 0."""

import math
import re

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SchemeError, SimulationError
from lapicque.simulation.event_driven import EventDriven
from lapicque.units import Hz, ms, mV, pA

ENGINE = EventDriven()
CURRENTS = {"ampa": lq.synapses.exponential(5 * ms), "gaba": lq.synapses.alpha(3 * ms)}


def run(net, duration, **options):
    return ENGINE.run(net, duration, progress=False, **options)


def recurrent(delay="1.5 ms"):
    """Forty LIF neurons of different currents; excitation decays, inhibition is an alpha function."""
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 40, name="cells", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
    currents = np.concatenate([np.linspace(230, 300, size) for size in (32, 8)])
    net.stimulate(cells, "i_ext", lq.stimuli.array(currents[None] * pA, after="hold"))
    exc, inh = cells[:32], cells[32:]
    fast, slow = (dict(synapse=s, receptor=name) for name, s in CURRENTS.items())
    for target in (exc, inh):
        net.connect(exc, target, **fast, into="i_ext", where=lq.fixed_probability(0.3), w=25 * pA, delay=delay)
        net.connect(inh, target, **slow, into="i_ext", where=lq.fixed_probability(0.4), w=-60 * pA, delay=delay)
    net.record(exc, "spikes", name="exc")
    net.record(inh, "spikes", name="inh")
    return net


def driven(net, size):
    """LIF neurons that a constant drives: one kernel runs them, however they are connected."""
    cells = net.population(lq.neurons.lif, size, name="cells")
    net.stimulate(cells, "i_ext", 0 * pA)
    return cells


@pytest.fixture(scope="module")
def exact():
    return run(recurrent(), 100 * ms, wiring_seed=1)


@pytest.mark.crosscheck
def test_clock_driven_spikes_converge_to_it_with_slope_1(exact):
    """The first spike of each neuron, also of those that others have driven or held back."""
    steps = [0.1, 0.05, 0.025, 0.0125, 0.00625]
    coarse = [lq.simulate(recurrent(), 30 * ms, dt=dt * ms, wiring_seed=1, progress=False) for dt in steps]
    differences = []
    for name in ("exc", "inh"):
        mine = exact.spikes[name].to_lists()
        theirs = [result.spikes[name].to_lists() for result in coarse]
        for n, times in enumerate(mine):
            if all(len(trains[n]) for trains in theirs):
                differences.append([abs(trains[n][0] - times[0]) for trains in theirs])
    errors = np.mean(differences, axis=0)
    assert len(differences) > 25
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(1, abs=0.1)
    assert errors[-1] < 0.005


def test_it_does_not_depend_on_dt(exact):
    other = run(recurrent(), 100 * ms, wiring_seed=1, dt=0.5 * ms)
    for name in ("exc", "inh"):
        assert np.array_equal(exact.spikes[name].times, other.spikes[name].times)
        assert np.array_equal(exact.spikes[name].offsets, other.spikes[name].offsets)
    assert len(exact.spikes["exc"].times) > 80


def test_slope_1_for_a_single_neuron():
    """The exact scheme on a grid, which finds a spike at the end of its step: the mean error is half a step."""
    net = lq.Network()
    currents = np.linspace(210, 400, 64)
    cells = net.population(lq.neurons.lif, 64, name="cells")
    net.stimulate(cells, "i_ext", lq.stimuli.array(currents[None] * pA, after="hold"))
    net.record(cells, "spikes")
    exact = [times[0] for times in run(net, 80 * ms).spikes["cells"].to_lists()]
    j = currents / 200
    np.testing.assert_allclose(exact, 20 * np.log(j / (j - 1)), rtol=1e-12)
    errors = []
    for dt in (0.2, 0.1, 0.05, 0.025):
        grid = lq.simulate(lq.neurons.lif, 80 * ms, dt=dt * ms, inputs={"i_ext": currents[None]}, n=64, method="exact",
                           progress=False)  # fmt: skip
        late = [times[0] + dt - t for times, t in zip(grid.spikes.to_lists(), exact, strict=True)]
        assert min(late) > -1e-9  # the step that ends after the threshold is reached
        assert max(late) < dt * (1 + 1e-9)
        errors.append(np.mean(late) / dt)
    np.testing.assert_allclose(errors, 0.5, atol=0.1)


def test_a_chain_with_delays_that_are_no_steps():
    """Each neuron is driven over its threshold by the one before; delays add up exactly."""
    net = lq.Network()
    source = net.spikes([[0.7123]], name="source")
    cells = driven(net, 3)
    net.connect(source, cells[:1], on_pre="v += w", w=30 * mV, delay=0.1234567 * ms)
    net.connect(cells[:2], cells[1:], on_pre="v += w", where=lq.one_to_one(), w=30 * mV, delay=[1.05, 0.333333] * ms)
    net.record(cells, "spikes")
    net.record(source, "spikes", name="input")
    result = run(net, 10 * ms)
    expected = np.cumsum([0.7123 + 0.1234567, 1.05, 0.333333])
    assert np.concatenate(result.spikes["cells"].to_lists()).tolist() == expected.tolist()
    assert result.spikes["input"].times.tolist() == [0.7123]
    assert result.spikes["cells"].steps is None


def test_traces_are_the_solution():
    net = lq.Network()
    source = net.spikes([[2.0]], name="source")
    cells = net.population(lq.neurons.lif, 3, name="cells", c_m=np.array([100.0, 200.0, 400.0]))
    net.stimulate(cells, "i_ext", lq.stimuli.array(np.zeros((1, 3)) * pA, after="hold"))
    silent = net.spikes([[]], name="silent")
    for origin, (receptor, synapse), w in zip((source, silent), CURRENTS.items(), (80, 0), strict=True):
        net.connect(origin, cells, synapse, into="i_ext", w=w * pA, receptor=receptor)
    net.record(cells[1:], "v", every=0.5 * ms, name="membrane")
    net.record(cells, "ampa.i", "i_ext", every=1 * ms, name="synapse")
    net.record(cells, "rate", every=5 * ms)
    result = run(net, 12 * ms)
    membrane = result.traces["membrane"]
    assert membrane.values.shape == (24, 2)
    s = np.maximum(membrane.times - 2.0, 0)[:, None]
    tau, c = np.array([20.0, 40.0]), np.array([200.0, 400.0])
    v = -70 + 80 / c * (np.exp(-s / tau) - np.exp(-s / 5)) / (1 / 5 - 1 / tau)
    np.testing.assert_allclose(membrane.values, v, rtol=1e-14)
    current = np.where(np.arange(12) > 2, 80 * np.exp(-(np.arange(12) - 2) / 5), 0.0)
    np.testing.assert_allclose(result.traces["synapse.ampa.i"].values[:, 0], current, rtol=1e-14)
    np.testing.assert_allclose(result.traces["synapse.i_ext"].values[:, 2], current, rtol=1e-14)
    np.testing.assert_allclose(result.final["cells"]["ampa__i"], 80 * math.exp(-10 / 5), rtol=1e-14)


def test_poisson_input_is_reproducible_and_has_its_rate():
    def poisson(trial=0, seed=1):
        net = lq.Network()
        cells = driven(net, 50)
        net.stimulate(cells, "v", lq.stimuli.poisson(1200 * Hz, w=1 * mV))
        net.record(cells, "spikes")
        net.record(cells, "rate", every=100 * ms, name="rate")
        return run(net, 1000 * ms, seed=seed, trial=trial)

    first = poisson()
    assert np.array_equal(first.spikes["cells"].times, poisson().spikes["cells"].times)
    assert not np.array_equal(first.spikes["cells"].times, poisson(trial=1).spikes["cells"].times)
    assert not np.array_equal(first.spikes["cells"].times, poisson(seed=2).spikes["cells"].times)
    coarse = lq.Network()
    cells = coarse.population(lq.neurons.lif, 50, name="cells")
    coarse.stimulate(cells, "v", lq.stimuli.poisson(1200 * Hz, w=1 * mV))
    coarse.record(cells, "spikes")
    grid = lq.simulate(coarse, 1000 * ms, dt=0.05 * ms, progress=False)
    assert first.spikes["cells"].rate().mean() == pytest.approx(grid.spikes["cells"].rate().mean(), rel=0.06)
    assert first.traces["rate"].values.mean() == pytest.approx(first.spikes["cells"].rate().mean())


@pytest.mark.parametrize("after", ["zero", "hold", "repeat"])
def test_arrays_change_at_their_times(after):
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 2, name="cells")
    values = np.array([[100.0, 150.0], [-50.0, 0.0]])
    net.stimulate(cells, "i_ext", lq.stimuli.array(values * pA, dt=2.5 * ms, start=1 * ms, after=after))
    net.record(cells, "v", every=1 * ms, name="v")
    result = run(net, 12 * ms)
    grid = lq.simulate(net, 12 * ms, dt=0.5 * ms, method="exact", progress=False)
    np.testing.assert_allclose(result.traces["v"].values, grid.traces["v"].values, rtol=1e-13)


def test_a_closed_form_of_the_users_own():
    cubic = lq.Neuron("dv/dt = k*v**3 : 1", threshold="v > 2", reset="v = 1", parameters=dict(k="0.1 1/ms"),
                      initial=dict(v=1.0), name="cubic")  # fmt: skip
    net = lq.Network()
    cells = net.population(cubic, 1, name="cells")
    net.record(cells, "spikes")
    with pytest.raises(SchemeError, match="the event-driven engine cannot run 'cubic': dv/dt has no solution"):
        run(net, 10 * ms)
    form = lq.schemes.ClosedForm({"v": "v/sqrt(1 - 2*k*v**2*elapsed)"})
    found = run(net, 10 * ms, method={"cells": form})
    np.testing.assert_allclose(found.spikes["cells"].times, [3.75, 7.5], rtol=1e-14)
    assert "closed form, event-driven" in repr(found)


def test_what_needs_steps_is_refused():
    def one(**options):
        net = lq.Network()
        cells = net.population(lq.neurons.lif, 2, name="cells")
        return net, cells

    def refused(net, reason, **options):
        with pytest.raises(SchemeError, match=re.escape(reason)):
            run(net, 10 * ms, **options)

    net, cells = one()
    net.connect(cells, cells, lq.synapses.conductance(5 * ms, 0 * mV), into="i_ext", w="1 nS")
    refused(net, "v enters with a factor that changes with conductance__g")
    net, cells = one()
    net.connect(cells, cells, lq.synapses.gap_junction(), into="i_ext", w="1 nS")
    refused(net, "'cells->cells' is a sum over synapses that changes all the time")
    net, cells = one()
    net.connect(cells, cells, on_pre="v += w*(v_th - v)/(10*mV)", w=1 * mV)
    refused(net, "'cells->cells' runs code for every spike")
    net, cells = one()
    net.stimulate(cells, "i_ext", "100*pA*sin(2*pi*10*Hz*t)")
    refused(net, "dv/dt depends on t explicitly")
    net, cells = one()
    net.stimulate(cells, "i_ext", lq.stimuli.callable(lambda t: 0.0))
    refused(net, "a Python function is called in every step")
    net, cells = one()
    net.stimulate(cells, "v", lq.stimuli.poisson("10*Hz*(1 + sin(t/ms))", w=1 * mV))
    refused(net, "a Poisson input of 'cells' has a rate that changes in time")
    net, cells = one()
    refused(net, "method is 'euler' for 'cells', but schemes make steps", method="euler")
    with pytest.raises(SimulationError, match="no populations"):
        run(lq.Network(), 10 * ms)


def test_a_closed_form_for_what_is_no_population_is_refused_with_the_nearest_name():
    net = lq.Network()
    net.population(lq.neurons.lif_exp, 2, name="cells")
    engine, form = lq.EventDriven(), {"cell": lq.schemes.ClosedForm({"v": "v"})}
    with pytest.raises(SimulationError, match="method names 'cell', which is no population; did you mean 'cells'"):
        lq.simulate(net, "1 ms", engine=engine, method=form)
