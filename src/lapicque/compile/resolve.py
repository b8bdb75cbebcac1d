"""What the names in a projection's code stand for: in the target, the source, a third party or the synapse itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.compile.circuit import Cells
from lapicque.compile.pathway_code import OUTPUT, OWN, PRE, TRACE, CodeText, bound_names, third
from lapicque.compile.store import Read
from lapicque.compile.wiring.values import SynapseValues
from lapicque.errors import SimulationError
from lapicque.model.equations import Expression
from lapicque.model.merge import part_name, renamed
from lapicque.model.neuron import Neuron
from lapicque.model.projection_rules import Meaning
from lapicque.model.rules import algebraic_order
from lapicque.model.synapse_reductions import Reduction
from lapicque.network.projection import Projection


@dataclass
class Resolver:
    """Collects what a code needs while its names are resolved.

    Parameters
    ----------
    projection : Projection
    meanings : of all names
    source, target : Cells
    values : own name -> constants, or initial values, of each synapse
    sided : own states that are kept once per neuron, with their side
    thirds : modulator -> (number of its population, its cells)
    early : whether the code runs at the beginning of a step
    """

    projection: Projection
    meanings: Mapping[str, Meaning]
    numbers: tuple[int, int]
    source: Cells
    target: Cells
    values: Mapping[str, SynapseValues]
    sided: Mapping[str, str] = field(default_factory=dict)
    thirds: Mapping[str, tuple[int, Cells]] = field(default_factory=dict)
    early: bool = False
    dimensions: dict[str, Any] = field(default_factory=dict)
    used: dict[str, SynapseValues] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    source_constants: dict[str, Any] = field(default_factory=dict)
    reads: dict[str, Read] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def text(self, statements: Sequence[tuple[str, str, Expression]], reductions: Sequence[Reduction] = ()) -> CodeText:
        """Return statements with resolved names; bounded states are clipped."""
        over = []
        for r in reductions:
            over.append((r.name, r.function, r.by, renamed(r.expression, self.name)))
            known = {name: self.known(name) for name in {node.id for node in r.expression.names()} & set(self.meanings)}
            self.dimensions[r.name] = r.dimension(known)
        lines = [self._statement(*statement) for statement in statements]
        whole = [*(e for _, _, e in statements), *(r.expression for r in reductions)]
        algebraic = self._algebraic({node.id for e in whole for node in e.names()})
        assert self.target.neuron is not None
        for name in below(self.target.neuron, set(self.dimensions)):
            self.dimensions[name] = self.target.neuron.variables[name].unit.dimension
            if name in self.target.parameters:
                self.constants[name] = self.target.parameters[name]
        bounds = [(self.name(name), *self._bounds(name)) for name, operator, _ in statements
                  if operator == "rate" and name in self.projection.synapse.bounds]  # fmt: skip
        return CodeText(tuple(lines), tuple(sorted(self.dimensions.items())), algebraic, tuple(bounds), tuple(over))

    def known(self, name: str) -> Any:
        """Return the dimension of a name."""
        found = self.meanings[name].dimension
        return self.projection.units[name].dimension if found is None else found

    def _statement(self, name: str, operator: str, expression: Expression) -> tuple[str, str, str]:
        code, text = self.name(name), renamed(expression, self.name)
        self.written.add(code)
        if name not in self.projection.synapse.bounds or operator == "rate":
            return code, operator, text
        combined = text if operator == "=" else f"{code} {operator[0]} ({text})"
        low, high = self._bounds(name)
        return code, "=", f"clip({combined}, {low}, {high})"

    def _bounds(self, name: str) -> tuple[str, str]:
        """Return what the bounds of a state are called in the code, and note them."""
        low, high = (f"{OWN}{bound}" for bound in bound_names(name))
        for bound in (low, high):
            self.used[bound] = self.values[bound.removeprefix(OWN)]
            self.dimensions[bound] = self.dimensions[self.name(name)]
        return low, high

    def _algebraic(self, read: set[str]) -> tuple[tuple[str, str], ...]:
        synapse = self.projection.synapse
        own = {n: v for n, v in synapse.of_scope("synapse", "algebraic").items() if v.equation is not None}
        if not own:
            return ()
        needed: set[str] = set()
        todo = [name for name in read if name in own]
        while todo:
            name = todo.pop()
            needed.add(name)
            equation = own[name].equation
            assert equation is not None
            assert equation.expression is not None
            todo += [n.id for n in equation.expression.names() if n.id in own and n.id not in needed]
        found = []
        for name in algebraic_order(synapse):
            if name in needed:
                expression = own[name].equation.expression  # type: ignore[union-attr]
                assert expression is not None
                found.append((self.name(name), renamed(expression, self.name)))
        return tuple(found)

    def target_name(self, name: str) -> str:
        """Return what a variable that lives in the target is called in its merged neuron."""
        meaning = self.meanings[name]
        if meaning.owner == "synapse":
            assert self.projection.receptor is not None
            return part_name(self.projection.receptor, name)
        return meaning.name

    def name(self, name: str) -> str:
        """Return what a name is called in the code, and note what it needs."""
        if name not in self.meanings:
            return name
        found = self.meanings[name]
        owner = found.owner
        if owner == "synapse" and not self.projection.synapse.variables[name].per_target:
            return self._own(name)
        if owner == "output":
            self.dimensions[OUTPUT] = found.dimension
            if self.early:
                self.reads[OUTPUT] = Read(self.numbers[0], OUTPUT)
            return OUTPUT
        if owner == "pre":
            return self._of_source(found.name)
        if owner in self.thirds:
            return self._of_third(owner, found.name)
        code = self.target_name(name)
        assert self.target.neuron is not None
        self.dimensions[code] = self.target.neuron.variables[code].unit.dimension
        return code

    def _own(self, name: str) -> str:
        variable = self.projection.synapse.variables[name]
        if name in self.sided:
            code = f"{TRACE}{name}"
            self.dimensions[code] = variable.unit.dimension  # type: ignore[union-attr]
            return code
        code = f"{OWN}{name}"
        if variable.kind == "algebraic":
            assert variable.unit is not None
            self.dimensions[code] = variable.unit.dimension
            return code
        self.dimensions[code] = self.projection.units[name].dimension
        if variable.kind == "parameter":
            self.used[code] = self.values[name]
        return code

    def _of_source(self, name: str) -> str:
        neuron = self.source.neuron
        assert neuron is not None
        for inner in below(neuron, {name}):
            code, variable = f"{PRE}{inner}", neuron.variables[inner]
            self.dimensions[code] = variable.unit.dimension
            if inner in self.source.parameters:
                self.source_constants[code] = self.source.parameters[inner]
            elif variable.kind != "algebraic":
                self.reads[code] = Read(self.numbers[0], inner)
        return f"{PRE}{name}"

    def _of_third(self, modulator: str, name: str) -> str:
        population, cells = self.thirds[modulator]
        mark, neuron = third(modulator), cells.neuron
        assert neuron is not None
        by, neurons = third_neurons(self.projection, modulator)
        for inner in below(neuron, {name}):
            code, variable = f"{mark}{inner}", neuron.variables[inner]
            self.dimensions[code] = variable.unit.dimension
            if inner in cells.parameters:
                value = np.asarray(cells.parameters[inner], np.float64)
                chosen = value if value.ndim == 0 else value[neurons]
                self.constants[code] = float(chosen) if np.ndim(chosen) == 0 else chosen
            elif variable.kind != "algebraic":
                self.reads[code] = Read(population, inner, by, neurons)
        return f"{mark}{name}"

    def check_sum(self, text: CodeText) -> None:
        """A sum is of values at the beginning of the step: other sums of the step are none of them."""
        assert self.target.neuron is not None
        found = below(self.target.neuron, text.names()) & _sums(self.target)
        for read in self.reads.values():
            cells = (
                self.source if read.by == "source" else next(c for n, c in self.thirds.values() if n == read.population)
            )
            neuron = cells.neuron
            assert neuron is not None
            names = {read.variable}
            if read.variable == OUTPUT and neuron.parsed_output is not None:
                names |= {node.id for node in neuron.parsed_output.names()}
            found |= below(neuron, names) & _sums(cells)
        if found:
            name = min(found).replace("__", ".")
            raise SimulationError(
                f"{self.projection.name!r} sums over synapses what depends on {name!r}, which is summed in the "
                "same step: let it read a state of the neurons instead"
            )


def third_neurons(projection: Projection, modulator: str) -> tuple[str, np.ndarray | int]:
    """Return how a modulator's neurons belong to synapses: one for all, or one for each neuron of the target."""
    numbers = projection.modulators[modulator].numbers
    if len(numbers) == 1 and len(projection.target) != 1:
        return "one", int(numbers[0])
    places = np.full(projection.target.population.size, -1, np.int64)
    places[projection.target.numbers] = numbers
    return "target", places


def _sums(cells: Cells) -> set[str]:
    """Return the inputs that are sums over synapses."""
    before = {*(feed.input for feed in cells.feeds), *(one.input for one in cells.reductions)}
    return set(cells.fields) - before


def below(neuron: Neuron, names: set[str]) -> set[str]:
    """Return every variable that the named ones are computed from, themselves included."""
    found: set[str] = set()
    todo = [name for name in names if name in neuron.variables]
    while todo:
        name = todo.pop()
        found.add(name)
        variable = neuron.variables[name]
        if variable.kind == "algebraic" and variable.equation is not None and variable.equation.expression is not None:
            read = {node.id for node in variable.equation.expression.names()}
            todo += [x for x in read if x in neuron.variables and x not in found]
    return found
