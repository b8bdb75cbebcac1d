"""A network as tables: populations, projections, stimuli, recorders."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lapicque.network.projection import Projection, show_value

if TYPE_CHECKING:
    from lapicque.network.contents import Contents
    from lapicque.network.population import Population

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def _tables(network: Contents) -> list[Table]:
    populations: list[tuple[str, ...]] = [
        (p.name, p.neuron.name, str(p.size), *_values(p)) for p in network.populations.values()
    ]
    projections = [_projection(p) for p in network.projections.values()]
    stimuli: list[tuple[str, ...]] = [
        (f"{s.target!r}.{s.variable}", repr(s.stimulus)) for s in network.stimulations.values()
    ]
    recorders: list[tuple[str, ...]] = [
        (r.name, ", ".join(r.variables), r.of, "step" if r.every is None else f"{r.every:g} ms")
        for r in network.recorders.values()
    ]
    signals: list[tuple[str, ...]] = [
        (s.name, _at(s.at), ", ".join(f"{x:g}" for x in s.values[:4]) + ", ..." * (len(s.at) > 4))
        for s in network.signals.values()
        if len(s.at)
    ]
    operations: list[tuple[str, ...]] = [(o.name, f"{o.every:g} ms") for o in network.operations.values()]
    rules: list[tuple[str, ...]] = [
        (r.projection, repr(r.rule), f"{r.every:g} ms") for r in network.restructurings.values()
    ]
    return [
        (("population", "neuron", "size", "parameters", "initial"), populations),
        (("projection", "rule", "synapse", "into", "receptor", "w", "delay"), projections),
        (("target", "stimulus"), stimuli),
        (("signal", "at", "values"), signals),
        (("operation", "every"), operations),
        (("synapses of", "by", "every"), rules),
        (("recorder", "variables", "of", "every"), recorders),
    ]


def _at(times: np.ndarray) -> str:
    return ", ".join(f"{t:g}" for t in times[:4]) + ", ..." * (len(times) > 4) + " ms"


def _values(population: Population) -> tuple[str, str]:
    drawn = ", ".join(f"{name} = {show_value(value)}" for name, value in population.parameters.items())
    initial = ", ".join(f"{name} = {show_value(value)}" for name, value in population.initial.items())
    return drawn, initial


def _projection(p: Projection) -> tuple[str, ...]:
    default = f"{p.source.population.name}->{p.target.population.name}"
    ends = f"{p.source!r} -> {p.target!r}"
    named = ends if p.name == default else f"{ends} ({p.name})"
    unit = p.units.get("w")
    w = show_value(p.values["w"], "" if unit is None or unit.name == "1" else str(unit)) if "w" in p.values else ""
    delay = "immediate" if p.immediate else show_value(p.delay, "ms")
    return named, repr(p.where), p.synapse.name, p.into or "", p.receptor or "", w, delay


def network_table(network: Contents) -> str:
    """Return a network as text, one line an item."""
    lines = [_title(network)]
    for table in _tables(network):
        lines += _lines(*_without_empty_columns(*table))
    return "\n".join(lines)


def network_html(network: Contents) -> str:
    """Return a network as HTML tables, for notebooks."""
    parts = [f"<p>{html.escape(_title(network))}</p>"]
    for table in _tables(network):
        head, rows = _without_empty_columns(*table)
        if rows:
            lines = [_html_row(head, "th"), *(_html_row(row, "td") for row in rows)]
            parts.append(f"<table>{''.join(lines)}</table>")
    return "\n".join(parts)


def _title(network: Contents) -> str:
    def many(n: int, what: str) -> str:
        return f"{n} {what}{'' if n == 1 else 's'}"

    text = f"Network: {many(network.size, 'neuron')} in {many(len(network.populations), 'population')}"
    return f"{text}, {many(len(network.projections), 'projection')}" if network.projections else text


def _without_empty_columns(head: Sequence[str], rows: list[tuple[str, ...]]) -> Table:
    kept = [k for k in range(len(head)) if any(row[k] for row in rows)]
    return tuple(head[k] for k in kept), [tuple(row[k] for k in kept) for row in rows]


def _lines(head: Sequence[str], rows: list[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    cells = [tuple(head), *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    right = [all(row[k].isdigit() for row in rows) for k in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        padded = (
            cell.rjust(width) if of_numbers and row is not cells[0] else cell.ljust(width)
            for cell, width, of_numbers in zip(row, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    return [line(row) for row in cells]


def _html_row(row: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
