"""Rules that a model must keep, one function a rule and one text an error: names and dimensions.

`dimension_of` walks the syntax tree of an expression; every error has its caret under the node that is wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping
from fractions import Fraction
from typing import Final

from lapicque.errors import UnitError, suggest
from lapicque.model.equations import Expression
from lapicque.units import DIMENSIONLESS, UNIT_NAMES, Dimension, Unit, describe, find_unit, parse_unit


class _Marker:
    def __init__(self, text: str):
        self.text = text


#: What a comparison yields.
BOOLEAN: Final = _Marker("a condition")
#: What the literals 0 and inf have: they fit every dimension.
ANY: Final = _Marker("any dimension")

Kind = Dimension | _Marker

TIME = parse_unit("ms").dimension
RATE = parse_unit("1/ms").dimension
_NOISE = tuple(e / 2 for e in RATE)

#: Names that every expression may read, unless the model gives them another meaning.
BUILT_IN: Mapping[str, Kind] = {
    "t": TIME, "dt": TIME, "i": DIMENSIONLESS, "N": DIMENSIONLESS, "pi": DIMENSIONLESS, "e": DIMENSIONLESS, "inf": ANY,
    "True": BOOLEAN, "False": BOOLEAN, "not_refractory": BOOLEAN,
}  # fmt: skip

_PURE = ("exp", "expm1", "exprel", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sigmoid", "floor",
         "ceil", "round", "arctan")  # fmt: skip
#: Functions and the number of their arguments (None: two or more).
FUNCTIONS: Mapping[str, int | None] = {
    **dict.fromkeys(_PURE, 1), "sqrt": 1, "abs": 1, "sign": 1, "int": 1, "min": None, "max": None, "clip": 3,
    "where": 3, "rand": 0, "randn": 0, "hazard": 1,
}  # fmt: skip
#: Functions over the neurons of a population that give one number for all of them.
SHARED_REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin")
#: All functions over the neurons of a population; `min` and `max` are, where they have one argument.
REDUCTIONS = (*SHARED_REDUCTIONS, "rank")
#: Those whose result is the number of a neuron, or of neurons.
COUNTING = ("argmax", "argmin", "rank")
_ALIASES = {"ln": "log", "log10": "log(x)/log(10)", "fabs": "abs", "heaviside": "where(x > 0, 1, 0)",
            "atan": "arctan", "pow": "x**y", "logistic": "sigmoid", "std": "mean(x) and mean(x**2)"}  # fmt: skip


def is_reduction(call: ast.Call) -> bool:
    """Whether a call runs over the neurons of a population: ``sum(x)``, ``max(x)``, but not ``max(x, y)``."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return name in REDUCTIONS and (name not in FUNCTIONS or len(call.args) == 1)


def is_noise(name: str) -> bool:
    """Whether a name is white noise: ``xi`` or ``xi_something``."""
    return name == "xi" or name.startswith("xi_")


def unit_in(name: str) -> Unit | None:
    """Return the unit that a name means in an expression.

    One letter is none: ``V``, ``g`` or ``m`` is far more often a variable that was forgotten. Write ``volt``.
    """
    return find_unit(name) if len(name) > 1 else None


def check_known(expression: Expression, known: Mapping[str, object]) -> None:
    """Every name is a variable of the model, a built-in, noise or a unit."""
    for part in ast.walk(expression.tree):
        if isinstance(part, ast.Attribute):
            text = expression.text_of(part)
            raise expression.error(f"{text!r} has no meaning in a model: write {part.attr!r} alone", part)
    for node in expression.names():
        if node.id in known or node.id in BUILT_IN or is_noise(node.id) or unit_in(node.id):
            continue
        if node.id in ("lastspike", "last_spike"):
            raise expression.error("the time of the last spike cannot be read: write refractory='...' instead", node)
        if node.id in FUNCTIONS:
            raise expression.error(f"{node.id!r} is a function: write {node.id}(...)", node)
        hint = suggest(node.id, [*known, *BUILT_IN]) if len(node.id) > 1 or node.id.swapcase() in known else ""
        hint = hint or f": give it a value, parameters=dict({node.id}=...), or an equation"
        if find_unit(node.id) is not None:
            long = next(name for name, short in UNIT_NAMES.items() if node.id in short)
            hint += f" (in expressions the unit {node.id} is written {long!r})"
        raise expression.error(f"unknown name {node.id!r}{hint}", node)


def dimension_of(expression: Expression, known: Mapping[str, Dimension], reductions: Container[str] = ()) -> Kind:
    """Return the dimension of an expression, checking every operation in it.

    Parameters
    ----------
    expression : Expression
    known : mapping of str to Dimension
        The model's own names; they win over built-ins and units.
    reductions : names
        The functions over a population that may stand here.

    Raises
    ------
    UnitError
        If two sides of a sum or comparison differ, or a function is given a dimension.
    ModelError
        For unknown names and functions, wrong numbers of arguments, conditions used as numbers.
    """
    check_known(expression, known)
    return _Walk(expression, known, reductions).visit(expression.tree)


def check_dimension(
    expression: Expression,
    known: Mapping[str, Dimension],
    wanted: Dimension,
    what: str,
    reductions: Container[str] = (),
) -> None:
    """The expression has the dimension ``wanted``; ``what`` names it for the message."""
    found = dimension_of(expression, known, reductions)
    if found is BOOLEAN:
        raise expression.error(f"{what} is a condition, but {describe(wanted)} is expected", expression.tree, UnitError)
    if isinstance(found, tuple) and found != wanted:
        message = f"{what} is {describe(found)}, but {describe(wanted)} is expected{_hint(found, wanted)}"
        raise expression.error(message, expression.tree, UnitError)


def _hint(found: Dimension, wanted: Dimension) -> str:
    quotient = tuple(a - b for a, b in zip(found, wanted, strict=True))
    if quotient == TIME:
        return ": divide by a time constant"
    if quotient == RATE:
        return ": multiply by a time constant"
    return ""


def check_condition(
    expression: Expression, known: Mapping[str, Dimension], what: str, reductions: Container[str] = ()
) -> None:
    """The expression is a condition."""
    found = dimension_of(expression, known, reductions)
    if found is not BOOLEAN:
        message = f"the {what} is {describe_kind(found)}, but a condition is expected: write one such as 'v > v_th'"
        raise expression.error(message, expression.tree)


def describe_kind(kind: Kind) -> str:
    """Name what an expression is for a reader."""
    return kind.text if isinstance(kind, _Marker) else describe(kind)


class _Walk:
    def __init__(self, expression: Expression, known: Mapping[str, Dimension], reductions: Container[str]):
        self.expression, self.known, self.reductions = expression, known, reductions

    def visit(self, node: ast.expr) -> Kind:
        method: Callable[[ast.expr], Kind] | None = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            text = self.expression.text_of(node)
            better = ": write where(condition, a, b)" if isinstance(node, ast.IfExp) else ""
            raise self.expression.error(f"{text!r} has no meaning in an equation{better}", node)
        return method(node)

    def number(self, node: ast.expr, what: str) -> Kind:
        kind = self.visit(node)
        if kind is BOOLEAN:
            text = self.expression.text_of(node)
            raise self.expression.error(f"{what} the condition {text!r}: write where({text}, 1, 0)", node)
        return kind

    def visit_Constant(self, node: ast.Constant) -> Kind:
        if isinstance(node.value, bool):
            return BOOLEAN
        if not isinstance(node.value, (int, float)):
            raise self.expression.error(f"{node.value!r} is not a number", node)
        return ANY if node.value == 0 else DIMENSIONLESS

    def visit_Name(self, node: ast.Name) -> Kind:
        if node.id in self.known:
            return self.known[node.id]
        if node.id in BUILT_IN:
            return BUILT_IN[node.id]
        if is_noise(node.id):
            return _NOISE
        unit = unit_in(node.id)
        assert unit is not None  # check_known ran first
        return unit.dimension

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Kind:
        if isinstance(node.op, ast.Not):
            return self._conditions([node.operand], "not")
        if isinstance(node.op, ast.Invert):
            raise self.expression.error("'~' is not an operator here: write 'not'", node)
        return self.number(node.operand, "a sign stands before")

    def visit_BinOp(self, node: ast.BinOp) -> Kind:
        left = self.number(node.left, "arithmetic with")
        if isinstance(node.op, ast.Pow):
            return self._power(node, left)
        right = self.number(node.right, "arithmetic with")
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mod)):
            word = {ast.Add: "add", ast.Sub: "subtract", ast.Mod: "take the remainder of"}[type(node.op)]
            return self._same(node, node.left, left, node.right, right, word)
        if isinstance(node.op, ast.Mult):
            if isinstance(left, _Marker) or isinstance(right, _Marker):
                return ANY
            return tuple(a + b for a, b in zip(left, right, strict=True))
        if isinstance(node.op, ast.Div):
            if right is ANY and isinstance(node.right, ast.Constant):
                raise self.expression.error("division by zero", node.right)
            if isinstance(left, _Marker) or isinstance(right, _Marker):
                return ANY
            return tuple(a - b for a, b in zip(left, right, strict=True))
        if isinstance(node.op, ast.FloorDiv):
            raise self.expression.error("'//' is not an operator here: write floor(a/b)", node)
        raise self.expression.error(f"{self.expression.text_of(node)!r} uses an operator that is not known here", node)

    def _power(self, node: ast.BinOp, left: Kind) -> Kind:
        exponent = self.number(node.right, "raising to")
        if exponent is not ANY and exponent != DIMENSIONLESS:
            message = f"the exponent is {describe_kind(exponent)}, but a pure number is expected"
            raise self.expression.error(message, node.right, UnitError)
        if isinstance(left, _Marker) or left == DIMENSIONLESS:
            return DIMENSIONLESS
        value = _literal_number(node.right)
        if value is None:
            text = self.expression.text_of(node.left)
            message = f"{text!r} has a dimension, so its exponent must be a number such as 2 or 1/2"
            raise self.expression.error(message, node.right, UnitError)
        return tuple(e * value for e in left)

    def visit_Compare(self, node: ast.Compare) -> Kind:
        if len(node.ops) != 1:
            raise self.expression.error("compare two things at a time: write 'a < b and b < c'", node.comparators[1])
        if not isinstance(node.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq)):
            raise self.expression.error("only <, <=, >, >=, == and != compare", node)
        left = self.number(node.left, "a comparison with")
        right = self.number(node.comparators[0], "a comparison with")
        self._same(node, node.left, left, node.comparators[0], right, "compare")
        return BOOLEAN

    def visit_BoolOp(self, node: ast.BoolOp) -> Kind:
        return self._conditions(node.values, "and" if isinstance(node.op, ast.And) else "or")

    def _conditions(self, nodes: list[ast.expr], word: str) -> Kind:
        for node in nodes:
            kind = self.visit(node)
            if kind is not BOOLEAN:
                what = (
                    "where() begins with" if word == "where" else "'not' takes" if word == "not" else f"'{word}' joins"
                )
                text = f"{what} a condition, but {self.expression.text_of(node)!r} is {describe_kind(kind)}"
                raise self.expression.error(text.replace("joins a condition", "joins conditions"), node)
        return BOOLEAN

    def visit_Subscript(self, node: ast.Subscript) -> Kind:
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Name) and node.slice.id == "n":
            return self.visit(node.value)  # x[n] is x
        raise self.expression.error(
            f"{self.expression.text_of(node)!r}: only x[n], this step's value, can be read", node
        )

    def visit_Call(self, node: ast.Call) -> Kind:
        if not isinstance(node.func, ast.Name):
            message = f"{self.expression.text_of(node.func)!r} is no function: is a '*' missing behind it?"
            raise self.expression.error(message, node)
        name = node.func.id
        if name in self.known:
            delayed = any(isinstance(n, ast.Name) and n.id == "t" for a in node.args for n in ast.walk(a))
            reason = "the past of a variable is not kept: there are no delayed variables" if delayed else ""
            reason = reason or f"{name!r} is a variable and cannot be called: is a '*' missing?"
            raise self.expression.error(reason, node)
        if is_reduction(node):
            return self._reduction(name, node)
        if name not in FUNCTIONS:
            hint = f"; write {_ALIASES[name]}" if name in _ALIASES else suggest(name, [*FUNCTIONS, *REDUCTIONS])
            if not hint and any(isinstance(a, ast.Name) and a.id == "t" for a in node.args):
                hint = f"; for a signal from outside write {name}, without (t), and declare '{name} : UNIT (input)'"
            raise self.expression.error(f"unknown function {name!r}{hint}", node)
        if node.keywords:
            raise self.expression.error(f"{name}() takes no named arguments", node)
        wanted, given = FUNCTIONS[name], len(node.args)
        if (wanted is None and given < 2) or (wanted is not None and given != wanted):
            count = "two or more arguments" if wanted is None else f"{wanted} argument{'s' * (wanted != 1)}"
            raise self.expression.error(f"{name}() takes {count}, not {given}", node)
        return self._call(name, node)

    def _reduction(self, name: str, node: ast.Call) -> Kind:
        if name not in self.reductions:
            message = f"{name}() runs over the neurons of a population: "
            if name == "rank":
                message += "it gives each a value of its own, in a threshold, a reset, or 'x = rank(v) : 1'"
            elif name in ("min", "max"):
                message += (
                    f"write {name}(a, b) for two values, or among a neuron's equations 'x = {name}(v) : unit (shared)'"
                )
            else:
                message += f"write among a neuron's equations 'x = {name}(v) : unit (shared)', and read x"
            raise self.expression.error(message, node)
        if [keyword.arg for keyword in node.keywords] not in ([], ["by"]) or len(node.args) != 1:
            raise self.expression.error(f"{name}() takes what is reduced, and by=: {name}(v, by=group)", node)
        kind = self.number(node.args[0], f"{name}() of")
        return DIMENSIONLESS if name in COUNTING else kind

    def _call(self, name: str, node: ast.Call) -> Kind:
        if name in ("rand", "randn"):
            return DIMENSIONLESS
        if name == "int":
            kind = self.visit(node.args[0])
            return kind if kind not in (BOOLEAN, ANY) else DIMENSIONLESS
        if name == "hazard":
            kind = self.visit(node.args[0])
            if kind is not ANY and kind != RATE:
                message = f"hazard() takes a rate (1/ms, Hz), not {describe_kind(kind)}"
                raise self.expression.error(message, node.args[0], UnitError)
            return BOOLEAN
        if name == "where":
            self._conditions(node.args[:1], "where")
            rest = node.args[1:]
        else:
            rest = node.args
        kinds = [self.number(argument, f"{name}() of") for argument in rest]
        if name in _PURE:
            if kinds[0] is not ANY and kinds[0] != DIMENSIONLESS:
                text = self.expression.text_of(rest[0])
                message = f"{name}() takes a pure number, but {text!r} is {describe_kind(kinds[0])}"
                raise self.expression.error(message, rest[0], UnitError)
            return DIMENSIONLESS
        if name == "sqrt":
            return tuple(e / 2 for e in kinds[0]) if isinstance(kinds[0], tuple) else kinds[0]
        if name == "sign":
            return DIMENSIONLESS
        result = kinds[0]  # abs, min, max, clip, where: all arguments alike
        for argument, kind in zip(rest[1:], kinds[1:], strict=True):
            result = self._same(node, rest[0], result, argument, kind, f"{name}()")
        return result

    def _same(self, node: ast.expr, left: ast.expr, a: Kind, right: ast.expr, b: Kind, word: str) -> Kind:
        if a is ANY:
            return b
        if b is ANY or a == b:
            return a
        one, other = (
            f"{self.expression.text_of(left)!r} is {describe_kind(a)}",
            f"{self.expression.text_of(right)!r} is {describe_kind(b)}",
        )
        message = f"the arguments of {word} differ" if word.endswith("()") else f"cannot {word}"
        raise self.expression.error(f"{message}: {one}, {other}", right, UnitError)


def _literal_number(node: ast.expr) -> Fraction | None:
    try:
        value = eval(compile(ast.Expression(node), "exponent", "eval"), {"__builtins__": {}})  # numbers only
    except Exception:
        return None
    return Fraction(value).limit_denominator(64) if isinstance(value, (int, float)) else None


def check_noise_is_linear(expression: Expression, known: Container[str]) -> None:
    """Noise enters linearly: ``xi`` is added or multiplied by a coefficient."""

    def noise_in(node: ast.expr) -> ast.Name | None:
        names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        return next((n for n in names if is_noise(n.id) and n.id not in known), None)

    for node in (n for n in ast.walk(expression.tree) if isinstance(n, ast.expr)):
        inside: list[ast.expr] = []
        if isinstance(node, (ast.Call, ast.Compare)):
            inside = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Pow, ast.Mod)):
            inside = [node.left, node.right]
        elif isinstance(node, ast.BinOp) and (
            isinstance(node.op, ast.Div) or (isinstance(node.op, ast.Mult) and noise_in(node.left))
        ):
            inside = [node.right]
        for child in inside:
            if name := noise_in(child):
                message = f"white noise enters linearly: {name.id} cannot stand inside {expression.text_of(node)!r}"
                raise expression.error(message, name)
