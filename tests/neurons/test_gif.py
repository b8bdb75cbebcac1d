"""The GIF: its escape rate at and around the threshold, adaptation, reproducible noise."""

import math

import numpy as np
import pytest

from lapicque.neurons import gif
from lapicque.simulation import simulate

#: No memory of earlier spikes: a Poisson process with a dead time.
PLAIN = gif.with_(q_eta_1=0, q_eta_2=0, q_gamma_1=0, q_gamma_2=0, v_reset="-50 mV", e_l="-50 mV", v_th="-50 mV",
                  lambda_0="20 Hz", t_ref="0 ms")  # fmt: skip


@pytest.mark.parametrize(("excess", "t_ref"), [(0.0, 0.0), (0.0, 10.0), (1.4, 5.0), (-1.4, 0.0)])
def test_escape_rate(excess, t_ref):
    """Rate lambda_0 exp((v - v_th)/delta_v) at a constant voltage, with the dead time between spikes."""
    neuron = PLAIN.with_(e_l=-50 + excess, v_reset=-50 + excess, t_ref=t_ref)
    response = simulate(neuron, 20_000, dt=0.1, n=100, seed=11, initial=dict(v=-50 + excess))
    hazard = 20 * math.exp(excess / 1.4)
    expected = 1000 / (1000 / hazard + t_ref)
    count = response.spikes.counts.sum()
    assert count / (100 * 20) == pytest.approx(expected, abs=4 * math.sqrt(count) / (100 * 20))


def test_intervals_at_a_constant_voltage_are_exponential():
    response = simulate(PLAIN, 20_000, dt=0.1, n=100, seed=12)
    intervals = np.concatenate([np.diff(times) for times in response.spikes.to_lists()])
    assert intervals.std() / intervals.mean() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(intervals[:-1], intervals[1:])[0, 1] == pytest.approx(0, abs=0.02)


def test_probability_of_a_step_does_not_pass_one(rates):
    """Far above threshold it fires in every step that it is free."""
    (found,) = rates(
        gif.with_(t_ref="5 ms", delta_v="0.01 mV", q_gamma_1=0, q_gamma_2=0), [9000], 300, dt=0.1, seed=1, skip=50
    )
    assert found == pytest.approx(200, rel=1e-6)


def test_firing_adapts():
    response = simulate(gif, 3000, dt=0.1, inputs={"i_ext": 250}, n=200, seed=13)
    early = response.spikes.window(0, 100).rate().mean()
    late = response.spikes.window(2000, 3000).rate().mean()
    assert early == pytest.approx(30, rel=0.1)
    assert late == pytest.approx(17, rel=0.1)


def test_rates_are_those_of_a_cortical_cell(rates):
    """The fitted cell of the paper is silent at rest and fires some ten spikes a second for 150 to 400 pA."""
    found = rates(gif, [0, 150, 250, 400], 5000, dt=0.1, seed=14, skip=1000)
    assert found[0] == 0
    np.testing.assert_allclose(found[1:], [7, 17, 28], rtol=0.2)


def test_noise_is_reproducible():
    options = dict(dt=0.1, inputs={"i_ext": 250}, n=5)
    first = simulate(gif, 500, seed=1, **options)
    assert simulate(gif, 500, seed=1, **options).spikes == first.spikes
    assert simulate(gif, 500, seed=2, **options).spikes != first.spikes
    assert simulate(gif, 500, seed=1, trial=1, **options).spikes != first.spikes
