"""The alpha function: a synaptic current that rises and decays with one time constant."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse


def alpha(tau: Any, unit: str = "pA") -> Synapse:
    """A current w (t/tau) exp(1 - t/tau): it rises from 0 and is at its peak, the weight, after ``tau``.

    It is normalised to the peak, as in Roth & van Rossum and in NEST's ``iaf_psc_alpha``.

    Parameters
    ----------
    tau : ms
        Time to the peak.
    unit : str
        Of the weight and the current.

    Returns
    -------
    Synapse
        The weight is the peak of the current.

    References
    ----------
    .. [1] Roth & van Rossum 2009, Modeling synapses, ch. 6 of De Schutter (ed), Computational Modeling Methods for
       Neuroscientists, MIT Press, https://doi.org/10.7551/mitpress/9780262013277.001.0001
    .. [2] Rall 1967, Distinguishing theoretical synaptic potentials computed for different soma-dendritic distributions
       of synaptic input, https://doi.org/10.1152/jn.1967.30.5.1138

    Examples
    --------
    >>> sorted(alpha("2 ms").of_scope("post", "state"))
    ['i', 'x']
    """
    return Synapse(
        f"""
        di/dt = (exp(1)*x - i)/tau : {unit} (post)  # synaptic current
        dx/dt = -x/tau : {unit} (post)              # what spikes add to
        w : {unit} (weight)                         # peak current
        tau : ms (post)                             # time to the peak
        """,
        on_pre="x += w*output",
        output="i",
        parameters=dict(tau=tau),
        reference="Roth & van Rossum 2009, doi:10.7551/mitpress/9780262013277.001.0001",
        name="alpha",
    )
