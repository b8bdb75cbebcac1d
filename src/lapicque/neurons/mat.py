"""The multi-timescale adaptive threshold neuron, MAT(2): a voltage that is never reset, a threshold that jumps.

Every spike lifts the threshold by ``alpha_1 + alpha_2``; the two parts decay with ``tau_1`` and ``tau_2``, and their
sizes make the class of the neuron. In the paper's figure 5B (alpha_1, alpha_2 in mV, v_th above e_l in mV): regular
spiking 30, 2, 20; intrinsically bursting 7.5, 1.5, 19; fast spiking 10, 0.2, 10; chattering -0.5, 0.4, 26. The values
below are those of regular spiking in the authors' web application and of NEST's ``mat2_psc_exp``.
"""

from lapicque.model import Neuron

mat = Neuron(
    """
    dv/dt = (g_l*(e_l - v) + i_ext)/c_m : mV  # membrane potential, not reset
    dtheta_1/dt = -theta_1/tau_1 : mV         # fast part of the threshold
    dtheta_2/dt = -theta_2/tau_2 : mV         # slow part of the threshold
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_l     : nS          # leak conductance
    e_l     : mV          # leak reversal potential
    v_th    : mV          # threshold at rest
    alpha_1 : mV          # fast jump of the threshold
    alpha_2 : mV          # slow jump of the threshold
    tau_1   : ms          # fast time constant of the threshold
    tau_2   : ms          # slow time constant of the threshold
    t_ref   : ms          # refractory period
    """,
    threshold="v > v_th + theta_1 + theta_2",
    reset="theta_1 += alpha_1; theta_2 += alpha_2",
    refractory="t_ref",
    parameters=dict(
        c_m="100 pF", g_l="20 nS", e_l="-70 mV", v_th="-51 mV", alpha_1="37 mV", alpha_2="2 mV", tau_1="10 ms",
        tau_2="200 ms", t_ref="2 ms",
    ),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        alpha_1=("-20 mV", "200 mV"),
        alpha_2=("0.02 mV", "50 mV"),
        tau_1=("1 ms", "100 ms"),
        tau_2=("20 ms", "1000 ms"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Kobayashi, Tsubo & Shinomoto 2009, doi:10.3389/neuro.10.009.2009",
    name="mat",
)  # fmt: skip
