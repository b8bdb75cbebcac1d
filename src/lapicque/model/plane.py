"""The phase plane of a neuron with two states: nullclines and fixed points, from its symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from lapicque.errors import ModelError, suggest
from lapicque.model.evaluate import exprel, parameter_values
from lapicque.model.hybrid import Hybrid
from lapicque.model.neuron import Neuron
from lapicque.model.symbols import symbol
from lapicque.units import Unit, internal, magnitude

Numbers = Callable[[Any, Any], np.ndarray]

#: What the functions of the model language are in NumPy where SymPy's printer does not know them.
_NUMPY: Mapping[str, Callable[..., Any]] = {
    "where": np.where, "minimum": np.minimum, "maximum": np.maximum, "exprel": exprel, "expm1": np.expm1,
    "log1p": np.log1p, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "trunc": np.trunc, "rint": np.rint, "ceil": np.ceil,
}  # fmt: skip


@dataclass(frozen=True)
class FixedPoint:
    """Where both states stand still.

    Attributes
    ----------
    x, y : float
        In the states' own units.
    eigenvalues : (2,) complex, 1/ms
        Of the Jacobian.
    """

    x: float
    y: float
    eigenvalues: tuple[complex, complex]

    @property
    def stable(self) -> bool:
        """Whether small deviations decay."""
        return max(e.real for e in self.eigenvalues) < 0

    @property
    def kind(self) -> str:
        """``"saddle"``, or ``"stable"`` or ``"unstable"`` with ``"node"`` or ``"focus"``."""
        one, two = self.eigenvalues
        if one.imag == 0 and one.real * two.real < 0:
            return "saddle"
        return f"{'stable' if self.stable else 'unstable'} {'focus' if one.imag else 'node'}"


class Plane:
    """The flow of a neuron with two states, inputs held constant.

    Parameters
    ----------
    neuron : Neuron
        With two states that change by differential equations, and parameters that are numbers.
    inputs : mapping of str to quantity, optional
        Inputs that are not 0.

    Raises
    ------
    ModelError
        For another number of states, parameters with one value a neuron, unknown inputs, or a flow that depends on
        time or chance.

    Examples
    --------
    >>> import lapicque as lq
    >>> plane = Plane(lq.neurons.morris_lecar, dict(i_ext="900 pA"))
    >>> plane.names
    ('v', 'w')
    >>> [(point.kind, round(point.x, 1)) for point in plane.fixed_points((-80, 60), (0, 1))]
    [('stable focus', -26.6)]
    """

    def __init__(self, neuron: Neuron, inputs: Mapping[str, Any] | None = None):
        system = Hybrid.of(neuron)
        if len(system.states) != 2 or len(system.flow) != 2:
            found = ", ".join(map(str, system.states)) or "none"
            raise ModelError(
                f"a phase plane needs two states that change by differential equations; {neuron.name!r} has "
                f"{len(system.states)}: {found}"
            )
        self.x, self.y = system.states
        self.units: tuple[Unit, Unit] = tuple(neuron.states[str(s)].unit for s in system.states)  # type: ignore[assignment]
        values = parameter_values(neuron)
        for name, value in values.items():
            if np.ndim(value):
                raise ModelError(
                    f"the parameter {name!r} of {neuron.name!r} has one value a neuron: choose one, "
                    f"neuron.with_({name}=...)"
                )
        values.update(constants_of(neuron, inputs or {}))
        numbers = {symbol(name): sp.Float(float(value)) for name, value in values.items()}
        self.flow = tuple(sp.sympify(system.flow[s]).xreplace(numbers) for s in system.states)
        left = set().union(*(f.free_symbols for f in self.flow)) - {self.x, self.y}
        if left:
            raise ModelError(f"the flow of {neuron.name!r} depends on {min(map(str, left))!r}: it has no phase plane")

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two states."""
        return str(self.x), str(self.y)

    def velocity(self, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return both derivatives, in the states' own units per ms, at places in their own units."""
        (sx, sy), (fx, fy) = self._scales, self._functions
        with np.errstate(all="ignore"):
            values = fx(np.multiply(x, sx), np.multiply(y, sy)) / sx, fy(np.multiply(x, sx), np.multiply(y, sy)) / sy
        shape = np.broadcast_shapes(np.shape(x), np.shape(y))
        return np.broadcast_to(values[0], shape), np.broadcast_to(values[1], shape)

    def nullcline(self, which: int) -> tuple[str, list[Numbers]] | None:
        """Return one nullcline (0: of the first state) solved for a state, or None where SymPy has no solution.

        It is solved where the flow is a polynomial of a state of at most second degree.

        Returns
        -------
        tuple of str and list, or None
            ``"y"`` and functions y(x), or ``"x"`` and functions x(y), in the states' own units.
        """
        for name, unknown, other in (("y", self.y, self.x), ("x", self.x, self.y)):
            branches = _solved(self.flow[which], unknown)
            if branches:
                out, into = self._scales if name == "x" else self._scales[::-1]
                return name, [_scaled(numeric([other], b), into, out) for b in branches]
        return None

    def fixed_points(self, x: tuple[float, float], y: tuple[float, float], n: int = 400) -> list[FixedPoint]:
        """Return the fixed points within a rectangle, from left to right.

        Squares of a grid in whose corners both derivatives change their sign are the places where Newton's method
        begins.

        Parameters
        ----------
        x, y : (low, high), in the states' own units
        n : int
            Squares a side.
        """
        gx, gy = np.linspace(*x, n + 1), np.linspace(*y, n + 1)
        changes = np.ones((n, n), bool)
        for values in self.velocity(gx[:, None], gy[None, :]):
            corners = np.stack([values[i : n + i, j : n + j] for i in (0, 1) for j in (0, 1)])
            changes &= (corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)
        found: list[FixedPoint] = []
        size = np.array([x[1] - x[0], y[1] - y[0]])
        for i, j in np.argwhere(changes):
            place = self._newton(np.array([gx[i : i + 2].mean(), gy[j : j + 2].mean()]))
            if place is None or np.any(place < (x[0], y[0])) or np.any(place > (x[1], y[1])):
                continue
            if all(np.max(np.abs(place - (p.x, p.y)) / size) > 1e-6 for p in found):
                values = np.linalg.eigvals(self._jacobian(place))
                found.append(FixedPoint(float(place[0]), float(place[1]), (complex(values[0]), complex(values[1]))))
        return sorted(found, key=lambda p: (p.x, p.y))

    @cached_property
    def _scales(self) -> tuple[float, float]:
        return self.units[0].scale, self.units[1].scale

    @cached_property
    def _functions(self) -> tuple[Numbers, Numbers]:
        return numeric([self.x, self.y], self.flow[0]), numeric([self.x, self.y], self.flow[1])

    @cached_property
    def _derivatives(self) -> list[list[Numbers]]:
        return [[numeric([self.x, self.y], f.diff(s)) for s in (self.x, self.y)] for f in self.flow]

    def _jacobian(self, place: np.ndarray) -> np.ndarray:
        inner = place * self._scales
        with np.errstate(all="ignore"):
            values = np.array([[float(d(*inner)) for d in row] for row in self._derivatives])
        return values * np.array(self._scales)[None, :] / np.array(self._scales)[:, None]

    def _newton(self, place: np.ndarray) -> np.ndarray | None:
        for _ in range(50):
            jacobian = self._jacobian(place)
            if not np.isfinite(jacobian).all() or np.linalg.det(jacobian) == 0:
                return None
            step = np.linalg.solve(jacobian, np.array(self.velocity(*place)))
            place = place - step
            if not np.isfinite(place).all():
                return None
            if np.all(np.abs(step) <= 1e-12 * (1 + np.abs(place))):
                return place
        return None


def constants_of(neuron: Neuron, given: Mapping[str, Any]) -> dict[str, float]:
    """Return the inputs of a neuron that are held constant, in internal units; those not given are 0.

    Raises
    ------
    ModelError
        For inputs that the neuron has not, and what is not one finite number.
    """
    for name in given:
        if name not in neuron.inputs:
            hint = suggest(name, neuron.inputs) or f"; it has {', '.join(map(repr, neuron.inputs)) or 'none'}"
            raise ModelError(f"{neuron.name!r} has no input {name!r}{hint}")
    found = {}
    for name, variable in neuron.inputs.items():
        value = np.asarray(magnitude(given.get(name, 0.0), variable.unit, name), dtype=float)
        if value.ndim or not np.isfinite(value):
            raise ModelError(
                f"the input {name!r} is {given[name]!r}: one finite number is expected, as it is held constant"
            )
        found[name] = float(internal(value, variable.unit))
    return found


def numeric(arguments: list[sp.Symbol], expression: sp.Expr) -> Any:
    """Return an expression as a function of numbers or NumPy arrays, one argument a symbol."""
    return sp.lambdify(arguments, expression, modules=[dict(_NUMPY), "numpy"])


def _solved(flow: sp.Expr, unknown: sp.Symbol) -> list[sp.Expr]:
    """Return the roots of a flow that is a polynomial of first or second degree in a state."""
    if not flow.has(unknown):
        return []
    try:
        polynomial = sp.Poly(sp.expand(flow), unknown)
    except sp.PolynomialError:
        return []
    if polynomial.degree() > 2 or any(c.has(unknown) for c in polynomial.all_coeffs()):
        return []
    coefficients = polynomial.all_coeffs()
    if len(coefficients) == 2:
        return [-coefficients[1] / coefficients[0]]
    a, b, c = coefficients
    root = sp.sqrt(b**2 - 4 * a * c)
    return [(-b - root) / (2 * a), (-b + root) / (2 * a)]


def _scaled(function: Any, into: float, out: float) -> Any:
    def of(place: Any) -> np.ndarray:
        place = np.asarray(place, dtype=float)
        with np.errstate(all="ignore"):
            return np.broadcast_to(function(place * into) / out, place.shape)

    return of
