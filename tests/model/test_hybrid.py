"""From text to a hybrid system: flow, diffusion, guards, jumps, held variables, random numbers."""

import pytest
import sympy as sp

from lapicque import neurons
from lapicque.model import Event, Neuron
from lapicque.model.hybrid import Hybrid
from lapicque.model.symbols import maximum, minimum, symbol, where

v, w, u, tau, a, b, x, y, t, dt = map(symbol, ("v", "w", "u", "tau", "a", "b", "x", "y", "t", "dt"))
TAU = dict(tau="10 ms")


def system(equations, **rest):
    return Hybrid.of(Neuron(equations, **{"parameters": TAU, **rest}))


# -- flow ------------------------------------------------------------------------------------------------------------


def test_flow_has_algebraic_variables_substituted():
    found = system("dv/dt = i/tau : mV\ni = j - v : mV\nj = 2*w : mV\nw : mV", parameters={**TAU, "w": "5 mV"})
    assert found.states == (v,)
    assert found.parameters == (w, tau)
    assert found.flow == {v: (2 * w - v) / tau}
    assert found.algebraic == {symbol("j"): 2 * w, symbol("i"): 2 * w - v}


def test_units_become_internal_numbers():
    found = system("dv/dt = (-0.05*volt - v)/(0.01*second) + 3*uvolt/ms : volt", parameters={})
    assert sp.simplify(found.flow[v] - ((-50 - v) / 10 + sp.Rational(3, 1000))) == 0


def test_model_names_win_over_units_and_constants():
    found = system("dv/dt = (e - v)/ms_ : mV\ne : mV\nms_ : ms", parameters=dict(e=1, ms_=2))
    assert found.flow[v] == (symbol("e") - v) / symbol("ms_")


def test_variables_that_only_events_write_stand_still():
    found = system("dv/dt = -v/tau : mV\nth : mV", threshold="v > th", reset="th += 1*mV")
    assert found.flow[symbol("th")] == 0
    assert found.states == (v, symbol("th"))


def test_inputs():
    assert system("dv/dt = (x - v)/tau : mV\nx : mV (input)").inputs == (x,)


def test_maps():
    found = system("x[n+1] = 0.5*x[n] + y*dt/tau : 1\ny[n+1] = x : 1")
    assert found.maps == {x: sp.Float(0.5) * x + y * dt / tau, y: x}
    assert found.flow == {}


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("where(v > 0*mV, v, 0*mV)", where(sp.Gt(v, 0), v, sp.Integer(0))),
        ("min(v, 1*mV, 2*mV)", minimum(minimum(v, 1), 2)),
        ("clip(v, 0*mV, 5*mV)", minimum(maximum(v, 0), 5)),
        ("v**2/mV", v**2),
        ("abs(v)", sp.Abs(v)),
        ("-v", -v),
        ("v*int(v > 0*mV)", v * where(sp.Gt(v, 0), 1, 0)),
        ("where(True, v, 0*mV)", v),
    ],
)
def test_expressions(text, expression):
    assert system(f"dv/dt = ({text})/(1*ms) : mV", parameters={}).flow[v] == expression


# -- noise -----------------------------------------------------------------------------------------------------------


def test_noise_is_kept_apart_from_the_drift():
    found = system("dv/dt = -v/tau + a*sqrt(2/tau)*xi : mV\ndw/dt = (v*xi - xi_w*mV)/ms**0.5 - w/tau : mV\na : mV",
                   parameters={**TAU, "a": "1 mV"})  # fmt: skip
    assert found.flow == {v: -v / tau, w: -w / tau}
    assert set(found.diffusion) == {"xi", "xi_w"}
    assert sp.simplify(found.diffusion["xi"][v] - a * sp.sqrt(2 / tau)) == 0
    assert found.diffusion["xi"][w] == v
    assert found.diffusion["xi_w"] == {w: -1}


def test_a_variable_may_be_called_like_noise():
    found = Hybrid.of(Neuron("dv/dt = x_i*xi/sqrt(ms) : 1\nx_i : 1", parameters=dict(x_i=2)))
    assert found.diffusion["xi"] == {v: symbol("x_i")}


# -- events ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threshold", "margin", "strict"),
    [
        ("v > 5*mV", v - 5, True),
        ("v >= 5*mV", v - 5, False),
        ("v < 5*mV", 5 - v, True),
        ("5*mV <= v", v - 5, False),
    ],
)
def test_guards(threshold, margin, strict):
    (event,) = system("dv/dt = -v/tau : mV", threshold=threshold).events
    assert event.guard.margin == margin
    assert event.guard.strict is strict
    assert event.guard.hazard is None
    assert event.guard.gates == ()


def test_gates_are_kept_apart_from_the_guard():
    (event,) = system("dv/dt = -v/tau : mV\nx : 1", threshold="v > 5*mV and x > 0 and v < 9*mV", reset="x = 0").events
    assert event.guard.margin == v - 5
    assert event.guard.gates == (sp.Gt(x, 0), sp.Lt(v, 9))


def test_hazards():
    (event,) = system("dv/dt = -v/tau : mV", threshold="hazard(20*Hz*exp(v/(2*mV))) and v > 0*mV").events
    assert event.guard.margin is None
    assert sp.simplify(event.guard.hazard - sp.exp(v / 2) / 50) == 0
    assert event.guard.condition == sp.true
    assert event.guard.gates == (sp.Gt(v, 0),)


def test_jumps_in_the_order_of_the_text():
    text = "v = a; w += v; w -= 2*mV\nx *= 3; x /= tau/ms"
    found = system("dv/dt = -v/tau : mV\nw : mV\nx : 1\na : mV", threshold="v > 5*mV", reset=text,
                   parameters={**TAU, "a": "1 mV"})  # fmt: skip
    (event,) = found.events
    assert [(jump.target, jump.expression) for jump in event.jumps] == [
        (v, a), (w, w + v), (w, w - 2), (x, 3 * x), (x, x / tau),
    ]  # fmt: skip


def test_resets_read_algebraic_variables():
    (event,) = system("dv/dt = -v/tau : mV\nj = 2*v : mV", threshold="j > 5*mV", reset="v = j").events
    assert event.guard.margin == 2 * v - 5
    assert event.jumps[0].expression == 2 * v


@pytest.mark.parametrize(
    ("refractory", "time", "condition"),
    [
        ("5 ms", sp.Integer(5), None),
        ("0.005*second", sp.Integer(5), None),
        ("tau", tau, None),
        (5, sp.Integer(5), None),
        ("2*tau + 1*ms", 2 * tau + 1, None),
        ("v > 0*mV", None, sp.Gt(v, 0)),
        ("v > 0*mV and x < 1", None, sp.And(sp.Gt(v, 0), sp.Lt(x, 1))),
        (None, None, None),
    ],
)
def test_refractory_periods(refractory, time, condition):
    found = system("dv/dt = -v/tau : mV\nx : 1", threshold="v > 5*mV", reset="x = 0", refractory=refractory)
    (event,) = found.events
    assert event.refractory_time is time or sp.simplify(event.refractory_time - time) == 0
    assert event.refractory_condition == condition


def test_the_spike_comes_first():
    found = system("dv/dt = -v/tau : mV", threshold="v > 5*mV",
                   events=dict(plateau=Event("v > 3*mV"), dip=Event("v < 0*mV", refractory="5 ms")))  # fmt: skip
    assert found.outputs == ("spike", "plateau", "dip")
    assert found.events[2].refractory_time == 5


def test_held_variables():
    text = "dv/dt = -v/tau : mV (unless refractory)\ndw/dt = -w/tau : mV\nx[n+1] = x : 1 (unless refractory)"
    assert system(text, threshold="v > 5*mV", refractory="5 ms").held == {v, x}


# -- random numbers --------------------------------------------------------------------------------------------------


def test_each_occurrence_of_a_random_number_is_its_own():
    found = system("dv/dt = (randn()*mV - v + rand()*mV)/tau : mV", threshold="v > randn()*mV", reset="v = rand()*mV")
    assert list(found.draws.values()) == ["normal", "uniform", "normal", "uniform"]
    assert len(set(found.draws)) == 4
    assert found.flow[v].free_symbols >= set(list(found.draws)[:2])


def test_an_algebraic_random_number_is_drawn_once():
    found = system("dv/dt = (r*mV - v)/tau : mV\ndw/dt = (r*mV - w)/tau : mV\nr = rand() : 1")
    assert len(found.draws) == 1
    assert found.flow[v].has(*found.draws)
    assert found.flow[w].has(*found.draws)


# -- the catalogue ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", neurons.__all__)
def test_flow_reads_what_the_model_declares(name):
    found = Hybrid.of(getattr(neurons, name))
    known = {*found.states, *found.parameters, *found.inputs}
    read = set().union(*(expression.free_symbols for expression in found.flow.values()))
    assert read <= known
    assert found.outputs == ("spike",)


def test_replaced_symbols():
    found = system("dv/dt = -v/tau : mV\nj = v + 1*mV : mV", threshold="v > tau*mV/ms", reset="v = j", refractory="tau")
    other = found.replaced({tau: sp.Integer(4)})
    assert other.flow[v] == -v / 4
    assert other.events[0].guard.margin == v - 4
    assert other.events[0].refractory_time == 4
    assert other.events[0].jumps == found.events[0].jumps
