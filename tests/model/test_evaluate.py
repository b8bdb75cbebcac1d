"""Expressions: NumPy on the syntax tree and SymPy's conversion of it mean the same; functions at their edges."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from lapicque.model import Neuron
from lapicque.model.equations import parse_expression
from lapicque.model.evaluate import evaluate
from lapicque.model.hybrid import Hybrid
from lapicque.model.symbols import symbol

X, Y = 0.7, -1.3


def joined(*operators):
    return lambda inner: st.tuples(inner, st.sampled_from(operators), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")


def called(*names):
    return lambda inner: st.tuples(st.sampled_from(names), inner).map(lambda p: f"{p[0]}({p[1]})")


leaves = st.sampled_from(["x", "y", "2", "0.5", "1e-1", "pi"])
numbers = st.recursive(
    leaves,
    lambda inner: st.one_of(
        joined("+", "-", "*")(inner),
        called("tanh", "sin", "cos", "abs", "sigmoid", "floor", "ceil", "sign", "arctan", "-")(inner),
        st.tuples(inner, inner).map(lambda p: f"min({p[0]}, {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"max({p[0]}, {p[1]}, 0.25)"),
        inner.map(lambda text: f"({text})**2"),
        st.tuples(inner, inner).map(lambda p: f"where({p[0]} > {p[1]} + 0.01 and not {p[1]} > 3, {p[1]}, {p[0]})"),
    ),
    max_leaves=12,
)

PLAIN = {
    **{name: getattr(math, name) for name in ("tanh", "sin", "cos", "floor", "ceil", "pi")}, "arctan": math.atan,
    "abs": abs, "min": min, "max": max, "sign": lambda x: (x > 0) - (x < 0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "where": lambda condition, a, b: a if condition else b,
}  # fmt: skip


@given(numbers)
def test_numpy_evaluates_what_the_text_says(text):
    expected = eval(text, {"__builtins__": {}}, {**PLAIN, "x": X, "y": Y})
    found = evaluate(parse_expression(text, "test"), {"x": X, "y": Y})
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(numbers)
def test_sympy_keeps_the_meaning(text):
    neuron = Neuron(f"dv/dt = ({text})/(1*ms) : 1\nx : 1\ny : 1", parameters=dict(x=X, y=Y))
    flow = Hybrid.of(neuron).flow[symbol("v")]
    modules = [
        {
            "where": np.where, "minimum": np.minimum, "maximum": np.maximum, "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
            "sign": np.sign, "floor": np.floor, "ceil": np.ceil,
        },
        "numpy",
    ]  # fmt: skip
    found = sp.lambdify([symbol("x"), symbol("y")], flow, modules)(X, Y)
    expected = eval(text, {"__builtins__": {}}, {**PLAIN, "x": X, "y": Y})
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("exprel(0)", 1.0),
        ("exprel(1e-9)", 1.0000000005),
        ("exprel(2)", (math.exp(2) - 1) / 2),
        ("exprel(-700)", 1 / 700),
        ("expm1(1e-12)", 1e-12),
        ("log1p(1e-12)", 1e-12),
        ("round(2.5)", 2.0),
        ("round(3.5)", 4.0),
        ("int(-2.7)", -2.0),
        ("int(x > 0)", 1.0),
        ("clip(x, 0, 0.5)", 0.5),
        ("-50*mV/volt", -0.05),
        ("7 % 4", 3.0),
        ("-1 % 4", 3.0),
        ("e + inf", math.inf),
    ],
)
def test_functions_at_their_edges(text, value):
    assert evaluate(parse_expression(text, "test"), {"x": X}) == pytest.approx(value, rel=1e-13)


def test_arrays_are_taken_element_by_element():
    text = "where(x > 0 and not (x > 2 or y > 0), exprel(x), min(x, y, 3))"
    found = evaluate(parse_expression(text, "test"), {"x": np.array([0.0, 1.0, 5.0]), "y": -1.0})
    np.testing.assert_allclose(found, [-1.0, math.e - 1, -1.0])
