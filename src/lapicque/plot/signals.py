"""Signals in time: recorded variables, a membrane potential with its spikes, a stimulus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.plot.style import DATA, MUTED, SERIES, label, own_axes, tidy, time_axis, unit_label
from lapicque.units import magnitude

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lapicque.simulation.results import Trace

#: A longer signal is drawn as its envelope: no picture has more columns.
POINTS = 2400


def traces(
    trace: Trace, ax: Axes | None = None, *, neurons: Sequence[int] | None = None, colors: Sequence[str] = SERIES
) -> Axes:
    """Draw a recorded variable, one line a neuron.

    Parameters
    ----------
    trace : Trace
    ax : matplotlib axes, optional
    neurons : sequence of int, optional
        Which; all if absent.
    colors : sequence of str

    Examples
    --------
    >>> import lapicque as lq
    >>> answer = lq.simulate(lq.neurons.lif, "50 ms", inputs={"i_ext": "300 pA"}, record="v")
    >>> traces(answer.traces["v"]).get_ylabel()
    'v (mV)'
    """
    ax = own_axes(ax)
    chosen = range(trace.values.shape[1]) if neurons is None else neurons
    for k, neuron in enumerate(chosen):
        ax.plot(*thinned(trace.times, trace.values[:, neuron]), color=colors[k % len(colors)], linewidth=1.0)
    ax.set_ylabel(unit_label(trace.name, trace.unit))
    return time_axis(tidy(ax), _extent(trace.times))


def voltage(
    times: np.ndarray,
    values: np.ndarray,
    ax: Axes | None = None,
    *,
    spikes: np.ndarray | None = None,
    peak: float | None = None,
    color: str = DATA,
    name: str = "",
) -> Axes:
    """Draw a membrane potential; the spikes of an integrate-and-fire model, which it lacks, are drawn as lines up.

    Parameters
    ----------
    times : (sample,), ms
    values : (sample,), mV
    ax : matplotlib axes, optional
    spikes : (spike,), ms, optional
        Where to draw lines from the potential up to ``peak``.
    peak : mV, optional
        By default 0 mV, or the largest value where that is higher.
    color, name : str
        Of the line, and in a legend.

    Examples
    --------
    >>> ax = voltage(np.arange(0, 100, 0.1), np.full(1000, -70.0), spikes=np.array([20.0, 50.0]))
    >>> len(ax.lines)
    2
    """
    ax = own_axes(ax)
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    ax.plot(*thinned(times, values), color=color, linewidth=0.9, label=label(name) or None)
    if spikes is not None and len(spikes) and len(times):
        top = max(0.0, float(values.max())) if peak is None else peak
        # the sample before a spike: at the spike the potential may be reset already
        before = np.clip(np.searchsorted(times, spikes, side="left") - 1, 0, len(values) - 1)
        y = np.stack([values[before], np.full(len(spikes), top), np.full(len(spikes), np.nan)], axis=1)
        ax.plot(np.repeat(spikes, 3), y.ravel(), color=color, linewidth=0.9)
    ax.set_ylabel("voltage (mV)")
    return time_axis(tidy(ax), _extent(times))


def stimulus(
    values: Any,
    dt: Any,
    ax: Axes | None = None,
    *,
    window: tuple[Any, Any] | None = None,
    unit: Any = "pA",
    name: str = "stimulus",
    color: str = MUTED,
) -> Axes:
    """Draw what was injected: each sample holds until the next.

    Parameters
    ----------
    values : (sample,), in ``unit``
    dt : ms
        Interval of the samples, the first of which is at time 0.
    ax : matplotlib axes, optional
    window : (start, stop), ms, optional
        Which part; all if absent.
    unit, name : str
        ``"1"`` is a stimulus without a physical unit.
    color : str

    Examples
    --------
    >>> stimulus(np.repeat([0.0, 200.0, 0.0], 1000), "0.1 ms").get_ylabel()
    'stimulus (pA)'
    """
    ax = own_axes(ax, height=1.4)
    samples = np.asarray(magnitude(values, str(unit), "stimulus"), dtype=float)
    step = float(magnitude(dt, "ms", "dt"))
    span = (0.0, len(samples) * step)
    if window is not None:
        span = float(magnitude(window[0], "ms", "window")), float(magnitude(window[1], "ms", "window"))
    first, last = max(int(span[0] / step), 0), int(np.ceil(span[1] / step)) + 1
    times = np.arange(len(samples))[first:last] * step
    held = "steps-post" if len(times) <= POINTS else "default"
    ax.plot(*thinned(times, samples[first:last]), color=color, linewidth=0.8, drawstyle=held)
    ax.set_ylabel(unit_label(name, unit))
    return time_axis(tidy(ax), span)


def thinned(times: np.ndarray, values: np.ndarray, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return a signal as the smallest and the largest value of each of ``points / 2`` stretches, where it is longer.

    Examples
    --------
    >>> x, y = thinned(np.arange(10_000.0), np.sin(np.arange(10_000.0)), points=100)
    >>> len(y), bool(y.max() > 0.99)
    (100, True)
    """
    if len(values) <= points:
        return times, values
    starts = np.linspace(0, len(values), points // 2, endpoint=False).astype(np.intp)
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return np.repeat(times[starts], 2), np.stack([low, high], axis=1).ravel()


def _extent(times: np.ndarray) -> tuple[float, float]:
    if len(times) < 2:
        return 0.0, 1.0
    return float(times[0]), float(times[-1] + times[1] - times[0])
