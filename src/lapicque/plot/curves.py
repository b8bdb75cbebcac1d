"""Curves that are measured by running a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.model.neuron import Neuron
from lapicque.plot.style import MODEL, from_zero, own_axes, tidy, unit_label
from lapicque.units import magnitude

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fi_curve(
    neuron: Neuron,
    currents: Any,
    ax: Axes | None = None,
    *,
    duration: Any = "2 s",
    skip: Any = "500 ms",
    dt: Any = "0.1 ms",
    driven: str | None = None,
    seed: int = 0,
    color: str = MODEL,
    name: str = "",
) -> Axes:
    """Draw the f-I curve: the rate at which a neuron fires under constant inputs, all of them run at once.

    Parameters
    ----------
    neuron : Neuron
    currents : (current,)
        Quantities, or numbers in the input's unit.
    ax : matplotlib axes, optional
    duration, skip : time
        How long each runs, and the time at its beginning that does not count.
    dt : time
    driven : str, optional
        Which input; the model's only one if absent.
    seed : int
    color, name : str
        Of the line, and in a legend.

    Raises
    ------
    SimulationError
        For a model that never spikes, an unknown or ambiguous input, or a ``skip`` that leaves nothing.

    Examples
    --------
    >>> import lapicque as lq
    >>> ax = fi_curve(lq.neurons.lif, np.linspace(0, 500, 11), duration="1 s")
    >>> ax.get_xlabel(), bool(np.all(np.diff(ax.lines[0].get_ydata()) >= 0))
    ('i_ext (pA)', True)
    """
    from lapicque.simulation import simulate

    if not neuron.spikes:
        raise SimulationError(f"{neuron.name!r} never spikes: it has no threshold")
    if driven is None and len(neuron.inputs) != 1:
        names = ", ".join(neuron.inputs) or "none"
        raise SimulationError(f"{neuron.name!r} has several inputs or none ({names}): name one, driven='i_ext'")
    target = next(iter(neuron.inputs)) if driven is None else driven
    if target not in neuron.inputs:
        raise SimulationError(f"{neuron.name!r} has no input {target!r}{suggest(target, neuron.inputs)}")
    unit = neuron.inputs[target].unit
    values = np.atleast_1d(np.asarray(magnitude(currents, unit, "currents"), dtype=float))
    start, stop = (float(magnitude(t, "ms", what)) for t, what in ((skip, "skip"), (duration, "duration")))
    if not 0 <= start < stop:
        raise SimulationError(f"skip is {start:g} ms of {stop:g} ms: it must leave some time")
    answer = simulate(
        neuron, duration, dt=dt, inputs={target: values.reshape(1, -1)}, n=len(values), seed=seed, progress=False
    )
    ax = own_axes(ax, 4.2, 2.8)
    rates = answer.spikes.window(start, stop).rate()
    ax.plot(values, rates, color=color, linewidth=1.4, marker="o", markersize=2.5, label=name or None)
    ax.set_xlabel(unit_label(target, unit))
    ax.set_ylabel("rate (Hz)")
    return from_zero(tidy(ax))
