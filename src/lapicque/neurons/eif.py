"""The exponential integrate-and-fire neuron: a leak, and a spike initiation as sharp as ``delta_t``.

The values are those that the paper fits to a conductance-based neuron, for a membrane of 20000 um2. At the beginning
of a step v is below v_peak, so that u is v; within a step of a Runge-Kutta scheme the currents of a voltage beyond the
peak would overflow and outweigh each other.
"""

from lapicque.model import Neuron

eif = Neuron(
    """
    dv/dt = (g_l*(e_l - u) + g_l*delta_t*exp((u - v_th)/delta_t)
             + i_ext)/c_m : mV (unless refractory)  # membrane potential
    u = min(v, v_peak) : mV                         # membrane potential up to the peak
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_l     : nS          # leak conductance
    e_l     : mV          # leak reversal potential
    v_th    : mV          # voltage at which the spike sets in
    delta_t : mV          # sharpness of the spike's onset
    v_peak  : mV          # voltage at which a spike is counted
    v_reset : mV          # reset potential
    t_ref   : ms          # refractory period
    """,
    threshold="v > v_peak",
    reset="v = v_reset",
    refractory="t_ref",
    parameters=dict(
        c_m="200 pF", g_l="20 nS", e_l="-65 mV", v_th="-59.9 mV", delta_t="3.48 mV", v_peak="0 mV", v_reset="-68 mV",
        t_ref="1.7 ms",
    ),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("20 pF", "4000 pF"),
        g_l=("1 nS", "400 nS"),
        delta_t=("0.05 mV", "5 mV"),
        v_reset=("-80 mV", "-30 mV"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Fourcaud-Trocme, Hansel, van Vreeswijk & Brunel 2003, doi:10.1523/JNEUROSCI.23-37-11628.2003",
    name="eif",
)  # fmt: skip
