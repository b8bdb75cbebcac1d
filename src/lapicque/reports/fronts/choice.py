"""A front as lines across parallel axes, one line a candidate: what its reader chooses from."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.fit.fronts import ParetoFront
from lapicque.reports.tables import significant

#: The drawing, in its own units: width, height, and the room around it for what the axes are called.
WIDTH, HEIGHT, SIDE, TOP, BOTTOM = 960, 250, 52, 34, 22


def number_of_knee(front: ParetoFront) -> int:
    """Return the knee's place on the front."""
    return int(np.flatnonzero((front.points == front.knee().point).all(axis=1))[0])


def choice(front: ParetoFront) -> dict[str, Any]:
    """Return axes, lines and rows of a front's candidates.

    Objectives go from the front's best at the bottom to its worst at the top, parameters from bound to bound.
    """
    least, most = front.losses.min(axis=0), front.losses.max(axis=0)
    extent = np.where(most > least, most - least, 1.0)
    heights = np.column_stack([(front.losses - least) / extent, front.points])
    places = SIDE + (WIDTH - 2 * SIDE) * np.arange(heights.shape[1]) / (heights.shape[1] - 1)
    levels = TOP + (HEIGHT - TOP - BOTTOM) * (1 - heights)
    columns = _columns(front)
    axes = [
        {"x": f"{x:.1f}", "name": name, "low": significant(low), "high": significant(high), "objective": n < len(least)}
        for n, (x, (name, low, high)) in enumerate(
            zip(places, _axes(front, least.tolist(), most.tolist()), strict=True)
        )
    ]
    lines = [" ".join(f"{x:.1f},{y:.1f}" for x, y in zip(places, level, strict=True)) for level in levels]
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return {
        "width": WIDTH, "height": HEIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM, "axes": axes, "lines": lines,
        "heads": list(columns), "rows": rows, "notes": _notes(front), "chosen": number_of_knee(front),
        "objectives": len(least),
    }  # fmt: skip


def _axes(front: ParetoFront, least: list[float], most: list[float]) -> list[tuple[str, float, float]]:
    return [
        *zip(front.objectives, least, most, strict=True),
        *((_head(f), f.low, f.high) for f in front.problem.free),
    ]


def _head(free: Any) -> str:
    return free.name if str(free.unit) == "1" else f"{free.name} ({free.unit})"


def _columns(front: ParetoFront) -> dict[str, list[str]]:
    """Return heading -> texts, objectives first."""
    found = {name: [significant(v) for v in front.losses[:, n]] for n, name in enumerate(front.objectives)}
    for free in front.problem.free:
        found[_head(free)] = [significant(float(v)) for v in front.parameters[free.name]]
    return found


def _notes(front: ParetoFront) -> list[str]:
    """Return what is particular to each candidate."""
    notes: list[list[str]] = [[] for _ in range(len(front))]
    for n, name in enumerate(front.objectives):
        notes[int(np.argmin(front.losses[:, n]))].append(f"best {name}")
    notes[number_of_knee(front)].append("knee")
    return [", ".join(each) for each in notes]
