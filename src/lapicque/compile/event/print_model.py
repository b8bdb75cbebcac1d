"""One kind of neuron as code: see `lapicque.compile.event.generate` for what is printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from lapicque.compile.event.courses import Courses, Functional, Let, S, bound, chain
from lapicque.compile.event.solve import Regime, Solved
from lapicque.compile.nodes import Lowering, Node, hoisted
from lapicque.compile.printer import Printer

_STATE = "x, a, c, b"  # states from x[a], constants from c[b]


@dataclass
class Body:
    """Code before it is printed: intermediate values, then lines whose ``{}`` take nodes."""

    lets: list[tuple[str, str, list[Node]]] = field(default_factory=list)
    lines: list[tuple[str, list[Node]]] = field(default_factory=list)

    def roots(self) -> list[Node]:
        """Return all nodes that are printed."""
        return [n for _, _, nodes in self.lets for n in nodes] + [n for _, nodes in self.lines for n in nodes]


@dataclass
class PrintedFunction:
    """A function of the kernel file: code, or several pieces of it with a line before each.

    ``behind`` is what follows the function in the file.
    """

    name: str
    arguments: str
    pieces: list[tuple[str, Body]]
    behind: str = ""


class ModelPrinter:
    """Prints the functions of one kind of neuron, number ``n``.

    Attributes
    ----------
    constants : what ``coefficients`` computes, in the order in which kernels find it from ``c[b]`` on
    used : names of the functions that the code calls
    """

    def __init__(self, n: int, model: Solved):
        self.n, self.model = n, model
        self.lower = Lowering({str(p) for p in model.parameters} | ({"i", "N"} - {str(x) for x in model.states}))
        self.used: set[str] = {"where"}
        self.parts = self._parts()
        roots = [node for part in self.parts for _, code in part.pieces for node in code.roots()]
        self.constants = [*_constants_read(roots), *hoisted(roots)]
        self.standing = {id(node): f"c[b + {k}]" for k, node in enumerate(self.constants) if not node.leaf}
        self.spelled = {node.value: f"c[b + {k}]" for k, node in enumerate(self.constants) if node.leaf}
        self.spelled |= {str(x): f"x[a + {k}]" for k, x in enumerate(model.states)} | {str(S): "s"}

    # -- what the functions do ---------------------------------------------------------------------------------------

    def _parts(self) -> list[PrintedFunction]:
        crossing = self._crossing()
        return [self._flow(), self._margin(), self._patience(), *crossing, self._jump(), self._refractory()]

    def _code(self, lets: Iterable[Let], lines: Sequence[tuple[str, Sequence[sp.Expr]]]) -> Body:
        made = [(str(let.name), let.function, [self.lower(e) for e in let.arguments]) for let in lets]
        return Body(made, [(text, [self.lower(e) for e in values]) for text, values in lines])

    def _returns(self, value: sp.Expr) -> Body:
        return self._code([], [("return {}", [value])])

    def _flow(self) -> PrintedFunction:
        free, held = self.model.free, self.model.held
        pieces = [("if free:", self._moves(free)), ("else:", self._moves(held))] if held else [("", self._moves(free))]
        return PrintedFunction("flow", f"free, {_STATE}, s", pieces)

    def _moves(self, regime: Regime) -> Body:
        courses = Courses(regime)
        moving = [x for x in self.model.states if x in {*regime.order, *regime.quadratic, *regime.given}]
        lines: list[tuple[str, Sequence[sp.Expr]]] = [(f"new_{x} = {{}}", [courses.after(x)]) for x in moving]
        lines += [(f"x[a + {self.model.states.index(x)}] = new_{x}", []) for x in moving]
        return self._code(courses.lets, lines or [("pass", [])])

    def _margin(self) -> PrintedFunction:
        margin = self.model.margin if self.model.margin is not None else sp.Integer(-1)
        return PrintedFunction("margin", _STATE, [("", self._returns(margin))])

    def _patience(self) -> PrintedFunction:
        """The time that the margin needs at least, by what it and its slope never exceed."""
        model, regime = self.model, self.model.free
        read = list(model.weights)
        lines: list[tuple[str, Sequence[sp.Expr]]] = [("return 0.0", [])]
        if model.until is None and read and read[0] in regime.rate and len(regime.cone(read)) > 1:
            assert model.margin is not None
            margin = Functional(model.weights, model.rest)
            highest, steepest = bound(margin, regime), bound(margin.derivative(regime), regime)
            if highest is not None and steepest is not None:
                lines = [
                    ("f = {}", [model.margin]),
                    ("if not f < 0.0:", []),
                    ("    return 0.0", []),
                    ("highest = {}", [highest]),
                    ("if highest < 0.0:", []),
                    ("    return np.inf", []),
                    ("return -f / max({}, 1e-300)", [steepest]),
                ]
        return PrintedFunction("patience", _STATE, [("", self._code([], lines))])

    def _jump(self) -> PrintedFunction:
        states = self.model.states
        lines = [(f"x[a + {states.index(j.target)}] = {{}}", [j.expression]) for j in self.model.jumps]
        # one piece a statement: each sees what those before it wrote
        pieces = [("", self._code([], [line])) for line in lines or [("pass", [])]]
        return PrintedFunction("jump", _STATE, pieces)

    def _refractory(self) -> PrintedFunction:
        time = self.model.refractory
        return PrintedFunction("refractory", "c, b", [("", self._returns(sp.Integer(-1) if time is None else time))])

    def _crossing(self) -> list[PrintedFunction]:
        """The functions that find the first crossing; the last of them is ``crossing``."""
        model, regime = self.model, self.model.free
        arguments = f"{_STATE}, horizon, zeros"
        if model.margin is None:
            return [PrintedFunction("crossing", arguments, [("", self._code([], [("return np.inf", [])]))])]
        above = ">" if model.strict else ">="
        lines: list[tuple[str, Sequence[sp.Expr]]] = [
            ("f = {}", [model.margin]),
            (f"if f {above} 0.0:", []),
            ("    return 0.0", []),
        ]
        helpers: list[PrintedFunction] = []
        read = list(model.weights)
        if not read:
            lines.append(("return np.inf", []))
        elif model.until is not None:
            lines += [("q = {}", [model.until]), ("return q if q >= 0.0 else np.inf", [])]
            self.used.add("where")
        elif read[0] in regime.given:
            helpers, found = self._monotone(read[0])
            lines += found
        elif read[0] in regime.quadratic:
            lines += self._quadratic(read[0])
        else:
            helpers, found = self._linear(Functional(model.weights, model.rest))
            lines += found
        return [*helpers, PrintedFunction("crossing", arguments, [("", self._code([], lines))])]

    def _monotone(self, x: sp.Symbol) -> tuple[list[PrintedFunction], list[tuple[str, Sequence[sp.Expr]]]]:
        assert self.model.margin is not None
        courses = Courses(self.model.free)
        later = self.model.margin.xreplace({x: courses.after(x)})
        helper = PrintedFunction(
            "later",
            f"s, {_STATE}",
            [("", self._code(courses.lets, [("return {}", [later])]))],
            f"search_{self.n} = monotone_search(later_{self.n})",
        )
        self.used.add("monotone_search")
        return [helper], [(f"return search_{self.n}(horizon, {_STATE})", [])]

    def _quadratic(self, x: sp.Symbol) -> list[tuple[str, Sequence[sp.Expr]]]:
        a, b, c = self.model.free.quadratic[x]
        weight = self.model.weights[x]
        self.used.add("quadratic_time")
        return [
            ("rise = {}", [weight * ((a * x + b) * x + c)]),
            ("if f == 0.0:", []),
            ("    return 0.0 if rise > 0.0 else np.inf", []),
            ("return quadratic_time({}, {}, {}, {}, {})", [x, -self.model.rest / weight, a, b, c]),
        ]

    def _linear(self, margin: Functional) -> tuple[list[PrintedFunction], list[tuple[str, Sequence[sp.Expr]]]]:
        regime = self.model.free
        functions = chain(margin, regime)
        order = regime.cone(list(margin.weights))
        here = {x: x for x in order}
        self.used.add("first_order_zero")
        if len(order) == 1:
            slope = margin.derivative(regime).of(here)
            return [], [
                ("slope = {}", [slope]),
                ("if not slope > 0.0:", []),
                ("    return np.inf", []),
                ("if f == 0.0:", []),
                ("    return 0.0", []),
                ("return first_order_zero(f, slope, {})", [regime.rate[order[0]]]),
            ]
        lines: list[tuple[str, Sequence[sp.Expr]]] = []
        last = functions[-2]
        lines += [
            ("last = first_order_zero({}, {}, {})",
             [last.of(here), last.derivative(regime).of(here), regime.rate[order[-1]]]),
            (f"return search_{self.n}({len(order) - 1}, zeros, last, horizon, {_STATE})", []),
        ]  # fmt: skip
        self.used.add("search")
        pieces = []
        for k, function in enumerate(functions[:-2]):
            courses = Courses(regime)
            values = {x: courses.name(courses.after(x)) for x in order[k:]}
            results = [function.of(values), function.derivative(regime).of(values)]
            head = f"if level == {k}:" if k < len(order) - 2 else ""
            pieces.append((head, self._code(courses.lets, [("return {}, {}", results)])))
        return [
            PrintedFunction("level", f"level, s, {_STATE}", pieces, f"search_{self.n} = search(level_{self.n})")
        ], lines

    # -- printing ----------------------------------------------------------------------------------------------------

    def functions(self) -> list[str]:
        """Return the source of every function."""
        return [self._coefficients(), *(self._print(part) for part in self.parts)]

    def _print(self, part: PrintedFunction) -> str:
        lines = ["@njit(**OPTIONS)", f"def {part.name}_{self.n}({part.arguments}):"]
        for number, (head, code) in enumerate(part.pieces):
            indent = "    " * (2 if head else 1)
            lines += [f"    {head}"] if head else []
            printer = Printer(dict(self.spelled), self.standing, "float64", prefix=f"n{number}_")
            printer.count(code.roots())
            for name, function, nodes in code.lets:
                texts = [printer.text(node)[0] for node in nodes]
                if function == "exp_dd":
                    texts = [f"({', '.join(texts)})"]
                printer.lines.append(f"{name} = {function}({', '.join(texts)})")
                self.used |= {function} - {""}
            for text, nodes in code.lines:
                texts = [printer.text(node)[0] for node in nodes]
                printer.lines.append(text.format(*texts))
            self.used |= printer.functions
            lines += [indent + line for line in printer.lines]
        return "\n".join(lines) + (f"\n\n\n{part.behind}" if part.behind else "")

    def _coefficients(self) -> str:
        names = {name: f'p["{name}"]' for name in [*map(str, self.model.parameters), "i", "N"]}
        printer = Printer(names, {}, "float64", prefix="k")
        printer.count(self.constants)
        texts = [printer.text(node)[0] for node in self.constants]
        self.used |= printer.functions
        lines = [
            f"def coefficients_{self.n}(p, size):",
            "    p = {name: np.asarray(value, float64) for name, value in p.items()}",
            *("    " + line for line in printer.lines),
            f"    return [{', '.join(texts)}]",
        ]
        return "\n".join(lines)


def _constants_read(roots: Iterable[Node]) -> list[Node]:
    """Return the parameters that are read by what is not constant as a whole."""
    found: dict[int, Node] = {}
    for root in roots:
        stack = [root]
        while stack:
            node = stack.pop()
            if node.op == "var" and node.constant:
                found[id(node)] = node
            elif not node.constant or node.condition:
                stack += node.args
    return sorted(found.values(), key=lambda node: node.value)
