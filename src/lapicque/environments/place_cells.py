"""Place cells, evenly spread over a disc."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from lapicque.environments.environment import quantity
from lapicque.environments.gaussian import GaussianCode
from lapicque.environments.rates import rate_range, whole


def place_cells(
    radius: Any = 1.0, cells: int = 493, *, width: Any = None, rate: Any = 50.0, base: Any = 0.0
) -> GaussianCode:
    """Cells that fire in a place of a circular arena each; the places are spread evenly, as seeds of a sunflower.

    Number and width are those of Foster, Morris & Dayan for a pool of 1 m.

    Parameters
    ----------
    radius : m
        Of the arena: that of the `water_maze`.
    cells : int
    width : m, optional
        Standard deviation of the place fields; by default twice the mean distance of neighbours,
        ``2 radius sqrt(pi/cells)``, 0.16 m.
    rate, base : Hz
        In the middle of the field, and far from it.

    Returns
    -------
    GaussianCode
        Its ``rates(position)`` are (..., cell), Hz; its ``centres`` (cell, 2), m.

    Raises
    ------
    SimulationError
        If radius, width or rate is not positive, or there is no cell.

    References
    ----------
    .. [1] O'Keefe & Dostrovsky 1971, "The hippocampus as a spatial map", doi:10.1016/0006-8993(71)90358-1
    .. [2] Foster, Morris & Dayan 2000, doi:10.1002/(SICI)1098-1063(2000)10:1<1::AID-HIPO1>3.0.CO;2-1
    .. [3] Vogel 1979, "A better way to construct the sunflower head", doi:10.1016/0025-5564(79)90080-4

    Examples
    --------
    >>> cells = place_cells()
    >>> cells
    place_cells: 493 cells of 2 coordinates, 0 to 50 Hz
    >>> rates = cells.rates([0.5, 0.0])
    >>> cells.centres[rates.argmax()].round(2), int((rates > 25).sum())
    (array([0.54, 0.01]), 16)
    """
    length = quantity(radius, "m", "place_cells: radius")
    number = whole(cells, "place_cells: cells")
    sigma = 2 * length * sqrt(pi / number) if width is None else quantity(width, "m", "place_cells: width")
    highest, lowest = rate_range(rate, base, "place_cells")
    seeds = np.arange(number)
    distance = length * np.sqrt((seeds + 0.5) / number)
    angle = seeds * pi * (3 - sqrt(5))
    centres = np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=1)
    return GaussianCode(centres, np.full_like(centres, sigma), highest, lowest, "place_cells")
