"""What a way to refine promises: a description that begins and resumes moves of several starts together."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from lapicque.fit.refine.starts import Walkers
from lapicque.fit.searchable import Searchable


class Refining(Protocol):
    """Starts that are being refined: a search like those of `lapicque.optimizers`, which also knows its problem."""

    further: int
    """Evaluations that the derivatives of the last `ask` count as, besides the points that it returned."""

    @property
    def walkers(self) -> Walkers:
        """Where each start stands."""

    @property
    def best_value(self) -> float:
        """Smallest loss."""

    @property
    def best_point(self) -> np.ndarray:
        """(dimension,), where it is."""

    @property
    def done(self) -> bool:
        """Whether no start moves any more."""

    def ask(self) -> np.ndarray:
        """(candidate, dimension) points in [0, 1] whose losses are wanted."""

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Learn their losses (candidate,); a start moves only to where the problem's own loss is smaller."""

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, ready for JSON."""


class Method(Protocol):
    """A way to refine, as a value: `gauss_newton`, `l_bfgs`, `adam`, `pattern`."""

    def begin(self, problem: Searchable, points: np.ndarray, losses: np.ndarray) -> Refining:
        """Begin from points (start, dimension) with known losses (start,).

        Raises
        ------
        FitError
            If the problem has not what the method needs.
        """

    def resume(self, problem: Searchable, saved: dict[str, Any]) -> Refining:
        """Continue identically from what `Refining.save` returned."""
