"""The container of spike times: many trains of one window, held as one array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.arrays import frozen, unmasked, whole
from lapicque.units import Unit, magnitude, parse_unit

if TYPE_CHECKING:
    import neo


@dataclass(frozen=True, eq=False, repr=False, init=False)
class SpikeTrains:
    """Spike times of every neuron in every trial, between two times.

    The trains lie one behind the other in one array, trial by trial and within a trial neuron by neuron: the spikes of
    train ``k`` are ``times[offsets[k]:offsets[k + 1]]``. Its arrays cannot be written to. `from_lists`, `from_steps`
    and `from_neo` are the usual ways to make one.

    Parameters
    ----------
    times : (spike,), ms
        Spike times, sorted within each train; equal times are allowed.
    offsets : (train + 1,)
        Where each train begins, and the end of the last.
    t_start, t_stop : ms
        The observed window; spikes at its very edges are inside.
    shape : (trial, neuron), optional
        How the trains are arranged; by default one trial.
    steps : (spike,), optional
        The integer time steps of a simulation at which the spikes were emitted.
    dt : ms, optional
        The length of such a step.
    trials, neurons : sequence, optional
        Labels; by default 0, 1, 2 ...

    Raises
    ------
    RecordingError
        For times that are not finite, not sorted or outside the window, and for offsets, shape or labels that do not
        fit them.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 40, 70], [], [20, 90]], t_stop="0.1 s")
    >>> trains
    SpikeTrains(5 spikes in 3 trains: 1 trial x 3 neurons, 0 to 100 ms, 16.7 Hz)
    >>> trains.counts
    array([3, 0, 2])
    >>> trains[2].times
    array([20., 90.])
    >>> [train.rate().item() for train in trains.window(0, 50)]
    [40.0, 0.0, 20.0]
    """

    times: np.ndarray
    offsets: np.ndarray
    t_start: float
    t_stop: float
    shape: tuple[int, int]
    steps: np.ndarray | None
    dt: float | None
    trials: tuple[Any, ...]
    neurons: tuple[Any, ...]

    unit = "ms"

    def __init__(
        self,
        times: Any,
        offsets: Any,
        t_start: Any,
        t_stop: Any,
        shape: tuple[int, int] | None = None,
        steps: Any = None,
        dt: Any = None,
        trials: Sequence[Any] | None = None,
        neurons: Sequence[Any] | None = None,
    ) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("times", frozen(magnitude(unmasked(times, "spike times"), "ms", "spike times"), float))
        put("offsets", frozen(whole(offsets, "offsets"), np.int64))
        put("t_start", float(magnitude(t_start, "ms", "t_start")))
        put("t_stop", float(magnitude(t_stop, "ms", "t_stop")))
        put("steps", None if steps is None else frozen(whole(steps, "steps"), np.int64))
        put("dt", None if dt is None else float(magnitude(dt, "ms", "dt")))
        put("shape", (1, len(self)) if shape is None else (int(shape[0]), int(shape[1])))
        put("trials", tuple(range(self.shape[0]) if trials is None else trials))
        put("neurons", tuple(range(self.shape[1]) if neurons is None else neurons))
        self._check()

    def _check(self) -> None:
        times, offsets = self.times, self.offsets
        if times.ndim != 1 or offsets.ndim != 1 or len(offsets) < 1:
            raise RecordingError("times and offsets must be one-dimensional; for a list of trains use from_lists")
        if offsets[0] != 0 or offsets[-1] != len(times) or np.any(np.diff(offsets) < 0):
            raise RecordingError(f"offsets must rise from 0 to the number of spikes, {len(times)}: got {offsets}")
        if self.shape[0] * self.shape[1] != len(self):
            raise RecordingError(f"shape {self.shape} (trial, neuron) does not hold {len(self)} trains")
        if (len(self.trials), len(self.neurons)) != self.shape:
            raise RecordingError(
                f"{len(self.trials)} trial labels and {len(self.neurons)} neuron labels for shape {self.shape}"
            )
        if not np.isfinite([self.t_start, self.t_stop]).all() or self.t_stop < self.t_start:
            raise RecordingError(f"the window must have an end after its start: {self.t_start} to {self.t_stop} ms")
        if self.steps is not None and self.steps.shape != times.shape:
            raise RecordingError(f"{len(self.steps)} steps for {len(times)} spikes")
        if not np.isfinite(times).all():
            raise self._fault(~np.isfinite(times), "is not finite: leave such spikes out")
        unsorted = np.zeros(len(times), bool)
        unsorted[1:] = times[1:] < times[:-1]
        unsorted[offsets[:-1][offsets[:-1] < len(times)]] = False
        if unsorted.any():
            raise self._fault(unsorted, "comes before its predecessor: sort each train by np.sort")
        outside = (times < self.t_start) | (times > self.t_stop)
        if outside.any():
            raise self._fault(
                outside, f"is outside the window, {self.t_start:g} to {self.t_stop:g} ms: set t_start and t_stop"
            )

    def _fault(self, bad: np.ndarray, what: str) -> RecordingError:
        spike = int(np.flatnonzero(bad)[0])
        train = int(np.searchsorted(self.offsets, spike, side="right")) - 1
        return RecordingError(f"spike {spike - self.offsets[train]} of train {train} ({self.times[spike]:g} ms) {what}")

    @classmethod
    def from_lists(
        cls,
        trains: Iterable[Any],
        *,
        t_stop: Any,
        t_start: Any = 0.0,
        shape: tuple[int, int] | None = None,
        unit: str | Unit = "ms",
        trials: Sequence[Any] | None = None,
        neurons: Sequence[Any] | None = None,
    ) -> SpikeTrains:
        """Spike trains from one sequence of times each.

        Parameters
        ----------
        trains : sequence of (spike,), numbers in ``unit`` or quantities
        t_stop, t_start : ``unit`` or quantities
            The observed window.
        shape : (trial, neuron), optional
            By default one trial.
        unit : str
            Unit of bare numbers.
        trials, neurons : as for the class

        Examples
        --------
        >>> SpikeTrains.from_lists([[0.1, 0.2], [0.3]], t_stop=1, unit="s", shape=(2, 1)).times
        array([100., 200., 300.])
        """
        size = magnitude(parse_unit(unit), "ms", "the unit of spike times")

        def to_ms(value: Any, name: str) -> Any:
            number = np.asarray(magnitude(unmasked(value, name), unit, name), float)
            return number * size if size >= 1 else number / (1 / size)

        arrays = [to_ms(train, "spike times") for train in trains]
        if any(train.ndim != 1 for train in arrays):
            raise RecordingError("each train is a list of times: for a single one, write from_lists([times], ...)")
        return cls(
            np.concatenate(arrays) if arrays else np.empty(0),
            np.concatenate([[0], np.cumsum([len(a) for a in arrays], dtype=np.int64)]),
            to_ms(t_start, "t_start"),
            to_ms(t_stop, "t_stop"),
            shape=shape,
            trials=trials,
            neurons=neurons,
        )

    @classmethod
    def from_steps(
        cls,
        steps: Any,
        offsets: Any,
        *,
        dt: Any,
        t_stop: Any,
        t_start: Any = 0.0,
        shape: tuple[int, int] | None = None,
        trials: Sequence[Any] | None = None,
        neurons: Sequence[Any] | None = None,
    ) -> SpikeTrains:
        """Spike trains from the integer time steps of a simulation: step k is stamped ``t_start + k*dt``.

        Parameters
        ----------
        steps : (spike,)
            Steps of all trains, one train behind the other.
        offsets : (train + 1,)
            Where each train begins.
        dt, t_stop, t_start : ms
            Length of a step; the observed window.
        shape, trials, neurons : as for the class

        Examples
        --------
        >>> SpikeTrains.from_steps([1, 5, 3], [0, 2, 3], dt="0.1 ms", t_stop=1).times
        array([0.1, 0.5, 0.3])
        """
        steps = np.asarray(steps)
        if steps.size and not np.issubdtype(steps.dtype, np.integer):
            raise RecordingError(f"steps must be integers, not {steps.dtype}; for times use from_lists")
        dt = float(magnitude(dt, "ms", "dt"))
        if not dt > 0:
            raise RecordingError(f"dt must be positive, not {dt:g} ms")
        start = float(magnitude(t_start, "ms", "t_start"))
        return cls(start + steps * dt, offsets, start, t_stop, shape, steps, dt, trials, neurons)

    @classmethod
    def from_neo(cls, source: Any) -> SpikeTrains:
        """Spike trains from Neo: a Block (its segments are trials), a Segment, a SpikeTrain or a list of those.

        Labels are the names of Neo's objects where all have one. Units are read, not assumed.

        Raises
        ------
        RecordingError
            If the segments hold different numbers of trains, or the trains have different windows.

        Examples
        --------
        >>> import neo
        >>> SpikeTrains.from_neo(neo.SpikeTrain([0.1, 0.2], units="s", t_stop=1.0))
        SpikeTrains(2 spikes in 1 train, 0 to 1000 ms, 2 Hz)
        """
        from lapicque.spikes.exchange import from_neo

        return from_neo(source)

    def to_neo(self) -> neo.Block:
        """Neo's Block of these trains: one Segment a trial, one SpikeTrain a neuron, in ms, named by their labels.

        Examples
        --------
        >>> block = SpikeTrains.from_lists([[1.0], [2.0]], t_stop=5.0, shape=(2, 1)).to_neo()
        >>> [segment.spiketrains[0].times.item() for segment in block.segments]
        [1.0, 2.0]
        """
        from lapicque.spikes.exchange import to_neo

        return to_neo(self)

    @property
    def counts(self) -> np.ndarray:
        """Number of spikes of each train, (train,)."""
        return np.diff(self.offsets)

    @property
    def duration(self) -> float:
        """Length of the window in ms."""
        return self.t_stop - self.t_start

    def rate(self) -> np.ndarray:
        """Mean rate of each train in Hz, (train,); not a number for a window of no length."""
        return self.counts / (self.duration or np.nan) * 1e3

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[SpikeTrains]:
        return map(self.__getitem__, range(len(self)))

    def __array__(self, *_: Any, **__: Any) -> Any:  # else NumPy unpacks trains of one train without end
        raise TypeError("spike trains are no array: .times are all of their spikes, .to_lists() those of each train")

    def to_lists(self) -> list[np.ndarray]:
        """Spike times of each train, (spike,) in ms.

        Examples
        --------
        >>> SpikeTrains.from_lists([[1, 2], []], t_stop=5).to_lists()
        [array([1., 2.]), array([], dtype=float64)]
        """
        return [self.times[a:b] for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]

    def __getitem__(self, index: Any) -> SpikeTrains:
        """One train by its number, some by a slice, a list or a mask, or ``[trials, neurons]``, each one of those."""
        grid = np.arange(len(self)).reshape(self.shape)
        if isinstance(index, tuple):
            if len(index) != 2:
                raise RecordingError(f"spike trains have two axes, [trials, neurons]: got {len(index)} indices")
            rows, columns = (_positions(i, n) for i, n in zip(index, self.shape, strict=True))
        elif np.ndim(index) == 0 and not isinstance(index, slice):
            row, column = np.unravel_index(_positions(index, len(self))[0], self.shape)
            rows, columns = np.array([row]), np.array([column])
        elif self.shape[0] == 1:
            rows, columns = np.array([0]), _positions(index, len(self))
        elif self.shape[1] == 1:
            rows, columns = _positions(index, len(self)), np.array([0])
        else:
            raise RecordingError(
                f"of trains of shape {self.shape}, some are selected by [trials, neurons]: trains[:, 2:5]"
            )
        return self._select(grid[np.ix_(rows, columns)], rows, columns)

    def _select(self, grid: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> SpikeTrains:
        chosen = grid.ravel()
        spikes = np.concatenate(
            [np.empty(0, np.int64), *(np.arange(self.offsets[k], self.offsets[k + 1]) for k in chosen)]
        )
        return SpikeTrains(
            self.times[spikes], np.concatenate([[0], np.cumsum(self.counts[chosen])]), self.t_start, self.t_stop,
            grid.shape, None if self.steps is None else self.steps[spikes], self.dt,
            [self.trials[i] for i in rows], [self.neurons[i] for i in columns],
        )  # fmt: skip

    def window(self, t_start: Any, t_stop: Any) -> SpikeTrains:
        """Spikes from ``t_start`` on and before ``t_stop``, with that window; times are kept.

        Windows that adjoin share no spike. A spike at the very end of the recording stays in a window that ends there.

        Raises
        ------
        RecordingError
            If the window reaches beyond that of the trains.

        Examples
        --------
        >>> trains = SpikeTrains.from_lists([[10, 50, 100]], t_stop=100)
        >>> trains.window(0, 50).times, trains.window(50, 100).times
        (array([10.]), array([ 50., 100.]))
        """
        start, stop = float(magnitude(t_start, "ms", "t_start")), float(magnitude(t_stop, "ms", "t_stop"))
        if start < self.t_start or stop > self.t_stop:
            raise RecordingError(
                f"the window {start:g} to {stop:g} ms reaches beyond the trains' own, "
                f"{self.t_start:g} to {self.t_stop:g} ms: nothing is known about spikes there"
            )
        if (start, stop) == (self.t_start, self.t_stop):
            return self
        last = self.times <= stop if stop == self.t_stop else self.times < stop
        return self._keep((self.times >= start) & last, start, stop)

    def shift(self, by: Any) -> SpikeTrains:
        """All times, and the window with them, later by ``by`` ms (earlier where it is negative).

        Examples
        --------
        >>> SpikeTrains.from_lists([[10, 50]], t_stop=100).shift("-10 ms")
        SpikeTrains(2 spikes in 1 train, -10 to 90 ms, 20 Hz)
        """
        by = float(magnitude(by, "ms", "the shift"))
        return SpikeTrains(
            self.times + by, self.offsets, self.t_start + by, self.t_stop + by, self.shape,
            trials=self.trials, neurons=self.neurons,
        )  # fmt: skip

    def _keep(self, kept: np.ndarray, t_start: float, t_stop: float) -> SpikeTrains:
        before = np.concatenate([[0], np.cumsum(kept)])
        return SpikeTrains(
            self.times[kept], before[self.offsets], t_start, t_stop, self.shape,
            None if self.steps is None else self.steps[kept], self.dt, self.trials, self.neurons,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SpikeTrains)
            and (self.t_start, self.t_stop, self.shape) == (other.t_start, other.t_stop, other.shape)
            and (self.trials, self.neurons) == (other.trials, other.neurons)
            and np.array_equal(self.times, other.times)
            and np.array_equal(self.offsets, other.offsets)
        )

    def __repr__(self) -> str:
        def many(n: int, what: str) -> str:
            return f"{n} {what}" if n == 1 else f"{n} {what}s"

        arranged = f": {many(self.shape[0], 'trial')} x {many(self.shape[1], 'neuron')}" if len(self) > 1 else ""
        rate = f", {self.rate().mean():.3g} Hz" if len(self) and self.duration else ""
        return (
            f"SpikeTrains({many(len(self.times), 'spike')} in {many(len(self), 'train')}{arranged}, "
            f"{self.t_start:g} to {self.t_stop:g} ms{rate})"
        )


def _positions(index: Any, n: int) -> np.ndarray:
    try:
        found = np.atleast_1d(np.arange(n)[index])
    except IndexError:
        found = np.empty((0, 0))
    if found.ndim != 1:
        raise RecordingError(f"there is no {index} among {n} spike trains")
    return found
