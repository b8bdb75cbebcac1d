"""Models that nobody wrote: random equations mean the same to the interpreter and to compiled code."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapicque import Neuron, simulate
from lapicque.errors import SchemeError, SimulationError
from lapicque.model import Event

NAMES = ["x", "y", "z", "p", "q", "u", "w", "t/ms", "dt/ms", "i", "N"]
NUMBERS = ["0.5", "2", "3", "1e-3", "-1.25", "pi"]
UNARY = ["exp(-abs({}))", "tanh({})", "sin({})", "cos({})", "sqrt(abs({}))", "log(1 + abs({}))", "abs({})", "sign({})",
         "exprel(clip({}, -5, 5))", "floor({})", "ceil({})", "round({})", "int({})", "sigmoid({})", "arctan({})",
         "({})**2", "1/(1 + ({})**2)", "expm1(tanh({}))", "cosh(tanh({}))", "log1p(abs({}))"]  # fmt: skip
BINARY = ["({} + {})", "({} - {})", "({} * {})", "min({}, {})", "max({}, {})", "({} / (2 + abs({})))",
          "({} % (3 + abs({})))"]  # fmt: skip
CONDITIONS = ["{} > {}", "{} <= {}", "not ({} > {})", "{} > {} and t > 3*ms", "{} < {} or not_refractory"]


def expressions(depth=3, names=NAMES):
    leaves = st.sampled_from(names + NUMBERS)
    if depth == 0:
        return leaves
    inner = expressions(depth - 1, names)
    conditions = st.builds(str.format, st.sampled_from(CONDITIONS), inner, inner)
    return st.one_of(
        leaves,
        st.builds(str.format, st.sampled_from(UNARY), inner),
        st.builds(str.format, st.sampled_from(BINARY), inner, inner),
        st.builds("where({}, {}, {})".format, conditions, inner, inner),
    )


@st.composite
def models(draw):
    bounded = expressions().map("tanh({})".format)
    noise = draw(st.sampled_from(["", f" + 0.1*{draw(expressions(1))}*xi/ms**0.5", " + 0.1*xi_b/ms**0.5"]))
    linear = draw(st.booleans())
    x = "(0.3*y - x + u)" if linear else f"({draw(bounded)} - x)"
    return Neuron(
        f"""
        dx/dt = {x}/(3*ms){noise} : 1 (unless refractory)
        dy/dt = ({draw(bounded)} - y*{"1" if linear else "(1 + abs(x))"})/(5*ms) : 1
        z[n+1] = 0.5*z + {draw(bounded)} : 1
        w = {draw(expressions(2, ["x", "y", "z", "p", "u"]))} : 1
        u : 1 (input)
        p : 1
        q : 1
        """,
        threshold=draw(
            st.sampled_from(["x > 0.3", "hazard(abs(x)/(4*ms)) and y > -0.2", f"x + {draw(bounded)} > 0.8"])
        ),
        reset=f"x = {draw(bounded)}; z += {draw(bounded)}",
        refractory=draw(st.sampled_from(["2*ms", "(1 + abs(p))*ms", "y > 0"])),
        events=dict(other=Event(f"{draw(bounded)} > 0.4", reset=f"y -= 0.1*{draw(bounded)}", refractory="3*ms")),
        parameters=dict(p=[0.7, -0.2, 1.5], q=0.31),
        initial=dict(x=[0.1, -0.4, 0.2], y=0.3, z=-0.2),
        name="invented",
    )


@pytest.mark.crosscheck
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    neuron=models(),
    method=st.sampled_from([None, "euler", "rk2", "rk4", "heun", "milstein", "exponential_euler", "exact"]),
    precision=st.sampled_from(["float64", "float32"]),
)
def test_random_models_mean_the_same(neuron, method, precision):
    u = np.sin(np.arange(60))[:, None] * [1.0, 0.5, -1.0]

    def run(reference):
        given = dict(inputs=dict(u=u), record=["x", "y", "z", "w"], seed=4, progress=False)
        return simulate(neuron, 30, dt=0.5, method=method, precision=precision, reference=reference, **given)

    try:
        expected = run(True)
    except (SchemeError, SimulationError) as reason:
        with pytest.raises(type(reason)):
            run(False)
        return
    found = run(False)
    assert found.events == expected.events
    rtol = 1e-12 if precision == "float64" else 1e-5
    for name, trace in expected.traces.items():
        np.testing.assert_allclose(found.traces[name].values, trace.values, rtol=rtol, atol=rtol, err_msg=name)
