"""Where gradients of a smooth loss beside the problem's objective come from: the equations, or a surrogate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.problem import Problem
from lapicque.fit.refine.residuals import Residuals
from lapicque.fit.searchable import Searchable
from lapicque.units import magnitude


class Gradients(Protocol):
    """Gradients of a problem's candidates."""

    cost: int
    """Evaluations that one of them counts as."""

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return (candidate, dimension), by coordinates of the unit cube, for points of the same shape."""


class Slopes(Protocol):
    """A source of gradients, as a value."""

    def of(self, problem: Searchable) -> Gradients:
        """Return the gradients of a problem.

        Raises
        ------
        FitError
            If it has none of this kind.
        """


@dataclass(frozen=True)
class sensitivities:  # noqa: N801  (a value that reads as it is written)
    """Gradients of squared differences of spike times and voltages, by the sensitivity equations.

    A gradient counts as 1 + dimension evaluations.

    Parameters
    ----------
    forced, radius :
        As of `lapicque.fit.gauss_newton`.

    Examples
    --------
    >>> sensitivities()
    sensitivities(forced=False, radius=0.5)
    """

    forced: bool = False
    radius: float = 0.5

    def of(self, problem: Searchable) -> Gradients:
        """Return the gradients of a problem."""
        return _FromResiduals(Residuals(problem, self.forced, self.radius))


class _FromResiduals:
    def __init__(self, residuals: Residuals):
        self.residuals, self.cost = residuals, residuals.cost

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return (candidate, dimension)."""
        return np.array([normal.gradient for normal in self.residuals.at(points)])


@dataclass(frozen=True)
class surrogate:  # noqa: N801  (a value that reads as it is written)
    """Gradients of the van Rossum distance through the neuron as a torch layer, with a surrogate at the threshold.

    The layer is the same neuron (`lapicque.train.Spiking`); what has no gradient there, as a refractory period, stays
    as it is. A gradient counts as 3 evaluations: one way forth, and twice as much back.

    Parameters
    ----------
    tau : time
        Of the distance.
    function : lapicque.train surrogate, optional
        ``lapicque.train.ATan(2.0)`` if absent.
    backend : str
        As of `lapicque.train.Spiking`: compiled kernels, or ``"torch"``, slow but without compilation.

    References
    ----------
    .. [1] Neftci, Mostafa & Zenke 2019, doi:10.1109/MSP.2019.2931595

    Examples
    --------
    >>> surrogate(tau="5 ms")
    surrogate(tau=5.0, function=None, backend='auto')
    """

    tau: Any = 10.0
    function: Any = None
    backend: str = "auto"

    def __post_init__(self) -> None:
        tau = float(magnitude(self.tau, "ms", "tau of surrogate"))
        if not 0 < tau < np.inf:
            raise FitError(f"tau of surrogate is {tau:g} ms: a positive time is expected")
        object.__setattr__(self, "tau", tau)

    def of(self, problem: Searchable) -> Gradients:
        """Return the gradients of a problem."""
        if not isinstance(problem, Problem):
            raise FitError(f"{problem!r} is no lq.fit.Problem of one cell: use lq.fit.pattern(), without gradients")
        from lapicque.fit.refine.torch_gradients import SurrogateGradients  # torch is slow to load

        return SurrogateGradients(problem, self.tau, self.function, self.backend)
