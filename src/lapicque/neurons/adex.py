"""The adaptive exponential integrate-and-fire neuron: a sharp spike onset, and one current that adapts.

``a`` couples the adaptation to the voltage, ``b`` to the spikes. The values are the paper's, which has no refractory
period. At the beginning of a step v is below v_peak, so that u is v; within a step of a Runge-Kutta scheme the
currents of a voltage beyond the peak would overflow and outweigh each other. Spike times determine the voltage up to
its scale and offset only: ``e_l``, ``v_th`` and ``v_peak`` have no search range.
"""

from lapicque.model import Neuron

adex = Neuron(
    """
    dv/dt = (g_l*(e_l - u) + g_l*delta_t*exp((u - v_th)/delta_t) - w
             + i_ext)/c_m : mV (unless refractory)  # membrane potential
    dw/dt = (a*(u - e_l) - w)/tau_w : pA            # adaptation current
    u = min(v, v_peak) : mV                         # membrane potential up to the peak
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_l     : nS          # leak conductance
    e_l     : mV          # leak reversal potential
    v_th    : mV          # voltage at which the spike sets in
    delta_t : mV          # sharpness of the spike's onset
    v_peak  : mV          # voltage at which a spike is counted
    v_reset : mV          # reset potential
    a       : nS          # adaptation to the voltage
    b       : pA          # adaptation to a spike
    tau_w   : ms          # time constant of the adaptation
    t_ref   : ms          # refractory period
    """,
    threshold="v > v_peak",
    reset="v = v_reset; w += b",
    refractory="t_ref",
    parameters=dict(
        c_m="281 pF", g_l="30 nS", e_l="-70.6 mV", v_th="-50.4 mV", delta_t="2 mV", v_peak="20 mV", v_reset="-70.6 mV",
        a="4 nS", b="80.5 pA", tau_w="144 ms", t_ref="2 ms",
    ),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("2 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        delta_t=("0.2 mV", "10 mV"),
        v_reset=("-110 mV", "-6 mV"),
        a=("0 nS", "60 nS"),
        b=("0.3 pA", "1000 pA"),
        tau_w=("3 ms", "1000 ms"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Brette & Gerstner 2005, doi:10.1152/jn.00686.2005",
    name="adex",
)  # fmt: skip
