"""Impedances of neurons at rest: closed forms, and small sines and a chirp through simulations."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError
from lapicque.theory import linearise

#: A membrane with a current that follows the voltage slowly and opposes it.
RESONATOR = lq.Neuron(
    """
    dv/dt = (-g_l*v - g_1*x + i_ext)/c_m : mV
    dx/dt = (v - x)/tau_1 : mV
    i_ext : pA (input)
    """,
    parameters=dict(c_m="200 pF", g_l="5 nS", g_1="20 nS", tau_1="80 ms"),
    name="resonator",
)


def closed_form(f):
    turning = 2j * np.pi * np.asarray(f) / 1000
    return 1 / (5 + 20 / (1 + 80 * turning) + 200 * turning)  # 1/(nS) is GΩ; pF/ms is nS


def test_the_impedance_of_a_resonator():
    f = np.array([0, 0.5, 5, 50])
    assert linearise(RESONATOR).transfer(f) == pytest.approx(closed_form(f), rel=1e-12)
    assert linearise(RESONATOR).transfer("5 Hz").shape == ()
    slow = linearise(RESONATOR).transfer(f, "x")
    assert slow == pytest.approx(closed_form(f) / (1 + 0.16j * np.pi * f), rel=1e-12)


def test_where_it_rests_and_how_it_returns():
    found = linearise(RESONATOR, dict(i_ext="0.05 nA"))
    assert found.rest == pytest.approx([2, 2])
    assert found.matrix == pytest.approx(np.array([[-0.025, -0.1], [0.0125, -0.0125]]))
    assert found.drive == pytest.approx(np.array([[1 / 200], [0]]))
    trace, determinant = -0.0375, 0.025 * 0.0125 + 0.1 * 0.0125
    root = np.sqrt(complex(trace**2 / 4 - determinant))
    assert found.eigenvalues == pytest.approx([trace / 2 + root, trace / 2 - root])
    assert found.stable


def test_units_of_states_are_those_of_the_text():
    in_volts = lq.Neuron(
        "dv/dt = (-g_l*v + i_ext)/c_m : volt\ni_ext : nA (input)", parameters=dict(c_m="200 pF", g_l="10 nS")
    )
    assert linearise(in_volts, dict(i_ext=0.1)).rest == pytest.approx([0.01])
    assert linearise(in_volts).transfer(0) == pytest.approx(0.1)  # V/nA is GΩ


def test_hodgkin_huxley_answers_a_small_sine_as_its_linear_form():
    cell = lq.neurons.hodgkin_huxley
    found = linearise(cell)
    f = np.array([20.0, 60.0])
    net = lq.Network()
    cells = net.population(cell, 2, name="cells")
    amplitude = 0.01 * 0.2 / abs(found.transfer(0))  # pA, a hundredth of what moves it by 0.2 mV
    net.stimulate(cells, "i_ext", lq.stimuli.sine(amplitude * np.ones(2), f))
    net.record(cells, "v", every="0.1 ms")
    trace = lq.simulate(net, "600 ms", dt="0.01 ms", method="rk4", progress=False).traces["cells.v"]
    times, v = np.asarray(trace.times), trace.values
    late = (times >= 500) & (times < 599.95)
    for k, frequency in enumerate(f):
        wave = np.exp(-2j * np.pi * frequency * times[late] / 1000)
        found_amplitude = 2 * np.mean((v[late, k] - found.rest[0]) * wave) / amplitude
        assert found_amplitude * 1j == pytest.approx(found.transfer(frequency), rel=0.02)


def test_a_rest_that_is_not_stable_has_no_response():
    unstable = linearise(lq.neurons.morris_lecar, dict(i_ext="1200 pA"))
    assert not unstable.stable
    with pytest.raises(ModelError, match="not stable"):
        unstable.transfer(10)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: linearise(RESONATOR).transfer(1, "w"), "no state 'w'"),
        (lambda: linearise(RESONATOR).transfer(1, "v", "i"), "no input 'i'"),
        (lambda: linearise(RESONATOR, start=dict(u=1)), "no state 'u'"),
        (lambda: linearise(RESONATOR.with_(g_l=[1.0, 2.0])), "one value a neuron"),
        (lambda: linearise(lq.Neuron("dv/dt = sin(t/ms)/ms : 1")), "depends on 't'"),
        (lambda: linearise(lq.Neuron("x[n+1] = x/2 : 1")), "has no flow"),
        (lambda: linearise(lq.neurons.qif, dict(i_ext="500 pA")), "no fixed point of 'qif' found, i_ext = 500 pA"),
    ],
)
def test_what_cannot_be_is_refused(act, message):
    with pytest.raises(ModelError, match=message):
        act()


def test_a_rest_beyond_the_threshold_is_none():
    lif = lq.neurons.lif  # 200 pA hold it at its threshold
    assert linearise(lif, dict(i_ext=199)).rest == pytest.approx([-50.1])
    with pytest.raises(ModelError, match=r"'lif' does not rest, i_ext = 201: it fires before, at v > v_th"):
        linearise(lif, dict(i_ext=201))
    with pytest.raises(ModelError, match="fires before"):
        linearise(lif.with_(v_th="-80 mV", v_reset="-90 mV"))
    # a spike that changes nothing leaves the rest what it is
    assert linearise(lq.Neuron("dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1")).rest == pytest.approx([2])


def test_small_numbers_are_as_exact_as_large_ones():
    tiny = lq.Neuron("dx/dt = (1e-20 - x**2)/(1e-10*10*ms) : 1", initial=dict(x=5e-10))
    assert linearise(tiny).rest == pytest.approx([1e-10], rel=1e-9)
    assert linearise(tiny).matrix == pytest.approx(np.array([[-0.2]]), rel=1e-9)
