"""Mistakes in the equations: the message, its place, and what it suggests.

The mark « stands where the caret is expected.
"""

import pytest

from lapicque.errors import ModelError, UnitError

TAU = dict(tau="10 ms")

ALONE = [
    # text
    (dict(equations=""), "the model has no equations: write at least one, such as 'dv/dt = -v/tau : mV'", ModelError),
    (dict(equations=["dv/dt = -v/tau : mV"]), "equations is a text, not list", ModelError),
    (dict(equations=None), "equations is a text, not NoneType", ModelError),
    (
        dict(equations="«hello world : mV"),
        "this is no equation: write 'dx/dt = ... : unit', 'x = ... : unit' or 'x : unit'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau«", parameters=TAU),
        "the equation has no unit: end it with ': mV', ': pA' or ': 1' for a pure number",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau«\ndw/dt = -w/tau : pA", parameters=TAU),
        "the equation has no unit: end it with ': mV', ': pA' or ': 1' for a pure number",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau mV«", parameters=TAU),
        "the equation has no unit: end it with ': mV', ': pA' or ': 1' for a pure number",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau «:", parameters=TAU),
        "the unit is missing: write ': mV', ': pA' or ': 1' for a pure number",
        UnitError,
    ),
    (
        dict(equations="dv/dt = -v/tau : mV «: mV", parameters=TAU),
        "a second ':' on the line: one equation a line",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau : mV; dw/dt = -w/tau «: mV", parameters=TAU),
        "a second ':' on the line: one equation a line",
        ModelError,
    ),
    (
        dict(equations="dv/dt = «(-v/tau : mV", parameters=TAU),
        "the brackets do not match: 1 '(' not closed",
        ModelError,
    ),
    (dict(equations="dv/dt = -v«)/tau : mV", parameters=TAU), "the brackets do not match: 1 ')' too many", ModelError),
    (
        dict(equations="dv/dt = -[v/tau«) : mV", parameters=TAU),
        "the brackets do not match: closing parenthesis ')' does not match opening parenthesis '['",
        ModelError,
    ),
    (dict(equations="dv/dt «= : mV"), "the right-hand side of 'v' is empty", ModelError),
    (
        dict(equations="«dv/dt : mV"),
        "the derivative has no right-hand side: write 'dx/dt = expression : unit'",
        ModelError,
    ),
    (
        dict(equations="dv/dt «== -v/tau : mV", parameters=TAU),
        "'==' compares: an equation is written with '='",
        ModelError,
    ),
    (
        dict(equations="«dv/dx = -v/tau : mV", parameters=TAU),
        "only derivatives with respect to time, 'dx/dt', are known",
        ModelError,
    ),
    (dict(equations="«v' = -v/tau : mV", parameters=TAU), "write the derivative as 'dx/dt = ...'", ModelError),
    (dict(equations="«2v : mV"), "a name cannot begin with a digit", ModelError),
    (dict(equations="dv/dt = -v«^3/tau : mV", parameters=TAU), "'^' is not an operator here: write '**'", ModelError),
    (dict(equations="dv/dt = -2«v/tau : mV", parameters=TAU), "a '*' is missing: write '2*v'", ModelError),
    (dict(equations="dv/dt = (5 «mV - v)/tau : mV", parameters=TAU), "a '*' is missing: write '5*mV'", ModelError),
    (
        dict(equations="dv/dt = «(v - 5*mV)(v + 5*mV)/tau/mV : mV", parameters=TAU),
        "'v - 5*mV' is no function: is a '*' missing behind it?",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -k «v/tau : mV", parameters=dict(tau="10 ms", k=1)),
        "an operator is missing between 'k' and 'v'",
        ModelError,
    ),
    (dict(equations="dv/dt = «−v/tau : mV", parameters=TAU), "'−' is not an operator here: write '-'", ModelError),
    (
        dict(equations="dv/dt = («v if v > 0*mV else 0*mV)/tau : mV", parameters=TAU),
        "'v if v > 0*mV else 0*mV' has no meaning in an equation: write where(condition, a, b)",
        ModelError,
    ),
    (dict(equations="dv/dt = -v«/ : mV"), "the expression ends with '/'", ModelError),
    (dict(equations="dv/dt = -v/tau : mV\n«v : mV", parameters=TAU), "'v' is defined twice", ModelError),
    (
        dict(equations="«a = b + 1 : 1\nb = 2*c : 1\nc = a : 1"),
        "algebraic variables define each other in a circle: a -> b -> c -> a",
        ModelError,
    ),
    (dict(equations="«a = a + 1 : 1"), "algebraic variables define each other in a circle: a -> a", ModelError),
    (
        dict(equations="«lambda : 1", parameters={"lambda": 1}),
        "'lambda' is a word of Python: choose another name, such as 'lambda_'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -«lambda*v : mV", parameters={"lambda": "1/ms"}),
        "'lambda' is a word of Python: choose another name, such as 'lambda_'",
        ModelError,
    ),
    (
        dict(equations="«_x : 1", parameters=dict(_x=1)),
        "'_x' begins with '_', as lapicque's own names do: choose another name",
        ModelError,
    ),
    (
        dict(equations="«exp : 1", parameters=dict(exp=1)),
        "'exp' is the name of a function: choose another name",
        ModelError,
    ),
    (
        dict(equations="«t : ms", parameters=dict(t=1)),
        "'t' has a meaning of its own (time, time step, noise): choose another name",
        ModelError,
    ),
    (
        dict(equations="«dxi/dt = -xi/tau : 1", parameters=TAU),
        "'xi' has a meaning of its own (time, time step, noise): choose another name",
        ModelError,
    ),
    (
        dict(equations="dv/dt = (e_l - v)/tau\n    + 5«mV/tau : mV", parameters=dict(tau="10 ms", e_l="-70 mV")),
        "a '*' is missing: write '5*mV'",
        ModelError,
    ),
    (
        dict(
            equations="# two lines\ndv/dt = (e_l - v)/tau +\n    «exp*v/tau : mV  # membrane",
            parameters=dict(tau="10 ms", e_l="-70 mV"),
        ),
        "'exp' is a function: write exp(...)",
        ModelError,
    ),
    # flags
    (
        dict(equations="v : mV («linked)"),
        "lapicque has no linked variables: write the variable of the other population as an input and connect it",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau : mV («event-driven)", parameters=TAU),
        "(event-driven) belongs to synapses: a neuron's variables are advanced in every step",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau : mV («clock-driven)", parameters=TAU),
        "(clock-driven) belongs to synapses: a neuron's variables are advanced in every step anyway",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau : mV («fast)", parameters=TAU),
        "unknown flag (fast): the flags of a neuron are (unless refractory), (input), (constant), (shared)",
        ModelError,
    ),
    (
        dict(equations="«g : nS (unless refractory)"),
        "(unless refractory) holds a differential equation; 'g' is none",
        ModelError,
    ),
    (
        dict(equations="«i = 5*pA : pA (input)"),
        "'i' has an expression, so it is no input: leave out '(input)'",
        ModelError,
    ),
    (
        dict(equations="«dv/dt = -v/tau : mV (constant)", parameters=TAU),
        "(constant) belongs to a parameter, and 'v' has an equation",
        ModelError,
    ),
    (
        dict(equations="«dv/dt = -v/tau : mV (shared)", parameters=TAU),
        "'v' changes in time, so each neuron has its own: leave out '(shared)'",
        ModelError,
    ),
    (
        dict(equations="dv/dt = -v/tau : mV\ni = 2*«v : mV (shared)", parameters=TAU),
        "'i' is (shared), but reads 'v', which each neuron has of its own",
        ModelError,
    ),
    (
        dict(equations="«g : nS (shared)", parameters=dict(g=[1, 2])),
        "'g' is (shared), but has 2 values in parameters=",
        ModelError,
    ),
    # units
    (
        dict(equations="dv/dt = -v/tau : «mVolt", parameters=TAU),
        "unknown unit 'mVolt'; did you mean 'mvolt'?",
        UnitError,
    ),
    (dict(equations="dv/dt = -v/tau : «bananas", parameters=TAU), "unknown unit 'bananas'", UnitError),
    (dict(equations="x : «mhz", parameters=dict(x=1)), "unknown unit 'mhz'; did you mean 'mHz'?", UnitError),
    (
        dict(equations="dv/dt = -v/tau : «5", parameters=TAU),
        "'5' is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'",
        UnitError,
    ),
    (
        dict(equations="dv/dt = «-v : mV"),
        "dv/dt is a voltage (mV), but a voltage per time (mV/ms) is expected: divide by a time constant",
        UnitError,
    ),
    (
        dict(equations="dv/dt = «-v/tau**2 : mV", parameters=TAU),
        "dv/dt is something in mV/ms**2, but a voltage per time (mV/ms) is expected: multiply by a time constant",
        UnitError,
    ),
    (
        dict(equations="dv/dt = (5 - «v)/tau : mV", parameters=TAU),
        "cannot subtract: '5' is a pure number, 'v' is a voltage (mV)",
        UnitError,
    ),
    (
        dict(equations="i = «g*v : nS\nv : mV\ng : nS", parameters=dict(v=1, g=1)),
        "the right-hand side of 'i' is a current (pA), but a conductance (nS) is expected",
        UnitError,
    ),
    (
        dict(equations="dv/dt = exp(«v)*mV/tau : mV", parameters=TAU),
        "exp() takes a pure number, but 'v' is a voltage (mV)",
        UnitError,
    ),
    (
        dict(equations="dv/dt = 2**«v*mV/tau : mV", parameters=TAU),
        "the exponent is a voltage (mV), but a pure number is expected",
        UnitError,
    ),
    (
        dict(equations="x : 1\ndv/dt = v**«x/tau : mV", parameters=dict(tau="10 ms", x=2)),
        "'v' has a dimension, so its exponent must be a number such as 2 or 1/2",
        UnitError,
    ),
    (
        dict(equations="dv/dt = min(v, «tau)/tau : mV", parameters=TAU),
        "the arguments of min() differ: 'v' is a voltage (mV), 'tau' is a time (ms)",
        UnitError,
    ),
    (
        dict(equations="dv/dt = where(v > 0*mV, v, «1)/tau : mV", parameters=TAU),
        "the arguments of where() differ: 'v' is a voltage (mV), '1' is a pure number",
        UnitError,
    ),
    (
        dict(equations="dv/dt = «-v/tau : mV", parameters=dict(tau=10)),
        "dv/dt is a voltage (mV), but a voltage per time (mV/ms) is expected: divide by a time constant "
        "(the parameter 'tau' was given without a unit, so it is a pure number)",
        UnitError,
    ),
    (
        dict(equations="dv/dt = -«g*v/c_m : mV", parameters=dict(c_m="200 pF")),
        "unknown name 'g': give it a value, parameters=dict(g=...), or an equation "
        "(in expressions the unit g is written 'gram')",
        ModelError,
    ),
    (
        dict(equations="dv/dt = (e - «v)/tau : mV", parameters=TAU),
        "cannot subtract: 'e' is a pure number, 'v' is a voltage (mV) "
        "('e' is read as Euler's number: the model has no variable of this name)",
        UnitError,
    ),
    (
        dict(equations="dv/dt = -v/tau + «sigma*xi/tau : mV", parameters=dict(tau="10 ms", sigma="1 mV")),
        "cannot add: '-v/tau' is a voltage per time (mV/ms), 'sigma*xi/tau' is something in mV/ms**(3/2) "
        "(white noise xi is in 1/sqrt(ms): 'sigma*sqrt(2/tau)*xi' is in sigma's unit per time)",
        UnitError,
    ),
]

CHANGED = [
    # text
    (
        dict(equations=("g_l*(e_l", "«g_l(e_l")),
        "'g_l' is a variable and cannot be called: is a '*' missing?",
        ModelError,
    ),
    # flags
    (
        dict(equations=("(input)", "(«summed)")),
        "(summed) belongs to synapses: in a neuron declare an input, 'x : unit (input)', that synapses add to",
        ModelError,
    ),
    (
        dict(equations=("unless refractory", "«unless refactory")),
        "unknown flag (unless refactory); did you mean 'unless refractory'?",
        ModelError,
    ),
    (
        dict(equations=("dv/dt", "«dv/dt"), refractory=None, parameters=dict(t_ref=None)),
        "'v' holds (unless refractory), but the model has no refractory=",
        ModelError,
    ),
    # units
    (
        dict(equations=("(a*(v - e_l) - w)/tau_w", "«a*(v - e_l) - w")),
        "dw/dt is a current (pA), but a current per time (pA/ms) is expected: divide by a time constant",
        UnitError,
    ),
    (
        dict(equations=("- w + i_ext", "- w + «v")),
        "cannot add: 'g_l*(e_l - v) - w' is a current (pA), 'v' is a voltage (mV)",
        UnitError,
    ),
]


@pytest.mark.parametrize(("model", "message", "kind"), ALONE)
def test_model_is_refused(refuses, model, message, kind):
    refuses(model, message, kind)


@pytest.mark.parametrize(("changes", "message", "kind"), CHANGED)
def test_changed_model_is_refused(refuses, changed, changes, message, kind):
    refuses(changed(changes), message, kind)
