"""Where the candidates of a search were, generation by generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.search import Fit
from lapicque.plot.fronts import plain_log
from lapicque.plot.style import MISSED, MODEL, own_axes, tidy, unit_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def candidate_spread(found: Fit | ParetoFront, name: str, ax: Axes | None = None) -> Axes:
    """Draw how a search's candidates spread over a free parameter's bounds: median, half of them, four fifths of them.

    A search narrows down to what the loss fixes. Where the candidates of the last generations are still spread, the
    parameter hardly matters, or others make up for it.

    Parameters
    ----------
    found : Fit or ParetoFront
    name : str
        The parameter.
    ax : matplotlib axes, optional

    Raises
    ------
    FitError
        If the parameter is not free, or the search has no generations.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(2000, 600.0), data)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> candidate_spread(lq.fit.minimize(problem, budget=300, seed=1), "c_m").get_ylabel()
    'c_m (pF)'
    """
    from matplotlib.ticker import FuncFormatter

    free = {f.name: n for n, f in enumerate(found.problem.free)}
    if name not in free:
        raise FitError(f"{name!r} is not free in this fit{suggest(name, free)}")
    if not found.generations:
        raise FitError("the search has no generations to show: it kept none, or ended before the first one")
    ax = own_axes(ax, 2.6, 1.8)
    parameter = found.problem.free[free[name]]
    evaluations = np.array([g.evaluations for g in found.generations])
    shares = np.array([np.quantile(g.points[:, free[name]], (0.1, 0.25, 0.5, 0.75, 0.9)) for g in found.generations])
    low, below, median, above, high = (np.asarray(parameter.from_cube(share)) for share in shares.T)
    if len(evaluations) == 1:  # a band needs two ends
        evaluations = np.array([0, evaluations[0]])
        low, below, median, above, high = (np.repeat(each, 2) for each in (low, below, median, above, high))
    ax.fill_between(evaluations, low, high, color=MODEL, alpha=0.14, linewidth=0)
    ax.fill_between(evaluations, below, above, color=MODEL, alpha=0.25, linewidth=0)
    ax.plot(evaluations, median, color=MODEL, linewidth=1.0)
    best = found.parameters[name].value if isinstance(found, Fit) else found.knee().parameters[name].value
    ax.plot(evaluations[-1], best, "D", color=MISSED, markersize=4.5, markeredgecolor="white", clip_on=False, zorder=4)
    if parameter.scale == "log":
        ax.set_yscale("log")
        ax.set_ylim(parameter.low, parameter.high)
        plain_log(ax)
    ax.set_ylim(parameter.low, parameter.high)
    ax.set_xlim(0, evaluations[-1])
    ax.locator_params(axis="x", nbins=3)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    ax.set_xlabel("evaluations")
    ax.set_ylabel(unit_label(name, parameter.unit))
    return tidy(ax)
