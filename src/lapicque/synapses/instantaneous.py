"""A synapse without a time course: a spike adds the weight to a variable of the target."""

from __future__ import annotations

from lapicque.model import Synapse


def instantaneous(variable: str = "v") -> Synapse:
    """A jump of a variable of the target by the weight: a delta synapse.

    The weight has the unit of the variable: for a membrane potential it is the amplitude of the postsynaptic potential.

    Parameters
    ----------
    variable : str
        A state of the target neuron.

    Returns
    -------
    Synapse

    References
    ----------
    .. [1] Brunel 2000, Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons,
       https://doi.org/10.1023/A:1008925309027

    Examples
    --------
    >>> instantaneous("v")
    Synapse instantaneous
      on pre: v_post += w*output
      reference: Brunel 2000, doi:10.1023/A:1008925309027
    """
    return Synapse(
        on_pre=f"{variable}_post += w*output",
        reference="Brunel 2000, doi:10.1023/A:1008925309027",
        name="instantaneous",
    )
