"""A synapse between two neurons: what every name of its code means there, and whether the dimensions agree."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapicque.errors import ModelError, SimulationError, UnitError, suggest
from lapicque.model import checks, rules
from lapicque.model.equations import Expression, Statement, parse_expression
from lapicque.model.pathway import EVERY, Pathway
from lapicque.model.synapse_rules import ONE_SIDED, check_assigned, check_equation
from lapicque.model.synapse_variables import expressions
from lapicque.model.values import is_quantity
from lapicque.units import DIMENSIONLESS, Dimension, describe, find_unit, symbol_of

if TYPE_CHECKING:
    from lapicque.model.neuron import Neuron, Variable
    from lapicque.model.synapse import Synapse


@dataclass(frozen=True)
class Meaning:
    """What a name in a synapse's code means.

    Attributes
    ----------
    owner : str
        ``"synapse"`` (its own variables and ``w``), ``"post"``, ``"pre"``, ``"output"``, or the name of a modulator.
    name : str
        What its owner calls it.
    dimension : Dimension or None
        None for a weight whose unit is not known.
    """

    owner: str
    name: str
    dimension: Dimension | None


def meanings(
    synapse: Synapse,
    source: Neuron | None,
    target: Neuron | None,
    modulators: Mapping[str, Neuron | None] | None = None,
) -> dict[str, Meaning]:
    """Return what every name means that a synapse may read between two neurons.

    The synapse's own variables win, then ``x_pre`` and ``x_post``, then ``x_NAME`` for the modulator NAME, then a bare
    name of a variable of the target.

    Parameters
    ----------
    source, target : Neuron or None
        None for spike lists, which have no variables.
    modulators : mapping of str to Neuron or None, optional
    """
    found: dict[str, Meaning] = {}
    behind = {} if target is None else target.variables
    before = {} if source is None else source.variables
    found |= {name: Meaning("post", name, v.unit.dimension) for name, v in behind.items()}
    for owner, neuron in (modulators or {}).items():
        third = {} if neuron is None else neuron.variables
        found |= {f"{name}_{owner}": Meaning(owner, name, v.unit.dimension) for name, v in third.items()}
    found |= {f"{name}_pre": Meaning("pre", name, v.unit.dimension) for name, v in before.items()}
    found |= {f"{name}_post": Meaning("post", name, v.unit.dimension) for name, v in behind.items()}
    found["output"] = Meaning("output", "output", output_dimension(source))
    for name, variable in synapse.variables.items():
        found[name] = Meaning("synapse", name, None if variable.unit is None else variable.unit.dimension)
    return found


def output_dimension(source: Neuron | None) -> Dimension:
    """Return the dimension of what a source emits; spikes are pure numbers."""
    if source is None or source.parsed_output is None:
        return DIMENSIONLESS
    kind = checks.dimension_of(source.parsed_output, {n: v.unit.dimension for n, v in source.variables.items()})
    return kind if isinstance(kind, tuple) else DIMENSIONLESS


def check_projection(
    synapse: Synapse,
    source: Neuron | None,
    target: Neuron | None,
    into: str | None = None,
    given: Mapping[str, Dimension] | None = None,
    modulators: Mapping[str, Neuron | None] | None = None,
) -> None:
    """The synapse fits between two neurons: every name means something, every dimension agrees.

    Parameters
    ----------
    source, target : Neuron or None
        None for spike lists.
    into : str, optional
        The input of the target to which the synapse's output is added.
    given : mapping of str to Dimension, optional
        The weight and the parameters of single synapses that the projection gives.
    modulators : mapping of str to Neuron or None, optional
        Third parties by name; None for spike lists.

    Raises
    ------
    ModelError, UnitError
        With a caret under what does not fit.
    SimulationError
        If a side cannot do what the synapse needs of it: spike, be written to, have the input.
    """
    _Between(synapse, source, target, dict(given or {}), dict(modulators or {})).check(into)


class _Between:
    def __init__(
        self,
        synapse: Synapse,
        source: Neuron | None,
        target: Neuron | None,
        given: dict[str, Dimension],
        modulators: dict[str, Neuron | None],
    ):
        self.synapse, self.source, self.target, self.given = synapse, source, target, given
        self.modulators = modulators
        self.meanings = meanings(synapse, source, target, modulators)
        self.known: dict[str, Dimension] = {}
        for name, meaning in self.meanings.items():
            dimension = meaning.dimension
            if meaning.owner == "synapse" and dimension is None:
                dimension = given.get(name)
            if dimension is not None:
                self.known[name] = dimension

    def check(self, into: str | None) -> None:
        synapse = self.synapse
        self.check_given()
        self.check_sides()
        for equation in synapse.parsed_equations:
            if equation.expression is not None:
                self.check_reads(equation.expression, "post" in equation.flags)
                if "summed" in equation.flags or equation.name in synapse.learned:
                    self.check_graded(equation.expression)
                check_equation(synapse, equation, self.known)
        for pathway in synapse.pathways:
            for statement in pathway.written:
                self.check_statement(statement)
                self.check_emitted(pathway, statement.expression)
        for name, value in synapse.initial.items():
            if name not in synapse.learned and not is_quantity(value, self.known):
                expression = parse_expression(value, f"initial value of {name!r}")
                self.check_reads(expression, True)
                checks.check_dimension(expression, self.known, self.known[name], f"the initial value of {name!r}")
        self.check_into(into)

    def check_given(self) -> None:
        """Every value has its dimension, and nothing that is read has none."""
        for name, dimension in self.given.items():
            variable = self.synapse.variables.get(name)
            if variable is not None and variable.unit is not None and variable.unit.dimension != dimension:
                message = f"{name} is declared as {describe(variable.unit)}, but what is given is {describe(dimension)}"
                raise UnitError(message)
        for name, variable in self.synapse.variables.items():
            needed = variable.kind == "parameter" or name == "w"
            if needed and variable.value is None and name not in self.given:
                if name == "w":
                    message = "the synapse reads the weight 'w', but none is given: connect(..., w=...)"
                    reads = [(e, n) for e in expressions(self.synapse) for n in e.names() if n.id == "w"]
                    raise reads[0][0].error(message, reads[0][1]) if reads else ModelError(message)
                raise SimulationError(f"the synapse's parameter {name!r} has no value: connect(..., {name}=...)")

    def check_sides(self) -> None:
        """Pathways need events."""
        sides = {"pre": ("source", self.source), "post": ("target", self.target)}
        sides |= {name: (f"modulator {name!r}", neuron) for name, neuron in self.modulators.items()}
        for pathway in self.synapse.pathways:
            if pathway.at == EVERY:
                continue
            if pathway.at not in sides:
                raise SimulationError(
                    f"the pathway {pathway.name!r} runs at {pathway.at!r}, which is neither side nor a modulator"
                    f"{suggest(pathway.at, sides)}: connect(..., modulators=dict({pathway.at}=population))"
                )
            word, neuron = sides[pathway.at]
            events = ["spike"] if neuron is None else [e.name for e in neuron.parsed_events]
            if pathway.event in events:
                continue
            if pathway.event != "spike":
                known = f"; it has {', '.join(map(repr, events))}" if events else " nor any other"
                raise SimulationError(
                    f"the pathway {pathway.name!r} runs at the event {pathway.event!r} of the {word}, which has no "
                    f"such event{suggest(pathway.event, events) or known}"
                )
            assert neuron is not None
            instead = {
                "pre": "Read its variables in every step: 'name = expression of x_pre : unit (summed)'",
                "post": f"Give it one, or run the code on schedule: on=dict({pathway.name}=lq.Every('1 ms', code))",
            }.get(pathway.at, f"Read its variables: 'x_{pathway.at}'")
            if events:
                instead = f"It has other events: lq.On('{pathway.at}.{events[0]}', code)"
            raise SimulationError(
                f"the pathway {pathway.name!r} runs at spikes of the {word}, but the neuron {neuron.name!r} has no "
                f"threshold and never spikes. {instead}"
            )
        if self.target is None:
            raise SimulationError("spike lists cannot be the target of a projection: they have no variables")

    def check_reads(self, expression: Expression, in_target: bool) -> None:
        for node in expression.names():
            name, meaning = node.id, self.meanings.get(node.id)
            if meaning is None:
                self.refuse_unknown(expression, node, in_target)
            elif meaning.owner not in ("post", "synapse", "output") and in_target:
                owner = "belongs to the source of a single synapse"
                if meaning.owner != "pre":
                    owner = f"is read by single synapses, of the modulator {meaning.owner!r}"
                message = (
                    f"{name!r} {owner}, but this expression is evaluated once per target neuron: read it in on_pre, or "
                    "in a variable flagged (summed)"
                )
                raise expression.error(message, node)

    def refuse_unknown(self, expression: Expression, node: ast.Name, in_target: bool) -> None:
        name = node.id
        if name in ONE_SIDED and not in_target:
            message = (
                f"{name!r} could be the source's or the target's: give each synapse a parameter of its own instead"
            )
            raise expression.error(message, node)
        if self.source is not None and name in self.source.variables:
            raise expression.error(f"{name!r} is a variable of the source: write '{name}_pre'", node)
        if (lost := self.lost(name)) is not None:
            raise expression.error(lost, node)
        if name in ("lastspike", "last_spike"):
            message = "the time of the last spike cannot be read: keep it, 'last : ms' and on_pre='last = t'"
            raise expression.error(message, node)
        if name in checks.BUILT_IN or name in checks.FUNCTIONS or checks.is_noise(name) or find_unit(name) is not None:
            return
        target = "" if self.target is None else f" nor its target {self.target.name!r}"
        hint = suggest(name, self.meanings)
        if not hint:
            hint = f": neither the synapse{target} has it; give it a value, parameters=dict({name}=...)"
            third = name.rpartition("_")[2]
            if third != name and third.isidentifier():
                hint += f", or a modulator, connect(..., modulators=dict({third}=population))"
        raise expression.error(f"unknown name {name!r}{hint}", node)

    def lost(self, name: str) -> str | None:
        """Return what is wrong with ``x_pre``, ``x_post``, or ``x_NAME`` of a modulator, that does not exist."""
        sides = {"pre": ("source neuron", self.source), "post": ("target neuron", self.target)}
        sides |= {third: (f"neuron of the modulator {third!r},", neuron) for third, neuron in self.modulators.items()}
        for end, (side, neuron) in sides.items():
            variable = name.removesuffix(f"_{end}")
            if variable == name:
                continue
            if neuron is None:
                side = side.removesuffix(" neuron").removeprefix("neuron of the ").removesuffix(",")
                return f"{name!r}: the {side} is a list of spikes, which has no variables"
            return f"the {side} {neuron.name!r} has no variable {variable!r}{suggest(variable, neuron.variables)}"
        return None

    def check_graded(self, expression: Expression) -> None:
        """What is computed in every step reads ``output`` only where the source has one in every step."""
        if self.source is not None and self.source.parsed_output is not None:
            return
        for node in self.emitted(expression):
            raise expression.error("the source has no output in every step: give its neuron output='...'", node)

    def check_emitted(self, pathway: Pathway, expression: Expression) -> None:
        """Code reads ``output`` where a spike of the source brings it, or on schedule."""
        if pathway.at == EVERY:
            self.check_graded(expression)
        elif pathway.at != "pre" or pathway.event != "spike":
            for node in self.emitted(expression):
                raise expression.error(
                    f"'output' comes with spikes of the source, but the pathway {pathway.name!r} runs at other events: "
                    "read variables of the source, 'x_pre', or keep what came in a variable of the synapse",
                    node,
                )

    def emitted(self, expression: Expression) -> list[ast.Name]:
        """Return the names through which an expression reads ``output``, itself or one computed from it."""
        found = []
        for node in expression.names():
            variable = self.synapse.variables.get(node.id)
            inner = None if variable is None or variable.kind != "algebraic" else variable.equation
            through = inner is not None and inner.expression is not None and self.emitted(inner.expression)
            if node.id == "output" or through:
                found.append(node)
        return found

    def check_statement(self, statement: Statement) -> None:
        target, meaning = statement.target, self.meanings.get(statement.target)
        if meaning is None:
            if self.source is not None and target in self.source.variables:
                raise statement.error(f"{target!r} is a variable of the source: write '{target}_pre'")
            if (lost := self.lost(target)) is not None:
                raise statement.error(lost)
            if target in checks.BUILT_IN or target in checks.FUNCTIONS:
                raise statement.error(f"{target!r} has a meaning of its own and cannot be set: choose another name")
            states = [name for name, m in self.meanings.items() if self.state(m)]
            raise statement.error(f"unknown variable {target!r}{suggest(target, states)}")
        if meaning.owner == "output":
            raise statement.error("'output' is what the source emits: it cannot be set")
        if meaning.owner in self.modulators:
            raise statement.error(f"{target!r} is a variable of the modulator {meaning.owner!r}, which code only reads")
        if meaning.owner in ("pre", "post"):
            side = self.source if meaning.owner == "pre" else self.target
            assert side is not None
            _check_side_is_written(statement, meaning, side.variables[meaning.name])
        self.check_reads(statement.expression, False)
        wanted = self.known[target]
        try:
            check_assigned(self.synapse, statement, self.known, wanted)
        except UnitError as error:
            reads = {node.id for node in statement.expression.names()}
            undeclared = "w" in reads and self.synapse.variables["w"].unit is None
            if not undeclared or self.given.get("w") != DIMENSIONLESS or wanted == DIMENSIONLESS:
                raise
            hint = f"{error.summary} (w was given without a unit: write for example w='0.5 {symbol_of(wanted)}')"
            raise UnitError(hint, error.line, error.column, error.where) from None

    def state(self, meaning: Meaning) -> bool:
        if meaning.owner == "synapse":
            return self.synapse.variables[meaning.name].kind == "state"
        side = {"pre": self.source, "post": self.target}.get(meaning.owner)
        return side is not None and side.variables[meaning.name].kind == "state"

    def check_into(self, into: str | None) -> None:
        """The output goes into an input of the target that has its dimension."""
        output, target = self.synapse.parsed_output, self.target
        assert target is not None
        if output is None:
            if into is not None:
                message = f"into={into!r}, but the synapse has no output: give it output='...', or leave out into="
                raise SimulationError(message)
            return
        self.check_reads(output, True)
        rules.refuse_noise(output, self.known, "belongs in a differential equation")
        kind = checks.dimension_of(output, self.known)
        if kind is checks.BOOLEAN:
            raise output.error("the output is a condition, but a number is expected", output.tree)
        if into is None:
            fitting = [name for name, v in target.inputs.items() if v.unit.dimension == kind or kind is checks.ANY]
            hint = f": into={fitting[0]!r}" if fitting else f"; {_inputs_of(target)}"
            raise SimulationError(f"say which input of the target the synapse's output goes into{hint}")
        if into not in target.inputs:
            hint = suggest(into, target.inputs) or f"; {_inputs_of(target)}"
            raise SimulationError(f"into={into!r} is no input of the target neuron {target.name!r}{hint}")
        unit = target.inputs[into].unit
        checks.check_dimension(output, self.known, unit.dimension, f"what goes into {into!r}")


def _inputs_of(neuron: Neuron) -> str:
    names = ", ".join(f"{name} ({v.unit})" for name, v in neuron.inputs.items())
    return f"its inputs are {names}" if names else f"the neuron {neuron.name!r} has no inputs: declare 'x : pA (input)'"


def _check_side_is_written(statement: Statement, meaning: Meaning, variable: Variable) -> None:
    if variable.kind == "state":
        return
    word = "source" if meaning.owner == "pre" else "target"
    reason = {
        "parameter": f"is a parameter of the {word} neuron, and constant: make it a state there, 'd{variable.name}/dt "
        "= ...', for code to change it",
        "algebraic": f"is computed from other variables of the {word} neuron, so it cannot be set",
        "input": f"is an input of the {word} neuron: give the synapse output='...' and connect(..., "
        f"into={variable.name!r})",
    }[variable.kind]
    raise statement.error(f"{statement.target!r} {reason}")
