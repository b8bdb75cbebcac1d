"""How well the data determine what was fitted: standard errors and covariance from the sensitivity equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.refine.residuals import Residuals, terms_of
from lapicque.fit.search import Fit
from lapicque.units import Unit


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Standard errors of fitted parameters, linearised around them.

    Attributes
    ----------
    names : the free parameters
    units : their units
    values : (parameter,), in their units
    errors : (parameter,)
        Standard errors, in the same units; NaN for a parameter on which the residuals do not depend.
    covariance : (parameter, parameter), NaN where an error is
    correlation : (parameter, parameter), NaN where an error is
    curvature : (parameter, parameter)
        Sum of products of the residuals' derivatives by coordinates of the unit cube; its eigenvectors with small
        eigenvalues are what the data do not determine.
    residual : float
        Standard deviation of the residuals, relative to that of the recorded voltage, or to the mean interval.
    count : how many residuals there are
    """

    names: tuple[str, ...]
    units: tuple[Unit, ...]
    values: np.ndarray
    errors: np.ndarray
    covariance: np.ndarray
    correlation: np.ndarray
    curvature: np.ndarray
    residual: float
    count: int

    def __repr__(self) -> str:
        lines = [f"Standard errors from {self.count} residuals"]
        width = max(map(len, self.names))
        for name, unit, value, error in zip(self.names, self.units, self.values, self.errors, strict=True):
            shown = "not determined" if np.isnan(error) else f"+- {error:.3g}"
            lines.append(f"  {name:<{width}} = {value:.6g} {shown}{'' if unit.name == '1' else f' {unit}'}")
        return "\n".join(lines)


def uncertainty(fit: Fit, forced: bool = False) -> Uncertainty:
    """Return standard errors of what was fitted to voltages or spike times.

    They hold where the residuals are independent, of one size, and small enough for derivatives to say where they go.
    Residuals of neighbouring samples of a voltage seldom are independent: errors are then too small, by about the
    square root of how many samples a correlation lasts.

    Parameters
    ----------
    fit : Fit
        Of a cell, whose objective is `SpikeMatch`, or `VoltageError`.
    forced : bool
        Whether recorded spikes reset the model, as of `lapicque.fit.gauss_newton`.

    Raises
    ------
    FitError
        If the objective is a sum of different residuals, the model has no sensitivity equations, or there are not more
        residuals than parameters.

    References
    ----------
    .. [1] Seber & Wild 1989, Nonlinear Regression, doi:10.1002/0471725315

    Examples
    --------
    >>> import lapicque as lq
    >>> cell = lq.neurons.lif
    >>> random = np.random.default_rng(0)
    >>> run = lq.simulate(cell, "100 ms", inputs={"i_ext": "150 pA"}, record="v")
    >>> voltage = run.traces["v"].values[:, 0] + random.normal(0, 0.5, 1000)
    >>> trial = lq.fit.Trial(np.full(1000, 150.0), lq.spikes.SpikeTrains.from_lists([[]], t_stop=100), voltage=voltage)
    >>> problem = lq.fit.Problem(
    ...     cell, [trial], free=dict(c_m="50 .. 900 pF", g_l="2 .. 40 nS"), objective=lq.fit.VoltageError()
    ... )
    >>> found = uncertainty(lq.fit.refine(problem, starts=1, seed=0))
    >>> found.names, bool((abs(found.values - [200, 10]) < 3 * found.errors).all()), bool((found.errors < 2).all())
    (('c_m', 'g_l'), True, True)
    """
    problem = fit.problem
    residuals = Residuals(problem, forced, even=True)
    if len({type(objective) for _, objective in terms_of(problem)}) > 1:
        raise FitError("voltages and spike times have errors of different sizes: fit one of them to know its errors")
    normal = residuals.at(fit.point[None])[0]
    dimension = problem.dimension
    if normal.count <= dimension:
        raise FitError(f"{dimension} parameters are free, but there are {normal.count} residuals: more are needed")
    curvature, count = normal.curvature, normal.count
    variance = normal.squares / (count - dimension)
    scales = residuals.sensitivity.slopes_of_values(fit.point)
    seen = np.diag(curvature) > 1e-14 * max(float(np.diag(curvature).max()), 1e-300)
    covariance = np.full((dimension, dimension), np.nan)
    if seen.any():
        size = np.sqrt(np.diag(curvature)[seen])
        inverse = np.linalg.pinv(curvature[np.ix_(seen, seen)] / np.outer(size, size), rcond=1e-13)
        covariance[np.ix_(seen, seen)] = variance * inverse * np.outer(scales[seen] / size, scales[seen] / size)
    errors = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.outer(errors, errors)
    values = problem.values(fit.point)
    return Uncertainty(
        tuple(f.name for f in problem.free), tuple(f.unit for f in problem.free),
        np.array([float(values[f.name][0]) for f in problem.free]), errors, covariance, correlation, curvature,
        float(np.sqrt(variance)), count,
    )  # fmt: skip
