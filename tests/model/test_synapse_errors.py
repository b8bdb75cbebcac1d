"""Mistakes in synapses: the message, its place, and what it suggests. « stands where the caret is expected."""

import pytest

from lapicque import normal
from lapicque.errors import ModelError, UnitError
from lapicque.model import Every, On, Synapse

TAU = dict(tau="5 ms")
DECAY = "dg/dt = -g/tau : nS (post)"
OFFER = "flag it (clock-driven), it is then advanced in every step"

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
        dict(equations="«dg/dt = -g/tau : nS (post, event-driven)", on_pre="g += w", parameters=TAU),
        "'g' lives in the target neuron, which is advanced in every step: leave out '(event-driven)'",
    ),
    (
        dict(equations="«dg/dt = -g/tau : nS (clock-driven, event-driven)", on_pre="g += w", parameters=TAU),
        "'g' is (clock-driven) and (event-driven): keep one",
    ),
    (
        dict(equations="«x[n+1] = 0.5*x : 1 (event-driven)", on_pre="x += 1"),
        "'x' is a map from step to step, so it is advanced in every step: leave out '(event-driven)'",
    ),
    (
        dict(equations="«dx/dt = -x/tau : 1 (summed)", on_pre="x += 1", parameters=TAU),
        "'x' changes in time and cannot be (summed): sum it by another name",
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
        "unknown flag (dynamic): the flags of a synapse are (post), (summed), (weight), (constant), (clock-driven), "
        "(event-driven)",
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
        dict(equations="p : 1 (constant)", on_pre="«p += 1"),
        "'p' is constant: declare 'p : 1' in the equations for code to change it in every synapse",
    ),
    (
        dict(on_pre="«p += 1", parameters=dict(p=1)),
        "'p' is constant: declare 'p : 1' in the equations for code to change it in every synapse",
    ),
    (
        dict(equations="w : nS (constant)", on_post="«w += 1*nS"),
        "'w' is constant: declare 'w : nS' in the equations for code to change it in every synapse",
    ),
    (
        dict(equations="a = 2*w : 1", on_post="«a = 1"),
        "'a' is computed from other variables, so it cannot be set",
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
    (
        dict(on=dict(x=On("post.", "v += 1"))),
        "pathway 'x': at is 'pre', 'post', the name of a modulator, or an event of one of them, 'post.plateau'; not "
        "'post.'",
    ),
    (
        dict(on=dict(x=On("every", "v += 1"))),
        "pathway 'x': at is 'pre', 'post', the name of a modulator, or an event of one of them, 'post.plateau'; not "
        "'every'",
    ),
    (dict(on=dict(x=On("pre", 1))), "pathway 'x': code is a text, not int"),
    (
        {"on": {"x y": On("pre", "v += 1")}},
        "the pathway 'x y' needs a name of letters, digits and '_', beginning with a letter",
    ),
    (dict(on=dict(pre="v += 1"), on_pre="v += 2"), "the pathway 'pre' is given twice: by on_pre= and in on="),
    (
        dict(on=dict(x=On("pre", "v += 1", "-1 ms"))),
        "the delay of the pathway 'x' is -1 ms: a time, 0 or more, is expected",
    ),
    (dict(on=dict(x=On("post", "w += 1", float("nan")))), "the delay of the pathway 'x' is NaN (not a number)"),
    (
        dict(on=dict(x=On("post", "w += 1", [1.0, 2.0]))),
        "the delay of the pathway 'x' is an array, but one time for all synapses is expected: connect once for each "
        "delay",
    ),
    (
        dict(on=dict(x=On("post", "w += 1", "d/(1*meter/second)"))),
        "the delay of the pathway 'x' is d/(1*meter/second), but one time for all synapses is expected: connect once "
        "for each delay",
    ),
    (
        dict(on=dict(x=On("pre", "w += 1", normal("2 ms", "1 ms")))),
        "the delay of the pathway 'x' is normal(2 ms, 1 ms), but one time for all synapses is expected: connect(..., "
        "delay=) gives each synapse its own",
    ),
    # schedules
    (
        dict(on=dict(x=Every("0 ms", "w += 1"))),
        "the interval of 'x' is 0 ms: one positive time, or 'step', is expected",
    ),
    (
        dict(on=dict(x=Every([1, 2], "w += 1"))),
        "the interval of 'x' is [1, 2]: one positive time, or 'step', is expected",
    ),
    (
        dict(on=dict(x=Every("steps", "w += 1"))),
        "the interval of 'x' is 'steps': one positive time, or 'step', is expected",
    ),
    (dict(on=dict(x=Every("step", "«w"))), "this is no statement: write 'v = v_reset' or 'w += b'"),
    (
        dict(on=dict(x=Every("step", ""))),
        "the code of on['x'] is empty: leave it out or write a statement such as 'g += w'",
    ),
    (dict(on_pre=Every("1 ms", "w += 1")), "on_pre is a text, not Every"),
    # what can be solved between events
    (
        dict(equations="dx/dt = -«x**2/ms : 1 (event-driven)", on_pre="x += 1"),
        f"'x' cannot be (event-driven): its equation is not linear; {OFFER}",
    ),
    (
        dict(equations="dx/dt = -x/ms*«exp(x) : 1 (event-driven)", on_pre="x += 1"),
        f"'x' cannot be (event-driven): its equation is not linear; {OFFER}",
    ),
    (
        dict(equations="dx/dt = («v_post - x)/ms : mV (event-driven)", on_pre="x += 1*mV"),
        f"'x' cannot be (event-driven): 'v_post' changes between events; {OFFER}",
    ),
    (
        dict(equations="dx/dt = -x/ms*sin(«t/ms) : 1 (event-driven)", on_pre="x += 1"),
        f"'x' cannot be (event-driven): 't' changes between events; {OFFER}",
    ),
    (
        dict(equations="dx/dt = -x/ms + «xi/ms**0.5 : 1 (event-driven)", on_pre="x += 1"),
        f"'x' cannot be (event-driven): noise is not known between events; {OFFER}",
    ),
    (
        dict(equations="dx/dt = («y - x)/ms : 1 (event-driven)\ndy/dt = -y/ms : 1 (clock-driven)", on_pre="y += 1"),
        f"'x' cannot be (event-driven): 'y' changes between events; {OFFER}",
    ),
    (
        dict(
            equations="dx/dt = «(y - x)/ms : 1 (event-driven)\ndy/dt = (z - y)/ms : 1\ndz/dt = -z/ms : 1",
            on_pre="z += 1",
        ),
        f"'x' cannot be (event-driven): it follows 'y', which follows 'z': too long a chain for a closed form; {OFFER}",
    ),
    (
        dict(equations="dx/dt = -x/ms : 1 (event-driven)\ni = «x*v_pre : mV (summed)", on_pre="x += 1"),
        f"'x' cannot be (event-driven): 'i' reads it in every step; {OFFER}",
    ),
    # bounds
    (dict(on_pre="w += 1", bounds=[0, 1]), "bounds maps names to values, bounds=dict(...): list does not"),
    (dict(on_pre="w += 1", bounds=dict(w=1)), "bounds: 'w' needs (low, high), where None is open, not 1"),
    (
        dict(on_pre="w += 1", bounds=dict(w=(0, 1, 2))),
        "bounds: 'w' needs (low, high), where None is open, not (0, 1, 2)",
    ),
    (
        dict(on_pre="w += 1", bounds=dict(ww=(0, 1))),
        "bounds: 'ww' is no state of single synapses; did you mean 'w'?",
    ),
    (dict(on_pre="v += w", bounds=dict(w=(0, 1))), "bounds: 'w' never changes: no code writes it"),
    (
        dict(equations=DECAY, on_pre="g += w", bounds=dict(g=(0, 1)), parameters=TAU),
        "bounds: 'g' lives once per target neuron: only states of single synapses are bounded; write clip(x, low, "
        "high) in the code",
    ),
    (
        dict(equations="a = 2*w : 1", on_pre="w += a", bounds=dict(a=(0, 1))),
        "bounds: 'a' is computed from others: only states of single synapses are bounded; write clip(x, low, high) in "
        "the code",
    ),
    (
        dict(equations="w : nS", on_pre="w += 1*nS", bounds=dict(w=("1 nS", "1 nS"))),
        "bounds: 'w' is to lie between 1 nS and 1 nS, but the first is not smaller",
    ),
    (
        dict(
            equations="w : nS\nhigh : nS",
            on_pre="w += 1*nS",
            bounds=dict(w=("1 nS", "high")),
            parameters=dict(high="0.5 nS"),
        ),
        "bounds: 'w' is to lie between 1 nS and high, but the first is not smaller",
    ),
    (
        dict(on_pre="w += 1", bounds=dict(w=(0, "w_mx")), parameters=dict(w_max=1)),
        "bounds: 'w_mx' of 'w' is neither a quantity nor a parameter; did you mean 'w_max'?",
    ),
    (
        dict(equations="x : 1", on_pre="x += 1; w += 1", bounds=dict(w=(0, "x"))),
        "bounds: 'x' is no parameter, but 'w' is bounded by it",
    ),
    (dict(on_pre="w += 1", bounds=dict(w=(float("nan"), 1))), "the bound of 'w' is NaN (not a number)"),
    (
        dict(on_pre="w += 1", bounds=dict(w=(0, [1, 2]))),
        "the bound of 'w' is an array: declare a parameter of each synapse, name it here, and give it to connect()",
    ),
    (
        dict(on_pre="w += 1", bounds=dict(w=(0, normal(1, 0.1)))),
        "the bound of 'w' is normal(1, 0.1): draw a parameter of each synapse, and name it here",
    ),
    # initial values and parameters
    (dict(on_pre="v += w", initial=dict(v="5 mV")), "initial: 'v' is no state of the synapse"),
    (
        dict(equations="dapre/dt = -apre/ms : 1", on_pre="apre += 1", initial=dict(apr=1)),
        "initial: 'apr' is no state of the synapse; did you mean 'apre'?",
    ),
    (
        dict(equations="a = 2*w : 1", on_pre="w += a", initial=dict(a=1)),
        "initial: 'a' is no state of the synapse",
    ),
    (
        dict(on_pre="w += 1", initial=dict(w=1)),
        "initial: the weight is given where the synapse connects: connect(..., w=...)",
    ),
    (
        dict(equations="x : 1", on_pre="x += 1", initial=dict(x=float("nan"))),
        "the initial value of 'x' is NaN (not a number)",
    ),
    (
        dict(equations="x : 1", on_pre="x += 1", initial=dict(x=None)),
        "the initial value of 'x' is None, but a number is expected, such as 5",
    ),
    (
        dict(equations="x : 1", on_pre="x += 1", initial=dict(x=1), parameters=dict(x=2)),
        "'x' has a value in parameters= and in initial=: keep one",
    ),
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
    (
        dict(on=dict(x=Every("1 mV", "v += 1"))),
        "the interval of 'x' is declared as a time (ms), but 1 mV is a voltage (mV)",
    ),
    (
        dict(equations="dx/dt = «-x : 1", on_pre="x += 1"),
        "dx/dt is a pure number, but a rate (1/time) (1/ms) is expected: divide by a time constant",
    ),
    (
        dict(equations="x : 1", on_post="x += «1*mV"),
        "what is added to 'x' is a voltage (mV), but a pure number is expected",
    ),
    (
        dict(equations="x : nS", on_pre="x += 1*nS", initial=dict(x="1 mV")),
        "the initial value of 'x' is declared as a conductance (nS), but 1 mV is a voltage (mV)",
    ),
    (
        dict(equations="w : nS", on_pre="w += 1*nS", bounds=dict(w=(0, "1 mV"))),
        "the bound of 'w' is declared as a conductance (nS), but 1 mV is a voltage (mV)",
    ),
    (
        dict(equations="w : nS", on_pre="w += 1*nS", bounds=dict(w=(0, "w_max")), parameters=dict(w_max="1 mV")),
        "the bound of 'w' is 'w_max', a voltage (mV), but a conductance (nS) is expected",
    ),
    (
        dict(equations="w : nS", on_pre="w += 1*nS", bounds=dict(w=(0, "w_max")), parameters=dict(w_max=1)),
        "the bound of 'w' is 'w_max', a pure number, but a conductance (nS) is expected (the parameter 'w_max' was "
        "given without a unit, so it is a pure number)",
    ),
]


@pytest.mark.parametrize(
    ("fields", "message", "kind"),
    [*((f, m, ModelError) for f, m in WRONG), *((f, m, UnitError) for f, m in WRONG_UNITS)],
)
def test_refused(refuses, fields, message, kind):
    refuses(fields, message, kind, make=Synapse)
