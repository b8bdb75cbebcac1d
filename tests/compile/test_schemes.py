"""Integration schemes: measured orders, closed forms, and what each refuses."""

import numpy as np
import pytest

from lapicque import Neuron, simulate
from lapicque.compile.random_kernels import normal
from lapicque.compile.schemes import RK2, RK4, Euler, Exact, ExponentialEuler, Heun, Milstein, _RungeKutta, by_name
from lapicque.errors import SchemeError
from lapicque.random import stream_key
from lapicque.units import mV, pA

STEPS = 1 / 2 ** np.arange(3.0, 7.0)


def order(errors):
    """Slope of log(error) against log(dt)."""
    return np.polyfit(np.log(STEPS), np.log(errors), 1)[0]


def final(neuron, method, dt, duration=1, **options):
    return simulate(neuron, f"{duration} ms", dt=float(dt), method=method, progress=False, **options).final


# -- orders, without noise -----------------------------------------------------------------------------------------

LOGISTIC = Neuron("dx/dt = x*(1 - x)/ms : 1", initial=dict(x=0.1)), {"x": 1 / (1 + 9 * np.exp(-1))}
TURNING = (
    Neuron("dx/dt = (y - 0.1*x)/ms : 1\ndy/dt = (-x - 0.1*y)/ms : 1", initial=dict(x=1)),
    {
        "x": np.exp(-0.1) * np.cos(1),
        "y": -np.exp(-0.1) * np.sin(1),
    },
)
TIMED = Neuron("dx/dt = -2*x*t/ms**2 : 1", initial=dict(x=1)), {"x": np.exp(-1)}  # the stages' times matter


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("euler", 0.9, 1.1), ("exponential_euler", 0.9, 1.1), ("rk2", 1.85, 2.15), ("heun", 1.85, 2.15),
     ("milstein", 0.9, 1.1), ("rk4", 3.7, 4.3)],
)  # fmt: skip
@pytest.mark.parametrize("problem", [LOGISTIC, TURNING, TIMED], ids=["logistic", "turning", "timed"])
def test_order_without_noise(problem, method, low, high):
    neuron, expected = problem
    if method == "exponential_euler" and problem is LOGISTIC:
        # conditionally linear where one factor is another variable
        neuron = Neuron("dx/dt = x*y/ms : 1\ndy/dt = -x*y/ms : 1", initial=dict(x=0.1, y=0.9))
    answers = [final(neuron, method, dt) for dt in STEPS]
    errors = [max(abs(answer[name][0] - value) for name, value in expected.items()) for answer in answers]
    assert low < order(errors) < high


# -- orders with noise ---------------------------------------------------------------------------------------------

GROWTH, NOISE, PATHS = 1.0, 0.8, 20_000
GEOMETRIC = Neuron(
    "dx/dt = growth*x/ms + noise*x*xi/ms**0.5 : 1\ndw/dt = xi/ms**0.5 : 1\ngrowth : 1\nnoise : 1",
    parameters=dict(growth=GROWTH, noise=NOISE),
    initial=dict(x=1),
)


@pytest.fixture(scope="module")
def brownian():
    """Errors against the solution in the sense of Ito on the same path: method -> (dt, path)."""

    def errors(method):
        found = []
        for dt in STEPS:
            answer = final(GEOMETRIC, method, dt, n=PATHS, seed=1)
            found.append(answer["x"] - np.exp((GROWTH - NOISE**2 / 2) + NOISE * answer["w"]))
        return np.array(found)

    return {method: errors(method) for method in ("euler", "exponential_euler", "heun", "milstein")}


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("euler", 0.4, 0.65), ("exponential_euler", 0.4, 0.65), ("heun", 0.85, 1.15), ("milstein", 0.85, 1.15)],
)
def test_strong_order_on_geometric_brownian_motion(brownian, method, low, high):
    assert low < order(np.abs(brownian[method]).mean(axis=1)) < high


@pytest.mark.parametrize("method", ["euler", "heun", "milstein"])
def test_weak_order_on_geometric_brownian_motion(brownian, method):
    bias = np.abs(brownian[method].mean(axis=1))
    assert 0.85 < order(bias) < 1.15
    assert bias[-1] < 0.03  # the mean of Stratonovich's solution would be larger by exp(1)*(exp(0.32) - 1) = 1.03


@pytest.mark.parametrize("method", ["heun", "milstein"])
def test_strong_order_with_two_noises_that_commute(method):
    neuron = Neuron(
        """
        dx/dt = (x*xi_a + 0.5*x*xi_b)/ms**0.5 : 1
        da/dt = xi_a/ms**0.5 : 1
        db/dt = xi_b/ms**0.5 : 1
        """,
        initial=dict(x=1),
    )
    errors = []
    for dt in STEPS:
        answer = final(neuron, method, dt, n=2000, seed=3)
        exact = np.exp(answer["a"] + 0.5 * answer["b"] - (1 + 0.25) / 2)
        errors.append(np.abs(answer["x"] - exact).mean())
    assert 0.8 < order(errors) < 1.2


def test_noise_proportional_to_a_magnitude_can_be_differentiated():
    neuron = Neuron("dx/dt = -x/ms + 0.3*abs(x)*xi/ms**0.5 : 1\ndw/dt = xi/ms**0.5 : 1", initial=dict(x=-1))
    answer = final(neuron, "milstein", 1 / 64, n=500, seed=2)
    exact = -np.exp(-1 - 0.09 / 2 - 0.3 * answer["w"])
    assert np.abs(answer["x"] - exact).mean() < 0.004


# -- exact ---------------------------------------------------------------------------------------------------------


def traces(neuron, run, steps, dt, **options):
    answer = run(neuron, steps, dt=dt, record=list(neuron.states), **options)
    return answer.traces["v" if "v" in answer.traces else "x"].times, {
        name: trace.values for name, trace in answer.traces.items()
    }


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


MEMBRANE = """
dv/dt = (g_l*(e_l - v) + i_syn + i_ext)/c_m : mV
i_ext : pA (input)
"""
VALUES = dict(g_l="10 nS", e_l="-70 mV", c_m="200 pF", tau=[3.0, 20.0, 50.0])  # ms: below, at and above c_m/g_l


@pytest.fixture(scope="module")
def exponential():
    return Neuron(
        MEMBRANE + "di_syn/dt = -i_syn/tau : pA\ntau : ms", parameters=VALUES, initial=dict(v="-60 mV", i_syn="90 pA")
    )


@pytest.fixture(scope="module")
def alpha():
    return Neuron(
        MEMBRANE + "di_syn/dt = (y - i_syn)/tau : pA\ndy/dt = -y/tau : pA\ntau : ms",
        parameters=VALUES,
        initial=dict(v="-60 mV", y="90 pA"),
    )


def test_exact_integrates_a_membrane_with_a_current(run):
    values = dict(g_l="10 nS", e_l="-70 mV", c_m="200 pF")
    neuron = Neuron(MEMBRANE.replace("+ i_syn ", ""), parameters=values, initial=dict(v="-60 mV"))
    t, found = traces(neuron, run, 1000, 0.1, inputs=dict(i_ext=150 * pA))
    close(found["v"][:, 0], -55 + (-60 + 55) * np.exp(-t / 20))


def test_exact_integrates_currents_that_change_between_steps(run):
    neuron = Neuron("dv/dt = (i_ext - g*v)/c : mV\ni_ext : pA (input)", parameters=dict(g="10 nS", c="50 pF"))
    i_ext = np.random.default_rng(0).normal(0, 100, 300)
    _, found = traces(neuron, run, 300, 0.5, inputs=dict(i_ext=i_ext))
    v = [0.0]
    for i in i_ext[:-1]:
        v.append(i / 10 + (v[-1] - i / 10) * np.exp(-0.1))
    close(found["v"][:, 0], v)


def test_exact_integrates_exponential_currents(exponential, run):
    t, found = traces(exponential, run, 1000, 0.1)
    t, tau = t[:, None], np.array(VALUES["tau"])
    close(found["i_syn"], 90 * np.exp(-t / tau))
    equal = tau == 20.0
    rate = np.where(equal, 1, 1 / tau - 1 / 20)
    shape = np.where(equal, t * np.exp(-t / 20), (np.exp(-t / 20) - np.exp(-t / tau)) / rate)
    close(found["v"], -70 + 10 * np.exp(-t / 20) + 90 / 200 * shape)


def test_exact_integrates_alpha_currents(alpha, run):
    t, found = traces(alpha, run, 1000, 0.1)
    t, tau = t[:, None], np.array(VALUES["tau"])
    close(found["i_syn"], 90 * t / tau * np.exp(-t / tau))
    equal = tau == 20.0
    rate = np.where(equal, 1, 1 / tau - 1 / 20)
    different = (np.exp(-t / 20) - np.exp(-t / tau) * (1 + rate * t)) / rate**2
    shape = np.where(equal, t**2 / 2 * np.exp(-t / 20), different) / tau
    close(found["v"], -70 + 10 * np.exp(-t / 20) + 90 / 200 * shape)


def test_exact_integrates_rotations_and_integrators(run):
    neuron = Neuron("dx/dt = y/ms : 1\ndy/dt = -x/ms : 1\ndz/dt = 0.25*x/ms : 1\ndr/dt = 0.5/ms : 1", initial=dict(x=1))
    t, found = traces(neuron, run, 400, 0.1)
    close(found["x"][:, 0], np.cos(t))
    close(found["y"][:, 0], -np.sin(t))
    close(found["z"][:, 0], 0.25 * np.sin(t))
    close(found["r"][:, 0], 0.5 * t)


def test_exact_keeps_apart_what_has_similar_names(run):
    neuron = Neuron(
        """
        da/dt = (b_c - a)/(5*ms) : 1
        db_c/dt = -b_c/(3*ms) : 1
        da_b/dt = (c - a_b)/(4*ms) : 1
        dc/dt = -c/(2*ms) : 1
        """,
        initial=dict(a=1, b_c=2, a_b=3, c=4),
    )
    fine = run(neuron, 500, dt=0.01, method="rk4").final
    coarse = run(neuron, 5, method="exact").final
    for name in coarse:
        np.testing.assert_allclose(coarse[name], fine[name], rtol=1e-10)


def test_exact_holds_variables_and_lets_the_others_see_them(run):
    neuron = Neuron(
        """
        dv/dt = (2 - v + s)/(10*ms) : 1 (unless refractory)
        ds/dt = -s/(5*ms) : 1
        dr/dt = (v - r)/(4*ms) : 1
        """,
        threshold="v > 1",
        reset="v = 0.25; s += 1",
        refractory="6*ms",
    )
    answer = run(neuron, 60, dt=0.5, record=["v", "s", "r"])
    at = [round(t / 0.5) for t in answer.spikes.times]
    v, s, r = (answer.traces[name].values[:, 0] for name in "vsr")
    assert len(at) > 2
    for k in at[:-1]:
        held = slice(k + 1, k + 12 + 1)  # the flow of 11 steps
        assert np.all(v[held] == 0.25)
        t = 0.5 * np.arange(12)
        close(s[held], s[k + 1] * np.exp(-t / 5))
        close(r[held], 0.25 + (r[k + 1] - 0.25) * np.exp(-t / 4))
        after = slice(k + 12, min(at[at.index(k) + 1], 59) + 1)
        t = 0.5 * np.arange(after.stop - after.start)
        s0, v0 = s[k + 12], v[k + 12]
        close(v[after], 2 + (v0 - 2) * np.exp(-t / 10) + s0 * (np.exp(-t / 10) - np.exp(-t / 5)))


OU = "dx/dt = -x/tau + sigma*sqrt(2/tau)*xi : 1\ntau : ms\nsigma : 1"


@pytest.mark.parametrize("method", ["exact", "exponential_euler"])
def test_noise_of_a_linear_variable_is_exact_in_distribution(run, method):
    neuron = Neuron(OU, parameters=dict(tau="5 ms", sigma=[2.0] * 40), initial=dict(x=1), name="ou")
    answer = run(neuron, 50, dt=4, method=method, record="x", seed=7)
    x, decay = np.ones(40), np.exp(-4 / 5)
    for k in range(50):
        np.testing.assert_allclose(answer.traces["x"].values[k], x, rtol=1e-12, atol=1e-12)
        drawn = normal(stream_key(7, "ou/_draw_xi"), k, np.arange(40), 0, np.float64)
        x = decay * x + 2 * np.sqrt(1 - decay**2) * drawn  # stationary variance 4, whatever the step


@pytest.mark.parametrize("dt", [0.5, 5.0])
def test_stationary_variance_of_exact_noise(dt):
    neuron = Neuron(OU, parameters=dict(tau="5 ms", sigma=2))
    x = final(neuron, "exact", dt, duration=100, n=20_000, seed=1)["x"]
    assert abs(x.var() / 4 - 1) < 4 * np.sqrt(2 / 20_000)
    assert abs(x.mean()) < 4 * 2 / np.sqrt(20_000)


# -- intervals of the leaky integrate-and-fire neuron --------------------------------------------------------------

DRIVES, TAU, T_REF = np.array([1.1, 1.5, 2.0, 4.0]), 20.0, 2.0
PERIODS = TAU * np.log(DRIVES / (DRIVES - 1))
FIRING = Neuron(
    "dv/dt = (j - v)/tau : 1 (unless refractory)\nj : 1",
    threshold="v > 1",
    reset="v = 0",
    refractory="t_ref",
    parameters=dict(j=DRIVES, tau=f"{TAU} ms", t_ref=f"{T_REF} ms"),
)


@pytest.mark.parametrize(("dt", "duration"), [(0.1, 300), (0.37, 370)])
def test_every_interval_follows_from_the_closed_form(run, dt, duration):
    answer = run(FIRING, round(duration / dt), dt=dt, method="exact")
    expected = np.floor(T_REF / dt) - 1 + np.ceil(PERIODS / dt)
    for train, steps in zip(answer.spikes.to_lists(), expected, strict=True):
        assert len(train) > 3
        assert set(np.rint(np.diff(train) / dt)) == {steps}
        assert round(train[0] / dt) == np.ceil(PERIODS / dt)[np.argmax(expected == steps)] - 1


def test_rates_follow_from_the_closed_form():
    answer = simulate(FIRING, "1 second", dt="0.01 ms", method="exact", progress=False)
    intervals = [np.diff(train) for train in answer.spikes.to_lists()]
    expected = np.floor(T_REF / 0.01) - 1 + np.ceil(PERIODS / 0.01)
    assert [set(np.rint(gaps / 0.01)) for gaps in intervals] == [{steps} for steps in expected]
    rates = [1000 / gaps.mean() for gaps in intervals]
    np.testing.assert_allclose(rates, [20.02, 41.71, 63.04, 128.97], rtol=1e-3)


# -- exponential Euler ---------------------------------------------------------------------------------------------


def test_exponential_euler_is_exact_where_coefficients_stand_still(run):
    neuron = Neuron(
        """
        dv/dt = 0*mV/ms : mV
        dm/dt = (alpha*(1 - m) - beta*m*where(v > 0*mV, 2, 1)) : 1
        dq/dt = -q*(v/(-10*mV))*m0/ms : 1
        dm0/dt = 0/ms : 1
        alpha = 1/exprel(-(v + 40*mV)/(10*mV))/ms : 1/ms
        beta = 4*exp(-(v + 65*mV)/(18*mV))/ms : 1/ms
        """,
        initial=dict(v=[-65.0, -40.0, -20.0], m=0.05, q=3, m0=0.125),
    )
    answer = run(neuron, 200, dt=0.25, method="exponential_euler", record=["m", "q"])
    t, v = answer.traces["m"].times[:, None], np.array([-65.0, -40.0, -20.0])
    x = -(v + 40) / 10
    alpha = np.where(x == 0, 1, x / np.expm1(np.where(x == 0, 1, x)))
    beta = 4 * np.exp(-(v + 65) / 18)
    m_inf = alpha / (alpha + beta)
    close(answer.traces["m"].values, m_inf + (0.05 - m_inf) * np.exp(-(alpha + beta) * t))
    close(answer.traces["q"].values, 3 * np.exp(v / 80 * t))


def test_exponential_euler_stays_stable_where_euler_does_not():
    neuron = Neuron("dx/dt = (1 - x)/(0.1*ms) : 1")
    assert final(neuron, "exponential_euler", 1, duration=30)["x"] == 1
    assert abs(final(neuron, "euler", 1, duration=30)["x"]) > 1e20


# -- refractory neurons, every scheme ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "heun", "milstein", "exponential_euler", "exact"])
def test_every_scheme_holds_variables_unless_refractory(run, method):
    neuron = Neuron(
        "dv/dt = (3 - v + y)/ms : 1 (unless refractory)\ndy/dt = -y/ms : 1",
        threshold="v > 1", reset="v = -0.5; y += 1", refractory="1*ms",
    )  # fmt: skip
    answer = run(neuron, 64, dt=0.125, method=method, record=["v", "y"])
    at = [round(t / 0.125) for t in answer.spikes.times]
    v, y = answer.traces["v"].values[:, 0], answer.traces["y"].values[:, 0]
    assert len(at) > 3
    for k in at[:-1]:
        assert np.all(v[k + 1 : k + 9] == -0.5)
        assert v[k + 9] != -0.5
        assert np.all(np.diff(y[k + 1 : k + 9]) < 0)


@pytest.mark.parametrize("method", ["euler", "heun", "milstein", "exponential_euler", "exact"])
def test_noise_does_not_move_what_is_held(run, method):
    neuron = Neuron(
        "dv/dt = (3 - v)/ms + 0.2*xi/ms**0.5 : 1 (unless refractory)", threshold="v > 1", reset="v = -0.5",
        refractory="1*ms",
    )  # fmt: skip
    answer = run(neuron, 64, dt=0.125, method=method, record="v", seed=1)
    v = answer.traces["v"].values[:, 0]
    for k in (round(t / 0.125) for t in answer.spikes.times):
        assert np.all(v[k + 1 : k + 9] == -0.5)


# -- which scheme, and which not -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equations", "scheme"),
    [
        ("dx/dt = (1 - x)/ms : 1", "exact"),
        ("dx/dt = (u - x)/ms : 1\nu : 1 (input)", "exact"),
        ("dx/dt = (where(u > 0, u, 0) - x)/ms : 1\nu : 1 (input)", "exact"),
        ("x[n+1] = x**2 : 1", "exact"),
        ("dx/dt = (y - x)/ms : 1\ny[n+1] = y**2 : 1", "exact"),
        (OU, "exact"),
        ("dx/dt = -x*u/ms : 1\nu : 1 (input)", "exponential_euler"),
        ("dx/dt = (sin(t/ms) - x)/ms : 1", "exponential_euler"),
        ("dx/dt = (y - x)/ms : 1\ndy/dt = -x*y/ms : 1", "exponential_euler"),
        ("dx/dt = -x/ms + x*xi/ms**0.5 : 1", "exponential_euler"),
        ("dx/dt = -x*y/ms : 1\ny[n+1] = 1 : 1", "exponential_euler"),
        ("dx/dt = -x*rand()/ms : 1", "exponential_euler"),
        ("dx/dt = -x**2/ms : 1", "euler"),
        ("dx/dt = abs(x)/ms : 1", "euler"),
        # piecewise constant functions have a derivative of 0, and are not linear for all that
        ("dx/dt = (floor(x) - x)/ms : 1", "euler"),
        ("dx/dt = (where(x > 0, 1, 2) - x)/ms : 1", "euler"),
        ("dx/dt = (int(x) + round(x) - x)/ms : 1", "euler"),
        ("dx/dt = (int(x > 2) - x)/ms : 1", "euler"),
        ("dx/dt = (sign(x) - x)/ms : 1", "euler"),
        ("dx/dt = (ceil(y) - x)/ms : 1\ndy/dt = -y/ms : 1", "exponential_euler"),
        ("dx/dt = (where(y > 0, 1, 2) - x)/ms : 1\ndy/dt = -y/ms : 1", "exponential_euler"),
    ],
)
def test_default_scheme(equations, scheme):
    neuron = Neuron(equations, parameters=dict(tau="5 ms", sigma=1) if "tau" in equations else {})
    assert simulate(neuron, "1 ms", dt="1 ms", reference=True).scheme == scheme


@pytest.mark.parametrize("given", [0.5, [0.5, 0.5], [[0.5], [0.5]]], ids=["number", "steps", "column"])
def test_default_scheme_does_not_depend_on_how_an_input_is_given(given):
    neuron = Neuron("dx/dt = -x*u/ms : 1\nu : 1 (input)", initial=dict(x=1))
    answer = simulate(neuron, "2 ms", dt="1 ms", inputs=dict(u=given), reference=True)
    assert answer.scheme == "exponential_euler"
    np.testing.assert_allclose(answer.final["x"], np.exp(-1), rtol=1e-12)


MULTIPLICATIVE = "dx/dt = -x/ms + x*xi/ms**0.5 : 1"
NOT_COMMUTING = "dx/dt = xi_a/ms**0.5 : 1\ndy/dt = x*xi_b/ms**0.5 : 1"


@pytest.mark.parametrize(
    ("method", "equations", "reason"),
    [
        ("exact", "dx/dt = -x**2/ms : 1", r"dx/dt is not linear in x .*depends on x\).*rk4 or euler"),
        ("exact", "dx/dt = x*y/ms : 1\ndy/dt = 0/ms : 1", r"dx/dt is not linear in x .*depends on y"),
        ("exact", "dx/dt = -x*y/ms : 1\ny[n+1] = 1 : 1", r"dx/dt is not linear in x .*depends on y"),
        ("exact", "dx/dt = -x*u/ms : 1\nu : 1 (input)", r"dx/dt is not linear in x .*changes with u"),
        ("exact", "dx/dt = -x*sin(t/ms)/ms : 1", r"dx/dt is not linear in x .*changes with t"),
        ("exact", "dx/dt = -x*where(u > 0, 1, 2)/ms : 1\nu : 1", r"the coefficient is a choice between cases"),
        ("exact", "dx/dt = -x*int(not_refractory)/ms : 1", r"the coefficient is a choice between cases"),
        ("exact", "dx/dt = (sin(t/ms) - x)/ms : 1", r"dx/dt depends on time explicitly"),
        ("exact", "dx/dt = (floor(x) - x)/ms : 1", r"dx/dt is not linear: it changes in steps, with floor\(x\)"),
        ("exact", "dx/dt = (where(x > 3, 1, 0) - x)/ms : 1", r"dx/dt is not linear: it changes in steps, with x > 3"),
        ("exact", MULTIPLICATIVE, r"the noise xi in dx/dt is not additive"),
        ("exact", "dx/dt = -x/ms + u*xi/ms**0.5 : 1\nu : 1 (input)", r"the noise xi in dx/dt is not additive"),
        ("exact", "dx/dt = -x/ms + xi/ms**0.5 : 1\ndy/dt = (x - y)/ms : 1", r"xi of x also reaches y: .*correlated"),
        ("exact", "dx/dt = (-x + xi*ms**0.5)/ms : 1\ndy/dt = (xi*ms**0.5 - y)/ms : 1", r"xi of x also reaches y"),
        ("exponential_euler", "dx/dt = -x**2/ms : 1", r"not linear in x with the other variables held.*rk2 or rk4"),
        ("exponential_euler", "dx/dt = (floor(x) - x)/ms : 1", r"not linear in x with the other variables held"),
        ("exponential_euler", "dx/dt = (int(x > 1) - x)/ms : 1", r"not linear in x with the other variables held"),
        ("rk2", MULTIPLICATIVE, r"rk2 is for equations without noise.* has xi: use euler, heun, milstein"),
        ("rk4", NOT_COMMUTING, r"rk4 is for equations without noise.* has xi_a, xi_b"),
        ("heun", NOT_COMMUTING, r"xi_a and xi_b do not commute \(in dy/dt\).*: use euler"),
        ("milstein", NOT_COMMUTING, r"xi_a and xi_b do not commute \(in dy/dt\).*: use euler"),
    ],
)
def test_refusals_have_a_reason(method, equations, reason):
    spiking = dict(threshold="x > 5", refractory="1*ms") if "not_refractory" in equations else {}
    values = dict(u=1) if equations.endswith("u : 1") else {}
    neuron = Neuron(equations, parameters=values, **spiking)
    inputs = {u: [1.0] for u in neuron.inputs}
    with pytest.raises(SchemeError, match=f"^{method} cannot integrate 'neuron': .*{reason}"):
        simulate(neuron, "1 ms", dt="1 ms", method=method, inputs=inputs, reference=True)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("gsl", r"unknown scheme 'gsl' \(known: exact, linear.*\): no scheme adapts its step, use rk4$"),
        ("gsl_rk8pd", r"unknown scheme 'gsl_rk8pd' .*: no scheme adapts its step, use rk4$"),
        ("rk3", r"unknown scheme 'rk3' \(known: exact, linear.*\); did you mean 'rk[24]'\?$"),
        ("Euler", r"did you mean 'euler'"),
        (4, r"method is 4: a name such as 'euler', or a scheme such as RK4\(\), is expected"),
        (RK4, r"a scheme such as RK4\(\), is expected"),
    ],
)
def test_unknown_schemes(method, reason):
    with pytest.raises(SchemeError, match=reason):
        simulate(LOGISTIC[0], "1 ms", method=method, reference=True)


@pytest.mark.parametrize("made", [Exact(), ExponentialEuler(), Euler(), RK2(), RK4(), Heun(), Milstein()])
def test_schemes_are_values_known_by_a_name(made):
    assert by_name(made) is made
    assert by_name(made.name) == made
    neuron = TURNING[0]
    asked, named = (final(neuron, method, 0.125, reference=True) for method in (made, made.name))
    assert asked["x"] == named["x"]


def test_weights_of_a_runge_kutta_scheme_sum_to_1():
    with pytest.raises(ValueError, match="half: the weights do not sum to 1"):
        _RungeKutta("half", ((),), (0.5,))


def test_brians_linear_is_exact():
    assert simulate(Neuron("dv/dt = -v/ms : mV", initial=dict(v=1 * mV)), "1 ms", method="linear").scheme == "exact"
