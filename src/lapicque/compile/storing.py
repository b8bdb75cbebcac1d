"""Where the states of a projection's synapses are kept: with each synapse, or in hidden populations of traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile.circuit import Cells, Circuit
from lapicque.compile.pathway_code import OWN, TRACE, CodeText, bound_names
from lapicque.compile.store import Store
from lapicque.compile.wiring import DelaySteps, Wiring
from lapicque.compile.wiring.values import Constant, SynapseValues
from lapicque.errors import SimulationError
from lapicque.model.bounds import is_below
from lapicque.model.neuron import Neuron
from lapicque.model.values import plain_value
from lapicque.network.projection import Projection
from lapicque.units import Unit, internal

if TYPE_CHECKING:
    from lapicque.compile.resolve import Resolver


def bounds_of_states(projection: Projection, values: Mapping[str, SynapseValues]) -> dict[str, SynapseValues]:
    """Return the bounds of states, called as `lapicque.compile.pathway_code.bound_names` says.

    Raises
    ------
    SimulationError
        If a bound differs from the target's parameters that it names, which live there.
    """
    found: dict[str, SynapseValues] = {}
    for name, pair in projection.synapse.bounds.items():
        for bound, given, open_end in zip(bound_names(name), pair, (-np.inf, np.inf), strict=True):
            if isinstance(given, str) and given in projection.synapse.variables:
                if given in values:
                    found[bound] = values[given]
                    continue
                variable = projection.synapse.variables[given]
                if variable.unit is None or np.ndim(variable.value):
                    raise SimulationError(f"{projection.name!r}: the bound {given!r} of {name!r} is not one number")
                found[bound] = Constant(float(internal(variable.value, variable.unit)))
            elif given is None:
                found[bound] = Constant(open_end)
            else:
                unit = projection.units[name]
                number = plain_value(given, unit, f"the bound of {name!r}")
                found[bound] = Constant(float(internal(number, unit)))
    return found


def hidden(
    projection: Projection,
    side: str,
    names: Sequence[str],
    values: Mapping[str, SynapseValues],
    beside: int,
    size: int,
) -> Cells:
    """Return the population of traces of one side: a neuron for each of that side's, which no event changes."""
    synapse = projection.synapse
    lines: list[str] = []
    used: dict[str, Any] = {}
    for name in names:
        variable = synapse.learned[name]
        equation = variable.equation
        rate = "0" if equation is None or equation.expression is None else equation.expression.text
        lines.append(f"d{name}/dt = {rate} : {variable.unit}")
        if equation is not None and equation.expression is not None:
            used |= {node.id: node for node in equation.expression.names() if node.id in values}
    parameters = {name: values[name].constant for name in used if name not in names}
    lines += [f"{name} : {projection.units[name]} (constant)" for name in parameters]
    plain = {name: number / projection.units[name].scale for name, number in parameters.items()}  # type: ignore[operator]
    neuron = Neuron("\n".join(lines), parameters=plain, name=f"traces of {projection.name}")
    initial = {name: values[name].constant for name in names}
    return Cells(
        f"{projection.name}:{side}", size, neuron, parameters, initial, beside=beside, everywhere=side == "pre"
    )


def stored(
    resolver: Resolver, places: Mapping[str, int], wiring: Wiring, delays: DelaySteps, sources: Any, targets: Any
) -> Store:
    """Return what a projection's synapses remember.

    Parameters
    ----------
    places : side -> number of the hidden population of its traces
    """
    projection, sided = resolver.projection, resolver.sided
    synapse = projection.synapse
    own = [name for name in synapse.learned if name not in sided]
    states = {f"{OWN}{name}": resolver.values[name] for name in own}
    lazy: CodeText | None = None
    moving = [name for name in synapse.event_driven if name in own]
    if moving:
        statements = []
        for name in moving:
            equation = synapse.learned[name].equation
            assert equation is not None
            assert equation.expression is not None
            statements.append((name, "rate", equation.expression))
        lazy = resolver.text(statements)
    bounds = {}
    for name in synapse.bounds:
        low, high = (resolver.values[bound] for bound in bound_names(name))
        bounds[f"{OWN}{name}"] = low, high
    units = {f"{TRACE if x in sided else OWN}{x}": projection.units[x] for x in synapse.learned}
    traces = {f"{TRACE}{name}": places[side] for name, side in sided.items()}
    store = Store(
        projection.name, *resolver.numbers, wiring, delays, sources, targets, states, dict(resolver.used), lazy,
        traces, places.get("pre", -1), places.get("post", -1), bounds, units, dict(resolver.constants),
    )  # fmt: skip
    for name in bounds:
        check_bounds(store, f"{projection.name}.{name.removeprefix(OWN)}", name, states[name])
    return store


def check_bounds(store: Store, what: str, name: str, values: SynapseValues | np.ndarray) -> None:
    """Refuse values of a state that are outside its bounds.

    Parameters
    ----------
    what : the state, for the message
    name : in the code
    values : of each synapse, internal units

    Raises
    ------
    SimulationError
    """
    if name not in store.bounds:
        return
    whole = [values, *store.bounds[name]]
    single = all(isinstance(v, Constant) for v in whole)
    first = 0
    for chunk in store.wiring.chunks(np.arange(store.wiring.n_target)):
        count = 1 if single else len(chunk[2])
        found, low, high = (_of_chunk(v, chunk, first, count) for v in whole)
        _refuse_outside(what, store.units[name], found, low, high)
        if single:
            return
        first += len(chunk[2])


def check_bounds_of(store: Store, what: str, name: str, values: np.ndarray, synapses: np.ndarray) -> None:
    """Refuse values of some synapses that are outside their bounds.

    Raises
    ------
    SimulationError
    """
    if name in store.bounds:
        ends = (bound.constant if bound.constant is not None else bound.all(store.wiring)[synapses]
                for bound in store.bounds[name])  # fmt: skip
        low, high = (np.broadcast_to(np.asarray(end), values.shape) for end in ends)
        _refuse_outside(what, store.units[name], values, low, high)


def _refuse_outside(what: str, unit: Unit, found: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    outside = is_below(found, low) | is_below(high, found)
    if outside.any():
        worst, least, most = (v[outside][0] / unit.scale for v in (found, low, high))
        shown = "" if unit.dimensionless else f" {unit}"
        raise SimulationError(
            f"{what} is {worst:g}{shown} in a synapse, outside its bounds, {least:g} to {most:g}{shown}: give a value "
            "inside, or change bounds="
        )


def _of_chunk(values: Any, chunk: Any, first: int, count: int) -> np.ndarray:
    if isinstance(values, np.ndarray):
        return values[first : first + count]
    return np.full(count, values.constant) if values.constant is not None else values.of(chunk)


def store_of(circuit: Circuit, projection: str) -> Store:
    """Return what the synapses of a projection remember."""
    return next(store for store in circuit.stores if store.projection == projection)


def name_in_code(store: Store, variable: str) -> str:
    """Return what a state of synapses is called in their code."""
    trace = f"{TRACE}{variable}"
    return trace if trace in store.traces else f"{OWN}{variable}"
