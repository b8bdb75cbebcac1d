"""Mistakes in expressions: names, functions, conditions, noise: the message, its place, and what it suggests.

The mark « stands where the caret is expected.
"""

import pytest

from lapicque.errors import ModelError, UnitError

TAU = dict(tau="10 ms")

ALONE = [
    # names
    (
        dict(equations="dv/dt = -«V/tau : mV", parameters=TAU),
        "unknown name 'V'; did you mean 'v'? (in expressions the unit V is written 'volt')",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/«foo : mV"),
        "unknown name 'foo': give it a value, parameters=dict(foo=...), or an equation",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v*(t - «lastspike)/tau**2 : mV", parameters=TAU),
        "the time of the last spike cannot be read: write refractory='...' instead",
        ModelError,
    ),
    (dict(equations="dv/dt = -«exp*v/tau : mV", parameters=TAU), "'exp' is a function: write exp(...)", ModelError),
    # functions
    (
        dict(equations="dv/dt = -«tanhh(v/mV)*mV/tau : mV", parameters=TAU),
        "unknown function 'tanhh'; did you mean 'tanh'?",
        ModelError,
    ),
    (
        dict(equations="dv/dt = («stim(t) - v)/tau : mV", parameters=TAU),
        "unknown function 'stim'; for a signal from outside write stim, without (t), and declare 'stim : UNIT (input)'",
        ModelError,
    ),
    (dict(equations="dv/dt = -«ln(v/mV)*mV/tau : mV", parameters=TAU), "unknown function 'ln'; write log", ModelError),
    (
        dict(equations="dv/dt = -«heaviside(v)/tau : mV", parameters=TAU),
        "unknown function 'heaviside'; write where(x > 0, 1, 0)",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -«pow(v, 2)/tau/mV : mV", parameters=TAU),
        "unknown function 'pow'; write x**y",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -«np.exp(v/mV)*mV/tau : mV", parameters=TAU),
        "'np.exp' has no meaning in a model: write 'exp' alone",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -(v - «mean(v))/tau : mV", parameters=TAU),
        "mean() runs over the neurons of a population: write among a neuron's equations 'x = mean(v) : unit (shared)', "
        "and read x",
        ModelError,
    ),
    (dict(equations="dv/dt = -«clip(v, 0*mV)/tau : mV", parameters=TAU), "clip() takes 3 arguments, not 2", ModelError),
    (dict(equations="dv/dt = -«exp(v/mV, 2)*mV/tau : mV", parameters=TAU), "exp() takes 1 argument, not 2", ModelError),
    (
        dict(equations="dv/dt = -«min(v)/tau : mV", parameters=TAU),
        "min() runs over the neurons of a population: write min(a, b) for two values, or among a neuron's equations "
        "'x = min(v) : unit (shared)'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -«clip(v, low=0*mV, high=5*mV)/tau : mV", parameters=TAU),
        "clip() takes no named arguments",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -«v(t - 5*ms)/tau : mV", parameters=TAU),
        "the past of a variable is not kept: there are no delayed variables",
        ModelError,
    ),
    # conditions
    (
        dict(equations="dv/dt = -v*(«v > 0*mV)/tau : mV", parameters=TAU),
        "arithmetic with the condition 'v > 0*mV': write where(v > 0*mV, 1, 0)",
        ModelError,
    ),
    (
        dict(equations="dv/dt = where(«v, v, 0*mV)/tau : mV", parameters=TAU),
        "where() begins with a condition, but 'v' is a voltage (mV)",
        ModelError,
    ),
    (
        dict(equations="x = «v > 0*mV : 1\nv : mV", parameters=dict(v=0)),
        "the right-hand side of 'x' is a condition, but a pure number is expected",
        UnitError,
    ),
    (
        dict(equations="dv/dt = -(«v//mV)*mV/tau : mV", parameters=TAU),
        "'//' is not an operator here: write floor(a/b)",
        ModelError,
    ),
    (dict(equations="dv/dt = v/«0/tau : mV", parameters=TAU), "division by zero", ModelError),
    (
        dict(equations="dv/dt = -«v[0]/tau : mV", parameters=TAU),
        "'v[0]': only x[n], this step's value, can be read",
        ModelError,
    ),
    (dict(equations="x[n+1] = «x[n-1] : 1"), "'x[n-1]': only x[n], this step's value, can be read", ModelError),
    (dict(equations="dv/dt = -v/tau*«'a' : mV", parameters=TAU), "'a' is not a number", ModelError),
    # noise
    (
        dict(equations="dv/dt = exp(«xi*sqrt(ms))*mV/tau : mV", parameters=TAU),
        "white noise enters linearly: xi cannot stand inside 'exp(xi*sqrt(ms))'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau + mV*«xi**2 : mV", parameters=TAU),
        "white noise enters linearly: xi cannot stand inside 'xi**2'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau + mV*xi_1*«xi_2 : mV", parameters=TAU),
        "white noise enters linearly: xi_2 cannot stand inside 'mV*xi_1*xi_2'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = mV/tau/(1 + «xi*sqrt(ms)) : mV", parameters=TAU),
        "white noise enters linearly: xi cannot stand inside 'mV/tau/(1 + xi*sqrt(ms))'",
        ModelError,
    ),
    (dict(equations="i = «xi*sqrt(ms) : 1"), "white noise xi belongs in a differential equation", ModelError),
    (dict(equations="x[n+1] = x + «xi*sqrt(ms) : 1"), "white noise xi belongs in a differential equation", ModelError),
]

CHANGED = [
    # names
    (dict(equations=("g_l*", "«gl*")), "unknown name 'gl'; did you mean 'g_l'?", ModelError),
    # conditions
    (dict(threshold="«v and w"), "'and' joins conditions, but 'v' is a voltage (mV)", ModelError),
    (dict(threshold="e_l < v < «v_th"), "compare two things at a time: write 'a < b and b < c'", ModelError),
    (dict(threshold="«v is w"), "only <, <=, >, >=, == and != compare", ModelError),
    (dict(threshold="(v > v_th) «& (w > 0*pA)"), "'&' is not an operator here: write 'and'", ModelError),
    (dict(threshold="v > v_th and «~(w > b)"), "'~' is not an operator here: write 'not'", ModelError),
]


@pytest.mark.parametrize(("model", "message", "kind"), ALONE)
def test_model_is_refused(refuses, model, message, kind):
    refuses(model, message, kind)


@pytest.mark.parametrize(("changes", "message", "kind"), CHANGED)
def test_changed_model_is_refused(refuses, changed, changes, message, kind):
    refuses(changed(changes), message, kind)
