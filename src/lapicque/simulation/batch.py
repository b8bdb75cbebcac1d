"""One network for many values or trials: described once, compiled once, run side by side."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from threading import Event, Lock
from typing import Any

import numpy as np

from lapicque.compile.assemble import assemble
from lapicque.compile.circuit import Additive, Circuit
from lapicque.errors import LapicqueError, SimulationError
from lapicque.model.distribution import Distribution
from lapicque.network.assumptions import check_assumptions
from lapicque.network.network import Network
from lapicque.progress import bar
from lapicque.simulation.arguments import mapping_of, whole_number
from lapicque.simulation.build import Options, backend
from lapicque.simulation.interrupts import deferred
from lapicque.simulation.live import Live
from lapicque.simulation.recording import Recording, items_of
from lapicque.simulation.results import Batch, Result
from lapicque.simulation.revising import Revision
from lapicque.simulation.rewiring import Ended
from lapicque.simulation.running import Final, check_stimuli, result_of
from lapicque.simulation.variation import place_of, varied
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import StoppedError, run_all

#: What can be swept besides the values of a network.
SEEDS = ("seed", "wiring_seed")


@dataclass(frozen=True, eq=False)
class Grid(Mapping[str, Any]):
    """Values of which every combination is meant; `grid` makes one."""

    lists: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.lists[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lists)

    def __len__(self) -> int:
        return len(self.lists)


def grid(values: Mapping[str, Any]) -> Grid:
    """Every combination of some values, for ``lq.simulate(net, ..., sweep=lq.grid({...}))``.

    The last name changes fastest. Without `grid`, the values of several names belong together, one by one.

    Parameters
    ----------
    values : mapping of str to sequence

    Raises
    ------
    SimulationError
        If it is no mapping of names to sequences.

    Examples
    --------
    >>> points_of(grid({"exc.c_m": [100, 200], "exc.g_l": [5, 10]}))
    [{'exc.c_m': 100, 'exc.g_l': 5}, {'exc.c_m': 100, 'exc.g_l': 10}, {'exc.c_m': 200, 'exc.g_l': 5},
     {'exc.c_m': 200, 'exc.g_l': 10}]
    """
    made = Grid(dict(mapping_of("grid", values, "lq.grid({'exc.tau_m': [10, 20]*ms})")))
    points_of(made)
    return made


def points_of(sweep: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the values of each point of a sweep, one empty point where there is none.

    Raises
    ------
    SimulationError
        If there is nothing to go through, or the lengths differ.
    """
    given = mapping_of("sweep", sweep, "sweep={'exc.tau_m': [10, 20]*ms}")
    if not given:
        return [{}]
    lists = {name: _list_of(name, value) for name, value in given.items()}
    if isinstance(sweep, Grid):
        return [dict(zip(lists, point, strict=True)) for point in itertools.product(*lists.values())]
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise SimulationError(
            f"sweep: the names have different numbers of values ({shown}), but belong together one by one: for every "
            "combination write sweep=lq.grid({...})"
        )
    return [dict(zip(lists, point, strict=True)) for point in zip(*lists.values(), strict=True)]


def _list_of(name: str, given: Any) -> list[Any]:
    plain = isinstance(given, (str, Distribution)) or not hasattr(given, "__iter__")
    if plain or (hasattr(given, "ndim") and given.ndim == 0):
        raise SimulationError(f"sweep: {name!r} needs a list of values, such as [10, 20, 30]*ms, not {given!r}")
    values = list(given)
    if not values:
        raise SimulationError(f"sweep: {name!r} has no values")
    return values


@dataclass(frozen=True, eq=False)
class Member:
    """One run of a batch.

    Attributes
    ----------
    network : Network
    point : number of its values in the sweep
    values : name -> value
    options : Options
        With the member's trial and seeds, on one thread.
    steps : int
    """

    network: Network
    point: int
    values: Mapping[str, Any]
    options: Options
    steps: int

    def built(self) -> tuple[Network, Circuit]:
        """Return the network with the member's values, and its circuit."""
        changes = {name: value for name, value in self.values.items() if name not in SEEDS}
        network = varied(self.network, changes) if changes else self.network
        check_stimuli(network, self.steps, self.options.dt)
        check_assumptions(network, self.options.dt)
        return network, assemble(network, self.options.dt, self.options.seed, self.options.wiring_seed)

    def __str__(self) -> str:
        shown = [f"{name} = {value if np.ndim(value) == 0 else '...'}" for name, value in self.values.items()]
        return ", ".join([*shown, f"trial {self.options.trial}"])


def run_member(
    member: Member,
    prepared: tuple[Network, Circuit] | None = None,
    run: Any = None,
    tick: Callable[..., Any] = lambda *_: None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Result:
    """Run one member, as an executor does; in threads, what is shared among members is given."""
    network, circuit = prepared or member.built()
    live = Live(network, member.options, (network, circuit), run)
    recording = Recording(live.items, circuit, 0, member.options.precision)
    live.advance(member.steps, [recording], tick, interrupted)
    result = result_of(live.run, live.circuit, recording, member.options)
    assert isinstance(result.final, Final)
    return replace(result, final=result.final.whole(), synapses=dict(Ended(live)))


def simulate_batch(
    network: Network,
    steps: int,
    options: Options,
    sweep: Mapping[str, Any] | None,
    trials: Any,
    executor: Executor | None,
    progress: bool,
) -> Result:
    """Run a network for every point of a sweep and every trial.

    Parameters
    ----------
    options : the trial is the first one, the threads those that members are spread over

    Raises
    ------
    SimulationError
        If a name is unknown; or with the first member that fails, and the ``result`` of the others.
    """
    count = 1 if trials is None else whole_number("trials", trials, "a positive integer", 1)
    whole_number("the last trial", options.trial + count - 1, "an integer below 2**32", 0, 2**32 - 1)
    points = points_of(sweep)
    for name in points[0]:
        if name not in SEEDS:
            place_of(network, name)
    members = []
    for number, point in enumerate(points):
        seeds: dict[str, Any] = {name: whole_number(name, point[name], "an integer") for name in SEEDS if name in point}
        for trial in range(options.trial, options.trial + count):
            own = replace(options, trial=trial, threads=1, **seeds)
            members.append(Member(network, number, point, own, steps))
    done: dict[int, Any] = {}
    try:
        if executor is None:
            _in_threads(members, options.threads, progress, done)
        else:
            _in_executor(members, executor, progress, done)
    except KeyboardInterrupt as error:
        error.result = gathered(members, done)  # type: ignore[attr-defined]
        raise
    failed = {n: outcome for n, outcome in sorted(done.items()) if isinstance(outcome, Exception)}
    result = gathered(members, done)
    if failed:
        first = next(iter(failed))
        others = f" ({len(failed) - 1} more failed)" if len(failed) > 1 else ""
        message = f"member {first} of {len(members)} ({members[first]}){others}: {failed[first]}"
        raised = SimulationError(message)
        raised.result, raised.members = result, failed  # type: ignore[attr-defined]
        raise raised from failed[first]
    assert result is not None
    return result


# -- running ---------------------------------------------------------------------------------------------------------


class _Shared:
    """What members have in common: the circuit of each point, and synapses that are the same for all."""

    def __init__(self, members: Sequence[Member]):
        self._lock = Lock()
        self._first: tuple[Circuit, Any] | None = None
        self._revision: Revision | None = None
        self._circuits: dict[int, tuple[Network, Circuit]] = {}
        self._left = Counter(member.point for member in members)
        changed = {place_of(members[0].network, name).kind for name in members[0].values if name not in SEEDS}
        self._wired_alike = not changed & {"projection", "rule"} and "wiring_seed" not in members[0].values

    def of(self, member: Member) -> tuple[tuple[Network, Circuit], Any]:
        """Return a member's network and circuit, and what runs it; one at a time, so that all is compiled once."""
        with self._lock:
            point = member.point
            prepared = self._circuits.get(point) or self._revised(member) or member.built()
            self._left[point] -= 1
            if self._left[point]:
                self._circuits[point] = prepared
            else:
                self._circuits.pop(point, None)
            circuit = prepared[1]
            like = None
            if self._first is not None and self._wired_alike and same_synapses(self._first[0], circuit):
                like = self._first[1]
            run = backend(circuit, member.options, items_of(*prepared), like)
            if self._first is None and not member.options.reference:
                self._first = circuit, run
                self._revision = Revision(*prepared, member.options.wiring_seed)
            return prepared, run

    def _revised(self, member: Member) -> tuple[Network, Circuit] | None:
        """Return a member's circuit as a revision of the first one's, where that is possible."""
        if self._revision is None or "wiring_seed" in member.values:
            return None
        changes = {name: value for name, value in member.values.items() if name not in SEEDS}
        circuit = self._revision.of(changes, member.options.seed)
        return None if circuit is None else (self._revision.network, circuit)


def same_synapses(a: Circuit, b: Circuit) -> bool:
    """Say whether two circuits, of networks whose projections are the same, can share their synapses."""
    if a is b:
        return True
    if len(a.pathways) != len(b.pathways):
        return False
    for p, q in zip(a.pathways, b.pathways, strict=True):
        if not (isinstance(p, Additive) and isinstance(q, Additive)):
            return False
        mine, other = (getattr(w.increments, "neurons", {}) for w in (p, q))
        if mine.keys() != other.keys() or not all(np.array_equal(mine[x], other[x]) for x in mine):
            return False
    return True


def _in_threads(members: Sequence[Member], threads: int | None, progress: bool, done: dict[int, Any]) -> None:
    shared = _Shared(members)

    def work(number: int, stop: Event) -> None:
        if stop.is_set():
            raise StoppedError
        member = members[number]
        with deferred() as interrupted:
            try:
                prepared, run = shared.of(member)
                done[number] = run_member(
                    member, prepared, run, lambda steps, _: tick(steps), lambda: stop.is_set() or interrupted()
                )
            except LapicqueError as error:
                done[number] = error
            except KeyboardInterrupt:
                if stop.is_set():
                    raise StoppedError from None
                raise

    with bar("simulate", sum(m.steps for m in members), show=progress) as tick:
        run_all(work, range(len(members)), threads)


def _in_executor(members: Sequence[Member], executor: Executor, progress: bool, done: dict[int, Any]) -> None:
    with bar("simulate", len(members), show=progress) as tick:
        numbers = {executor.submit(run_member, member): number for number, member in enumerate(members)}
        try:
            for future in as_completed(numbers):
                try:
                    done[numbers[future]] = future.result()
                except LapicqueError as error:
                    done[numbers[future]] = error
                tick(1)
        except BaseException:
            for future in numbers:
                future.cancel()
            raise


# -- one result ------------------------------------------------------------------------------------------------------


def gathered(members: Sequence[Member], done: Mapping[int, Any]) -> Result | None:
    """Return one result of the members that came to their end; None if there is none."""
    numbers = [n for n in range(len(members)) if isinstance(done.get(n), Result)]
    if not numbers:
        return None
    results = [done[n] for n in numbers]
    values = {name: tuple(members[n].values[name] for n in numbers) for name in members[0].values}
    batch = Batch(values, np.array([members[n].options.trial for n in numbers]))
    first: Result = results[0]
    return replace(
        first,
        spikes={name: _stacked([r.spikes[name] for r in results]) for name in first.spikes},
        traces={
            name: replace(trace, values=np.stack([r.traces[name].values for r in results], axis=1))
            for name, trace in first.traces.items()
        },
        final={
            population: {x: _of_members([r.final[population][x] for r in results]) for x in states}
            for population, states in first.final.items()
        },
        synapses={name: [r.synapses[name] for r in results] for name in first.synapses},
        batch=batch,
    )


def _of_members(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return one array for all members; of objects, where they have different numbers of synapses."""
    if len({array.shape for array in arrays}) == 1:
        return np.stack(arrays)
    found = np.empty(len(arrays), object)
    found[:] = arrays
    return found


def _stacked(trains: Sequence[SpikeTrains]) -> SpikeTrains:
    first = trains[0]
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([t.counts for t in trains]))])
    assert first.steps is not None
    steps = np.concatenate([t.steps for t in trains if t.steps is not None])
    return SpikeTrains.from_steps(
        steps, offsets, dt=first.dt, t_start=first.t_start, t_stop=first.t_stop, shape=(len(trains), first.shape[1]),
        neurons=first.neurons,
    )  # fmt: skip
