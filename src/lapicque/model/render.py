"""A model as a reader wants to see it: text for the terminal, markdown with LaTeX for notebooks and the docs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lapicque.model.equations import Equation
from lapicque.model.neuron import Neuron, ParsedEvent, Variable
from lapicque.model.synapse_variables import SynapseVariable


def left_side(equation: Equation) -> str:
    """Write the left side of an equation."""
    return {"differential": f"d{equation.name}/dt", "map": f"{equation.name}[n+1]"}.get(equation.kind, equation.name)


def show_value(value: Any) -> str:
    """Write a parameter's value: a number, or the range of an array."""
    if value is None:
        return ""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{float(array):.10g}"
    return f"{array.min():.10g} .. {array.max():.10g} ({array.size} values)"


def _event_rows(event: ParsedEvent) -> list[tuple[str, str]]:
    prefix = "" if event.name == "spike" else f"{event.name} "
    rows = [(f"{prefix}threshold", event.threshold.text)]
    if event.reset:
        rows.append((f"{prefix}reset", "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in event.reset)))
    if event.refractory is not None:
        rows.append((f"{prefix}refractory", event.refractory.text))
    return rows


def unit_behind(variable: Variable | SynapseVariable) -> str:
    """Write a unit as it stands behind a number: nothing for a pure number, ``/ms`` for ``1/ms``."""
    name = variable.unit.name if variable.unit is not None else "1"
    return f" {name[1:] if name.startswith('1/') else name}" if name != "1" else ""


def _with_doc(variable: Variable, text: str, width: int) -> str:
    return f"{text:<{width}}  # {variable.doc}" if variable.doc else text


def to_text(neuron: Neuron) -> str:
    """Return the model as text: equations, events, parameters with units, initial values, the paper."""
    lines = [f"Neuron {neuron.name}"]
    equations = []
    for equation in neuron.parsed_equations:
        flags = f" ({', '.join(sorted(equation.flags))})" if equation.flags else ""
        if equation.expression is not None:
            text = f"{left_side(equation)} = {' '.join(equation.expression.text.split())} : {equation.unit}{flags}"
        elif neuron.variables[equation.name].kind == "parameter":
            continue
        else:
            text = f"{equation.name} : {equation.unit}{flags}"
        equations.append((neuron.variables[equation.name], text))
    width = min(max((len(t) for _, t in equations), default=0), 100)
    lines += [f"    {_with_doc(variable, text, width)}" for variable, text in equations]
    rows = [row for event in neuron.parsed_events for row in _event_rows(event)]
    rows += [("output", " ".join(neuron.parsed_output.text.split()))] if neuron.parsed_output is not None else []
    rows += [("initial", "; ".join(f"{k} = {v}" for k, v in neuron.initial.items()))] if neuron.initial else []
    width = max((len(name) for name, _ in rows), default=0) + 2
    lines += [f"  {name + ':':<{width}}{text}" for name, text in rows]
    if neuron.constants:
        lines.append("  parameters:")
        names = max(len(n) for n in neuron.constants)
        shown = [(v, f"{n:<{names}} = {show_value(v.value)}{unit_behind(v)}") for n, v in neuron.constants.items()]
        width = max(len(text) for _, text in shown)
        lines += [f"    {_with_doc(variable, text, width)}" for variable, text in shown]
    if neuron.reference:
        lines.append(f"  reference: {neuron.reference}")
    return "\n".join(lines)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table in markdown, none where there are no rows."""
    if not rows:
        return []
    lines = [head, ("---",) * len(head), *rows]
    return [*("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines), ""]


def to_markdown(neuron: Neuron) -> str:
    """Return the model as markdown: LaTeX equations, a table of events, a table of parameters, the paper."""
    from lapicque.model.latex import equation_to_latex

    parts = [f"**{neuron.name}**", ""]
    shown = [e for e in neuron.parsed_equations if e.expression is not None]
    body = " \\\\\n".join(equation_to_latex(e) for e in shown)
    parts += ["$$", "\\begin{aligned}", body, "\\end{aligned}", "$$", ""]
    rows = [(name, f"`{text}`") for event in neuron.parsed_events for name, text in _event_rows(event)]
    rows += [("output", f"`{neuron.parsed_output.text}`")] if neuron.parsed_output is not None else []
    rows += [("initial", f"`{name} = {value}`") for name, value in neuron.initial.items()]
    parts += table(("event", ""), rows)
    parts += table(("state", "unit", ""), [(f"`{n}`", f"{v.unit}", v.doc) for n, v in neuron.states.items()])
    parts += table(("input", "unit", ""), [(f"`{n}`", f"{v.unit}", v.doc) for n, v in neuron.inputs.items()])
    values = [(f"`{n}`", show_value(v.value), f"{v.unit}", v.doc) for n, v in neuron.constants.items()]
    parts += table(("parameter", "value", "unit", ""), values)
    if neuron.reference:
        parts.append(f"Reference: {neuron.reference}")
    return "\n".join(parts)
