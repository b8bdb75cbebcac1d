"""Solutions that the user knows: the course of a variable between events, where it is not found from the equations."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sympy as sp

from lapicque.compile.linear import DT, T
from lapicque.dimensions import DIMENSIONLESS
from lapicque.errors import SchemeError, suggest
from lapicque.model.convert import Converter
from lapicque.model.equations import parse_expression
from lapicque.model.hybrid import Hybrid
from lapicque.model.symbols import STEPWISE, expm1, exprel, log1p, maximum, minimum, sigmoid, symbol, where

if TYPE_CHECKING:
    from lapicque.compile.schemes import Update

ELAPSED = symbol("elapsed")
_TRIES, _SOON = 5, 1e-9
_CASES = (where, minimum, maximum, sp.Abs, *STEPWISE)


def spelled(e: sp.Expr) -> sp.Expr:
    """Return an expression in SymPy's own functions, which have values at complex points."""
    e = e.replace(exprel, lambda x: (sp.exp(x) - 1) / x).replace(expm1, lambda x: sp.exp(x) - 1)
    return e.replace(log1p, lambda x: sp.log(1 + x)).replace(sigmoid, lambda x: 1 / (1 + sp.exp(-x)))


@dataclass(frozen=True)
class ClosedForm:
    """The solution of a flow in closed form, written by the user.

    It serves both engines: as ``method=`` on a grid of times, where a step is exact, and with `EventDriven` for
    equations whose solution is not found there.

    Parameters
    ----------
    solution : name -> expression
        The value of the variable after the time ``elapsed``, in terms of the values before, parameters and inputs, and
        in internal units (ms, mV, pA ...). It is compared with the equation when it is used.
    until : expression, optional
        For the event-driven engine: the time until the threshold is reached, infinite or not a number if it never is.
        Without it the variable in the threshold must be the only one in its equation: it then moves in one direction
        only, and the threshold is found by bisection.

    Examples
    --------
    >>> ClosedForm({"v": "v/(1 - a*v*elapsed)"}, until="1/(a*v) - 1/(a*v_peak)")
    ClosedForm(solution={'v': 'v/(1 - a*v*elapsed)'}, until='1/(a*v) - 1/(a*v_peak)')
    """

    solution: Mapping[str, str]
    until: str | None = None
    name: str = field(default="closed form", repr=False)

    def __hash__(self) -> int:
        return hash((tuple(sorted(self.solution.items())), self.until))

    def expressions(self, system: Hybrid) -> dict[sp.Symbol, sp.Expr]:
        """Return the solutions as expressions of the system's symbols and of ``elapsed``, compared with its flow.

        Raises
        ------
        SchemeError
            For a name that is no variable of the system, and for a solution that does not solve its equation.
        """
        found = {}
        for name, text in self.solution.items():
            if symbol(name) not in system.flow:
                known = [str(x) for x in system.flow]
                raise SchemeError(f"a closed form of {name!r} is given, but no such equation{suggest(name, known)}")
            found[symbol(name)] = _read(text, f"closed form of {name!r}", system)
        _compare(found, system)
        return found

    def time_to_threshold(self, system: Hybrid) -> sp.Expr | None:
        """Return ``until`` as an expression of the system's symbols."""
        return None if self.until is None else _read(self.until, "until", system)

    def update(self, system: Hybrid) -> Update:
        """Return the update of one step: the solutions after ``dt``.

        Raises
        ------
        SchemeError
            If the solution of a variable that changes is missing.
        """
        from lapicque.compile.schemes import FREE, Update

        found = self.expressions(system)
        missing = [str(x) for x, f in system.flow.items() if f != 0 and x not in found]
        if missing:
            raise SchemeError(f"the closed form of {missing[0]!r} is missing: ClosedForm({{{missing[0]!r}: ...}})")
        if system.diffusion:
            raise SchemeError(
                f"closed forms are for equations without noise, and there is {next(iter(system.diffusion))}"
            )
        new = {x: found.get(x, x).xreplace({ELAPSED: DT}) for x in system.flow}
        return Update((), {x: where(FREE, e, x) if x in system.held and e != x else e for x, e in new.items()})


def _read(text: str, what: str, system: Hybrid) -> sp.Expr:
    names = {*system.states, *system.parameters, *system.inputs, *system.algebraic, ELAPSED}
    convert = Converter({str(s): DIMENSIONLESS for s in names}, dict(system.algebraic))
    return convert(parse_expression(text, what))


def _compare(found: Mapping[sp.Symbol, sp.Expr], system: Hybrid) -> None:
    """Solutions begin at the values before and have the derivative that the flow says, at some points.

    Values are complex, so that roots and logarithms of what happens to be negative there do not matter. Where other
    variables change too and their solutions are not given, only the beginning is looked at.
    """
    numbers = random.Random(1)
    for x, value in found.items():
        flow = system.flow[x].xreplace({symbol("not_refractory"): sp.true})
        if names := flow.free_symbols & {T, DT}:
            raise SchemeError(f"d{x}/dt depends on {', '.join(map(str, names))} explicitly: it has no closed form")
        if flow.has(*_CASES) or value.has(*_CASES):
            continue  # where there are cases, the user alone compares
        after = flow.xreplace(dict(found))
        known = all(y in found or system.flow.get(y, 0) == 0 for y in flow.free_symbols)
        slope = sp.diff(value, ELAPSED)
        symbols = sorted((value.free_symbols | after.free_symbols | {x}) - {ELAPSED}, key=str)
        for _ in range(_TRIES):
            point: dict[sp.Expr, sp.Expr] = {s: sp.Float(numbers.uniform(0.5, 1.5)) for s in symbols}
            moment = {**point, ELAPSED: sp.Float(_SOON)}
            start = complex(spelled(value).subs(moment).evalf())
            if known:
                moment[ELAPSED] = sp.Float(numbers.uniform(0.01, 0.1))
            there, wanted = (complex(spelled(e).subs(moment).evalf()) for e in (slope, after))
            if abs(start - complex(point[x])) > 1e-6:
                raise SchemeError(f"the closed form of {x} is not {x} where elapsed is 0")
            if abs(there - wanted) > 1e-6 * (1 + abs(wanted)):
                raise SchemeError(f"the closed form of {x} does not solve d{x}/dt = {system.flow[x]}")


__all__ = ["ELAPSED", "ClosedForm"]
