"""Networks side by side in the lanes of vectors: to the bit what they do one by one."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.simulation.variants import FEW, ExplodedError, Variants
from lapicque.units import Hz, mV, pA

RNG = np.random.default_rng(4)


def network(nested=False):
    """Return cells with noise, Poisson input, a list of spikes, a receptor, various delays and values."""
    net = lq.Network()
    exc = net.population(lq.neurons.izhikevich, 20, name="exc", d=lq.uniform(6.0, 8.0))
    inh = net.population(lq.neurons.izhikevich, 5, name="inh", initial=dict(v=lq.uniform(-70 * mV, -60 * mV)))
    kicks = net.spikes([[5.0], [9.0, 30.0], [12.0]], name="kicks")
    net.connect(exc, inh, on_pre="v += w", where=lq.fixed_probability(0.4, nested=nested), w=3 * mV,
                delay=lq.uniform("1 ms", "4 ms"))  # fmt: skip
    net.connect(inh, exc[2:18], on_pre="v += w", where=lq.fixed_in_degree(2), w=lq.uniform(-2 * mV, -1 * mV),
                delay="1 ms")  # fmt: skip
    net.connect(exc, exc, lq.synapses.exponential(tau="3 ms"), into="i_ext", where=lq.small_world(4, 0.2), w=2 * pA)
    net.connect(kicks, exc[[1, 4, 7]], on_pre="v += w", where=lq.one_to_one(), w=9 * mV, delay="0.5 ms")
    net.stimulate(exc, "i_ext", lq.stimuli.white_noise(1 * pA, 5 * pA, tau="1 ms"), name="noise")
    net.stimulate(inh, "v", lq.stimuli.poisson(100 * Hz, w=5 * mV), name="background")
    net.stimulate(exc[3:6], "v", lq.stimuli.poisson([50, 100, 150] * Hz, w=2 * mV), name="some")
    net.record(exc[5:15], "spikes", name="exc")
    net.record(inh, "spikes")
    return net


def candidates(count):
    return [
        {"exc->inh.w": float(w), "exc->inh.where.p": float(p), "exc.b": float(b), "noise.sd": float(sd)}
        for w, p, b, sd in RNG.uniform([0, 0.1, 0.18, 3], [6, 0.9, 0.22, 8], (count, 4))
    ]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("precision", ["float64", pytest.param("float32", marks=pytest.mark.crosscheck)])
def test_each_of_many_does_what_it_does_alone(precision, nested):
    many = candidates(FEW + 3)
    variants = Variants(network(nested), "80 ms", dt="0.5 ms", method="euler", precision=precision, seed=2)
    together = variants.spikes(many, trial=1)
    assert sum(len(found["exc"].times) for found in together) > 50
    assert len({found["exc"].times.tobytes() for found in together}) > FEW
    for values, found in zip(many, together, strict=True):
        alone = variants.run(values, trial=1).spikes
        assert found.keys() == alone.keys() == {"exc", "inh"}
        for name, trains in found.items():
            np.testing.assert_array_equal(trains.steps, alone[name].steps)
            np.testing.assert_array_equal(trains.offsets, alone[name].offsets)
            assert trains.neurons == alone[name].neurons


def test_values_that_go_the_long_way_lie_beside_the_others():
    many = [{"background.rate": rate * Hz, "exc.c": -60 * mV} for rate in np.linspace(50, 400, FEW)]
    variants = Variants(network(), "60 ms", dt="0.5 ms", method="euler")
    counts = []
    for values, found in zip(many, variants.spikes(many), strict=True):
        np.testing.assert_array_equal(found["inh"].steps, variants.run(values).spikes["inh"].steps)
        counts.append(found["inh"].counts.sum())
    assert counts[-1] > counts[0]


def test_one_that_explodes_is_told_and_the_others_are_not_lost():
    many = [{"exc.a": 0.02} for _ in range(FEW + 1)]
    many[5] = {"exc.a": 100.0}
    variants = Variants(network(), "100 ms", dt="0.5 ms", method="euler")
    found = variants.spikes(many)
    assert [isinstance(one, ExplodedError) for one in found] == [n == 5 for n in range(FEW + 1)]
    np.testing.assert_array_equal(found[8]["exc"].steps, variants.run(many[8]).spikes["exc"].steps)


def test_another_seed_is_other_noise_on_the_same_wiring():
    variants = Variants(network(), "60 ms", dt="0.5 ms", method="euler", seed=1)
    many = [{"exc.b": 0.2}] * FEW
    same, other = variants.spikes(many, seed=1), variants.spikes(many, seed=2)
    np.testing.assert_array_equal(same[3]["exc"].steps, variants.spikes(many)[0]["exc"].steps)
    assert same[0]["exc"].steps.tolist() != other[0]["exc"].steps.tolist()


def test_networks_with_operations_run_one_by_one():
    net = lq.Network()
    cells = net.population(lq.neurons.izhikevich, 4, name="cells")
    net.operation(lambda view: None, every="1 ms")
    net.stimulate(cells, "i_ext", "10 pA")
    net.record(cells, "spikes")
    variants = Variants(net, "50 ms", dt="0.5 ms", method="euler")
    found = variants.spikes([{"cells.b": b} for b in np.linspace(0.19, 0.21, FEW)])
    assert len(found) == FEW
    assert not variants._small


def test_a_wrong_name_is_told_as_for_a_sweep():
    with pytest.raises(SimulationError, match=r"no value 'exc\.bb'.*did you mean"):
        Variants(network(), "10 ms", dt="0.5 ms").spikes([{"exc.bb": 0.2}] * FEW)


@pytest.mark.parametrize("length", [80, 81])
def test_arrays_that_drive_neurons_are_each_candidates_own(length):
    """A last one of another length cannot lie beside the others."""
    net = lq.Network()
    cells = net.population(lq.neurons.izhikevich, 6, name="cells")
    net.stimulate(cells[1:5], "i_ext", lq.stimuli.array(np.full(80, 5.0) * pA, dt="1 ms", after="hold"), name="played")
    net.record(cells, "spikes")
    values = [np.linspace(0, high, 80)[:, None] * [1, 2, 3, 4] * pA for high in range(FEW + 1)]
    values[-1] = np.resize(values[-1].magnitude, (length, 4)) * pA
    variants = Variants(net, "80 ms", dt="1 ms", method="euler")
    together = variants.spikes([{"played.values": one} for one in values])
    assert len({found["cells"].times.tobytes() for found in together}) > 4
    for one, found in zip(values, together, strict=True):
        alone = variants.run({"played.values": one}).spikes["cells"]
        np.testing.assert_array_equal(found["cells"].times, alone.times)
        np.testing.assert_array_equal(found["cells"].offsets, alone.offsets)
