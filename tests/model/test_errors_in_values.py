"""Mistakes in initial values, parameters, events and ranges: the message, its place, and what it suggests.

The mark « stands where the caret is expected.
"""

import numpy as np
import pytest

from lapicque.errors import ModelError, UnitError
from lapicque.model import Event

TAU = dict(tau="10 ms")

ALONE = [
    # initial
    (
        dict(
            equations="th : mV",
            threshold="th > 1*mV",
            reset="th += 1*mV",
            parameters=dict(th="5 mV"),
            initial=dict(th="6 mV"),
        ),
        "'th' has a value in parameters= and in initial=: keep one",
        ModelError,
    ),
    # parameters
    (
        dict(equations="«a = 2 : 1", parameters=dict(a=1)),
        "'a' is computed by its equation, so parameters= cannot set it: write 'a : unit' instead",
        ModelError,
    ),
]

CHANGED = [
    # initial
    (dict(initial=dict(g_l="5 nS")), "initial: 'g_l' is a parameter, not a state", ModelError),
    (dict(initial=dict(vm="5 mV")), "initial: 'vm' is no state of the model; did you mean 'v'?", ModelError),
    (dict(initial=dict(i_ext="5 pA")), "initial: 'i_ext' is an input, not a state", ModelError),
    (
        dict(initial=dict(v="5 pA")),
        "the initial value of 'v' is declared as a voltage (mV), but 5 pA is a current (pA)",
        UnitError,
    ),
    (
        dict(initial=dict(v="«g_l")),
        "the initial value of 'v' is a conductance (nS), but a voltage (mV) is expected",
        UnitError,
    ),
    (dict(initial=dict(v="«i_ext/g_l")), "the initial value of 'v' reads the input 'i_ext'", ModelError),
    (
        dict(initial=dict(v="«w/g_l", w="v*g_l")),
        "initial values depend on each other in a circle: v -> w -> v",
        ModelError,
    ),
    (dict(initial=dict(v="e_l*«t/ms")), "the initial value of 'v' reads 't', which has no value yet", ModelError),
    (
        dict(initial=dict(v="e_l*«rand()")),
        "rand() has no meaning in an initial value: give an array, or initial= of a population",
        ModelError,
    ),
    (dict(initial=dict(v="«e_1")), "unknown name 'e_1'; did you mean 'e_l'?", ModelError),
    (dict(initial=dict(v=float("nan"))), "the initial value of 'v' is NaN (not a number)", ModelError),
    (dict(initial=["v"]), "initial maps names to values, initial=dict(...): list does not", ModelError),
    # parameters
    (
        dict(parameters=dict(tau_w="100 mV")),
        "the parameter 'tau_w' is declared as a time (ms), but 100 mV is a voltage (mV)",
        UnitError,
    ),
    (dict(parameters=dict(c_m="200 PF")), "the parameter 'c_m': unknown unit 'PF'; did you mean 'pF'?", UnitError),
    (dict(parameters=dict(tau_w=float("nan"))), "the parameter 'tau_w' is NaN (not a number)", ModelError),
    (
        dict(parameters=dict(tau_w=True)),
        "the parameter 'tau_w' is True, but a number is expected, such as '5 ms'",
        ModelError,
    ),
    (
        dict(parameters=dict(tau_w="long")),
        "the parameter 'tau_w': 'long' is not a quantity: write a number and a unit, such as '200 pF' or '-50*mV'",
        UnitError,
    ),
    (dict(parameters=dict(tau_w="2*tau_m")), "the parameter 'tau_w' is '2*tau_m': unknown unit 'tau_m'", UnitError),
    (
        dict(parameters=dict(tau_w=np.ones((2, 3)))),
        "the parameter 'tau_w' has shape (2, 3), but one value, or one value a neuron (1-D), is expected",
        ModelError,
    ),
    (
        dict(parameters=dict(tau_w=[])),
        "the parameter 'tau_w' is an empty array: one value, or one value a neuron, is expected",
        ModelError,
    ),
    (
        dict(parameters=dict(tau_w=[1, [2, 3]])),
        "the parameter 'tau_w' is [1, [2, 3]], but a time (ms) is expected: write a number",
        UnitError,
    ),
    (
        dict(parameters=dict(tau_w=["5 ms", "5 mV"])),
        "the parameter 'tau_w' is given in mV, but a time (ms) is expected: write it in ms",
        UnitError,
    ),
    (
        dict(parameters=dict(tau_w=1j)),
        "the parameter 'tau_w' is 1j, but a time (ms) is expected: write a number",
        UnitError,
    ),
    (
        dict(parameters=dict(tau_w=None), equations=("tau_w : ms", "«tau_w : ms")),
        "the parameter 'tau_w' has no value: give it in parameters=dict(tau_w=...)",
        ModelError,
    ),
    (
        dict(parameters=dict(tau_u="5 ms")),
        "the parameter 'tau_u' is not used by the model; did you mean 'tau_w'?",
        ModelError,
    ),
    (
        dict(parameters=dict(v_tresh="5 mV", v_th=None), threshold="v > «v_th"),
        "unknown name 'v_th'; did you mean 'v_tresh'?",
        ModelError,
    ),
    (
        dict(parameters=dict(v="5 mV"), equations=("dv/dt", "«dv/dt")),
        "'v' is a state, not a parameter: give its first value in initial=dict(v=...)",
        ModelError,
    ),
    (
        dict(parameters=dict(i_ext="5 pA"), equations=("i_ext :", "«i_ext :")),
        "'i_ext' is an input, which comes from outside: leave out '(input)' to make it a parameter",
        ModelError,
    ),
    (dict(parameters={"tau m": 1}), "'tau m' is no name: use letters, digits and '_'", ModelError),
    # events
    (
        dict(events=dict(plateau="v > 0*mV")),
        "event 'plateau': write lq.Event(threshold=..., reset=...), not str",
        ModelError,
    ),
    (dict(events=["plateau"]), "events maps names to values, events=dict(...): list does not", ModelError),
    (
        dict(events=dict(plateau=Event("v > 0*mV", reset="v = «w"))),
        "what is assigned to 'v' is a current (pA), but a voltage (mV) is expected",
        UnitError,
    ),
    # ranges
    (
        dict(ranges=dict(c_m=("400 pF", "50 pF"))),
        "ranges: the lower end of 'c_m', 400 pF, is not below its upper end, 50 pF",
        ModelError,
    ),
    (
        dict(ranges=dict(cm=("50 pF", "400 pF"))),
        "ranges: 'cm' is no parameter of the model; did you mean 'c_m'?",
        ModelError,
    ),
    (dict(ranges=dict(v=("50 mV", "400 mV"))), "ranges: 'v' is no parameter of the model", ModelError),
    (
        dict(ranges=dict(c_m=("50 nS", "400 pF"))),
        "the range of 'c_m' is declared as a capacitance (pF), but 50 nS is a conductance (nS)",
        UnitError,
    ),
    (
        dict(ranges=dict(c_m="50 pF")),
        "ranges: 'c_m' is '50 pF', but a lower and an upper end are expected: (low, high)",
        ModelError,
    ),
    (
        dict(ranges=dict(c_m=(1, 2, 3))),
        "ranges: 'c_m' is (1, 2, 3), but a lower and an upper end are expected: (low, high)",
        ModelError,
    ),
    (
        dict(ranges=dict(c_m=("a", "b"))),
        "the range of 'c_m': 'a' is not a quantity: write a number and a unit, such as '200 pF' or '-50*mV'",
        UnitError,
    ),
    (dict(ranges=dict(c_m=(1, float("nan")))), "the range of 'c_m' is NaN (not a number)", ModelError),
    (dict(ranges=dict(c_m=([1, 2], 3))), "ranges: an end of 'c_m' is an array, but a number is expected", ModelError),
]


@pytest.mark.parametrize(("model", "message", "kind"), ALONE)
def test_model_is_refused(refuses, model, message, kind):
    refuses(model, message, kind)


@pytest.mark.parametrize(("changes", "message", "kind"), CHANGED)
def test_changed_model_is_refused(refuses, changed, changes, message, kind):
    refuses(changed(changes), message, kind)
