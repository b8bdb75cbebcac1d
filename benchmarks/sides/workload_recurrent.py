"""Networks of 4 excitatory cells to 1 inhibitory: the same texts and numbers for every side.

Each cell has 64 excitatory and 16 inhibitory inputs, drawn at random by each side itself. Texts are in Brian2's
grammar, which is ours; a value is a number and its unit.

References
----------
Vogels & Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005; Brette et al. 2007, doi:10.1007/s10827-007-0038-6,
benchmarks 1 (coba), 2 (cuba) and 3 (cobahh). "invented" is made up: no simulator has a kernel written for it.
"""

IN_DEGREE = {"exc": 64, "inh": 16}

CONDUCTANCES = """
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
"""
RECEPTORS = {"tau_e": "5 ms", "tau_i": "10 ms", "e_e": "0 mV", "e_i": "-80 mV"}

NETWORKS = {
    "cuba": {
        "equations": """
        dv/dt = (g_e + g_i - (v - e_l))/tau_m : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : volt
        dg_i/dt = -g_i/tau_i : volt
        """,
        "threshold": "v > v_th",
        "reset": "v = v_reset",
        "refractory": "5 ms",
        "method": "exact",
        "parameters": {
            "tau_m": "20 ms",
            "e_l": "-49 mV",
            "v_th": "-50 mV",
            "v_reset": "-60 mV",
            "tau_e": "5 ms",
            "tau_i": "10 ms",
        },
        "initial": {"v": "v_reset + (v_th - v_reset)*rand()"},
        "weights": {"exc": "1.62 mV", "inh": "-9 mV"},
    },
    "coba": {
        "equations": """
        dv/dt = (g_l*(e_l - v) + g_e*(e_e - v) + g_i*(e_i - v))/c_m : volt (unless refractory)
        """
        + CONDUCTANCES,
        "threshold": "v > v_th",
        "reset": "v = v_reset",
        "refractory": "5 ms",
        "method": "exponential_euler",
        "parameters": {
            "c_m": "200 pF",
            "g_l": "10 nS",
            "e_l": "-60 mV",
            "v_th": "-50 mV",
            "v_reset": "-60 mV",
            **RECEPTORS,
        },
        "initial": {
            "v": "e_l + 5*mV*(randn() - 1)",
            "g_e": "10*nS*(4 + 1.5*randn())",
            "g_i": "10*nS*(20 + 12*randn())",
        },
        "weights": {"exc": "6 nS", "inh": "67 nS"},
    },
    "cobahh": {
        "equations": """
        dv/dt = (g_l*(e_l - v) + g_e*(e_e - v) + g_i*(e_i - v)
                 - g_na*m**3*h*(v - e_na) - g_k*n**4*(v - e_k))/c_m : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        alpha_m = 1.28/exprel((13*mV - v + v_shift)/(4*mV))/ms : Hz
        beta_m = 1.4/exprel((v - v_shift - 40*mV)/(5*mV))/ms : Hz
        alpha_h = 0.128*exp((17*mV - v + v_shift)/(18*mV))/ms : Hz
        beta_h = 4/(1 + exp((40*mV - v + v_shift)/(5*mV)))/ms : Hz
        alpha_n = 0.16/exprel((15*mV - v + v_shift)/(5*mV))/ms : Hz
        beta_n = 0.5*exp((10*mV - v + v_shift)/(40*mV))/ms : Hz
        """
        + CONDUCTANCES,
        "threshold": "v > v_th",
        "reset": "",
        "refractory": "3 ms",
        "method": "exponential_euler",
        "parameters": {
            "c_m": "200 pF",
            "g_l": "10 nS",
            "g_na": "20000 nS",
            "g_k": "6000 nS",
            "e_l": "-60 mV",
            "e_na": "50 mV",
            "e_k": "-90 mV",
            "v_shift": "-63 mV",
            "v_th": "-20 mV",
            **RECEPTORS,
        },
        "initial": {
            "v": "e_l + 5*mV*(randn() - 1)",
            "g_e": "10*nS*(4 + 1.5*randn())",
            "g_i": "10*nS*(20 + 12*randn())",
        },
        "weights": {"exc": "6 nS", "inh": "67 nS"},
    },
    "invented": {
        "equations": """
        dv/dt = (g_l*(e_l - v) + g_l*delta_t*exp((v - v_th)/delta_t) - w_ad + i_drive
                 + g_e*(e_e - v) + g_i*(e_i - v))/c_m : volt (unless refractory)
        dw_ad/dt = (a*(v - e_l) - w_ad)/tau_w : amp
        i_drive : amp (constant)
        """
        + CONDUCTANCES,
        "threshold": "v > v_peak",
        "reset": "v = v_reset; w_ad += b",
        "refractory": "2 ms",
        "method": "euler",
        "parameters": {
            "c_m": "200 pF",
            "g_l": "10 nS",
            "e_l": "-65 mV",
            "v_th": "-50 mV",
            "delta_t": "2 mV",
            "v_peak": "-40 mV",
            "v_reset": "-58 mV",
            "a": "2 nS",
            "b": "20 pA",
            "tau_w": "120 ms",
            **RECEPTORS,
        },
        "varied": {"i_drive": "150*pA + 200*pA*rand()"},
        "initial": {"v": "e_l + 10*mV*rand()"},
        "weights": {"exc": "1.5 nS", "inh": "9 nS"},
        "delays": ("0.5 ms", "5 ms"),  # uniform between the two
    },
}


def sizes(workload):
    """Number of excitatory cells, and of all."""
    cells = workload["neurons"]
    return cells * 4 // 5, cells
