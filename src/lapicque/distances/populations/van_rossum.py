"""The van Rossum distance of population responses: trains are vectors with an angle between neurons."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, pi
from typing import Any

import numpy as np

from lapicque import distances
from lapicque.distances.populations.population import PopulationDistance, check_alike, pooled
from lapicque.errors import DistanceError
from lapicque.spikes import SpikeTrains
from lapicque.units import magnitude


def van_rossum(tau: Any, angle: Any = pi / 2) -> PopulationVanRossum:
    r"""Multi-neuron van Rossum distance: each neuron's filtered train points in a direction of its own.

    With ``c = cos(angle)`` between any two directions, ``D**2 = (1 - c) * sum_k D_k**2 + c * D_all**2``, where D_k is
    the van Rossum distance of neuron k's trains and D_all that of the pooled spikes of all neurons.

    Parameters
    ----------
    tau : ms
        Time constant of the filter, as of `lapicque.distances.van_rossum`, whose normalisation is kept.
    angle : radians
        0: all spikes are pooled, and it does not matter which neuron spiked; pi/2: labelled lines, each neuron is
        compared with itself only.

    Returns
    -------
    PopulationVanRossum

    Raises
    ------
    DistanceError
        For an angle outside 0 to pi/2, and a time constant that is not positive.

    Notes
    -----
    One spike that another neuron fires instead is a distance of ``sqrt(2 (1 - c))``. The sum is Houghton & Sen's
    bilinear form, rearranged: the time that it takes grows with the number of spikes, not with that of pairs of
    neurons. Equal times count as often as they are there.

    References
    ----------
    .. [1] Houghton & Sen 2008, A new multineuron spike train metric, Neural Comput. 20, 1495,
       https://doi.org/10.1162/neco.2007.10-06-350
    .. [2] Houghton & Kreuz 2012, On the efficient calculation of van Rossum distances, Network 23, 48,
       https://doi.org/10.3109/0954898X.2012.673048

    Examples
    --------
    >>> a = SpikeTrains.from_lists([[10], []], t_stop=40)
    >>> b = SpikeTrains.from_lists([[], [10]], t_stop=40)
    >>> [round(van_rossum("10 ms", angle)(a, b), 4) for angle in (0, pi / 3, pi / 2)]  # sqrt(2 (1 - cos))
    [0.0, 1.0, 1.4142]
    """
    between = float(magnitude(angle, "1", "the angle between neurons"))
    if not 0 <= between <= pi / 2 + 1e-12:
        raise DistanceError(f"the angle between neurons goes from 0 to pi/2 (1.5708), not {between:g}")
    return PopulationVanRossum(distances.van_rossum(tau).tau, between)


@dataclass(frozen=True, repr=False)
class PopulationVanRossum(PopulationDistance):
    """Multi-neuron van Rossum distance; made by `van_rossum`."""

    tau: float = field(metadata={"unit": "ms"})
    angle: float = pi / 2

    def batch(self, candidates: SpikeTrains, references: SpikeTrains, threads: int | None = None) -> np.ndarray:
        """Distance of each trial from each reference."""
        check_alike(candidates, references)
        one = distances.van_rossum(self.tau)
        alike = min(max(cos(self.angle), 0.0), 1.0) if self.angle < pi / 2 else 0.0
        squares = np.zeros((candidates.shape[0], references.shape[0]))
        if alike < 1.0:
            for k in range(candidates.shape[1]):
                squares += (1 - alike) * one.batch(candidates[:, [k]], references[:, [k]], threads) ** 2
        if alike > 0.0:
            squares += alike * one.batch(pooled(candidates), pooled(references), threads) ** 2
        return np.sqrt(squares)
