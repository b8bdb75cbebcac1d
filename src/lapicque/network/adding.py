"""What the parts of a network must keep when they are added to it: names that are free, no circles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lapicque.errors import SimulationError
from lapicque.model.synapse import Synapse
from lapicque.network.projection import Projection


def check_acyclic(projections: Iterable[Projection], made: Projection) -> None:
    """Immediate projections do not form a circle.

    Raises
    ------
    SimulationError
        With the circle.
    """
    first, last = made.source.population.name, made.target.population.name
    before = [(p.source.population.name, p.target.population.name) for p in projections if p.immediate]
    path = _path(last, first, before)
    if path is not None:
        circle = " -> ".join([first, *path])
        raise SimulationError(
            f"immediate projections form a circle: {circle}. Give one of them a delay, and leave out immediate=True"
        )


def _path(start: str, end: str, edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Return the populations on a way from one to another, both included."""
    edges = list(edges)
    ways = {start: [start]}
    todo = [start]
    while todo:
        here = todo.pop()
        if here == end:
            return ways[here]
        for a, b in edges:
            if a == here and b not in ways:
                ways[b] = [*ways[a], b]
                todo.append(b)
    return None


def synapse_of(synapse: Any, on_pre: str | None) -> Synapse:
    """Return the synapse that is given, or that of bare code."""
    if on_pre is not None:
        if synapse is not None:
            raise SimulationError(
                "a synapse and on_pre= are given: write the code in the synapse, synapse.with_(on_pre=...)"
            )
        return Synapse(on_pre=on_pre, name="bare")
    if isinstance(synapse, Synapse):
        return synapse
    if synapse is None:
        raise SimulationError("give a synapse, such as lq.synapses.exponential('5 ms'), or code, on_pre='v += w'")
    hint = f": write on_pre={synapse!r}" if isinstance(synapse, str) else ""
    hint = hint or (": call it, with its parameters" if callable(synapse) else "")
    raise SimulationError(f"a Synapse is expected, not {type(synapse).__name__}{hint}")


def free_name(taken: Mapping[str, Any], name: str | None, base: str, what: str) -> str:
    """Return the name given, or a free one that begins with ``base``."""
    if name is not None:
        if not isinstance(name, str) or not name:
            raise SimulationError(f"name={name!r}: the name of a {what} is a text")
        if name in taken:
            raise SimulationError(f"there is a {what} {name!r} already: choose another name")
        return name
    chosen, number = base, 1
    while chosen in taken:
        number += 1
        chosen = f"{base}_{number}"
    return chosen
