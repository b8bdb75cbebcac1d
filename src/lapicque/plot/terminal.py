"""Rasters and traces as text, for machines without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.plot.populations import named_trains
from lapicque.plot.trains import edges_of
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

if TYPE_CHECKING:
    from lapicque.simulation.results import Result, Trace

LEVELS = " ▁▂▃▄▅▆▇█"


def terminal_raster(
    spikes: SpikeTrains | Result | Mapping[str, SpikeTrains],
    *,
    width: int = 80,
    height: int = 20,
    window: tuple[Any, Any] | None = None,
) -> str:
    """Return a raster as text: a line is some neurons, a column some time, a block the higher the more spikes.

    Parameters
    ----------
    spikes : SpikeTrains, Result, or name -> SpikeTrains
    width : int
        Columns, names included.
    height : int
        Lines for neurons: one neuron a line where they are few, else as many neurons a line as it takes.
    window : (start, stop), ms, optional
        One that holds those of all spike trains if absent.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there are no spike trains, or no room.

    Examples
    --------
    >>> import lapicque as lq
    >>> trains = lq.spikes.SpikeTrains.from_lists([[5, 45, 85], [25, 65]], t_stop=100)
    >>> print(lq.plot.terminal_raster({"cells": trains}, width=28))
    cells 0 │█       █       █
          1 │    █       █
             0            100 ms
    """
    populations = named_trains(spikes)
    begin, end = edges_of(populations.values(), window)
    names = max(map(len, populations))
    if not any(len(trains) for trains in populations.values()):
        raise ValueError("there are no spike trains to show, not even silent ones")
    digits = max(len(str(max(len(trains) - 1, 0))) for trains in populations.values())
    margin = names + digits + (3 if names else 2)
    columns = width - margin
    if columns < 10:
        raise ValueError(f"a width of {width} leaves {columns} columns for time beside the names: 10 are needed")
    lines = []
    rows = _rows([len(trains) for trains in populations.values()], height)
    for (name, trains), number in zip(populations.items(), rows, strict=True):
        edges = np.linspace(0, len(trains), number + 1).astype(int)
        head = [f"{name if k == 0 else '':<{names}}{' ' * bool(names)}{edges[k]:>{digits}} │" for k in range(number)]
        lines += list(zip(head, _counts(trains, edges, columns, begin, end), strict=True))
    highest = max(float(row.max()) for _, row in lines) or 1.0
    text = [head + "".join(LEVELS[int(np.ceil(8 * value / highest))] for value in row) for head, row in lines]
    left, right = f"{begin:g}", f"{end:g} ms"
    text.append(" " * margin + left + right.rjust(columns - len(left)))
    return "\n".join(line.rstrip() for line in text)


def terminal_trace(
    trace: Trace | Any,
    times: Any = None,
    *,
    neuron: int = 0,
    width: int = 80,
    height: int = 8,
    window: tuple[Any, Any] | None = None,
    label: str | None = None,
) -> str:
    """Return a signal in time as text: what it reaches in each column's time, in eighths of a line.

    Parameters
    ----------
    trace : Trace, or (time,) values
        Of several samples in a column the highest is shown, so that no spike is lost; one that is alone holds until the
        next; what is not finite leaves a gap.
    times : (time,), ms, optional
        When the values were. A Trace knows; else samples are counted.
    neuron : int
        Which of a Trace's.
    width, height : int
        Columns, with the axis, and lines.
    window : (start, stop), ms, optional
        All times if absent.
    label : str, optional
        Behind the last number of the axis, "ms" or "samples" if absent.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is nothing finite to show, values and times do not match, or there is no room.

    Examples
    --------
    >>> import lapicque as lq
    >>> print(lq.plot.terminal_trace([0, 1, 4, 9, 16, 25, 36, 49, 64, 81], width=14, height=3, label="x"))
    81 │        ▃█
       │      ▃▇██
     0 │▁▁▁▃▅▇████
        0     10 x
    """
    values, t, unit = _signal(trace, times, neuron)
    step = (t[-1] - t[0]) / (len(t) - 1) if len(t) > 1 else 1.0
    begin, end = (t[0], t[-1] + step) if window is None else (float(magnitude(x, "ms", "window")) for x in window)
    if not begin < end:
        raise ValueError(f"the window must have a length: {begin:g} to {end:g} ms")
    low, high = float(values[np.isfinite(values)].min()), float(values[np.isfinite(values)].max())
    heads = [f"{high:.4g}", *[""] * (height - 1)]
    heads[-1] = heads[-1] or f"{low:.4g}"
    margin = max(map(len, heads)) + 2
    columns = width - margin
    if columns < 10 or height < 1:
        raise ValueError(f"a width of {width} leaves {columns} columns for time beside the numbers: 10 are needed")
    place = np.floor((t - begin) / (end - begin) * columns + 1e-9).astype(int)
    inside = (t >= begin) & (t <= end)
    place, finite = np.clip(place[inside], 0, columns - 1), np.isfinite(values[inside])
    reached = np.full(columns, -np.inf)
    np.maximum.at(reached, place[finite], values[inside][finite])
    # where there are fewer samples than columns, each holds until the next
    sampled = np.zeros(columns, int)
    sampled[place] = place
    reached = reached[np.maximum.accumulate(sampled)]
    eighths = np.zeros(columns, int)
    known = np.isfinite(reached)
    eighths[known] = np.maximum(1, np.rint(8 * height * (reached[known] - low) / ((high - low) or 1.0)))
    text = [
        f"{head:>{margin - 2}} │" + "".join(LEVELS[level] for level in np.clip(eighths - 8 * below, 0, 8))
        for head, below in zip(heads, range(height - 1, -1, -1), strict=True)
    ]
    left, right = f"{begin:g}", f"{end:g} {unit if label is None else label}"
    text.append(" " * margin + left + right.rjust(columns - len(left)))
    return "\n".join(line.rstrip() for line in text)


def _signal(trace: Any, times: Any, neuron: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Values, their times, and the unit of these."""
    if hasattr(trace, "times"):
        values, t, unit = np.asarray(trace.values, float)[:, neuron], np.asarray(trace.times, float), "ms"
    elif times is not None:
        values, t, unit = np.asarray(trace, float), np.asarray(magnitude(times, "ms", "times"), float), "ms"
    else:
        values, unit = np.asarray(trace, float), "samples"
        t = np.arange(values.size, dtype=float)
    if values.ndim != 1 or t.shape != values.shape:
        raise ValueError(f"a trace is a row of values and as many times: there are {values.shape} and {t.shape}")
    if not np.isfinite(values).any():
        raise ValueError("there is no finite value to show")
    return values, t, unit


def _rows(sizes: list[int], height: int) -> list[int]:
    """Return how many lines each population has: its share, and one at least."""
    total = sum(sizes)
    return list(sizes) if total <= height else [min(n, max(1, round(height * n / total))) for n in sizes]


def _counts(trains: SpikeTrains, edges: np.ndarray, columns: int, begin: float, end: float) -> np.ndarray:
    """Return (line, column) spikes a neuron."""
    neuron = np.repeat(np.arange(len(trains)), np.diff(trains.offsets))
    places = [edges, np.linspace(begin, end, columns + 1)]
    # a spike in the right edge belongs to the last column, one in the last neuron to the last line
    counts = np.histogram2d(neuron + 0.5, trains.times, bins=places)[0]
    return counts / np.diff(edges)[:, None]
