"""Rasters as text, for machines without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.plot.populations import named_trains
from lapicque.plot.trains import edges_of
from lapicque.spikes.trains import SpikeTrains

if TYPE_CHECKING:
    from lapicque.simulation.results import Result

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
        That of the spike trains if absent.

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
    begin, end = edges_of(next(iter(populations.values())), window)
    names = max(map(len, populations))
    digits = max(len(str(len(trains) - 1)) for trains in populations.values())
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
