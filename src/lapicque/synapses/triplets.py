"""Amplitudes and time constants of the triplet rule, as fitted to experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Triplets:
    """What pairs and triplets of spikes change, relative to a reference weight, and which spikes count.

    Parameters
    ----------
    a2_plus, a3_plus : float
        Potentiation by a pair, and by a triplet of one presynaptic and two postsynaptic spikes.
    a2_minus, a3_minus : float
        Depression by a pair, and by a triplet of one postsynaptic and two presynaptic spikes.
    tau_x, tau_y : float
        Of the slow traces of presynaptic and postsynaptic spikes, ms.
    nearest : bool
        Whether only the last spikes of each side count.
    tau_plus, tau_minus : float
        Of the fast traces, ms.

    Attributes
    ----------
    cortex, cortex_nearest : Triplets
        Fitted to pairs at several frequencies in slices of visual cortex (Sjöström et al. 2001).
    hippocampus, hippocampus_nearest : Triplets
        Fitted to pairs, triplets and quadruplets in cultures (Wang et al. 2005).

    References
    ----------
    .. [1] Pfister & Gerstner 2006, Triplets of spikes in a model of spike timing-dependent plasticity (tables 3 and 4),
       https://doi.org/10.1523/JNEUROSCI.1425-06.2006

    Examples
    --------
    >>> Triplets.cortex.a3_plus, Triplets.hippocampus.tau_y
    (0.0062, 27)
    """

    a2_plus: float
    a3_plus: float
    a2_minus: float
    a3_minus: float
    tau_x: float
    tau_y: float
    nearest: bool = False
    tau_plus: float = 16.8
    tau_minus: float = 33.7

    cortex: ClassVar[Triplets]
    cortex_nearest: ClassVar[Triplets]
    hippocampus: ClassVar[Triplets]
    hippocampus_nearest: ClassVar[Triplets]


Triplets.cortex = Triplets(5e-10, 6.2e-3, 7e-3, 2.3e-4, 101, 125)
Triplets.cortex_nearest = Triplets(8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714, 40, nearest=True)
Triplets.hippocampus = Triplets(6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946, 27)
Triplets.hippocampus_nearest = Triplets(4.6e-3, 9.1e-3, 3e-3, 7.5e-9, 575, 47, nearest=True)
