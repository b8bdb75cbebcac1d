"""Which combinations of parameters the data fix, and which they leave open: the curvature of the objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.search import Fit
from lapicque.fit.searchable import EXPLODED

#: The share of a loss that rounding may move: smaller differences within the box are no curvature.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Identifiability:
    """The curvature of an objective at its minimum, along directions that do not mix.

    Attributes
    ----------
    names : tuple of str
        The free parameters.
    curvatures : (dimension,)
        Second derivatives of the loss along the directions, largest first; coordinates are those of the search, from 0
        to 1 between the bounds (of a logarithm, where the scale is logarithmic).
    errors : (dimension,)
        Their standard errors, from what a parabola leaves unexplained.
    directions : (dimension, dimension)
        Row n is the direction of curvature n, of unit length.
    explained : float
        The share of the loss' variance around the minimum that a parabola explains; well below 1, the minimum is rough
        or the radius too large, and the curvatures say little. NaN of a loss that does not vary.
    radius : float
        Half the width of the box that was looked at.
    loss : float
        At the bottom of the parabola.
    exploded : int
        Candidates that were left out, because a state of theirs is no number.
    """

    names: tuple[str, ...]
    curvatures: np.ndarray
    errors: np.ndarray
    directions: np.ndarray
    explained: float
    radius: float
    loss: float
    exploded: int = 0

    @property
    def sloppy(self) -> np.ndarray:
        """Which directions are open, (dimension,): their curvature is below a hundredth of the largest, or unsure."""
        least = ROUNDING * abs(self.loss) / self.radius**2
        unsure = self.curvatures <= np.maximum(2 * self.errors, least)
        return (self.curvatures < 0.01 * self.curvatures[0]) | unsure

    def combination(self, direction: int) -> str:
        """Write a direction as a sum of parameters' coordinates, the largest first; tenths and less are left out.

        Examples
        --------
        >>> half = np.sqrt(0.5)
        >>> found = Identifiability(
        ...     ("w", "p"), np.array([9.0, 0.01]), np.zeros(2), np.array([[half, half], [half, -half]]), 1.0, 0.1, 0.0
        ... )
        >>> found.combination(0), found.sloppy
        ('0.71 w + 0.71 p', array([False,  True]))
        """
        row = self.directions[direction]
        order = [n for n in np.argsort(-np.abs(row), kind="stable") if abs(row[n]) >= 0.1 * np.abs(row).max()]
        sign = np.sign(row[order[0]])
        text = " ".join(f"{'+' if sign * row[n] > 0 else '-'} {abs(row[n]):.2f} {self.names[n]}" for n in order)
        return text.removeprefix("+ ")

    def __repr__(self) -> str:
        share = f"a parabola explains {100 * self.explained:.0f} %"
        said = "the loss does not vary" if np.isnan(self.explained) else share
        lines = [f"Identifiability: {said} within {self.radius:g} of the minimum"]
        if self.exploded:
            lines.append(f"  {self.exploded} candidates explode, and are left out")
        for n, (curvature, error) in enumerate(zip(self.curvatures, self.errors, strict=True)):
            verdict = "open " if self.sloppy[n] else "fixed"
            lines.append(f"  {verdict}  {curvature:9.3g} ± {error:.2g}   {self.combination(n)}")
        return "\n".join(lines)


def identifiability(
    fit: Fit, radius: float = 0.1, points: int | None = None, seed: int = 0, threads: int | None = None
) -> Identifiability:
    """Fit a parabola to the objective around a fit's minimum.

    Objectives of spikes are rough: finite differences would see single spikes that come or go. Here as many candidates
    as are wanted are drawn in a box around the minimum, and the parabola through their losses averages over these.

    Parameters
    ----------
    fit : Fit
        Of one objective.
    radius : float
        Half the width of the box, as a share of the bounds; it is cut at the bounds.
    points : int, optional
        Number of candidates; ten for each coefficient of the parabola if absent.
    seed : int
    threads : int, optional

    Returns
    -------
    Identifiability

    Raises
    ------
    FitError
        If there are several objectives, or fewer points that do not explode than a parabola has coefficients.

    References
    ----------
    .. [1] Gutenkunst et al. 2007, Universally sloppy parameter sensitivities, PLoS Comput. Biol. 3, e189,
       https://doi.org/10.1371/journal.pcbi.0030189

    Examples
    --------
    A loss that only the product of two parameters moves:

    >>> import lapicque as lq
    >>> problem = lq.fit.FunctionProblem(
    ...     lambda values: np.log(values["w"] * values["p"]) ** 2, dict(w=(0.1, 10.0, "log"), p=(0.1, 10.0, "log"))
    ... )
    >>> found = identifiability(lq.fit.minimize(problem, budget=500, seed=1))
    >>> found.combination(0), found.curvatures.round(1), found.sloppy
    ('0.71 w + 0.71 p', array([84.8,  0. ]), array([False,  True]))
    """
    problem = fit.problem
    if len(problem.objectives) != 1:
        raise FitError("several objectives have no one curvature: give identifiability a fit of one")
    if not 0 < radius <= 0.5:
        raise FitError(f"the radius is {radius}: a share of the bounds, above 0 and up to 0.5, is expected")
    d = problem.dimension
    coefficients = 1 + d + d * (d + 1) // 2
    count = 10 * coefficients if points is None else points
    if count <= coefficients:
        raise FitError(f"{count} points cannot fix the {coefficients} coefficients of a parabola: give more")
    low, high = np.clip(fit.point - radius, 0, 1), np.clip(fit.point + radius, 0, 1)
    drawn = low + (high - low) * np.random.default_rng(seed).random((count, d))
    losses = problem.losses(drawn, threads)
    kept = losses != EXPLODED
    exploded, count = int((~kept).sum()), int(kept.sum())
    if count <= coefficients:
        raise FitError(
            f"{exploded} of {len(kept)} candidates within {radius:g} of the minimum explode, and {count} others cannot "
            f"fix the {coefficients} coefficients of a parabola: give a smaller radius, or more points"
        )
    drawn, losses = drawn[kept], losses[kept]
    away = (drawn - fit.point) / radius
    pairs = [(i, j) for i in range(d) for j in range(i, d)]
    design = np.column_stack([np.ones(count), away, *(away[:, i] * away[:, j] for i, j in pairs)])
    found, *_ = np.linalg.lstsq(design, losses, rcond=None)
    left = losses - design @ found
    variance = float(left @ left) / (count - coefficients)
    spread = np.linalg.pinv(design.T @ design) * variance
    curvature = np.zeros((d, d))
    for n, (i, j) in enumerate(pairs, start=1 + d):
        curvature[i, j] += found[n]
        curvature[j, i] += found[n]
    curvature /= radius**2
    values, vectors = np.linalg.eigh(curvature)
    order = np.argsort(values)[::-1]
    values, directions = values[order], vectors[:, order].T
    errors = np.array([_error(direction, pairs, spread, 1 + d) for direction in directions]) / radius**2
    total = float(((losses - losses.mean()) ** 2).sum())
    varies = np.ptp(losses) > ROUNDING * np.abs(losses).max()
    explained = 1 - float(left @ left) / total if varies else float("nan")
    bottom = _bottom(found, curvature * radius**2, d, away)
    return Identifiability(
        tuple(f.name for f in problem.free), values, errors, directions, explained, radius, bottom,
        exploded,
    )  # fmt: skip


def _error(direction: np.ndarray, pairs: list[tuple[int, int]], spread: np.ndarray, first: int) -> float:
    """Return the standard error of the curvature along a direction."""
    row = np.array([2 * direction[i] * direction[j] for i, j in pairs])
    variance = float(row @ spread[first:, first:] @ row)
    return float(np.sqrt(max(variance, 0.0)))


def _bottom(found: np.ndarray, curvature: np.ndarray, d: int, away: Any) -> float:
    """Return the least value of the parabola at the points that were looked at."""
    values = found[0] + away @ found[1 : 1 + d] + 0.5 * np.einsum("ni,ij,nj->n", away, curvature, away)
    return float(values.min())
