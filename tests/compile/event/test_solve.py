"""What is solved and what is refused, with the variable and the reason."""

import re

import pytest

import lapicque as lq
from lapicque import Neuron
from lapicque.compile.event.plan import EventCells
from lapicque.compile.event.run import solved
from lapicque.errors import SchemeError
from lapicque.model.symbols import symbol


def solution(neuron, changing=(), form=None):
    return solved(EventCells("cells", 1, neuron, changing=changing, closed_form=form))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("adex", r"dv/dt has no solution in closed form: it is not linear in v \(it has exp\(.*\)\), and also reads w"),
        ("eif", r"dv/dt has no solution in closed form: it is not linear in v \(it has exp\("),
        ("izhikevich", "dv/dt has no solution in closed form: it is quadratic in v, and also reads u, which changes"),
        ("hodgkin_huxley", "v enters with a factor that changes with h, m, n"),
        ("traub", "v enters with a factor that changes with h, m, n"),
        ("morris_lecar", "v enters with a factor that changes with w"),
        ("gif", "the threshold is a hazard rate, so that spikes are drawn once a step"),
    ],
)
def test_models_without_a_solution_are_refused(name, reason):
    with pytest.raises(SchemeError, match=f"the event-driven engine cannot run '{name}': .*{reason}"):
        solution(getattr(lq.neurons, name))


TAU = dict(tau="10 ms")


@pytest.mark.parametrize(
    ("equations", "options", "reason"),
    [
        ("dv/dt = -v/tau + xi*tau**-0.5 : 1", {}, "dv/dt has the noise xi, so that its course between events is not"),
        ("dv/dt = (sin(t/tau) - v)/tau : 1", {}, "dv/dt depends on t explicitly"),
        ("dv/dt = (floor(v) - v)/tau : 1", {}, "it changes in steps, with floor(v)"),
        ("dv/dt = (w - v)/tau : 1\ndw/dt = (v - w)/tau : 1", {}, "drive each other"),
        ("dv/dt = v**2/tau : 1\ndw/dt = (v - w)/tau : 1", {}, "dw/dt reads v, which is quadratic"),
        ("dv/dt = -g*v/tau : 1\ndg/dt = -g/tau : 1", {}, "v enters with a factor that changes with g"),
        ("dv/dt = -v/tau : 1", dict(threshold="v > 1 and v < 2"), "the threshold has a further condition, v < 2"),
        ("dv/dt = -v/tau : 1", dict(threshold="v**2 > 1"), "the threshold is not linear in v"),
        ("dv/dt = -v/tau : 1", dict(threshold="v > 1", refractory="v > 0.5"), "ends with a condition, v > 0.5"),
        ("dv/dt = -v/tau : 1", dict(threshold="v > 1", refractory="v*tau"), "the refractory period depends on v"),
        ("dv/dt = -v/tau : 1", dict(threshold="v > 1", reset="v = t/tau"), "the reset of v reads t"),
        ("dv/dt = -v/tau : 1", dict(threshold="v > t/tau"), "the threshold depends on t explicitly"),
        ("dv/dt = -v/tau : 1", dict(threshold="v > 1", reset="v = rand()"), "rand() and randn() are drawn once a step"),
        ("v[n+1] = 0.9*v : 1\ndw/dt = -w/tau : 1", {}, "v[n+1] is a map from step to step"),
        ("dv/dt = -v/tau : 1", dict(events={"other": lq.Event("v > 1")}), "the event 'other': only the spike is found"),
        ("dv/dt = v**2/tau : 1\ndw/dt = -w/tau : 1", dict(threshold="v > w"), "v, which is not linear, with w"),
    ],
)  # fmt: skip
def test_refusals_name_the_variable_and_the_reason(equations, options, reason):
    neuron = Neuron(equations, parameters=TAU, **options)
    with pytest.raises(SchemeError, match=re.escape(reason)):
        solution(neuron)


def test_an_input_that_changes_in_steps_cannot_be_a_rate():
    neuron = Neuron("dv/dt = -g*v : 1\ng : 1/ms (input)")
    assert solution(neuron).free.rate[symbol("v")] == -symbol("g")
    assert solution(neuron, changing=("g",)).free.rate[symbol("v")] == -symbol("g")  # constant between its steps


def test_the_order_is_that_of_the_chain():
    neuron = Neuron("dh/dt = -h/tau : 1\ndi/dt = (h - i)/tau : 1\ndv/dt = (i - v)/tau : 1", parameters=TAU)
    assert [str(x) for x in solution(neuron).free.order] == ["v", "i", "h"]


CUBIC = Neuron(
    "dv/dt = k*v**3 : 1", threshold="v > 2", parameters=dict(k="0.1 1/ms"), initial=dict(v=1.0), name="cubic"
)


@pytest.mark.parametrize(
    ("solution_text", "reason"),
    [
        ({"v": "v/sqrt(1 - k*v**2*elapsed)"}, "the closed form of v does not solve dv/dt = k*v**3"),
        ({"v": "2*v/sqrt(1 - 2*k*v**2*elapsed)"}, "the closed form of v is not v where elapsed is 0"),
        ({"u": "v"}, "a closed form of 'u' is given, but no such equation"),
    ],
)
def test_a_wrong_closed_form_is_refused(solution_text, reason):
    with pytest.raises(SchemeError, match=re.escape(reason)):
        solution(CUBIC, form=lq.schemes.ClosedForm(solution_text))


def test_a_closed_form_is_also_a_scheme():
    """On a grid each step is then exact: 1/v^2 falls linearly."""
    form = lq.schemes.ClosedForm({"v": "v/sqrt(1 - 2*k*v**2*elapsed)"})
    answer = lq.simulate(CUBIC, "3 ms", dt="0.5 ms", method=form, record="v", progress=False)
    times = answer.traces["v"].times
    assert answer.traces["v"].values[:, 0] == pytest.approx(1 / (1 - 0.2 * times) ** 0.5, rel=1e-14)


def test_a_closed_form_that_may_turn_needs_the_time_to_the_threshold():
    neuron = Neuron("dv/dt = (w*w - v)/tau : 1\ndw/dt = -w/tau : 1", threshold="v > 1", parameters=TAU, name="turning")
    form = {"v": "exp(-elapsed/tau)*(v + w**2*(1 - exp(-elapsed/tau)))"}
    with pytest.raises(SchemeError, match=re.escape("dv/dt reads w too, so that v may turn back: give the time")):
        solution(neuron, form=lq.schemes.ClosedForm(form))
