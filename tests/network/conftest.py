"""A small network, and a check of what is refused."""

import pytest

import lapicque as lq


@pytest.fixture
def net():
    """Two populations that spike, one of rate units, and a list of spikes."""
    made = lq.Network()
    made.population(lq.neurons.lif, 8, name="exc")
    made.population(lq.neurons.adex, 4, name="inh")
    rate = lq.Neuron("dx/dt = -x/(5*ms) : 1\ni : 1 (input)", output="x", name="rate")
    made.population(rate, 3, name="rate")
    made.spikes([[1, 2], [3]], name="input")
    return made


@pytest.fixture
def refusing():
    """Check that a call is refused with an error of exactly this kind and message."""

    def check(kind, message, function, *arguments, **keywords):
        with pytest.raises(kind) as found:
            function(*arguments, **keywords)
        assert type(found.value) is kind
        assert getattr(found.value, "summary", str(found.value)) == message

    return check
