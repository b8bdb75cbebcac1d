"""The quadratic integrate-and-fire neuron: the normal form of a saddle-node bifurcation on an invariant circle.

``g_l`` is the slope of the current at rest, where ``v_rest`` is stable and ``v_th`` unstable; the two meet at the
rheobase g_l (v_th - v_rest)/4. Above it the voltage runs away to ``v_peak``.
"""

from lapicque.model import Neuron

qif = Neuron(
    """
    dv/dt = (g_l*(v - v_rest)*(v - v_th)/(v_th - v_rest) + i_ext)/c_m : mV (unless refractory)  # membrane potential
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_l     : nS          # leak conductance at rest
    v_rest  : mV          # resting potential, stable without a current
    v_th    : mV          # threshold, unstable without a current
    v_peak  : mV          # voltage at which a spike is counted
    v_reset : mV          # reset potential
    t_ref   : ms          # refractory period
    """,
    threshold="v > v_peak",
    reset="v = v_reset",
    refractory="t_ref",
    parameters=dict(
        c_m="200 pF", g_l="10 nS", v_rest="-70 mV", v_th="-50 mV", v_peak="0 mV", v_reset="-70 mV", t_ref="2 ms"
    ),
    initial=dict(v="v_rest"),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        v_reset=("-90 mV", "-40 mV"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Ermentrout & Kopell 1986, doi:10.1137/0146017; Latham et al. 2000, doi:10.1152/jn.2000.83.2.808",
    name="qif",
)
