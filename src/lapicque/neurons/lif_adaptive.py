"""The leaky integrate-and-fire neuron with a threshold that its own spikes lift: adaptation, or slow homeostasis.

Every spike lifts the threshold by ``theta_plus``; what is lifted decays with ``tau_theta``. With a time constant of
some hundred milliseconds the neuron adapts; with one of minutes or more and small steps (Diehl & Cook: 0.05 mV and
10,000 s) no neuron of a population fires much more than the others, whatever its synapses learn.
"""

from lapicque.model import Neuron

lif_adaptive = Neuron(
    """
    dv/dt = (g_l*(e_l - v) + i_ext)/c_m : mV (unless refractory)  # membrane potential
    dtheta/dt = -theta/tau_theta : mV  # what spikes have lifted the threshold by
    i_ext      : pA (input)  # injected current
    c_m        : pF          # membrane capacitance
    g_l        : nS          # leak conductance
    e_l        : mV          # leak reversal potential
    v_th       : mV          # threshold at rest
    v_reset    : mV          # reset potential
    theta_plus : mV          # jump of the threshold
    tau_theta  : ms          # time constant of the threshold
    t_ref      : ms          # refractory period
    """,
    threshold="v > v_th + theta",
    reset="v = v_reset; theta += theta_plus",
    refractory="t_ref",
    parameters=dict(
        c_m="200 pF", g_l="10 nS", e_l="-70 mV", v_th="-50 mV", v_reset="-70 mV", theta_plus="1 mV", tau_theta="500 ms",
        t_ref="2 ms",
    ),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        v_reset=("-90 mV", "-50.5 mV"),
        theta_plus=("0.01 mV", "20 mV"),
        tau_theta=("10 ms", "5000 ms"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Diehl & Cook 2015, doi:10.3389/fncom.2015.00099",
    name="lif_adaptive",
)  # fmt: skip
