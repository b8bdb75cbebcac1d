"""The leaky integrate-and-fire neuron: a leaky capacitor with a threshold and a reset.

A constant current of J = i_ext/(g_l (v_th - e_l)) thresholds makes it fire, where J > 1 and v_reset = e_l, at the rate
1/(t_ref + tau_m log(J/(J - 1))) with tau_m = c_m/g_l. Only ratios can be found from spike times: the potentials e_l
and v_th set the scale of the voltage and have no search range.
"""

from lapicque.model import Neuron

lif = Neuron(
    """
    dv/dt = (g_l*(e_l - v) + i_ext)/c_m : mV (unless refractory)  # membrane potential
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_l     : nS          # leak conductance
    e_l     : mV          # leak reversal potential
    v_th    : mV          # threshold
    v_reset : mV          # reset potential
    t_ref   : ms          # refractory period
    """,
    threshold="v > v_th",
    reset="v = v_reset",
    refractory="t_ref",
    parameters=dict(c_m="200 pF", g_l="10 nS", e_l="-70 mV", v_th="-50 mV", v_reset="-70 mV", t_ref="2 ms"),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        v_reset=("-90 mV", "-50.5 mV"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Lapicque 1907, J Physiol Pathol Gen 9:620; translated by Brunel & van Rossum 2007, "
    "doi:10.1007/s00422-007-0189-6",
    name="lif",
)
