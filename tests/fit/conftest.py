import numpy as np
import pytest

import lapicque as lq
from lapicque.fit.sources import find_model

#: A model as a user might write it: two gates, a current that follows from them, a second event, noise in none of it.
TWO_GATES = '''
import lapicque as lq

bursty = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) - i_p - w + i_ext)/c_m : mV (unless refractory)  # membrane potential
    i_p = g_p*m*m*h*(v - e_p) : pA                                          # a persistent inward current
    dm/dt = (1/(1 + exp(-(v + 52*mV)/(4*mV))) - m)/tau_m : 1                # its activation
    dh/dt = (1/(1 + exp((v + 48*mV)/(6*mV))) - h)/tau_h : 1                 # its inactivation
    w : pA                                                                  # a current that plateaus switch on
    i_ext : pA (input)  # injected current
    c_m : pF            # membrane capacitance
    g_l : nS            # leak conductance
    e_l : mV            # leak reversal potential
    g_p : nS            # conductance of the inward current
    e_p : mV            # its reversal potential
    tau_m : ms          # time constant of its activation
    tau_h : ms          # time constant of its inactivation
    v_th : mV           # threshold
    t_ref : ms          # refractory period
    """,
    threshold="v > v_th",
    reset="v = e_l + 8*mV; w = 0.5*w",
    refractory="t_ref",
    events={"plateau": lq.Event(threshold="m > 0.6", reset="w += 40*pA", refractory="25*ms")},
    parameters=dict(c_m="120 pF", g_l="8 nS", e_l="-68 mV", g_p="6 nS", e_p="20 mV", tau_m="3 ms", tau_h="40 ms",
                    v_th="-45 mV", t_ref="2 ms"),
    initial=dict(v="e_l", h="0.9"),
    ranges=dict(c_m=("60 pF", "240 pF"), g_p=("1 nS", "12 nS"), tau_h=("10 ms", "160 ms")),
    name="bursty",
)
silent = lq.Neuron("dv/dt = -v/(5*ms) : mV\\ni : pA (input)", name="silent")
a_number = 3
'''


@pytest.fixture(scope="session")
def user_file(tmp_path_factory):
    """A file with a model, as `lapicque fit FILE.py:bursty` reads it."""
    path = tmp_path_factory.mktemp("models") / "my cells.py"
    path.write_text(TWO_GATES, encoding="utf-8")
    return path


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
