"""Mistakes in synapses: the message, its place, and what it suggests. « stands where the caret is expected."""

import pytest

from lapicque import normal
from lapicque.errors import ModelError, UnitError
from lapicque.model import On, Synapse

TAU = dict(tau="5 ms")
DECAY = "dg/dt = -g/tau : nS (post)"

WRONG = [
    # text
    ({}, "the synapse does nothing: give it code that spikes run, on_pre='g += w', or output='g*(e - v_post)'"),
    (dict(equations=3), "equations is a text, not int"),
    (dict(on_pre=5), "on_pre is a text, not int"),
    (dict(on_pre=""), "the code of on_pre is empty: leave it out or write a statement such as 'g += w'"),
    (dict(on_pre="«v"), "this is no statement: write 'v = v_reset' or 'w += b'"),
    (dict(on_pre="v += w", parameters=["w"]), "parameters maps names to values, parameters=dict(...): list does not"),
    # flags
    (
        dict(equations="«dg/dt = -g/tau : nS", on_pre="g += w", parameters=TAU),
        "'g' would change in time in every single synapse, which is not supported: flag it (post) if it may live once "
        "per target neuron, or give the variable to the source neuron and read it as 'g_pre'",
    ),
    (
        dict(equations="dg/dt = -g/tau : nS (post, «event-driven)", on_pre="g += w", parameters=TAU),
        "(event-driven): variables of single synapses that change in time are not supported; flag it (post) if it may "
        "live once per target neuron",
    ),
    (
        dict(equations="dg/dt = -g/tau : nS (post, «unless refractory)", on_pre="g += w", parameters=TAU),
        "(unless refractory) belongs to neurons: a synapse goes on while its target is refractory",
    ),
    (
        dict(equations="x : nS («input)", on_pre="x += w"),
        "(input) belongs to neurons: a synapse reads its target's variables as 'x_post', its source's as 'x_pre'",
    ),
    (
        dict(equations="x : nS («shared)", on_pre="v += x"),
        "(shared) belongs to neurons: a parameter that is given as one number is the same for all synapses",
    ),
    (dict(equations="x : nS («pst)", on_pre="x += w"), "unknown flag (pst); did you mean 'post'?"),
    (
        dict(equations="x : nS («dynamic)", on_pre="x += w"),
        "unknown flag (dynamic): the flags of a synapse are (post), (summed), (weight), (constant), (clock-driven)",
    ),
    (
        dict(equations="«x : nS (summed)", on_pre="v += w"),
        "'x' is (summed), so it needs an expression: write 'x = ... : unit'",
    ),
    (
        dict(equations="«x = w : nS (summed, post)"),
        "'x' is (post) and (summed): leave out '(post)', a sum is per target neuron",
    ),
    (
        dict(equations="«u : nS (weight)", on_pre="v += u"),
        "the weight is called 'w', which connect(..., w=) gives: rename 'u'",
    ),
    (
        dict(equations="«w : nS (post)", on_pre="v += w"),
        "'w' is the weight of a synapse, which connect(..., w=) gives: write 'w : unit'",
    ),
    (
        dict(equations="«a = 1 : 1 (clock-driven)", on_pre="v += a"),
        "(clock-driven) belongs to a differential equation, and 'a' has none",
    ),
    (
        dict(equations="«a = 1 : 1 (constant)", on_pre="v += a"),
        "(constant) belongs to a parameter, and 'a' has an equation",
    ),
    # names
    (dict(equations="a = 2 : 1\n«a : 1", on_pre="v += a"), "'a' is defined twice"),
    (
        dict(equations="«output : 1", on_pre="v += output"),
        "'output' is what the source neuron emits: choose another name",
    ),
    (
        dict(equations="«exp : 1", on_pre="v += 1*mV", parameters=dict(exp=1)),
        "'exp' is the name of a function: choose another name",
    ),
    (
        dict(equations="«a = b : 1 (post)\nb = a : 1 (post)", output="a*pA"),
        "algebraic variables define each other in a circle: a -> b -> a",
    ),
    (dict(on_pre="v += w", parameters=dict(q=1)), "the parameter 'q' is not used by the synapse"),
    (
        dict(equations=DECAY, on_pre="g += w", parameters=dict(tau="5 ms", tua="5 ms")),
        "the parameter 'tua' is not used by the synapse; did you mean 'tau'?",
    ),
    # what lives where
    (
        dict(equations="x = «w*v_post : nS (post)", on_pre="y += x"),
        "'w' belongs to a single synapse, but this expression is evaluated once per target neuron: read it in on_pre, "
        "or in a variable flagged (summed); the target's own variable is 'w_post'",
    ),
    (
        dict(equations="x = «p*v_post : nS (post)\np = 2*q : 1\nq : 1", on_pre="y += x"),
        "'p' belongs to a single synapse, but this expression is evaluated once per target neuron: read it in on_pre, "
        "or in a variable flagged (summed)",
    ),
    (
        dict(on_pre="v += w", output="«output*5"),
        "'output' belongs to a single synapse, but this expression is evaluated once per target neuron: read it in "
        "on_pre, or in a variable flagged (summed)",
    ),
    (
        dict(equations="a = w : pA (summed)\nb = w : pA (summed)"),
        "'a', 'b' are (summed): say by output= what goes into the target, output='a'",
    ),
    (
        dict(equations=DECAY, on_pre="g += w", parameters=dict(tau=normal("5 ms", "1 ms"))),
        "the parameter 'tau' lives once per target neuron: give one value, or an array with one a neuron",
    ),
    # what code may write
    (
        dict(equations="p : 1", on_pre="«p += 1"),
        "'p' belongs to a single synapse and is constant: variables of single synapses that change are not supported; "
        "declare 'p : 1 (post)' if it may live once per target neuron",
    ),
    (
        dict(on_pre="«w += 1*mV"),
        "'w' is the weight, which is constant: synapses that learn are not supported; the target's is 'w_post'",
    ),
    (
        dict(equations="a = 2 : 1 (post)", on_pre="«a = 1"),
        "'a' is computed from other variables, so it cannot be set",
    ),
    (
        dict(equations=DECAY, on_pre="«tau = 1*ms", parameters=TAU),
        "'tau' is constant: declare 'tau : ms (post)' in the equations for code to change it",
    ),
    # noise and draws
    (dict(on_pre="v += «xi"), "white noise xi belongs in a differential equation: write randn()"),
    (dict(on_pre="v += «hazard(1*Hz)"), "hazard() belongs in a threshold"),
    (
        dict(equations="a = w*«rand() : pA (summed)"),
        "rand() cannot stand in 'a': draw in on_pre, when a spike arrives",
    ),
    (dict(equations="a = w*«xi : pA (summed)"), "white noise xi belongs in a differential equation"),
    # pathways
    (
        dict(on=dict(x="v += 1")),
        "pathway 'x': say when its code runs: on=dict(x=lq.On('pre', 'v += 1')) or 'post'",
    ),
    (dict(on=dict(x=3)), "pathway 'x': write lq.On('pre', code), not int"),
    (dict(on=dict(x=On("end", "v += 1"))), "pathway 'x': at is 'pre' or 'post', not 'end'"),
    (dict(on=dict(x=On("pre", 1))), "pathway 'x': code is a text, not int"),
    (
        {"on": {"x y": On("pre", "v += 1")}},
        "the pathway 'x y' needs a name of letters, digits and '_', beginning with a letter",
    ),
    (dict(on=dict(pre="v += 1"), on_pre="v += 2"), "the pathway 'pre' is given twice: by on_pre= and in on="),
    (
        dict(on=dict(x=On("pre", "v += 1", "-1 ms"))),
        "the delay of the pathway 'x' is -1 ms: one time, 0 or more, is expected",
    ),
    # initial values and parameters
    (dict(on_pre="v += w", initial=dict(v="5 mV")), "initial: 'v' is no state of the synapse"),
    (
        dict(equations=DECAY, on_pre="g += w", initial=dict(g="«rand()*nS"), parameters=TAU),
        "rand() has no meaning in an initial value: give an array of values",
    ),
    (
        dict(equations="x : nS (post)", on_pre="x += w", initial=dict(x="1 nS"), parameters=dict(x="2 nS")),
        "'x' has a value in parameters= and in initial=: keep one",
    ),
    (
        dict(equations="«a = 1 : 1 (post)", on_pre="v += 1*mV", parameters=dict(a=3)),
        "parameters= cannot set 'a': it is computed by its equation",
    ),
    (
        dict(equations="«dg/dt = -g/ms : nS (post)", on_pre="g += w", parameters=dict(g=3)),
        "parameters= cannot set 'g': it is a state: use initial=",
    ),
]

WRONG_UNITS = [
    (
        dict(equations="dg/dt = «-g/tau : nS (post)", on_pre="g += w", parameters=dict(tau=5)),
        "dg/dt is a conductance (nS), but a conductance per time (pA/(ms*mV)) is expected: divide by a time constant "
        "(the parameter 'tau' was given without a unit, so it is a pure number)",
    ),
    (
        dict(equations="dg/dt = «-g : nS (post)", on_pre="g += w"),
        "dg/dt is a conductance (nS), but a conductance per time (pA/(ms*mV)) is expected: divide by a time constant",
    ),
    (
        dict(equations=DECAY, on_pre="g += «1*mV", parameters=TAU),
        "what is added to 'g' is a voltage (mV), but a conductance (nS) is expected",
    ),
    (
        dict(equations=DECAY, on_pre="g *= «1*mV", parameters=TAU),
        "what is multiplied with 'g' is a voltage (mV), but a pure number is expected",
    ),
    (
        dict(equations=DECAY, on_pre="g += w", initial=dict(g="5 mV"), parameters=TAU),
        "the initial value of 'g' is declared as a conductance (nS), but 5 mV is a voltage (mV)",
    ),
    (
        dict(equations="tau : ms\n" + DECAY, on_pre="g += w", parameters=dict(tau="5 mV")),
        "the parameter 'tau' is declared as a time (ms), but 5 mV is a voltage (mV)",
    ),
    (
        dict(equations="p : 1", on_pre="v += p*mV", parameters=dict(p=normal("1 nS", "1 nS"))),
        "the parameter 'p' is declared as a pure number, but normal(1 nS, 1 nS) is a conductance (nS)",
    ),
    (
        dict(on=dict(x=On("pre", "v += 1", "1 mV"))),
        "the delay of the pathway 'x' is declared as a time (ms), but 1 mV is a voltage (mV)",
    ),
]


@pytest.mark.parametrize(
    ("fields", "message", "kind"),
    [*((f, m, ModelError) for f, m in WRONG), *((f, m, UnitError) for f, m in WRONG_UNITS)],
)
def test_refused(refuses, fields, message, kind):
    refuses(fields, message, kind, make=Synapse)
