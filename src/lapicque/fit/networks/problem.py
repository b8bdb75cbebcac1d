"""A fitting problem whose model is a network: free numbers of neurons, synapses, wiring and inputs.

Every candidate has the same random numbers: of its wiring, of its values, of its noise. What differs between two
candidates is what their parameters do.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import Any

import numpy as np

from lapicque.compile.lanes import LANES
from lapicque.errors import FitError, LapicqueNotice, suggest
from lapicque.fit.free import Free, check_domain, check_not_negative, checked_points, free_between, unit_of_bounds
from lapicque.fit.networks.building import built, counts, nested
from lapicque.fit.networks.objective import NetworkObjective, scores_of
from lapicque.fit.networks.trials import trials_together
from lapicque.fit.searchable import EXPLODED
from lapicque.model.neuron import Neuron
from lapicque.model.values import with_unit
from lapicque.network.network import Network
from lapicque.network.projection import MS
from lapicque.simulation.identity import digest, identity_of
from lapicque.simulation.interrupts import deferred
from lapicque.simulation.settings import setting_of
from lapicque.simulation.variants import ExplodedError, Part, Variants
from lapicque.simulation.variation import place_of, varied
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import StoppedError, run_all
from lapicque.units import ONE, magnitude


@dataclass(frozen=True, eq=False)
class NetworkProblem:
    """What to fit, where the model is a network.

    Parameters
    ----------
    network : Network, or function that returns one
        A function takes the free parameters by name: anything can be free then, what is written twice or computed too.
    data : name -> SpikeTrains (trial, neuron)
        By the names of the network's recorders. All have one window, within which the model's spikes count; the model
        runs from 0.
    free : name -> bounds
        ``"exc.tau_w"``, ``"exc->inh.w"``, ``"exc->inh.delay"``, ``"exc->inh.where.p"``, ``"noise.sd"``: whatever
        ``lq.simulate(net, sweep={...})`` takes one number for, with bounds as of `lapicque.fit.Free`. Numbers of a
        rule that count, such as ``k``, and of Poisson sources are whole. Of a function: its arguments, with the unit of
        the bounds.
    objective : NetworkObjective or sequence of those
        Several are minimised together, by `lapicque.fit.pareto`.
    dt : time
    trials : int
        Runs of each candidate, with noise of their own.
    method, precision, seed, wiring_seed : as of `lapicque.simulate`
        A free probability of `lapicque.fixed_probability` is drawn ``nested``: more of it only adds synapses.

    Raises
    ------
    FitError, SimulationError, UnitError
        If the problem is not well posed.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 20, name="cells")
    >>> _ = net.stimulate(cells, "i_ext", lq.stimuli.white_noise("500 pA", "300 pA", tau="1 ms"), name="noise")
    >>> _ = net.record(cells, "spikes")
    >>> data = lq.simulate(net, "200 ms", dt="0.1 ms", seed=5).spikes
    >>> problem = NetworkProblem(
    ...     net, data, {"noise.mean": (300, 900)}, lq.fit.PopulationStatistics(), dt="0.1 ms", seed=1
    ... )
    >>> problem.free, problem.losses(np.array([[0.1], [0.35], [0.9]])).argmin().item()
    ((noise.mean: 300 to 900 pA (linear),), 1)
    """

    network: Network | Callable[..., Network]
    data: Mapping[str, SpikeTrains]
    free: Any
    objective: NetworkObjective | Sequence[NetworkObjective]
    dt: Any
    trials: int = 1
    method: Any = None
    precision: str = "float64"
    seed: int = 0
    wiring_seed: int = 0

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("dt", float(magnitude(self.dt, "ms", "dt")))
        if not 0 < self.dt < np.inf:
            raise FitError(f"dt is {self.dt:g} ms: a positive time is expected")
        if not isinstance(self.data, Mapping):
            raise FitError("the data map names of recorders to spike trains, data={'exc': trains}")
        put("data", dict(self.data))
        if isinstance(self.trials, bool) or not isinstance(self.trials, int) or self.trials < 1:
            raise FitError(f"trials is {self.trials!r}: at least one run of each candidate is needed")
        given = self.free
        if not isinstance(given, Mapping):
            read = isinstance(given, tuple) and given and all(isinstance(f, Free) for f in given)
            if not read:
                raise FitError("free maps names to bounds, free={'exc->inh.w': ('0 mV', '5 mV')}")
            given = {f.name: f for f in given}
        if not given:
            raise FitError("nothing is free: give free={'exc->inh.w': ('0 mV', '5 mV')}")
        if isinstance(self.network, Network):
            put("network", nested(self.network, given))
        put("free", tuple(self._read(name, bounds) for name, bounds in given.items()))
        self._check_data()
        self._scorers  # noqa: B018  # what the objectives cannot compare is refused at once

    def _read(self, name: str, bounds: Any) -> Free:
        if not isinstance(self.network, Network):
            return free_between(name, bounds, unit_of_bounds(bounds))
        place = place_of(self.network, name)
        whole = counts(self.network, place)
        if place.kind == "rule":
            return free_between(name, bounds, ONE, whole=whole)
        if place.name == "where" and place.kind == "projection":
            raise FitError(f"free: {name!r} is a rule; free a number of it, such as {name + '.p'!r}")
        late = place.kind == "projection" and place.name == "delay"
        unit = MS if late else setting_of(*self._variants.prepared, name).unit
        found = free_between(name, bounds, unit or ONE, whole=whole)
        if place.kind == "parameter":
            neuron = self.network.populations[place.owner].neuron
            if isinstance(neuron, Neuron):  # and no source of spikes
                check_domain(found, neuron, place.name)
        if late:
            check_not_negative(found)
        return found

    def _check_data(self) -> None:
        recorded = self._example.recorders
        if not self.data:
            raise FitError(f"there are no data: give spike trains of {', '.join(map(repr, recorded)) or 'a recorder'}")
        windows = set()
        for name, trains in self.data.items():
            if not isinstance(trains, SpikeTrains):
                raise FitError(f"the data of {name!r} are {type(trains).__name__}: SpikeTrains are expected")
            if name not in recorded or "spikes" not in recorded[name].variables:
                raise FitError(
                    f"the network records no spikes as {name!r}{suggest(name, recorded)}: net.record(population, "
                    f"'spikes', name={name!r})"
                )
            if not trains.shape[0] * trains.shape[1]:
                raise FitError(f"the data of {name!r} hold no spike train")
            windows.add((trains.t_start, trains.t_stop))
        if len(windows) > 1:
            shown = "; ".join(f"{n}: {t.t_start:g} to {t.t_stop:g} ms" for n, t in self.data.items())
            raise FitError(f"the data have different windows ({shown}): cut them to one by trains.window(...)")
        (start, stop) = windows.pop()
        if start < 0 or not stop > start:
            raise FitError(
                f"the data's window is {start:g} to {stop:g} ms, but the model runs from 0: trains.shift(...)"
            )
        if not any(trains.times.size for trains in self.data.values()):
            raise FitError("the data have no spikes: a fit to spikes needs some")

    # -- what it is --------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What is fitted, for reports."""
        if isinstance(self.network, Network):
            return "network of " + " and ".join(self.network.populations)
        return getattr(self.network, "__name__", "network")

    @property
    def dimension(self) -> int:
        """Number of free parameters."""
        return len(self.free)

    #: So many candidates run side by side: what an executor keeps together.
    lanes = LANES

    @cached_property
    def _several(self) -> tuple[NetworkObjective, ...]:
        given = self.objective
        return tuple(given) if isinstance(given, Sequence) else (given,)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of what is minimised."""
        names = [objective.name for objective in self._several]
        return tuple(f"{name} {n + 1}" if names.count(name) > 1 else name for n, name in enumerate(names))

    @cached_property
    def window(self) -> tuple[float, float]:
        """When spikes count, ms."""
        first = next(iter(self.data.values()))
        return first.t_start, first.t_stop

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything that the losses depend on; of a function, its name and what it makes mid-bounds."""
        made = hashlib.blake2b(digest_size=16)
        network, recorders = sorted(identity_of(self._example).items()), self._example.recorders
        recorded = digest([(recorders[name].target, recorders[name].variables) for name in self.data])
        described = (self.name, network, recorded, self.free, self._several,
                     self.dt, self.trials, self.method, self.precision, self.seed, self.wiring_seed)  # fmt: skip
        made.update(repr(described).encode())
        for name, trains in self.data.items():
            made.update(repr((name, trains.shape, self.window)).encode())
            made.update(trains.times.tobytes() + trains.offsets.tobytes())
        return made.hexdigest()

    @cached_property
    def _scorers(self) -> list[Any]:
        return [objective.prepare(self.data) for objective in self._several]

    @cached_property
    def _example(self) -> Network:
        """The network in the middle of the bounds."""
        if isinstance(self.network, Network):
            return self.network
        return self._built({f.name: _quantity(f, f.from_cube(0.5)) for f in self.free}, ())

    def _built(self, values: Mapping[str, Any], recorders: Collection[str] | None = None) -> Network:
        assert not isinstance(self.network, Network)
        return built(self.network, self.name, values, self.data if recorders is None else recorders)

    # -- values ------------------------------------------------------------------------------------------------------

    def values(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of the free parameters at points of the unit cube: name -> (candidate,), in its unit."""
        points = checked_points(points, self.dimension)
        return {f.name: f.from_cube(points[:, n]) for n, f in enumerate(self.free)}

    def point(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return the point in [0, 1] of values; those that are absent stand in the middle of their bounds.

        Raises
        ------
        FitError
            For a name that is not free, and a value that is not within the bounds.
        """
        names = [f.name for f in self.free]
        for name in values:
            if name not in names:
                raise FitError(f"{name!r} is not free{suggest(name, names)}")
        found = np.full(self.dimension, 0.5)
        for n, f in enumerate(self.free):
            if f.name in values:
                value = float(magnitude(values[f.name], f.unit, f.name))
                if not f.low <= value <= f.high:
                    shown = f"{f.low:g} to {f.high:g} {f.unit}"
                    raise FitError(f"{f.name!r} is {value:g} {f.unit}, outside its bounds, {shown}")
                found[n] = f.to_cube(value)
        return found

    def fitted(self, point: np.ndarray) -> Network:
        """Return the network with the parameters of a point."""
        values = self._changes(checked_points(point, self.dimension)[0])
        return varied(self.network, values) if isinstance(self.network, Network) else self._built(values)

    def _changes(self, point: np.ndarray) -> dict[str, Any]:
        """Return what is given to the network: bare numbers in the units that it knows; quantities to a function."""
        if isinstance(self.network, Network):
            return {f.name: _plain(f, f.from_cube(x)) for f, x in zip(self.free, point, strict=True)}
        return {name: _quantity(f, v[0]) for f, (name, v) in zip(self.free, self.values(point).items(), strict=True)}

    # -- evaluation --------------------------------------------------------------------------------------------------

    @cached_property
    def _variants(self) -> Variants:
        assert isinstance(self.network, Network)
        return self._variants_of(self.network)

    def _variants_of(self, network: Network) -> Variants:
        trains = next(iter(self.data.values()), None)
        stop = self.dt if not isinstance(trains, SpikeTrains) else trains.t_stop
        steps = max(1, int(np.ceil(stop / self.dt - 1e-9)))
        return Variants(network, f"{steps * self.dt!r} ms", dt=f"{self.dt!r} ms", method=self.method,
                        precision=self.precision, seed=self.seed, wiring_seed=self.wiring_seed)  # fmt: skip

    def losses(self, points: np.ndarray, threads: int | None = None) -> np.ndarray:
        """Return the loss of every candidate, finite: (candidate,), of several objectives (candidate, objective).

        A candidate that explodes has `EXPLODED`.

        Parameters
        ----------
        points : (candidate, dimension) in [0, 1]
        """
        points = checked_points(points, self.dimension)
        said: list[str] = []

        def work(some: np.ndarray, stop: Event) -> list[np.ndarray]:
            if stop.is_set():
                raise StoppedError
            with deferred() as interrupted:
                try:
                    parts = self._run(some, self.trials, self.seed, lambda: stop.is_set() or interrupted())
                except KeyboardInterrupt:
                    if stop.is_set():
                        raise StoppedError from None
                    raise
            return [self._scored(part, said) for part in parts]

        groups = [points[n : n + LANES] for n in range(0, len(points), LANES)]
        rows = [np.empty((0, len(self._several))), *(one for some in run_all(work, groups, threads) for one in some)]
        losses = np.concatenate(rows)
        if said and len(said) == len(points) > 1:
            warnings.warn(f"all {len(points)} candidates exploded: {said[0]}", LapicqueNotice, stacklevel=2)
        return losses[:, 0] if len(self._several) == 1 else losses

    def _scored(self, part: Part, said: list[str]) -> np.ndarray:
        """Return the losses of some runs, (candidate, objective)."""
        if isinstance(part.spikes, ExplodedError):
            said.append(str(part.spikes))
            return np.full((1, len(self._several)), EXPLODED)
        found = np.stack([scores_of(scorer, part.spikes, part.count) for scorer in self._scorers], axis=1)
        return np.where(np.isfinite(found).all(axis=1, keepdims=True), found, EXPLODED)

    def respond(self, point: np.ndarray, trials: int | None = None, seed: int | None = None) -> dict[str, SpikeTrains]:
        """Return the spikes of one candidate within the window, by recorder, (trial, neuron).

        Parameters
        ----------
        point : (dimension,)
        trials : int, optional
            The problem's if absent.
        seed : int, optional
            Of the noise; another one than the problem's shows what the fit has not seen.

        Raises
        ------
        ExplodedError
            If the candidate explodes.
        FitError
            If there is no trial.
        """
        if trials is not None and trials < 1:
            raise FitError(f"trials is {trials!r}: at least one run is needed")
        point = checked_points(point, self.dimension)
        (found,) = self._run(point, self.trials if trials is None else trials, self.seed if seed is None else seed)
        if isinstance(found.spikes, ExplodedError):
            raise found.spikes
        return found.spikes

    def _run(
        self, points: np.ndarray, trials: int, seed: int, interrupted: Callable[[], bool] = lambda: False
    ) -> list[Part]:
        """Return the spikes of all candidates within the window, (candidate and trial, neuron)."""
        changes = [self._changes(point) for point in points]
        if isinstance(self.network, Network):
            each = [self._variants.together(changes, trial, seed, interrupted) for trial in range(trials)]
        else:
            alone = [self._variants_of(self._built(values)) for values in changes]
            each = [
                [part for one in alone for part in one.together([{}], trial, seed, interrupted)]
                for trial in range(trials)
            ]
        return [self._within(part) for part in trials_together(each)]

    def _within(self, part: Part) -> Part:
        if isinstance(part.spikes, ExplodedError):
            return part
        return Part(part.count, {name: part.spikes[name].window(*self.window) for name in self.data})

    def __repr__(self) -> str:
        free = "; ".join(map(repr, self.free))
        return f"NetworkProblem({self.name}: {free}; {' | '.join(self.objectives)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.network, self.data, self.free, self.objective, self.dt, self.trials, self.method,
                        self.precision, self.seed, self.wiring_seed)  # fmt: skip

    def with_data(self, data: Mapping[str, SpikeTrains]) -> NetworkProblem:
        """Return the problem with other data, of the same recorders."""
        return replace(self, data=data)


def _again(*arguments: Any) -> NetworkProblem:
    return NetworkProblem(*arguments)


def _plain(free: Free, value: Any) -> float | int:
    return int(value) if free.scale == "integer" else float(value)


def _quantity(free: Free, value: Any) -> Any:
    return with_unit(_plain(free, value), free.unit)
