"""Run candidates together with their sensitivities: derivatives of spike times and of the recorded voltage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.compile import cache
from lapicque.compile.lanes import LANES, arena, lane_blocks
from lapicque.errors import FitError
from lapicque.fit.problem import CHUNK, SPARE, Problem
from lapicque.model.evaluate import initial_values, parameter_values

FORCED, SINCE = "_forced", "_since_spike"
NEVER = 1e12  # ms since the spike of a neuron that has not had one


@dataclass(frozen=True)
class Piece:
    """What some steps of a block of candidates gave.

    Attributes
    ----------
    first : the step that it begins with
    voltage : (sample, candidate), mV
    slopes : (parameter, sample, candidate)
        Derivatives of the voltage by the coordinates of the unit cube, mV.
    """

    first: int
    voltage: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True)
class Spiked:
    """The spikes of a candidate in a trial, and how they move.

    Attributes
    ----------
    times : (spike,), ms, delay included
    slopes : (spike, dimension)
        Derivatives of the times by the coordinates of the unit cube, ms; NaN where they are not known: beyond what is
        kept of a candidate that fires without end.
    """

    times: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A problem's model with its sensitivity equations, compiled.

    Parameters
    ----------
    problem : Problem
    forced : bool
        Whether the recorded spikes reset the model in place of its own.

    Raises
    ------
    FitError
        If the model has no sensitivity equations, a parameter that is a whole number is free, or spikes are to be
        forced that several repeats disagree on.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "100 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(1000, 600.0), data)],
    ...     free=dict(c_m="100 .. 300 pF"),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> spiked = Sensitivity(problem).spikes(np.array([[0.5]]), trial=0)[0]  # the first spike is at c_m/g_l log(3/2)
    >>> (spiked.slopes[0] / 200).round(3).tolist(), round(float(np.log(1.5)) / 10, 3)
    ([0.041], 0.041)
    """

    problem: Problem
    forced: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.problem, Problem):
            raise FitError(
                f"{self.problem!r} is no lq.fit.Problem of one cell: refine it without derivatives, lq.fit.pattern()"
            )
        whole = [f.name for f in self.problem.free if f.scale == "integer"]
        if whole:
            raise FitError(
                f"{whole[0]!r} is a whole number, by which nothing is differentiated: fix it, or use pattern()"
            )
        several = [trial for trial in self.problem.trials if len(trial.spikes) > 1]
        if self.forced and several:
            raise FitError(
                f"{several[0]!r} has {len(several[0].spikes)} repeats: spikes of one can be forced on the model, give "
                "the others as trials of their own"
            )
        self._kernel  # noqa: B018  (says what is missing before anything runs)

    @cached_property
    def symbols(self) -> dict[str, str]:
        """Free parameter -> its symbol in the equations; ``delay`` is in none."""
        driven = self.problem.driven
        own = {"input_scale": f"_scale_{driven}", "input_offset": f"_offset_{driven}"}
        return {f.name: own.get(f.name, f.name) for f in self.problem.free if f.name != "delay"}

    @cached_property
    def _kernel(self) -> Any:
        problem = self.problem
        names = tuple(self.symbols.values())
        given = (problem.neuron.structure, problem.method, problem.precision, problem.affine, names, self.forced,
                 "sensitivities 5")  # fmt: skip
        ours = problem.method is None or isinstance(problem.method, str)

        def generate() -> str:
            from lapicque.compile import numba_cpu
            from lapicque.compile.schemes import by_name, default_scheme
            from lapicque.compile.step import Step

            system = self._system()
            scheme = default_scheme(system) if problem.method is None else by_name(problem.method)
            return numba_cpu.generate(Step.of(self._derived(system), scheme), problem.precision, ())

        return cache.kernel(repr(given) if ours else None, generate)

    def _system(self) -> Any:
        from lapicque.model.hybrid import Hybrid
        from lapicque.model.symbols import symbol

        system = Hybrid.of(self.problem.neuron)
        for name in self.problem.affine:
            scale, offset = symbol(f"_scale_{name}"), symbol(f"_offset_{name}")
            system = system.replaced({symbol(name): scale * symbol(name) + offset})
            system = replace(system, parameters=(*system.parameters, scale, offset))
        return system

    def _derived(self, system: Any) -> Any:
        from lapicque.fit.refine.equations import with_sensitivities
        from lapicque.model.symbols import symbol

        parameters = [symbol(name) for name in self.symbols.values()]
        forced = symbol(FORCED) if self.forced else None
        return with_sensitivities(self.problem.neuron, system, parameters, forced)

    # -- runs --------------------------------------------------------------------------------------------------------

    def spikes(self, points: np.ndarray, trial: int) -> list[Spiked]:
        """Return every candidate's spikes in a trial until its window ends, with their derivatives.

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]
        """
        problem, kernel = self.problem, self._kernel
        names = [s for s in self.symbols.values() if f"_time_by_{s}" in kernel.SLOTS]
        scales, delays = self._scales(points), problem.values(points).get("delay", np.zeros(len(points)))
        found: list[Spiked] = []
        for block in lane_blocks(len(points)):
            run = _Run(self, points, block, trial, [f"_time_by_{s}" for s in names])
            slopes = np.full((run.capacity, len(names), run.lanes), np.nan)
            for first, samples, seen in run.pieces():
                _pick(run, seen, first, samples, slopes)
            for lane in range(run.lanes):
                kept = min(int(run.counts[lane]), run.capacity)
                full = np.zeros((kept, problem.dimension))
                for n, f in enumerate(problem.free):
                    if f.name == "delay":
                        full[:, n] = scales[n, block][lane]
                    elif (s := self.symbols[f.name]) in names:
                        full[:, n] = slopes[:kept, names.index(s), lane] * scales[n, block][lane]
                times = run.spikes[lane, :kept] * problem.dt + delays[block][lane]
                found.append(Spiked(times, full))
        return found

    def voltages(self, points: np.ndarray, trial: int, state: str) -> Iterator[tuple[slice, Piece]]:
        """Yield pieces of every block's voltage in a trial with its derivatives; the block says which candidates.

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]
        state : str
            The membrane potential.
        """
        problem, scales = self.problem, self._scales(points)
        names = [f"_d_{state}_by_{s}" for s in self.symbols.values()]
        rows = [n for n, f in enumerate(problem.free) if f.name != "delay"]
        for block in lane_blocks(len(points)):
            run = _Run(self, points, block, trial, [state, *names])
            for first, samples, _ in run.pieces():
                slopes = np.zeros((problem.dimension, samples.shape[1] - 1, run.lanes))
                slopes[rows] = samples[1:, :-1] * scales[rows, block][:, None, :]
                yield block, Piece(first, samples[0, :-1], slopes)

    def slopes_of_values(self, point: np.ndarray) -> np.ndarray:
        """Return the derivatives of the parameters, in their own units, by coordinates at a point: (dimension,)."""
        units = np.array([1.0 if f.name == "input_scale" else f.unit.scale for f in self.problem.free])
        return self._scales(point[None])[:, 0] / units

    def _scales(self, points: np.ndarray) -> np.ndarray:
        """Return the derivatives of parameters, in internal units, by coordinates: (dimension, candidate)."""
        values = self.problem.values(points)
        found = []
        for f in self.problem.free:
            span = values[f.name] * np.log(f.high / f.low) if f.scale == "log" else np.full(len(points), f.high - f.low)
            unit = 1.0 if f.name == "input_scale" else f.unit.scale
            found.append(span * unit)
        return np.array(found)

    def _parameters(self, points: np.ndarray) -> dict[str, Any]:
        """Return the model's parameters at points, and those of its input, in internal units."""
        problem, values = self.problem, self.problem.values(points)
        found: dict[str, Any] = parameter_values(problem.neuron)
        found |= {f.name: values[f.name] * f.unit.scale for f in problem.free if f.name in found}
        for name in problem.affine:
            found[f"_scale_{name}"] = values.get("input_scale", np.ones(len(points)))
            offset = values.get("input_offset", np.zeros(len(points)))
            found[f"_offset_{name}"] = offset * problem.neuron.inputs[name].unit.scale
        return found

    def _inputs(self, trial: int) -> list[np.ndarray]:
        """Return the kernel's inputs in a trial: (sample, 1) each."""
        kernel, data = self._kernel, self.problem.trials[trial]
        given = self.problem.inputs(data)
        if self.forced:
            given[FORCED] = np.zeros(data.samples)
            steps = np.floor(data.spikes.to_lists()[0] / self.problem.dt).astype(int)
            given[FORCED][steps[(steps >= 0) & (steps < data.samples)]] = 1
        return [np.ascontiguousarray(given[name], kernel.REAL).reshape(-1, 1) for name in kernel.INPUTS]

    def _initial(self, points: np.ndarray) -> dict[str, Any]:
        """Return initial values of all states, sensitivities by central differences of what the model says."""
        problem, parameters = self.problem, self._parameters(points)
        found: dict[str, Any] = dict(initial_values(problem.neuron, parameters))
        free = {f.name: f for f in problem.free}
        for name, s in self.symbols.items():
            if name not in problem.neuron.constants:  # of the input
                found |= {f"_d_{x}_by_{s}": 0.0 for x in problem.neuron.states}
                continue
            step = 1e-5 * np.maximum(
                np.abs(parameters[name]), (free[name].high - free[name].low) * free[name].unit.scale
            )
            ends = [
                initial_values(problem.neuron, {**parameters, name: parameters[name] + sign * step}) for sign in (1, -1)
            ]
            found |= {f"_d_{x}_by_{s}": (ends[0][x] - ends[1][x]) / (2 * step) for x in problem.neuron.states}
        begun = {x: 0.0 for x in self._kernel.STATES if x not in found}
        return {**found, **begun, **({SINCE: NEVER} if SINCE in begun else {})}


class _Run:
    """A block of candidates in one trial, piece by piece."""

    def __init__(self, owner: Sensitivity, points: np.ndarray, block: slice, trial: int, record: list[str]):
        self.owner, self.block, self.trial, self.lanes = owner, block, trial, block.stop - block.start
        problem, kernel = owner.problem, owner._kernel
        own = points[block]
        parameters = owner._parameters(own)
        with np.errstate(all="ignore"):
            lanes = kernel.coefficients({"i": 0.0, "N": 1.0, **parameters}, problem.dt, self.lanes)
        self.memory = arena(kernel, lanes, owner._initial(own), slice(0, self.lanes))
        self.slots = np.array([kernel.SLOTS[name] for name in record], np.int64)
        data = problem.trials[trial]
        self.steps = min(data.samples, int(np.ceil(data.window[1] / problem.dt - 1e-9)))
        self.capacity = min(self.steps, SPARE + int(0.5 * self.steps * problem.dt))
        self.inputs = owner._inputs(trial)
        self.all_spikes = np.empty((len(kernel.EVENTS), LANES, self.capacity), np.int32)
        self.all_counts = np.zeros((len(kernel.EVENTS), LANES), np.int64)
        event = kernel.EVENTS.index("spike")
        self.spikes, self.counts = self.all_spikes[event, : self.lanes], self.all_counts[event, : self.lanes]

    def pieces(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield the first step, (state, step + 1, lane) with the values after the last step, and counts before it."""
        problem, kernel = self.owner.problem, self.owner._kernel
        keys = np.zeros(0, np.uint64)
        scratch = np.empty((len(self.slots), CHUNK, LANES), kernel.REAL)
        for first in range(0, self.steps, CHUNK):
            last, before = min(first + CHUNK, self.steps), self.counts.copy()
            kernel.advance(self.memory, *self.inputs, first, last, problem.dt, keys, -1, 0, self.slots, 1, scratch,
                           self.all_spikes, self.all_counts)  # fmt: skip
            end = self.memory.reshape(-1, LANES)[self.slots, : self.lanes]
            samples = np.concatenate([scratch[:, : last - first, : self.lanes], end[:, None]], axis=1)
            yield first, samples.astype(np.float64, copy=False), before


def _pick(run: _Run, seen: np.ndarray, first: int, samples: np.ndarray, slopes: np.ndarray) -> None:
    """Put what was recorded after the step of each new spike into (spike, state, lane)."""
    for lane, begun in enumerate(seen):
        end = min(int(run.counts[lane]), run.capacity)
        slopes[begun:end, :, lane] = samples[:, run.spikes[lane, begun:end] + 1 - first, lane].T
