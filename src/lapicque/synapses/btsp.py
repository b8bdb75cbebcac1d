"""Behavioural timescale plasticity: one plateau makes a place field of what came seconds before and after."""

from __future__ import annotations

from typing import Any

from lapicque.model import Every, On, Synapse
from lapicque.synapses.weights import weight_unit


def btsp(
    w_max: Any,
    tau_et: Any = "860 ms",
    tau_is: Any = "540 ms",
    k_plus: Any = "1.7 / second",
    k_minus: Any = "0.2 / second",
    alpha_plus: Any = 0.415,
    beta_plus: Any = 4.4,
    alpha_minus: Any = 0.026,
    beta_minus: Any = 20,
    a_et: Any = 0.05,
    at: str = "post.plateau",
    every: Any = "10 ms",
) -> Synapse:
    """A weight that moves where a trace of presynaptic spikes overlaps with that of a plateau potential.

    dw/dt = (w_max - w)*k_plus*q_plus - w*k_minus*q_minus. Both q are sigmoids of the overlap of an eligibility trace,
    which presynaptic spikes fill, and an instructive signal, which a plateau sets to 1; they are 0 for no overlap and 1
    for a full one. Weak synapses grow, and strong ones that were active long before or after shrink. The weight is
    brought up to date at an interval, since the traces are slow.

    Parameters
    ----------
    w_max : quantity
        Largest weight. Its unit is that of the weight.
    tau_et, tau_is : ms
        Of the eligibility trace and of the instructive signal.
    k_plus, k_minus : 1/ms
        Speeds of potentiation and depression.
    alpha_plus, beta_plus, alpha_minus, beta_minus : 1
        Midpoints and slopes of the sigmoids. These, the speeds and the time constants are values with which a plateau
        makes a field of the observed width; fits to single cells differ widely.
    a_et : 1
        Part of what is missing to 1 that a presynaptic spike adds to the eligibility.
    at : str
        Event that is the plateau: ``"post.plateau"``, an event of the target by that name, or that of a modulator.
    every : ms
        Interval at which the weight moves.

    Returns
    -------
    Synapse
        The rule alone: ``.onto(transmission)`` makes it transmit spikes.

    References
    ----------
    .. [1] Bittner, Milstein, Grienberger, Romani & Magee 2017, Behavioral time scale synaptic plasticity underlies CA1
       place fields, https://doi.org/10.1126/science.aan3846
    .. [2] Milstein, Li, Bittner, Grienberger, Soltesz, Magee & Romani 2021, Bidirectional synaptic plasticity rapidly
       modifies hippocampal representations, https://doi.org/10.7554/eLife.73046

    Examples
    --------
    >>> btsp("1 nS").on["plateau"]
    On(at='post.plateau', code='instruction = 1', delay=None)
    """
    unit = weight_unit(w_max)

    def scaled(alpha: str, beta: str) -> str:
        low, high = (f"sigmoid({beta}*({x} - {alpha}))" for x in (0, 1))
        return f"(sigmoid({beta}*(overlap - {alpha})) - {low})/({high} - {low})"

    return Synapse(
        f"""
        deligibility/dt = -eligibility/tau_et : 1  # trace of presynaptic spikes
        dinstruction/dt = -instruction/tau_is : 1  # trace of plateaus
        overlap = eligibility*instruction : 1      # of both traces
        q_plus = {scaled("alpha_plus", "beta_plus")} : 1     # part of the speed of potentiation
        q_minus = {scaled("alpha_minus", "beta_minus")} : 1  # part of the speed of depression
        w : {unit} (weight)  # strength
        w_max : {unit}       # largest weight
        tau_et : ms          # of the eligibility
        tau_is : ms          # of the instructive signal
        k_plus : 1/ms        # speed of potentiation
        k_minus : 1/ms       # speed of depression
        alpha_plus : 1       # midpoint of potentiation
        beta_plus : 1        # slope of potentiation
        alpha_minus : 1      # midpoint of depression
        beta_minus : 1       # slope of depression
        a_et : 1             # part that a spike fills
        interval : ms        # at which the weight moves
        """,
        on_pre="eligibility += a_et*(1 - eligibility)",
        on=dict(
            plateau=On(at, "instruction = 1"),
            consolidate=Every(every, "w += interval*((w_max - w)*k_plus*q_plus - w*k_minus*q_minus)"),
        ),
        bounds=dict(w=(0, "w_max")),
        parameters=dict(
            w_max=w_max, tau_et=tau_et, tau_is=tau_is, k_plus=k_plus, k_minus=k_minus, alpha_plus=alpha_plus,
            beta_plus=beta_plus, alpha_minus=alpha_minus, beta_minus=beta_minus, a_et=a_et, interval=every,
        ),
        reference="Milstein, Li, Bittner, Grienberger, Soltesz, Magee & Romani 2021, doi:10.7554/eLife.73046",
        name="btsp",
    )  # fmt: skip
