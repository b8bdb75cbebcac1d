"""Problem: its losses are those of one candidate at a time, whatever is evaluated beside them."""

import dataclasses

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import DistanceError, FitError, LapicqueNotice, SchemeError
from lapicque.fit import Problem, SpikeMatch, Trial, VoltageError
from lapicque.spikes import SpikeTrains, poisson
from lapicque.units import nS

GAMMA = lq.distances.coincidence("4 ms")


def anywhere(*shape):
    """Random points of the cube."""
    return np.random.default_rng(5).uniform(size=shape)


def near(problem, n, spread=0.15):
    """Random points around values with which the model spikes, and not without end."""
    values = {"adex": {"c_m": 150, "g_l": 10}, "izhikevich": {"c_m": 60}}
    return np.clip(
        problem.point(values.get(problem.neuron.name, {})) + spread * (2 * anywhere(n, problem.dimension) - 1), 0, 1
    )


def data(rate, duration, repeats=2, seed=0):
    return poisson(f"{rate} Hz", duration, seed=seed, trains=repeats)


def naive_match(objective, trial, model):
    """The loss of one train, from the distances as they are called by hand."""
    start, stop = trial.window
    reference = trial.spikes.window(start, stop)
    inside = SpikeTrains.from_lists([model[(model >= start) & (model <= stop)]], t_start=start, t_stop=stop)
    nothing = SpikeTrains.from_lists([[]], t_start=start, t_stop=stop)
    distance = trial.distance or objective.distance
    rate = np.mean(reference.counts) / (stop - start)
    scales = [
        s for s in objective.scales if not hasattr(distance, "precision") or 2 * rate * distance.precision * s <= 0.75
    ]
    total = 0.0
    for repeat in reference:
        relative = []
        for scale in scales:
            measure = distance.rescaled(scale)
            away = [1 - measure(a, repeat) if measure.similarity else measure(a, repeat) for a in (inside, nothing)]
            relative.append(away[0] / away[1])
        d = np.mean(relative)
        total += (d if d < 1 else 1.5 - 0.5 * np.exp(-2 * (d - 1))) / len(reference)
    ratio = np.log((len(inside.times) + 0.5) / (np.mean(reference.counts) + 0.5)) / 0.3
    return total + objective.rate_weight * 0.3 * (np.sqrt(1 + ratio**2) - 1)


def naive_losses(problem, points):
    """Losses from `lapicque.simulate`, a candidate, a trial and a run at a time."""
    found = []
    for n, _ in enumerate(points):
        values = {name: v[n] for name, v in problem.values(points).items()}
        delay, scale, offset = (values.pop(x, y) for x, y in (("delay", 0), ("input_scale", 1), ("input_offset", 0)))
        neuron = problem.neuron.with_(**values)
        loss = 0.0
        for t, trial in enumerate(problem.trials):
            for repeat in range(problem.repeats):
                answer = lq.simulate(
                    neuron, trial.duration, dt=problem.dt, inputs={"i_ext": scale * trial.inputs[""] + offset},
                    method=problem.method, seed=problem.seed, trial=t * problem.repeats + repeat,
                )  # fmt: skip
                part = naive_match(problem.objective, trial, answer.spikes.times + delay)
                loss += trial.weight / sum(x.weight for x in problem.trials) / problem.repeats * part
        found.append(loss)
    return np.array(found)


@pytest.fixture(scope="module")
def current(noisy_current):
    return noisy_current(4000, seed=3)


@pytest.fixture(scope="module")
def trials(noisy_current):
    """Two stimuli of different length, weight, window and distance, three and two repeats."""
    return [
        Trial(noisy_current(4000, mean=700, sd=300), data(40, 400, 3), window=(50, 380)),
        Trial(
            noisy_current(3000, seed=2, mean=600),
            data(30, 300, 2, seed=1),
            weight=3.0,
            distance=lq.distances.coincidence("2 ms"),
        ),
    ]


@pytest.fixture(scope="module")
def problem(trials):
    return Problem(lq.neurons.adex, trials, distance=GAMMA, free={**lq.neurons.adex.ranges, "delay": ("0 ms", "9 ms")})


# -- the value --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lif", "adex", "izhikevich", "mat", "gif"])
def test_losses_are_those_of_one_candidate_at_a_time(name, trials):
    neuron = getattr(lq.neurons, name)
    free = {**neuron.ranges, "delay": ("0 ms", "9 ms")}
    problem = Problem(neuron, trials, distance=GAMMA, free=free, seed=7)
    points = near(problem, 4)
    losses = problem.losses(points)
    np.testing.assert_allclose(losses, naive_losses(problem, points), rtol=1e-10)
    assert len(set(losses)) == 4


@pytest.mark.parametrize("measure", ["van_rossum", "spike", "spike_synchronization"])
def test_other_distances(measure, trials):
    factory = getattr(lq.distances, measure)
    distance = factory("10 ms") if measure == "van_rossum" else factory()
    trials = [dataclasses.replace(t, distance=None) for t in trials]
    problem = Problem(lq.neurons.lif, trials, distance=distance)
    points = near(problem, 3)
    np.testing.assert_allclose(problem.losses(points), naive_losses(problem, points), rtol=1e-10)


def test_a_model_of_a_file_goes_through_the_same_kernels(bursty, trials):
    problem = Problem(bursty, trials, distance=GAMMA, free={**bursty.ranges, "delay": ("0 ms", "5 ms")})
    assert list(problem._kernel.EVENTS) == ["spike", "plateau"]
    points = anywhere(4, 4)
    np.testing.assert_allclose(problem.losses(points), naive_losses(problem, points), rtol=1e-10)
    answer = lq.simulate(bursty, "400 ms", inputs={"i_ext": trials[0].inputs[""]})
    assert len(answer.events["plateau"].times) > 1
    np.testing.assert_array_equal(problem.respond(problem.point({})).times, answer.spikes.times)


def test_scale_and_offset_of_the_input(trials):
    free = dict(c_m=("50 pF", "400 pF"), input_scale=(0.2, 2), input_offset=("-50 pA", "0.2 nA"), delay=(0, 3))
    problem = Problem(lq.neurons.lif, trials, distance=GAMMA, free=free)
    points = anywhere(5, 4)
    np.testing.assert_allclose(problem.losses(points), naive_losses(problem, points), rtol=1e-10)


def test_a_stimulus_without_a_unit_is_scaled(current, spikes_of):
    neuron = lq.neurons.lif
    sound = (current - 300) / 1000
    truth = spikes_of(neuron, 2000 * sound + 400)
    free = dict(input_scale=(100, 5000), input_offset=(0, 1000))
    problem = Problem(neuron, [Trial(sound, truth, unit="1")], distance=GAMMA, free=free)
    point = problem.point(dict(input_scale=2000, input_offset="0.4 nA"))
    assert problem.losses(point)[0] == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(problem.respond(point).times, truth.times)
    with pytest.raises(FitError, match=r"no physical unit but 'i_ext' is in pA: let input_scale \(and input_offset\)"):
        Problem(neuron, [Trial(sound, truth, unit="1")], distance=GAMMA, free=dict(c_m=(50, 400)))


def test_weights_and_trials_add_up(trials):
    free = dict(c_m=("50 pF", "400 pF"))
    both = Problem(lq.neurons.lif, trials, distance=GAMMA, free=free)
    points = np.linspace(0, 1, 7)[:, None]
    apart = [Problem(lq.neurons.lif, [t], distance=GAMMA, free=free).losses(points) for t in trials]
    np.testing.assert_allclose(both.losses(points), 0.25 * apart[0] + 0.75 * apart[1], rtol=1e-12)


def test_the_truth_costs_nothing(current, spikes_of):
    cell = lq.neurons.adex.with_(c_m="120 pF", g_l="8 nS")
    found = spikes_of(cell, current)
    late = SpikeTrains.from_lists([found.times[found.times < 390] + 3], t_stop=400)
    free = {**lq.neurons.adex.ranges, "delay": ("0 ms", "9 ms")}
    problem = Problem(lq.neurons.adex, [Trial(current, late, window=(0, 390))], distance=GAMMA, free=free)
    point = problem.point(dict(c_m=120, g_l="8 nS", delay=3))
    assert problem.losses(point)[0] < 1e-9


def test_float32_is_near(trials, problem):
    """Both lose and gain spikes at the threshold, so that losses of single candidates differ a little."""
    single = dataclasses.replace(problem, distance=None, precision="float32")
    points = anywhere(64, problem.dimension)
    assert np.median(np.abs(single.losses(points) - problem.losses(points))) < 0.02


# -- what must not matter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lif", "adex", "gif", "mat"])
def test_losses_do_not_depend_on_what_is_evaluated_beside(name, trials):
    neuron = getattr(lq.neurons, name)
    problem = Problem(neuron, trials, distance=GAMMA, repeats=2 if name == "gif" else None)
    points = near(problem, 150)
    losses = problem.losses(points)
    assert len(set(losses)) > 75
    np.testing.assert_array_equal(problem.losses(points[::-1])[::-1], losses)
    np.testing.assert_array_equal(problem.losses(points[60:75]), losses[60:75])
    np.testing.assert_array_equal(problem.losses(points[149:]), losses[149:])
    np.testing.assert_array_equal(problem.losses(points[7]), losses[7:8])
    order = np.random.default_rng(5).permutation(150)
    np.testing.assert_array_equal(problem.losses(points[order]), losses[order])
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(problem.losses(points, threads=threads), losses)


def test_candidates_of_a_noisy_model_see_the_same_random_numbers(trials):
    make = lambda **more: Problem(lq.neurons.gif, trials, distance=GAMMA, **more)  # noqa: E731
    problem = make()
    assert problem.repeats == 4
    same = np.tile(problem.point({}), (130, 1))
    assert len(set(problem.losses(same))) == 1
    runs = [problem.respond(same[0], trial=t, repeat=r).times for t in (0, 1) for r in range(4)]
    assert len({tuple(times[:5]) for times in runs}) == 8
    assert make(seed=1).losses(same[:1]) != problem.losses(same[:1])
    assert make(repeats=2).losses(same[:1]) != problem.losses(same[:1])


def test_a_trial_sees_the_same_random_numbers_whatever_its_window(trials):
    problem = Problem(lq.neurons.gif, trials, distance=GAMMA)
    later = problem.with_trials([t.within(100, 250) for t in trials])
    point = problem.point({})
    for trial in (0, 1):
        np.testing.assert_array_equal(problem.respond(point, trial).times, later.respond(point, trial).times)


# -- inputs -----------------------------------------------------------------------------------------------------------

TWO_INPUTS = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g_e*(0*mV - v) + i_ext)/c_m : mV (unless refractory)
    g_e : nS (input)
    i_ext : pA (input)
    c_m : pF
    g_l : nS
    e_l : mV
    """,
    threshold="v > -50*mV", reset="v = e_l", refractory="2*ms", initial=dict(v="e_l"),
    parameters=dict(c_m="150 pF", g_l="8 nS", e_l="-70 mV"), ranges=dict(c_m=("50 pF", "500 pF")), name="two_inputs",
)  # fmt: skip


def test_several_inputs_by_name(current):
    conductance = np.abs(current - 300) / 50
    answer = lq.simulate(TWO_INPUTS, "400 ms", inputs={"g_e": conductance, "i_ext": 0.2 * current})
    assert len(answer.spikes.times) > 5
    trial = Trial({"i_ext": 0.2 * current, "g_e": conductance * nS}, answer.spikes)
    problem = Problem(TWO_INPUTS, [trial], distance=GAMMA)
    assert problem.driven == "i_ext"
    np.testing.assert_array_equal(problem.respond(problem.point({})).times, answer.spikes.times)
    only = Problem(TWO_INPUTS, [Trial({"g_e": conductance * nS}, answer.spikes)], distance=GAMMA)
    alone = lq.simulate(TWO_INPUTS, "400 ms", inputs={"g_e": conductance})
    np.testing.assert_array_equal(only.respond(only.point({})).times, alone.spikes.times)


def test_scale_and_offset_are_those_of_the_first_input(current):
    conductance = np.abs(current - 300) / 50
    spikes = SpikeTrains.from_lists([[100.0]], t_stop=400)
    trial = Trial({"g_e": conductance * nS, "i_ext": current}, spikes)
    free = dict(input_scale=(0.5, 2), input_offset=("0 nS", "2 nS"))
    problem = Problem(TWO_INPUTS, [trial], distance=GAMMA, free=free)
    answer = lq.simulate(TWO_INPUTS, "400 ms", inputs={"g_e": 1.5 * conductance + 1, "i_ext": current})
    found = problem.respond(problem.point(dict(input_scale=1.5, input_offset=1)))
    np.testing.assert_array_equal(found.times, answer.spikes.times)


def test_mistakes_in_inputs_are_named(current):
    spikes = SpikeTrains.from_lists([[100.0]], t_stop=400)

    def problem(neuron, stimulus, **more):
        return Problem(neuron, [Trial(stimulus, spikes, **more)], distance=GAMMA)

    with pytest.raises(FitError, match=r"several inputs \(g_e, i_ext\): say which by stimulus=dict\(g_e=...\)"):
        problem(TWO_INPUTS, current)
    with pytest.raises(FitError, match="'two_inputs' has no input 'i_ex'; did you mean 'i_ext'"):
        problem(TWO_INPUTS, {"i_ex": current})
    with pytest.raises(FitError, match="'lif' has no input 'g_e'"):
        problem(lq.neurons.lif, {"i_ext": current, "g_e": current})
    with pytest.raises(FitError, match="the stimulus is in mV, but the model's input 'i_ext' is in pA"):
        problem(lq.neurons.lif, current, unit="mV")
    deaf = lq.Neuron("dv/dt = 1/(5*ms) : 1", threshold="v > 1", reset="v = 0", name="deaf")
    with pytest.raises(FitError, match="'deaf' has no input that a stimulus could drive"):
        problem(deaf, current)


def test_another_step_is_taken_with_a_notice(current):
    spikes = data(30, 400)
    trials = [Trial(current.reshape(-1, 2).mean(axis=1), spikes, dt="0.2 ms"), Trial(current, spikes)]
    free = dict(c_m=("50 pF", "400 pF"))
    with pytest.warns(LapicqueNotice, match=r"the stimulus was resampled from dt 0.2 ms to 0.1 ms: held") as caught:
        problem = Problem(lq.neurons.lif, trials, distance=GAMMA, free=free, dt="0.1 ms")
    assert [w.filename for w in caught] == [__file__]
    held = Trial(np.repeat(trials[0].inputs[""], 2), spikes)
    again = Problem(lq.neurons.lif, [held, trials[1]], distance=GAMMA, free=free)
    points = np.linspace(0, 1, 5)[:, None]
    np.testing.assert_array_equal(problem.losses(points), again.losses(points))
    with pytest.warns(LapicqueNotice, match=r"2 stimuli were resampled from dt 0.1, 0.2 ms to 0.05 ms"):
        Problem(lq.neurons.lif, trials, distance=GAMMA, free=free, dt=0.05)


# -- silence and endless bursts ---------------------------------------------------------------------------------------


def test_a_model_that_never_spikes_stays_finite_and_ordered(current):
    """No candidate reaches the threshold: all are equal, and worse than one that spikes."""
    trial = Trial(current, data(30, 400))
    silent = Problem(lq.neurons.lif, [trial], distance=GAMMA, free=dict(c_m=("50 nF", "900 nF")))
    losses = silent.losses(np.linspace(0, 1, 9)[:, None])
    assert len(set(losses)) == 1
    assert 1 < losses[0] < 10
    wide = Problem(lq.neurons.lif, [trial], distance=GAMMA, free=dict(c_m=("50 pF", "900 nF")))
    assert wide.losses(np.array([[0.05], [0.99]]))[0] < losses[0] == wide.losses(np.array([[1.0]]))[0]


def test_a_model_that_always_spikes_stays_finite_and_ordered(current):
    """The reset lies above the threshold; the refractory period alone says how fast the model fires."""
    endless = lq.neurons.lif.with_(v_reset="-40 mV")
    trial = Trial(current, data(30, 400), window=(200, 400))
    problem = Problem(endless, [trial], distance=GAMMA, free=dict(t_ref=("0.1 ms", "20 ms")))
    periods = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8]
    losses = problem.losses(np.array([problem.point({"t_ref": t}) for t in periods]))
    assert np.isfinite(losses).all()
    assert (np.diff(losses) < 0).all()


def test_a_model_that_explodes_is_silent(current):
    """States that stop being numbers never cross a threshold; beside them others are as they were."""
    trial = Trial(current, data(30, 400))
    problem = Problem(lq.neurons.izhikevich, [trial], distance=GAMMA, free=dict(c_m=("1e-6 pF", "400 pF")))
    losses = problem.losses(np.array([[0.0], [0.95]]))
    assert np.isfinite(losses).all()
    np.testing.assert_array_equal(losses[1:], problem.losses(np.array([[0.95]])))


def test_data_without_spikes_are_fitted_beside_others(current):
    nothing = SpikeTrains.from_lists([[]], t_stop=400)
    low, high = Trial(0.3 * current, nothing), Trial(current, data(30, 400))
    free = dict(c_m=("50 pF", "400 pF"), g_l=("1 nS", "20 nS"))
    both = Problem(lq.neurons.lif, [low, high], distance=GAMMA, free=free)
    alone = Problem(lq.neurons.lif, [high], distance=GAMMA, free=free)
    points = anywhere(40, 2)
    spikes = np.array([len(both.respond(p, trial=0).times) for p in points])
    extra = both.losses(points) - 0.5 * alone.losses(points)
    assert (spikes > 0).any()
    np.testing.assert_allclose(extra[spikes == 0], 0, atol=1e-12)
    assert (extra[spikes > 0] > 0.4).all()
    with pytest.raises(FitError, match="the data have no spikes in the windows of the trials"):
        Problem(lq.neurons.lif, [low, high.within(0, 0.5)], distance=GAMMA, free=free)


# -- answers ----------------------------------------------------------------------------------------------------------


def test_answers_hold_every_spike_however_many():
    """1,000 Hz for a second: more than are kept while losses are computed."""
    current = np.full(10_000, 5000.0)
    neuron = lq.neurons.lif.with_(c_m="1 pF", t_ref="0.9 ms")
    problem = Problem(neuron, [Trial(current, data(30, 1000))], distance=GAMMA, free=dict(g_l=("1 nS", "10 nS")))
    found = problem.respond(np.array([[0.0], [1.0]]))
    expected = lq.simulate(neuron.with_(g_l=[1.0, 10.0]), "1 second", inputs={"i_ext": current}).spikes
    assert expected.counts.min() > 600
    for a, b in zip(found.to_lists(), expected.to_lists(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert found.shape == (1, 2)


def test_spikes_that_are_late_for_the_end_are_left_out(current):
    problem = Problem(
        lq.neurons.lif, [Trial(current, data(30, 400))], distance=GAMMA, free=dict(delay=("0 ms", "200 ms"))
    )
    at_once, late = (problem.respond(np.array([x])) for x in (0.0, 1.0))
    assert late.t_stop == 400
    np.testing.assert_array_equal(late.times, at_once.times[at_once.times <= 200] + 200)


def test_other_trials_need_not_have_what_the_objective_compares(trials):
    """To be scored, held-out data need neither spikes nor a voltage."""
    voltage = np.zeros((1, 4000))
    traced = dataclasses.replace(trials[0], voltage=voltage)
    problem = Problem(lq.neurons.lif, [traced], objective=SpikeMatch(GAMMA) + VoltageError())
    nothing = Trial(np.zeros(1000), SpikeTrains.from_lists([[]], t_stop=100))
    other = problem.with_trials([nothing])
    assert len(other.respond(other.point({})).times) == 0
    assert (other.free, other.objective) == (problem.free, problem.objective)
    with pytest.raises(FitError, match="has no voltage to compare"):
        other.losses(other.point({}))


# -- points and values ------------------------------------------------------------------------------------------------


def test_points_and_values_are_inverse(problem):
    points = anywhere(20, problem.dimension)
    values = problem.values(points)
    for n, point in enumerate(points):
        np.testing.assert_allclose(problem.point({name: v[n] for name, v in values.items()}), point, atol=1e-9)


def test_values_that_are_not_given_are_the_models_own(problem):
    values = problem.values(problem.point({"c_m": "0.1 nF"}))
    assert values["c_m"] == pytest.approx(100)
    assert values["tau_w"] == pytest.approx(144)
    assert values["delay"] == pytest.approx(0)


def test_own_values_beyond_the_bounds_stand_at_a_bound(trials):
    problem = Problem(lq.neurons.adex, trials, distance=GAMMA, free=dict(a=("10 nS", "80 nS"), v_reset=(-65, -55)))
    assert problem.point({}).tolist() == [0, 0]


def test_the_fitted_neuron_has_the_values(problem):
    point = anywhere(problem.dimension)
    neuron = problem.fitted(point)
    for name, value in problem.values(point).items():
        if name != "delay":
            assert neuron.constants[name].value == value[0]
    assert neuron.constants["e_l"].value == problem.neuron.constants["e_l"].value


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"c_n": 5}, "'c_n' is not free; did you mean 'c_m'"),
        ({"e_l": -70}, "'e_l' is not free"),
        ({"c_m": 1e6}, r"'c_m' is 1e\+06 pF, outside its bounds"),
        ({"c_m": "1 mV"}, "c_m is given in mV"),
    ],
)
def test_a_start_that_does_not_exist_is_named(problem, values, message):
    with pytest.raises(lq.errors.LapicqueError, match=message):
        problem.point(values)


def test_points_of_another_length_are_refused(problem):
    with pytest.raises(FitError, match="points have 2 coordinates, but 9 parameters are free"):
        problem.losses(np.zeros((3, 2)))


# -- identity, mistakes -----------------------------------------------------------------------------------------------


def test_the_fingerprint_is_that_of_all_that_matters(current, trials):
    voltage = np.zeros((1, 4000))
    base = dict(
        neuron=lq.neurons.lif, trials=[Trial(current, data(30, 400), voltage=voltage)], distance=GAMMA, repeats=1
    )
    (trial,) = base["trials"]
    changes = [
        dict(neuron=lq.neurons.lif.with_(e_l="-71 mV")),
        dict(neuron=lq.neurons.lif.with_(initial=dict(v="e_l + 1*mV"))),
        dict(neuron=lq.neurons.lif.with_(name="other")),
        dict(neuron=lq.neurons.lif_exp, free=dict(c_m=("5 pF", "1000 pF"))),
        dict(trials=[Trial(current + 1, data(30, 400), voltage=voltage)]),
        dict(trials=[Trial(current, data(30, 400, seed=9), voltage=voltage)]),
        dict(trials=[Trial(current, data(30, 400), voltage=voltage + 1)]),
        dict(trials=[trial.within(0, 300)]),
        dict(trials=[dataclasses.replace(trial, weight=2.0)]),
        dict(trials=[dataclasses.replace(trial, distance=lq.distances.spike())]),
        dict(trials=[trial, trial]),
        dict(distance=lq.distances.coincidence("3 ms")),
        dict(distance=None, objective=SpikeMatch(GAMMA, rate_weight=2)),
        dict(free=dict(c_m=("5 pF", "1000 pF"))),
        dict(method="euler"),
        dict(repeats=2),
        dict(seed=1),
        dict(precision="float32"),
    ]
    found = [Problem(**{**base, **change}).fingerprint for change in [{}, *changes]]
    assert len(set(found)) == len(found)
    copy = Problem(**{**base, "trials": [Trial(current.copy(), data(30, 400), voltage=voltage.copy())]})
    assert copy.fingerprint == found[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(trials=[]), "there are no trials to fit to"),
        (dict(trials=[np.zeros(5)]), r"is no trial: write lq.fit.Trial\(stimulus, spikes\)"),
        (dict(distance=None), "give either distance= or objective="),
        (dict(objective=SpikeMatch(GAMMA)), "give either distance= or objective="),
        (dict(neuron=lq.Neuron("dv/dt = i/(1*pF) : mV\ni : pA (input)")), "'neuron' never spikes: it has no threshold"),
        (dict(neuron=lq.neurons.lif.with_(e_l=[-70, -60])), "'e_l' has 2 values, but one neuron is fitted"),
        (dict(free={}), "nothing is free"),
        (dict(free=dict(c_n=(1, 2))), "'c_n' is no parameter of the model; did you mean 'c_m'"),
        (dict(dt=0), "dt is 0 ms: a positive time"),
        (dict(repeats=0), "repeats is 0: at least one run"),
        (dict(precision="single"), "precision is 'single': write 'float64' or 'float32'"),
    ],
)
def test_mistakes_are_named(trials, options, message):
    with pytest.raises(FitError, match=message):
        Problem(**{"neuron": lq.neurons.lif, "trials": trials, "distance": GAMMA, **options})


def test_trials_that_weigh_nothing(trials):
    with pytest.raises(FitError, match="all trials have weight 0"):
        Problem(lq.neurons.lif, [dataclasses.replace(t, weight=0) for t in trials], distance=GAMMA)


def test_a_scheme_that_cannot_and_data_that_are_too_fast(current, trials):
    with pytest.raises(SchemeError, match="exact"):
        Problem(lq.neurons.adex, trials, distance=GAMMA, method="exact")
    with pytest.raises(DistanceError, match="exists only for data below 125 Hz"):
        Problem(lq.neurons.lif, [Trial(current, data(200, 400))], distance=GAMMA)


def test_repr_says_what_is_fitted_and_how(problem):
    text = repr(problem)
    assert text.startswith(
        "Problem: 'adex' by euler, dt 0.1 ms, float64\n  objective: SpikeMatch(distance=coincidence("
    )
    assert "  Trial(400 ms of stimulus, 3 repeats, scored from 50 to 380 ms)" in text
    assert "    delay: 0 to 9 ms (linear)" in text
