"""A fitting problem: a model, what is free in it, and the trials that it should explain.

Candidates are lanes of compiled blocks: an objective is evaluated for 64 of them at once, over threads, without any
Python for a single candidate. All candidates see the same random numbers.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import Any

import numpy as np

from lapicque.compile.kernels import kernel_of
from lapicque.compile.lanes import LANES, arena, lane_blocks
from lapicque.compile.schemes import Scheme
from lapicque.distances.distance import Distance
from lapicque.errors import FitError, LapicqueNotice, suggest
from lapicque.fit.free import Free, read_free
from lapicque.fit.objectives import Block, Objective, SpikeMatch
from lapicque.fit.resampling import resample_samples, resample_signal
from lapicque.fit.trial import Trial
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.neuron import Neuron
from lapicque.random import stream_key
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import Stopped, run_all
from lapicque.units import magnitude

CHUNK = 4096  # steps at a time where a trace is compared


@dataclass(frozen=True, eq=False)
class Problem:
    """What to fit.

    Parameters
    ----------
    neuron : Neuron
        Parameters that are not free keep their values.
    trials : sequence of Trial
    free : name -> bounds, optional
        See `lapicque.fit.free.read_free`; the model's own ranges if absent. Besides parameters ``delay`` (the model's
        spikes come later by it), ``input_scale`` and ``input_offset`` can be free.
    distance : Distance, optional
        The objective is then `SpikeMatch` of it.
    objective : Objective, optional
        In place of ``distance``.
    dt : time, optional
        Step of the simulation; the stimulus' interval if absent.
    method : str or Scheme, optional
    repeats : int, optional
        Runs of the model for each trial: 1 without noise, else 4.
    seed : int
        Of the model's random numbers.
    precision : ``"float64"`` or ``"float32"``

    Raises
    ------
    FitError, UnitError, SchemeError, DistanceError
        If the problem is not well posed.

    Examples
    --------
    >>> import lapicque as lq
    >>> spikes = lq.spikes.SpikeTrains.from_lists([[30.0, 60.0, 90.0]], t_stop=100)
    >>> trial = lq.fit.Trial(np.full(1000, 400.0), spikes)
    >>> problem = lq.fit.Problem(lq.neurons.lif, [trial], free=dict(c_m=("50 pF", "400 pF")),
    ...                          distance=lq.distances.coincidence("4 ms"))
    >>> problem.losses(np.array([[0.2], [0.8]])).shape
    (2,)
    """

    neuron: Neuron
    trials: Sequence[Trial]
    free: Any = None
    distance: Distance | None = None
    objective: Objective | None = None
    dt: Any = None
    method: str | Scheme | None = None
    repeats: int | None = None
    seed: int = 0
    precision: str = "float64"

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("trials", tuple(self.trials))
        if not self.trials:
            raise FitError("there are no trials to fit to")
        if not self.neuron.spikes:
            raise FitError(f"{self.neuron.name!r} never spikes: it has no threshold")
        if (self.distance is None) == (self.objective is None):
            raise FitError("give either distance= or objective=, such as distance=lq.distances.coincidence('4 ms')")
        if self.objective is None:
            put("objective", SpikeMatch(self.distance))
        if sum(trial.weight for trial in self.trials) <= 0:
            raise FitError("all trials have weight 0")
        put("free", read_free(self.neuron, self.free if not _is_read(self.free) else {f.name: f for f in self.free}, self.driven))
        put("dt", self.trials[0].dt if self.dt is None else float(magnitude(self.dt, "ms", "dt")))
        if not self.dt > 0:
            raise FitError(f"dt is {self.dt:g} ms: a positive time is expected")
        put("trials", tuple(_at(trial, self.dt) for trial in self.trials))
        for trial in self.trials:
            self._inputs_of(trial)
        if self.repeats is not None and self.repeats < 1:
            raise FitError(f"repeats is {self.repeats}: at least one run of the model is needed")
        put("repeats", self.repeats or (4 if self._kernel.DRAWS else 1))
        self._scorers  # noqa: B018  (what the objective needs is checked now)

    @property
    def dimension(self) -> int:
        """Number of free parameters."""
        return len(self.free)

    @property
    def scheme(self) -> str:
        """Name of the scheme that integrates the model."""
        return self._kernel.SCHEME

    @cached_property
    def driven(self) -> str:
        """The input that the stimuli drive; the first one where they drive several."""
        named = next(iter(self.trials[0].inputs))
        if named:
            if named not in self.neuron.inputs:
                raise FitError(f"{self.neuron.name!r} has no input {named!r}{suggest(named, self.neuron.inputs)}")
            return named
        if len(self.neuron.inputs) != 1:
            names = ", ".join(self.neuron.inputs) or "none"
            raise FitError(f"{self.neuron.name!r} has several inputs or none ({names}): name them, stimulus=dict(i_ext=...)")
        return next(iter(self.neuron.inputs))

    @cached_property
    def _affine(self) -> tuple[str, ...]:
        names = {f.name for f in self.free}
        return (self.driven,) if names & {"input_scale", "input_offset"} else ()

    @cached_property
    def _kernel(self) -> Any:
        return kernel_of(self.neuron, self.method, self.precision, affine=self._affine)

    @cached_property
    def _scorers(self) -> list[Any]:
        if self.objective.records and self.objective.records not in self.neuron.states:
            state = self.objective.records
            raise FitError(f"{self.neuron.name!r} has no state {state!r} to compare{suggest(state, self.neuron.states)}")
        return [self.objective.prepare(trial) for trial in self.trials]

    def _inputs_of(self, trial: Trial) -> dict[str, np.ndarray]:
        given = {}
        for name, values in trial.inputs.items():
            name = name or self.driven
            if name not in self.neuron.inputs:
                raise FitError(f"{self.neuron.name!r} has no input {name!r}{suggest(name, self.neuron.inputs)}")
            unit = self.neuron.inputs[name].unit
            if trial.unit != "1":
                given[name] = magnitude(values, unit) if trial.unit == unit.name else _convert(values, trial.unit, unit)
            elif name in self._affine or unit.dimensionless:
                given[name] = values
            else:
                raise FitError(
                    f"the stimulus has no physical unit but {name!r} is in {unit}: let input_scale (and input_offset) be "
                    f"free, or give the stimulus in {unit}"
                )
            given[name] = given[name] * unit.scale
        zeros = np.zeros(trial.samples)
        return {name: given.get(name, zeros) for name in self._kernel.INPUTS}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything that the losses depend on."""
        digest = hashlib.blake2b(digest_size=16)
        described = (self.neuron.structure, sorted((k, repr(v.value)) for k, v in self.neuron.constants.items()),
                     sorted(map(repr, self.neuron.initial.items())), self.free, self.objective, self.dt, str(self.method),
                     self.repeats, self.seed, self.precision)  # fmt: skip
        digest.update(repr(described).encode())
        for trial in self.trials:
            digest.update(repr((trial.window, trial.weight, trial.distance)).encode())
            for values in (*trial.inputs.values(), trial.spikes.times, trial.spikes.offsets):
                digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    # -- values ------------------------------------------------------------------------------------------------------

    def values(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return (candidate,) values of the free parameters, in their units, for points (candidate, dimension) in [0, 1]."""
        points = np.atleast_2d(np.asarray(points, dtype=float))
        if points.shape[1] != self.dimension:
            raise FitError(f"points have {points.shape[1]} coordinates, but {self.dimension} parameters are free")
        return {f.name: f.from_cube(points[:, n]) for n, f in enumerate(self.free)}

    def point(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return the point in [0, 1] of values in their units; those that are absent stand at the model's own value."""
        own = {name: v.value for name, v in self.neuron.constants.items()}
        own |= {"delay": 0.0, "input_scale": 1.0, "input_offset": 0.0}
        return np.clip([f.to_cube(values.get(f.name, own[f.name])) for f in self.free], 0.0, 1.0)

    def fitted(self, point: np.ndarray) -> Neuron:
        """Return the neuron with the parameters of a point; `NUISANCES` are not the neuron's."""
        values = {name: float(v[0]) for name, v in self.values(point).items()}
        return self.neuron.with_(**{name: v for name, v in values.items() if name in self.neuron.constants})

    # -- evaluation --------------------------------------------------------------------------------------------------

    def losses(self, points: np.ndarray, threads: int | None = None) -> np.ndarray:
        """Return the loss of every candidate: (candidate,), finite.

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]
        """
        lanes = self._lanes(points)
        total = np.zeros(lanes.size)
        weights = sum(trial.weight for trial in self.trials)
        jobs = [(b, n, r) for n in range(len(self.trials)) for r in range(self.repeats) for b in lane_blocks(lanes.size)]

        def work(job: tuple[slice, int, int], stop: Event) -> np.ndarray:
            if stop.is_set():
                raise Stopped
            block, n, repeat = job
            spikes, sums = self._run(lanes, block, n, repeat)
            return self._scorers[n].score(spikes, sums)[: block.stop - block.start]

        for (block, n, _), losses in zip(jobs, run_all(work, jobs, threads), strict=True):
            finite = np.where(np.isfinite(losses), losses, 1e6)
            total[block] += self.trials[n].weight / weights / self.repeats * finite
        return total

    def respond(self, points: np.ndarray, trial: int = 0, repeat: int = 0) -> SpikeTrains:
        """Return the spikes of candidates in a trial, delay included: (1, candidate), 0 to the end of the stimulus.

        Spikes that the delay moves beyond the end of the stimulus are left out.
        """
        lanes = self._lanes(points)
        stop = self.trials[trial].duration
        found: list[np.ndarray] = []
        for block in lane_blocks(lanes.size):
            spikes, _ = self._run(lanes, block, trial, repeat, capacity=round(stop / self.dt))
            rows = spikes.times.reshape(-1, spikes.capacity)
            found += [rows[c, : spikes.kept[c]] for c in range(block.stop - block.start)]
        return SpikeTrains.from_lists([t[t <= stop] for t in found], t_stop=stop)

    def with_trials(self, trials: Sequence[Trial]) -> Problem:
        """Return the problem with other trials: to score what was fitted on data that it has not seen."""
        return replace(self, trials=tuple(trials), distance=None)

    def _lanes(self, points: np.ndarray) -> _Candidates:
        values = self.values(points)
        size = len(next(iter(values.values())))
        parameters = parameter_values(self.neuron)
        for f in self.free:
            if f.name in parameters:
                parameters[f.name] = values[f.name] * f.unit.scale
        initial = initial_values(self.neuron, parameters)
        delays = values.get("delay", np.zeros(size))
        for name in self._affine:
            parameters[f"_scale_{name}"] = values.get("input_scale", np.ones(size))
            offset = values.get("input_offset", np.zeros(size))
            parameters[f"_offset_{name}"] = offset * self.neuron.inputs[name].unit.scale
        with np.errstate(all="ignore"):
            constants = self._kernel.coefficients({"i": 0.0, "N": 1.0, **parameters}, self.dt, size)
        return _Candidates(size, constants, initial, delays)

    @cached_property
    def _stimuli(self) -> list[list[np.ndarray]]:
        real = self._kernel.REAL
        return [
            [np.ascontiguousarray(values, real).reshape(-1, 1) for values in self._inputs_of(trial).values()]
            for trial in self.trials
        ]

    def _run(
        self, lanes: _Candidates, block: slice, n: int, repeat: int, capacity: int | None = None
    ) -> tuple[Block, np.ndarray]:
        kernel, trial = self._kernel, self.trials[n]
        a = arena(kernel, lanes.constants, lanes.initial, block)
        steps = min(trial.samples, int(np.ceil(trial.window[1] / self.dt - 1e-9))) if capacity is None else trial.samples
        capacity = capacity or min(steps, 256 + int(0.5 * steps * self.dt))  # more than 500 Hz are counted, not kept
        keys = np.array([stream_key(self.seed, f"{self.neuron.name}/{d}") for d in kernel.DRAWS], np.uint64)
        spikes = np.empty((len(kernel.EVENTS), LANES, capacity), np.int32)
        counts = np.zeros((len(kernel.EVENTS), LANES), np.int64)
        sums = np.zeros(LANES)
        state = self.objective.records
        slots = np.array([kernel.SLOTS[state]] if state else [], np.int64)
        chunk = CHUNK if state else steps
        samples = np.empty((len(slots), chunk if state else 0, LANES), kernel.REAL)
        common = -1  # every candidate draws the same random numbers
        number = n * self.repeats + repeat
        for first in range(0, steps, chunk):
            last = min(first + chunk, steps)
            kernel.advance(
                a, *self._stimuli[n], first, last, self.dt, keys, common, number, slots, 1, samples, spikes, counts
            )
            if state:
                traced = samples[0].astype(np.float64, copy=False) / self.neuron.states[state].unit.scale
                self._scorers[n].gather(traced, last - first, first, sums)
        from lapicque.fit.scoring import to_times

        times, kept = np.empty(LANES * capacity), np.empty(LANES, np.int64)
        delays = np.zeros(LANES)
        delays[: block.stop - block.start] = lanes.delays[block]
        event = kernel.EVENTS.index("spike")
        to_times(spikes[event], counts[event], self.dt, delays, times, kept)
        return Block(times, capacity, counts[event], kept), sums

    def __repr__(self) -> str:
        lines = [f"Problem: {self.neuron.name!r} by {self._kernel.SCHEME}, dt {self.dt:g} ms, {self.precision}"]
        lines.append(f"  objective: {self.objective!r}")
        lines += [f"  {trial!r}" for trial in self.trials]
        lines += ["  free:", *(f"    {f!r}" for f in self.free)]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Candidates:
    size: int
    constants: Sequence[Any]
    initial: Mapping[str, Any]
    delays: np.ndarray


def _is_read(free: Any) -> bool:
    return isinstance(free, tuple) and all(isinstance(f, Free) for f in free)


def _convert(values: np.ndarray, unit: str, target: Any) -> np.ndarray:
    from lapicque.units import parse_unit

    given = parse_unit(unit)
    if given.dimension != target.dimension:
        raise FitError(f"the stimulus is in {unit}, but the model's input is in {target}")
    return values * (given.scale / target.scale)


def _at(trial: Trial, dt: float) -> Trial:
    """Bring a trial to the problem's step, with a notice."""
    if abs(trial.dt - dt) <= 1e-9 * dt:
        return trial
    warnings.warn(
        f"the stimulus {trial.label!r} was resampled from dt {trial.dt:g} ms to {dt:g} ms: held where finer, averaged "
        "where coarser",
        LapicqueNotice,
        stacklevel=4,
    )
    stimulus = {name: resample_signal(values, trial.dt, dt) for name, values in trial.inputs.items()}
    size = len(next(iter(stimulus.values())))
    voltage = trial.voltage
    if voltage is not None:
        voltage = np.array([resample_samples(row, trial.dt, dt, size) for row in voltage])
    window = trial.window[0], min(trial.window[1], size * dt)
    return replace(trial, stimulus=stimulus if "" not in stimulus else stimulus[""], dt=dt, voltage=voltage, window=window)
