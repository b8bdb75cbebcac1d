"""What of a neuron can be solved between events, found from its symbols; what cannot is refused with the reason.

Between events a variable is one of

* still: its derivative is 0, as that of a variable that only events write, or of a held one while refractory;
* linear in itself and in linear variables that do not depend on it in turn, with coefficients that are still;
* quadratic in itself alone, with coefficients that are still (the quadratic integrate-and-fire neuron);
* given: its solution comes from the user, in a `ClosedForm`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from lapicque.compile.closed_form import ClosedForm
from lapicque.compile.linear import DT, T, discontinuity
from lapicque.errors import SchemeError
from lapicque.model.hybrid import Hybrid, HybridEvent, Jump
from lapicque.model.symbols import maximum, minimum, symbol, where

_NOT_REFRACTORY = symbol("not_refractory")
_GRID = "run it on a grid of times instead, without engine="


@dataclass(frozen=True)
class Regime:
    """The flow while a neuron is free, or while it is refractory.

    Attributes
    ----------
    order : linear variables, each before those that it reads
    rate : linear variable -> coefficient of itself, 1/ms
    coupling : (variable, variable that it reads) -> coefficient
    drive : linear variable -> what is added to its derivative, still between events
    quadratic : variable -> (a, b, c) of ``x' = a x^2 + b x + c``
    given : variable -> its value after the time ``elapsed``, an expression of the values before
    """

    order: tuple[sp.Symbol, ...]
    rate: Mapping[sp.Symbol, sp.Expr]
    coupling: Mapping[tuple[sp.Symbol, sp.Symbol], sp.Expr]
    drive: Mapping[sp.Symbol, sp.Expr]
    quadratic: Mapping[sp.Symbol, tuple[sp.Expr, sp.Expr, sp.Expr]]
    given: Mapping[sp.Symbol, sp.Expr]

    def cone(self, goals: Sequence[sp.Symbol]) -> tuple[sp.Symbol, ...]:
        """Return the linear variables that the goals depend on, in order; the goals themselves included."""
        wanted = set(goals)
        for x in self.order:
            if x in wanted:
                wanted |= {y for (reader, y) in self.coupling if reader == x}
        return tuple(x for x in self.order if x in wanted)


@dataclass(frozen=True)
class Solved:
    """A neuron whose flow is known in closed form.

    Attributes
    ----------
    states : those of the model, and behind them the inputs that change in steps
    free, held : the flow of a free and of a refractory neuron; ``held`` is None where nothing differs
    margin : the neuron spikes when this becomes positive; None if it never does
    strict : whether it spikes only above the threshold, not at it
    weights : linear variable -> its coefficient in the margin
    rest : what is left of the margin where all linear variables are 0
    until : time until the margin is positive, where the user gave it
    jumps : what a spike does
    refractory : ms, None where a spike makes nothing refractory
    """

    states: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    free: Regime
    held: Regime | None
    held_states: frozenset[sp.Symbol]
    margin: sp.Expr | None
    strict: bool
    weights: Mapping[sp.Symbol, sp.Expr]
    rest: sp.Expr
    until: sp.Expr | None
    jumps: tuple[Jump, ...]
    refractory: sp.Expr | None


def solve(system: Hybrid, changing: Sequence[str] = (), given: ClosedForm | None = None) -> Solved:
    """Return the solution of a neuron between events.

    Parameters
    ----------
    changing : inputs that change in steps during a run; the others are constant
    given : the user's solution of variables that are not solved here

    Raises
    ------
    SchemeError
        If the flow has no closed form here, or an event cannot be found exactly, with the variable and the reason.

    Examples
    --------
    >>> from lapicque.neurons import lif_exp
    >>> found = solve(Hybrid.of(lif_exp))
    >>> found.free.order, found.free.rate[symbol("i_syn")]
    ((v, i_syn), -1/tau_syn)
    """
    _refuse_chance(system)
    fields = tuple(symbol(name) for name in changing)
    inputs = tuple(u for u in system.inputs if u not in fields)
    flow = dict(system.flow) | dict.fromkeys(fields, sp.Integer(0))
    form = given.expressions(system) if given is not None else {}
    free = _regime(flow, form, {_NOT_REFRACTORY: sp.true})
    held = None
    spike = _the_spike(system)
    refractory = spike.refractory_time if spike else None
    if refractory is not None:
        still = {x: sp.Integer(0) if x in system.held else f for x, f in flow.items()}
        held = _regime(still, form, {_NOT_REFRACTORY: sp.false})
        held = None if held == free else held
    margin, weights, rest = _margin(spike, free)
    until = given.time_to_threshold(system) if given is not None and spike is not None else None
    for x in set(weights) & set(free.given) if until is None else ():
        if others := flow[x].free_symbols & {*free.order, *free.quadratic, *free.given} - {x}:
            raise SchemeError(
                f"d{x}/dt reads {_named(others)} too, so that {x} may turn back: give the time to the threshold, "
                "ClosedForm(..., until=...)"
            )
    return Solved(
        states=(*system.states, *fields),
        parameters=(*system.parameters, *inputs),
        free=free,
        held=held,
        held_states=system.held if refractory is not None else frozenset(),
        margin=margin,
        strict=spike.guard.strict if spike else True,
        weights=weights,
        rest=rest,
        until=until,
        jumps=tuple(replace(j, expression=j.expression.xreplace({_NOT_REFRACTORY: sp.true})) for j in spike.jumps)
        if spike
        else (),
        refractory=refractory,
    )


def _refuse_chance(system: Hybrid) -> None:
    for xi, coefficients in system.diffusion.items():
        x = next(iter(coefficients))
        raise SchemeError(f"d{x}/dt has the noise {xi}, so that its course between events is not known: {_GRID}")
    if system.maps:
        x = next(iter(system.maps))
        raise SchemeError(f"{x}[n+1] is a map from step to step, and there are no steps: {_GRID}")
    if system.draws:
        raise SchemeError(f"rand() and randn() are drawn once a step, and there are no steps: {_GRID}")


def _the_spike(system: Hybrid) -> HybridEvent | None:
    for event in system.events:
        if event.name != "spike":
            raise SchemeError(f"the event {event.name!r}: only the spike is found exactly: {_GRID}")
        if event.guard.hazard is not None:
            raise SchemeError(f"the threshold is a hazard rate, so that spikes are drawn once a step: {_GRID}")
        if event.guard.gates:
            raise SchemeError(f"the threshold has a further condition, {event.guard.gates[0]}: {_GRID}")
        if event.refractory_condition is not None:
            raise SchemeError(
                f"the refractory period ends with a condition, {event.refractory_condition}, not after a time: {_GRID}"
            )
        changing = {*system.states, *system.inputs, T, DT}
        if event.refractory_time is not None and (names := event.refractory_time.free_symbols & changing):
            raise SchemeError(f"the refractory period depends on {_named(names)}, which changes: {_GRID}")
        for jump in event.jumps:
            if names := jump.expression.free_symbols & {T, DT}:
                raise SchemeError(f"the reset of {jump.target} reads {_named(names)}: {_GRID}")
        return event
    return None


def _regime(
    flow: Mapping[sp.Symbol, sp.Expr], form: Mapping[sp.Symbol, sp.Expr], meaning: Mapping[sp.Symbol, sp.Expr]
) -> Regime:
    flow = {x: f.xreplace(meaning) for x, f in flow.items()}
    moving = [x for x, f in flow.items() if f != 0]
    given = {x: value for x, value in form.items() if x in moving}
    rate, coupling, drive, quadratic = {}, {}, {}, {}
    for x in moving:
        if x in given:
            continue
        f = flow[x]
        if names := f.free_symbols & {T, DT}:
            raise SchemeError(f"d{x}/dt depends on {_named(names)} explicitly: {_GRID}")
        slopes = {y: sp.diff(f, y) for y in moving}
        step = discontinuity(f, moving)
        read = [y for y in moving if slopes[y] != 0]
        if not step and all(_still(slopes[y], moving) for y in read) and not any(y in given for y in read):
            rate[x] = slopes[x]
            coupling.update({(x, y): slopes[y] for y in read if y != x})
            drive[x] = f.xreplace(dict.fromkeys(moving, sp.Integer(0)))
            continue
        curvature = sp.diff(slopes[x], x)
        if not step and read == [x] and _still(curvature, moving):
            at_zero = {x: sp.Integer(0)}
            quadratic[x] = curvature / 2, slopes[x].xreplace(at_zero), f.xreplace(at_zero)
            continue
        raise SchemeError(_why_not(x, f, slopes, moving, step, set(given)))
    for x, y in coupling:
        if y in quadratic or y in given:
            raise SchemeError(
                f"d{x}/dt reads {y}, which is {'quadratic' if y in quadratic else 'given'}: the integral of its course "
                f"has no closed form here: {_GRID}"
            )
    return Regime(_readers_first(rate, coupling), rate, coupling, drive, quadratic, given)


def _still(expression: sp.Expr, moving: Sequence[sp.Symbol]) -> bool:
    return not (expression.free_symbols & set(moving)) and not expression.has(where)


def _why_not(
    x: sp.Symbol,
    f: sp.Expr,
    slopes: Mapping[sp.Symbol, sp.Expr],
    moving: Sequence[sp.Symbol],
    step: str,
    given: set[sp.Symbol],
) -> str:
    head = f"d{x}/dt has no solution in closed form: "
    tail = f". Give it, method=lq.schemes.ClosedForm(...), or {_GRID}"
    if step:
        return f"{head}it changes in steps, with {step}{tail}"
    for y, slope in slopes.items():
        if y in given and slope != 0:
            return f"{head}it reads {y}, whose course is given{tail}"
    for y, slope in slopes.items():
        others = slope.free_symbols & (set(moving) - {x})
        if others:
            return f"{head}{y} enters with a factor that changes with {_named(others)}{tail}"
    others = [y for y in moving if y != x and slopes[y] != 0]
    curves = [part for part in sp.preorder_traversal(f) if part.is_Function and part.has(x)]
    curves = [part for part in curves if not isinstance(part, (minimum, maximum))] or curves
    shown = f" (it has {curves[0]})" if curves and len(str(curves[0])) < 60 else ""
    power = "quadratic" if sp.diff(f, x, 3) == 0 else "not linear"
    if others and slopes[x].has(x):
        return f"{head}it is {power} in {x}{shown}, and also reads {_named(set(others))}, which changes{tail}"
    return f"{head}it is not linear in {x}{shown}{tail}"


def _readers_first(
    rate: Mapping[sp.Symbol, sp.Expr], coupling: Mapping[tuple[sp.Symbol, sp.Symbol], sp.Expr]
) -> tuple[sp.Symbol, ...]:
    order: list[sp.Symbol] = []

    def visit(x: sp.Symbol, path: tuple[sp.Symbol, ...]) -> None:
        if x in path:
            circle = " -> ".join(str(y) for y in [*path[path.index(x) :], x])
            raise SchemeError(
                f"{x} and {path[-1]} drive each other ({circle}), and only chains of variables are solved here: {_GRID}"
            )
        if x in order:
            return
        for reader, y in coupling:
            if y == x:
                visit(reader, (*path, x))
        order.append(x)

    for x in rate:
        visit(x, ())
    return tuple(order)


def _margin(spike: HybridEvent | None, free: Regime) -> tuple[sp.Expr | None, Mapping[sp.Symbol, sp.Expr], sp.Expr]:
    if spike is None:
        return None, {}, sp.Integer(-1)
    margin = spike.guard.margin
    assert margin is not None
    margin = margin.xreplace({_NOT_REFRACTORY: sp.true})
    if names := margin.free_symbols & {T, DT}:
        raise SchemeError(f"the threshold depends on {_named(names)} explicitly: {_GRID}")
    moving = [*free.order, *free.quadratic, *free.given]
    read = [x for x in moving if sp.diff(margin, x) != 0]
    bent = [x for x in read if not _still(sp.diff(margin, x), moving)]
    if step := discontinuity(margin, moving):
        raise SchemeError(f"the threshold changes in steps, with {step}: {_GRID}")
    if bent:
        raise SchemeError(f"the threshold is not linear in {bent[0]}: {_GRID}")
    alone = [x for x in read if x in free.quadratic or x in free.given]
    if alone and len(read) > 1:
        raise SchemeError(
            f"the threshold compares {alone[0]}, which is not linear, with {_named(set(read) - {alone[0]})}, "
            f"which changes too: {_GRID}"
        )
    weights = {x: sp.diff(margin, x) for x in read}
    return margin, weights, margin.xreplace(dict.fromkeys(read, sp.Integer(0)))


def _named(symbols: set[sp.Symbol]) -> str:
    return ", ".join(sorted(map(str, symbols)))
