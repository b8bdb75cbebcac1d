"""The maximum of a concave log-likelihood, by Newton's method with backtracking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.likelihood.kernels import likelihood

_TOLERANCE = 1e-9  # of half the squared Newton decrement: how far the log-likelihood is below its maximum, about
_STEPS = 100
_VAGUE = 1e3  # a log rate that is known no better than so in some bin is not known at all


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a log-likelihood is largest.

    Attributes
    ----------
    coefficients : (coefficient,)
    covariance : (coefficient, coefficient)
        The inverse of the observed information: of the Hessian's negative, a ridge's part included.
    log_likelihood : float
        Without the ridge's part.
    steps : int
        Newton steps.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    steps: int


def evaluate(
    design: np.ndarray, counts: np.ndarray, coefficients: np.ndarray, offset: np.ndarray, poisson: bool
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return log-likelihood, gradient (coefficient,) and Hessian (coefficient, coefficient); see `maximum`."""
    gradient = np.empty(design.shape[1])
    hessian = np.empty((design.shape[1],) * 2)
    value = likelihood(design, offset, counts, coefficients, poisson, gradient, hessian)
    return value, gradient, hessian


def maximum(
    design: np.ndarray,
    counts: np.ndarray,
    names: Sequence[str],
    *,
    offset: np.ndarray | float = 0.0,
    poisson: bool = False,
    ridge: np.ndarray | float = 0.0,
) -> Maximum:
    """Maximise the log-likelihood of counts whose expected logarithm is ``offset + design @ coefficients``.

    Columns are scaled to the same size within, so that units do not matter; coefficients are returned in their own.

    Parameters
    ----------
    design : (bin, coefficient)
        Its first column is the constant 1.
    counts : (bin,)
        Spikes in each bin; 0 or 1 unless ``poisson``.
    names : sequence of str
        What the coefficients are called in messages.
    offset : (bin,) or float
    poisson : bool
        Poisson counts; else a bin has a spike with probability 1 - exp(-expected), as in a simulation.
    ridge : (coefficient,) or float
        Half of ``ridge * (coefficient * standard deviation of its column)**2`` is taken from the log-likelihood; the
        constant is free of it.

    Raises
    ------
    FitError
        Where there is no maximum, or not a single one: without spikes, with covariates that are linear combinations of
        others, and where a covariate separates bins with spikes from bins without.

    Examples
    --------
    One coefficient: the logarithm of the mean count.

    >>> found = maximum(np.ones((4, 1)), np.array([1.0, 3.0, 0.0, 2.0]), ["constant"], poisson=True)
    >>> found.coefficients.round(4), found.covariance.round(4)  # log(6/4), 1/6
    (array([0.4055]), array([[0.1667]]))
    """
    scale = design.std(axis=0)
    penalty = np.broadcast_to(np.asarray(ridge, dtype=float), scale.shape).copy()
    penalty[0] = 0.0
    if not (np.isfinite(penalty).all() and penalty.min() >= 0):
        raise FitError(f"ridge is {ridge}: numbers that are not negative are expected")
    _check(design, counts, names, scale, penalty)
    scale[0] = 1.0
    scaled = np.ascontiguousarray(design / scale)
    shift = np.full(len(counts), float(offset)) if np.ndim(offset) == 0 else np.ascontiguousarray(offset, dtype=float)
    spikes = np.ascontiguousarray(counts, dtype=float)

    beta = np.zeros(len(scale))
    # the mean rate: the best constant, where the offset is one
    beta[0] = np.log(spikes.mean()) - np.log(np.mean(np.exp(shift - shift.max()))) - shift.max()

    def at(point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, float]:
        value, gradient, hessian = evaluate(scaled, spikes, point, shift, poisson)
        penalised = value - 0.5 * float(penalty @ point**2)
        return penalised, gradient - penalty * point, hessian - np.diag(penalty), value

    value, gradient, hessian, plain = at(beta)
    for step in range(1, _STEPS + 1):
        direction = _solve(-hessian, gradient, names)
        decrement = float(gradient @ direction)
        if decrement <= 2 * _TOLERANCE:
            break
        length = 1.0
        while True:
            tried = at(beta + length * direction)
            if tried[0] >= value + 1e-4 * length * decrement:
                break
            length /= 2
            if length < 1e-10:  # rounding: nothing is left to gain
                return _found(scaled, beta, hessian, plain, step, scale, names)
        beta = beta + length * direction
        value, gradient, hessian, plain = tried
    else:
        raise _separated(beta, names)
    return _found(scaled, beta, hessian, plain, step, scale, names)


def _check(
    design: np.ndarray, counts: np.ndarray, names: Sequence[str], scale: np.ndarray, penalty: np.ndarray
) -> None:
    if not np.isfinite(design).all():
        bad = [name for name, column in zip(names, design.T, strict=True) if not np.isfinite(column).all()]
        raise FitError(f"the covariate {bad[0]!r} is not finite (NaN or infinite) in some bins")
    if not counts.sum() > 0:
        raise FitError("there are no spikes in the windows of the trials: a likelihood has no maximum without any")
    for j, name in enumerate(names):
        if j == 0:
            continue
        column = design[:, j]
        if not scale[j] > 1e-12 * np.abs(column).max(initial=0.0):
            what = "0" if not column.any() else "the same"
            raise FitError(
                f"the covariate {name!r} is {what} in every bin, so the data say nothing about it: leave it out, or "
                "give data in which it varies"
            )
        if penalty[j] > 0:
            continue
        fired = column[counts > 0]
        for sign, end in ((1.0, "lowest"), (-1.0, "highest")):
            edge = (sign * column).min()
            if np.all(sign * fired == edge):
                raise FitError(
                    f"the covariate {name!r} is at its {end} value at every spike: its coefficient has no finite "
                    "maximum of the likelihood (separation). A kernel that begins within the shortest interval between "
                    "spikes does so: begin it later, use t_ref= for that time, wider functions, or ridge=1"
                )


def _solve(information: np.ndarray, gradient: np.ndarray, names: Sequence[str]) -> np.ndarray:
    values, vectors = np.linalg.eigh(information)
    if not values[0] > 1e-13 * values[-1]:
        raise _flat(vectors[:, 0], names)
    return np.asarray(vectors @ ((vectors.T @ gradient) / values))


def _flat(direction: np.ndarray, names: Sequence[str]) -> FitError:
    order = np.argsort(-np.abs(direction))
    involved = [repr(names[j]) for j in order if np.abs(direction[j]) > 0.1 * np.abs(direction).max()]
    return FitError(
        f"the data do not tell {', '.join(involved[:6])} apart: the likelihood is flat along a combination of them "
        "(linearly dependent covariates, or separation). Leave some out, or give ridge=1"
    )


def _separated(direction: np.ndarray, names: Sequence[str]) -> FitError:
    worst = names[int(np.argmax(np.abs(direction)))]
    return FitError(
        f"the likelihood has no maximum: {worst!r} grows without end, since some combination of covariates separates "
        "the bins with spikes from those without. Use fewer or wider functions, or ridge=1"
    )


def _found(
    scaled: np.ndarray,
    beta: np.ndarray,
    hessian: np.ndarray,
    value: float,
    steps: int,
    scale: np.ndarray,
    names: Sequence[str],
) -> Maximum:
    values, vectors = np.linalg.eigh(-hessian)
    if not values[0] > 1e-13 * values[-1]:
        raise _flat(vectors[:, 0], names)
    if np.abs(scaled @ vectors[:, 0]).max() > _VAGUE * np.sqrt(values[0]):
        raise _separated(vectors[:, 0], names)
    covariance = (vectors / values) @ vectors.T
    return Maximum(beta / scale, covariance / np.outer(scale, scale), value, steps)
