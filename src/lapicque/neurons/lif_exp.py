"""The leaky integrate-and-fire neuron with an exponential synaptic current.

Each incoming spike adds its weight to ``i_syn``, which decays with ``tau_syn``. All is linear between spikes, so that
the exact scheme integrates it without error (Rotter & Diesmann 1999); NEST calls this neuron ``iaf_psc_exp``.
"""

from lapicque.model import Neuron

lif_exp = Neuron(
    """
    dv/dt = (g_l*(e_l - v) + i_syn + i_ext)/c_m : mV (unless refractory)  # membrane potential
    di_syn/dt = -i_syn/tau_syn : pA                                       # synaptic current
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_l     : nS          # leak conductance
    e_l     : mV          # leak reversal potential
    tau_syn : ms          # synaptic time constant
    v_th    : mV          # threshold
    v_reset : mV          # reset potential
    t_ref   : ms          # refractory period
    """,
    threshold="v > v_th",
    reset="v = v_reset",
    refractory="t_ref",
    parameters=dict(
        c_m="200 pF", g_l="10 nS", e_l="-70 mV", tau_syn="5 ms", v_th="-50 mV", v_reset="-70 mV", t_ref="2 ms"
    ),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        v_reset=("-90 mV", "-50.5 mV"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Rotter & Diesmann 1999, doi:10.1007/s004220050570",
    name="lif_exp",
)
