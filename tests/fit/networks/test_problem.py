"""Networks with free numbers: the same random numbers for all, whatever happens to a candidate."""

import pickle
import warnings

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, LapicqueNotice, SimulationError, UnitError
from lapicque.fit.networks.problem import EXPLODED
from lapicque.simulation.variation import varied
from lapicque.spikes import SpikeTrains
from lapicque.units import mV

POINTS = 0.2 + 0.8 * np.random.default_rng(0).random((6, 2))


def test_a_candidate_runs_as_the_network_that_it_stands_for_does(problem, run):
    spikes = problem.respond(POINTS[0])
    alone = lq.simulate(problem.fitted(POINTS[0]), "500 ms", seed=1, **run).spikes
    assert sum(len(t.times) for t in spikes.values()) > 30
    for name in ("exc", "inh"):
        np.testing.assert_allclose(spikes[name].times, alone[name].window(0, 500).times)


def test_losses_do_not_depend_on_threads_or_company(problem):
    losses = problem.losses(POINTS, threads=2)
    assert len(set(losses)) == len(POINTS)
    np.testing.assert_array_equal(problem.losses(POINTS, threads=1), losses)
    np.testing.assert_array_equal([problem.losses(point[None])[0] for point in POINTS[::-1]], losses[::-1])


def test_the_true_values_are_better_than_others_on_another_seed(problem):
    true = problem.losses(problem.point({"exc->inh.w": 3 * mV, "exc->inh.where.p": 0.5}))
    assert true < np.median(problem.losses(POINTS))


def test_more_of_a_probability_only_adds_synapses(problem):
    wirings = []
    for p in (0.2, 0.5, 0.8):
        net = problem.fitted(problem.point({"exc->inh.where.p": p}))
        result = lq.connections(net.projections["exc->inh"])
        wirings.append(set(zip(result.sources.tolist(), result.targets.tolist(), strict=True)))
    assert wirings[0] < wirings[1] < wirings[2]
    assert len(wirings[1]) == pytest.approx(50, abs=15)


def test_whole_numbers_of_a_rule_stay_whole(network, data, run):
    problem = lq.fit.NetworkProblem(network, data, {"inh->exc.where.k": (1, 4)}, lq.fit.PopulationStatistics(), **run)
    assert problem.free[0].scale == "integer"
    values = problem.values(np.linspace(0, 1, 81)[:, None])["inh->exc.where.k"]
    assert np.unique(values, return_counts=True)[1].tolist() == [20, 20, 20, 21]
    assert problem.fitted(problem.point({"inh->exc.where.k": 3})).projections["inh->exc"].where.k == 3


def test_delays_are_free_in_milliseconds(network, data, run):
    free = {"exc->inh.delay": ("500 us", "4 ms")}
    problem = lq.fit.NetworkProblem(network, data, free, lq.fit.PopulationStatistics(), **run)
    assert str(problem.free[0].unit) == "ms"
    assert problem.free[0].low == 0.5
    assert problem.fitted(problem.point({"exc->inh.delay": "2 ms"})).projections["exc->inh"].delay == pytest.approx(2)


def net_of(w, sigma):
    net = lq.Network()
    places = np.linspace(0, 100, 12)
    cells = net.population(lq.neurons.izhikevich, 12, name="exc", positions=places)
    near = lq.pairwise_gaussian(0.9, sigma)
    net.connect(cells, cells, on_pre="v += w", where=near, w=w, delay="1 ms")
    net.stimulate(cells, "i_ext", "8 pA")
    net.record(cells, "spikes")
    return net


def test_a_function_can_free_anything_such_as_a_spatial_constant(run):
    data = lq.simulate(net_of(1 * mV, "20 um"), "200 ms", seed=1, **run).spikes
    free = {"w": ("0 mV", "4 mV"), "sigma": "5 .. 80 um"}
    problem = lq.fit.NetworkProblem(net_of, data, free, lq.fit.PopulationStatistics(), **run)
    assert [(f.name, str(f.unit), f.scale) for f in problem.free] == [("w", "mV", "linear"), ("sigma", "um", "log")]
    losses = problem.losses(POINTS)
    assert np.isfinite(losses).all()
    assert problem.losses(problem.point({"w": 1 * mV, "sigma": "20 um"})) < losses.min() + 1e-9
    assert problem.name == "net_of"


def test_silent_and_exploding_candidates_have_losses(network, data, run):
    free = {"exc.k_2": (1e-3, 0.2), "exc_noise.mean": (-1000.0, 50)}
    problem = lq.fit.NetworkProblem(network, data, free, lq.fit.PopulationStatistics(), **run)
    silent = problem.losses(problem.point({"exc.k_2": 0.04, "exc_noise.mean": -50}))
    assert 5 < silent < EXPLODED
    problem = lq.fit.NetworkProblem(network, data, {"exc.a": (0.02, 100.0)}, lq.fit.PopulationStatistics(), **run)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert problem.losses(np.array([[0.99], [1.0]])).tolist() == [EXPLODED, EXPLODED]
    assert [w.category for w in said] == [LapicqueNotice]
    assert "all 2 candidates exploded" in str(said[0].message)


def test_several_objectives_have_a_column_each(network, data, problem, run):
    both = lq.fit.PopulationStatistics(), lq.fit.MatchedNeurons(lq.distances.van_rossum("10 ms"), "sorted")
    many = lq.fit.NetworkProblem(network, data, problem.free, both, seed=1, **run)
    assert many.objectives == ("rate, cv, lv", "van_rossum")
    losses = many.losses(POINTS[:3])
    assert losses.shape == (3, 2)
    np.testing.assert_array_equal(losses[:, 0], problem.losses(POINTS[:3]))


def test_trials_have_noise_of_their_own(network, data, problem, run):
    many = lq.fit.NetworkProblem(network, data, problem.free, lq.fit.PopulationStatistics(), seed=1, trials=2, **run)
    found = many.respond(POINTS[0])["exc"]
    assert found.shape == (2, 20)
    np.testing.assert_array_equal(found[0, :].times, problem.respond(POINTS[0])["exc"].times)
    assert found[1, :].counts.tolist() != found[0, :].counts.tolist()


def test_a_problem_travels(problem):
    again = pickle.loads(pickle.dumps(problem))
    assert again.fingerprint == problem.fingerprint
    np.testing.assert_array_equal(again.losses(POINTS[:2]), problem.losses(POINTS[:2]))


def test_fingerprints_tell_problems_apart(network, data, problem, run):
    objective = lq.fit.PopulationStatistics()
    other = varied(network, {"exc.d": 7.9})
    changed = [
        lq.fit.NetworkProblem(other, data, problem.free, objective, seed=1, **run),
        lq.fit.NetworkProblem(network, data, problem.free, objective, seed=2, **run),
        lq.fit.NetworkProblem(network, data, problem.free[:1], objective, seed=1, **run),
        problem.with_data({"exc": data["exc"]}),
    ]
    assert len({problem.fingerprint, *(p.fingerprint for p in changed)}) == 5


def test_fingerprints_tell_recorded_neurons_apart():
    def recording(cells):
        net = lq.Network()
        exc = net.population(lq.neurons.lif, 4, name="exc")
        net.stimulate(exc, "i_ext", "600 pA", name="drive")
        net.record(exc[cells], "spikes", name="exc")
        return net

    data = {"exc": SpikeTrains.from_lists([[5.0], [7.0]], t_stop=20)}
    given = dict(free={"drive.amplitude": (300, 900)}, objective=lq.fit.PopulationStatistics([lq.fit.features.rate()]))
    some = [recording(slice(2)), recording(slice(2, 4)), recording([1, 0])]
    assert len({lq.fit.NetworkProblem(net, data, dt="0.1 ms", **given).fingerprint for net in some}) == 3


def test_fingerprints_tell_functions_of_one_name_apart(network, data, run):
    def problem(d):
        def build(w):
            return varied(network, {"exc->inh.w": w, "exc.d": d})

        return lq.fit.NetworkProblem(build, data, {"w": ("0 mV", "8 mV")}, lq.fit.PopulationStatistics(), **run)

    assert problem(8.0).fingerprint == problem(8.0).fingerprint != problem(7.9).fingerprint


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"free": {"exc->inh.v": (0, 1)}}, SimulationError, r"no value 'exc->inh\.v'.*did you mean"),
        ({"free": {"exc->inh.where": (0, 1)}}, FitError, r"is a rule; free a number of it.*where\.p"),
        ({"free": {"exc->inh.w": ("0 pA", "1 pA")}}, UnitError, "mV"),
        ({"free": {"exc->inh.w": (3, 1)}}, FitError, "are reversed"),
        ({"free": {"inh->exc.where.k": (1.5, 3)}}, FitError, "not whole"),
        ({"free": {}}, FitError, "nothing is free"),
        ({"data": {}}, FitError, r"no data: give spike trains of 'exc', 'inh'"),
        ({"data": {"ex": SpikeTrains.from_lists([[1.0]], t_stop=9)}}, FitError, "records no spikes as 'ex'.*'exc'"),
        ({"data": {"exc": [1.0]}}, FitError, "are list: SpikeTrains"),
        ({"data": {"exc": SpikeTrains.from_lists([[]], t_stop=9)}}, FitError, "the data have no spikes"),
        ({"data": {"exc": SpikeTrains.from_lists([[-5.0]], t_start=-9, t_stop=9)}}, FitError, "runs from 0"),
        ({"trials": 0}, FitError, "trials is 0"),
        ({"dt": "1 mV"}, UnitError, "dt"),
    ],
)
def test_mistakes_are_named(network, data, problem, run, changes, kind, message):
    given = dict(data=data, free={"exc->inh.w": (0, 8)}, objective=lq.fit.PopulationStatistics(), **run) | changes
    with pytest.raises(kind, match=message):
        lq.fit.NetworkProblem(network, **given)


def test_different_windows_are_refused(network, data, run):
    other = {"exc": data["exc"], "inh": data["inh"].window(0, 400)}
    with pytest.raises(FitError, match=r"different windows \(exc: 0 to 500 ms; inh: 0 to 400 ms\)"):
        lq.fit.NetworkProblem(network, other, {"exc->inh.w": (0, 8)}, lq.fit.PopulationStatistics(), **run)


def test_only_the_datas_window_counts_and_the_model_runs_from_zero(network, data, problem, run):
    late = {name: trains.window(200, 500) for name, trains in data.items()}
    cut = problem.with_data(late)
    spikes = cut.respond(POINTS[0])["exc"]
    assert (spikes.t_start, spikes.t_stop) == (200, 500)
    np.testing.assert_array_equal(spikes.times, problem.respond(POINTS[0])["exc"].window(200, 500).times)


def test_numbers_of_poisson_sources_are_whole():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells")
    net.stimulate(cells, "v", lq.stimuli.poisson("900 Hz", w="4 mV"), name="sources")
    net.record(cells, "spikes")
    data = {"cells": SpikeTrains.from_lists([[5.0], [7.0], [9.0]], t_stop=20)}
    objective = lq.fit.PopulationStatistics([lq.fit.features.rate()])
    problem = lq.fit.NetworkProblem(net, data, {"sources.n": (1, 5)}, objective, dt="0.1 ms")
    assert problem.free[0].scale == "integer"
    assert np.isfinite(problem.losses([[0.1], [0.55]])).all()


def test_functions_that_fail_say_for_which_values(network, data, run):
    def build(w, kind):
        if kind == 1:
            return varied(network, {"exc->inh.w": w})
        if kind == 2:
            raise ValueError("there is no such network")
        made = lq.Network()
        made.record(made.population(lq.neurons.lif, 2, name="exc"), "spikes")
        return made

    free = {"w": ("1 mV", "3 mV"), "kind": (0, 2, "integer")}
    problem = lq.fit.NetworkProblem(build, data, free, lq.fit.PopulationStatistics(), **run)
    with pytest.raises(FitError, match=r"build\(w=2.0 mV, kind=0\) records no spikes as 'inh'.*all candidates"):
        problem.losses([[0.5, 0.1]])
    with pytest.raises(ValueError, match="no such network") as failed:
        problem.losses([[0.5, 0.9]])
    assert "in build(w=2.0 mV, kind=2)" in failed.value.__notes__[0]


def test_no_trials_and_no_candidates(problem):
    with pytest.raises(FitError, match="trials is 0"):
        problem.respond([0.5, 0.5], trials=0)
    assert problem.losses(np.empty((0, 2))).shape == (0,)
