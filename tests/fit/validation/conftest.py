import pytest

import lapicque as lq
from lapicque.units import ms, mV, pA


@pytest.fixture(scope="session")
def network():
    """Return 100 excitatory and 25 inhibitory cells with noise."""

    def make(neuron=lq.neurons.izhikevich, sd=5.0, mean=0.0, w=2.0):
        net = lq.Network()
        exc = net.population(neuron, 100, name="exc")
        inh = net.population(neuron, 25, name="inh")
        for target in (exc, inh):
            for source, weight in ((exc, w), (inh, -w)):
                net.connect(
                    source, target, on_pre="v += w", w=weight * mV, delay=1 * ms, where=lq.fixed_probability(0.3)
                )
            noise = lq.stimuli.white_noise(mean * pA, sd * pA, tau=1 * ms)
            net.stimulate(target, "i_ext", noise, name=f"{target.name}_noise")
            net.record(target, "spikes")
        return net

    return make


RUN = dict(dt=0.5 * ms, method="euler", threads=1)


@pytest.fixture(scope="session")
def runs():
    """Return runs of a network, each with a wiring and noise of its own."""

    def make(net, seeds, duration=2000 * ms):
        return [dict(lq.simulate(net, duration, seed=s, wiring_seed=s, **RUN).spikes) for s in seeds]

    return make


@pytest.fixture(scope="session")
def model(network, runs):
    """Return 12 runs of the network."""
    return runs(network(), range(100, 112))


@pytest.fixture(scope="session")
def data(network, runs):
    """Return another run of the same network."""
    return runs(network(), [1])
