"""The squid axon of Hodgkin and Huxley in the modern sign convention, at rest at -65 mV.

Conductances are those of the paper per area of membrane; ``i_ext`` is the current into the whole ``area``: with the
1000 um2 below, 10 pA is 1 uA/cm2. A rate (v - v_0)/(1 - exp(-(v - v_0)/k)) is written with
exprel(x) = (exp(x) - 1)/x, which has a value at v_0 too.
"""

from lapicque.model import Neuron

hodgkin_huxley = Neuron(
    """
    dv/dt = (i_ext/area - g_na*m**3*h*(v - e_na) - g_k*n**4*(v - e_k) - g_l*(v - e_l))/c_m : mV  # membrane potential
    dm/dt = phi*(alpha_m*(1 - m) - beta_m*m) : 1  # activation of sodium
    dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1  # inactivation of sodium
    dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1  # activation of potassium
    alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms   : 1/ms
    beta_m  = 4*exp(-(v + 65*mV)/(18*mV))/ms      : 1/ms
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms   : 1/ms
    beta_h  = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1/ms
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms
    beta_n  = 0.125*exp(-(v + 65*mV)/(80*mV))/ms  : 1/ms
    i_ext : pA (input)  # injected current
    area  : um2         # membrane area
    c_m   : uF/cm2      # membrane capacitance
    g_na  : mS/cm2      # sodium conductance
    g_k   : mS/cm2      # potassium conductance
    g_l   : mS/cm2      # leak conductance
    e_na  : mV          # sodium reversal potential
    e_k   : mV          # potassium reversal potential
    e_l   : mV          # leak reversal potential
    phi   : 1           # speed of the gates, 3**((T - 6.3 C)/(10 C))
    v_th  : mV          # crossing it upwards is a spike
    """,
    threshold="v > v_th",
    refractory="v > v_th",
    parameters=dict(
        area="1000 um2", c_m="1 uF/cm2", g_na="120 mS/cm2", g_k="36 mS/cm2", g_l="0.3 mS/cm2", e_na="50 mV",
        e_k="-77 mV", e_l="-54.387 mV", phi=1, v_th="0 mV",
    ),
    initial=dict(
        v="-65 mV", m="alpha_m/(alpha_m + beta_m)", h="alpha_h/(alpha_h + beta_h)", n="alpha_n/(alpha_n + beta_n)"
    ),
    ranges=dict(
        area=("100 um2", "100000 um2"),
        g_na=("30 mS/cm2", "500 mS/cm2"),
        g_k=("5 mS/cm2", "150 mS/cm2"),
        g_l=("0.03 mS/cm2", "3 mS/cm2"),
        phi=(0.5, 20),
    ),
    reference="Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764",
    name="hodgkin_huxley",
)  # fmt: skip
