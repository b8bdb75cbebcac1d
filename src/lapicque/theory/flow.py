"""The flow of a neuron as numbers: where it begins, how fast it goes, where it stands still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from lapicque.errors import ModelError, suggest
from lapicque.model.calculus.jacobian import jacobian, rates
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.model.hybrid import Hybrid
from lapicque.model.neuron import Neuron
from lapicque.model.plane import constants_of, numeric
from lapicque.model.symbols import symbol
from lapicque.units import internal, magnitude

#: A state has run away where it is this many times as large as at the start, or as 1 in internal units.
_AWAY = 1e6


class Flow:
    """The flow of a free neuron as numbers, in internal units."""

    def __init__(self, neuron: Neuron, inputs: Mapping[str, Any]):
        system = Hybrid.of(neuron)
        if system.maps or len(system.flow) != len(system.states) or not system.states:
            raise ModelError(f"{neuron.name!r} has no flow: all its states must be differential equations")
        self.neuron = neuron
        self.names, self.input_names = tuple(map(str, system.states)), tuple(map(str, system.inputs))
        self.scales = (
            np.array([neuron.states[name].unit.scale for name in self.names]),
            np.array([neuron.inputs[name].unit.scale for name in self.input_names]),
        )
        values = parameter_values(neuron)
        for name, value in values.items():
            if np.ndim(value):
                raise ModelError(
                    f"the parameter {name!r} of {neuron.name!r} has one value a neuron: choose one, "
                    f"neuron.with_({name}=...)"
                )
        self.values = values
        given = constants_of(neuron, inputs)
        numbers = {symbol(name): float(v) for name, v in values.items()}
        flow = {x: e.xreplace(numbers) for x, e in rates(system).items()}
        left = set().union(*(e.free_symbols for e in flow.values())) - set(system.states) - set(system.inputs)
        if left:
            raise ModelError(
                f"the flow of {neuron.name!r} depends on {min(map(str, left))!r}: it does not come to rest"
            )
        arguments = [*system.states, *system.inputs]
        self._given = [given[name] for name in self.input_names]
        self._rates = [numeric(arguments, flow[x]) for x in system.states]
        n = len(system.states)
        slopes = jacobian(flow, arguments, system.states)
        self._beyond = self._threshold(system, arguments, numbers)
        self._slopes = [[numeric(arguments, slopes[i, k]) for k in range(len(arguments))] for i in range(n)]

    def start(self, given: Mapping[str, Any]) -> np.ndarray:
        """Return where states begin."""
        units = {name: v.unit for name, v in self.neuron.states.items()}
        for name in given:
            place_of(name, tuple(units), "state")
        place = initial_values(self.neuron, self.values)
        place.update({name: internal(magnitude(v, units[name], name), units[name]) for name, v in given.items()})
        values = [place[name] for name in self.names]
        if any(np.ndim(v) for v in values):
            raise ModelError(f"{self.neuron.name!r} begins with one value a neuron: choose one, start=...")
        return np.array(values, float)

    def hold(self, name: str, value: float) -> None:
        """Hold an input at a value in its own unit."""
        self._given[self.input_names.index(name)] = float(internal(value, self.neuron.inputs[name].unit))

    def velocity(self, place: np.ndarray) -> np.ndarray:
        """Return derivatives in time, (state,)."""
        return np.array([float(f(*place, *self._given)) for f in self._rates])

    @staticmethod
    def _threshold(system: Hybrid, arguments: list[Any], numbers: Mapping[Any, float]) -> Any:
        """Return whether a spike that changes states happens at a place, or None if that is not a matter of place."""
        spike = system.events[0] if system.events else None
        if spike is None or spike.guard.hazard is not None or not spike.jumps:
            return None
        wanted = [condition.xreplace(numbers) for condition in (spike.guard.condition, *spike.guard.gates)]
        if spike.refractory_condition is not None:
            wanted.append(sp.Not(spike.refractory_condition.xreplace(numbers)))
        condition = sp.And(*wanted)
        if condition.free_symbols - set(arguments):
            return None
        return numeric(arguments, condition)

    def fires(self, place: np.ndarray) -> bool:
        """Whether a spike happens there which changes states: then nothing stays at rest there."""
        return self._beyond is not None and bool(self._beyond(*place, *self._given))

    def follow(self, place: np.ndarray, duration: float) -> np.ndarray | None:
        """Return where the flow leads in a time in ms, or None if it runs away."""
        limit = _AWAY * (1 + np.abs(place))

        def velocity(_: float, x: np.ndarray) -> np.ndarray:
            speed = self.velocity(x)
            if np.any(np.abs(x) > limit) or not np.isfinite(speed).all():
                raise FloatingPointError
            return speed

        try:
            with np.errstate(all="ignore"):
                found = solve_ivp(velocity, (0, duration), place, method="LSODA", rtol=1e-8)
        except FloatingPointError:
            return None
        return found.y[:, -1] if found.success else None

    def slopes(self, place: np.ndarray) -> np.ndarray:
        """Return derivatives of the flow by states and inputs, (state, state + input)."""
        with np.errstate(all="ignore"):
            return np.array([[float(f(*place, *self._given)) for f in row] for row in self._slopes])

    def newton(self, place: np.ndarray) -> np.ndarray | None:
        """Return the fixed point that Newton's method finds from here, or None."""
        near = 0
        for _ in range(100):
            matrix = self.slopes(place)[:, : len(place)]
            with np.errstate(all="ignore"):
                speed = self.velocity(place)
            if not (np.isfinite(matrix).all() and np.isfinite(speed).all()) or np.linalg.cond(matrix) > 1e15:
                return None
            step = np.linalg.solve(matrix, speed)
            place = place - step
            near += int(np.all(np.abs(step) <= 1e-11 * (1 + np.abs(place))))
            # a place that is small itself is not known yet; with some steps more it is, or is 0 up to rounding
            if near and (near > 8 or np.all(np.abs(step) <= 1e-11 * np.abs(place))):
                return place
        return None


def place_of(name: str, names: tuple[str, ...], what: str) -> int:
    """Return the place of a name among others, or say which there are."""
    if name not in names:
        hint = suggest(name, names) or f"; there are {', '.join(map(repr, names)) or 'none'}"
        raise ModelError(f"there is no {what} {name!r}{hint}")
    return names.index(name)
