"""Equations as LaTeX: exact texts, and that a typesetter reads them."""

import pytest
from matplotlib.mathtext import MathTextParser

from lapicque.model.equations import parse_equations
from lapicque.model.latex import equation_to_latex, name_to_latex


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("v", "v"), ("tau_m", r"\tau_{\mathrm{m}}"), ("delta_t", r"\delta_{\mathrm{t}}"), ("Delta", r"\Delta"),
        ("v_th_2", r"v_{\mathrm{th,2}}"), ("mV", r"\mathrm{mV}"), ("area", r"\mathrm{area}"), ("_x", "x"),
        ("omega", r"\omega"), ("Ge", r"\mathrm{Ge}"),
    ],
)  # fmt: skip
def test_names(name, latex):
    assert name_to_latex(name) == latex


EQUATIONS = [
    ("a - (b + c) - (d - e)", r"a - \left(b + c\right) - \left(d - e\right)"),
    ("a + (b + c)", r"a + b + c"),
    ("(a + b)*c/d", r"\frac{\left(a + b\right) \, c}{d}"),
    ("-(a + b)**2", r"-\left(a + b\right)^{2}"),
    ("a**b**c", r"a^{b^{c}}"),
    ("(a**b)**c", r"\left(a^{b}\right)^{c}"),
    ("exp(a)**2", r"\left(e^{a}\right)^{2}"),
    ("a*-b", r"a \, \left(-b\right)"),
    ("2.5e-05*a", r"2.5 \cdot 10^{-5} \, a"),
    ("sqrt(abs(a))", r"\sqrt{\left|a\right|}"),
    ("exprel(a)", r"\operatorname{exprel}\left(a\right)"),
    ("tanh(a) % b", r"\tanh\left(a\right) \bmod b"),
    ("where(a > b and (c >= d or not e < a), a, 0)",
     r"\operatorname{where}\left(a > b \wedge \left(c \geq d \vee \neg \left(e < a\right)\right), a, 0\right)"),
    ("max(a) - mean(b, by=layer)", r"\max\left(a\right) - \operatorname{mean}_{\mathrm{layer}}\left(b\right)"),
    ("where(a != b, 1, 2)", r"\operatorname{where}\left(a \neq b, 1, 2\right)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "latex"), EQUATIONS)
def test_expressions(text, latex):
    (equation,) = parse_equations(f"x = {text} : 1")
    assert equation_to_latex(equation) == f"x &= {latex}"


@pytest.mark.parametrize("latex", [latex for _, latex in EQUATIONS])
def test_a_typesetter_reads_them(latex):
    assert MathTextParser("path").parse(f"${latex.replace('bmod', 'mathrm{mod}')}$").width > 0


def test_kinds_of_equations():
    text = "dv/dt = -v : 1\nx[n+1] = x[n] : 1"
    derivative, step = map(equation_to_latex, parse_equations(text))
    assert derivative == r"\frac{\mathrm{d}v}{\mathrm{d}t} &= -v"
    assert step == "x[n+1] &= x[n]"
