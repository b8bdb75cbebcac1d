"""Spike trains: rasters, rates in time, histograms of intervals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.plot.style import DATA, SERIES, from_zero, label, own_axes, tidy, time_axis
from lapicque.spikes.statistics import bin_places, isi
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def raster(
    trains: SpikeTrains,
    ax: Axes | None = None,
    *,
    window: tuple[Any, Any] | None = None,
    labels: Sequence[Any] | None = None,
    color: str = DATA,
) -> Axes:
    """Draw one row of ticks a train, the first on top.

    Parameters
    ----------
    trains : SpikeTrains
    ax : matplotlib axes, optional
    window : (start, stop), ms, optional
        The trains' own if absent.
    labels : sequence, optional
        Names of the rows; without them trials or neurons are counted.
    color : str

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> ax = raster(SpikeTrains.from_lists([[10, 40], [12]], t_stop=100), labels=["a", "b"])
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['a', 'b']
    """
    rows = trains.to_lists()
    ax = own_axes(ax, height=0.8 + 0.16 * max(len(rows), 4))
    for row, times in enumerate(rows):
        ticks(ax, times, row, color)
    ax.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    tidy(ax, left=labels is None)
    if labels is not None:
        name_rows(ax, labels)
    else:
        ax.set_ylabel("trial" if trains.shape[1] == 1 and len(rows) > 1 else "neuron")
        ax.locator_params(axis="y", integer=True)
    return time_axis(ax, edges_of([trains], window))


def ticks(
    ax: Axes, times: np.ndarray, row: float | np.ndarray, color: str, height: float = 0.76, width: float = 1.0
) -> None:
    """Draw spikes as ticks in one row, or each in its own, all as one path: a path a spike would be a large file."""
    x = np.repeat(times, 3)
    y = (np.broadcast_to(row, len(times))[:, None] + [-height / 2, height / 2, np.nan]).ravel()
    ax.plot(x, y, color=color, linewidth=width, solid_capstyle="butt")


def name_rows(
    ax: Axes, labels: Sequence[Any], colors: Sequence[str] = (), positions: Sequence[float] | None = None
) -> None:
    """Write the names of the rows, at 0, 1, 2 ... if no positions are given, where ticks of a y axis would be."""
    ax.set_yticks(range(len(labels)) if positions is None else positions, [label(name) for name in labels])
    ax.tick_params(left=False, labelleft=True)
    for text, color in zip(ax.get_yticklabels(), colors, strict=False):
        text.set_color(color)


def rate(
    trains: SpikeTrains, ax: Axes | None = None, *, sigma: Any = "20 ms", color: str = DATA, name: str = ""
) -> Axes:
    """Draw the rate in time: spikes of all trains, smoothed by a Gaussian, per train.

    Parameters
    ----------
    trains : SpikeTrains
    ax : matplotlib axes, optional
    sigma : ms
        Width of the Gaussian; at the ends the rate is corrected for the part of it that lies outside.
    color, name : str
        Of the line, and in a legend.

    Raises
    ------
    RecordingError
        For a window of no length.

    Examples
    --------
    >>> ax = rate(SpikeTrains.from_lists([[100, 300, 500, 700, 900]], t_stop=1000), sigma="200 ms")
    >>> bool(abs(ax.lines[0].get_ydata() - 5).max() < 1)
    True
    """
    width = float(magnitude(sigma, "ms", "sigma"))
    ax = own_axes(ax)
    start, stop = trains.t_start, trains.t_stop
    if not stop > start:
        raise RecordingError("there is no rate in a window of no length: state t_stop='1 s' or the like")
    bins = max(1, round((stop - start) / (width / 4)))
    step = (stop - start) / bins
    centres = start + step * (np.arange(bins) + 0.5)
    counts = np.bincount(np.minimum(bin_places(trains, step), bins - 1), minlength=bins)
    reach = min(int(np.ceil(4 * width / step)), bins)
    lags = np.arange(-reach, reach + 1) * step
    kernel = np.exp(-0.5 * (lags / width) ** 2)
    seen = _smooth(np.ones(len(centres)), kernel)
    ax.plot(centres, 1e3 * _smooth(counts, kernel) / seen / step / max(len(trains), 1), color=color, label=label(name))
    ax.set_ylabel("rate (Hz)")
    return time_axis(tidy(from_zero(ax)), (start, stop))


def _smooth(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    margin = len(kernel) // 2
    return np.convolve(values, kernel)[margin : margin + len(values)]


def isi_histogram(
    trains: SpikeTrains | Mapping[str, SpikeTrains],
    ax: Axes | None = None,
    *,
    bins: int | Sequence[float] = 40,
    colors: Sequence[str] = SERIES,
) -> Axes:
    """Draw histograms of interspike intervals, as densities over a logarithmic axis.

    Parameters
    ----------
    trains : SpikeTrains, or name -> SpikeTrains
        Intervals of all trains of one name are pooled.
    ax : matplotlib axes, optional
    bins : int or (edge,), ms
        Number of bins, which have equal widths on the logarithmic axis; or their edges.
    colors : sequence of str
        One a name.

    Examples
    --------
    >>> ax = isi_histogram({"cell": SpikeTrains.from_lists([[0, 10, 30, 40]], t_stop=50)}, bins=[5, 15, 25])
    >>> ax.get_xlabel(), ax.get_xscale()
    ('interspike interval (ms)', 'log')
    """
    named = {"": trains} if isinstance(trains, SpikeTrains) else dict(trains)
    ax = own_axes(ax)
    pooled = {name: np.concatenate([np.empty(0), *isi(each)]) for name, each in named.items()}
    pooled = {name: intervals[intervals > 0] for name, intervals in pooled.items()}
    everything = np.concatenate([np.empty(0), *pooled.values()])
    edges = _log_edges(everything, bins) if isinstance(bins, int) else np.asarray(bins, dtype=float)
    for k, (name, intervals) in enumerate(pooled.items()):
        counts = np.histogram(intervals, edges)[0]
        # per unit of the logarithm: equal areas are equal numbers of intervals
        density = counts / max(len(intervals), 1) / np.diff(np.log10(edges))
        color = colors[k % len(colors)]
        if k == 0:
            ax.stairs(density, edges, fill=True, color=color, alpha=0.18, linewidth=0)
        ax.stairs(density, edges, color=color, linewidth=1.2, label=label(name) or None)
    ax.set_xscale("log")
    ax.set_xlim(edges[0], edges[-1])
    _plain_decades(ax)
    ax.set_xlabel("interspike interval (ms)")
    ax.set_ylabel("density per decade")
    return tidy(ax)


def _log_edges(intervals: np.ndarray, bins: int) -> np.ndarray:
    if not intervals.size:
        return np.geomspace(1.0, 100.0, bins + 1)
    return np.geomspace(intervals.min() * 0.9, intervals.max() * 1.1, bins + 1)


def _plain_decades(ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def edges_of(several: Collection[SpikeTrains], window: tuple[Any, Any] | None) -> tuple[float, float]:
    """Return the given window in ms, or one that holds those of all spike trains."""
    if window is None:
        return min(trains.t_start for trains in several), max(trains.t_stop for trains in several)
    return float(magnitude(window[0], "ms", "window")), float(magnitude(window[1], "ms", "window"))
