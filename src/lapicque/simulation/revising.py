"""The circuit of a network in which a few numbers differ, from one that is there: nothing is merged or checked twice.

A sweep or a fit runs one network with thousands of values. What does not depend on them (merged equations, dimensions,
the other projections' synapses) is kept; what a revision cannot be sure of is left to the long way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Circuit
from lapicque.compile.increments import Increment
from lapicque.compile.pathways import Between, wiring_of
from lapicque.compile.wiring.values import Constant
from lapicque.errors import LapicqueError
from lapicque.model.distribution import Distribution
from lapicque.model.evaluate import initial_values
from lapicque.model.values import is_quantity
from lapicque.network.assumptions import DerivedSynapse
from lapicque.network.network import Network
from lapicque.network.projection import MS, Projection, check_delay, check_pair_value
from lapicque.simulation.settings import number_of, setting_of, stands_alone, with_constant
from lapicque.simulation.variation import Place, input_of, place_of, rule_with
from lapicque.units import internal, magnitude


class Revision:
    """Circuits like one that is known.

    Parameters
    ----------
    network, circuit : Network, Circuit
        The network with some values, and what was made of it.
    wiring_seed : int

    Notes
    -----
    Revised are single numbers of parameters, receptors and stimuli that keep their sign, and the values, delays and
    rules of projections whose synapses only add what is known before the run.
    """

    def __init__(self, network: Network, circuit: Circuit, wiring_seed: int):
        self.network, self.circuit, self.wiring_seed = network, circuit, wiring_seed
        self.projections = {name: _with_plain_delay(p) for name, p in network.projections.items()}
        self._places: dict[str, Place] = {}
        self.possible = not any(isinstance(p.synapse, DerivedSynapse) for p in network.projections.values())

    def of(self, changes: Mapping[str, Any], seed: int) -> Circuit | None:
        """Return the circuit with some values; None where it must be made the long way, which says what is wrong."""
        try:
            return self._of(changes, seed) if self.possible else None
        except LapicqueError:
            return None

    def _of(self, changes: Mapping[str, Any], seed: int) -> Circuit | None:
        circuit, rewired, touched = self.circuit, dict[str, Projection](), set[int]()
        for name, value in changes.items():
            if name not in self._places:
                self._places[name] = input_of(self.network, place_of(self.network, name))
            place = self._places[name]
            if place.kind in ("projection", "rule"):
                made = self._projection(rewired.get(place.owner, self.projections[place.owner]), place, value)
                if made is None:
                    return None
                rewired[place.owner] = made
                continue
            found = self._with_constant(circuit, name, value)
            if found is None:
                return None
            circuit = found
            touched.add(setting_of(self.network, circuit, name).population)
        for n in touched:
            circuit = self._begun(circuit, n)
        if rewired:
            pathways = self._pathways(circuit, rewired)
            if pathways is None:
                return None
            circuit = dataclasses.replace(circuit, pathways=pathways)
        return dataclasses.replace(circuit, seed=seed)

    # -- numbers of populations --------------------------------------------------------------------------------------

    def _with_constant(self, circuit: Circuit, name: str, value: Any) -> Circuit | None:
        found = setting_of(self.network, circuit, name)
        if found.kind != "constant" or isinstance(value, (str, Distribution)):
            return None
        population = list(self.network.populations.values())[found.population]
        if any(isinstance(v, str) for v in population.initial.values()):
            return None
        number, old = number_of(found, value), circuit.cells[found.population].parameters[found.variable]
        # another sign is the model's to refuse, a value a neuron is another layout
        alike = np.ndim(number) == np.ndim(old) == 0 and np.isfinite(number) and number * old > 0
        if not alike or not stands_alone(self.network, circuit, found):
            return None
        return with_constant(circuit, found, number)

    def _begun(self, circuit: Circuit, n: int) -> Circuit:
        """Return the circuit with initial values that follow from the parameters; those that were given stay."""
        cells = circuit.cells[n]
        assert cells.neuron is not None
        given = list(self.network.populations.values())[n].initial
        kept = {state: cells.initial[state] for state in given}
        initial = initial_values(cells.neuron, {**cells.parameters, **kept})
        changed = list(circuit.cells)
        changed[n] = dataclasses.replace(cells, initial=initial)
        return dataclasses.replace(circuit, cells=tuple(changed))

    # -- projections -------------------------------------------------------------------------------------------------

    def _projection(self, old: Projection, place: Place, value: Any) -> Projection | None:
        """Return a projection with another value, checked as when it was connected."""
        if old.synapse.learned or (isinstance(value, np.ndarray) and place.name == "where"):
            return None
        ends = old.source, old.target
        if place.kind == "rule" or place.name == "where":
            where = rule_with(old, place.name, value) if place.kind == "rule" else value
            if getattr(where, "weights", None) is not None or getattr(old.where, "weights", None) is not None:
                return None
            where.check(len(ends[0]), len(ends[1]), ends[0] == ends[1])
            return dataclasses.replace(old, where=where)
        if place.name == "delay":
            check_pair_value(value, MS, ends, "the delay")
            check_delay(value, old.immediate, old.synapse)
            return dataclasses.replace(old, delay=value)
        check_pair_value(value, old.units[place.name], ends, place.name)
        return dataclasses.replace(old, values={**old.values, place.name: value})

    def _pathways(self, circuit: Circuit, rewired: Mapping[str, Projection]) -> tuple[Any, ...] | None:
        """Return all pathways, those of some projections made anew."""
        numbers = {name: n for n, name in enumerate(self.network.populations)}
        cells, found = list(circuit.cells), []
        anew: dict[str, Iterator[Any]] = {}
        for name, projection in rewired.items():
            old = [p for p in circuit.pathways if p.projection == name]
            quick = self._with_numbers(projection, old)
            if quick is not None:
                anew[name] = iter(quick)
                continue
            same = projection.where is self.projections[name].where
            wiring = old[0].wiring if old and same else None
            new = list(Between(projection, cells, numbers, circuit.dt, self.wiring_seed, wiring).pathways())
            if len(cells) != len(circuit.cells) or len(new) != len(old):
                return None
            if not all(isinstance(p, Additive) for p in (*old, *new)):
                return None
            anew[name] = iter(new)
        for pathway in circuit.pathways:
            found.append(next(anew[pathway.projection]) if pathway.projection in anew else pathway)
        return tuple(found)

    def _with_numbers(self, projection: Projection, old: Sequence[Any]) -> list[Additive] | None:
        """Return pathways with other numbers for all synapses, or other synapses; None where more depends on them."""
        base = self.projections[projection.name]
        changed = {n: v for n, v in projection.values.items() if v is not base.values[n]}
        plain = all(isinstance(value, float) for value in changed.values()) and projection.delay is base.delay
        if not plain or not old or any(not _is_simple(pathway) for pathway in old):
            return None
        same = projection.where is base.where
        wiring = old[0].wiring if same else wiring_of(projection, self.wiring_seed)
        numbers = {n: Constant(float(internal(value, projection.units[n]))) for n, value in changed.items()}
        found = []
        for pathway in old:
            synapses = {n: numbers.get(n, values) for n, values in pathway.increments.synapses.items()}
            increments = dataclasses.replace(pathway.increments, synapses=synapses)
            found.append(dataclasses.replace(pathway, wiring=wiring, increments=increments))
        return found


def _is_simple(pathway: Any) -> bool:
    """Say whether a pathway adds, after one delay, what is computed from numbers that all its synapses share."""
    if not isinstance(pathway, Additive) or not isinstance(pathway.increments, Increment):
        return False
    shared = all(isinstance(values, Constant) for values in pathway.increments.synapses.values())
    return shared and not pathway.increments.neurons and isinstance(pathway.delays.values, Constant)


def _with_plain_delay(projection: Projection) -> Projection:
    """Write one delay for all as a number, so that its unit is read once."""
    delay = projection.delay
    if isinstance(delay, Distribution) or (isinstance(delay, str) and not is_quantity(delay)):
        return projection
    number = magnitude(delay, MS, "the delay")
    return dataclasses.replace(projection, delay=float(number)) if np.ndim(number) == 0 else projection
