"""What one step means, clause by clause, against what a hand computes; on the interpreter and on compiled code.

Steps are 1 ms where nothing else is said, and numbers are such that no rounding happens.
"""

import numpy as np
import pytest

from lapicque import Neuron
from lapicque.compile.random_kernels import normal, uniform
from lapicque.model import Event
from lapicque.random import stream_key
from lapicque.units import ms


def trace(answer, name):
    """Values of a variable, one list a neuron if there are several."""
    values = answer.traces[name].values
    return values[:, 0].tolist() if values.shape[1] == 1 else values.T.tolist()


def steps_of(answer, event="spike"):
    """Steps of an event, one list a neuron if there are several."""
    dt = answer.dt
    found = [[round(t / dt) for t in train] for train in answer.events[event].to_lists()]
    return found[0] if len(found) == 1 else found


RAMP = Neuron("dx/dt = 1/ms : 1", threshold="x >= 3", reset="x = 0", name="ramp")
ALWAYS = Neuron(
    "x[n+1] = x + 1 : 1\nt_ref : ms",
    threshold="x > 0",
    refractory="t_ref",
    parameters=dict(t_ref="4 ms"),
    name="always",
)

# -- 0. record -----------------------------------------------------------------------------------------------------


def test_recorded_is_the_beginning_of_the_step(run):
    answer = run(RAMP.with_(threshold=None, reset=None), 4, record="x")
    assert trace(answer, "x") == [0, 1, 2, 3]
    assert answer.traces["x"].times.tolist() == [0, 1, 2, 3]
    assert answer.final["x"].tolist() == [4]


def test_a_reset_is_seen_at_the_next_step(run):
    answer = run(RAMP, 7, record="x")
    assert trace(answer, "x") == [0, 1, 2, 0, 1, 2, 0]


def test_every_keeps_each_nth_step(run):
    answer = run(RAMP.with_(threshold=None, reset=None), 8, record="x", every=3 * ms)
    assert trace(answer, "x") == [0, 3, 6]
    assert answer.traces["x"].times.tolist() == [0, 3, 6]


SEEN = Neuron(
    """
    dv/dt = i_ext/c_m : mV
    twice = 2*v : mV
    power = twice*i_ext : pW
    ahead = not_refractory_now*v : mV
    not_refractory_now = where(not_refractory, 1, 0) : 1
    i_ext : pA (input)
    """,
    threshold="v > 5*mV",
    reset="v = 0*mV",
    refractory="2*ms",
    parameters=dict(c_m="1 pF"),
)


def test_algebraic_variables_are_recorded_from_the_beginning_of_the_step(run):
    answer = run(SEEN, 5, inputs=dict(i_ext=[1.0, 2, 4, 8, 16]), record=["v", "twice", "power", "i_ext"])
    assert trace(answer, "v") == [0, 1, 3, 0, 0 + 8]
    assert trace(answer, "twice") == [0, 2, 6, 0, 16]
    assert trace(answer, "i_ext") == [1, 2, 4, 8, 16]
    assert trace(answer, "power") == [0, 2 * 2 * 1e-3, 6 * 4 * 1e-3, 0, 16 * 16 * 1e-3]


def test_whether_a_neuron_is_free_can_be_recorded(run):
    answer = run(SEEN, 6, inputs=dict(i_ext=[3.0, 3, 0, 0, 0, 0]), record=["ahead", "not_refractory_now"])
    assert steps_of(answer) == [1]
    assert trace(answer, "not_refractory_now") == [1, 1, 0, 1, 1, 1]
    assert trace(answer, "ahead") == [0, 3, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (3.0, [[3, 3, 3, 3]] * 2),
        ([1.0, 2, 3, 4], [[1, 2, 3, 4]] * 2),
        ([[1.0, 5]], [[1, 1, 1, 1], [5, 5, 5, 5]]),
        ([[1.0, 5], [2, 6], [3, 7], [4, 8]], [[1, 2, 3, 4], [5, 6, 7, 8]]),
        ([[1.0], [2], [3], [4]], [[1, 2, 3, 4]] * 2),
        (None, [[0, 0, 0, 0]] * 2),
    ],
    ids=["number", "steps", "neurons", "both", "column", "absent"],
)
def test_inputs_of_step_k_are_read_in_step_k(run, given, expected):
    inputs = {} if given is None else dict(i_ext=np.array(given))
    answer = run(SEEN.with_(threshold="v > 1*volt"), 4, n=2, inputs=inputs, record=["v", "i_ext"])
    assert trace(answer, "i_ext") == expected
    assert trace(answer, "v") == [[0, *np.cumsum(row)[:-1]] for row in expected]


# -- 2. free -------------------------------------------------------------------------------------------------------


def test_free_again_after_the_refractory_time(run):
    assert steps_of(run(ALWAYS, 10)) == [0, 4, 8]


@pytest.mark.parametrize(
    ("t_ref", "interval"),
    [(2.0, 20), (0.3, 3), (0.35, 3), (0.1, 1), (0.05, 1), (0.0, 1), (0.2998, 2), (0.29991, 3), (1e-9, 1)],
)
def test_refractory_steps_are_rounded_down_but_for_a_thousandth(run, t_ref, interval):
    answer = run(ALWAYS.with_(t_ref=t_ref * ms), 61, dt=0.1)
    assert steps_of(answer) == list(range(0, 61, interval))


def test_refractory_times_are_of_each_neuron(run):
    answer = run(ALWAYS.with_(t_ref=np.array([0.0, 2.0, 5.0]) * ms), 10)
    assert steps_of(answer) == [list(range(10)), [0, 2, 4, 6, 8], [0, 5]]


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_neuron_may_spike_once_and_never_again(run, precision):
    answer = run(ALWAYS.with_(t_ref=np.array([np.inf, 1e12]) * ms), 10, precision=precision)
    assert steps_of(answer) == [[0], [0]]


PROLONGED = Neuron(
    "x[n+1] = u : 1\nu : 1 (input)", threshold="x > 1", refractory="x > 0.5", initial=dict(x=0.7), name="prolonged"
)


def test_a_refractory_condition_only_prolongs_what_a_spike_began(run):
    u = [0.7, 2, 2, 0.7, 2, 0.2, 2, 0.2, 0.7, 2]
    # 0: the condition holds, but nothing began. 1: spike. 2 to 5: bound, since x > 0.5 before the flow. 6: free, spike.
    # 7: bound. 8: free. 9: the condition holds again, but what the spike began has ended: spike.
    assert steps_of(run(PROLONGED, 10, inputs=dict(u=u))) == [1, 6, 9]


# -- 3. flow -------------------------------------------------------------------------------------------------------


def test_all_variables_advance_at_once(run):
    neuron = Neuron("dx/dt = y/ms : 1\ndy/dt = -x/ms : 1\nz[n+1] = x + y + z : 1", initial=dict(x=1, y=2, z=4))
    answer = run(neuron, 3, method="euler", record=["x", "y", "z"])
    assert trace(answer, "x") == [1, 3, 4]
    assert trace(answer, "y") == [2, 1, -2]
    assert trace(answer, "z") == [4, 7, 11]


HELD = Neuron(
    """
    dx/dt = u/ms : 1 (unless refractory)
    dy/dt = u/ms : 1
    m[n+1] = m + u : 1 (unless refractory)
    u : 1 (input)
    """,
    threshold="x >= 2",
    reset="x = 0.5",
    refractory="3*ms",
)


def test_variables_hold_unless_refractory(run):
    answer = run(HELD, 8, inputs=dict(u=np.ones(8)), record=["x", "y", "m"])
    assert steps_of(answer) == [1, 5]
    assert trace(answer, "x") == [0, 1, 0.5, 0.5, 0.5, 1.5, 0.5, 0.5]
    assert trace(answer, "m") == [0, 1, 2, 2, 2, 3, 4, 4]
    assert trace(answer, "y") == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_condition_holds_variables_too(run):
    neuron = HELD.with_(refractory="y < 5")
    answer = run(neuron, 8, inputs=dict(u=np.ones(8)), record=["x", "y"])
    assert steps_of(answer) == [1, 6]  # free at step 5, whose flow begins with y = 5
    assert trace(answer, "x") == [0, 1, 0.5, 0.5, 0.5, 0.5, 1.5, 0.5]


# -- 4. conditions -------------------------------------------------------------------------------------------------


def test_conditions_see_the_new_state_and_spikes_have_the_time_of_their_step(run):
    answer = run(RAMP, 7)
    assert steps_of(answer) == [2, 5]  # x becomes 3 in the step from 2 ms to 3 ms
    assert answer.spikes.times.tolist() == [2.0, 5.0]


def test_conditions_see_the_time_and_the_input_of_their_step(run):
    neuron = Neuron("dx/dt = 1/ms : 1\nu : 1 (input)", threshold="x + u > 5", events=dict(late=Event("t >= 3*ms")))
    answer = run(neuron, 5, inputs=dict(u=[5, 0, 0, 0, 0.5]))
    assert steps_of(answer) == [0, 4]
    assert steps_of(answer, "late") == [3, 4]


def test_conditions_compute_algebraic_variables_anew(run):
    neuron = Neuron("dx/dt = y/ms : 1\ny = 1 + x : 1", threshold="y >= 4", reset="x = 0")
    answer = run(neuron, 6, method="euler", record="y")
    assert trace(answer, "y") == [1, 2, 1, 2, 1, 2]  # 2 becomes 4 and is reset in the same step
    assert steps_of(answer) == [1, 3, 5]


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        ("x > 2", [2, 3, 4]),
        ("x >= 2", [1, 2, 3, 4]),
        ("2 < x", [2, 3, 4]),
        ("x > 0 and not (x > 2 and x < 5)", [0, 1, 4]),
        ("x > 0 and (x == 2 or x != 2 and x > 3.5)", [1, 3, 4]),
    ],
)
def test_conditions_are_written_with_comparisons_and_gates(run, threshold, expected):
    assert steps_of(run(Neuron("dx/dt = 1/ms : 1", threshold=threshold), 5)) == expected


def test_other_events_do_not_ask_whether_the_neuron_is_free(run):
    neuron = ALWAYS.with_(
        events=dict(
            free=Event("x > 0"),
            timed=Event("x > 0", refractory="3*ms"),
            conditional=Event("x > 0", refractory="x < 5"),
        )
    )
    answer = run(neuron, 9)
    assert steps_of(answer) == [0, 4, 8]
    assert steps_of(answer, "free") == list(range(9))
    assert steps_of(answer, "timed") == [0, 3, 6]
    assert steps_of(answer, "conditional") == [0, 5, 6, 7, 8]


FREE_OR_NOT = Neuron(
    "x[n+1] = x + 1 : 1\ns : 1\ne : 1",
    threshold="x >= 2",
    reset="s = where(not_refractory, 1, 2)",
    refractory="4*ms",
    events=dict(tick=Event("x > 0", reset="e = where(not_refractory, 1, 2)"), only=Event("x > 0 and not_refractory")),
    initial=dict(s=0, e=0),
)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_neuron_that_spikes_is_refractory_at_once(run, precision):
    answer = run(FREE_OR_NOT, 7, record=["s", "e"], precision=precision)
    assert steps_of(answer) == [1, 5]
    assert trace(answer, "s") == [0, 0, 2, 2, 2, 2, 2]
    assert trace(answer, "e") == [0, 1, 2, 2, 2, 2, 2]  # from the jumps of the step of the spike on
    assert steps_of(answer, "only") == [0, 1, 5]  # all conditions are tested before


def test_without_a_refractory_period_a_neuron_is_always_free(run):
    neuron = FREE_OR_NOT.with_(refractory=None)
    answer = run(neuron, 4, record=["s", "e"])
    assert steps_of(answer) == [1, 2, 3]
    assert trace(answer, "s") == [0, 0, 1, 1]
    assert trace(answer, "e") == [0, 1, 1, 1]


# -- 6. jumps ------------------------------------------------------------------------------------------------------


def test_the_spike_jumps_first_then_events_as_they_were_declared(run):
    neuron = Neuron(
        "x[n+1] = x + 1 : 1\norder : 1",
        events=dict(
            second=Event("x > 2", reset="order = 10*order + 2"),
            first=Event("x > 1", reset="order = 10*order + 3"),
        ),
        threshold="x > 2",
        reset="order = 10*order + 1",
        initial=dict(order=0),
    )
    assert trace(run(neuron, 4, record="order"), "order") == [0, 0, 3, 3123]


def test_statements_see_those_before_them(run):
    neuron = RAMP.with_(
        equations="dx/dt = 1/ms : 1\ny : 1\nz : 1", reset="y = x; x = 0; z += x + t/ms; y *= 2", initial=dict(y=0, z=1)
    )
    answer = run(neuron, 4, record=["x", "y", "z"])
    assert [trace(answer, name)[-1] for name in "xyz"] == [0, 6, 3]


def test_conditions_are_tested_before_any_jump(run):
    neuron = RAMP.with_(events=dict(same=Event("x >= 3", reset="x -= 5"), below=Event("x < 0"), zero=Event("x <= 0")))
    answer = run(neuron, 5, record="x")
    assert trace(answer, "x") == [0, 1, 2, -5, -4]
    assert steps_of(answer) == steps_of(answer, "same") == [2]
    assert steps_of(answer, "below") == steps_of(answer, "zero") == [3, 4]


def test_only_the_neurons_of_an_event_jump(run):
    answer = run(RAMP.with_(initial=dict(x=[0.0, 1.0, 2.5])), 3, record="x")
    assert trace(answer, "x") == [[0, 1, 2], [1, 2, 0], [2.5, 0, 1]]
    assert steps_of(answer) == [[2], [1], [0]]


# -- what every expression may read --------------------------------------------------------------------------------


def test_time_step_and_numbers_of_neurons(run):
    neuron = Neuron("a[n+1] = t/ms : 1\nb[n+1] = dt/ms : 1\nc[n+1] = i + 10*N : 1")
    answer = run(neuron, 4, dt=0.25, n=3)
    assert answer.final["a"].tolist() == [0.75] * 3
    assert answer.final["b"].tolist() == [0.25] * 3
    assert answer.final["c"].tolist() == [30, 31, 32]


def test_time_is_a_float64_multiple_of_the_step(run):
    answer = run(Neuron("a[n+1] = t/ms : 1"), 31, dt=0.1, record="a")
    assert trace(answer, "a") == [0, *(k * 0.1 for k in range(30))]


def test_times_are_float64_in_single_precision_too(run):
    neuron = Neuron(  # at 10^6, float32 knows sixteenths only
        """
        dx/dt = where(t + 1e6*ms >= 1000000.5*ms, 1, 0)/ms : 1 (unless refractory)
        dy/dt = 2*cos(t/second)/ms : 1 (unless refractory)
        """,
        threshold="t + 1e6*ms >= 1000000.25*ms",
        reset="x = x",
        refractory="where(t > 0*ms, 0.02, 0.02)*ms",
    )
    answer = run(neuron, 60, dt=0.01, precision="float32", method="euler")
    assert steps_of(answer) == list(range(25, 60, 2))
    assert answer.final["x"].tolist() == [pytest.approx(5 * 0.01, rel=1e-6)]  # 51, 53 ... 59


@pytest.mark.parametrize("kind", ["parameter", "state", "input"])
def test_the_model_can_give_i_and_n_another_meaning(run, kind):
    text = {
        "parameter": "i : 1\nN : 1",
        "state": "di/dt = 0/ms : 1\nN[n+1] = N : 1",
        "input": "i : 1 (input)\nN : 1 (input)",
    }
    values = dict(i=3, N=5)
    neuron = Neuron(
        "x[n+1] = i + 10*N : 1\n" + text[kind],
        parameters=values if kind == "parameter" else {},
        initial=values if kind == "state" else {},
    )
    inputs = {name: np.full(2, float(value)) for name, value in values.items()} if kind == "input" else {}
    assert run(neuron, 2, n=4, inputs=inputs).final["x"].tolist() == [53] * 4


def test_an_array_gives_each_neuron_its_own_i(run):
    neuron = Neuron("x[n+1] = i : 1\ni : 1", parameters=dict(i=[7.0, 8.0]))
    assert run(neuron, 2).final["x"].tolist() == [7, 8]


# -- random numbers ------------------------------------------------------------------------------------------------

SEED, TRIAL, SIZE = 5, 2, 70


def draws(function, name, step, size=SIZE, trial=TRIAL, seed=SEED):
    return function(stream_key(seed, name), step, np.arange(size), trial, np.float64)


def test_a_hazard_compares_one_uniform_number_with_its_probability(run):
    neuron = Neuron(
        "dx/dt = 1/ms : 1",
        threshold="hazard(x*0.1/ms) and x > 1.5",
        events=dict(e=Event("hazard(0.3/ms)")),
        name="cell",
    )
    answer = run(neuron, 20, n=SIZE, seed=SEED, trial=TRIAL)
    expected = [(draws(uniform, "cell/_draw_hazard_spike", k) < -np.expm1(-0.1 * (k + 1))) & (k + 1 > 1.5)
                for k in range(20)]  # fmt: skip
    assert steps_of(answer) == [np.flatnonzero(row).tolist() for row in np.array(expected).T]
    expected = [draws(uniform, "cell/_draw_hazard_e", k) < -np.expm1(-0.3) for k in range(20)]
    assert steps_of(answer, "e") == [np.flatnonzero(row).tolist() for row in np.array(expected).T]


def test_a_hazard_is_a_rate(run):
    rates = np.repeat([0.05, 0.5, 3.0], 400)
    neuron = Neuron(
        "x : 1\nrate : 1/ms", threshold="hazard(rate)", reset="x = 0", parameters=dict(rate=rates), initial=dict(x=0)
    )
    counts = run(neuron, 100, dt=0.5, seed=1).spikes.counts.reshape(3, 400).sum(axis=1)
    p = -np.expm1(-np.array([0.05, 0.5, 3.0]) * 0.5)
    assert np.all(np.abs(counts - 40_000 * p) < 4 * np.sqrt(40_000 * p * (1 - p)))


NOISY = Neuron(
    """
    dx/dt = xi/ms**0.5 : 1
    dy/dt = (3*xi + 4*xi_b)/ms**0.5 : 1
    """,
    name="noisy",
)


def test_noise_is_one_draw_a_name_a_neuron_and_a_step(run):
    answer = run(NOISY, 3, dt=0.25, method="euler", n=SIZE, seed=SEED, trial=TRIAL, record=["x", "y"])
    shared = [0.5 * draws(normal, "noisy/_draw_xi", k) for k in range(3)]
    other = [0.5 * draws(normal, "noisy/_draw_xi_b", k) for k in range(3)]
    np.testing.assert_allclose(np.diff(answer.traces["x"].values, axis=0), shared[:2], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(answer.final["x"], np.sum(shared, axis=0), rtol=1e-12, atol=1e-12)
    expected = 3 * np.sum(shared, axis=0) + 4 * np.sum(other, axis=0)
    np.testing.assert_allclose(answer.final["y"], expected, rtol=1e-12, atol=1e-12)


DRAWN = Neuron(
    """
    a[n+1] = once : 1
    b[n+1] = once : 1
    c[n+1] = rand() : 1
    d[n+1] = randn() : 1
    once = rand() : 1
    twice = rand() - rand() : 1
    """,
    threshold="once > 0.5 and once == a and once == b",
    events=dict(never=Event("abs(once - a) > 0")),
    name="drawn",
)


def test_each_rand_is_one_number_a_neuron_and_a_step(run):
    answer = run(DRAWN, 6, n=SIZE, seed=SEED, record=["a", "b", "c", "d", "once", "twice"])
    a, b, c, d, once, twice = (answer.traces[name].values for name in ("a", "b", "c", "d", "once", "twice"))
    assert np.array_equal(a[1:], once[:-1])
    assert np.array_equal(a, b)
    assert not np.any(c[1:] == a[1:])
    assert not np.any(twice == 0)
    assert np.unique(once).size == once.size
    for uniforms in (once, c[1:]):
        assert 0 < uniforms.min() < 0.1
        assert 0.9 < uniforms.max() < 1
    assert abs(d[1:].mean()) < 4 / np.sqrt(d[1:].size)
    assert abs(d[1:].std() - 1) < 4 / np.sqrt(2 * d[1:].size)
    # conditions are computed anew, from the same draw
    assert answer.spikes.counts.sum() == (once > 0.5).sum()
    assert answer.events["never"].counts.sum() == 0


def test_random_numbers_depend_on_seed_trial_neuron_and_name_alone(run):
    def x(n=SIZE, neuron=NOISY, **options):
        return run(neuron, 3, n=n, method="euler", **options).final["x"]

    first = x(seed=1)
    assert np.array_equal(first[:5], x(n=5, seed=1))
    assert np.array_equal(first, x(seed=1))
    for other in (x(seed=2), x(seed=1, trial=1), x(seed=1, neuron=NOISY.with_(name="other"))):
        assert not np.any(first == other)
    assert np.unique(first).size == SIZE
