"""A network as a graph: populations and lists of spikes as nodes, projections as arrows, stimuli beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.model.distribution import Distribution
from lapicque.network.network import Network
from lapicque.network.projection import Projection
from lapicque.plot.style import FAINT, INK, MODEL, MUTED, SERIES, label, own_axes
from lapicque.units import parse_unit, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXCITING, INHIBITING, UNKNOWN = MODEL, SERIES[2], MUTED
RADIUS = 0.26  # of the largest node, where nodes lie on a circle of radius 1


def network(net: Network, ax: Axes | None = None, *, labels: bool = True) -> Axes:
    """Draw populations as discs, the larger the more neurons, and projections as arrows between them.

    Projections with positive mean weight are blue arrows, those with negative mean weight are orange with a bar for a
    head, and others are grey: the sign of a conductance depends on the target's potential. Lists of spikes are
    squares; stimuli are written beside what they drive.

    Parameters
    ----------
    net : Network
    ax : matplotlib axes, optional
    labels : bool
        Whether to write the synapse's name on an arrow; of a bare one its code.

    Raises
    ------
    ValueError
        If the network has no populations.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> exc = net.population(lq.neurons.lif, 80, name="exc")
    >>> inh = net.population(lq.neurons.lif, 20, name="inh")
    >>> _ = net.connect(exc, inh, on_pre="v += w", w="1 mV")
    >>> _ = net.connect(inh, exc, on_pre="v += w", w="-4 mV")
    >>> ax = network(net)
    >>> len(ax.patches)  # two discs, two arrows
    4
    """
    if not net.populations:
        raise ValueError("the network has no populations: there is nothing to draw")
    ax = own_axes(ax, 4.8, 4.2)
    places = _places(net)
    largest = max(p.size for p in net.populations.values())
    radii = {p.name: RADIUS * (0.45 + 0.55 * np.log1p(p.size) / np.log1p(largest)) for p in net.populations.values()}
    between: dict[tuple[str, str], int] = {}
    for projection in net.projections.values():
        ends = projection.source.population.name, projection.target.population.name
        between[ends] = between.get(ends, 0) + 1
        _arrow(ax, projection, places, radii, between[ends] - 1, labels)
    for population in net.populations.values():
        _node(ax, population, places[population.name], radii[population.name])
    for name, place in places.items():
        driven = [s.stimulus for s in net.stimulations.values() if s.target.population.name == name]
        if driven:
            _stimuli(ax, driven, place, radii[name])
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.margins(0.2)
    ax.autoscale_view()
    return ax


def _places(net: Network) -> dict[str, np.ndarray]:
    """Put the nodes on a circle, the first on the left."""
    n = len(net.populations)
    if n == 1:
        return {name: np.zeros(2) for name in net.populations}
    angles = np.pi - 2 * np.pi * np.arange(n) / n
    radius = 1.0 if n <= 6 else n / 6
    return {name: radius * np.array([np.cos(a), np.sin(a)]) for name, a in zip(net.populations, angles, strict=True)}


def _node(ax: Axes, population: Any, place: np.ndarray, radius: float) -> None:
    from matplotlib.patches import Circle, Rectangle

    style: dict[str, Any] = dict(facecolor="white", edgecolor=INK, linewidth=1.4, zorder=3)
    if population.model is None:
        ax.add_patch(Rectangle(tuple(place - radius), 2 * radius, 2 * radius, **style))
    else:
        ax.add_patch(Circle(tuple(place), radius, **style))
    text = f"{label(population.name)}\n{population.size:,}"
    ax.text(place[0], place[1], text, ha="center", va="center", fontsize=8, color=INK, zorder=4)


def _arrow(
    ax: Axes, projection: Projection, places: dict[str, np.ndarray], radii: dict[str, float], before: int, labels: bool
) -> None:
    from matplotlib.patches import FancyArrowPatch

    source, target = projection.source.population.name, projection.target.population.name
    sign = sign_of(projection)
    color = {1: EXCITING, -1: INHIBITING}.get(sign, UNKNOWN)
    head = "|-|,widthA=0,widthB=0.3" if sign < 0 else "-|>,head_width=0.22,head_length=0.4"
    if source == target:
        start, end, bend, middle = _loop(places[source], radii[source], before)
    else:
        start, end, bend, middle = _chord(places[source], places[target], radii[source], radii[target], before)
    ax.add_patch(
        FancyArrowPatch(
            tuple(start), tuple(end), arrowstyle=head, connectionstyle=f"arc3,rad={bend}", color=color, linewidth=1.4,
            mutation_scale=12, shrinkA=0, shrinkB=0, zorder=2,
        )
    )  # fmt: skip
    # curves reach beyond their ends: the axes must hold their middle too
    ax.update_datalim([tuple(middle), tuple(start), tuple(end)])
    if labels:
        synapse = projection.synapse
        text = synapse.on_pre if synapse.name == "bare" and synapse.on_pre else synapse.name
        ax.text(middle[0], middle[1], label(text), ha="center", va="center", fontsize=7, color=color,
                bbox=dict(facecolor="white", edgecolor=FAINT, linewidth=0.4, pad=1.2), zorder=5)  # fmt: skip


def _chord(a: np.ndarray, b: np.ndarray, from_: float, to: float, before: int) -> tuple[Any, Any, float, Any]:
    """Return start, end, curvature and middle of an arrow between two nodes."""
    bend = 0.18 + 0.14 * before
    along = (b - a) / np.hypot(*(b - a))
    beside = np.array([along[1], -along[0]])
    start = a + from_ * _unit(along + 2 * bend * beside)
    end = b - (to + 0.02) * _unit(along - 2 * bend * beside)
    return start, end, bend, (start + end) / 2 + beside * bend * np.hypot(*(end - start)) / 2


def _loop(place: np.ndarray, radius: float, before: int) -> tuple[Any, Any, float, Any]:
    """Return start, end, curvature and middle of an arrow from a node to itself, on its outer side."""
    out = _outwards(place, 0.6 + 1.1 * before)
    beside = np.array([out[1], -out[0]])
    start, end = (place + radius * _unit(out + s * 0.55 * beside) for s in (-1, 1))
    height = 2.4 * np.hypot(*(end - start))
    return start, end, -2.4, (start + end) / 2 + out * (height / 2 + 0.03)


def _stimuli(ax: Axes, driven: list[Any], place: np.ndarray, radius: float) -> None:
    """Write what drives a node beside it."""
    out = _outwards(place, -0.6)
    x, y = place + out * (radius + 0.06)
    names = dict.fromkeys(getattr(s, "name", None) or repr(s).partition("(")[0] for s in driven)
    side = "center" if abs(out[0]) < 0.3 else "left" if out[0] > 0 else "right"
    over = "center" if abs(out[1]) < 0.3 else "bottom" if out[1] > 0 else "top"
    text = "\n".join(label(name.replace("_", " ")) for name in names)
    ax.text(x, y, text, ha=side, va=over, color=MUTED, fontsize=8, style="italic")


def _outwards(place: np.ndarray, turn: float) -> np.ndarray:
    """Return the direction away from the centre (up, for a node in it), turned to the left."""
    x, y = _unit(place) if np.hypot(*place) > 0 else (0.0, 1.0)
    return np.array([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.hypot(*v)


def sign_of(projection: Projection) -> int:
    """Return the sign of the mean weight, or 0 where it is unknown or the weights are conductances."""
    value, unit = projection.values.get("w"), projection.units.get("w")
    if value is None or (unit is not None and unit.dimension == parse_unit("nS").dimension):
        return 0
    if isinstance(value, Distribution):
        mean = value.numbers[0] if value.kind != "uniform" else sum(value.numbers)
        return int(np.sign(min(max(mean, value.low), value.high)))
    try:
        return int(np.sign(np.mean(np.asarray(split(value)[0], dtype=float))))
    except (TypeError, ValueError):  # an expression of the pair of neurons
        return 0
