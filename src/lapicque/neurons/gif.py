"""The generalized integrate-and-fire neuron: escape noise, a spike-triggered current and a moving threshold.

A spike happens with the rate lambda_0 exp((v - v_th - gamma_1 - gamma_2)/delta_v). Each spike adds to the currents
``eta_1, eta_2`` and to the threshold's parts ``gamma_1, gamma_2``, which decay exponentially (two exponentials stand
for each kernel of the paper; `gif_like` takes any number). The values are those of a cortical cell in Mensi et al.
2012, as NEST's gif examples use them.
"""

from collections.abc import Mapping
from typing import Any

from lapicque.model import Neuron


def gif_like(parameters: Mapping[str, Any], **fields: Any) -> Neuron:
    """Build a neuron as `gif`, with as many exponentials in its two kernels as have a jump among the parameters.

    Parameters
    ----------
    parameters : mapping of str to quantity
        As those of `gif`, with ``q_eta_1, tau_eta_1, q_eta_2 ...`` for the current (pA, ms) and ``q_gamma_1,
        tau_gamma_1 ...`` for the threshold (mV, ms); each kernel may have none. With ``kappa_1, tau_theta_1 ...`` (a
        number, ms) the threshold accommodates: it follows the potential too, by the share kappa, within tau_theta (a
        linear form of Mensi et al. 2016, doi:10.1371/journal.pcbi.1004761).
    **fields
        Of `Neuron`: ``name=``, ``initial=`` ...

    Returns
    -------
    Neuron

    Examples
    --------
    >>> given = {**gif.parameters, "q_gamma_3": "1 mV", "tau_gamma_3": "5 s"}
    >>> [state for state in gif_like(given).states]
    ['v', 'eta_1', 'eta_2', 'gamma_1', 'gamma_2', 'gamma_3']
    """
    etas, gammas, thetas = (_numbers(parameters, prefix) for prefix in ("q_eta_", "q_gamma_", "kappa_"))
    current = "".join(f" - eta_{k}" for k in etas)
    threshold = "".join([*(f" - gamma_{k}" for k in gammas), *(f" - theta_{k}" for k in thetas)])
    lines = [
        f"dv/dt = (g_l*(e_l - v){current} + i_ext)/c_m : mV (unless refractory)  # membrane potential",
        *(f"deta_{k}/dt = -eta_{k}/tau_eta_{k} : pA  # part {k} of the spike-triggered current" for k in etas),
        *(f"dgamma_{k}/dt = -gamma_{k}/tau_gamma_{k} : mV  # part {k} of the moving threshold" for k in gammas),
        *(
            f"dtheta_{k}/dt = (kappa_{k}*(v - e_l) - theta_{k})/tau_theta_{k} : mV  # part {k} of the accommodation"
            for k in thetas
        ),
        "i_ext : pA (input)  # injected current",
        "c_m : pF  # membrane capacitance",
        "g_l : nS  # leak conductance",
        "e_l : mV  # leak reversal potential",
        "v_th : mV  # threshold at rest",
        "delta_v : mV  # sharpness of the threshold",
        "lambda_0 : Hz  # rate of spikes at the threshold",
        "v_reset : mV  # reset potential",
        *(f"q_eta_{k} : pA  # jump of the current's part {k}" for k in etas),
        *(f"tau_eta_{k} : ms  # time constant of the current's part {k}" for k in etas),
        *(f"q_gamma_{k} : mV  # jump of the threshold's part {k}" for k in gammas),
        *(f"tau_gamma_{k} : ms  # time constant of the threshold's part {k}" for k in gammas),
        *(f"kappa_{k} : 1  # share of the potential that part {k} of the accommodation follows" for k in thetas),
        *(f"tau_theta_{k} : ms  # time constant of the accommodation's part {k}" for k in thetas),
        "t_ref : ms  # refractory period",
    ]
    jumps = [f"{part}_{k} += q_{part}_{k}" for part, numbers in (("eta", etas), ("gamma", gammas)) for k in numbers]
    return Neuron(
        "\n".join(lines),
        threshold=f"hazard(lambda_0*exp((v - v_th{threshold})/delta_v))",
        reset="; ".join(["v = v_reset", *jumps]),
        refractory="t_ref",
        parameters=dict(parameters),
        reference=(
            "Mensi et al. 2012, doi:10.1152/jn.00408.2011; Pozzorini et al. 2015, doi:10.1371/journal.pcbi.1004275"
        ),
        **{"initial": dict(v="e_l"), "name": "gif", **fields},
    )


def _numbers(parameters: Mapping[str, Any], prefix: str) -> list[int]:
    return sorted(int(name.removeprefix(prefix)) for name in parameters if name.startswith(prefix))


gif = gif_like(
    dict(
        c_m="83.1 pF", g_l="3.7 nS", e_l="-67 mV", v_th="-39.6 mV", delta_v="1.4 mV", lambda_0="1 Hz",
        v_reset="-36.7 mV", q_eta_1="56.7 pA", q_eta_2="-6.9 pA", tau_eta_1="57.8 ms", tau_eta_2="218.2 ms",
        q_gamma_1="11.7 mV", q_gamma_2="1.8 mV", tau_gamma_1="53.8 ms", tau_gamma_2="640 ms", t_ref="4 ms",
    ),
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
)  # fmt: skip
