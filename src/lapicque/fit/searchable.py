"""What a search asks of a problem, of cells, of networks, or anyone's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.free import Free

#: The loss of a candidate that explodes: whose states, or whose losses, are no longer numbers.
EXPLODED = 1e6


@runtime_checkable
class Searchable(Protocol):
    """A problem on the unit cube: `lapicque.fit.Problem`, `lapicque.fit.NetworkProblem`, or an object of your own."""

    @property
    def name(self) -> str:
        """What is fitted, for reports."""

    @property
    def free(self) -> tuple[Free, ...]:
        """The free parameters, in the order of a point's coordinates."""

    @property
    def dimension(self) -> int:
        """Number of free parameters."""

    @property
    def fingerprint(self) -> str:
        """A hash of everything that the losses depend on: a checkpoint belongs to it."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of what is minimised; one for a problem whose losses are (candidate,)."""

    def values(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of the free parameters at points (candidate, dimension): name -> (candidate,)."""

    def point(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return the point (dimension,) in [0, 1] of values by name."""

    def fitted(self, point: np.ndarray) -> Any:
        """Return the model with the parameters of a point: a Neuron or a Network."""

    def losses(self, points: np.ndarray, threads: int | None = None) -> np.ndarray:
        """Return (candidate,), of several objectives (candidate, objective); all finite, 1e6 where one explodes."""


def checked_losses(problem: Searchable, points: np.ndarray, losses: Any) -> np.ndarray:
    """Return what a problem gave for points, if it is one number for each candidate and objective.

    Raises
    ------
    FitError
        If it has another shape, or is NaN.

    Examples
    --------
    >>> import lapicque as lq
    >>> trial = lq.fit.Trial(np.zeros(100), lq.spikes.SpikeTrains.from_lists([[5.0]], t_stop=10))
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, [trial], free=dict(c_m=("50 pF", "400 pF")), distance=lq.distances.coincidence("1 ms")
    ... )
    >>> checked_losses(problem, np.zeros((2, 1)), [0.5, 1])
    array([0.5, 1. ])
    """
    losses, count = np.asarray(losses, dtype=float), len(problem.objectives)
    expected = (len(points),) if count == 1 else (len(points), count)
    if losses.shape != expected:
        raise FitError(f"the losses of {problem.name!r} have shape {losses.shape}, {expected} is expected")
    if np.isnan(losses).any():
        raise FitError(f"{int(np.isnan(losses).sum())} losses of {problem.name!r} are NaN: a large number is expected")
    return losses
