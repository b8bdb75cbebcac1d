"""Gap junctions: electrical synapses, which couple two voltages at every moment."""

from __future__ import annotations

from lapicque.model import Synapse


def gap_junction(v: str = "v") -> Synapse:
    """A current w (v_pre - v_post) into the target, summed over its synapses in every step.

    A projection carries the current one way. Connect both ways with the same pairs for a symmetric junction.

    Parameters
    ----------
    v : str
        What both neurons call their membrane potential.

    Returns
    -------
    Synapse
        The weight is the conductance of the junction.

    References
    ----------
    .. [1] Galarreta & Hestrin 1999, A network of fast-spiking cells in the neocortex connected by electrical synapses,
       https://doi.org/10.1038/47029

    Examples
    --------
    >>> gap_junction().variables["i_gap"].scope
    'summed'
    """
    return Synapse(
        f"""
        i_gap = w*({v}_pre - {v}_post) : pA (summed)  # current through all junctions of a neuron
        w : nS (weight)                               # conductance of a junction
        """,
        reference="Galarreta & Hestrin 1999, doi:10.1038/47029",
        name="gap_junction",
    )
