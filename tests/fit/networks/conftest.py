import pytest

import lapicque as lq
from lapicque.units import mV, pA


@pytest.fixture(scope="session")
def network():
    """Return 20 excitatory and 5 inhibitory cells with noise."""
    net = lq.Network()
    exc = net.population(lq.neurons.izhikevich, 20, name="exc")
    inh = net.population(lq.neurons.izhikevich, 5, name="inh", a="0.1 1/ms", d=2)
    net.connect(exc, inh, on_pre="v += w", where=lq.fixed_probability(0.5), w=3 * mV, delay="1 ms")
    net.connect(inh, exc, on_pre="v += w", where=lq.fixed_in_degree(2), w=-2 * mV, delay="1 ms")
    for population in (exc, inh):
        noise = lq.stimuli.white_noise(2 * pA, 6 * pA, tau="1 ms")
        net.stimulate(population, "i_ext", noise, name=f"{population.name}_noise")
        net.record(population, "spikes")
    return net


RUN = dict(dt="0.5 ms", method="euler")


@pytest.fixture(scope="session")
def run():
    """Return how that network is run."""
    return RUN


@pytest.fixture(scope="session")
def data(network):
    """Return half a second of its spikes, with another seed than problems have."""
    return lq.simulate(network, "500 ms", seed=7, **RUN).spikes


@pytest.fixture(scope="session")
def problem(network, data):
    """Return the problem of finding two of its numbers again."""
    free = {"exc->inh.w": (0, 8), "exc->inh.where.p": (0.0, 1.0)}
    return lq.fit.NetworkProblem(network, data, free, lq.fit.PopulationStatistics(), seed=1, **RUN)
