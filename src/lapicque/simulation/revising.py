"""The circuit of a network in which a few numbers differ, from one that is there: nothing is merged or checked twice.

A sweep or a fit runs one network with thousands of values. What does not depend on them (merged equations, dimensions,
the other projections' synapses) is kept; what a revision cannot be sure of is left to the long way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np

from lapicque.compile.circuit import Additive, Circuit
from lapicque.compile.increments import Increment
from lapicque.compile.pathways import Between, wiring_key, wiring_of
from lapicque.compile.wiring.nested import Chances
from lapicque.compile.wiring.values import Constant, SynapseValues
from lapicque.errors import LapicqueError
from lapicque.model.distribution import Distribution
from lapicque.model.evaluate import initial_values
from lapicque.model.values import is_quantity
from lapicque.network.assumptions import DerivedSynapse
from lapicque.network.connectivity.degrees import FixedProbability
from lapicque.network.connectivity.rule import Ends
from lapicque.network.network import Network
from lapicque.network.projection import MS, Projection, check_delay, check_pair_value
from lapicque.simulation.settings import number_of, setting_of, stands_alone, with_constant
from lapicque.simulation.variation import Place, input_of, place_of, rule_with
from lapicque.units import internal, magnitude

#: The random numbers of so many pairs of a projection are kept.
PAIRS = 1 << 20


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
        self._simple = {name: _simple(circuit, p) for name, p in network.projections.items()}
        self._chances: dict[str, Chances] = {}
        self.possible = not any(isinstance(p.synapse, DerivedSynapse) for p in network.projections.values())

    def of(self, changes: Mapping[str, Any], seed: int) -> Circuit | None:
        """Return the circuit with some values; None where it must be made the long way, which says what is wrong."""
        try:
            return self._of(changes, seed) if self.possible else None
        except LapicqueError:
            return None

    def _of(self, changes: Mapping[str, Any], seed: int) -> Circuit | None:
        circuit, anew, touched = self.circuit, dict[str, dict[Place, Any]](), set[int]()
        for name, value in changes.items():
            if name not in self._places:
                self._places[name] = input_of(self.network, place_of(self.network, name))
            place = self._places[name]
            if place.kind in ("projection", "rule"):
                anew.setdefault(place.owner, {})[place] = value
                continue
            found = self._with_constant(circuit, name, value)
            if found is None:
                return None
            circuit = found
            touched.add(setting_of(self.network, circuit, name).population)
        for n in touched:
            circuit = self._begun(circuit, n)
        pathways = self._pathways(circuit, anew)
        return None if pathways is None else dataclasses.replace(circuit, pathways=pathways, seed=seed)

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

    def _pathways(self, circuit: Circuit, anew: Mapping[str, Mapping[Place, Any]]) -> tuple[Any, ...] | None:
        """Return all pathways, those of some projections made anew."""
        made: dict[str, Iterator[Additive]] = {}
        for name, changes in anew.items():
            found = self._with_numbers(name, changes) or self._connected(circuit, name, changes)
            if found is None:
                return None
            made[name] = iter(found)
        return tuple(next(made[p.projection]) if p.projection in made else p for p in circuit.pathways)

    def _with_numbers(self, name: str, changes: Mapping[Place, Any]) -> list[Additive] | None:
        """Return pathways with other numbers for all synapses, or with synapses of another probability.

        None where more depends on what is changed, and for numbers that may not fit.
        """
        base = projection = self.projections[name]
        old, wiring, numbers = self._simple[name], None, dict[str, SynapseValues]()
        if old is None:
            return None
        for place, value in changes.items():
            rule = place.kind == "rule" or place.name == "where"
            if not rule and place.name in base.values and isinstance(value, float) and isfinite(value):
                numbers[place.name] = Constant(float(internal(value, base.units[place.name])))
            elif rule and place.name == "p" and projection is base and self._is_nested(base) and _is_chance(value):
                wiring = self._chances_of(base, old[0].wiring.ends).below(value)
            elif rule:
                changed = self._projection(projection, place, value)
                if changed is None:
                    return None
                projection, wiring = changed, wiring_of(changed, self.wiring_seed)
            else:
                return None
        found = []
        for pathway in old:
            assert isinstance(pathway.increments, Increment)
            synapses = {**pathway.increments.synapses, **numbers}
            increments = dataclasses.replace(pathway.increments, synapses=synapses)
            of = pathway.wiring if wiring is None else wiring
            found.append(dataclasses.replace(pathway, wiring=of, increments=increments))
        return found

    @staticmethod
    def _is_nested(projection: Projection) -> bool:
        """Say whether the random numbers of all pairs can be kept."""
        few = len(projection.source) * len(projection.target) <= PAIRS
        return few and isinstance(projection.where, FixedProbability) and projection.where.nested

    def _chances_of(self, projection: Projection, ends: Ends) -> Chances:
        if projection.name not in self._chances:
            key = wiring_key(projection, self.wiring_seed)
            self._chances[projection.name] = Chances(projection.where, ends, key)
        return self._chances[projection.name]

    def _connected(self, circuit: Circuit, name: str, changes: Mapping[Place, Any]) -> list[Additive] | None:
        """Return the pathways of a projection with other values, made as when it was connected."""
        base = projection = self.projections[name]
        for place, value in changes.items():
            changed = self._projection(projection, place, value)
            if changed is None:
                return None
            projection = changed
        numbers = {population: n for n, population in enumerate(self.network.populations)}
        cells, old = list(circuit.cells), [p for p in circuit.pathways if p.projection == name]
        wiring = old[0].wiring if old and projection.where is base.where else None
        new = list(Between(projection, cells, numbers, circuit.dt, self.wiring_seed, wiring).pathways())
        if len(cells) != len(circuit.cells) or len(new) != len(old):
            return None
        known = [p for p in new if isinstance(p, Additive)]
        return known if len(known) == len(new) and all(isinstance(p, Additive) for p in old) else None

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


def _simple(circuit: Circuit, projection: Projection) -> list[Additive] | None:
    """Return the pathways of a projection if numbers that all its synapses share can be exchanged; else None."""
    old = [pathway for pathway in circuit.pathways if pathway.projection == projection.name]
    found = [pathway for pathway in old if isinstance(pathway, Additive) and _is_simple(pathway)]
    given = projection.synapse.learned or getattr(projection.where, "weights", None) is not None
    return found if found and len(found) == len(old) and not given else None


def _is_chance(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value <= 1


def _is_simple(pathway: Additive) -> bool:
    """Say whether a pathway adds, after one delay, what is computed from numbers that all its synapses share."""
    if not isinstance(pathway.increments, Increment):
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
