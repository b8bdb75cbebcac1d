import numpy as np
import pytest

import lapicque as lq
from lapicque.fit.sources import find_model


@pytest.fixture(scope="session")
def bursty(user_file):
    return find_model(f"{user_file}:bursty")


@pytest.fixture(scope="session")
def noisy_current():
    """An Ornstein-Uhlenbeck current: (sample,), pA, as `seed` and `samples` say, 0.1 ms apart."""

    def make(samples, seed=1, mean=300.0, sd=150.0, tau=5.0):
        random = np.random.default_rng(seed)
        decay = np.exp(-0.1 / tau)
        steps = sd * np.sqrt(1 - decay**2) * random.standard_normal(samples)
        found = np.empty(samples)
        x = 0.0
        for k in range(samples):
            x = decay * x + steps[k]
            found[k] = x
        return mean + found

    return make


@pytest.fixture(scope="session")
def spikes_of():
    """The spikes of a neuron that is driven by a current."""

    def run(neuron, current, **more):
        return lq.simulate(neuron, len(current) * 0.1, inputs={"i_ext": current}, progress=False, **more).spikes

    return run
