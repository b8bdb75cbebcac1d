"""One synapse from two: a rule by which it learns, and the way in which its spikes act on the target."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lapicque.errors import ModelError, UnitError
from lapicque.model.equations import Equation
from lapicque.model.pathway import POST, PRE, Every, On
from lapicque.model.synapse_variables import expressions
from lapicque.units import describe

if TYPE_CHECKING:
    from lapicque.model.synapse import Synapse

#: The one name that both halves have: the weight that the rule changes is the weight that spikes transmit.
SHARED = "w"


def combined(rule: Synapse, transmission: Synapse) -> Synapse:
    """Return the synapse that learns by one and acts on its target by the other.

    Variables, parameters and pathways of both are kept; the weight is one. What both run at spikes of the source, and
    what both run at spikes of the target, is one code, the transmission's first: a spike acts with the weight that it
    finds, and is learned from afterwards.

    Parameters
    ----------
    rule, transmission : Synapse

    Returns
    -------
    Synapse

    Raises
    ------
    ModelError
        If both have a variable, a pathway or an output of one name, or one reads a name of the other.
    UnitError
        If their weights have different dimensions.

    Examples
    --------
    >>> from lapicque.model import Synapse
    >>> hebb = Synapse(
    ...     "dx/dt = -x/tau_x : 1",
    ...     on_pre="x += 1",
    ...     on_post="w += eta*x",
    ...     parameters=dict(tau_x="20 ms", eta="10 pS"),
    ...     name="hebb",
    ... )
    >>> ampa = Synapse(
    ...     "dg/dt = -g/tau : nS (post)",
    ...     on_pre="g += w",
    ...     output="g*(e - v_post)",
    ...     parameters=dict(tau="5 ms", e="0 mV"),
    ...     name="ampa",
    ... )
    >>> combined(hebb, ampa)
    Synapse hebb_ampa
        dx/dt = -x/tau_x : 1
        dg/dt = -g/tau : nS (post)
      on pre:  g += w; x += 1
      on post: w += eta*x
      output:  g*(e - v_post)
      states:  w (only code changes); x (event-driven)
      parameters:
        tau_x = 20 ms
        eta   = 10 pS
        tau   = 5 ms
        e     = 0 mV
    """
    _check_names(rule, transmission)
    _check_weights(rule, transmission)
    if rule.parsed_output is not None and transmission.parsed_output is not None:
        raise ModelError(
            f"{rule.name!r} and {transmission.name!r} both have an output, but a synapse goes into one input: leave "
            "one out, or connect twice"
        )
    given = transmission.output if transmission.output is not None else rule.output
    return dataclasses.replace(
        rule,
        equations="\n".join(_equations(rule, transmission)),
        on_pre=None,
        on_post=None,
        on=_pathways(rule, transmission),
        output=given,
        parameters={**rule.parameters, **transmission.parameters},
        initial={**rule.initial, **transmission.initial},
        bounds={**rule.bounds, **transmission.bounds},
        reference="; ".join(dict.fromkeys(text for text in (rule.reference, transmission.reference) if text)),
        name=f"{rule.name}_{transmission.name}",
    )


def _check_names(rule: Synapse, transmission: Synapse) -> None:
    """Neither has, nor reads from a neuron, what the other calls its own."""
    ours, theirs = set(rule.variables) - {SHARED}, set(transmission.variables) - {SHARED}
    both = sorted(ours & theirs)
    if both:
        raise ModelError(
            f"{rule.name!r} and {transmission.name!r} both have {', '.join(map(repr, both))}: rename "
            f"{'it' if len(both) == 1 else 'them'} in one of them"
        )
    for one, other, own in ((rule, transmission, theirs), (transmission, rule, ours)):
        read = {node.id for expression in expressions(one) for node in expression.names()}
        read |= {statement.target for pathway in one.pathways for statement in pathway.statements}
        for name in sorted(read & own):
            raise ModelError(
                f"{one.name!r} means a variable of a neuron, or a unit, by {name!r}, but {other.name!r} has a variable "
                f"of its own of that name: rename that, or write '{name}_post' for the target's"
            )

    bounded = sorted(set(rule.bounds) & set(transmission.bounds))
    if bounded and rule.bounds[bounded[0]] != transmission.bounds[bounded[0]]:
        raise ModelError(
            f"{rule.name!r} and {transmission.name!r} both bound {bounded[0]!r}: leave the bounds of one of them out"
        )


def _check_weights(rule: Synapse, transmission: Synapse) -> None:
    units = [s.variables[SHARED].unit if SHARED in s.variables else None for s in (rule, transmission)]
    if units[0] is not None and units[1] is not None and units[0].dimension != units[1].dimension:
        raise UnitError(
            f"the weight of {rule.name!r} is {describe(units[0])}, but that of {transmission.name!r} is "
            f"{describe(units[1])}: give the rule its largest weight, or its step, in {units[1]}"
        )


def _equations(rule: Synapse, transmission: Synapse) -> Iterator[str]:
    """Yield the lines of both; of the weight's, that of the transmission unless the rule says how it moves."""
    ours, theirs = ({e.name: e for e in s.parsed_equations}.get(SHARED) for s in (rule, transmission))
    kept = ours if theirs is None or (ours is not None and ours.expression is not None) else theirs
    for synapse in (rule, transmission):
        for equation in synapse.parsed_equations:
            if equation.name != SHARED or equation is kept:
                yield _line(equation)


def _line(equation: Equation) -> str:
    left = {"differential": f"d{equation.name}/dt", "map": f"{equation.name}[n+1]"}.get(equation.kind, equation.name)
    right = f" = {' '.join(equation.expression.text.split())}" if equation.expression is not None else ""
    flags = f" ({', '.join(sorted(equation.flags))})" if equation.flags else ""
    return f"{left}{right} : {equation.unit}{flags}{f'  # {equation.doc}' if equation.doc else ''}"


def _pathways(rule: Synapse, transmission: Synapse) -> dict[str, On | Every | str]:
    """Return the code of both by pathway."""
    found = dict(_written(transmission))
    for name, ours in _written(rule).items():
        theirs = found.get(name)
        if theirs is None:
            found[name] = ours
        elif isinstance(ours, str) and isinstance(theirs, str):
            found[name] = f"{theirs.strip()}\n{ours.strip()}"
        else:
            raise ModelError(
                f"{rule.name!r} and {transmission.name!r} both have a pathway {name!r}, with a time of its own: call "
                "one of them otherwise in on=dict(...)"
            )
    return {name: found[name] for name in (PRE, POST, *found) if name in found}


def _written(synapse: Synapse) -> Mapping[str, Any]:
    """Return what spikes run, as given; what has no delay of its own as text."""
    given: dict[str, Any] = {**synapse.on}
    given |= {name: code for name, code in ((PRE, synapse.on_pre), (POST, synapse.on_post)) if code is not None}
    for name in (PRE, POST):
        code = given.get(name)
        if isinstance(code, On) and (code.at, code.delay) == (name, None):
            given[name] = code.code
    return given
