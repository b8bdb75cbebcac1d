"""The hippocampal neuron of Traub and Miles reduced to sodium, potassium and leak, as in the COBAHH benchmark.

The values are those of benchmark 3 of Brette et al. (2007), for a membrane of 20000 um2; ``v_shift`` moves all rates
along the voltage. Rates are written with exprel(x) = (exp(x) - 1)/x, which has a value at 0 too.
"""

from lapicque.model import Neuron

traub = Neuron(
    """
    dv/dt = (i_ext - g_na*m**3*h*(v - e_na) - g_k*n**4*(v - e_k) - g_l*(v - e_l))/c_m : mV  # membrane potential
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1  # activation of sodium
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1  # inactivation of sodium
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1  # activation of potassium
    alpha_m = 1.28/exprel((13*mV - v + v_shift)/(4*mV))/ms       : 1/ms
    beta_m  = 1.4/exprel((v - v_shift - 40*mV)/(5*mV))/ms        : 1/ms
    alpha_h = 0.128*exp((17*mV - v + v_shift)/(18*mV))/ms        : 1/ms
    beta_h  = 4/(1 + exp((40*mV - v + v_shift)/(5*mV)))/ms       : 1/ms
    alpha_n = 0.16/exprel((15*mV - v + v_shift)/(5*mV))/ms       : 1/ms
    beta_n  = 0.5*exp((10*mV - v + v_shift)/(40*mV))/ms          : 1/ms
    i_ext   : pA (input)  # injected current
    c_m     : pF          # membrane capacitance
    g_na    : nS          # sodium conductance
    g_k     : nS          # potassium conductance
    g_l     : nS          # leak conductance
    e_na    : mV          # sodium reversal potential
    e_k     : mV          # potassium reversal potential
    e_l     : mV          # leak reversal potential
    v_shift : mV          # shift of the rates along the voltage
    v_th    : mV          # crossing it is a spike
    t_ref   : ms          # time without a second spike
    """,
    threshold="v > v_th",
    refractory="t_ref",
    parameters=dict(
        c_m="200 pF", g_na="20000 nS", g_k="6000 nS", g_l="10 nS", e_na="50 mV", e_k="-90 mV", e_l="-60 mV",
        v_shift="-63 mV", v_th="-20 mV", t_ref="3 ms",
    ),
    initial=dict(
        v="e_l", m="alpha_m/(alpha_m + beta_m)", h="alpha_h/(alpha_h + beta_h)", n="alpha_n/(alpha_n + beta_n)"
    ),
    ranges=dict(
        c_m=("5 pF", "1000 pF"),
        g_na=("2000 nS", "100000 nS"),
        g_k=("500 nS", "50000 nS"),
        g_l=("0.2 nS", "100 nS"),
        v_shift=("-75 mV", "-45 mV"),
    ),
    reference="Traub & Miles 1991, doi:10.1017/CBO9780511895401; Brette et al. 2007, doi:10.1007/s10827-007-0038-6",
    name="traub",
)  # fmt: skip
