"""The synapses of a projection: matrices of weights and of connections, numbers of synapses a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.network.projection import Projection
from lapicque.plot.style import INK, MODEL, SERIES, label, own_axes, tidy
from lapicque.simulation.connections import connections

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lapicque.compile.wiring import Connections

#: A matrix with more rows or columns is drawn in squares of several neurons.
CELLS = 400


def weight_matrix(
    synapses: Projection | Connections, ax: Axes | None = None, *, wiring_seed: int = 0, bar: bool = True
) -> Axes:
    """Draw the weights of a projection as a matrix (source, target): blue for negative, red for positive ones.

    The weights of several synapses of a pair are added. In large projections a square is the mean over its pairs of
    neurons.

    Parameters
    ----------
    synapses : Projection or Connections
    ax : matplotlib axes, optional
    wiring_seed : int
        Where a projection is given.
    bar : bool
        Whether to draw the scale of the colours beside the axes.

    Raises
    ------
    ValueError
        If the projection has no weights.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 30, name="cells")
    >>> made = net.connect(cells, cells, on_pre="v += w", where=lq.fixed_probability(0.1), w=lq.normal("1 mV", "1 mV"))
    >>> ax = weight_matrix(made)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('target', 'source')
    """
    found = _connections(synapses, wiring_seed)
    if found.weights is None:
        raise ValueError("the projection has no weights: draw its connectivity_matrix()")
    values = _pooled(found, found.weights)
    largest = float(np.abs(values).max(initial=0.0)) or 1.0
    unit = "" if found.unit is None or found.unit.dimensionless else f" ({found.unit})"
    name = "weight" if max(found.shape) <= CELLS else "mean weight of a pair"
    return _image(ax, found, values, (-largest, largest), "RdBu_r", f"{name}{unit}" if bar else "")


def connectivity_matrix(
    synapses: Projection | Connections, ax: Axes | None = None, *, wiring_seed: int = 0, bar: bool = True
) -> Axes:
    """Draw how many synapses each pair of neurons has, as a matrix (source, target).

    In large projections a square is the mean over its pairs of neurons.

    Parameters
    ----------
    synapses : Projection or Connections
    ax : matplotlib axes, optional
    wiring_seed : int
        Where a projection is given.
    bar : bool
        Whether to draw the scale of the colours beside the axes.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> ring = net.population(lq.neurons.lif, 30, name="ring")
    >>> made = net.connect(ring, ring, on_pre="v += w", w="1 mV", where=lq.small_world(4, 0.1))
    >>> image = connectivity_matrix(made).images[0]
    >>> float(image.get_array().sum())
    120.0
    """
    found = _connections(synapses, wiring_seed)
    values = _pooled(found, np.ones(len(found)))
    name = "synapses" if max(found.shape) <= CELLS else "synapses of a pair"
    return _image(ax, found, values, (0.0, float(values.max(initial=0.0)) or 1.0), "Greys", name if bar else "")


def degrees(
    synapses: Projection | Connections, ax: Axes | None = None, *, wiring_seed: int = 0, bins: int = 30
) -> Axes:
    """Draw how many synapses the targets receive and how many the sources have, as histograms.

    Parameters
    ----------
    synapses : Projection or Connections
    ax : matplotlib axes, optional
    wiring_seed : int
        Where a projection is given.
    bins : int
        At most; a bin is a whole number of synapses wide.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 200, name="cells")
    >>> made = net.connect(cells, cells, on_pre="v += w", w="1 mV", where=lq.fixed_in_degree(20))
    >>> [text.get_text() for text in degrees(made).get_legend().get_texts()]
    ['in: 20 ± 0', 'out: 20 ± 4.36']
    """
    found = _connections(synapses, wiring_seed)
    numbers = {
        "in": np.bincount(found.targets, minlength=found.shape[1]),
        "out": np.bincount(found.sources, minlength=found.shape[0]),
    }
    low = min(int(n.min()) for n in numbers.values())
    high = max(int(n.max()) for n in numbers.values())
    width = max(1, int(np.ceil((high - low + 1) / bins)))
    edges = np.arange(low, high + width + 1, width) - 0.5
    ax = own_axes(ax, 4.2, 2.6)
    for (name, number), color in zip(numbers.items(), (MODEL, SERIES[2]), strict=True):
        counts = np.histogram(number, edges)[0] / len(number)
        ax.stairs(counts, edges, fill=True, color=color, alpha=0.18, linewidth=0)
        ax.stairs(counts, edges, color=color, linewidth=1.2, label=f"{name}: {number.mean():.3g} ± {number.std():.3g}")
    ax.set_xlabel("synapses of a neuron")
    ax.set_ylabel("part of the neurons")
    ax.legend(frameon=False)
    return tidy(ax)


def _connections(given: Projection | Connections, wiring_seed: int) -> Connections:
    return connections(given, wiring_seed=wiring_seed) if isinstance(given, Projection) else given


def _pooled(found: Connections, values: np.ndarray) -> np.ndarray:
    """Return the sum of the values of each pair; of large projections, the mean over the pairs of each square."""
    pairs = [np.minimum(n, CELLS) for n in found.shape]
    places = [
        (k.astype(np.int64) * m) // n
        for k, m, n in zip((found.sources, found.targets), pairs, found.shape, strict=True)
    ]
    total = np.bincount(places[0] * pairs[1] + places[1], values, minlength=int(pairs[0] * pairs[1]))
    inside = [np.bincount((np.arange(n) * m) // n, minlength=m) for n, m in zip(found.shape, pairs, strict=True)]
    return total.reshape(pairs) / np.outer(*inside)


def _image(
    ax: Axes | None, found: Connections, values: Any, limits: tuple[float, float], colors: str, name: str
) -> Axes:
    ax = own_axes(ax, 4.2, 3.4)
    rows, columns = found.shape
    image = ax.imshow(
        values, cmap=colors, vmin=limits[0], vmax=limits[1], interpolation="nearest",
        extent=(-0.5, columns - 0.5, rows - 0.5, -0.5), aspect="equal" if 0.2 < rows / columns < 5 else "auto",
    )  # fmt: skip
    ax.set_xlabel("target")
    ax.set_ylabel("source")
    ax.locator_params(integer=True)
    if name:
        scale = ax.figure.colorbar(image, ax=ax, shrink=0.8)
        scale.set_label(label(name), color=INK)
        scale.outline.set_visible(False)
    return tidy(ax)
