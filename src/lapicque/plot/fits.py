"""How a search went and what it found: convergence, the objective around the optimum, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.fit.held_out import profile as scan
from lapicque.fit.search import Fit
from lapicque.plot.style import FAINT, INK, MODEL, MUTED, SERIES, label, own_axes, tidy, unit_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def convergence(fit: Fit, ax: Axes | None = None) -> Axes:
    """Draw the best loss so far and the median loss of each generation against evaluations.

    Parameters
    ----------
    fit : Fit
    ax : matplotlib axes, optional

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
    >>> convergence(lq.fit.minimize(problem, budget=300, seed=1)).get_ylabel()
    'loss'
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax = own_axes(ax, 4.2, 2.6)
    evaluations, best, median = fit.history.T
    marker = "o" if len(evaluations) < 8 else None
    for losses, name, color, width in (
        (median, "median of a generation", "#9fb3c1", 0.9),
        (best, "best so far", MODEL, 1.6),
    ):
        ax.plot(evaluations, losses, label=name, color=color, linewidth=width, marker=marker, markersize=3)
    if fit.history.size and best.min() > 0:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    ax.set_xlabel("evaluations")
    ax.set_ylabel("loss")
    ax.legend(frameon=False, loc="upper right")
    return tidy(ax)


def objective_profile(
    fit: Fit,
    name: str,
    ax: Axes | None = None,
    *,
    profile: tuple[np.ndarray, np.ndarray] | None = None,
    unit: bool = True,
) -> Axes:
    """Draw the loss along one free parameter through the optimum, the others fixed, with the optimum marked.

    Parameters
    ----------
    fit : Fit
    name : str
        The parameter.
    ax : matplotlib axes, optional
    profile : (values, losses), optional
        From `lapicque.fit.profile`, which is run if absent.
    unit : bool
        Whether to label the axis with the parameter and its unit.

    Raises
    ------
    FitError
        If the parameter is not free.

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
    >>> objective_profile(lq.fit.minimize(problem, budget=300, seed=1), "c_m").get_xscale()
    'log'
    """
    found = {f.name: f for f in fit.problem.free}
    if name not in found:
        raise FitError(f"{name!r} is not free in this fit{suggest(name, found)}")
    ax = own_axes(ax, 3.0, 2.0)
    values, losses = through_optimum(fit, name, scan(fit)[name] if profile is None else profile)
    best = fit.parameters[name].value
    ax.axvline(best, color=FAINT, linewidth=1.0, zorder=0)
    ax.plot(values, losses, color=MODEL, linewidth=1.2)
    ax.plot([best], [fit.loss], marker="o", markersize=4.5, color=MODEL, markeredgecolor="white")
    if found[name].scale == "log":
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        ax.set_xscale("log")
        few = np.log10(values[-1] / values[0]) < 1.5
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(values[0], values[-1])
    if unit:
        ax.set_xlabel(unit_label(name, found[name].unit))
        ax.set_ylabel("loss")
    return tidy(ax)


def through_optimum(fit: Fit, name: str, profile: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return a profile with the optimum among its points: a grid may step over a narrow valley.

    Parameters
    ----------
    profile : (values, losses)

    Returns
    -------
    tuple of (point,)
        Rising values, and losses.
    """
    values = np.append(profile[0], fit.parameters[name].value)
    losses = np.append(profile[1], fit.loss)
    order = np.argsort(values, kind="stable")
    return values[order], losses[order]


def gamma_against_reliability(
    scores: Mapping[str, tuple[Sequence[float], Sequence[float] | None]],
    ax: Axes | None = None,
    *,
    colors: Sequence[str] = (MUTED, MODEL, *SERIES[2:]),
    measure: str = "Γ",
) -> Axes:
    """Draw the agreement of model and data, trial by trial, against that among trials of the data.

    On the diagonal the model predicts a trial as well as the other trials of the data do.

    Parameters
    ----------
    scores : name -> (gamma, reliability)
        Each (trial,); reliability None where there is nothing to compare a trial with: such trials are drawn at the
        right, where a single number stands for a part of the data.
    ax : matplotlib axes, optional
    colors : sequence of str
        One a name.
    measure : str
        Name of what is drawn.

    Examples
    --------
    >>> ax = gamma_against_reliability({"train": ([0.8, 0.7], [0.9, 0.8]), "test": ([0.6], [0.8])})
    >>> ax.get_xlabel()
    'reliability'
    """
    ax = own_axes(ax, 3.2, 3.2)
    known = {name: (np.asarray(gammas), np.asarray(r)) for name, (gammas, r) in scores.items() if r is not None}
    if not known:
        return _gamma_alone({name: np.asarray(gammas) for name, (gammas, _) in scores.items()}, ax, colors, measure)
    lowest = min(each.min() for pair in known.values() for each in pair)
    low = min(0.0, np.floor(lowest * 5) / 5) if lowest < 0.45 else 0.4
    ax.plot([low, 1], [low, 1], color=FAINT, linewidth=1.0, zorder=0)
    for k, (name, (gammas, reliabilities)) in enumerate(known.items()):
        color = colors[k % len(colors)]
        ax.plot(
            reliabilities, gammas, linestyle="", marker="o", markersize=5, markerfacecolor=color,
            markeredgecolor="white", markeredgewidth=0.6, label=label(name), clip_on=False,
        )  # fmt: skip
    ax.set_xlim(low, 1)
    ax.set_ylim(low, 1)
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlabel("reliability")
    ax.set_ylabel(label(measure))
    ax.legend(frameon=False, loc="upper left", handletextpad=0.2)
    return tidy(ax)


def _gamma_alone(scores: Mapping[str, np.ndarray], ax: Axes, colors: Sequence[str], measure: str) -> Axes:
    for row, gammas in enumerate(scores.values()):
        color = colors[row % len(colors)]
        ax.plot(gammas, np.full(len(gammas), row), linestyle="", marker="o", markersize=6, color=color, clip_on=False)
        ax.axhline(row, color=FAINT, linewidth=0.8, zorder=0)
        for gamma in gammas[:1] if len(gammas) == 1 else ():
            ax.annotate(f"{gamma:.2f}", (gamma, row), (0, 7), textcoords="offset points", ha="center", color=INK)
    ax.set_yticks(range(len(scores)), [label(name) for name in scores])
    lowest = min((gammas.min() for gammas in scores.values() if len(gammas)), default=0.0)
    ax.set_xlim(min(0.0, np.floor(lowest * 5) / 5), 1)
    ax.set_ylim(len(scores) - 0.4, -0.6)
    ax.set_xlabel(label(f"{measure} (one trial: no reliability)"))
    tidy(ax, left=False)
    ax.tick_params(labelleft=True)
    return ax
