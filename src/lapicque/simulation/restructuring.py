"""Rules at work: what a rule sees of a running projection, and what is done with its answer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import LapicqueError, SimulationError
from lapicque.network.pair_values import Pairs
from lapicque.network.population import Selection
from lapicque.network.structure.restructuring import Restructuring
from lapicque.network.structure.rule import Change
from lapicque.random import stream_key
from lapicque.simulation.rewiring import projection_of, rewire, value_of, wiring_in

if TYPE_CHECKING:
    from lapicque.simulation.live import Live


class StructureView:
    """A projection between two steps, as a rule sees it.

    Attributes
    ----------
    projection : Projection
    time, interval : float
        ms; how long the interval is after which the rule is asked.
    sources, targets : (synapse,) int32
        Numbers of neurons within the two sides, in synapse order.
    shape : (n_source, n_target)
    own : (n_target,) int
        Which source each target is itself, -1 for none.
    random : numpy.random.Generator
        Of the seed, the restructuring's name, the step and the trial: it does not depend on threads.
    """

    def __init__(self, live: Live, what: Restructuring):
        self._live, self._what = live, what
        self.projection = projection_of(live, what.projection)
        self.time, self.interval = live.time, what.every
        self._wiring = wiring_in(live, what.projection)
        self.shape = self._wiring.n_source, self._wiring.n_target
        own = self._wiring.ends.own
        self.own = np.full(self.shape[1], -1) if own is None else np.asarray(own, np.int64)
        key = stream_key(live.options.seed, f"{what.projection}/{what.name}")
        counter = [0, 0, live.options.trial, live.run.step]
        self.random = np.random.Generator(np.random.Philox(key=int(key), counter=counter))

    @cached_property
    def sources(self) -> np.ndarray:
        """Where synapses come from, (synapse,) int32."""
        return self._wiring.draw()[1]

    @cached_property
    def targets(self) -> np.ndarray:
        """Where synapses lead to, (synapse,) int32."""
        return np.repeat(np.arange(self.shape[1], dtype=np.int32), self._wiring.in_degrees)

    def value(self, name: str) -> np.ndarray:
        """Return a state or parameter of single synapses, (synapse,), in its own unit."""
        return value_of(self._live, self._what.projection, name)

    def pre(self, name: str) -> np.ndarray:
        """Return a state of the sources, (n_source,), in its own unit."""
        return self._of(self.projection.source, name)

    def post(self, name: str) -> np.ndarray:
        """Return a state of the targets, (n_target,), in its own unit."""
        return self._of(self.projection.target, name)

    def _of(self, side: Selection, name: str) -> np.ndarray:
        return np.asarray(self._live.get(f"{side.population.name}.{name}"), np.float64)[side.numbers]

    def distance(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return how far pairs of neurons are from each other, (pair,), um."""
        return Pairs(self._wiring.ends, sources, targets).distance

    def taken(
        self, sources: np.ndarray, targets: np.ndarray, autapses: bool = False, without: np.ndarray | None = None
    ) -> np.ndarray:
        """Say which pairs have a synapse, (pair,) bool; of one neuron with itself, unless ``autapses``, all have.

        Parameters
        ----------
        without : (synapse,) bool, optional
            Synapses that do not count.
        """
        keys = self._keys if without is None else np.sort(self._numbered(self.sources, self.targets)[~without])
        asked = self._numbered(sources, targets)
        at = np.minimum(np.searchsorted(keys, asked), max(len(keys) - 1, 0))
        found = keys[at] == asked if len(keys) else np.zeros(len(asked), bool)
        return found if autapses else found | (self.own[targets] == sources)

    def free(self, sources: np.ndarray, targets: np.ndarray, autapses: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return those of some pairs that have no synapse, each once, in the order of its first."""
        first = np.sort(np.unique(self._numbered(sources, targets), return_index=True)[1])
        sources, targets = sources[first], targets[first]
        fine = ~self.taken(sources, targets, autapses)
        return sources[fine], targets[fine]

    @cached_property
    def _keys(self) -> np.ndarray:
        return np.sort(self._numbered(self.sources, self.targets))

    def _numbered(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return np.asarray(targets, np.int64) * self.shape[0] + sources

    def __repr__(self) -> str:
        return f"StructureView({self._what.projection} at {self.time:g} ms)"


def restructure(live: Live, what: Restructuring) -> None:
    """Apply a rule now.

    Raises
    ------
    SimulationError
        If it fails, with its name and the time.
    """
    try:
        change: Any = what.rule.change(StructureView(live, what))
        if not isinstance(change, Change):
            raise SimulationError(f"it gave {type(change).__name__}, but a lq.structure.Change is expected")
        pairs = change.sources, change.targets
        values = {**what.values, **change.values} if len(pairs[0]) else {}
        rewire(live, what.projection, change.remove, pairs, what.delay, what.in_flight, values)
    except LapicqueError as error:
        message = f"the rule {what.name!r} of {what.projection!r} failed at {live.time:g} ms: {error}"
        raise SimulationError(message) from error
    except Exception as error:
        kind = type(error).__name__
        message = f"the rule {what.name!r} of {what.projection!r} failed at {live.time:g} ms: {kind}: {error}"
        raise SimulationError(message) from error
