"""Lists of spikes as a population: a source without states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import SimulationError, UnitError
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False, repr=False)
class SpikeSource:
    """Spikes at given times; `Network.spikes` makes a population of them.

    Attributes
    ----------
    trains : SpikeTrains
        One trial, one train a neuron, from time 0 upward.

    Examples
    --------
    >>> source = SpikeSource.of([[1.0, 2.5], [], [0.3]])
    >>> source
    SpikeSource(3 spikes of 3 neurons)
    >>> steps, offsets = source.steps(0.1)
    >>> steps.tolist(), offsets.tolist()
    ([10, 25, 3], [0, 2, 2, 3])
    """

    trains: SpikeTrains
    name = "spikes"

    @classmethod
    def of(cls, given: Any) -> SpikeSource:
        """Return a source from `SpikeTrains`, or from one list of times (ms, or quantities) a neuron.

        Raises
        ------
        SimulationError
            For negative times, several trials, or what is no list of spikes.
        """
        if isinstance(given, SpikeSource):
            return given
        if not isinstance(given, SpikeTrains):
            given = _from_lists(given)
        if given.shape[0] != 1:
            message = f"the spike trains have {given.shape[0]} trials: choose one, trains[0, :]"
            raise SimulationError(message)
        if not len(given):
            raise SimulationError("the spike source has no neurons: give a list for each, which may be empty")
        if given.times.size and given.times.min() < 0:
            raise SimulationError(f"a spike at {given.times.min():g} ms: a simulation begins at 0, shift the trains")
        return cls(given)

    def __len__(self) -> int:
        return len(self.trains)

    def steps(self, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps of each neuron's spikes, one neuron behind the other, and (neuron + 1,) where each begins.

        A time t belongs to step floor(t/dt + 0.5).

        Raises
        ------
        SimulationError
            If two spikes of a neuron fall into one step.
        """
        trains = self.trains
        if trains.steps is not None and trains.dt == dt and trains.t_start == 0:
            steps = np.asarray(trains.steps)
        else:
            steps = np.floor(trains.times / dt + 0.5).astype(np.int64)
        neuron = np.repeat(np.arange(len(trains)), trains.counts)
        twice = (np.diff(steps) == 0) & (np.diff(neuron) == 0)
        if twice.any():
            first = int(np.argmax(twice))
            times = " and ".join(f"{t:g}" for t in trains.times[first : first + 2])
            raise SimulationError(
                f"two spikes of neuron {neuron[first]}, at {times} ms, fall into one step of {dt:g} ms: use a smaller "
                f"dt, or draw trains that keep apart, lq.spikes.poisson(..., refractory={2 * dt:g})"
            )
        return steps, trains.offsets

    def __repr__(self) -> str:
        return f"SpikeSource({len(self.trains.times)} spikes of {len(self)} neurons)"


def _from_lists(given: Any) -> SpikeTrains:
    what = "spikes are SpikeTrains, or a list with the times (ms) of each neuron"
    if isinstance(given, (str, bytes)) or not np.iterable(given):
        raise SimulationError(f"{what}, not {given!r}")
    try:
        arrays = [np.asarray(magnitude(times, "ms", "spike times"), float) for times in given]
    except UnitError as error:
        raise SimulationError(f"{what}: {error.summary}") from None
    for neuron, array in enumerate(arrays):
        if array.ndim != 1:
            found = f"the single time {array:g} ms" if array.ndim == 0 else f"an array of shape {array.shape}"
            raise SimulationError(f"{what}; neuron {neuron} has {found}: for one neuron with all times write [times]")
    arrays = [np.sort(array) for array in arrays]
    times = np.concatenate(arrays) if arrays else np.empty(0)
    if not np.isfinite(times).all():
        raise SimulationError("a spike time is not finite: leave such spikes out")
    offsets = np.concatenate([[0], np.cumsum([len(a) for a in arrays], dtype=np.int64)])
    return SpikeTrains(times, offsets, min(0.0, times.min(initial=0.0)), times.max(initial=0.0))
