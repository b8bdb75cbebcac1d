"""A fitting problem: a model, what is free in it, and the trials that it should explain.

Candidates are lanes of compiled blocks: an objective is evaluated for 64 of them at once, over threads, without any
Python for a single candidate. All candidates see the same random numbers.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, fields, replace
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lapicque.compile.kernels import kernel_of
from lapicque.compile.lanes import LANES, arena, lane_blocks
from lapicque.distances.distance import Distance
from lapicque.errors import FitError, LapicqueNotice, suggest
from lapicque.fit.driving import driven_input, inputs_of
from lapicque.fit.free import Free, point_of, read_free, values_of
from lapicque.fit.objectives import Block, Scorer, Several, SpikeMatch
from lapicque.fit.searchable import EXPLODED
from lapicque.fit.trial import Trial
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.neuron import Neuron
from lapicque.random import stream_key
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import StoppedError, run_all
from lapicque.units import magnitude, parse_unit

if TYPE_CHECKING:  # a warm start needs neither SymPy nor what is built on it
    from lapicque.compile.schemes import Scheme

CHUNK = 4096  # steps at a time where a trace is compared
SPARE = 256  # spikes of a candidate that are kept in any case; more than 500 Hz are counted, not kept
MV = parse_unit("mV")


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
    objective : Objective or sequence of those, optional
        In place of ``distance``. Several are minimised together, by `lapicque.fit.pareto`.
    dt : time, optional
        Step of the simulation; the stimulus' interval if absent.
    method : str or Scheme, optional
    repeats : int, optional
        Runs of the model for each trial: 1 without noise, else 4.
    seed : int
        Of the model's random numbers.
    precision : ``"float64"`` or ``"float32"``
    prepare : bool
        Whether what the objective compares is checked at once, and not at the first use.

    Raises
    ------
    FitError, UnitError, SchemeError, DistanceError
        If the problem is not well posed.

    Examples
    --------
    >>> import lapicque as lq
    >>> spikes = lq.spikes.SpikeTrains.from_lists([[30.0, 60.0, 90.0]], t_stop=100)
    >>> trial = lq.fit.Trial(np.full(1000, 400.0), spikes)
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif, [trial], free=dict(c_m=("50 pF", "400 pF")), distance=lq.distances.coincidence("4 ms")
    ... )
    >>> problem.losses(np.array([[0.2], [0.8]])).shape
    (2,)
    """

    neuron: Neuron
    trials: Sequence[Trial]
    free: Any = None
    distance: Distance | None = None
    objective: Any = None
    dt: Any = None
    method: str | Scheme | None = None
    repeats: Any = None
    seed: int = 0
    precision: str = "float64"
    prepare: InitVar[bool] = True

    lanes: ClassVar[int] = LANES
    """Candidates that are calculated together."""

    def __post_init__(self, prepare: bool) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("trials", tuple(self.trials))
        self._check()
        if self.objective is None:
            put("objective", SpikeMatch(self.distance))
        if isinstance(self.objective, (list, tuple)):
            put("objective", Several(tuple(self.objective)))
        if isinstance(self.objective, Several) and len(self.objective.objectives) == 1:
            put("objective", self.objective.objectives[0])
        read = isinstance(self.free, tuple) and all(isinstance(f, Free) for f in self.free)
        put("free", read_free(self.neuron, {f.name: f for f in self.free} if read else self.free, self.driven))
        put("dt", self.trials[0].dt if self.dt is None else float(magnitude(self.dt, "ms", "dt")))
        if not 0 < self.dt < np.inf:
            raise FitError(f"dt is {self.dt:g} ms: a positive time is expected")
        given = self.trials
        put("trials", tuple(trial.resampled(self.dt) for trial in given))
        changed = [trial for trial, new in zip(given, self.trials, strict=True) if new is not trial]
        if changed:
            intervals = ", ".join(f"{dt:g}" for dt in sorted({trial.dt for trial in changed}))
            what = "the stimulus was" if len(changed) == 1 else f"{len(changed)} stimuli were"
            how = "held where finer, averaged where coarser"
            notice = f"{what} resampled from dt {intervals} ms to {self.dt:g} ms: {how}"
            warnings.warn(notice, LapicqueNotice, stacklevel=3)
        for trial in self.trials:
            self.inputs(trial)
        if self.repeats is not None and self.repeats < 1:
            raise FitError(f"repeats is {self.repeats}: at least one run of the model is needed")
        put("repeats", self.repeats or (4 if self._kernel.DRAWS else 1))
        if prepare:
            self._scorers  # noqa: B018

    def _check(self) -> None:
        if not self.trials:
            raise FitError("there are no trials to fit to")
        for trial in self.trials:
            if not isinstance(trial, Trial):
                raise FitError(
                    f"{trial!r} is no trial: write lq.fit.Trial(stimulus, spikes), or lq.fit.trials_of(recording)"
                )
        if sum(trial.weight for trial in self.trials) <= 0:
            raise FitError("all trials have weight 0: give one at least that counts, Trial(..., weight=1)")
        if not self.neuron.spikes:
            raise FitError(f"{self.neuron.name!r} never spikes: it has no threshold")
        for name, constant in self.neuron.constants.items():
            if np.ndim(constant.value):
                raise FitError(
                    f"{name!r} has {len(constant.value)} values, but one neuron is fitted: give it one by with_"
                )
        if (self.distance is None) == (self.objective is None):
            raise FitError("give either distance= or objective=, such as distance=lq.distances.coincidence('4 ms')")
        if self.precision not in ("float64", "float32"):
            raise FitError(f"precision is {self.precision!r}: write 'float64' or 'float32'")

    @property
    def name(self) -> str:
        """What is fitted, for reports."""
        return self.neuron.name

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of what is minimised."""
        one = self.objective
        return one.names if isinstance(one, Several) else (type(one).__name__,)

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
        return driven_input(self.neuron, self.trials[0])

    @cached_property
    def affine(self) -> tuple[str, ...]:
        """Inputs that candidates scale and shift: the driven one, where its scale or offset is free."""
        names = {f.name for f in self.free}
        return (self.driven,) if names & {"input_scale", "input_offset"} else ()

    @cached_property
    def _kernel(self) -> Any:
        return kernel_of(self.neuron, self.method, self.precision, affine=self.affine)

    @cached_property
    def _scorers(self) -> list[Any]:
        name, states = self.objective.records, self.neuron.states
        if name and name not in states:
            raise FitError(f"{self.neuron.name!r} has no state {name!r} to compare{suggest(name, states)}")
        if name and states[name].unit.dimension != MV.dimension:
            raise FitError(f"{name!r} of {self.neuron.name!r} is in {states[name].unit}: no voltage to compare")
        if self.objective.needs_spikes and not any(trial.scored.times.size for trial in self.trials):
            raise FitError("the data have no spikes in the windows of the trials: a fit to spikes needs some")
        return [self.objective.prepare(trial) for trial in self.trials]

    def inputs(self, trial: Trial) -> dict[str, np.ndarray]:
        """Return (sample,) of each input of the model in internal units."""
        return inputs_of(self.neuron, trial, self.driven, self.affine)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything that the losses depend on."""
        digest = hashlib.blake2b(digest_size=16)
        described = (self.neuron.name, self.neuron.structure, self.neuron.fingerprint,
                     sorted((k, repr(v.value)) for k, v in self.neuron.constants.items()),
                     sorted((k, str(v)) for k, v in self.neuron.initial.items()), self.free, self.objective, self.dt,
                     self.scheme, self.repeats, self.seed, self.precision)  # fmt: skip
        digest.update(repr(described).encode())
        for trial in self.trials:
            digest.update(repr((trial.window, trial.weight, trial.distance, trial.units)).encode())
            arrays = (*trial.inputs.values(), trial.spikes.times, trial.spikes.offsets)
            for values in arrays if trial.voltage is None else (*arrays, trial.voltage):
                digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # what is cached is made anew

    # -- values ------------------------------------------------------------------------------------------------------

    def values(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of the free parameters at points of the unit cube.

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]

        Returns
        -------
        dict
            name -> (candidate,), in the parameter's unit.
        """
        return values_of(self.free, points)

    def point(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return the point in [0, 1] of values: quantities, or numbers in the parameters' units.

        Those that are absent stand at the model's own value, or at the bound that is next to it.

        Raises
        ------
        FitError
            For a name that is not free, and a value that is not within the bounds.
        """
        own: dict[str, Any] = {name: v.value for name, v in self.neuron.constants.items()}
        own |= {"delay": 0.0, "input_scale": 1.0, "input_offset": 0.0}
        return point_of(self.free, values, own)

    def fitted(self, point: np.ndarray) -> Neuron:
        """Return the neuron with the parameters of a point; `NUISANCES` are not the neuron's."""
        values = {name: float(v[0]) for name, v in self.values(point).items()}
        return self.neuron.with_(**{name: v for name, v in values.items() if name in self.neuron.constants})

    # -- evaluation --------------------------------------------------------------------------------------------------

    def losses(self, points: np.ndarray, threads: int | None = None) -> np.ndarray:
        """Return (candidate,), of several objectives (candidate, objective); `EXPLODED` where one explodes in a trial.

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]
        """
        lanes = self._lanes(points)
        total = np.zeros((lanes.size, *((len(self.objectives),) if isinstance(self.objective, Several) else ())))
        weights = sum(trial.weight for trial in self.trials)
        jobs = [
            (b, n, r) for n in range(len(self.trials)) for r in range(self.repeats) for b in lane_blocks(lanes.size)
        ]

        def work(job: tuple[slice, int, int], stop: Event) -> np.ndarray:
            if stop.is_set():
                raise StoppedError
            block, n, repeat = job
            scorer, window = self._scorers[n], self.trials[n].window
            steps = min(self.trials[n].samples, int(np.ceil(window[1] / self.dt - 1e-9)))
            capacity = min(steps, SPARE + int(0.5 * steps * self.dt))
            spikes, sums = self._run(lanes, block, n, repeat, steps, capacity, scorer)
            return scorer.score(spikes, sums)[: block.stop - block.start]

        exploded = np.zeros(lanes.size, bool)
        for (block, n, _), losses in zip(jobs, run_all(work, jobs, threads), strict=True):
            finite, share = np.isfinite(losses), self.trials[n].weight / weights / self.repeats
            total[block] += share * np.where(finite, losses, 0.0)
            exploded[block] |= (share > 0) & ~finite.reshape(len(losses), -1).all(axis=1)
        total[exploded] = EXPLODED  # in all objectives, or it would be on a front
        return total

    def respond(self, points: np.ndarray, trial: int = 0, repeat: int = 0) -> SpikeTrains:
        """Return the spikes of candidates in a trial, delay included: (1, candidate), 0 to the end of the stimulus.

        Spikes that the delay moves beyond the end of the stimulus are left out.
        """
        lanes = self._lanes(points)
        steps, stop = self.trials[trial].samples, self.trials[trial].duration
        found: list[np.ndarray] = []
        for block in lane_blocks(lanes.size):
            spikes, _ = self._run(lanes, block, trial, repeat, steps, SPARE)
            if spikes.counts.max() > SPARE:
                spikes, _ = self._run(lanes, block, trial, repeat, steps, int(spikes.counts.max()))
            rows = spikes.times.reshape(-1, spikes.capacity)
            found += [rows[c, : spikes.kept[c]] for c in range(block.stop - block.start)]
        return SpikeTrains.from_lists([t[t <= stop] for t in found], t_stop=stop)

    def with_trials(self, trials: Sequence[Trial]) -> Problem:
        """Return the problem with other trials: to run and score what was fitted on data that it has not seen."""
        return replace(self, trials=tuple(trials), distance=None, prepare=False)

    def _lanes(self, points: np.ndarray) -> _Candidates:
        values = self.values(points)
        size = len(next(iter(values.values())))
        parameters = parameter_values(self.neuron)
        for f in self.free:
            if f.name in parameters:
                parameters[f.name] = values[f.name] * f.unit.scale
        initial = initial_values(self.neuron, parameters)
        delays = values.get("delay", np.zeros(size))
        for name in self.affine:
            parameters[f"_scale_{name}"] = values.get("input_scale", np.ones(size))
            offset = values.get("input_offset", np.zeros(size))
            parameters[f"_offset_{name}"] = offset * self.neuron.inputs[name].unit.scale
        with np.errstate(all="ignore"):
            constants = self._kernel.coefficients({"i": 0.0, "N": 1.0, **parameters}, self.dt, size)
        return _Candidates(size, constants, initial, delays)

    @cached_property
    def _stimuli(self) -> list[list[np.ndarray]]:
        kernel = self._kernel
        given = [self.inputs(trial) for trial in self.trials]
        return [
            [np.ascontiguousarray(values[name], kernel.REAL).reshape(-1, 1) for name in kernel.INPUTS]
            for values in given
        ]

    def _run(
        self,
        lanes: _Candidates,
        block: slice,
        n: int,
        repeat: int,
        steps: int,
        capacity: int,
        scorer: Scorer | None = None,
    ) -> tuple[Block, np.ndarray]:
        """Run a block of candidates through trial ``n``; return its spikes and the sums that the scorer gathered.

        Of each candidate's spikes the first ``capacity`` are kept; all are counted.
        """
        kernel = self._kernel
        a = arena(kernel, lanes.constants, lanes.initial, block)
        keys = np.array([stream_key(self.seed, f"{self.neuron.name}/{d}") for d in kernel.DRAWS], np.uint64)
        spikes = np.empty((len(kernel.EVENTS), LANES, capacity), np.int32)
        counts = np.zeros((len(kernel.EVENTS), LANES), np.int64)
        sums = np.zeros((scorer.sums if scorer else 0, LANES))
        traced = [self.objective.records] if len(sums) else []
        slots = np.array([kernel.SLOTS[state] for state in traced], np.int64)
        chunk = CHUNK if traced else steps
        samples = np.empty((len(slots), chunk if traced else 0, LANES), kernel.REAL)
        common = -1  # every candidate draws the same random numbers
        number = n * self.repeats + repeat
        for first in range(0, steps, chunk):
            last = min(first + chunk, steps)
            kernel.advance(
                a, *self._stimuli[n], first, last, self.dt, keys, common, number, slots, 1, samples, spikes, counts
            )
            if scorer and traced:  # voltages are in mV inside
                scorer.gather(samples[0, : last - first].astype(np.float64, copy=False), first, sums)
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
