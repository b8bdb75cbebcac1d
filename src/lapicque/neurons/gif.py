"""The generalized integrate-and-fire neuron: escape noise, a spike-triggered current and a moving threshold.

A spike happens with the rate lambda_0 exp((v - v_th - gamma_1 - gamma_2)/delta_v). Each spike adds to the currents
``eta_1, eta_2`` and to the threshold's parts ``gamma_1, gamma_2``, which decay exponentially (two exponentials stand
for each kernel of the paper). The values are those of a cortical cell in Mensi et al. 2012, as NEST's gif examples
use them.
"""

from lapicque.model import Neuron

gif = Neuron(
    """
    dv/dt = (g_l*(e_l - v) - eta_1 - eta_2 + i_ext)/c_m : mV (unless refractory)  # membrane potential
    deta_1/dt = -eta_1/tau_eta_1 : pA        # fast spike-triggered current
    deta_2/dt = -eta_2/tau_eta_2 : pA        # slow spike-triggered current
    dgamma_1/dt = -gamma_1/tau_gamma_1 : mV  # fast part of the threshold
    dgamma_2/dt = -gamma_2/tau_gamma_2 : mV  # slow part of the threshold
    i_ext       : pA (input)  # injected current
    c_m         : pF          # membrane capacitance
    g_l         : nS          # leak conductance
    e_l         : mV          # leak reversal potential
    v_th        : mV          # threshold at rest
    delta_v     : mV          # sharpness of the threshold
    lambda_0    : Hz          # rate of spikes at the threshold
    v_reset     : mV          # reset potential
    q_eta_1     : pA          # jump of the fast current
    q_eta_2     : pA          # jump of the slow current
    tau_eta_1   : ms          # time constant of the fast current
    tau_eta_2   : ms          # time constant of the slow current
    q_gamma_1   : mV          # fast jump of the threshold
    q_gamma_2   : mV          # slow jump of the threshold
    tau_gamma_1 : ms          # fast time constant of the threshold
    tau_gamma_2 : ms          # slow time constant of the threshold
    t_ref       : ms          # refractory period
    """,
    threshold="hazard(lambda_0*exp((v - v_th - gamma_1 - gamma_2)/delta_v))",
    reset="v = v_reset; eta_1 += q_eta_1; eta_2 += q_eta_2; gamma_1 += q_gamma_1; gamma_2 += q_gamma_2",
    refractory="t_ref",
    parameters=dict(
        c_m="83.1 pF", g_l="3.7 nS", e_l="-67 mV", v_th="-39.6 mV", delta_v="1.4 mV", lambda_0="1 Hz",
        v_reset="-36.7 mV", q_eta_1="56.7 pA", q_eta_2="-6.9 pA", tau_eta_1="57.8 ms", tau_eta_2="218.2 ms",
        q_gamma_1="11.7 mV", q_gamma_2="1.8 mV", tau_gamma_1="53.8 ms", tau_gamma_2="640 ms", t_ref="4 ms",
    ),
    initial=dict(v="e_l"),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_l=("0.2 nS", "100 nS"),
        delta_v=("0.1 mV", "10 mV"),
        v_reset=("-90 mV", "-6 mV"),
        q_eta_1=("-100 pA", "500 pA"),
        q_eta_2=("-100 pA", "500 pA"),
        tau_eta_1=("2 ms", "100 ms"),
        tau_eta_2=("50 ms", "1000 ms"),
        q_gamma_1=("-20 mV", "50 mV"),
        q_gamma_2=("-10 mV", "20 mV"),
        tau_gamma_1=("2 ms", "100 ms"),
        tau_gamma_2=("50 ms", "1000 ms"),
        t_ref=("0.5 ms", "60 ms"),
    ),
    reference="Mensi et al. 2012, doi:10.1152/jn.00408.2011; Pozzorini et al. 2015, doi:10.1371/journal.pcbi.1004275",
    name="gif",
)  # fmt: skip
