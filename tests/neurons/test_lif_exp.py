"""The LIF with an exponential synaptic current: the postsynaptic potential in closed form."""

import numpy as np
import pytest

from lapicque.neurons import lif, lif_exp
from lapicque.simulation import simulate

TAU_M, TAU_SYN, C_M = 20.0, 5.0, 200.0


def test_postsynaptic_potential_is_a_difference_of_exponentials():
    response = simulate(lif_exp, 100, dt=0.1, initial=dict(i_syn="100 pA"), record=["v", "i_syn"], method="exact")
    t = response.traces["v"].times
    rise = TAU_M * TAU_SYN / (TAU_M - TAU_SYN) / C_M
    expected = -70 + 100 * rise * (np.exp(-t / TAU_M) - np.exp(-t / TAU_SYN))
    np.testing.assert_allclose(response.traces["v"].values[:, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(response.traces["i_syn"].values[:, 0], 100 * np.exp(-t / TAU_SYN), rtol=1e-12)


@pytest.mark.parametrize("tau_syn", [20.0, 20.0 * (1 + 1e-9)])
def test_equal_time_constants_have_the_limit(tau_syn):
    """Where tau_syn is tau_m the potential is t/c_m exp(-t/tau): the quotient above would be 0/0."""
    neuron = lif_exp.with_(tau_syn=tau_syn)
    response = simulate(neuron, 100, dt=0.1, initial=dict(i_syn="50 pA"), record="v", method="exact")
    t = response.traces["v"].times
    np.testing.assert_allclose(response.traces["v"].values[:, 0], -70 + 50 * t / C_M * np.exp(-t / TAU_M), rtol=1e-9)


def test_without_synapses_it_is_the_lif(spike_times):
    with_synapse = spike_times(lif_exp, 350, 500, dt=0.1, method="exact")
    np.testing.assert_array_equal(with_synapse, spike_times(lif, 350, 500, dt=0.1, method="exact"))


def test_a_strong_postsynaptic_current_makes_it_fire(spike_times):
    assert len(spike_times(lif_exp, 0, 50, dt=0.1, initial=dict(i_syn="300 pA"))) == 0
    assert len(spike_times(lif_exp, 0, 50, dt=0.1, initial=dict(i_syn="2000 pA"))) >= 1
