"""Every scheme means the same on every backend, whatever the threads, the blocks and the other neurons."""

import numpy as np
import pytest

from lapicque import Neuron, neurons, simulate
from lapicque.compile.schemes import SCHEMES
from lapicque.errors import SchemeError
from lapicque.model import Event

#: Schemes for which rk4 (several stages) and exact (exponentials) stand in the suite; all run with the crosschecks.
SIMILAR = {"heun", "rk2", "milstein", "exponential_euler"}
#: A model that no leaf has: two gates, an algebraic current, a second event, noise, a hazard and a discrete map.
INVENTED = Neuron(
    """
    dv/dt = (g_l*(e_l - v) - i_h + i_ext)/c_m + sigma*xi/tau_v**0.5 : mV (unless refractory)
    dm/dt = (m_inf - m)/tau_m : 1
    dh/dt = (1/(1 + exp((v - v_h)/k_h)) - h)/tau_h : 1
    count[n+1] = count*0.99 + slow*where(v > v_h and t > 5*ms, 1, 0) : 1
    slow : 1
    i_h = g_h*m*h*(v - e_h) : pA
    m_inf = sigmoid((v - v_m)/k_m) : 1
    i_ext : pA (input)
    sigma : mV
    """,
    threshold="v > v_th and count >= 0",
    reset="v = v_reset + 2*mV*rand(); h *= 0.5",
    refractory="h < 0.2 or v > v_th",
    events=dict(
        plateau=Event("v > e_l + 5*mV", reset="slow += 1; m = clip(m + 0.01, 0, 1)", refractory="3*ms"),
        rare=Event("hazard(50*Hz*(1 + tanh(slow)))", reset="slow = 0"),
    ),
    parameters=dict(
        c_m="100 pF", g_l="8 nS", e_l="-68 mV", g_h="3 nS", e_h="-90 mV", v_m="-50 mV", k_m="4 mV", v_h="-60 mV",
        k_h="5 mV", tau_m="4 ms", tau_h="12 ms", tau_v="20 ms", v_th="-52 mV", v_reset="-62 mV", sigma=[1.0, 1.5, 2.0],
    ),
    initial=dict(v="e_l", m="m_inf", h=0.8, slow=0),
    name="invented",
)  # fmt: skip


#: The noise out of it, for schemes that have none; and linear but for its threshold.
def changed(name, *changes):
    equations = INVENTED.equations
    for old, new in changes:
        assert old in equations
        equations = equations.replace(old, new)
    return INVENTED.with_(equations=equations, name=name)


QUIET = changed("quiet", (" + sigma*xi/tau_v**0.5", ""))
LINEAR = changed(
    "linear",
    ("sigma*xi/tau_v**0.5", "0*sigma/tau_v"),
    ("g_h*m*h*(v - e_h)", "g_h*(m - h)*k_h"),
    ("1/(1 + exp((v - v_h)/k_h))", "0.5"),
    ("sigmoid((v - v_m)/k_m)", "0.1*(v - v_m)/k_m"),
)

CURRENTS = np.geomspace(20, 5000, 3)  # pA: one of them makes each neuron of the catalogue fire


def run(neuron, steps=800, **options):
    dt, noise = 0.05, np.random.default_rng(3).standard_normal((steps, 1))
    i_ext = CURRENTS * (1 + 0.3 * noise) * (np.arange(steps) < 0.75 * steps)[:, None]
    names = [*neuron.states, *neuron.algebraic, *neuron.inputs]
    given = {"inputs": dict.fromkeys(neuron.inputs, i_ext), "record": names, "seed": 2, **options}
    return simulate(neuron, steps * dt, dt=dt, progress=False, **given)


def assert_equal(ours, reference, rtol):
    assert ours.scheme == reference.scheme
    assert ours.events == reference.events
    for name, trace in reference.traces.items():
        size = np.abs(trace.values).max()
        np.testing.assert_allclose(ours.traces[name].values, trace.values, rtol=rtol, atol=rtol * size, err_msg=name)
    for name, values in reference.final.items():
        size = np.abs(values).max()
        np.testing.assert_allclose(ours.final[name], values, rtol=rtol, atol=rtol * size, err_msg=name)


def accepted(method):
    """Three neurons that a scheme integrates, the invented one where it can be, the catalogue from both ends."""
    catalogue = [getattr(neurons, name) for name in neurons.__all__]
    candidates = [INVENTED, QUIET, LINEAR, catalogue[0], catalogue[-1], *catalogue[1:]]
    found = []
    for neuron in candidates:
        try:
            simulate(neuron, 0.1, dt=0.1, method=method, reference=True)
        except SchemeError:
            continue
        found.append(neuron)
        if len(found) == 3:
            return found
    raise AssertionError(f"{method} integrates {len(found)} neurons only")


@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=[pytest.mark.crosscheck] * (name in SIMILAR)) for name in SCHEMES]
)
def test_compiled_schemes_do_what_the_interpreter_does(method):
    for neuron in accepted(method):
        reference = run(neuron, 500, method=method, reference=True)
        assert sum(trains.counts.sum() for trains in reference.events.values()) > 0
        assert_equal(run(neuron, 500, method=method), reference, 1e-12)


@pytest.mark.parametrize(
    ("neuron", "precision"),
    [
        *(pytest.param(neuron, "float64", id=f"{neuron.name}-float64") for neuron in (INVENTED, QUIET, LINEAR)),
        pytest.param(INVENTED, "float32", id="invented-float32"),
        *(
            pytest.param(neuron, "float32", id=f"{neuron.name}-float32", marks=pytest.mark.crosscheck)
            for neuron in (QUIET, LINEAR)
        ),
    ],
)
def test_an_invented_model_in_both_precisions(neuron, precision):
    reference = run(neuron, precision=precision, reference=True)
    assert all(reference.events[name].counts.sum() > 2 for name in ("spike", "plateau", "rare"))
    assert_equal(run(neuron, precision=precision), reference, 1e-12 if precision == "float64" else 1e-6)
    assert all(trace.values.dtype == precision for trace in run(neuron, precision=precision).traces.values())


@pytest.mark.parametrize("name", ["adex", "gif", "hodgkin_huxley"])
def test_single_precision_is_near_double_precision(name):
    neuron = getattr(neurons, name)
    single, double = (run(neuron, precision=p, inputs={"i_ext": 20.0}) for p in ("float32", "float64"))
    for state in neuron.states:
        expected = double.traces[state].values
        np.testing.assert_allclose(single.traces[state].values, expected, atol=1e-4 * np.abs(expected).max())


@pytest.fixture(scope="module", params=["float64", "float32"])
def many(request):
    """200 invented neurons, noise, hazards and inputs of their own; and how to run some of them."""
    i_ext = np.random.default_rng(5).normal(300, 100, (1, 200))

    def some(size, **options):
        neuron = INVENTED.with_(sigma=np.linspace(0.5, 2, 200)[:size])
        return run(neuron, precision=request.param, inputs=dict(i_ext=i_ext[:, :size]), **options)

    return some, some(200, threads=1)


@pytest.mark.parametrize("threads", [2, 3, None])
def test_threads_do_not_change_a_bit(many, threads):
    some, expected = many
    assert_equal(some(200, threads=threads), expected, 0)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 128, 199])
def test_blocks_do_not_change_a_neuron(many, size):
    some, expected = many
    answer = some(size)
    for event, trains in answer.events.items():
        for ours, others in zip(trains.to_lists(), expected.events[event].to_lists()[:size], strict=True):
            np.testing.assert_array_equal(ours, others)
    for name, trace in answer.traces.items():
        np.testing.assert_array_equal(trace.values, expected.traces[name].values[:, :size], err_msg=name)
    for name, values in answer.final.items():
        np.testing.assert_array_equal(values, expected.final[name][:size])
