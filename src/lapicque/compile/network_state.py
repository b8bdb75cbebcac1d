"""What a running network carries from one step to the next, in a form that does not depend on the number of threads.

The state of a circuit at the beginning of a step is a mapping of names to arrays:

* ``"exc/v"``: the states of a population, and how long ago its events were (``"exc/_age_spike"``,
  ``"exc/_bound_spike"``), (neuron,);
* ``"exc<-v"``: what is on its way to a variable, (step, neuron): row j arrives j steps from now. Rows at the end in
  which nothing arrives are left out;
* ``"exc->ago"``, ``"exc->neuron"``, ``"exc->output"``: spikes that will run code when they arrive, (spike,), oldest
  first, then by neuron: how many steps ago they were emitted, by whom, and the output; ``"exc.plateau->ago"`` for
  another event;
* ``"exc->inh:w"``: states of synapses as they were when last touched, (synapse,) by number, and ``"exc->inh:ago"``, how
  many steps ago that was.

Random numbers depend on the step alone, so they are no part of it. Kernels and the interpreter share this form.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.compile.network_plan import model_key
from lapicque.compile.partition import Partition
from lapicque.compile.pathway_code import OUTPUT, OWN
from lapicque.compile.reductions import same_groups
from lapicque.compile.store import Store
from lapicque.compile.subnormals import flushed
from lapicque.errors import SimulationError

if TYPE_CHECKING:
    from lapicque.compile.learned import Reader
    from lapicque.compile.network_reference import NetworkInterpreter
    from lapicque.compile.network_run import NetworkRun

State = dict[str, np.ndarray]


def carried(run: NetworkRun, population: int) -> list[str]:
    """Return the names of a population's variables that outlast a step."""
    m = run.models[population]
    if m < 0:
        return []
    marks = "_age_", "_bound_"
    return [*run.kernel.STATES[m], *(name for name in run.kernel.SLOTS[m] if name.startswith(marks))]


def state_of(run: NetworkRun, without: Collection[str] = ()) -> State:
    """Return the state of a run, as copies, without that of the synapses of some projections."""
    found: State = {}
    for n, cells in enumerate(run.circuit.cells):
        for name in carried(run, n):
            found[f"{cells.name}/{name}"] = run.read(n, name)
    for n, variable in run.circuit.channels():
        rows = [_coming(part, n, variable, run.step, run.longest + 1) for part in run.partitions]
        found[f"{run.circuit.cells[n].name}<-{variable}"] = trimmed(np.concatenate(rows, axis=1))
    for (n, event), longest in _remembered(run).items():
        sent = {ago: _emitted(run, n, event, run.step - ago) for ago in range(1, min(longest, run.step) + 1)}
        found |= packed_spikes(_name(run.circuit, n, event), sent, run.kernel.REAL)
    for reader in _readers(run, without):
        found |= learned_state(reader.store, reader.raw(), reader.ago() if reader.store.lazy is not None else None)
    return found


def _readers(run: NetworkRun, without: Collection[str]) -> list[Reader]:
    return [reader for reader in run.readers.values() if reader.store.projection not in without]


def learned_state(store: Store, states: Mapping[str, np.ndarray], ago: np.ndarray | None) -> State:
    """Return what synapses remember, by synapse number, as arrays of a state."""
    found = {f"{store.projection}:{name.removeprefix(OWN)}": values for name, values in states.items()}
    return found if ago is None else {**found, f"{store.projection}:ago": np.asarray(ago, np.int32)}


def _name(circuit: Circuit, n: int, event: int) -> str:
    cells = circuit.cells[n]
    return cells.name if event == 0 else f"{cells.name}.{cells.events[event]}"


def _remembered(run: NetworkRun) -> dict[tuple[int, int], int]:
    """Return the populations and events that run code, and for how many steps they are remembered."""
    found: dict[tuple[int, int], int] = {}
    for code in run.wired.codes:
        trigger = code.pathway.trigger
        if not trigger.early:
            key = trigger.population, trigger.event
            found[key] = max(found.get(key, 0), code.longest())
    return dict(sorted(found.items()))


def _emitted(run: NetworkRun, population: int, event: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return who had an event in a step, in order, and the outputs; where code runs, threads meet in every step."""
    half, neurons, outputs = step % len(run.found), [], []
    for p in range(run.threads):
        begin, end = run.ends[half, p, 0, population, :, event]
        neurons.append(run.found[half, p, event, begin:end])
        outputs.append(run.emitted[half, p, begin:end])
    who = np.concatenate(neurons)
    carried = _carry_outputs(run.circuit, population, event)
    return who, np.concatenate(outputs) if carried else np.ones(len(who), run.kernel.REAL)


def _carry_outputs(circuit: Circuit, population: int, event: int) -> bool:
    """Say whether code reads the output of remembered spikes; where none does, kernels write none."""
    mine = [c for c in circuit.coded if (c.trigger.population, c.trigger.event) == (population, event)]
    return event == 0 and any(OUTPUT in c.text.names() for c in mine)


def packed_spikes(name: str, sent: Mapping[int, tuple[np.ndarray, np.ndarray]], dtype: Any) -> State:
    """Return spikes, by how many steps ago they were, as three arrays of a state."""
    ago = sorted((a for a in sent if len(sent[a][0])), reverse=True)
    return {
        f"{name}->ago": np.concatenate([np.empty(0, np.int64), *(np.full(len(sent[a][0]), a) for a in ago)]),
        f"{name}->neuron": np.concatenate([np.empty(0, np.int32), *(sent[a][0] for a in ago)]).astype(np.int32),
        f"{name}->output": np.concatenate([np.empty(0, dtype), *(sent[a][1] for a in ago)]).astype(dtype),
    }


def put_state(run: NetworkRun, state: Mapping[str, np.ndarray], step: int, without: Collection[str] = ()) -> None:
    """Let a run go on from a state, in which the synapses of some projections may be left out, as they are.

    Raises
    ------
    SimulationError
        If it is that of another circuit.
    """
    wanted = {f"{cells.name}/{name}": (n, name) for n, cells in enumerate(run.circuit.cells)
              for name in carried(run, n)}  # fmt: skip
    channels = {f"{run.circuit.cells[n].name}<-{x}": (n, x) for n, x in run.circuit.channels()}
    remembered = _remembered(run)
    names = [f"{_name(run.circuit, *key)}->{x}" for key in remembered for x in ("ago", "neuron", "output")]
    names += [name for reader in _readers(run, without) for name in learned_names(reader.store)]
    check_names(state, {**wanted, **channels, **dict.fromkeys(names)})
    for key, (n, name) in wanted.items():
        for part in run.partitions:
            part.fill(n, name, check_length(state, key, run.circuit, n))
    coming = max((len(state[key]) for key in channels), default=0)
    run.longest = max(run.longest, coming - 1)  # of synapses that are no longer there
    slots = 1 << int(run.longest + run.span).bit_length()
    for part in run.partitions:
        if slots > len(part.ring):
            part.ring = np.zeros((slots, part.ring.shape[1]), part.ring.dtype)
        part.ring[:] = 0
    for key, (n, name) in channels.items():
        rows = check_length(state, key, run.circuit, n)
        for part in run.partitions:
            start, size = part.first[n], part.size[n]
            at = part.places[n, name]
            for ahead, row in enumerate(rows):
                part.ring[(step + ahead) & (len(part.ring) - 1), at : at + size] = row[start : start + size]
    run.ends[:] = 0
    room = np.zeros((*run.ends.shape[:2], run.ends.shape[-1]), np.int64)
    for (n, event), longest in remembered.items():
        _put_spikes(run, state, n, event, step, room, longest)
    for reader in _readers(run, without):
        reader.put(*_of_store(state, reader.store), step)
    run.step = step


def learned_names(store: Store) -> list[str]:
    """Return what the arrays of a state are called that belong to a projection's synapses."""
    lazy = ["ago"] if store.lazy is not None else []
    return [f"{store.projection}:{name}" for name in [*(x.removeprefix(OWN) for x in store.states), *lazy]]


def _of_store(state: Mapping[str, np.ndarray], store: Store) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Return the states of synapses, by their names in the code, and how long ago they were touched."""
    for name in learned_names(store):
        if state[name].shape != (store.wiring.count,):
            raise SimulationError(
                f"the state belongs to another network: {name!r} has shape {state[name].shape}, but there are "
                f"{store.wiring.count} synapses"
            )
    states = {name: state[f"{store.projection}:{name.removeprefix(OWN)}"] for name in store.states}
    return states, state[f"{store.projection}:ago"] if store.lazy is not None else None


def _put_spikes(
    run: NetworkRun, state: Mapping[str, np.ndarray], n: int, event: int, step: int, room: np.ndarray, longest: int
) -> None:
    name = _name(run.circuit, n, event)
    ago, neurons, outputs = (state[f"{name}->{x}"] for x in ("ago", "neuron", "output"))
    owner = np.searchsorted(run.bounds[n], neurons, side="right") - 1
    for a in np.unique(ago[ago <= longest]):  # others were on their way through synapses that are no longer there
        half = (step - int(a)) % len(run.found)
        for p in range(run.threads):
            mine = (ago == a) & (owner == p)
            begin, end = room[half, p, event], room[half, p, event] + np.count_nonzero(mine)
            run.found[half, p, event, begin:end] = neurons[mine]
            if event == 0:
                run.emitted[half, p, begin:end] = outputs[mine]
            run.ends[half, p, 0, n, 0, event], run.ends[half, p, 0, n, 1, event] = begin, end
            room[half, p, event] = end


def _coming(part: Partition, population: int, variable: str, step: int, rows: int) -> np.ndarray:
    at, mask = part.places[population, variable], len(part.ring) - 1
    due = (step + np.arange(min(rows, mask + 1))) & mask
    return part.ring[due, at : at + part.size[population]]


def trimmed(rows: np.ndarray) -> np.ndarray:
    """Return the rows without those at the end in which nothing arrives."""
    busy = np.flatnonzero(rows.any(axis=1))
    return rows[: busy[-1] + 1 if len(busy) else 0]


def check_names(state: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse a state with other names than those that are wanted."""
    for name in [*(set(wanted) - set(state)), *(set(state) - set(wanted))]:
        where = "is missing in it" if name in wanted else "is not in this network"
        raise SimulationError(f"the state belongs to another network: {name!r} {where}")


def check_length(state: Mapping[str, np.ndarray], key: str, circuit: Circuit, population: int) -> np.ndarray:
    """Return an array of a state whose last axis is the population."""
    values = state[key]
    size = circuit.cells[population].size
    if values.shape[-1:] != (size,):
        raise SimulationError(f"the state belongs to another network: {key!r} has shape {values.shape}, not {size}")
    return values


# -- the interpreter's -----------------------------------------------------------------------------------------------


def interpreter_state(run: NetworkInterpreter) -> State:
    """Return the state of an interpreter, as copies."""
    found: State = {}
    for described, cells in zip(run.circuit.cells, run.cells, strict=True):
        if cells is None:
            continue
        found |= {f"{described.name}/{x}": cells.state[x].copy() for x in cells.step.states}
        for event in cells.step.events:
            if event.aged:
                found[f"{described.name}/_age_{event.name}"] = cells.age[event.name].copy()
            if event.bound:
                found[f"{described.name}/_bound_{event.name}"] = cells.bound[event.name].copy()
    for (n, variable), coming in run.coming.items():
        rows = np.zeros((max(coming, default=run.step - 1) - run.step + 1, run.circuit.cells[n].size), run.dtype)
        for due, arrivals in coming.items():
            for targets, amounts in arrivals:
                np.add.at(rows[due - run.step], targets, amounts)  # one after the other
        found[f"{run.circuit.cells[n].name}<-{variable}"] = trimmed(rows)
    for (n, number), codes in _by_trigger(run).items():
        longest = max(code.longest for code in codes)
        sent = {run.step - k: spikes for code in codes for k, spikes in code.sent.items() if run.step - k <= longest}
        if not _carry_outputs(run.circuit, n, number):
            sent = {ago: (who, np.ones(len(who), run.dtype)) for ago, (who, _) in sent.items()}
        found |= packed_spikes(_name(run.circuit, n, number), sent, run.dtype)
    for memory in run.memories.values():
        states = {name: memory.by_number(values) for name, values in memory.states.items()}
        ago = memory.by_number(run.step - 1 - memory.touched) if memory.store.lazy is not None else None
        found |= learned_state(memory.store, states, ago)
    return found


def _by_trigger(run: NetworkInterpreter) -> dict[tuple[int, int], list[Any]]:
    found: dict[tuple[int, int], list[Any]] = {}
    for code in run.codes:
        trigger = code.pathway.trigger
        found.setdefault((trigger.population, trigger.event), []).append(code)
    return dict(sorted(found.items()))


def put_interpreter_state(run: NetworkInterpreter, state: Mapping[str, np.ndarray], step: int) -> None:
    """Let an interpreter go on from a state.

    Raises
    ------
    SimulationError
        If it is that of another circuit.
    """
    check_names(state, interpreter_state(run))
    for n, (described, cells) in enumerate(zip(run.circuit.cells, run.cells, strict=True)):
        if cells is None:
            continue
        own = {key.split("/")[1]: check_length(state, key, run.circuit, n) for key in state
               if key.startswith(f"{described.name}/")}  # fmt: skip
        cells.state = {x: own[x].astype(run.dtype) for x in cells.step.states}
        for event in cells.step.events:
            if event.aged:
                cells.age[event.name] = own[f"_age_{event.name}"].astype(run.dtype)
            if event.bound:
                cells.bound[event.name] = own[f"_bound_{event.name}"].astype(run.dtype)
    for n, variable in run.coming:
        rows = check_length(state, f"{run.circuit.cells[n].name}<-{variable}", run.circuit, n)
        everyone = np.arange(run.circuit.cells[n].size)
        run.coming[n, variable] = {step + ahead: [(everyone, row.copy())] for ahead, row in enumerate(rows)}
    for (n, number), codes in _by_trigger(run).items():
        name = _name(run.circuit, n, number)
        ago, neurons, outputs = (state[f"{name}->{x}"] for x in ("ago", "neuron", "output"))
        for code in codes:
            code.sent = {step - int(a): (neurons[ago == a].astype(np.int64), outputs[ago == a].astype(run.dtype))
                         for a in np.unique(ago) if a <= code.longest}  # fmt: skip
    for memory in run.memories.values():
        memory.put(*_of_store(state, memory.store), step)
    run.step = step


# -- other values in the same circuit --------------------------------------------------------------------------------


def fits(old: Circuit, new: Circuit) -> bool:
    """Say whether a run of one circuit can go on with the values of another without being laid out anew."""
    changed = [(a, b) for a, b in zip(old.cells, new.cells, strict=True) if a is not b]
    same = all(model_key(a) == model_key(b) and same_groups(a, b) for a, b in changed)
    return same and all(a is b for a, b in zip(old.pathways, new.pathways, strict=True))


def put_values(run: NetworkRun, circuit: Circuit) -> None:
    """Give the neurons of a run the parameters of a circuit that `fits`; their states stay."""
    changed = [n for n, (a, b) in enumerate(zip(run.circuit.cells, circuit.cells, strict=True)) if a is not b]
    run.circuit = circuit
    for n in changed:
        m = run.models[n]
        if m < 0:
            continue
        constants, values = run.constants(n), circuit.cells[n].values()
        lanes, uniform = run.kernel.CONSTANTS[m], run.kernel.UNIFORM[m]
        for part in run.partitions:
            part.circuit = circuit
            for name, value in zip(lanes, constants[: len(lanes)], strict=True):
                part.fill(n, name, value)
            for name in run.kernel.SLOTS[m]:
                if name.startswith("_w_"):
                    part.fill(n, name, values[name])
            found = dict(zip(uniform, constants[len(lanes) :], strict=False))
            scalars = [float(np.ravel(found[x] if x in found else values[x])[0]) for x in uniform]
            at = part.at_scalars[n]
            part.c[at : at + len(scalars)] = flushed(np.array(scalars, run.kernel.REAL))
