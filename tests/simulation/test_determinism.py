"""What a run gives does not depend on how it is run: threads, breaks, files, batches."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.units import ms

LENGTH = 40 * ms


@pytest.fixture
def whole(network):
    return lq.simulate(network, LENGTH, seed=3, threads=1)


def test_something_happens(whole):
    for name in ("exc", "inh"):
        assert len(whole.spikes[name].times) > 10
    assert whole.traces["v"].values.shape == (80, 3)
    assert whole.traces["rate"].values.mean() == pytest.approx(whole.spikes["inh"].rate().mean())


def test_any_number_of_threads(network, whole, same):
    for threads in (2, 3):
        same(lq.simulate(network, LENGTH, seed=3, threads=threads), whole)


def test_saved_and_resumed(network, whole, same, tmp_path):
    with lq.Simulation(network, seed=3, threads=2) as sim:
        before = sim.run(17.3 * ms)
        sim.save(tmp_path / "state.h5")
    with lq.Simulation.load(tmp_path / "state.h5", network, threads=3) as sim:
        assert sim.time == pytest.approx(17.3)
        after = sim.run(22.7 * ms)
    for population, states in whole.final.items():
        for name, values in states.items():
            assert np.array_equal(values, after.final[population][name]), f"{population}.{name}"
    for name, trains in whole.spikes.items():
        joined = [
            np.concatenate([a.steps, b.steps]) for a, b in zip(before.spikes[name], after.spikes[name], strict=True)
        ]
        assert np.array_equal(np.concatenate(joined), trains.steps)
    for name in ("v",):
        parts = before.traces[name].values, after.traces[name].values
        assert np.array_equal(np.concatenate(parts), whole.traces[name].values)


def test_the_interpreter_goes_on_where_kernels_stop(network, same):
    with lq.Simulation(network, seed=3) as sim, lq.Simulation(network, seed=3, reference=True) as slow:
        sim.run(9.7 * ms)
        slow._run.set_state(sim._run.state(), sim.step_number)
        a, b = sim.run(1 * ms), slow.run(1 * ms)
        same(a, b)
        assert {k: v.tolist() for k, v in sim._run.state().items()} == {
            k: v.tolist() for k, v in slow._run.state().items()
        }


def test_batches_of_1_and_of_16(network, swept, whole, same):
    name, values = swept
    one = lq.simulate(network, LENGTH, seed=3, trials=1)
    same(one, whole, member=0)
    many = lq.simulate(network, LENGTH, seed=3, sweep={name: values}, trials=8, threads=2)
    assert many.spikes["exc"].shape == (16, len(network["exc"]))
    assert many.traces["v"].values.shape == (80, 16, 3)
    assert many.batch[9] == {name: values[1], "trial": 1}
    for member in (0, 9, 15):
        point = many.batch[member]
        alone = lq.simulate(network, LENGTH, seed=3, sweep={name: [point[name]]}, trials=1, trial=point["trial"])
        same(alone, lq.simulate(_with(network, name, point[name]), LENGTH, seed=3, trial=point["trial"]), member=0)
        for recorder in many.spikes:
            assert np.array_equal(many.spikes[recorder][member, :].steps, alone.spikes[recorder].steps)
    assert not np.array_equal(many.spikes["inh"][0, :].steps, many.spikes["inh"][8, :].steps)


def _with(network, name, value):
    from lapicque.simulation.variation import varied

    return varied(network, {name: value})
