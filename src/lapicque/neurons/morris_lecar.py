"""The barnacle muscle fibre of Morris and Lecar: calcium that activates at once, potassium that follows.

The values are the Hopf regime (class 2) of Rinzel and Ermentrout: firing sets in at 94 uA/cm2 with a frequency well
above 0. With g_ca = 4 mS/cm2, v_3 = 12 mV, v_4 = 17.4 mV and phi = 0.067/ms it sets in at 40 uA/cm2, arbitrarily slowly
(class 1, a saddle-node on an invariant circle). ``i_ext`` is the current into the whole ``area``: with the 1000 um2
below, 10 pA is 1 uA/cm2.
"""

from lapicque.model import Neuron

morris_lecar = Neuron(
    """
    dv/dt = (i_ext/area - g_ca*m_inf*(v - e_ca) - g_k*w*(v - e_k) - g_l*(v - e_l))/c_m : mV  # membrane potential
    dw/dt = phi*cosh((v - v_3)/(2*v_4))*(w_inf - w) : 1  # activation of potassium
    m_inf = (1 + tanh((v - v_1)/v_2))/2 : 1              # activation of calcium
    w_inf = (1 + tanh((v - v_3)/v_4))/2 : 1              # activation of potassium at rest
    i_ext : pA (input)  # injected current
    area  : um2         # membrane area
    c_m   : uF/cm2      # membrane capacitance
    g_ca  : mS/cm2      # calcium conductance
    g_k   : mS/cm2      # potassium conductance
    g_l   : mS/cm2      # leak conductance
    e_ca  : mV          # calcium reversal potential
    e_k   : mV          # potassium reversal potential
    e_l   : mV          # leak reversal potential
    v_1   : mV          # half activation of calcium
    v_2   : mV          # width of the activation of calcium
    v_3   : mV          # half activation of potassium
    v_4   : mV          # width of the activation of potassium
    phi   : 1/ms        # rate of potassium
    v_th  : mV          # crossing it upwards is a spike
    """,
    threshold="v > v_th",
    refractory="v > v_th",
    parameters=dict(
        area="1000 um2", c_m="20 uF/cm2", g_ca="4.4 mS/cm2", g_k="8 mS/cm2", g_l="2 mS/cm2", e_ca="120 mV",
        e_k="-84 mV", e_l="-60 mV", v_1="-1.2 mV", v_2="18 mV", v_3="2 mV", v_4="30 mV", phi="0.04 1/ms", v_th="0 mV",
    ),
    initial=dict(v="e_l", w="w_inf"),
    ranges=dict(
        area=("10 um2", "100000 um2"),
        g_ca=("1 mS/cm2", "20 mS/cm2"),
        g_k=("1 mS/cm2", "40 mS/cm2"),
        g_l=("0.2 mS/cm2", "10 mS/cm2"),
        v_3=("-20 mV", "30 mV"),
        v_4=("5 mV", "60 mV"),
        phi=("0.01 1/ms", "2 1/ms"),
    ),
    reference="Morris & Lecar 1981, doi:10.1016/S0006-3495(81)84782-0; Rinzel & Ermentrout 1998, in Methods in "
    "Neuronal Modeling",
    name="morris_lecar",
)  # fmt: skip
