"""Spike times and intervals of a response, as the literature counts them."""

import numpy as np
import pytest

from lapicque.simulation import simulate


@pytest.fixture
def spike_times():
    """Return the spike times in ms of neuron ``i`` of a neuron driven by a current in pA."""

    def run(neuron, current, duration=None, *, dt, **options):
        current = np.asarray(current, dtype=float)
        duration = len(current) * dt if current.ndim else duration
        response = simulate(neuron, duration, dt=dt, inputs={"i_ext": current}, **options)
        return response.spikes.to_lists()[0]

    return run


@pytest.fixture
def rates():
    """Return the rate in Hz of the last intervals for each of several constant currents in pA, 0 where it is silent."""

    def run(neuron, currents, duration, *, dt, skip=0.0, **options):
        currents = np.asarray(currents, dtype=float)
        response = simulate(neuron, duration, dt=dt, inputs={"i_ext": currents[None, :]}, n=len(currents), **options)
        trains = [times[times >= skip] for times in response.spikes.to_lists()]
        return np.array([1000 / np.diff(times).mean() if len(times) > 1 else 0.0 for times in trains])

    return run


@pytest.fixture
def steps():
    """Return a current of several constant pieces: (pA, ms), (pA, ms) ... sampled every ``dt`` ms."""

    def make(*pieces, dt):
        return np.concatenate([np.full(round(duration / dt), current, dtype=float) for current, duration in pieces])

    return make
