"""Projections: a synapse between two populations, with its wiring, weights and delays. Checked when connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import ModelError, SimulationError, UnitError, suggest
from lapicque.model import checks
from lapicque.model.distribution import Distribution
from lapicque.model.equations import parse_expression
from lapicque.model.projection_rules import check_projection
from lapicque.model.synapse import Synapse
from lapicque.model.values import is_quantity, with_unit
from lapicque.network.connectivity.regular import AllToAll
from lapicque.network.distributions import LENGTH, check_text
from lapicque.network.modulators import check_modulators
from lapicque.network.modulators import modulators as found_modulators
from lapicque.network.population import Selection
from lapicque.network.refractoriness import check_refractoriness
from lapicque.network.starting import check_start
from lapicque.units import DIMENSIONLESS, ONE, Dimension, Unit, internal, internal_unit, magnitude, parse_unit, split

MS = parse_unit("ms")

#: What an expression of a synapse's weight or delay may read: the numbers of both neurons in their selections, how many
#: there are, where they are, and the distance between them.
PAIR_NAMES: Mapping[str, Dimension] = {
    "i": DIMENSIONLESS, "j": DIMENSIONLESS, "N_pre": DIMENSIONLESS, "N_post": DIMENSIONLESS,
    "x_pre": LENGTH, "y_pre": LENGTH, "z_pre": LENGTH, "x_post": LENGTH, "y_post": LENGTH, "z_post": LENGTH,
    "d": LENGTH,
}  # fmt: skip
_GEOMETRY = {name for name, dimension in PAIR_NAMES.items() if dimension == LENGTH}


@dataclass(frozen=True, eq=False, repr=False)
class Projection:
    """Synapses from one population, or a part of it, onto another; `Network.connect` makes one.

    Attributes
    ----------
    name : str
    source, target : Selection
    synapse : Synapse
    into : str or None
        The input of the target that the synapse's output is added to.
    where : connectivity rule
    values : mapping of str to value
        The weight ``w`` and the parameters of single synapses, as given: numbers, arrays (synapse,) or (source,
        target), distributions, expressions of `PAIR_NAMES`.
    units : mapping of str to Unit
        In which bare numbers among the values are.
    delay : value
        ms; as the values.
    immediate : bool
        Whether spikes act in the step in which they are emitted, before the target's flow.
    receptor : str or None
        The name of what lives in the target; None where the synapse only writes variables of the neurons.
    modulators : mapping of str to Selection
        Third parties: one neuron for all synapses, or one for each target.
    """

    name: str
    source: Selection
    target: Selection
    synapse: Synapse
    into: str | None
    where: Any
    values: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    delay: Any = 0.0
    immediate: bool = False
    receptor: str | None = None
    modulators: Mapping[str, Selection] = field(default_factory=dict)

    def __repr__(self) -> str:
        w = f", w={show_value(self.values['w'])}" if "w" in self.values else ""
        into = f", into={self.into!r}" if self.into else ""
        ends = f"{self.source!r} -> {self.target!r}"
        thirds = ", ".join(f"{name}={third!r}" for name, third in self.modulators.items())
        thirds = f", modulators=dict({thirds})" if thirds else ""
        delay = f"delay={show_value(self.delay, 'ms')}"
        return f"Projection({ends}: {self.synapse.name}{into}, {self.where!r}{w}, {delay}{thirds})"


def projection(
    name: str,
    source: Selection,
    target: Selection,
    synapse: Synapse,
    into: str | None,
    where: Any,
    given: Mapping[str, Any],
    delay: Any,
    immediate: bool,
    modulators: Mapping[str, Any] | None = None,
) -> Projection:
    """Return a projection, checked; the receptor is not known yet.

    Raises
    ------
    ModelError, UnitError, SimulationError
        Whatever does not fit, by name.
    """
    check = getattr(where, "check", None)
    if not callable(check):
        rule = f"lq.pairwise({where!r})" if isinstance(where, str) else "lq.fixed_probability(0.1)"
        raise SimulationError(f"where is {where!r}, but a rule is expected, such as {rule}")
    check(len(source), len(target), source == target)
    thirds = found_modulators(modulators, target)
    synapse, values = _split_values(synapse, given, target)
    into = into if into is not None else _named_input(synapse, target)
    if "w" not in values and (weights := getattr(where, "weights", None)) is not None:
        values["w"] = weights
    ends = (source, target)
    units = {key: _unit_of(key, value, synapse, ends) for key, value in values.items()}
    check_projection(
        synapse,
        source.population.model,
        target.population.model,
        into,
        {key: unit.dimension for key, unit in units.items()},
        {key: third.population.model for key, third in thirds.items()},
    )
    sides = {"pre": source, "post": target, **thirds}
    check_refractoriness(synapse, {side: one.population.model for side, one in sides.items()})
    check_modulators(synapse, source, target, thirds)
    for key, value in values.items():
        check_pair_value(value, units[key], ends, f"{key}")
    check_start(synapse, values, units, _joins_all(where, source, target))
    check_pair_value(delay, MS, ends, "the delay")
    check_delay(delay, immediate, synapse)
    if immediate:
        _check_immediate(synapse)
    return Projection(name, source, target, synapse, into, where, values, units, delay, immediate, modulators=thirds)


def _split_values(synapse: Synapse, given: Mapping[str, Any], target: Selection) -> tuple[Synapse, dict[str, Any]]:
    """Values of what lives once per target neuron change the synapse; the others belong to the projection."""
    variables = synapse.variables
    learned = synapse.learned
    parameters = {
        n: v for n, v in variables.items() if v.kind == "parameter" or n in synapse.parameters or n in learned
    }
    values = {n: synapse.parameters[n] for n, v in parameters.items() if v.scope == "synapse" and v.value is not None}
    values |= {n: synapse.initial.get(n, 0.0) for n in learned if n not in values and n != "w"}
    for name, value in given.items():
        if name not in parameters:
            if name == "w":
                message = f"w={show_value(value)} is given, but the synapse {synapse.name!r} does not read 'w'"
                raise SimulationError(message)
            hint = suggest(name, parameters) or f"; it has {', '.join(map(repr, parameters)) or 'none'}"
            raise SimulationError(f"{name!r} is no parameter of the synapse {synapse.name!r}{hint}")
        if parameters[name].scope == "synapse":
            values[name] = value
        else:
            synapse = synapse.with_(**{name: value})
    for name in learned:
        begin = values.get(name)
        if isinstance(begin, str) and begin in synapse.variables and synapse.variables[begin].kind == "parameter":
            own = synapse.variables[begin]
            values[name] = values[begin] if begin in values else with_unit(own.value, own.unit or ONE)
    size = target.population.size
    for name, variable in synapse.variables.items():
        if variable.scope == "post" and isinstance(variable.value, np.ndarray) and len(variable.value) != size:
            raise SimulationError(
                f"the parameter {name!r} of the synapse {synapse.name!r} has {len(variable.value)} values, but "
                f"{target.population.name!r} has {size} neurons: give one value, or one a neuron"
            )
    return synapse, values


def _unit_of(name: str, value: Any, synapse: Synapse, ends: tuple[Selection, Selection]) -> Unit:
    declared = synapse.variables[name].unit
    if declared is not None:
        return declared
    if isinstance(value, Distribution):
        return value.unit or ONE
    if isinstance(value, str) and not is_quantity(value, PAIR_NAMES):
        expression = parse_expression(value, f"value of {name}")
        check_text(expression, PAIR_NAMES)
        kind = checks.dimension_of(expression, PAIR_NAMES)
        return internal_unit(kind) if isinstance(kind, tuple) and kind != DIMENSIONLESS else ONE
    try:
        number, unit = split(value)
    except UnitError as error:
        raise UnitError(f"{name}: {error.summary}") from None
    if unit is None and isinstance(number, (list, tuple)) and len(number):
        unit = split(number[0])[1] if not isinstance(number[0], (list, tuple)) else None
    return unit or ONE


def check_pair_value(value: Any, unit: Unit, ends: tuple[Selection, Selection], what: str) -> None:
    """Refuse a value that synapses could not have: of another dimension, not finite, with unknown names.

    An array has one value a synapse, or one a pair of neurons, (source, target). How many synapses there are is known
    when they are drawn.
    """
    if isinstance(value, Distribution):
        value.internal(unit, what)
        return
    if isinstance(value, str) and not is_quantity(value, PAIR_NAMES):
        expression = parse_expression(value, f"value of {what}" if not what.startswith("the ") else what[4:])
        check_text(expression, PAIR_NAMES)
        for node in expression.names():
            if node.id in _GEOMETRY and any(end.positions is None for end in ends):
                lost = next(end for end in ends if end.positions is None).population.name
                message = f"{node.id!r} needs positions, which {lost!r} has none of: population(..., positions=...)"
                raise expression.error(message, node)
            if node.id == "N":
                raise expression.error("'N' could be either side's: write N_pre or N_post", node)
        checks.check_dimension(expression, PAIR_NAMES, unit.dimension, what)
        return
    if value is None or isinstance(value, (bool, np.bool_)):
        raise SimulationError(f"{what} is {value!r}, but a number is expected")
    array = np.asarray(internal(magnitude(value, unit, what), unit), np.float64)
    if np.isnan(array).any():
        place = f" at {np.argwhere(np.isnan(array))[0].tolist()}" if array.ndim else ""
        raise SimulationError(f"{what} is NaN (not a number){place}: every synapse needs a number")
    if array.ndim == 2 and array.shape != (len(ends[0]), len(ends[1])):
        raise SimulationError(
            f"{what} has shape {array.shape}, but a matrix (source, target) of {len(ends[0])} x {len(ends[1])} is "
            "expected"
        )
    if array.ndim > 2 or (array.ndim == 2 and not array.size):
        raise SimulationError(f"{what} has shape {array.shape}: give one value, one a synapse, or a matrix")


def _joins_all(where: Any, source: Selection, target: Selection) -> bool:
    """Whether every pair of neurons has a synapse."""
    return isinstance(where, AllToAll) and (where.autapses or source.population is not target.population)


def _named_input(synapse: Synapse, target: Selection) -> str | None:
    """Return the input that a sum called ``x_post`` names, as in Brian; None where it names none."""
    output, neuron = synapse.parsed_output, target.population.model
    summed = synapse.of_scope("summed")
    if output is None or neuron is None or output.text not in summed or not output.text.endswith("_post"):
        return None
    name = output.text.removesuffix("_post")
    return name if name in neuron.inputs else None


def _check_immediate(synapse: Synapse) -> None:
    """What acts in the step of a spike, before the target's flow, only adds numbers that are known before the run."""
    if synapse.learned:
        states = ", ".join(map(repr, synapse.learned))
        raise SimulationError(
            f"the synapse {synapse.name!r} learns ({states}), and an immediate projection only adds what is known "
            "before the run: leave out immediate=True"
        )
    for pathway in synapse.pathways:
        if pathway.at != "pre" or pathway.event != "spike":
            raise SimulationError(
                f"an immediate projection acts at spikes of the source, but the pathway {pathway.name!r} runs at "
                f"{pathway.at!r}: leave out immediate=True"
            )
        if pathway.delay:
            raise SimulationError(
                f"an immediate projection has no delay, but the pathway {pathway.name!r} has {pathway.delay:g} ms"
            )


def check_delay(delay: Any, immediate: bool, synapse: Synapse) -> None:
    """Refuse delays that are no times from 0 up, or that nothing waits for."""
    if isinstance(delay, Distribution) or (isinstance(delay, str) and not is_quantity(delay, PAIR_NAMES)):
        if immediate:
            raise SimulationError("an immediate projection has no delay: leave out delay=")
        _check_delayed(synapse, True)
        return
    array = np.asarray(magnitude(delay, MS, "the delay"), np.float64)
    if not np.isfinite(array).all() or (array < 0).any():
        lowest = float(array.min()) if np.isfinite(array).all() else float(array[~np.isfinite(array)].flat[0])
        raise SimulationError(f"the delay is {lowest:g} ms, but a time from 0 upward is expected")
    if array.any() and not synapse.pathways:
        message = f"the synapse {synapse.name!r} couples at every moment, without spikes: it cannot have a delay"
        raise SimulationError(message)
    if immediate and array.any():
        raise SimulationError(f"an immediate projection has no delay, but {float(array.max()):g} ms is given")
    if array.any():
        _check_delayed(synapse, bool(array.ndim and (array != array.flat[0]).any()))


def _check_delayed(synapse: Synapse, various: bool) -> None:
    """Something waits for the delay of the projection, that of the source's spikes, and writes in a clear order."""
    waiting = [pathway for pathway in synapse.pathways if pathway.at == "pre" and pathway.delay is None]
    if not waiting:
        raise SimulationError(
            f"delay= is how late spikes of the source arrive, but no code of the synapse {synapse.name!r} waits for "
            "it: a pathway has a delay of its own, lq.On('post', code, delay='1 ms')"
        )
    for statement in (statement for pathway in waiting for statement in pathway.written if various):
        if statement.target.endswith("_pre") and statement.target not in synapse.variables:
            raise statement.error(
                f"{statement.target!r} is written, but the synapses have delays of their own, so that spikes of "
                "several steps would write in no certain order: give all one delay"
            )


def show_value(value: Any, unit: str = "") -> str:
    """Write a value for a table: a number with its unit, a distribution, an expression, or how many there are."""
    if isinstance(value, (str, Distribution)):
        return str(value)
    try:
        number, found = split(value)
    except ModelError:
        return repr(value)
    shown = f" {found}" if found is not None and found is not ONE else f" {unit}" if unit else ""
    array = np.asarray(number)
    if array.ndim:
        return f"<{' x '.join(map(str, array.shape))} values>"
    return f"{float(array):g}{shown}"
