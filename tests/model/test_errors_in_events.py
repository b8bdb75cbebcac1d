"""Mistakes in thresholds, resets and refractory periods: the message, its place, and what it suggests.

The mark « stands where the caret is expected.
"""

import pytest

from lapicque.errors import ModelError, UnitError
from lapicque.model import Event

TAU = dict(tau="10 ms")

ALONE = [
    # threshold
    (
        dict(equations="dv/dt = -v*«hazard(1/ms)/tau : mV", parameters=TAU),
        "hazard() belongs in a threshold",
        ModelError,
    ),
    # reset
    (
        dict(equations="x = 2*v/mV : 1\nv : mV", threshold="v > 5*mV", reset="«x = 0", parameters=dict(v=0)),
        "'x' is computed from other variables, so it cannot be set",
        ModelError,
    ),
]

CHANGED = [
    # threshold
    *(
        (
            dict(events={name: Event("w > b")}),
            f"the event {name!r} needs a name of letters, digits and '_', beginning with a letter",
            ModelError,
        )
        for name in ("plateau potential", "2nd", "_spike", "", 5, None)
    ),
    (dict(threshold="v «= v_th"), "'=' assigns: write '>' for a threshold", ModelError),
    (dict(threshold="v > v_th «&& w > b"), "'&&' is not an operator here: write 'and'", ModelError),
    (dict(threshold="v > v_th «|| w > b"), "'||' is not an operator here: write 'or'", ModelError),
    (
        dict(threshold="v > v_th or «w > b"),
        "a threshold is one comparison: instead of 'a > b or c > d' write 'max(a - b, c - d) > 0'",
        ModelError,
    ),
    (
        dict(threshold="«v - v_th"),
        "the threshold is a voltage (mV), but a condition is expected: write one such as 'v > v_th'",
        ModelError,
    ),
    (
        dict(threshold="«v == v_th"),
        "a threshold begins with a comparison such as 'v > v_th', or with hazard(rate)",
        ModelError,
    ),
    (
        dict(threshold="«not v < v_th"),
        "a threshold begins with a comparison such as 'v > v_th', or with hazard(rate)",
        ModelError,
    ),
    (dict(threshold="v > «w"), "cannot compare: 'v' is a voltage (mV), 'w' is a current (pA)", UnitError),
    (dict(threshold="v > «-50"), "cannot compare: 'v' is a voltage (mV), '-50' is a pure number", UnitError),
    (dict(threshold=" "), "the threshold is empty: leave it out or write an expression", ModelError),
    (dict(threshold=-50), "threshold is a text, not int", ModelError),
    (dict(threshold="v > «v_tresh"), "unknown name 'v_tresh'; did you mean 'v_th'?", ModelError),
    (dict(threshold="hazard(«exp((v - v_th)/mV))"), "hazard() takes a rate (1/ms, Hz), not a pure number", UnitError),
    (dict(threshold="v > v_th and «hazard(1/ms)"), "hazard() stands first in a threshold, and once", ModelError),
    (dict(threshold="hazard(«v > v_th)"), "hazard() takes a rate (1/ms, Hz), not a condition", UnitError),
    (
        dict(threshold="v > v_th + «xi*mV*sqrt(ms)"),
        "white noise xi belongs in a differential equation: write randn()",
        ModelError,
    ),
    # reset
    (dict(reset="«vm = v_reset"), "unknown variable 'vm'; did you mean 'v'?", ModelError),
    (dict(reset="v = v_reset; «ww += b"), "unknown variable 'ww'; did you mean 'w'?", ModelError),
    (
        dict(reset="v = v_reset; «b = 0*pA"),
        "'b' is constant: declare 'b : pA' in the equations for events to change it",
        ModelError,
    ),
    (
        dict(equations=("tau_w : ms", "tau_w : ms (constant)"), reset="«tau_w += 1*ms"),
        "'tau_w' is constant: declare 'tau_w : ms' in the equations for events to change it",
        ModelError,
    ),
    (dict(reset="«i_ext = 0*pA"), "'i_ext' is an input: it comes from outside", ModelError),
    (dict(reset="v = «w"), "what is assigned to 'v' is a current (pA), but a voltage (mV) is expected", UnitError),
    (dict(reset="v = «-60"), "what is assigned to 'v' is a pure number, but a voltage (mV) is expected", UnitError),
    (dict(reset="w *= «b"), "what is multiplied with 'w' is a current (pA), but a pure number is expected", UnitError),
    (dict(reset="v «== v_reset"), "'==' compares: write '=' to assign", ModelError),
    (dict(reset="w «**= 2"), "'**=' is not known here: use =, +=, -=, *= or /=", ModelError),
    (dict(reset="v «= "), "nothing is assigned to 'v'", ModelError),
    (dict(reset="«v"), "this is no statement: write 'v = v_reset' or 'w += b'", ModelError),
    (dict(reset="v = v_reset«, w += b"), "separate statements by ';' or a new line", ModelError),
    (dict(threshold=None), "a reset without a threshold never happens: write threshold='v > v_th'", ModelError),
    (
        dict(threshold=None, reset=None),
        "a refractory without a threshold never happens: write threshold='v > v_th'",
        ModelError,
    ),
    (
        dict(reset="v = v_reset + «xi*mV"),
        "white noise xi belongs in a differential equation: write randn()",
        ModelError,
    ),
    (
        dict(reset="v = v_reset\nw += «c"),
        "unknown name 'c': give it a value, parameters=dict(c=...), or an equation",
        ModelError,
    ),
    # refractory
    (dict(refractory="«v_th"), "refractory is a voltage (mV), but a time or a condition is expected", UnitError),
    (dict(refractory="2 mV"), "refractory is declared as a time (ms), but 2 mV is a voltage (mV)", UnitError),
    (dict(refractory="«t_reff"), "unknown name 't_reff'; did you mean 't_ref'?", ModelError),
]


@pytest.mark.parametrize(("model", "message", "kind"), ALONE)
def test_model_is_refused(refuses, model, message, kind):
    refuses(model, message, kind)


@pytest.mark.parametrize(("changes", "message", "kind"), CHANGED)
def test_changed_model_is_refused(refuses, changed, changes, message, kind):
    refuses(changed(changes), message, kind)
