"""Recordings in HDF5: written while a network runs, read without loading them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.simulation.journal import Journal
from lapicque.simulation.recording import Collector, Recording, times_of, trains_of
from lapicque.simulation.results import Result, Trace
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import Unit, magnitude, parse_unit

KIND = "lapicque recording"
FORMAT = 1
#: Seconds, and bytes, after which what was recorded is brought to the disk.
PATIENCE, MOST = 1.0, 1 << 22
#: Bytes of a chunk of a dataset.
CHUNK = 1 << 18


class Writer:
    """Puts the rows of a recording into a file, which can be read whatever happens.

    Parameters
    ----------
    path : path
        A recording of that name is replaced.
    collectors : list of Collector
    names : of the populations
    about : what the file says of the run: dt, seeds ...

    Raises
    ------
    SimulationError
        If there is another file, or it cannot be made; from `append` and `reached`, if the disk is full.
    """

    def __init__(
        self, path: str | os.PathLike[str], collectors: list[Collector], names: list[str], about: Mapping[str, Any]
    ):
        import h5py

        self.path = checked_path(path, KIND)
        try:
            self._journal = Journal(self.path)
        except OSError as error:
            raise SimulationError(f"to={os.fspath(path)!r} cannot be written: {error.strerror}") from None
        self._file = h5py.File(self._journal, "w")
        kept = self._file.id.get_mdc_config()  # of the index of chunks; 32 MB by default
        kept.set_initial_size, kept.initial_size = True, 1 << 20
        kept.min_size, kept.max_size = 1 << 20, 1 << 22
        self._file.id.set_mdc_config(kept)
        self._file.attrs.update({"kind": KIND, "format": FORMAT, **about, "schemes": json.dumps(about["schemes"])})
        self._file.create_dataset("last_step", data=np.int64(collectors[0].first if collectors else 0))
        self._sets = [self._dataset(n, c, names[c.item.population]) for n, c in enumerate(collectors)]
        self._when = monotonic()
        self._commit()

    def _dataset(self, number: int, collector: Collector, population: str) -> Any:
        item = collector.item
        row = collector.dtype.itemsize * collector.shape[0]
        made = self._file.create_dataset(
            f"{item.kind}/{number}",
            (0, *collector.shape),
            collector.dtype,
            maxshape=(None, *collector.shape),
            chunks=(max(1, CHUNK // row), *collector.shape),
        )
        said = {"name": item.key, "variable": item.name, "population": population, "every": item.every}
        made.attrs.update({**said, "unit": "step, neuron" if item.kind == "events" else str(item.unit),
                           "first_step": collector.first, "dt_ms": collector.dt})  # fmt: skip
        made.attrs["columns"] = ["step", "neuron"] if item.kind == "events" else ["time", "neuron"]
        made.parent.create_dataset(f"{number}_neurons", data=item.neurons)
        return made

    def append(self, number: int, rows: np.ndarray) -> None:
        """Put rows behind those of an item."""
        made = self._sets[number]
        made.resize(len(made) + len(rows), axis=0)
        made[len(made) - len(rows) :] = rows

    def reached(self, step: int) -> None:
        """Note that everything before a step has been appended; bring it to the disk now and then."""
        self._file["last_step"][()] = step
        if monotonic() - self._when > PATIENCE or self._journal.pending > MOST:
            self._commit()

    def _commit(self) -> None:
        self._file.flush()
        try:
            self._journal.commit()
        except OSError as error:
            raise SimulationError(
                f"{os.fspath(self.path)!r} cannot be written any further ({error.strerror}): what was recorded until "
                "then is in it, and lapicque.simulation.open_result reads it. Make room, or name another disk"
            ) from None
        self._when = monotonic()

    def result(self, recording: Recording, final: Mapping[str, Mapping[str, np.ndarray]]) -> StoredResult:
        """Add what is left and the states at the end, close the file, and open it for reading.

        Raises
        ------
        SimulationError
            If the disk is full; its ``result`` has what is in the file.
        """
        failed = None
        if self._journal.error is None:
            recording.finish()
            for population, states in final.items():
                for name, values in states.items():
                    self._file.create_dataset(f"final/{population}/{name}", data=values)
            try:
                self._commit()
            except SimulationError as error:
                failed = error
        self.close()
        result = StoredResult(self.path)
        if failed is not None:
            failed.result = result  # type: ignore[attr-defined]
            raise failed
        return result

    def close(self) -> None:
        """Close the file as it is."""
        self._file.close()
        self._journal.close()


def checked_path(path: Any, kind: str) -> Path:
    """Return where a file may be written.

    Raises
    ------
    SimulationError
        If it is a folder, lies in none, or is a file of another kind.
    """
    try:
        found = Path(path)
    except TypeError:
        raise SimulationError(f"{path!r} is no path: write for example 'run.h5'") from None
    if found.is_dir() or not found.absolute().parent.is_dir():
        what = "is a folder" if found.is_dir() else f"lies in no folder that exists ({found.parent})"
        raise SimulationError(f"{os.fspath(found)!r} {what}: name a file in a folder that exists")
    if found.exists() and found.stat().st_size and kind_of(found) != kind:
        raise SimulationError(f"{os.fspath(found)!r} exists and is no {kind}: remove it, or give another name")
    return found


def kind_of(path: Path) -> str:
    """Return what kind of file of lapicque's it is; empty for others."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs.get("kind", ""))
    except OSError:
        return ""


@dataclass(frozen=True, eq=False, repr=False)
class StoredTrace:
    """A recorded variable in a file.

    Attributes
    ----------
    values : h5py.Dataset
        (time, neuron), in ``unit``: slices of it are read from the file.
    unit : Unit
    name : str
    neurons : (neuron,) int
        Their numbers in the population.
    """

    values: Any
    unit: Unit
    name: str
    neurons: np.ndarray

    @property
    def _times(self) -> tuple[str, int, int, float]:
        about = self.values.attrs
        kind = self.values.parent.name.strip("/")
        return kind, int(about["every"]), int(about["first_step"]), float(about["dt_ms"])

    @property
    def times(self) -> np.ndarray:
        """The time of each sample, (time,), ms."""
        kind, every, first, dt = self._times
        return times_of(kind, every, first, len(self.values), dt)

    def window(self, t_start: Any, t_stop: Any) -> Trace:
        """Read the samples from ``t_start`` on and before ``t_stop``."""
        start, stop = float(magnitude(t_start, "ms", "t_start")), float(magnitude(t_stop, "ms", "t_stop"))
        kind, every, first, dt = self._times
        begin = times_of(kind, every, first, 1, dt)[0]
        a, b = (int(np.clip(np.ceil((t - begin) / (every * dt) - 1e-9), 0, len(self.values))) for t in (start, stop))
        times = times_of(kind, every, first, b, dt)[a:]
        return Trace(self.values[a:b], times, self.unit, self.name, self.neurons)

    def load(self) -> Trace:
        """Read all of it."""
        return Trace(self.values[:], self.times, self.unit, self.name, self.neurons)

    def __repr__(self) -> str:
        samples, neurons = self.values.shape
        return f"StoredTrace({self.name}, {samples} samples x {neurons} neurons, {self.unit})"


class _Lazy(Mapping[str, Any]):
    """Values that are made when they are asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]):
        self._makers = makers

    def __getitem__(self, name: str) -> Any:
        if name not in self._makers:
            raise KeyError(f"nothing called {name!r} was recorded{suggest(name, self._makers)}")
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class StoredResult:
    """A recording in a file; `open_result` opens one.

    Attributes
    ----------
    spikes : recorder -> SpikeTrains, read when asked for
    traces : recorder -> StoredTrace, whose slices are read when asked for
    final : population -> state -> (neuron,); empty if the run did not come to its end
    t_start, t_stop : ms
    dt, precision, seed, wiring_seed, trial, schemes : as of a `Result`
    """

    def __init__(self, path: str | os.PathLike[str]):
        import h5py

        self.path = Path(path)
        if not self.path.exists():
            raise SimulationError(f"there is no file {os.fspath(path)!r}")
        if kind_of(self.path) != KIND:
            raise SimulationError(f"{os.fspath(path)!r} is no recording of a network: simulate(..., to=...) writes one")
        self._file = h5py.File(self.path, "r")
        about = dict(self._file.attrs)
        if about["format"] != FORMAT:
            self._file.close()
            raise SimulationError(f"{os.fspath(path)!r} was written by another version of lapicque: {about['version']}")
        self.dt, self.precision = float(about["dt_ms"]), str(about["precision"])
        self.seed, self.wiring_seed, self.trial = (int(about[n]) for n in ("seed", "wiring_seed", "trial"))
        self.schemes: Mapping[str, str] = json.loads(about["schemes"])
        self.first, self.last = int(about["first_step"]), int(self._file["last_step"][()])
        self._events: dict[int, Any] = {}
        self._sampled: dict[int, Any] = {}
        for kind in ("events", "samples", "rate"):
            for name, made in self._file.get(kind, {}).items():
                if not name.endswith("_neurons"):
                    table = self._events if kind == "events" else self._sampled
                    table[int(name)] = made
        self.spikes: Mapping[str, SpikeTrains] = _Lazy(
            {m.attrs["name"]: partial(self._trains, m, self.first, self.last) for _, m in sorted(self._events.items())}
        )
        self.traces: Mapping[str, StoredTrace] = _Lazy(
            {m.attrs["name"]: partial(self._trace, m) for _, m in sorted(self._sampled.items())}
        )
        self.final = {
            population: {name: values[:] for name, values in states.items()}
            for population, states in self._file.get("final", {}).items()
        }

    @property
    def t_start(self) -> float:
        """Where the recording begins, ms."""
        return self.first * self.dt

    @property
    def t_stop(self) -> float:
        """Where it ends, ms."""
        return self.last * self.dt

    @property
    def duration(self) -> float:
        """How long it is, ms."""
        return (self.last - self.first) * self.dt

    def _neurons(self, made: Any) -> np.ndarray:
        return made.parent[f"{made.name.rpartition('/')[2]}_neurons"][:]

    def _trains(self, made: Any, first: int, last: int) -> SpikeTrains:
        a, b = (_row(made, step) for step in (first, last))
        return trains_of(made[a:b], self._neurons(made), first, last, self.dt)

    def _trace(self, made: Any) -> StoredTrace:
        unit = parse_unit(made.attrs["unit"])
        return StoredTrace(made, unit, made.attrs["name"], self._neurons(made))

    def window(self, t_start: Any, t_stop: Any) -> Result:
        """Read what was recorded from ``t_start`` on and before ``t_stop``.

        Raises
        ------
        SimulationError
            If the recording does not reach that far.
        """
        times = [float(magnitude(t, "ms", name)) for t, name in ((t_start, "t_start"), (t_stop, "t_stop"))]
        first, last = (int(np.ceil(t / self.dt - 1e-6)) for t in times)
        if not self.first <= first < last <= self.last:
            raise SimulationError(
                f"{times[0]:g} to {times[1]:g} ms are asked for, but the recording goes from {self.t_start:g} to "
                f"{self.t_stop:g} ms"
            )
        spikes = {m.attrs["name"]: self._trains(m, first, last) for _, m in sorted(self._events.items())}
        traces = {name: trace.window(*times) for name, trace in self.traces.items()}
        return Result(spikes, traces, {}, self.dt, self.schemes, self.precision, self.seed, self.wiring_seed,
                      self.trial, (last - first) * self.dt)  # fmt: skip

    def load(self) -> Result:
        """Read all of it into memory."""
        traces = {name: trace.load() for name, trace in self.traces.items()}
        return Result(dict(self.spikes), traces, self.final, self.dt, self.schemes, self.precision, self.seed,
                      self.wiring_seed, self.trial, self.duration)  # fmt: skip

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> StoredResult:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        lines = [f"StoredResult of {self.t_start:g} to {self.t_stop:g} ms in {os.fspath(self.path)!r} "
                 f"(dt {self.dt:g} ms, {self.precision}, seed {self.seed}, wiring seed {self.wiring_seed}, "
                 f"trial {self.trial})"]  # fmt: skip
        for _, made in sorted(self._events.items()):
            lines.append(f"  spikes[{made.attrs['name']!r}]: {len(made)} of {len(self._neurons(made))} neurons")
        lines += [f"  traces[{name!r}]: {trace!r}" for name, trace in self.traces.items()]
        return "\n".join(lines)


def _row(made: Any, step: int) -> int:
    """Return the first row of an event's dataset that is not before a step; the steps rise."""
    low, high = 0, len(made)
    while low < high:
        middle = (low + high) // 2
        if made[middle, 0] < step:
            low = middle + 1
        else:
            high = middle
    return low


def open_result(path: str | os.PathLike[str]) -> StoredResult:
    """Open a recording that a run has written, ``lq.simulate(net, duration, to=path)``.

    Nothing is loaded: spikes are read when they are asked for, traces slice by slice.

    Parameters
    ----------
    path : path

    Returns
    -------
    StoredResult

    Raises
    ------
    SimulationError
        If there is no such file, or it is no recording.

    Examples
    --------
    >>> import lapicque as lq, pathlib, tempfile
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 10, name="cells")
    >>> _ = net.stimulate(cells, "i_ext", "300 pA")
    >>> _ = net.record(cells, "spikes"), net.record(cells, "v")
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.h5"
    >>> lq.simulate(net, "100 ms", to=path).close()
    >>> with open_result(path) as stored:
    ...     stored.traces["cells.v"].values[500:502, 3].shape, stored.spikes["cells"].t_stop
    ((2,), 100.0)
    """
    return StoredResult(path)
