"""A synapse as a reader wants to see it: text for the terminal, markdown with LaTeX for notebooks and the docs."""

from __future__ import annotations

from typing import Any

from lapicque.model.distribution import Distribution
from lapicque.model.pathway import EVERY, Pathway
from lapicque.model.render import left_side, show_value, table, unit_behind
from lapicque.model.synapse import Synapse
from lapicque.model.synapse_variables import SynapseVariable


def synapse_to_text(synapse: Synapse) -> str:
    """Return a synapse as text: equations, code, bounds, states of synapses, output, parameters, the paper."""
    lines = [f"Synapse {synapse.name}"]
    for equation in synapse.parsed_equations:
        if equation.kind == "parameter" and synapse.variables[equation.name].value is not None:
            continue
        flags = f" ({', '.join(sorted(equation.flags))})" if equation.flags else ""
        text = f" = {' '.join(equation.expression.text.split())}" if equation.expression is not None else ""
        doc = f"  # {equation.doc}" if equation.doc else ""
        lines.append(f"    {left_side(equation)}{text} : {equation.unit}{flags}{doc}")
    rows = [(f"on {_when(pathway)}", _code(pathway)) for pathway in synapse.pathways]
    rows += _further(synapse)
    rows += [("initial", "; ".join(f"{k} = {v}" for k, v in synapse.initial.items()))] if synapse.initial else []
    width = max((len(name) for name, _ in rows), default=0) + 2
    lines += [f"  {name + ':':<{width}}{text}" for name, text in rows]
    constants = _constants(synapse)
    if constants:
        lines.append("  parameters:")
        names = max(len(v.name) for v in constants)
        shown = [(v, f"{v.name:<{names}} = {_value(v)}") for v in constants]
        width = max(len(text) for _, text in shown)
        lines += [f"    {text:<{width}}  # {v.doc}" if v.doc else f"    {text}" for v, text in shown]
    if synapse.reference:
        lines.append(f"  reference: {synapse.reference}")
    return "\n".join(lines)


def synapse_to_markdown(synapse: Synapse) -> str:
    """Return a synapse as markdown: LaTeX equations, tables of code, of states and of parameters, the paper."""
    from lapicque.model.latex import equation_to_latex

    parts = [f"**{synapse.name}**", ""]
    shown = [e for e in synapse.parsed_equations if e.expression is not None]
    if shown:
        body = " \\\\\n".join(equation_to_latex(e) for e in shown)
        parts += ["$$", "\\begin{aligned}", body, "\\end{aligned}", "$$", ""]
    rows = [(f"on {_when(pathway)}", f"`{_code(pathway)}`") for pathway in synapse.pathways]
    rows += [(name, f"`{text}`") for name, text in _further(synapse) if name != "states"]
    rows += [("initial", f"`{name} = {value}`") for name, value in synapse.initial.items()]
    parts += table(("code", ""), rows)
    states = [
        (f"`{n}`", _unit(v), _place(synapse, v), v.doc) for n, v in synapse.variables.items() if v.kind == "state"
    ]
    parts += table(("state", "unit", "kept", ""), states)
    values = [
        (f"`{v.name}`", repr(v.value) if isinstance(v.value, Distribution) else show_value(v.value), _unit(v), v.doc)
        for v in _constants(synapse)
    ]
    parts += table(("parameter", "value", "unit", ""), values)
    if synapse.reference:
        parts.append(f"Reference: {synapse.reference}")
    return "\n".join(parts)


def _when(pathway: Pathway) -> str:
    """Say when a pathway runs: ``pre``, ``back (post), 2 ms later``, ``norm (every 100 ms)``."""
    event = "" if pathway.event == "spike" else f".{pathway.event}"
    at = f" ({pathway.at}{event})" if pathway.name != pathway.at or event else ""
    if pathway.at == EVERY:
        at = f" (every {'step' if pathway.interval is None else f'{pathway.interval:g} ms'})"
    delay = f", {pathway.delay:g} ms later" if pathway.delay is not None else ""
    return f"{pathway.name}{at}{delay}"


def _code(pathway: Pathway) -> str:
    return "; ".join(f"{s.target} {s.operator} {' '.join(s.expression.text.split())}" for s in pathway.written)


def _further(synapse: Synapse) -> list[tuple[str, str]]:
    rows = [("output", " ".join(synapse.parsed_output.text.split()))] if synapse.parsed_output is not None else []
    if synapse.learned:
        rows.append(("states", _learned(synapse)))
    if synapse.bounds:
        rows.append(("bounds", "; ".join(_bounds(name, *pair) for name, pair in synapse.bounds.items())))
    return rows


def _learned(synapse: Synapse) -> str:
    """List the states of single synapses, by what changes them."""
    kinds = {"event-driven": synapse.event_driven, "clock-driven": synapse.clock_driven}
    moving = {name for names in kinds.values() for name in names}
    kinds = {"only code changes": tuple(n for n in synapse.learned if n not in moving), **kinds}
    return "; ".join(f"{', '.join(names)} ({kind})" for kind, names in kinds.items() if names)


def _bounds(name: str, low: Any, high: Any) -> str:
    left, right = ("" if low is None else f"{low} <= "), ("" if high is None else f" <= {high}")
    return f"{left}{name}{right}"


def _place(synapse: Synapse, variable: SynapseVariable) -> str:
    if variable.scope != "synapse":
        return "once per target"
    moving = variable.equation is not None and variable.equation.expression is not None
    kind = "event-driven" if variable.name in synapse.event_driven else "clock-driven" if moving else "by code"
    return f"each synapse, {kind}"


def _constants(synapse: Synapse) -> list[SynapseVariable]:
    return [v for v in synapse.variables.values() if v.kind == "parameter" and v.value is not None]


def _value(variable: SynapseVariable) -> str:
    if isinstance(variable.value, Distribution):
        return repr(variable.value)
    return f"{show_value(variable.value)}{unit_behind(variable)}"


def _unit(variable: SynapseVariable) -> str:
    return "" if variable.unit is None else str(variable.unit)
