"""The synapses of a running network: look at them, take some away, add others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile.network_state import put_state, state_of
from lapicque.compile.pathway_code import OWN, TRACE
from lapicque.compile.pathways import values_of
from lapicque.compile.rewired import lent, pathways_of, renumbered, rewired, under_way
from lapicque.compile.storing import check_bounds_of, name_in_code, store_of
from lapicque.compile.wiring import Connections, DelaySteps, SynapseValues, Wiring, delay_steps, synapse_values
from lapicque.compile.wiring.editing import merged
from lapicque.compile.wiring.values import Constant, Listed, OfPairs
from lapicque.compile.wiring.wiring import Kept
from lapicque.errors import SimulationError, suggest
from lapicque.network.connectivity.lists import Edges
from lapicque.network.connectivity.rule import Pairs
from lapicque.network.projection import MS, Projection, check_delay, check_pair_value
from lapicque.random import stream_key
from lapicque.simulation.build import backend
from lapicque.units import Unit

if TYPE_CHECKING:
    from lapicque.simulation.live import Live

#: What may happen to spikes that are on their way through synapses that are removed.
IN_FLIGHT = ("refuse", "drop")


@dataclass(frozen=True, eq=False, repr=False)
class Synapses(Connections):
    """The synapses of a running projection, as `lapicque.connections`, with all that each of them has.

    Attributes
    ----------
    values : mapping of str to (synapse,) float64
        What they have learned so far, and the parameters that are their own.
    units : mapping of str to Unit
    """

    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.values:
            hint = suggest(str(name), self.values) or f"; they have {', '.join(map(repr, self.values)) or 'none'}"
            raise SimulationError(f"these synapses have no value {name!r}{hint}")
        return self.values[name]


def projection_of(live: Live, name: str) -> Projection:
    """Return a projection by name.

    Raises
    ------
    SimulationError
        If there is none of that name, with the nearest one.
    """
    known = live.network.projections
    if name not in known:
        hint = suggest(str(name), known) or (f"; there are {', '.join(map(repr, known))}" if known else "")
        raise SimulationError(f"there is no projection {name!r}{hint}")
    return live.changed.get(name, known[name])


def wiring_in(live: Live, name: str) -> Wiring:
    """Return the synapses that a projection has now."""
    return pathways_of(live.circuit, name)[0].wiring


def synapses(live: Live, name: str) -> Synapses:
    """Return the synapses of a projection as they are now; see `lapicque.Simulation.synapses`."""
    projection, wiring = projection_of(live, name), wiring_in(live, name)
    indptr, sources = wiring.draw()
    targets = np.repeat(np.arange(wiring.n_target, dtype=np.int32), np.diff(indptr))
    delays = _delays(live, projection, wiring).all(wiring) * live.options.dt
    values = {x: value_of(live, name, x) for x in projection.values}
    shape = wiring.n_source, wiring.n_target
    return Synapses(sources, targets, values.get("w"), delays, shape, projection.units.get("w"), values,
                    dict(projection.units))  # fmt: skip


class Ended(Mapping[str, Synapses]):
    """The synapses after a run, of projections in which they come and go; gathered when they are first asked for."""

    def __init__(self, live: Live):
        self._live, self._run, self._step = live, live.run, live.run.step
        names = [name for name in live.network.projections if f"{name}.where" in live.values]
        names += [r.projection for r in live.described.restructurings.values()]
        self._known: dict[str, Synapses | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Synapses:
        found = self._known[name]
        if found is None:
            if self._live.run is not self._run or self._run.step != self._step:
                raise SimulationError(
                    f"the simulation has gone on since this result: look at synapses[{name!r}] before, or at "
                    f"sim.synapses({name!r}) at any time"
                )
            found = self._known[name] = synapses(self._live, name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ({name: self[name] for name in self},)  # copies have all of it, without the simulation


def value_of(live: Live, name: str, x: str) -> np.ndarray:
    """Return what each synapse of a projection has of one value, (synapse,), in its own unit."""
    projection = projection_of(live, name)
    if x in projection.synapse.learned:
        store = store_of(live.circuit, name)
        found = np.asarray(live.run.read_learned(store, name_in_code(store, x)), np.float64)
    else:
        wiring = wiring_in(live, name)
        found = values_of(projection, x, wiring, live.options.wiring_seed).all(wiring)
    return found / projection.units[x].scale


def rewire(
    live: Live,
    name: str,
    remove: Any = None,
    add: Any = None,
    delay: Any = None,
    in_flight: str = "refuse",
    given: Mapping[str, Any] | None = None,
) -> np.ndarray:
    """Remove and add synapses of a projection; see `lapicque.Simulation.rewire`."""
    if in_flight not in IN_FLIGHT:
        raise SimulationError(f"in_flight is {in_flight!r}: write 'refuse' or 'drop'")
    projection, wiring = projection_of(live, name), wiring_in(live, name)
    gone = _removed(remove, wiring.count, name)
    new = _added(add, wiring, name)
    if not gone.any() and not new.count:
        return np.empty(0, np.int64)
    _refuse_recorded(live, name)
    edit = _Edit(live, projection, wiring, gone, new, delay, dict(given or {}))
    run, step = live.run, live.run.step
    others = [] if live.options.reference else [s.projection for s in live.circuit.stores if s.projection != name]
    state = run.state() if live.options.reference else state_of(run, others)
    if in_flight == "refuse":
        _refuse_under_way(name, int(gone.sum()), *under_way(live.circuit, name, state, np.flatnonzero(gone)))
    circuit = rewired(live.circuit, edit.projection, edit.wiring, live.options.wiring_seed)
    if projection.synapse.learned:
        edit.check_bounds(store_of(circuit, name))
        state = renumbered(state, name, edit.origin, edit.begun)
    if live.options.reference:
        made = backend(circuit, live.options, live.items)
        made.set_state(state, step)
    else:
        made = backend(circuit, live.options, live.items, lent(run, circuit, name))
        put_state(made, state, step, others)
    live.circuit, live.run = circuit, made
    live.changed[name] = edit.projection
    live.values |= edit.settings
    run.close()
    run.step = -1  # what it has lent will change: a result does not read it any more
    return edit.numbers


class _Edit:
    """The projection that results, and what its new synapses begin with.

    Attributes
    ----------
    origin : (synapse,) number of each synapse before; those that are new are counted on from there
    wiring : the synapses
    mine : (new,) numbers of those that are new
    numbers : (new,) of those that are new, in the order in which they were given
    begun : state -> values of the new ones, internal units
    projection : as it is now
    settings : what a snapshot needs to know of it
    """

    def __init__(self, live: Live, projection: Projection, wiring: Wiring, gone: np.ndarray, new: Kept, delay: Any,
                 given: dict[str, Any]):  # fmt: skip
        self._live, self._old, self._wiring, self._new, self._given = live, projection, wiring, new, given
        self._described = live.described.projections[projection.name]
        self._check_names()
        self._place(gone)
        self.begun: dict[str, np.ndarray] = {}
        values = dict(projection.values)
        for x in projection.values:
            changed = self._value(x)
            if changed is not None:
                values[x] = changed
        late = self._delay(delay)
        where = Edges(self._sources, self._targets, periodic=getattr(projection.where, "periodic", None))
        self.projection = dataclasses.replace(projection, where=where, values=values, delay=late)
        name = projection.name
        self.settings = {f"{name}.where": np.stack([self._sources, self._targets])}
        self.settings |= {f"{name}.{x}": v for x, v in values.items() if v is not projection.values[x]}
        if late is not projection.delay:
            self.settings[f"{name}.delay"] = late

    def _check_names(self) -> None:
        name, known = self._old.name, self._old.values
        for x in self._given:
            if x not in known:
                hint = suggest(x, known) or f"; they have {', '.join(map(repr, known)) or 'none'}"
                raise SimulationError(f"{x!r} is no value of single synapses of {name!r}{hint}")

    def _place(self, gone: np.ndarray) -> None:
        wiring, new = self._wiring, self._new
        sources, more = wiring.draw()[1], new.draw()[1]
        edited = merged(wiring.in_degrees, gone, new.in_degrees, sources, more)
        self.origin, self._sources, self._targets, degrees = edited
        self.wiring = Kept.sorted(wiring.ends, self._sources, degrees)
        self.mine = np.flatnonzero(self.origin >= wiring.count)
        self.numbers = np.empty_like(self.mine)
        self.numbers[slice(None) if new.given_order is None else new.given_order] = self.mine

    def _value(self, x: str) -> np.ndarray | None:
        """Return what is described of a value where that has changed, (synapse,), in its own unit."""
        old, name, unit = self._old, self._old.name, self._old.units[x]
        learned = x in old.synapse.learned
        if learned and f"{TRACE}{x}" in store_of(self._live.circuit, name).traces:
            if x in self._given:
                raise SimulationError(
                    f"{x!r} of {name!r} is the same in all synapses of a neuron, which it is kept once for: a new "
                    f"synapse has it already, leave out {x}="
                )
            return None
        begun = self._begin(x)
        if learned:
            self.begun[x] = begun
            if not _is_list(old.values[x]):
                return None
        before = values_of(old, x, self._wiring, self._live.options.wiring_seed)
        if isinstance(before, Constant) and (begun == before.value).all():
            return None
        if isinstance(before, OfPairs) and x not in self._given:
            return None
        return np.concatenate([self._in_own_unit(before, old.values[x], unit), begun / unit.scale])[self.origin]

    def _in_own_unit(self, before: SynapseValues, described: Any, unit: Unit) -> np.ndarray:
        mine = isinstance(described, np.ndarray) and isinstance(before, Listed) and self._wiring.given_order is None
        return described if mine else before.all(self._wiring) / unit.scale

    def _begin(self, x: str) -> np.ndarray:
        """Return a value of the new synapses, in the order of their wiring, internal units."""
        old, unit, what = self._old, self._old.units[x], f"{x} of {self._old.name!r}"
        if not self._new.count:
            return np.empty(0)
        spec = self._given.get(x, self._default(old.values[x], self._described.values[x]))
        if spec is None:
            raise SimulationError(f"{what} was given synapse by synapse: say what new ones have, {x}=...")
        check_pair_value(spec, unit, (old.source, old.target), x)
        return synapse_values(spec, unit, self._new, self._key(x), what).all(self._new)

    def _key(self, x: str) -> np.uint64:
        return stream_key(self._live.options.wiring_seed, f"{self._old.name}/{x}@{self._live.run.step}")

    @staticmethod
    def _default(now: Any, described: Any) -> Any:
        return next((value for value in (now, described) if not _is_list(value)), None)

    def _delay(self, given: Any) -> Any:
        """Return the delays that are described, in ms."""
        old, new, dt = self._old, self._new, self._live.options.dt
        before = _delays(self._live, old, self._wiring)
        steps = np.empty(0)
        if new.count:
            spec = self._default(old.delay, self._described.delay) if given is None else given
            if spec is None:
                raise SimulationError(
                    f"delays of {old.name!r} were given synapse by synapse: say delay=... for new ones"
                )
            check_pair_value(spec, MS, (old.source, old.target), "the delay")
            check_delay(spec, old.immediate, old.synapse)
            steps = delay_steps(spec, new, self._key("delay"), dt, f"the delay of {old.name!r}").all(new)
        if before.constant is not None and (steps == before.constant).all():
            return old.delay
        return np.concatenate([before.all(self._wiring), steps])[self.origin] * dt

    def check_bounds(self, store: Any) -> None:
        """Refuse new synapses with states outside their bounds."""
        for code in store.bounds:
            x = code.removeprefix(OWN)
            check_bounds_of(store, f"{store.projection}.{x}", code, self.begun[x], self.mine)


def _delays(live: Live, projection: Projection, wiring: Wiring) -> DelaySteps:
    key = stream_key(live.options.wiring_seed, f"{projection.name}/delay")
    return delay_steps(projection.delay, wiring, key, live.options.dt, f"the delay of {projection.name!r}")


def _is_list(value: Any) -> bool:
    """Say whether a value was given synapse by synapse."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return False
    magnitude = getattr(value, "magnitude", value)
    return np.ndim(magnitude) == 1


def _removed(given: Any, count: int, name: str) -> np.ndarray:
    """Return which synapses are removed, (synapse,) bool."""
    gone = np.zeros(count, bool)
    if given is None:
        return gone
    array = np.asarray(given)
    if array.dtype == bool:
        if array.shape != (count,):
            raise SimulationError(f"remove: a mask of shape {array.shape}, but {name!r} has {count} synapses")
        return array.copy()
    array = np.atleast_1d(array)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise SimulationError(f"remove: numbers of synapses, or a mask, are expected, not {given!r}")
    wrong = array[(array < 0) | (array >= count)]
    if len(wrong):
        raise SimulationError(f"remove: there is no synapse {int(wrong[0])} of {name!r}: it has {count}, from 0")
    gone[array.astype(np.int64)] = True
    return gone


def _added(given: Any, wiring: Wiring, name: str) -> Kept:
    """Return the new synapses."""
    sides = ((), ()) if given is None else given
    try:
        lists = [np.atleast_1d(np.asarray(side)) for side in sides]
    except (TypeError, ValueError):
        lists = []
    if len(lists) != 2 or any(side.ndim != 1 for side in lists) or len(lists[0]) != len(lists[1]):
        raise SimulationError(f"add: two lists of one length are expected, add=(sources, targets), not {given!r}")
    for what, side, size in (("source", lists[0], wiring.n_source), ("target", lists[1], wiring.n_target)):
        if side.size and side.dtype.kind not in "iu":
            raise SimulationError(
                f"add: the {what}s are {side.dtype} values, but whole numbers of neurons are expected"
            )
        wrong = side[(side < 0) | (side >= size)]
        if len(wrong):
            raise SimulationError(
                f"add: there is no {what} {int(wrong[0])} of {name!r}: the {what} has {size} neurons, from 0"
            )
    return Kept(wiring.ends, Pairs(lists[0].astype(np.int64), lists[1].astype(np.int64), given=True))


def _refuse_recorded(live: Live, name: str) -> None:
    for item in live.items:
        if item.store is not None and item.store.projection == name:
            raise SimulationError(
                f"the recorder {item.key!r} has a column for each synapse of {name!r}, so that none can come or go: "
                "read sim.synapses(...) now and then instead, or in an operation"
            )


def _refuse_under_way(name: str, removed: int, spikes: int, waiting: int) -> None:
    if spikes:
        many = "spike is" if spikes == 1 else "spikes are"
        raise SimulationError(
            f"{spikes} {many} on the way through {waiting} of the {removed} synapses of {name!r} that are to be "
            "removed: write in_flight='drop' to lose them, or run on until they have arrived"
        )
