"""Operations: Python between the steps, the same for every way to run a network."""

import signal

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.units import Hz, ms, mV, pA

HOW = [dict(reference=True), dict(threads=1), dict(threads=2), dict(threads=3)]


def hold_the_rate(sim):
    """Drive cells that were quiet more; take noise, which depends on the trial, away from those that were not."""
    counts = sim.spikes["cells"].counts
    sim.set("cells.i_ext", sim.get("cells.i_ext") + 200 * (1 - counts))
    sim.signal("drive", counts.sum())


def driven(function=hold_the_rate, every=5 * ms):
    """Some cells whose input an operation changes."""
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 70, name="cells", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
    net.signal("drive")
    net.stimulate(cells, "v", lq.stimuli.poisson(500 * Hz, w=0.5 * mV))
    net.record(cells, "spikes")
    net.record(net["drive"], "value", every=1 * ms)
    net.operation(function, every=every)
    return net


@pytest.mark.parametrize("how", HOW[1:])
def test_an_operation_does_the_same_for_any_number_of_threads(how, same):
    expected = lq.simulate(driven(), 30 * ms, reference=True)
    assert len(expected.spikes["cells"].times) > 70
    assert expected.traces["drive.value"].values[-1] > 0
    same(lq.simulate(driven(), 30 * ms, **how), expected)


@pytest.mark.parametrize("how", HOW[:2])
def test_an_operation_is_called_once_at_multiples_of_its_interval(how):
    times = []
    net = driven(lambda sim: times.append(sim.time), every=2 * ms)
    with lq.Simulation(net, **how) as sim:
        for duration in (2, 1, 0.5, 4.5):  # two begin where it is called
            sim.run(duration * ms)
    assert times == pytest.approx([0, 2, 4, 6])


@pytest.mark.parametrize("how", HOW[:2])
def test_an_operation_sees_the_spikes_since_its_last_call(how):
    seen = []

    def look(sim):
        spikes = sim.spikes["cells"]
        seen.append((spikes.t_start, spikes.t_stop, spikes.times.tolist()))

    net = driven(look, every=4 * ms)
    with lq.Simulation(net, **how) as sim:
        sim.set("cells.i_ext", 600 * pA)
        trains = [sim.run(part * ms).spikes["cells"] for part in (3, 5, 3)]
    times = np.concatenate([t.times for t in trains])
    assert [(start, stop) for start, stop, _ in seen] == [(0, 0), (0, 4), (4, 8)]
    for start, stop, found in seen:
        assert sorted(found) == sorted(times[(times >= start) & (times < stop)])
    assert len(seen[1][2]) > 0


def test_other_events_are_not_mistaken_for_spikes():
    """What is logged for a rate of some neurons is not what an operation, or spikes_since, is shown."""
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 4, name="cells")
    noisy = net.population(lq.neurons.lif, 4, name="noisy")
    net.stimulate(noisy, "i_ext", 2000 * pA)
    net.record(cells, "spikes")
    net.record(noisy[:2], "rate", every=1 * ms)
    counts = []
    net.operation(lambda sim: counts.append(len(sim.spikes["cells"].times)), every=10 * ms)
    with lq.Simulation(net) as sim:
        sim.run(5 * ms)
        sim.spikes_since()
        assert sim.run(16 * ms).traces["noisy.rate"].values.any()
        assert len(sim.spikes_since()["cells"].times) == 0
    assert counts == [0, 0, 0]


@pytest.mark.parametrize("how", HOW[:2])
def test_a_run_in_pieces_saved_between_two_calls_equals_the_whole(how, tmp_path, same):
    net = driven()
    whole = lq.simulate(net, 20 * ms, **how)
    with lq.Simulation(net, **how) as sim:
        sim.run(7 * ms)
        sim.snapshot()
        sim.save(tmp_path / "state.h5")
        last = sim.run(13 * ms)
        sim.restore()
        again = sim.run(13 * ms)
    with lq.Simulation.load(tmp_path / "state.h5", net, threads=2) as sim:
        loaded = sim.run(13 * ms)
    for result in (last, again, loaded):
        for name, values in whole.final["cells"].items():
            assert np.array_equal(result.final["cells"][name], values)
        assert sorted(result.spikes["cells"].times) == sorted(whole.spikes["cells"].window(7, 20).times)


def test_an_operation_acts_in_every_trial_and_member(same):
    many = lq.simulate(driven(), 20 * ms, sweep={"cells.c_m": [150, 200]}, trials=2)
    for member in range(4):
        net = driven()
        with lq.Simulation(net, trial=member % 2) as sim:
            sim.set("cells.c_m", [150, 200][member // 2])
            same(many, sim.run(20 * ms), member)
    steps = [many.spikes["cells"][member, :].steps.tolist() for member in range(4)]
    assert steps[0] != steps[1]


def test_weights_can_be_set_by_an_operation(same):
    def pair():
        net = lq.Network()
        cells = net.population(lq.neurons.lif, 40, name="cells", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
        net.connect(cells, cells, on_pre="v += w", where=lq.fixed_probability(0.2), w=0.1 * mV, delay=1 * ms)
        net.stimulate(cells, "i_ext", 320 * pA)
        net.record(cells, "spikes")
        return net

    net = pair()
    net.operation(lambda sim: sim.set("cells->cells.w", 1 + sim.time), every=10 * ms)
    found = lq.simulate(net, 25 * ms)
    with lq.Simulation(pair()) as sim:
        for time, duration in ((0, 10), (10, 10), (20, 5)):
            sim.set("cells->cells.w", 1 + time)
            last = sim.run(duration * ms)
    assert np.array_equal(found.final["cells"]["v"], last.final["cells"]["v"])
    assert last.spikes["cells"].times.tolist() == found.spikes["cells"].window(20, 25).times.tolist()


@pytest.mark.parametrize("how", HOW[:2])
def test_an_error_names_the_operation_and_keeps_what_was_recorded(how):
    def divide(sim):
        if sim.time > 5:
            raise ZeroDivisionError("of a user")

    net = driven(divide, every=6 * ms)
    with lq.Simulation(net, **how) as sim:
        with pytest.raises(SimulationError) as found:
            sim.run(10 * ms)
        assert str(found.value) == "the operation 'divide' failed at 6 ms: ZeroDivisionError: of a user"
        assert isinstance(found.value.__cause__, ZeroDivisionError)
        assert found.value.result.traces["drive.value"].values.shape == (6, 1)
        assert sim.time == 6
    net = driven(lambda sim: sim.get("cell.v"))
    with pytest.raises(SimulationError) as found:
        lq.simulate(net, 10 * ms, **how)
    message = "the operation 'lambda' failed at 0 ms: there is no population 'cell'; did you mean 'cells'?"
    assert str(found.value) == message


def test_a_member_that_fails_is_named():
    def fail(sim):
        if sim.trial == 1:
            raise ValueError("no")

    with pytest.raises(SimulationError, match=r"member 1 of 2 \(trial 1\): the operation 'fail' failed at 0 ms"):
        lq.simulate(driven(fail), 5 * ms, trials=2)


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is not signal.default_int_handler, reason="interrupts are handled elsewhere"
)
def test_an_interrupt_waits_until_the_operation_is_done():
    done = []

    def interrupted(sim):
        if 5 < sim.time < 7:
            signal.raise_signal(signal.SIGINT)
        done.append(sim.time)

    with lq.Simulation(driven(interrupted, every=6 * ms)) as sim:
        with pytest.raises(KeyboardInterrupt) as found:
            sim.run(20 * ms)
        assert done == pytest.approx([0, 6])
        reached = sim.time
        assert 6 < reached <= 12
        assert found.value.result.spikes["cells"].t_stop == reached
        assert sim.run(1 * ms).spikes["cells"].t_start == reached


def test_the_simulation_cannot_be_run_by_an_operation():
    net = driven(lambda view: sim.run(1 * ms))
    message = "the simulation is running: an operation looks and sets, but does not run it"
    with lq.Simulation(net, reference=True) as sim, pytest.raises(SimulationError, match=message):
        sim.run(1 * ms)


def test_another_function_is_another_network(tmp_path):
    with lq.Simulation(driven(), reference=True) as sim:
        sim.save(tmp_path / "state.h5")
    net = driven(print)
    with pytest.raises(SimulationError, match="the operation 'hold_the_rate' is missing; the operation 'print' is new"):
        lq.Simulation.load(tmp_path / "state.h5", net)


def test_what_is_written_to_a_file_is_the_same(tmp_path):
    kept = lq.simulate(driven(), 20 * ms)
    stored = lq.simulate(driven(), 20 * ms, to=tmp_path / "run.h5")
    assert stored.traces["drive.value"].values[:].tolist() == kept.traces["drive.value"].values.tolist()
    assert stored.load().spikes["cells"].steps.tolist() == kept.spikes["cells"].steps.tolist()
    stored.close()


def test_the_event_driven_engine_refuses_operations():
    with pytest.raises(SimulationError, match="the operation 'hold_the_rate' acts at the beginning of a step"):
        lq.simulate(driven(), 5 * ms, engine=lq.EventDriven())
