"""A problem whose losses are any function of named numbers: weights as data, images, stimuli."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.free import Free, free_between, point_of, unit_of_bounds, values_of
from lapicque.fit.searchable import EXPLODED
from lapicque.model.values import with_unit


@dataclass(frozen=True, eq=False)
class FunctionProblem:
    """What to fit, where a function says how good candidates are.

    Parameters
    ----------
    function : callable
        Takes a dict, name -> (candidate,), in the units of the bounds, and returns (candidate,), or
        (candidate, objective): smaller is better. All candidates of a generation come at once, as they can be swept
        together, ``lq.simulate(net, ..., sweep=values)``.
    free : name -> bounds
        As of `lapicque.fit.Problem`; the unit is that of the bounds.
    name : str, optional
        What is fitted; the function's name if absent.
    model : callable, optional
        Takes the values of a candidate by name, with their units, ``model(tau="20 ms", w=3.0)``, and returns the model
        with them, for ``fit.fitted``. Absent: there is none.
    data : str
        A text that differs where the function's data do: a checkpoint is resumed only where name, bounds and this text
        are the same.
    objectives : sequence of str
        Names of what is minimised; several for `lapicque.fit.pareto`.

    Raises
    ------
    FitError
        If nothing is free, or what is free is not bounded.

    Notes
    -----
    A loss that is NaN or infinite counts as 1e6, and so do the candidate's other losses, so that one that explodes
    neither ends the search nor is on a front; where all candidates of a generation explode, that is an error.

    Examples
    --------
    >>> import lapicque as lq
    >>> def distance(values):
    ...     return (values["tau"] - 20) ** 2 + (values["w"] - 3) ** 2
    >>> problem = FunctionProblem(distance, dict(tau=("5 ms", "50 ms"), w=(0, 10)))
    >>> problem
    FunctionProblem(distance: tau: 5 to 50 ms (log); w: 0 to 10 (linear))
    >>> lq.fit.minimize(problem, lq.optimizers.cma_es(population=16), 1000, seed=1)
    Fit of 'distance': loss 0.0000 after ...
      tau = 20 ms
      w   = 3
    """

    function: Callable[[dict[str, np.ndarray]], Any]
    free: Any
    name: str = ""
    model: Callable[..., Any] | None = None
    data: str = ""
    objectives: Sequence[str] = ("loss",)

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise FitError(
                f"the function is {type(self.function).__name__}: a function of a dict of values is expected"
            )
        given = self.free
        if isinstance(given, tuple) and all(isinstance(one, Free) for one in given):  # of another problem
            given = {one.name: one for one in given}
        if not isinstance(given, Mapping) or not given:
            raise FitError("nothing is free: give free=dict(name=(low, high))")
        if isinstance(self.objectives, str) or not self.objectives:
            raise FitError(f"objectives is {self.objectives!r}: names are expected, objectives=('loss',)")
        free = tuple(free_between(name, bounds, unit_of_bounds(bounds)) for name, bounds in given.items())
        object.__setattr__(self, "free", free)
        object.__setattr__(self, "name", self.name or getattr(self.function, "__name__", "function"))
        object.__setattr__(self, "objectives", tuple(self.objectives))

    @property
    def dimension(self) -> int:
        """Number of free parameters."""
        return len(self.free)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the name, the bounds, the objectives and ``data``; the function itself has none."""
        described = repr((self.name, self.free, self.objectives, self.data))
        return hashlib.blake2b(described.encode(), digest_size=16).hexdigest()

    def values(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values at points (candidate, dimension) of the unit cube: name -> (candidate,), in its unit."""
        return values_of(self.free, points)

    def point(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return the point (dimension,) in [0, 1] of values; those that are absent are in the middle of their bounds.

        Raises
        ------
        FitError
            For a name that is not free, and a value that is not within the bounds.
        """
        return point_of(self.free, values, {})

    def fitted(self, point: np.ndarray) -> Any:
        """Return the model with the values of a point.

        Raises
        ------
        FitError
            If the problem was made without ``model=``.
        """
        if self.model is None:
            raise FitError(f"{self.name!r} has no model: make it with model=, a function of its values")
        found = self.values(point)
        return self.model(**{free.name: with_unit(_plain(free, found[free.name][0]), free.unit) for free in self.free})

    def losses(self, points: np.ndarray, threads: int | None = None) -> np.ndarray:
        """Return the loss of every candidate, finite: (candidate,), or (candidate, objective).

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]
        threads : is not used: they are the function's own

        Raises
        ------
        FitError
            If the function returns something of another shape, or nothing finite for several candidates.
        """
        return self.finite(self.unchecked(points))

    def unchecked(self, points: np.ndarray) -> np.ndarray:
        """Return what the function does, which may not be finite: (candidate,), or (candidate, objective)."""
        points = np.atleast_2d(np.asarray(points, dtype=float))
        given = self.function(self.values(points))
        try:
            found = np.asarray(given, dtype=float)
        except (TypeError, ValueError) as error:
            raise FitError(f"{self.name!r} returned {type(given).__name__}: losses are expected") from error
        count = len(self.objectives)
        expected = (len(points),) if count == 1 else (len(points), count)
        if found.shape != expected:
            raise FitError(
                f"{self.name!r} returned losses of shape {found.shape}, {expected} is expected: one for each candidate"
                + (" and objective" if count > 1 else "")
            )
        return found

    def finite(self, found: np.ndarray) -> np.ndarray:
        """Return the losses of a generation from what the function returned, all at once or in batches.

        Raises
        ------
        FitError
            If an objective is finite for none of several candidates.
        """
        count, finite = len(self.objectives), np.isfinite(found)
        if len(found) > 1 and not finite.any(axis=0).all():
            what = "" if count == 1 else f" in {self.objectives[int(np.argmin(finite.any(axis=0)))]!r}"
            raise FitError(
                f"{self.name!r} is not finite{what} for any of {len(found)} candidates: check it and the bounds"
            )
        whole = finite if count == 1 else finite.all(axis=1, keepdims=True)  # else it would be on the front
        return np.where(whole, found, EXPLODED)

    def __repr__(self) -> str:
        return f"FunctionProblem({self.name}: {'; '.join(map(repr, self.free))})"


def _plain(free: Free, value: Any) -> float | int:
    return int(value) if free.scale == "integer" else float(value)
