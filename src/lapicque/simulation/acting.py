"""What happens between steps: operations, which are Python, and signals that are known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lapicque.compile.circuit import Circuit
from lapicque.errors import LapicqueError, SimulationError
from lapicque.network.network import Network
from lapicque.network.operation import Operation
from lapicque.simulation.access import Access
from lapicque.simulation.recording import Item, Memory, Recording
from lapicque.simulation.restructuring import restructure
from lapicque.spikes.trains import SpikeTrains

if TYPE_CHECKING:
    from lapicque.simulation.build import Options
    from lapicque.simulation.live import Live

#: Later than any step.
NEVER = 1 << 62


class View(Access):
    """What an operation is given: a running network between two steps.

    Attributes
    ----------
    time : float
        ms.
    dt : float
        ms.
    trial : int
    """

    def __init__(self, live: Live, recording: Recording):
        self._live, self._recording = live, recording
        self.time, self.dt, self.trial = live.time, live.options.dt, live.options.trial

    @cached_property
    def spikes(self) -> Mapping[str, SpikeTrains]:
        """The recorded spikes since the last call of this operation, by recorder; at the first call there are none."""
        return self._recording.results()[0]

    def __repr__(self) -> str:
        return f"View({self._live.described.size} neurons at {self.time:g} ms)"


class Acts:
    """The operations and the signals known beforehand of a network, and the spikes that each operation will be shown.

    Parameters
    ----------
    network : Network
    options : Options
    items : what the run records
    circuit : Circuit

    Raises
    ------
    SimulationError
        If an interval is no whole number of steps, or two values of a signal fall into one.
    """

    def __init__(self, network: Network, options: Options, items: list[Item], circuit: Circuit):
        self._operations = [(o, o.steps(options.dt)) for o in network.operations.values()]
        self._rules = [(r, r.steps(options.dt)) for r in network.restructurings.values()]
        self._changes: dict[int, list[tuple[str, float]]] = {}
        for name, signal in network.signals.items():
            for step, value in zip(signal.steps(options.dt).tolist(), signal.values.tolist(), strict=True):
                self._changes.setdefault(step, []).append((name, value))
        self._when = np.array(sorted(self._changes), np.int64)
        self._items, self._circuit = items, circuit
        self._seen = {o.name: self._nothing(0) for o, _ in self._operations}

    @property
    def recordings(self) -> list[Recording]:
        """Of the spikes that operations will be shown."""
        return list(self._seen.values())

    def next(self, step: int) -> int:
        """Return the first step after ``step`` at whose beginning something happens."""
        place = np.searchsorted(self._when, step, side="right")
        found = [int(self._when[place])] if place < len(self._when) else []
        regular = [every for _, every in self._operations] + [every for _, every in self._rules]
        return min([NEVER, *found, *((step // every + 1) * every for every in regular)])

    def act(self, live: Live) -> None:
        """Do what is to be done at the beginning of the step that comes now: signals, operations, rules, as created.

        Raises
        ------
        SimulationError
            If an operation or a rule fails, with its name and the time.
        """
        step = live.run.step
        for name, value in self._changes.get(step, ()):
            live.signal(name, value)
        for operation, every in self._operations:
            if step % every == 0:
                self._call(operation, live)
                self._seen[operation.name] = self._nothing(step)
        for rule, every in self._rules:
            if step and step % every == 0:
                restructure(live, rule)

    def _call(self, operation: Operation, live: Live) -> None:
        try:
            operation.function(View(live, self._seen[operation.name]))
        except LapicqueError as error:
            message = f"the operation {operation.name!r} failed at {live.time:g} ms: {error}"
            raise SimulationError(message) from error
        except Exception as error:
            message = f"the operation {operation.name!r} failed at {live.time:g} ms: {type(error).__name__}: {error}"
            raise SimulationError(message) from error

    def _nothing(self, step: int) -> Recording:
        events = [item for item in self._items if item.kind == "events"]
        return Recording(events, self._circuit, step, of=self._items)

    # -- what is carried over ----------------------------------------------------------------------------------------

    def state(self) -> dict[str, np.ndarray]:
        """Return what operations have not been shown yet: when each was called last, and the spikes since then."""
        found: dict[str, np.ndarray] = {}
        for name, recording in self._seen.items():
            found[name] = np.int64(recording.first)  # type: ignore[assignment]
            assert isinstance(recording.store, Memory)
            for number, item in enumerate(recording.items):
                found[f"{name}<-{item.key}"] = recording.store.rows(number)
        return found

    def put(self, state: Mapping[str, np.ndarray], step: int) -> None:
        """Go on at a step with what was not shown before; recorders that were not there then begin now."""
        for operation, _ in self._operations:
            name = operation.name
            recording = self._seen[name] = self._nothing(int(state.get(name, step)))
            recording.last = step
            for number, item in enumerate(recording.items):
                if f"{name}<-{item.key}" in state:
                    recording.store.append(number, np.asarray(state[f"{name}<-{item.key}"]))
