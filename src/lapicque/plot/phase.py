"""Phase planes of neurons with two states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.model.neuron import Neuron
from lapicque.model.plane import Plane
from lapicque.plot.style import FAINT, INK, MODEL, SERIES, own_axes, tidy, unit_label
from lapicque.units import magnitude

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 1000


def phase_plane(
    neuron: Neuron,
    ax: Axes | None = None,
    *,
    x: tuple[Any, Any],
    y: tuple[Any, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    field: bool = True,
    legend: bool = True,
) -> Axes:
    """Draw the phase plane of a neuron with two states: the flow, both nullclines, the fixed points.

    Nullclines are solved by SymPy where the flow is a polynomial of a state of at most second degree, and found as
    contours elsewhere. Fixed points are filled where they are stable; saddles are diamonds.

    Parameters
    ----------
    neuron : Neuron
        The first state is on the x axis. Noise and events are left out.
    ax : matplotlib axes, optional
    x, y : (low, high)
        Ranges of the states; bare numbers are in their own units. By default y has room for the nullclines.
    inputs : name -> quantity, optional
        Inputs that are not 0.
    field : bool
        Whether to draw stream lines of the flow.
    legend : bool

    Raises
    ------
    ModelError
        For another number of states, or parameters that are arrays.

    Examples
    --------
    >>> import lapicque as lq
    >>> ax = phase_plane(lq.neurons.izhikevich, x=(-90, -30), inputs=dict(i_ext="2 pA"))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['dv/dt = 0', 'du/dt = 0', 'stable node', 'saddle']
    """
    plane = Plane(neuron, inputs)
    (low, high), rangey = _range(x, plane.units[0], "x"), None if y is None else _range(y, plane.units[1], "y")
    solved = [plane.nullcline(which) for which in (0, 1)]
    rangey = _room(solved, low, high) if rangey is None else rangey
    ax = own_axes(ax, 4.6, 3.6)
    gx, gy = np.linspace(low, high, 200), np.linspace(*rangey, 200)
    speed = plane.velocity(gx[None, :], gy[:, None])
    if field:
        _stream(ax, gx, gy, speed)
    for which, (name, color) in enumerate(zip(plane.names, (MODEL, SERIES[2]), strict=True)):
        _nullcline(ax, solved[which], gx, gy, speed[which], color, f"d{name}/dt = 0")
    kinds = set()
    for point in plane.fixed_points((low, high), rangey):
        shown = point.kind if point.kind not in kinds else None
        kinds.add(point.kind)
        ax.plot(
            [point.x], [point.y], linestyle="", marker="D" if point.kind == "saddle" else "o", markersize=7, zorder=5,
            color=INK, markerfacecolor=INK if point.stable else "white", label=shown,
        )  # fmt: skip
    ax.set_xlim(low, high)
    ax.set_ylim(*rangey)
    ax.set_xlabel(unit_label(plane.names[0], plane.units[0]))
    ax.set_ylabel(unit_label(plane.names[1], plane.units[1]))
    if legend:
        ax.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none")
    return tidy(ax)


def _range(given: tuple[Any, Any], unit: Any, what: str) -> tuple[float, float]:
    low, high = (float(magnitude(end, unit, what)) for end in given)
    if not low < high:
        raise ValueError(f"{what} goes from {low:g} to {high:g}: the lower end comes first")
    return low, high


def _room(solved: list[Any], low: float, high: float) -> tuple[float, float]:
    """Return a range of y in which the nullclines y(x) lie; (0, 1), that of gates, where there are none."""
    x = np.linspace(low, high, POINTS)
    values = [branch(x) for found in solved if found is not None and found[0] == "y" for branch in found[1]]
    finite = [v[np.isfinite(v)] for v in values]
    # far out a nullcline may grow without limit: the middle nine tenths of each count
    ends = [np.quantile(v, (0.05, 0.95)) for v in finite if len(v)]
    if not ends:
        return 0.0, 1.0
    bottom, top = float(min(e[0] for e in ends)), float(max(e[1] for e in ends))
    margin = 0.1 * (top - bottom) or 1.0
    return bottom - margin, top + margin


def _stream(ax: Axes, x: np.ndarray, y: np.ndarray, speed: tuple[np.ndarray, np.ndarray]) -> None:
    coarse = slice(None, None, 8)
    u, v = (np.array(s[coarse, coarse], dtype=float) for s in speed)
    usable = np.isfinite(u) & np.isfinite(v)
    u[~usable] = v[~usable] = 0.0
    if u.any() or v.any():
        ax.streamplot(x[coarse], y[coarse], u, v, color=FAINT, linewidth=0.7, arrowsize=0.7, density=1.1, zorder=0)


def _nullcline(ax: Axes, solved: Any, x: np.ndarray, y: np.ndarray, speed: np.ndarray, color: str, name: str) -> None:
    if solved is None:
        ax.plot([], [], color=color, linewidth=1.6, label=name)
        finite = np.where(np.isfinite(speed), speed, np.nan)
        if np.nanmin(finite) < 0 < np.nanmax(finite):
            ax.contour(x, y, finite, levels=[0.0], colors=[color], linewidths=1.6)
        return
    of, branches = solved
    known = x if of == "y" else y
    along = np.linspace(known[0], known[-1], POINTS)
    for k, branch in enumerate(branches):
        values = np.where(np.isfinite(branch(along)), branch(along), np.nan)
        place = (along, values) if of == "y" else (values, along)
        ax.plot(*place, color=color, linewidth=1.6, label=name if k == 0 else None)
