"""What a run leaves: spike trains and traces, as plain arrays with their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import suggest
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import Unit

if TYPE_CHECKING:
    import neo


@dataclass(frozen=True, eq=False)
class Trace:
    """A recorded variable.

    Attributes
    ----------
    values : (time, neuron), in ``unit``
    times : (time,), ms
    unit : Unit
    name : str
    neurons : (neuron,) int, or None
        Their numbers in the population, where they are one's.
    """

    values: np.ndarray
    times: np.ndarray
    unit: Unit
    name: str
    neurons: np.ndarray | None = None

    def __repr__(self) -> str:
        samples, neurons = self.values.shape[0], self.values.shape[-1]
        interval = f" every {self.times[1] - self.times[0]:g} ms" if samples > 1 else ""
        members = f" x {self.values.shape[1]} members" if self.values.ndim == 3 else ""
        return f"Trace({self.name}, {samples} samples{interval}{members} x {neurons} neurons, {self.unit})"


class Recorded(dict[str, Any]):
    """What was recorded, by name; the nearest name is in the error for one that was not."""

    def __missing__(self, name: str) -> Any:
        hint = suggest(str(name), self) or f"; there is {', '.join(map(repr, self)) or 'nothing'}"
        raise KeyError(f"nothing called {name!r} was recorded{hint}")


@dataclass(frozen=True, eq=False)
class Response:
    """What a population of neurons without synapses answers to its inputs.

    Attributes
    ----------
    events : event -> SpikeTrains of one trial over the neurons
    traces : variable -> Trace
    final : state -> (neuron,), in the state's own unit: the values after the last step
    dt : ms
    scheme, precision : str
    seed, trial : int
    """

    events: Mapping[str, SpikeTrains]
    traces: Mapping[str, Trace]
    final: Mapping[str, np.ndarray]
    dt: float
    scheme: str
    precision: str
    seed: int
    trial: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "traces", Recorded(self.traces))

    @property
    def spikes(self) -> SpikeTrains:
        """The trains of the event ``spike``.

        Raises
        ------
        KeyError
            If the model has no threshold.
        """
        if "spike" not in self.events:
            raise KeyError("the model has no threshold=, so that it does not spike")
        return self.events["spike"]

    def __repr__(self) -> str:
        counted = ", ".join(f"{len(trains.times)} {name}s" for name, trains in self.events.items())
        trains = next(iter(self.events.values()), None)
        happened = f"{counted} in {trains.t_stop:g} ms" if trains is not None else "no events"
        traces = f", traces of {', '.join(self.traces)}" if self.traces else ""
        return (
            f"Response({happened}{traces}; dt {self.dt:g} ms, {self.scheme}, {self.precision}, "
            f"seed {self.seed}, trial {self.trial})"
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """What the members of a batch are.

    Attributes
    ----------
    values : name -> the value of each member
    trials : (member,) int
    """

    values: Mapping[str, tuple[Any, ...]]
    trials: np.ndarray

    def __len__(self) -> int:
        return len(self.trials)

    def __getitem__(self, member: int) -> dict[str, Any]:
        return {**{name: values[member] for name, values in self.values.items()}, "trial": int(self.trials[member])}

    def __repr__(self) -> str:
        swept = f" over {', '.join(self.values)}" if self.values else ""
        return f"Batch({len(self)} members{swept}, {len(np.unique(self.trials))} trials)"


@dataclass(frozen=True, eq=False)
class Result:
    """What a network's recorders gathered.

    Attributes
    ----------
    spikes : recorder -> SpikeTrains, (1, neuron); of a batch (member, neuron)
    traces : recorder -> Trace, values (time, neuron); of a batch (time, member, neuron)
    final : population -> state -> (neuron,), in the state's own unit: the values after the last step; of a batch
        (member, neuron)
    dt : ms
    schemes : population -> str
    precision, seed, wiring_seed, trial : str, int, int, int
    duration : ms
    batch : Batch, or None for a single run
    synapses : projection -> Synapses, of those whose synapses come and go: as they were after the last step; of a batch
        a list of them, and ``final`` has an object array with the states of each member
    """

    spikes: Mapping[str, SpikeTrains]
    traces: Mapping[str, Trace]
    final: Mapping[str, Mapping[str, np.ndarray]]
    dt: float
    schemes: Mapping[str, str]
    precision: str
    seed: int
    wiring_seed: int
    trial: int
    duration: float = 0.0
    batch: Batch | None = None
    synapses: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("spikes", "traces"):
            object.__setattr__(self, name, Recorded(getattr(self, name)))

    def to_neo(self) -> neo.Block:
        """Neo's Block of the result: one Segment a member of a batch, with its spike trains and signals.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> cells = net.population(lq.neurons.lif, 3, name="cells")
        >>> _ = net.record(cells, "spikes"), net.record(cells[1:], "v", every="1 ms")
        >>> [segment] = lq.simulate(net, "10 ms").to_neo().segments
        >>> len(segment.spiketrains), segment.analogsignals[0].shape, segment.analogsignals[0].units
        (3, (10, 2), array(1.) * mV)
        """
        from lapicque.simulation.exchange import to_neo

        return to_neo(self)

    def to_xarray(self) -> Any:
        """Return an xarray Dataset of the result, with times, numbers of neurons and members as coordinates.

        Raises
        ------
        RecordingError
            If xarray is not installed.
        """
        from lapicque.simulation.exchange import to_xarray

        return to_xarray(self)

    def __repr__(self) -> str:
        lines = [f"Result of {self.duration:g} ms (dt {self.dt:g} ms, {self.precision}, seed {self.seed}, "
                 f"wiring seed {self.wiring_seed}, {self.batch or f'trial {self.trial}'})"]  # fmt: skip
        lines += [f"  {name}: {scheme}" for name, scheme in self.schemes.items()]
        for name, trains in self.spikes.items():
            count, rate = trains.shape[1], np.mean(trains.rate())
            lines.append(f"  spikes[{name!r}]: {len(trains.times)} spikes of {count} neurons, {rate:.3g} Hz")
        lines += [f"  traces[{name!r}]: {trace!r}" for name, trace in self.traces.items()]
        return "\n".join(lines)
