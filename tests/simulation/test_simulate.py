"""Runs of populations: what comes back, whatever the chunks and blocks they are cut into."""

import numpy as np
import pytest

from lapicque import Neuron, neurons, simulate
from lapicque.compile.blocks import CHUNK
from lapicque.units import pA, pF

COUNTER = Neuron("x[n+1] = x + u : 1\nu : 1 (input)", threshold="u > 0 and x >= 3", reset="x = 0", name="counter")
STEPS = 2 * CHUNK + 77


@pytest.fixture(scope="module")
def counted():
    """A counter that runs over three chunks, and the numbers that it shows."""
    u = np.random.default_rng(1).integers(0, 2, STEPS).astype(float)
    x, shown, spikes = 0, [], []
    for k in range(STEPS):
        shown.append(x)
        x += u[k]
        if u[k] > 0 and x >= 3:
            spikes.append(k)
            x = 0
    return u, np.array(shown), spikes


@pytest.mark.parametrize("every", [1, 7, 100, CHUNK - 1, CHUNK, CHUNK + 1, STEPS - 1, STEPS, 3 * STEPS])
def test_chunks_leave_no_seams(counted, every):
    u, shown, spikes = counted
    answer = simulate(COUNTER, STEPS, dt=1, inputs=dict(u=u), record=["x", "u"], every=every, progress=False)
    assert np.array_equal(answer.traces["x"].values[:, 0], shown[::every])
    assert np.array_equal(answer.traces["u"].values[:, 0], u[::every])
    assert np.array_equal(answer.traces["x"].times, np.arange(0, STEPS, every))
    assert answer.spikes.times.tolist() == spikes


def test_names_may_be_recorded_twice(counted):
    answer = simulate(COUNTER, 50, dt=1, inputs=dict(u=counted[0][:50]), record=("x", "x"), reference=True)
    assert np.array_equal(answer.traces["x"].values[:, 0], counted[1][:50])


def test_variables_come_back_in_their_own_units():
    neuron = Neuron(
        "dv/dt = (i_ext - g*v)/c : volt\ni_ext : nA (input)\nscaled = 2*v : uV",
        parameters=dict(g="10 nS", c="1 pF"),
        initial=dict(v="1 mV"),
    )
    answer = simulate(neuron, "1 ms", inputs=dict(i_ext="20 pA"), record=["v", "scaled", "i_ext"])
    assert answer.traces["v"].values[0, 0] == pytest.approx(1e-3)
    assert answer.final["v"][0] == pytest.approx(2e-3 - 1e-3 * np.exp(-10))
    assert answer.traces["scaled"].values[0, 0] == pytest.approx(2000)
    assert answer.traces["i_ext"].values[0, 0] == pytest.approx(0.02)


def test_the_number_of_neurons_follows_from_any_array():
    lif = neurons.lif
    for options in (
        dict(n=3),
        dict(initial=dict(v=[-70.0, -60.0, -55.0])),
        dict(inputs=dict(i_ext=np.zeros((1, 3)))),
        dict(inputs=dict(i_ext=np.zeros((20, 3)) * pA)),
        dict(inputs=dict(i_ext=np.zeros(20)), n=3),
    ):
        assert simulate(lif, "2 ms", record="v", **options).traces["v"].values.shape == (20, 3)
    assert simulate(lif.with_(c_m=np.array([1.0, 2, 3]) * pF), "2 ms", record="v").traces["v"].values.shape == (20, 3)
    assert simulate(lif.with_(c_m=np.array([1.0]) * pF), "2 ms", n=2).spikes.shape == (1, 2)


def test_repr_says_what_ran():
    answer = simulate(neurons.lif, "100 ms", inputs=dict(i_ext=500 * pA), record="v", seed=3)
    shown = repr(answer)
    for part in ("spikes in 100 ms", "traces of v", "dt 0.1 ms", "exact", "float64", "seed 3", "trial 0"):
        assert part in shown
    assert repr(answer.traces["v"]) == "Trace(v, 1000 samples every 0.1 ms x 1 neurons, mV)"


def test_a_neuron_without_a_threshold_has_no_spikes():
    answer = simulate(Neuron("dx/dt = -x/ms : 1", initial=dict(x=1)), "1 ms")
    assert repr(answer).startswith("Response(no events; dt 0.1 ms, exact")
    with pytest.raises(KeyError, match="no threshold="):
        _ = answer.spikes


def test_an_input_that_is_not_given_is_0_and_can_be_recorded():
    answer = simulate(neurons.lif, "5 ms", record=["v", "i_ext"])
    assert not answer.traces["i_ext"].values.any()
    assert np.array_equal(answer.final["v"], simulate(neurons.lif, "5 ms", inputs=dict(i_ext=np.zeros(50))).final["v"])
