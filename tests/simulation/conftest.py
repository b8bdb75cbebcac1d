"""Seven small networks, whose runs must not depend on threads, batches, or a break in between."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.units import Hz, ms, mV, nS, pA, pF, um

CUBA = lq.Neuron(
    "dv/dt = (v_rest - v + g_e + g_i)/tau_m : mV (unless refractory)\ndg_e/dt = -g_e/tau_e : mV\n"
    "dg_i/dt = -g_i/tau_i : mV",
    threshold="v > v_th",
    reset="v = v_reset",
    refractory="5 ms",
    parameters=dict(v_rest="-49 mV", tau_m="20 ms", tau_e="5 ms", tau_i="10 ms", v_th="-50 mV", v_reset="-60 mV"),
    name="cuba",
)


def cuba():
    """Currents that decay, one delay for all (Vogels & Abbott 2005, as Brette et al. 2007 give it)."""
    net = lq.Network()
    exc = net.population(CUBA, 200, name="exc", initial=dict(v=lq.uniform(-60 * mV, -50 * mV)))
    inh = net.population(CUBA, 70, name="inh", initial=dict(v=lq.uniform(-60 * mV, -50 * mV)))
    for source, variable, w in ((exc, "g_e", 1.6), (inh, "g_i", -9)):
        for target in (exc, inh):
            net.connect(source, target, on_pre=f"{variable} += w", where=lq.fixed_probability(0.1), w=w * mV,
                        delay=0.8 * ms)  # fmt: skip
    return net


def coba():
    """Conductances, which live in the target."""
    net = lq.Network()
    cells = {}
    for name, size in (("exc", 150), ("inh", 100)):
        cells[name] = net.population(
            lq.neurons.lif, size, name=name, initial=dict(v="e_l + 18*mV*rand()"), e_l="-60 mV"
        )
        net.stimulate(cells[name], "i_ext", 150 * pA)
    ampa, gaba = (lq.synapses.conductance(tau=t, e=e) for t, e in ((5 * ms, 0 * mV), (10 * ms, -80 * mV)))
    for source, synapse, w in (("exc", ampa, 0.6), ("inh", gaba, 3)):
        for target in cells.values():
            net.connect(cells[source], target, synapse, into="i_ext", where=lq.fixed_in_degree(12), w=w * nS,
                        delay=0.3 * ms)  # fmt: skip
    return net


def adex():
    """Adaptation, a delay for each synapse, weights that are drawn."""
    net = lq.Network()
    exc = net.population(lq.neurons.adex, 150, name="exc", initial=dict(v=lq.uniform(-60 * mV, -50 * mV)),
                         tau_w=lq.normal(100 * ms, 10 * ms))  # fmt: skip
    inh = net.population(lq.neurons.lif, 80, name="inh")
    net.stimulate(exc, "i_ext", 800 * pA)
    net.connect(exc, inh, lq.synapses.exponential(tau=5 * ms), into="i_ext", where=lq.fixed_probability(0.2),
                w=lq.lognormal(80 * pA, 30 * pA), delay=lq.uniform(0.5 * ms, 4 * ms))  # fmt: skip
    net.connect(
        inh, exc, on_pre="v -= w", where=lq.fixed_probability(0.2), w=0.3 * mV, delay=lq.uniform(1 * ms, 2 * ms)
    )
    return net


def izhikevich():
    """Noise of its own for each neuron (Izhikevich 2003)."""
    net = lq.Network()
    exc = net.population(lq.neurons.izhikevich, 180, name="exc", d=lq.uniform(2 * mV / ms, 8 * mV / ms))
    inh = net.population(lq.neurons.izhikevich, 70, name="inh")
    for cells in (exc, inh):
        net.stimulate(cells, "i_ext", lq.stimuli.ornstein_uhlenbeck(mean=8 * pA, sd=4 * pA, tau=2 * ms))
    net.connect(exc, inh, on_pre="v += w", where=lq.fixed_probability(0.1), w=0.8 * mV, delay=1 * ms)
    net.connect(inh, exc, on_pre="v += w", where=lq.fixed_probability(0.1), w=-1.5 * mV, delay=1.5 * ms)
    return net


def brunel():
    """Jumps of the potential, driven by Poisson spikes (Brunel 2000)."""
    cell = lq.neurons.lif.with_(e_l="0 mV", v_th="20 mV", v_reset="10 mV", c_m=200 * pF, g_l=10 * nS)
    net = lq.Network()
    exc = net.population(cell, 200, name="exc", initial=dict(v=lq.uniform(0 * mV, 20 * mV)))
    inh = net.population(cell, 50, name="inh", initial=dict(v=lq.uniform(0 * mV, 20 * mV)))
    for cells in (exc, inh):
        net.stimulate(cells, "v", lq.stimuli.poisson(9000 * Hz, w=0.2 * mV))
        net.connect(exc, cells, on_pre="v += w", where=lq.fixed_in_degree(20), w=0.2 * mV, delay=1.5 * ms)
        net.connect(inh, cells, on_pre="v += w", where=lq.fixed_in_degree(5), w=-1 * mV, delay=1.5 * ms)
    return net


def prompt():
    """Spikes that act in the step in which they are emitted, and code that is run for each of them."""
    space = np.arange(150)[:, None] * um
    net = lq.Network()
    exc = net.population(
        lq.neurons.lif, 150, name="exc", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)), positions=space
    )
    inh = net.population(lq.neurons.lif, 80, name="inh", initial=dict(v=lq.uniform(-70 * mV, -50 * mV)))
    for cells in (exc, inh):
        net.stimulate(cells, "i_ext", 320 * pA)
    nmda = lq.Synapse(
        "ds/dt = -s/(50*ms) : 1 (post)", on_pre="s += w*(1 - s)", output="4*nS*s*(0*mV - v_post)", name="nmda"
    )
    net.connect(exc, inh, nmda, into="i_ext", where=lq.fixed_probability(0.1), w=0.1, delay=lq.uniform(0 * ms, 2 * ms))
    net.connect(inh, exc, on_pre="v -= w", where=lq.fixed_probability(0.2), w=0.4 * mV)
    net.connect(
        exc, exc, on_pre="v += w", where=lq.pairwise("exp(-d/(20*um))", autapses=False), w=0.05 * mV, delay=0.2 * ms
    )
    return net


def plastic():
    """Synapses that learn: traces of neurons, states of synapses, code on schedule, a delay for each synapse."""
    net = lq.Network()
    exc = net.population(CUBA, 150, name="exc", initial=dict(v=lq.uniform(-60 * mV, -50 * mV)))
    inh = net.population(CUBA, 80, name="inh", initial=dict(v=lq.uniform(-60 * mV, -50 * mV)))
    traces = "dx/dt = -x/(20*ms) : 1\ndy/dt = -y/(20*ms) : 1\nw : mV"
    pairs = lq.Synapse(
        traces,
        on_pre="x += 1; w -= 0.1*mV*y; g_e += w",
        on_post="y += 1; w += 2*mV*x*rand()",
        on=dict(scale=lq.Every("5 ms", "w *= total/sum(w, by='post')")),
        bounds=dict(w=("0 mV", "6 mV")),
        parameters=dict(total="30 mV"),
        name="pairs",
    )
    calms = lq.Synapse(
        traces, on_pre="x += 1; w -= 0.1*mV*(y - 0.2); g_i += w", on_post="y += 1; w -= 0.1*mV*x", name="calms"
    )
    net.connect(exc, exc, pairs, w=1.6 * mV, where=lq.fixed_in_degree(15), delay=lq.uniform(0.3 * ms, 3 * ms))
    net.connect(exc, inh, on_pre="g_e += 2*w*rand()", w=1.6 * mV, where=lq.fixed_in_degree(12), delay=0.8 * ms)
    net.connect(inh, exc, calms, w=-0.5 * mV, where=lq.fixed_in_degree(8), delay=0.8 * ms)
    return net


NETWORKS = {f.__name__: f for f in (cuba, coba, adex, izhikevich, brunel, prompt, plastic)}
#: a parameter or a drive of each that changes what happens, with values
SWEPT = {
    "cuba": ("exc.tau_m", [20, 25]),
    "coba": ("exc.conductance.tau", [5, 8]),
    "adex": ("exc.b", [60, 0]),
    "izhikevich": ("exc->inh.w", [0.8, 3.0]),
    "brunel": ("exc.v.rate", [9000, 12000]),
    "prompt": ("exc.i_ext", [320, 400]),
    "plastic": ("exc.tau_m", [20, 15]),
}


def recorded(make):
    """Return a network that records its spikes, some potentials and a rate."""
    net = make()
    for name in ("exc", "inh"):
        net.record(net[name], "spikes")
    net.record(net["exc"][[3, 70, 149]], "v", every=0.5 * ms, name="v")
    net.record(net["inh"], "rate", every=5 * ms, name="rate")
    return net


@pytest.fixture(params=NETWORKS)
def named(request):
    """The name of a network, and the network."""
    return request.param, recorded(NETWORKS[request.param])


@pytest.fixture
def network(named):
    """One of the seven networks."""
    return named[1]


@pytest.fixture
def swept(named):
    """A name whose value can be changed, and two values."""
    return SWEPT[named[0]]


@pytest.fixture
def small():
    """A network that is quick to compile, for what does not depend on the network."""
    return recorded(cuba)


@pytest.fixture
def same():
    """Compare two results, bit for bit."""

    def compare(a, b, member=None):
        def of(values, axis):
            return values if member is None else np.take(values, member, axis)

        for name, trains in a.spikes.items():
            found = trains if member is None else trains[member, :]
            assert np.array_equal(found.steps, b.spikes[name].steps), name
            assert np.array_equal(found.offsets, b.spikes[name].offsets), name
        for name, trace in a.traces.items():
            assert np.array_equal(of(trace.values, 1), b.traces[name].values), name
        for population, states in a.final.items():
            for name, values in states.items():
                assert np.array_equal(of(values, 0), b.final[population][name]), f"{population}.{name}"

    return compare
