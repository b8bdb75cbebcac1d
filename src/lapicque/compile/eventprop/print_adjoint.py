"""One kind of neuron as code, forward and backward.

To the functions of `lapicque.compile.event.generate` come, printed from what `lapicque.model.calculus` derives:

* ``rates`` : the flow f at some states;
* ``pull_rates`` : A^T p, with A the Jacobian of the flow;
* ``pull_exactly`` : adjoints before a time from those after it, in closed form;
* ``slopes`` : adds p . df/dtheta to the gradients of parameters;
* ``slopes_of_still`` : adds p . df/dy for states y that stand still and that closed forms are no sums of;
* ``quickest`` : the fastest rate of the flow;
* ``guard`` : the gradient of the margin, ``pull_guard`` : its parameters';
* ``pull_jump``, ``pull_refractory`` : the same of what a spike does;
* ``arrive_K``, ``pull_arrive_K`` : what a spike does that arrives through pathways of a kind;
* ``seen_K``, ``pull_seen_K`` : what is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from lapicque.compile.event.courses import Courses, S
from lapicque.compile.event.print_model import Body, ModelPrinter, PrintedFunction
from lapicque.compile.event.solve import Regime
from lapicque.compile.eventprop.described import EMITTED, STEP, Arrival, Kind, read, value
from lapicque.model.calculus import costate
from lapicque.model.calculus.jacobian import derivative, pulled_back
from lapicque.model.symbols import maximum, symbol

_STATE = "x, a, c, b"
_WEIGHT = symbol("_weight")
_GROWTH = 0.5  # 1/ms: a variable that drives itself away grows by the factor exp(step _GROWTH) in a step, or less
_Lines = list[tuple[str, Sequence[sp.Expr]]]


class AdjointPrinter(ModelPrinter):
    """Prints the functions of one kind of neuron, number ``n``.

    Attributes
    ----------
    steps : whether flows are computed in steps
    """

    def __init__(self, n: int, kind: Kind):
        self.kind, self.steps = kind, kind.steps
        super().__init__(n, kind.solved)
        self.spelled |= {str(costate(x)): f"p[a + {k}]" for k, x in enumerate(kind.system.states)}
        most = max((len(arrival.values) for arrival in kind.arrivals), default=0)
        self.spelled |= {str(value(j)): f"values[number, {j}]" for j in range(most)}
        self.spelled |= {str(_WEIGHT): "weight", str(EMITTED): "mark"}
        for arrival in kind.arrivals:
            self.spelled |= {str(read(slot)): f"y[d + {slot}]" for slot in arrival.slots}

    def _parts(self) -> list[PrintedFunction]:
        before = super()._parts()
        free, held = self.kind.flows
        jump = self.kind.jump
        parts = [
            *before,
            self._by_freedom("rates", f"{_STATE}, f", self._rates(free.rates), self._rates(held.rates)),
            self._by_freedom("pull_rates", f"{_STATE}, p, out", self._rates(free.pulled, "out"),
                             self._rates(held.pulled, "out")),
            self._by_freedom("slopes", f"{_STATE}, p, weight, gradients, g", self._slopes(free.parameters),
                             self._slopes(held.parameters)),
            self._by_freedom("slopes_of_still", f"{_STATE}, p, weight, out", *self._slopes_of_still()),
            self._by_freedom("pull_exactly", f"{_STATE}, s, p", *self._pulls()),
            self._quickest(),
            self._plain("guard", f"{_STATE}, out", self._gradient({} if jump is None else jump.gradient)),
            self._plain("pull_guard", f"weight, {_STATE}, gradients, g",
                        self._slopes({} if jump is None else jump.guard_parameters)),
            self._plain("pull_jump", f"{_STATE}, p, gradients, g", self._pull_jump()),
            self._plain("pull_refractory", "c, b, weight, gradients, g",
                        self._slopes({} if jump is None else jump.refractory_parameters)),
            self._pace(),
            self._plain("step_of", "c, b", self._code([], [("return {}", [STEP if self.steps else sp.Integer(0)])])),
        ]  # fmt: skip
        output = self.kind.system.output
        parts += [
            self._plain("output", _STATE, self._returns(sp.Integer(1) if output is None else output)),
            self._plain("pull_output", f"weight, {_STATE}, p, gradients, g", self._pull_seen(output or sp.Integer(1))),
        ]
        for k, arrival in enumerate(self.kind.arrivals):
            parts += [self._arrive(k, arrival), self._pull_arrive(k, arrival)]
        for k, expression in enumerate(self.kind.seen):
            parts.append(self._plain(f"seen_{k}", _STATE, self._returns(expression)))
            parts.append(
                self._plain(f"pull_seen_{k}", f"weight, {_STATE}, p, gradients, g", self._pull_seen(expression))
            )
        return parts

    # -- pieces of code ----------------------------------------------------------------------------------------------

    def _plain(self, name: str, arguments: str, code: Body) -> PrintedFunction:
        return PrintedFunction(name, arguments, [("", code)])

    def _by_freedom(self, name: str, arguments: str, free: Body, held: Body) -> PrintedFunction:
        return PrintedFunction(name, f"free, {arguments}", [("if free:", free), ("else:", held)])

    def _rates(self, values: Mapping[sp.Symbol, sp.Expr], into: str = "f") -> Body:
        states = self.kind.system.states
        lines: _Lines = [(f"{into}[{k}] = {{}}", [values.get(x, sp.Integer(0))]) for k, x in enumerate(states)]
        return self._code([], lines or [("pass", [])])

    def _gradient(self, values: Mapping[sp.Symbol, sp.Expr]) -> Body:
        return self._rates(values, "out")

    def _slopes(self, values: Mapping[sp.Symbol, sp.Expr], weighted: bool = True) -> Body:
        """Add to the gradients of wanted parameters."""
        lines = self._adding(values, weighted)
        return self._code([], lines or [("pass", [])])

    def _adding(self, values: Mapping[sp.Symbol, sp.Expr], weighted: bool) -> _Lines:
        lines: _Lines = []
        for k, name in enumerate(self.kind.wanted):
            slope = values.get(symbol(name), sp.Integer(0))
            if slope != 0:
                lines.append((f"gradients[g, {k}] += {{}}", [_WEIGHT * slope if weighted else slope]))
        return lines

    # -- the flow ----------------------------------------------------------------------------------------------------

    def _flow(self) -> PrintedFunction:
        if not self.steps:
            return super()._flow()
        lines: _Lines = [
            ("while s > 0.0:", []),
            (f"    h = pace_{self.n}(free, {_STATE})", []),
            ("    h = s if h >= s * (1.0 - 1e-9) else h", []),
            (f"    advance_{self.n}(free, {_STATE}, h)", []),
            ("    s = 0.0 if h == s else s - h", []),
        ]
        return PrintedFunction("flow", f"free, {_STATE}, s", [("", self._code([], lines))])

    def _pace(self) -> PrintedFunction:
        """The length of a step: shorter where a variable drives itself away, or is about to do so, ever faster."""
        if not self.steps:
            return self._plain("pace", f"free, {_STATE}", self._code([], [("return np.inf", [])]))
        codes = []
        for flow in self.kind.flows:
            own = [flow.jacobian[k, k] for k in range(len(flow.states))]
            lines: _Lines = [("growth = 0.0", [])]
            for rate in (e for e in own if e.free_symbols & set(flow.states)):
                sooner = sp.Add(*(derivative(rate, x) * f for x, f in flow.rates.items()))
                lines.append(("growth = max(growth, {}, np.sqrt(max(0.0, {})))", [rate, sooner]))
            lines.append((f"return {{}} if growth <= {_GROWTH} else {_GROWTH} * {{}} / growth", [STEP, STEP]))
            codes.append(self._code([], lines))
        return self._by_freedom("pace", _STATE, *codes)

    def _crossing(self) -> list[PrintedFunction]:
        if not self.steps:
            still = self._plain("advance", f"free, {_STATE}, s", self._code([], [("pass", [])]))
            return [still, *super()._crossing()]
        free, held = self.kind.flows
        advance = self._by_freedom(
            "advance", f"{_STATE}, s", self._runge_kutta(free.rates), self._runge_kutta(held.rates)
        )
        never = PrintedFunction(
            "crossing", f"{_STATE}, horizon, zeros", [("", self._code([], [("return np.inf", [])]))]
        )
        return [advance, never]

    def _runge_kutta(self, rates: Mapping[sp.Symbol, sp.Expr]) -> Body:
        """Write a step of the classical scheme, its stages as local variables."""
        moving = [x for x, f in rates.items() if f != 0]
        lines: _Lines = []
        point: dict[sp.Symbol, sp.Expr] = {}
        half = sp.Rational(1, 2)
        for stage, length in enumerate((sp.Integer(0), half, half, sp.Integer(1)), 1):
            if stage > 1:
                for x in moving:
                    name = symbol(f"y{stage}_{x}")
                    lines.append((f"{name} = {{}}", [x + length * S * symbol(f"k{stage - 1}_{x}")]))
                    point[x] = name
            lines += [(f"k{stage}_{x} = {{}}", [rates[x].xreplace(point)]) for x in moving]
        for x in moving:
            slopes = [symbol(f"k{stage}_{x}") for stage in range(1, 5)]
            total = (slopes[0] + 2 * slopes[1] + 2 * slopes[2] + slopes[3]) / 6
            lines.append((f"new_{x} = {{}}", [x + S * total]))
        lines += [(f"x[a + {self.model.states.index(x)}] = new_{x}", []) for x in moving]
        return self._code([], lines or [("pass", [])])

    def _pulls(self) -> tuple[Body, Body]:
        if self.steps:
            nothing = self._code([], [("pass", [])])
            return nothing, nothing
        free, held = self._regimes()
        return self._pull(free), self._pull(held)

    @property
    def integrates(self) -> bool:
        """Whether gradients of a closed form need integrals."""
        return not self.steps and (bool(self.kind.wanted) or any(map(self._paced_by, self._regimes())))

    def _regimes(self) -> tuple[Regime, Regime]:
        free = self.model.free
        return free, self.model.held if self.model.held is not None else free

    def _paced_by(self, regime: Regime) -> list[sp.Symbol]:
        """Return states that stand still and set the pace of others: rates, and coefficients of quadratic ones."""
        paces = [*regime.rate.values(), *(e for three in regime.quadratic.values() for e in three)]
        return [y for y in self.kind.system.states if any(y in e.free_symbols for e in paces)]

    def _slopes_of_still(self) -> tuple[Body, Body]:
        if self.steps:
            nothing = self._code([], [("pass", [])])
            return nothing, nothing
        codes = []
        for regime, flow in zip(self._regimes(), self.kind.flows, strict=True):
            lines: _Lines = [
                (f"out[{self.kind.system.states.index(y)}] += {{}}", [_WEIGHT * flow.pulled[y]])
                for y in self._paced_by(regime)
            ]
            codes.append(self._code([], lines or [("pass", [])]))
        return codes[0], codes[1]

    def _pull(self, regime: Regime) -> Body:
        """Write Phi^T p, with Phi the derivative of the states after a time with respect to those before."""
        courses, states, paced_by = Courses(regime), self.kind.system.states, self._paced_by(regime)
        pulled: dict[sp.Symbol, sp.Expr] = dict.fromkeys(states, sp.Integer(0))
        for x in states:
            if x in regime.quadratic:
                slope = courses.let("quadratic_slope", (x, *regime.quadratic[x], S))
                pulled[x] += costate(x) * slope
                continue
            after = courses.after(x)
            for y in states:
                if y in paced_by:  # see `slopes_of_still`
                    d: sp.Expr = sp.Integer(int(x == y))
                else:
                    d = derivative(after, y)
                if d != 0:
                    pulled[y] += costate(x) * d
        lines: _Lines = [(f"new_{x} = {{}}", [new]) for x, new in pulled.items()]
        lines += [(f"p[a + {k}] = new_{x}", []) for k, x in enumerate(states)]
        return self._code(courses.lets, lines or [("pass", [])])

    def _quickest(self) -> PrintedFunction:
        regime = self.model.free
        rates: list[sp.Expr] = [sp.Abs(rate) for rate in dict.fromkeys(regime.rate.values()) if rate != 0]
        rates += [sp.Abs(b) + 2 * sp.sqrt(sp.Abs(a * c)) for a, b, c in regime.quadratic.values()]
        total: sp.Expr = sp.Integer(0)
        for rate in rates:
            total = maximum(total, rate) if total != 0 else rate
        return self._plain("quickest", f"free, {_STATE}", self._returns(total))

    # -- events ------------------------------------------------------------------------------------------------------

    def _pull_jump(self) -> Body:
        jump, states = self.kind.jump, self.kind.system.states
        if jump is None:
            return self._code([], [("pass", [])])
        lines: _Lines = [(f"new_{x} = {{}}", [jump.pulled[x]]) for x in states]
        lines += self._adding(jump.parameters, weighted=False)
        lines += [(f"p[a + {k}] = new_{x}", []) for k, x in enumerate(states)]
        return self._code([], lines)

    def _composed(self, arrival: Arrival) -> dict[sp.Symbol, sp.Expr]:
        after: dict[sp.Symbol, sp.Expr] = {}
        for x, new in arrival.statements:
            after[x] = new.xreplace(after)
        return after

    def _arrive(self, k: int, arrival: Arrival) -> PrintedFunction:
        after = self._composed(arrival)
        codes = []
        for free in (True, False):
            kept = {x: e for x, e in after.items() if free or x not in self.model.held_states}
            lines: _Lines = [(f"new_{x} = {{}}", [e]) for x, e in kept.items()]
            lines += [(f"x[a + {self.model.states.index(x)}] = new_{x}", []) for x in kept]
            codes.append(self._code([], lines or [("pass", [])]))
        return self._by_freedom(f"arrive_{k}", f"{_STATE}, values, number, y, d, mark", *codes)

    def _pull_arrive(self, k: int, arrival: Arrival) -> PrintedFunction:
        after, states = self._composed(arrival), self.kind.system.states
        codes = []
        for free in (True, False):
            kept = {x: e for x, e in after.items() if free or x not in self.model.held_states}
            p = {x: costate(x) for x in kept}
            passed = pulled_back(kept, states, p)
            pulled = {x: passed.get(x, sp.Integer(0)) + (0 if x in kept else costate(x)) for x in states}
            lines: _Lines = [(f"new_{x} = {{}}", [e]) for x, e in pulled.items() if e != costate(x)]
            own = pulled_back(kept, arrival.values, p)
            lines += [(f"out[number, {j}] += {{}}", [own[v]]) for j, v in enumerate(arrival.values) if v in own]
            given = pulled_back(kept, [symbol(name) for name in self.kind.wanted], p)
            lines += self._adding(given, weighted=False)
            seen = pulled_back(kept, [read(slot) for slot in arrival.slots], p)
            lines += [(f"back_y[{slot}] += {{}}", [seen[read(slot)]]) for slot in arrival.slots if read(slot) in seen]
            emitted = pulled_back(kept, [EMITTED], p).get(EMITTED, sp.Integer(0))
            lines.append(("found = {}", [emitted]))
            lines += [(f"p[a + {j}] = new_{x}", []) for j, x in enumerate(states) if pulled[x] != costate(x)]
            codes.append(self._code([], [*lines, ("return found", [])]))
        arguments = f"{_STATE}, values, number, y, d, mark, p, out, gradients, g, back_y"
        return self._by_freedom(f"pull_arrive_{k}", arguments, *codes)

    def _pull_seen(self, expression: sp.Expr) -> Body:
        states = self.kind.system.states
        slopes = {x: derivative(expression, x) for x in states}
        lines: _Lines = [(f"p[a + {k}] += {{}}", [_WEIGHT * slopes[x]]) for k, x in enumerate(states) if slopes[x] != 0]
        lines += self._adding({symbol(n): derivative(expression, symbol(n)) for n in self.kind.wanted}, weighted=True)
        return self._code([], lines or [("pass", [])])
