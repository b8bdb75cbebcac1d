"""Models as a user might write them, for `lapicque fit FILE.py:NAME`: gates, an algebraic current, a second event."""

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
    parameters=dict(
        c_m="120 pF",
        g_l="8 nS",
        e_l="-68 mV",
        g_p="6 nS",
        e_p="20 mV",
        tau_m="3 ms",
        tau_h="40 ms",
        v_th="-45 mV",
        t_ref="2 ms",
    ),
    initial=dict(v="e_l", h="0.9"),
    ranges=dict(c_m=("60 pF", "240 pF"), g_p=("1 nS", "12 nS"), tau_h=("10 ms", "160 ms")),
    name="bursty",
)
silent = lq.Neuron("dv/dt = -v/(5*ms) : mV\ni : pA (input)", name="silent")
a_number = 3
