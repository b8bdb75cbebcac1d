"""Sweeps and trials: what is asked for, what comes back, what is refused."""

import concurrent.futures
import multiprocessing

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.units import ms, mV, nS, pA


def test_names_are_zipped_and_grids_are_products(small):
    zipped = lq.simulate(small, 1 * ms, sweep={"exc.tau_m": [10, 20] * ms, "exc->inh.w": [1, 2] * mV}, trials=2)
    assert [zipped.batch[n] for n in (0, 1, 2)] == [
        {"exc.tau_m": 10 * ms, "exc->inh.w": 1 * mV, "trial": 0},
        {"exc.tau_m": 10 * ms, "exc->inh.w": 1 * mV, "trial": 1},
        {"exc.tau_m": 20 * ms, "exc->inh.w": 2 * mV, "trial": 0},
    ]
    product = lq.simulate(small, 1 * ms, sweep=lq.grid({"exc.tau_m": [10, 20], "exc->inh.w": [1.0, 2.0, 3.0]}))
    assert [tuple(product.batch[n].values())[:2] for n in range(6)] == [(a, b) for a in (10, 20) for b in (1, 2, 3)]
    assert repr(product.batch) == "Batch(6 members over exc.tau_m, exc->inh.w, 1 trials)"
    assert product.final["exc"]["v"].shape == (6, 200)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("exc.v", [-55, -51] * mV),
        ("exc.v", [lq.uniform(-60 * mV, -55 * mV), lq.uniform(-55 * mV, -50 * mV)]),
        ("exc.tau_m", [np.full(200, 10.0), np.full(200, 20.0)]),
        ("inh->exc.delay", [0.1, 3.0]),
        ("exc->exc.where", [lq.fixed_probability(0.02), lq.fixed_probability(0.2)]),
        ("wiring_seed", [1, 2]),
    ],
)
def test_what_can_be_swept(small, same, key, values):
    from lapicque.simulation.variation import varied

    batch = lq.simulate(small, 20 * ms, sweep={key: values})
    assert not np.array_equal(batch.final["exc"]["v"][0], batch.final["exc"]["v"][1])
    alone = (
        lq.simulate(small, 20 * ms, wiring_seed=2)
        if key == "wiring_seed"
        else lq.simulate(varied(small, {key: values[1]}), 20 * ms)
    )
    same(batch, alone, member=1)


def test_receptors_and_stimuli_can_be_swept(same):
    def net(tau=5 * ms, amplitude=300 * pA):
        made = lq.Network()
        cells = made.population(lq.neurons.lif, 70, name="cells")
        made.stimulate(cells, "i_ext", amplitude)
        made.connect(cells, cells, lq.synapses.exponential(tau=tau), into="i_ext", where=lq.fixed_probability(0.1),
                     w=20 * pA, delay=1 * ms)  # fmt: skip
        made.record(cells, "spikes")
        return made

    sweep = {"cells.exponential.tau": [5, 8] * ms, "cells.i_ext": [300, 400]}
    batch = lq.simulate(net(), 100 * ms, sweep=sweep)
    same(batch, lq.simulate(net(8 * ms, 400 * pA), 100 * ms), member=1)


def test_seeds_can_be_swept(same):
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 10, name="cells")
    net.stimulate(cells, "v", lq.stimuli.poisson("500 Hz", w="1 mV"))
    net.record(cells, "v")
    batch = lq.simulate(net, 10 * ms, sweep={"seed": [1, 2]})
    same(batch, lq.simulate(net, 10 * ms, seed=2), member=1)


def _processes():
    return concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def test_an_executor_with_processes(small, same):
    sweep = {"exc.tau_m": [10, 20] * ms}
    with _processes() as executor:
        found = lq.simulate(small, 10 * ms, sweep=sweep, trials=2, executor=executor)
    same(found, lq.simulate(small, 10 * ms, sweep=sweep, trials=2))


def test_dask_with_two_workers(small, same):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="inproc://"
    )
    with cluster, distributed.Client(cluster) as client:
        found = lq.simulate(small, 10 * ms, sweep={"exc.tau_m": [10, 20]}, executor=client.get_executor())
    same(found, lq.simulate(small, 10 * ms, sweep={"exc.tau_m": [10, 20]}))


def test_an_error_names_the_member_and_keeps_the_others(small):
    with pytest.raises(SimulationError, match=r"member 1 of 3 \(exc.tau_m = 0.*, trial 0\): exc: 'v' of") as caught:
        lq.simulate(small, 5 * ms, sweep={"exc.tau_m": [10, 0, 20]})
    assert caught.value.result.batch.values == {"exc.tau_m": (10, 20)}
    assert list(caught.value.members) == [1]
    alone = lq.simulate(small, 5 * ms, sweep={"exc.tau_m": [20]})
    assert np.array_equal(caught.value.result.final["exc"]["v"][1], alone.final["exc"]["v"][0])


def test_a_value_that_does_not_fit_names_the_member(small):
    with pytest.raises(SimulationError, match=r"member 1 of 2 .*exc.tau_m: .*declared as a time.*but what is given is"):
        lq.simulate(small, 5 * ms, sweep={"exc.tau_m": [10 * ms, 3 * nS]})


REFUSED = {
    "no such parameter": (
        dict(sweep={"exc.tau_n": [1]}),
        r"no value 'exc.tau_n' in the network; did you mean 'exc.tau",
    ),
    "no such population": (dict(sweep={"ecx.tau_m": [1]}), r"no value 'ecx.tau_m' .* did you mean 'exc.tau_m'\?"),
    "no such projection": (dict(sweep={"exc->inn.w": [1]}), r"no value 'exc->inn.w' .* did you mean 'exc->inh.w'\?"),
    "one number": (dict(sweep={"exc.tau_m": 10 * ms}), r"sweep: 'exc.tau_m' needs a list of values"),
    "nothing": (dict(sweep={"exc.tau_m": []}), r"sweep: 'exc.tau_m' has no values"),
    "lengths": (dict(sweep={"exc.tau_m": [1, 2], "inh.tau_m": [1]}), r"numbers of values \(exc.tau_m 2, inh.tau_m 1\)"),
    "a list": (dict(sweep=["exc.tau_m"]), r"sweep maps names to values, sweep=\{'exc.tau_m'"),
    "no trials": (dict(trials=0), r"trials is 0: a positive integer is expected"),
    "trials too far": (dict(trials=2, trial=2**32 - 1), r"the last trial is 4294967296"),
    "seed a word": (dict(sweep={"seed": ["a"]}), r"seed is 'a': an integer is expected"),
    "a file": (dict(trials=2, to="x.h5"), r"to= is for a single run"),
    "an executor alone": (dict(executor=1), r"executor= is for many runs: give sweep= or trials= as well"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(small, case):
    options, message = REFUSED[case]
    with pytest.raises((SimulationError, ModelError, UnitError), match=message):
        lq.simulate(small, 5 * ms, **options)


@pytest.mark.parametrize("option", ["to", "sweep", "trials", "executor"])
def test_neurons_alone_have_no_batches(option):
    with pytest.raises(SimulationError, match=f"{option}= is for a network: "):
        lq.simulate(lq.neurons.lif, "5 ms", **{option: 3})
