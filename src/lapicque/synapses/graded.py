"""Graded transmission: the target receives a weighted sum of what the sources emit, at every moment."""

from __future__ import annotations

from lapicque.model import Synapse


def graded(unit: str = "pA", w_unit: str | None = None) -> Synapse:
    """The sum of w times the source's output, in every step: rate units, and cells that release without spikes.

    The source is a neuron with ``output=``, such as ``Neuron(..., output="tanh(x)")``.

    Parameters
    ----------
    unit : str
        Of the sum.
    w_unit : str, optional
        Of the weight: the unit of the sum divided by that of the output. By default that of the sum, for outputs that
        are pure numbers.

    Returns
    -------
    Synapse

    References
    ----------
    .. [1] Wilson & Cowan 1972, Excitatory and inhibitory interactions in localized populations of model neurons,
       https://doi.org/10.1016/S0006-3495(72)86068-5

    Examples
    --------
    >>> graded("1").parsed_equations[0].expression.text
    'w*output'
    """
    return Synapse(
        f"""
        i_sum = w*output : {unit} (summed)  # weighted sum of the sources' outputs
        w : {w_unit or unit} (weight)       # what an output of 1 gives
        """,
        reference="Wilson & Cowan 1972, doi:10.1016/S0006-3495(72)86068-5",
        name="graded",
    )
