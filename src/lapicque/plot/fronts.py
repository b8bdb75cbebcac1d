"""Fronts of several objectives: the trade between two of them, how the front grew, how parameters change along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.fit.fronts import ParetoFront
from lapicque.plot.style import FAINT, MISSED, MODEL, MUTED, from_zero, label, own_axes, tidy, unit_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def pareto_front(front: ParetoFront, ax: Axes | None = None, *, objectives: tuple[int, int] = (0, 1)) -> Axes:
    """Draw two objectives of a front against each other, its knee marked, over what the search has tried.

    Parameters
    ----------
    front : ParetoFront
    ax : matplotlib axes, optional
    objectives : (int, int)
        Numbers of the objectives on the x and the y axis. Of more than two, a candidate that looks beaten here is
        better in another one.

    Raises
    ------
    FitError
        If there is no such objective.

    Examples
    --------
    >>> import lapicque as lq
    >>> problem = lq.fit.FunctionProblem(
    ...     lambda values: np.stack([values["x"] ** 2, (1 - values["x"]) ** 2], axis=1), dict(x=(0.0, 1.0)),
    ...     objectives=("near 0", "near 1"),
    ... )  # fmt: skip
    >>> front = lq.fit.pareto(problem, lq.optimizers.nsga2(population=16), budget=64, seed=1)
    >>> pareto_front(front).get_xlabel()
    'near 0'
    """
    names = front.objectives
    if len(set(objectives)) != 2 or not all(0 <= n < len(names) for n in objectives):
        raise FitError(f"objectives is {objectives}: two different numbers from 0 to {len(names) - 1} are expected")
    ax = own_axes(ax, 3.4, 2.8)
    shown = list(objectives)
    tried = np.concatenate([np.empty((0, len(names))), *(g.losses for g in front.generations)])[:, shown]
    losses = front.losses[:, shown]
    low, high = losses.min(axis=0), losses.max(axis=0)
    extent = np.where(high > low, high - low, np.maximum(np.abs(high), 1e-9))
    near = (tried <= high + 0.6 * extent).all(axis=1)  # a search begins far away
    ax.plot(*tried[near].T, ".", color=FAINT, markersize=3, label="tried", zorder=1)
    if len(names) == 2:
        order = np.lexsort((-losses[:, 1], losses[:, 0]))
        ax.step(*losses[order].T, where="post", color=MODEL, linewidth=0.8, alpha=0.6, zorder=2)
    ax.plot(*losses.T, "o", color=MODEL, markersize=4, markeredgecolor="white", markeredgewidth=0.4, label="front",
            zorder=3)  # fmt: skip
    knee = [front.knee().losses[names[n]] for n in shown]
    ax.plot(*knee, "D", color=MISSED, markersize=5.5, markeredgecolor="white", label="knee", zorder=4)
    ax.set_xlim(low[0] - 0.06 * extent[0], high[0] + 0.5 * extent[0])
    ax.set_ylim(low[1] - 0.06 * extent[1], high[1] + 0.5 * extent[1])
    ax.set_xlabel(label(names[shown[0]]))
    ax.set_ylabel(label(names[shown[1]]))
    ax.legend(frameon=False, loc="upper right", handletextpad=0.2)
    return tidy(ax)


def hypervolume(front: ParetoFront, ax: Axes | None = None) -> Axes:
    """Draw the volume between a front and its reference after each generation.

    Parameters
    ----------
    front : ParetoFront
    ax : matplotlib axes, optional

    Examples
    --------
    >>> import lapicque as lq
    >>> problem = lq.fit.FunctionProblem(
    ...     lambda values: np.stack([values["x"] ** 2, (1 - values["x"]) ** 2], axis=1), dict(x=(0.0, 1.0)),
    ...     objectives=("near 0", "near 1"),
    ... )  # fmt: skip
    >>> hypervolume(lq.fit.pareto(problem, lq.optimizers.nsga2(population=16), budget=64, seed=1)).get_ylabel()
    'hypervolume'
    """
    from matplotlib.ticker import FuncFormatter

    ax = own_axes(ax, 4.2, 2.4)
    evaluations, volume, _ = front.history.T
    ax.plot(evaluations, volume, color=MODEL, linewidth=1.6, marker="o" if len(volume) < 8 else None, markersize=3)
    from_zero(ax)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    ax.set_xlabel("evaluations")
    ax.set_ylabel("hypervolume")
    return tidy(ax)


def along_front(front: ParetoFront, name: str, ax: Axes | None = None, *, objective: int = 0) -> Axes:
    """Draw a free parameter of a front's candidates against one objective, between the parameter's bounds.

    A parameter that runs from one end of the front to the other is what the objectives disagree about; one that stays
    where it is, all of them fix; one that scatters, none of them does.

    Parameters
    ----------
    front : ParetoFront
    name : str
        The parameter.
    ax : matplotlib axes, optional
    objective : int

    Raises
    ------
    FitError
        If the parameter is not free, or there is no such objective.

    Examples
    --------
    >>> import lapicque as lq
    >>> problem = lq.fit.FunctionProblem(
    ...     lambda values: np.stack([values["x"] ** 2, (1 - values["x"]) ** 2], axis=1), dict(x=(0.0, 1.0)),
    ...     objectives=("near 0", "near 1"),
    ... )  # fmt: skip
    >>> along_front(lq.fit.pareto(problem, lq.optimizers.nsga2(population=16), budget=64, seed=1), "x").get_ylabel()
    'x'
    """
    free = {f.name: n for n, f in enumerate(front.problem.free)}
    if name not in free:
        raise FitError(f"{name!r} is not free in this fit{suggest(name, free)}")
    if not 0 <= objective < len(front.objectives):
        raise FitError(f"there is no objective {objective}: they are counted from 0 to {len(front.objectives) - 1}")
    ax = own_axes(ax, 2.3, 1.6)
    found, knee = front.problem.free[free[name]], front.knee()
    ax.plot(front.losses[:, objective], front.parameters[name], "o", color=MODEL, markersize=3, markeredgewidth=0)
    ax.plot(knee.losses[front.objectives[objective]], knee.parameters[name].value, "D", color=MISSED, markersize=4.5,
            markeredgecolor="white")  # fmt: skip
    if found.scale == "log":
        ax.set_yscale("log")
        plain_log(ax)
    ax.set_ylim(found.low, found.high)
    ax.locator_params(axis="x", nbins=4)
    ax.set_xlabel(label(front.objectives[objective]))
    ax.set_ylabel(unit_label(name, found.unit))
    ax.tick_params(colors=MUTED)
    return tidy(ax)


def plain_log(ax: Axes) -> None:
    """Label a logarithmic y axis by plain numbers, not powers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 30 else (1.0,)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
