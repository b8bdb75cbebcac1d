"""Cells for each of a few states, as those of a grid world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.environments.rates import rate_range, whole
from lapicque.environments.spaces import Discrete


@dataclass(frozen=True)
class state_cells:  # noqa: N801  (a value that reads as it is written: state_cells(25, cells=20))
    """A group of cells for each state: that of the current state fires, the others are (nearly) silent.

    Parameters
    ----------
    states : int
        How many states: ``env.observation_space.n``.
    cells : int
        In each group. Cells are ordered group by group.
    rate, base : Hz
        Of the group of the current state, and of the others.

    Raises
    ------
    SimulationError
        If there is no state or cell, or a rate is impossible; in `rates` for a state that is none.

    References
    ----------
    .. [1] Potjans, Morrison & Diesmann 2009, "A spiking neural network model of an actor-critic learning agent",
       doi:10.1162/neco.2008.08-07-593

    Examples
    --------
    >>> code = state_cells(3, cells=2, rate="40 Hz", base="1 Hz")
    >>> code
    state_cells: 3 groups of 2 cells, 1 to 40 Hz
    >>> code.rates(1)
    array([ 1.,  1., 40., 40.,  1.,  1.])
    """

    states: int
    cells: int = 1
    rate: Any = 50.0
    base: Any = 0.0

    def __post_init__(self) -> None:
        whole(self.states, "state_cells: states")
        whole(self.cells, "state_cells: cells")
        highest, lowest = rate_range(self.rate, self.base, "state_cells")
        object.__setattr__(self, "rate", highest)
        object.__setattr__(self, "base", lowest)

    def __repr__(self) -> str:
        return f"state_cells: {self.states} groups of {self.cells} cells, {self.base:g} to {self.rate:g} Hz"

    def __len__(self) -> int:
        return self.states * self.cells

    def rates(self, observation: Any) -> np.ndarray:
        """Rates of all cells.

        Parameters
        ----------
        observation : int
            Number of the state.

        Returns
        -------
        numpy.ndarray
            (cell,), Hz.
        """
        state = Discrete(self.states).checked(observation, "state_cells: the state")
        rates = np.full((self.states, self.cells), self.base)
        rates[state] = self.rate
        return rates.ravel()
