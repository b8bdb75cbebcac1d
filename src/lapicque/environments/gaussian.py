"""Cells with Gaussian tuning: the one mechanism of `place_cells` and `population_code`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError


@dataclass(frozen=True, eq=False, repr=False)
class GaussianCode:
    """Rates of cells that prefer a place each: ``base + (rate - base) exp(-sum((value - centre)^2/(2 width^2)))``.

    Made by `place_cells` and `population_code`, or from any centres and widths.

    Parameters
    ----------
    centres : (cell, coordinate)
        What each cell prefers, in the units of the observation.
    widths : (cell, coordinate)
        Standard deviations of the tuning; an infinite one: the cell does not care about this coordinate.
    rate, base : Hz
        In the centre, and far from it.
    name : str
        Who made it.

    Raises
    ------
    SimulationError
        If centres are not finite, widths not positive, or shapes differ; in `rates` for observations with another
        number of coordinates, or NaN.

    References
    ----------
    .. [1] Dayan & Abbott 2001, Theoretical Neuroscience, ch. 3, MIT Press.

    Examples
    --------
    >>> code = GaussianCode(centres=[[-1.0], [0.0], [1.0]], widths=[[1.0]] * 3, rate=40.0)
    >>> code
    GaussianCode: 3 cells of 1 coordinate, 0 to 40 Hz
    >>> code.rates([0.5]).round(2)  # Hz
    array([12.99, 35.3 , 35.3 ])
    """

    centres: np.ndarray
    widths: np.ndarray
    rate: float
    base: float = 0.0
    name: str = "GaussianCode"

    def __post_init__(self) -> None:
        for field in ("centres", "widths"):
            array = np.array(getattr(self, field), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, field, array)
        if self.centres.ndim != 2 or not self.centres.size or self.widths.shape != self.centres.shape:
            raise SimulationError(
                f"{self.name}: centres have shape {self.centres.shape} and widths {self.widths.shape}; both are (cell, "
                "coordinate)"
            )
        if not np.isfinite(self.centres).all():
            raise SimulationError(f"{self.name}: a centre is not finite")
        if not (self.widths > 0).all():
            raise SimulationError(f"{self.name}: a width is {self.widths.min():g}, but positive ones are expected")

    def __repr__(self) -> str:
        cells, coordinates = self.centres.shape
        return (
            f"{self.name}: {cells} cells of {coordinates} coordinate{'s' * (coordinates > 1)}, "
            f"{self.base:g} to {self.rate:g} Hz"
        )

    def __len__(self) -> int:
        return len(self.centres)

    def rates(self, observation: Any) -> np.ndarray:
        """Rates of all cells.

        Parameters
        ----------
        observation : (..., coordinate)

        Returns
        -------
        numpy.ndarray
            (..., cell), Hz.
        """
        values = np.asarray(observation, dtype=np.float64)
        if values.ndim == 0 or values.shape[-1] != self.centres.shape[1]:
            raise SimulationError(
                f"{self.name}: the observation has shape {values.shape}, but {self.centres.shape[1]} coordinates in "
                "the last dimension are expected"
            )
        if not np.isfinite(values).all():
            raise SimulationError(f"{self.name}: the observation {observation!r} is not finite")
        apart = (values[..., None, :] - self.centres) / self.widths
        return self.base + (self.rate - self.base) * np.exp(-0.5 * np.square(apart).sum(axis=-1))
