"""Data and model spike by spike: which spikes coincide, which are missed, which are extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.plot.style import DATA, EXTRA, MISSED, MODEL, own_axes, tidy, time_axis
from lapicque.plot.trains import name_rows, ticks
from lapicque.spikes.rounding import ROUNDING
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def coincidences(
    data: SpikeTrains,
    model: SpikeTrains,
    precision: Any,
    ax: Axes | None = None,
    *,
    window: tuple[Any, Any] | None = None,
    legend: bool = True,
) -> Axes:
    """Draw repeats of the data above runs of the model, and mark the spikes that have no partner.

    A spike of the data is missed if no run of the model has a partner for it; a spike of the model is extra if fewer
    than half of the repeats have one.

    Parameters
    ----------
    data, model : SpikeTrains
        Repeats, and runs of the model, of the same stimulus.
    precision : ms
        Two spikes coincide if they are no further apart; each has one partner in a train.
    ax : matplotlib axes, optional
    window : (start, stop), ms, optional
        The data's own if absent.
    legend : bool

    Examples
    --------
    >>> cell = SpikeTrains.from_lists([[10, 40], [11]], t_stop=100, shape=(2, 1))
    >>> ax = coincidences(cell, SpikeTrains.from_lists([[12, 80]], t_stop=100), "4 ms")
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['data 1', '2', 'model']
    """
    delta = float(magnitude(precision, "ms", "the precision"))
    hit, expected = partners(data, model, delta)
    begin, end = (
        float(magnitude(edge, "ms", "window")) for edge in ((data.t_start, data.t_stop) if window is None else window)
    )
    repeats, runs = len(data), len(model)
    ax = own_axes(ax, height=0.9 + 0.18 * (repeats + runs))
    gap = 0.35
    for row, (times, found) in enumerate(zip(data.to_lists(), hit, strict=True)):
        shown = (times >= begin) & (times <= end)
        ticks(ax, times[shown & found], row, DATA)
        _lonely(ax, times[shown & ~found], row, MISSED)
    for row, (times, share) in enumerate(zip(model.to_lists(), expected, strict=True), repeats):
        shown = (times >= begin) & (times <= end)
        ticks(ax, times[shown & (share >= 0.5)], row + gap, MODEL, width=1.3)
        _lonely(ax, times[shown & (share < 0.5)], row + gap, EXTRA)
    positions = [*range(repeats), *(repeats + gap + n for n in range(runs))]
    tidy(ax, left=False)
    name_rows(ax, [*_counted("data", repeats), *_counted("model", runs)], [DATA] * repeats + [MODEL] * runs, positions)
    ax.set_ylim(repeats + runs + gap - 0.3, -0.7)
    if legend:
        _legend(ax)
    return time_axis(ax, (begin, end))


def _counted(name: str, rows: int) -> list[str]:
    """Name rows: the first by what they are, all by their number where there are several."""
    return [name] if rows == 1 else [f"{name} 1", *(str(n) for n in range(2, rows + 1))][:rows]


def partners(data: SpikeTrains, model: SpikeTrains, precision: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Find which spikes of the data have a partner in any run, and the share of repeats that have one for the model's.

    Returns
    -------
    tuple
        Per train of the data (spike,) of bool; per train of the model (spike,) between 0 and 1.

    Examples
    --------
    >>> cell = SpikeTrains.from_lists([[10, 40], [11]], t_stop=100, shape=(2, 1))
    >>> partners(cell, SpikeTrains.from_lists([[12, 42]], t_stop=100), 4.0)
    ([array([ True,  True]), array([ True])], [array([1. , 0.5])])
    """
    hit = [np.zeros(len(times), bool) for times in data.to_lists()]
    expected = [np.zeros(len(times)) for times in model.to_lists()]
    for k, run in enumerate(model.to_lists()):
        for n, repeat in enumerate(data.to_lists()):
            of_model, of_data = match(run, repeat, precision)
            hit[n] |= of_data
            expected[k] += of_model / len(data)
    return hit, expected


def match(a: np.ndarray, b: np.ndarray, precision: float) -> tuple[np.ndarray, np.ndarray]:
    """Pair spikes of two sorted trains, each with at most one, in order of time; return who has a partner.

    This is the exclusive counting of `lapicque.distances.coincidence`.

    Examples
    --------
    >>> match(np.array([1.0, 10.0]), np.array([2.0, 3.0]), 4.0)
    (array([ True, False]), array([ True, False]))
    """
    in_a, in_b = np.zeros(len(a), bool), np.zeros(len(b), bool)
    reach = precision + max(1e-9, ROUNDING * np.abs(np.concatenate([a[-1:], b[-1:]])).max(initial=0.0))
    i = j = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= reach:
            in_a[i] = in_b[j] = True
            i, j = i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return in_a, in_b


def _lonely(ax: Axes, times: np.ndarray, row: float, color: str) -> None:
    ticks(ax, times, row, color, width=1.3)
    # a second mark beside the colour, for readers and printers without it
    ax.plot(times, np.full(len(times), row), color=color, **_RING)


_RING: dict[str, Any] = dict(linestyle="", marker="o", markersize=3.2, markerfacecolor="white", markeredgewidth=1.0)
_TICK: dict[str, Any] = dict(linestyle="", marker="|", markersize=8, markeredgewidth=1.3)


def _legend(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    kinds = (
        ("data", DATA, _TICK),
        ("missed by the model", MISSED, _RING),
        ("model", MODEL, _TICK),
        ("extra in the model", EXTRA, _RING),
    )
    ax.legend(
        handles=[Line2D([], [], color=color, label=name, **mark) for name, color, mark in kinds],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize="small",
        borderaxespad=0.2, handletextpad=0.3, columnspacing=1.4,
    )  # fmt: skip
