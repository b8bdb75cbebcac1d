"""What a network has, by name."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Self

from lapicque.errors import SimulationError, suggest
from lapicque.network.operation import Operation
from lapicque.network.population import Population, Selection
from lapicque.network.projection import Projection
from lapicque.network.recorder import Recorder
from lapicque.network.signal import Signal
from lapicque.network.stimulus import Stimulation
from lapicque.network.structure.restructuring import Restructuring


class Contents:
    """The parts of a network, each kind in a table of its own; `lapicque.Network` adds to them."""

    def __init__(self) -> None:
        self._populations: dict[str, Population] = {}
        self._projections: dict[str, Projection] = {}
        self._stimulations: dict[str, Stimulation] = {}
        self._recorders: dict[str, Recorder] = {}
        self._signals: dict[str, Signal] = {}
        self._operations: dict[str, Operation] = {}
        self._restructurings: dict[str, Restructuring] = {}

    @property
    def populations(self) -> Mapping[str, Population]:
        """The populations by name, in order of creation."""
        return MappingProxyType(self._populations)

    @property
    def projections(self) -> Mapping[str, Projection]:
        """The projections by name, in order of creation."""
        return MappingProxyType(self._projections)

    @property
    def stimulations(self) -> Mapping[str, Stimulation]:
        """The stimuli at work by name, in order of creation."""
        return MappingProxyType(self._stimulations)

    @property
    def recorders(self) -> Mapping[str, Recorder]:
        """The recorders by name, in order of creation."""
        return MappingProxyType(self._recorders)

    @property
    def signals(self) -> Mapping[str, Signal]:
        """The signals by name, in order of creation; each is one of the populations."""
        return MappingProxyType(self._signals)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations by name, in the order in which they are called."""
        return MappingProxyType(self._operations)

    @property
    def restructurings(self) -> Mapping[str, Restructuring]:
        """The rules by which synapses come and go, by name, in the order in which they are applied."""
        return MappingProxyType(self._restructurings)

    def carry_over(self, other: Contents) -> None:
        """Take over what acts in a network that has the same populations and projections."""
        self._operations |= other.operations
        self._restructurings |= other.restructurings
        for name, signal in other.signals.items():
            self._signals[name] = replace(signal, population=self._populations[name])

    def copied(self) -> Self:
        """Return a network with the same contents, to which more can be added."""
        made = copy(self)
        for name, table in vars(self).items():
            setattr(made, name, dict(table))
        return made

    def with_projections(self, changes: Mapping[str, Projection]) -> Self:
        """Return a network in which some projections are others between the same populations.

        Parameters
        ----------
        changes : name -> what is in its place, of the same name
        """
        made = self.copied()
        made._projections.update(changes)
        for name, recorder in self.recorders.items():
            if isinstance(recorder.what, Projection) and recorder.what.name in changes:
                made._recorders[name] = replace(recorder, what=changes[recorder.what.name])
        return made

    def with_populations(self, changes: Mapping[str, Population]) -> Self:
        """Return a network in which some populations are others of the same size; all that refers to them follows.

        Parameters
        ----------
        changes : name -> what is in its place, of the same name
        """

        def moved(selection: Selection) -> Selection:
            return replace(selection, population=changes.get(selection.population.name, selection.population))

        made = self.with_projections(
            {
                name: replace(
                    p, source=moved(p.source), target=moved(p.target),
                    modulators={third: moved(selection) for third, selection in p.modulators.items()},
                )
                for name, p in self.projections.items()
            }
        )  # fmt: skip
        made._populations.update(changes)
        for name, stimulation in self.stimulations.items():
            made._stimulations[name] = replace(stimulation, target=moved(stimulation.target))
        for name, recorder in self.recorders.items():
            if isinstance(recorder.what, Selection):
                made._recorders[name] = replace(recorder, what=moved(recorder.what))
        made.carry_over(self)
        return made

    @property
    def size(self) -> int:
        """How many neurons there are, spike lists included."""
        return sum(p.size for p in self._populations.values())

    def _tables(self) -> tuple[Mapping[str, Any], ...]:
        return self._populations, self._projections, self._stimulations, self._recorders, self._operations

    def __getitem__(self, name: str) -> Any:
        for table in self._tables():
            if name in table:
                return table[name]
        known = [own for table in self._tables() for own in table]
        raise SimulationError(f"the network has nothing called {name!r}{suggest(str(name), known)}")

    def __contains__(self, name: object) -> bool:
        return any(name in table for table in self._tables())

    def __repr__(self) -> str:
        from lapicque.network.table import network_table

        return network_table(self)

    def _repr_html_(self) -> str:
        from lapicque.network.table import network_html

        return network_html(self)

    def _check_own(self, population: Population, what: str) -> None:
        if self._populations.get(population.name) is not population:
            own = f": write net[{population.name!r}]" if population.name in self._populations else ""
            raise SimulationError(f"the {what} {population.name!r} belongs to another network{own}")
