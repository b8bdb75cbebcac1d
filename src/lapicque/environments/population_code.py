"""A population code of one or several numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.environments.gaussian import GaussianCode
from lapicque.environments.rates import rate_range, whole
from lapicque.errors import SimulationError


def population_code(
    low: Any,
    high: Any,
    cells: Any,
    *,
    joint: bool = False,
    width: Any = None,
    rate: Any = 100.0,
    base: Any = 0.0,
) -> GaussianCode:
    """Cells with Gaussian tuning, evenly spaced from the lowest to the highest value of each coordinate.

    Parameters
    ----------
    low, high : (coordinate,)
        Centres of the first and the last cell of each coordinate, in the units of the observation. (Bounds of an
        observation space may be infinite: say here which range matters.)
    cells : int or (coordinate,) int
        How many in each coordinate, at least 2.
    joint : bool
        False: every cell looks at one coordinate, sum(cells) in all, coordinate by coordinate. True: a cell for every
        combination, prod(cells) in all, the last coordinate running fastest.
    width : (coordinate,), optional
        Standard deviation of the tuning; by default the distance of neighbours.
    rate, base : Hz
        In the centre, and far from it.

    Returns
    -------
    GaussianCode
        Its ``rates(observation)`` are (..., cell), Hz.

    Raises
    ------
    SimulationError
        If a bound is not finite or not below the other, a width not positive, or there are fewer than 2 cells.

    References
    ----------
    .. [1] Dayan & Abbott 2001, Theoretical Neuroscience, ch. 3, MIT Press.
    .. [2] Fremaux, Sprekeler & Gerstner 2013, "Reinforcement learning using a continuous time actor-critic framework
       with spiking neurons", doi:10.1371/journal.pcbi.1003024

    Examples
    --------
    For `cart_pole`, eight cells for each of its four numbers:

    >>> code = population_code([-2.4, -3, -0.21, -3], [2.4, 3, 0.21, 3], cells=8)
    >>> code
    population_code: 32 cells of 4 coordinates, 0 to 100 Hz
    >>> code.rates([0.0, 0.0, 0.21, 0.0])[16:24].round(1)  # those of the angle
    array([  0. ,   0. ,   0. ,   0. ,   1.1,  13.5,  60.7, 100. ])
    """
    bounds = [np.atleast_1d(np.asarray(bound, dtype=np.float64)) for bound in (low, high)]
    if bounds[0].ndim != 1 or bounds[0].shape != bounds[1].shape:
        raise SimulationError(
            f"population_code: low has shape {bounds[0].shape} and high {bounds[1].shape}; give both one number a "
            "coordinate"
        )
    if not (np.isfinite(bounds).all() and (bounds[0] < bounds[1]).all()):
        raise SimulationError(f"population_code: {low!r} to {high!r} is no range: give finite numbers, low below high")
    number = len(bounds[0])
    given = [cells] * number if np.ndim(cells) == 0 else list(cells)
    counts = [whole(count, "population_code: cells") for count in given]
    if len(counts) != number or min(counts) < 2:
        raise SimulationError(f"population_code: cells is {cells!r}, but at least 2 for each of {number} is expected")
    spacing = (bounds[1] - bounds[0]) / (np.array(counts) - 1)
    try:
        sigma = np.broadcast_to(spacing if width is None else np.asarray(width, dtype=np.float64), (number,))
    except ValueError:
        raise SimulationError(f"population_code: width is {width!r}, but one number a coordinate is expected") from None
    highest, lowest = rate_range(rate, base, "population_code")
    axes = [np.linspace(a, b, count) for a, b, count in zip(*bounds, counts, strict=True)]
    if joint:
        centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, number)
        widths = np.broadcast_to(sigma, centres.shape)
    else:
        whose = np.repeat(np.arange(number), counts)
        looks = whose[:, None] == np.arange(number)
        centres = np.where(looks, np.concatenate(axes)[:, None], 0.0)
        widths = np.where(looks, sigma, np.inf)
    return GaussianCode(centres, widths, highest, lowest, "population_code")
