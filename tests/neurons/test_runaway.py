"""Exponential spikes under every scheme: whatever happens above the peak within a step, the neuron goes on."""

import numpy as np
import pytest

from lapicque import neurons, simulate


@pytest.mark.parametrize("neuron", [neurons.adex, neurons.eif], ids=lambda neuron: neuron.name)
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("method", ["rk2", "rk4", "heun", "milstein"])
def test_spikes_of_any_sharpness_end(neuron, precision, method):
    sharpness = np.array([0.05, 0.2, 2.0, 5.0])  # exp(70/0.05) overflows float64, exp(70/0.2) float32
    given = dict(inputs=dict(i_ext=900.0), precision=precision, record=list(neuron.states))
    sharp = neuron.with_(delta_t=sharpness)
    answer = simulate(sharp, "200 ms", method=method, **given)
    expected = simulate(sharp, "200 ms", method="euler", **given)
    assert np.all(expected.spikes.counts > 5)
    assert np.all(np.abs(answer.spikes.counts / expected.spikes.counts - 1) < 0.1)
    for name, trace in expected.traces.items():
        reached = np.abs(trace.values).max(axis=0)
        assert np.all(np.abs(answer.traces[name].values).max(axis=0) < 1.1 * reached), name
