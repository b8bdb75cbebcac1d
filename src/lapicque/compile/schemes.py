"""Integration schemes, each its textbook formula: from a flow to the update of one step.

A scheme is a value with one method, `Scheme.update`. Inputs are constant within a step. Noise is in the sense of Ito;
``dW`` is the Wiener increment of the step, one a name. References: Kloeden & Platen 1992, doi:10.1007/978-3-662-12616-5
(Heun, Milstein, Ito and Stratonovich); Rotter & Diesmann 1999, doi:10.1007/s004220050570 (exact integration).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import sympy as sp

from lapicque.compile.closed_form import ClosedForm
from lapicque.compile.linear import DT, Propagator, T, discontinuity, linear_part, reaches, solve
from lapicque.errors import SchemeError, suggest
from lapicque.model.hybrid import Hybrid
from lapicque.model.symbols import exprel, symbol, where

FREE = symbol("_free")
_TWO = sp.Integer(2)


@dataclass(frozen=True)
class Update:
    """One step of the states: intermediate values in order, then all new values at once."""

    lets: tuple[tuple[sp.Symbol, sp.Expr], ...]
    new: Mapping[sp.Symbol, sp.Expr]
    propagators: tuple[Propagator, ...] = ()


class Scheme(Protocol):
    """What turns a flow into an update."""

    @property
    def name(self) -> str:
        """Name by which ``method=`` knows the scheme."""

    def update(self, system: Hybrid) -> Update:
        """Return the update of one step.

        Raises
        ------
        SchemeError
            If the scheme cannot integrate the system, with the reason.
        """


def increment(noise: str) -> sp.Symbol:
    """Return the symbol of the Wiener increment of a noise in one step."""
    return symbol(f"_dW_{noise}")


def _gated(system: Hybrid, x: sp.Symbol, rate: sp.Expr) -> sp.Expr:
    return where(FREE, rate, sp.Integer(0)) if x in system.held and rate != 0 else rate


def _noise(system: Hybrid, x: sp.Symbol) -> sp.Expr:
    return sp.Add(*(g[x] * increment(xi) for xi, g in system.diffusion.items() if x in g))


def _refuse_noise(system: Hybrid, name: str) -> None:
    if system.diffusion:
        noises = ", ".join(system.diffusion)
        raise SchemeError(
            f"{name} is for equations without noise, but the model has {noises}: use euler, heun, milstein or "
            "exponential_euler"
        )


def _shift(expression: sp.Expr, states: Mapping[sp.Symbol, sp.Expr], time: sp.Expr) -> sp.Expr:
    return expression.xreplace({**states, T: time})


@dataclass(frozen=True)
class Euler:
    """Forward Euler; Euler-Maruyama with noise: ``x + f dt + g dW``."""

    name = "euler"

    def update(self, system: Hybrid) -> Update:
        """Return ``x + dt f(x) + g(x) dW``."""
        return Update((), {x: x + _gated(system, x, f * DT + _noise(system, x)) for x, f in system.flow.items()})


@dataclass(frozen=True)
class _RungeKutta:
    """Explicit Runge-Kutta: stages ``k_i = f(x + dt sum_j a[i][j] k_j)``, then ``x + dt sum_i b[i] k_i``."""

    name: str
    a: tuple[tuple[sp.Expr, ...], ...]
    b: tuple[sp.Expr, ...]

    def __post_init__(self) -> None:
        if sum(self.b) != 1:
            raise ValueError(f"{self.name}: the weights do not sum to 1")

    def update(self, system: Hybrid) -> Update:
        """Return the update by stages."""
        _refuse_noise(system, self.name)
        lets: list[tuple[sp.Symbol, sp.Expr]] = []
        stages: list[dict[sp.Symbol, sp.Expr]] = []
        for row in self.a:
            points: dict[sp.Symbol, sp.Expr] = {}
            if any(row):
                n = len(stages) + 1
                for x in system.flow:
                    slope = sp.Add(*(a * k[x] for a, k in zip(row, stages, strict=True) if a))
                    points[x] = symbol(f"_at{n}_{x}")
                    lets.append((points[x], x + DT * slope))
            stage = {}
            for x, f in system.flow.items():
                stage[x] = symbol(f"_k{len(stages) + 1}_{x}")
                lets.append((stage[x], _gated(system, x, _shift(f, points, T + sum(row) * DT))))
            stages.append(stage)
        new = {x: x + DT * sp.Add(*(b * k[x] for b, k in zip(self.b, stages, strict=True) if b)) for x in system.flow}
        return Update(tuple(lets), new)


_HALF, _ZERO, _ONE = sp.Rational(1, 2), sp.Integer(0), sp.Integer(1)


def RK2() -> Scheme:
    """Return the midpoint rule, order 2."""
    return _RungeKutta("rk2", ((), (_HALF,)), (_ZERO, _ONE))


def RK4() -> Scheme:
    """Return the classical Runge-Kutta scheme, order 4."""
    sixth, third = sp.Rational(1, 6), sp.Rational(1, 3)
    return _RungeKutta("rk4", ((), (_HALF,), (_ZERO, _HALF), (_ZERO, _ZERO, _ONE)), (sixth, third, third, sixth))


@dataclass(frozen=True)
class Heun:
    """Stochastic Heun, strong order 1/2 or 1, order 2 without noise.

    The scheme converges in the sense of Stratonovich, so the drift is corrected by ``-1/2 g dg/dx``: the solution is
    that of the Ito equation, as with every other scheme here.
    """

    name = "heun"

    def update(self, system: Hybrid) -> Update:
        """Return the average of the slopes at both ends."""
        _refuse_noncommuting(system)
        drift = {x: _gated(system, x, f - _correction(system, x)) for x, f in system.flow.items()}
        noise = {x: _gated(system, x, _noise(system, x)) for x in system.flow}
        lets, ends = [], {}
        for x in system.flow:
            ends[x] = symbol(f"_end_{x}")
            lets.append((ends[x], x + DT * drift[x] + noise[x]))
        new = {}
        for x in system.flow:
            later_drift, later_noise = (_shift(e, ends, T + DT) for e in (drift[x], noise[x]))
            new[x] = x + DT * (drift[x] + later_drift) / _TWO + (noise[x] + later_noise) / _TWO
        return Update(tuple(lets), new)


@dataclass(frozen=True)
class Milstein:
    """Milstein's scheme, strong order 1: ``x + f dt + g dW + 1/2 g g' (dW^2 - dt)``, noise that commutes."""

    name = "milstein"

    def update(self, system: Hybrid) -> Update:
        """Return the Euler step with Milstein's term."""
        _refuse_noncommuting(system)
        new = {}
        for x, f in system.flow.items():
            second = sp.Integer(0)
            for first_name, first in system.diffusion.items():
                for other_name, other in system.diffusion.items():
                    slope = _along(first, other.get(x, _ZERO))
                    product = increment(first_name) * increment(other_name) - (DT if first_name == other_name else 0)
                    second += slope * product / _TWO
            new[x] = x + _gated(system, x, f * DT + _noise(system, x) + second)
        return Update((), new)


def _along(field: Mapping[sp.Symbol, sp.Expr], expression: sp.Expr) -> sp.Expr:
    return sp.Add(*(g * sp.diff(expression, y) for y, g in field.items()))


def _correction(system: Hybrid, x: sp.Symbol) -> sp.Expr:
    return sp.Add(*(_along(g, g[x]) for g in system.diffusion.values() if x in g)) / _TWO


def _refuse_noncommuting(system: Hybrid) -> None:
    fields = list(system.diffusion.items())
    for n, (first_name, first) in enumerate(fields):
        for other_name, other in fields[n + 1 :]:
            for x in system.flow:
                there, back = _along(first, other.get(x, _ZERO)), _along(other, first.get(x, _ZERO))
                if sp.simplify(there - back) != 0:
                    raise SchemeError(
                        f"the noises {first_name} and {other_name} do not commute (in d{x}/dt), so that this scheme "
                        "would be no better than euler: use euler"
                    )


@dataclass(frozen=True)
class ExponentialEuler:
    """Exponential Euler, each variable exactly with the others held: ``x + dt exprel(a dt) f`` for ``f = a x + b``."""

    name = "exponential_euler"

    def update(self, system: Hybrid) -> Update:
        """Return the update of every variable by its own rate."""
        new = {}
        for x, f in system.flow.items():
            rate = sp.diff(f, x)
            if rate.has(x) or discontinuity(f, [x]):
                raise SchemeError(
                    f"d{x}/dt is not linear in {x} with the other variables held, which exponential_euler needs: use "
                    "euler, rk2 or rk4"
                )
            moved = DT * exprel(rate * DT) * f
            noise = _noise(system, x)
            if noise != 0:
                moved += sp.sqrt(exprel(2 * rate * DT)) * noise
            new[x] = x + _gated(system, x, moved)
        return Update((), new)


@dataclass(frozen=True)
class Exact:
    """Exact integration of linear systems by their propagator; additive noise exactly in distribution."""

    name = "exact"

    def update(self, system: Hybrid) -> Update:
        """Return ``P x + Q b``."""
        matrix, drive = linear_part(system)
        states = list(system.flow)
        held = [x in system.held for x in states]
        noise = {x: _exact_noise(system, states, matrix, x) for x in states}
        free = solve(states, matrix, drive)
        new = {x: value + noise[x] for x, value in free.values.items()}
        if not any(held):
            return Update((), new, (free.propagator,))
        # while a neuron is refractory, the others see what is held as a constant
        still, quiet = sp.Matrix(matrix), list(drive)
        for i in (i for i, is_held in enumerate(held) if is_held):
            still[i, :], quiet[i] = sp.zeros(1, len(states)), sp.Integer(0)
        refractory = solve(states, still, quiet, "_held")
        for i, x in enumerate(states):
            if held[i]:
                new[x] = where(FREE, new[x], x)
            elif reaches(matrix, i, held):
                new[x] = where(FREE, free.values[x], refractory.values[x]) + noise[x]
        both = (free.propagator, refractory.used_in(new.values()))
        return Update((), new, tuple(p for p in both if p.entries))


def _exact_noise(system: Hybrid, states: list[sp.Symbol], matrix: sp.Matrix, x: sp.Symbol) -> sp.Expr:
    i = states.index(x)
    total = sp.Integer(0)
    for xi, coefficients in system.diffusion.items():
        if x not in coefficients:
            continue
        g = coefficients[x]
        if g.free_symbols & {*states, *system.inputs, T}:
            raise SchemeError(f"the noise {xi} in d{x}/dt is not additive (its coefficient changes): use euler or heun")
        readers = [str(y) for j, y in enumerate(states) if j != i and matrix[j, i] != 0]
        if readers or len(coefficients) > 1:
            others = ", ".join(readers or [str(y) for y in coefficients if y != x])
            raise SchemeError(
                f"the noise {xi} of {x} also reaches {others}: their increments are correlated and one draw a step "
                "cannot be exact; use euler or heun"
            )
        total += g * sp.sqrt(exprel(2 * matrix[i, i] * DT)) * increment(xi)
    return total


#: Schemes by their names; ``linear`` is Brian's name of ``exact``.
SCHEMES: Mapping[str, Callable[[], Scheme]] = {
    "exact": Exact, "linear": Exact, "exponential_euler": ExponentialEuler, "euler": Euler, "rk2": RK2, "rk4": RK4,
    "heun": Heun, "milstein": Milstein,
}  # fmt: skip


def by_name(method: str | Scheme) -> Scheme:
    """Return the scheme of a name (Brian's names are accepted), or the scheme itself.

    Raises
    ------
    SchemeError
        For an unknown name.

    Examples
    --------
    >>> by_name("rk4").name
    'rk4'
    """
    if not isinstance(method, str):
        if not callable(getattr(method, "update", None)):
            raise SchemeError(f"method is {method!r}: a name such as 'euler', or a scheme such as RK4(), is expected")
        return method
    if method not in SCHEMES:
        reason = ": no scheme adapts its step, use rk4" if method.startswith("gsl") else suggest(method, SCHEMES)
        raise SchemeError(f"unknown scheme {method!r} (known: {', '.join(SCHEMES)}){reason}")
    return SCHEMES[method]()


def default_scheme(system: Hybrid) -> Scheme:
    """Return Exact where all is linear, ExponentialEuler where each variable is conditionally linear, else Euler."""
    for scheme in (Exact(), ExponentialEuler()):
        try:
            scheme.update(system)
        except SchemeError:
            continue
        return scheme
    return Euler()


__all__ = [
    "RK2",
    "RK4",
    "ClosedForm",
    "Euler",
    "Exact",
    "ExponentialEuler",
    "Heun",
    "Milstein",
    "Propagator",
    "Scheme",
    "Update",
    "by_name",
    "default_scheme",
]
