"""What the populations of a network did: spikes in one raster, rates in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.plot.style import SERIES, own_axes, tidy, time_axis
from lapicque.plot.trains import edges_of, name_rows, rate, ticks
from lapicque.spikes.trains import SpikeTrains

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lapicque.simulation.results import Result

#: Up to this many rows a spike is a tick, beyond it a dot.
TICKS = 60
#: A picture with more spikes holds them as pixels: as paths its file would be large.
PATHS = 20_000


def population_raster(
    spikes: Result | Mapping[str, SpikeTrains],
    ax: Axes | None = None,
    *,
    window: tuple[Any, Any] | None = None,
    most: int = 400,
    colors: Sequence[str] = SERIES,
) -> Axes:
    """Draw the spikes of several populations, a colour each, the first on top.

    Of large populations evenly spaced neurons are drawn, and the population's name says how many of how many.

    Parameters
    ----------
    spikes : Result, or name -> SpikeTrains
    ax : matplotlib axes, optional
    window : (start, stop), ms, optional
        One that holds those of all spike trains if absent.
    most : int
        How many neurons are drawn in all; each population has its share, and one at least.
    colors : sequence of str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are no spike trains: nothing was recorded.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 40], [12], [30]] * 100, t_stop=100)
    >>> ax = population_raster({"exc": trains, "inh": trains[:, :10]}, most=50)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['exc (48 of 300)', 'inh (2 of 10)']
    """
    populations = named_trains(spikes)
    chosen = {name: evenly(len(trains), share) for (name, trains), share in zip(
        populations.items(), _shares([len(trains) for trains in populations.values()], most), strict=True)}  # fmt: skip
    rows = sum(map(len, chosen.values()))
    ax = own_axes(ax, height=1.0 + 0.16 * min(max(rows, 6), 20))
    begin, end = edges_of(populations.values(), window)
    first, middles, names = 0, [], []
    for k, (name, trains) in enumerate(populations.items()):
        neurons = chosen[name]
        x, y = _places(trains, neurons, begin, end)
        color = colors[k % len(colors)]
        if rows <= TICKS:
            ticks(ax, x, y + first, color)
        else:
            size = max(1.3, 200 / rows)
            ax.plot(
                x, y + first, linestyle="", marker="o", markersize=size, markeredgewidth=0, color=color,
                rasterized=len(x) > PATHS,
            )  # fmt: skip
        middles.append(first + (len(neurons) - 1) / 2)
        number = len(trains)
        names.append(f"{name} ({number})" if len(neurons) == number else f"{name} ({len(neurons)} of {number})")
        first += len(neurons)
    ax.set_ylim(max(rows, 1) - 0.5, -0.5)
    tidy(ax, left=False)
    name_rows(ax, names, [colors[k % len(colors)] for k in range(len(names))], middles)
    return time_axis(ax, (begin, end))


def population_rates(
    spikes: Result | Mapping[str, SpikeTrains],
    ax: Axes | None = None,
    *,
    sigma: Any = "5 ms",
    colors: Sequence[str] = SERIES,
) -> Axes:
    """Draw the rate of each population in time, smoothed by a Gaussian.

    Parameters
    ----------
    spikes : Result, or name -> SpikeTrains
    ax : matplotlib axes, optional
    sigma : ms
        Width of the Gaussian.
    colors : sequence of str

    Raises
    ------
    ValueError
        If there are no spike trains.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 40], [12], [30]], t_stop=100)
    >>> [line.get_label() for line in population_rates({"exc": trains, "inh": trains}).lines]
    ['exc', 'inh']
    """
    ax = own_axes(ax)
    populations = named_trains(spikes)
    for k, (name, trains) in enumerate(populations.items()):
        rate(trains, ax, sigma=sigma, color=colors[k % len(colors)], name=name)
    if len(populations) > 1:
        ax.legend(frameon=False, loc="upper right", ncols=min(len(populations), 4))
    return ax


def named_trains(spikes: Result | Mapping[str, SpikeTrains] | SpikeTrains) -> dict[str, SpikeTrains]:
    """Return spike trains by name: those of a result, of a mapping, or one nameless.

    Raises
    ------
    ValueError
        If there are none.
    """
    if isinstance(spikes, SpikeTrains):
        return {"": spikes}
    found = dict(spikes if isinstance(spikes, Mapping) else spikes.spikes)
    if not found:
        raise ValueError("there are no spike trains: ask for them by net.record(population, 'spikes')")
    return found


def evenly(n: int, wanted: int) -> np.ndarray:
    """Return the numbers of ``wanted`` of ``n`` things, evenly spaced."""
    return np.arange(n) if wanted >= n else (np.arange(wanted) * n) // wanted


def _shares(sizes: Sequence[int], most: int) -> list[int]:
    total = sum(sizes)
    return list(sizes) if total <= most else [min(n, max(1, round(most * n / total))) for n in sizes]


def _places(trains: SpikeTrains, neurons: np.ndarray, begin: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times and rows of the spikes of some neurons within a window."""
    row = np.full(len(trains), -1)
    row[neurons] = np.arange(len(neurons))
    rows = np.repeat(row, np.diff(trains.offsets))
    kept = (rows >= 0) & (trains.times >= begin) & (trains.times <= end)
    return trains.times[kept], rows[kept].astype(float)
