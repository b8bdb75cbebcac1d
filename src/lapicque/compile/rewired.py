"""A circuit in which the synapses of one projection are others: all else keeps what it has in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lapicque.compile.circuit import Additive, Circuit, Coded
from lapicque.compile.network_plan import Wired
from lapicque.compile.network_state import State
from lapicque.compile.pathway_code import TRACE
from lapicque.compile.pathways import Between
from lapicque.compile.wiring import Wiring
from lapicque.errors import SimulationError
from lapicque.network.projection import Projection

if TYPE_CHECKING:
    from lapicque.compile.learned import Learned
    from lapicque.compile.network_run import NetworkRun
    from lapicque.compile.store import Store


@dataclass(frozen=True, eq=False)
class Lent:
    """What a run takes over from another one.

    Attributes
    ----------
    wired : the synapses of a circuit in memory
    threads : int
    learned : projection -> what its synapses remember, of each partition
    """

    wired: Wired
    threads: int
    learned: Mapping[str, list[Learned]]


def rewired(circuit: Circuit, projection: Projection, wiring: Wiring, wiring_seed: int) -> Circuit:
    """Return a circuit with a projection of that name as it is now; the other pathways are the same objects.

    Raises
    ------
    SimulationError
        If what all synapses of a neuron shared cannot be shared any more.
    """
    cells = list(circuit.cells)
    numbers = {c.name: n for n, c in enumerate(cells)}
    made = list(Between(projection, cells, numbers, circuit.dt, wiring_seed, wiring).pathways())
    old = pathways_of(circuit, projection.name)
    before, after = _store(old), _store(made)
    if before is not None and after is not None and before.traces.keys() != after.traces.keys():
        lost = ", ".join(repr(name.removeprefix(TRACE)) for name in before.traces if name not in after.traces)
        raise SimulationError(
            f"all synapses of a neuron share {lost} of {projection.name!r}, because they have one delay and the same "
            "parameters: give new synapses the same, or let them differ from the beginning, connect(..., delay=[...])"
        )
    first = next(n for n, p in enumerate(circuit.pathways) if p.projection == projection.name)
    pathways = *circuit.pathways[:first], *made, *circuit.pathways[first + len(old) :]
    return dataclasses.replace(circuit, pathways=pathways)


def pathways_of(circuit: Circuit, projection: str) -> list[Additive | Coded]:
    """Return the pathways of a projection, which lie one behind the other."""
    return [p for p in circuit.pathways if p.projection == projection]


def _store(pathways: list[Additive | Coded]) -> Store | None:
    return next((p.store for p in pathways if isinstance(p, Coded) and p.store is not None), None)


def lent(run: NetworkRun, circuit: Circuit, projection: str) -> Lent:
    """Return what a run of a circuit that was `rewired` takes over from the run before."""
    wired = Wired.of(circuit, run.bounds, run.precision, run.threads, run.wired)
    others = [rows.store.projection for rows in run.wired.stores if rows.store.projection != projection]
    return Lent(wired, run.threads, {name: [part.learned[name] for part in run.partitions] for name in others})


def renumbered(state: State, projection: str, origin: np.ndarray, begun: Mapping[str, np.ndarray]) -> State:
    """Return a state in which a projection's synapses are others.

    Parameters
    ----------
    origin : (synapse,) the number that each had before; those that are new are counted on from there
    begun : name -> values of the new ones, in the order in which they are counted; internal units
    """
    found = dict(state)
    for name, new in {**begun, "ago": np.zeros(_count(begun), np.int32)}.items():
        key = f"{projection}:{name}"
        if key in state:
            found[key] = np.concatenate([state[key], new.astype(state[key].dtype)])[origin]
    return found


def _count(begun: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(begun.values()), ()))


def under_way(circuit: Circuit, projection: str, state: State, synapses: np.ndarray) -> tuple[int, int]:
    """Count the spikes that are on their way to run code of some synapses, and those of the synapses that wait.

    Parameters
    ----------
    state : see `lapicque.compile.network_state`
    synapses : (some,) numbers

    Returns
    -------
    spikes, waiting : int
        Of a spike that waits in several synapses, each counts.
    """
    total, waits = 0, np.zeros(len(synapses), bool)
    for pathway in pathways_of(circuit, projection):
        if isinstance(pathway, Additive) or pathway.trigger.early or not len(synapses):
            continue
        ago, who = _sent(circuit, pathway, state)
        if not len(ago):
            continue
        whose, lags = _awaited(pathway, synapses)
        spiking = np.zeros(circuit.cells[pathway.trigger.population].size, bool)
        for steps in np.unique(ago):
            spiking[:] = False
            spiking[who[ago == steps]] = True
            pending = spiking[whose] & (lags >= steps) & (whose >= 0)
            total += int(np.count_nonzero(pending))
            waits |= pending
    return total, int(np.count_nonzero(waits))


def _sent(circuit: Circuit, pathway: Coded, state: State) -> tuple[np.ndarray, np.ndarray]:
    cells, event = circuit.cells[pathway.trigger.population], pathway.trigger.event
    name = cells.name if event == 0 else f"{cells.name}.{cells.events[event]}"
    return state[f"{name}->ago"], state[f"{name}->neuron"]


def _awaited(pathway: Coded, synapses: np.ndarray) -> tuple[np.ndarray, np.ndarray | int]:
    """Return the neuron whose events run the code of each synapse, and how many steps those take."""
    wiring, trigger = pathway.wiring, pathway.trigger
    indptr, sources = wiring.draw()
    lags: np.ndarray | int = trigger.lag or 0
    if trigger.lag is None and pathway.delays is not None:
        lags = pathway.delays.all(wiring)[synapses].astype(np.int64)
    if trigger.at == "pre":
        return _chosen(pathway.sources, sources[synapses]), lags
    targets = _chosen(pathway.targets, np.searchsorted(indptr, synapses, side="right") - 1)
    if trigger.at == "post":
        return targets, lags
    if trigger.shared:
        return np.full(len(synapses), int(trigger.neurons)), lags
    return np.asarray(trigger.neurons)[targets], lags


def _chosen(selection: slice | np.ndarray | None, numbers: np.ndarray) -> np.ndarray:
    if selection is None:
        return numbers
    if isinstance(selection, slice):
        return (selection.start or 0) + (selection.step or 1) * numbers
    return np.asarray(selection)[numbers]
