"""Values that differ between neurons: distributions and expressions, checked when given, drawn when a run is built."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from lapicque.errors import SimulationError, suggest
from lapicque.model import checks, rules
from lapicque.model.distribution import Distribution, exponential, lognormal, normal, uniform
from lapicque.model.equations import Expression, parse_expression
from lapicque.model.evaluate import evaluate
from lapicque.model.values import is_quantity, plain_value
from lapicque.random import normal_numbers, uniform_numbers
from lapicque.units import DIMENSIONLESS, Dimension, Unit, internal, parse_unit

__all__ = ["Distribution", "drawn", "exponential", "lognormal", "normal", "uniform"]

LENGTH = parse_unit("um").dimension

#: What an expression of a neuron may read besides the parameters: its number, how many there are, where it is.
NEURON_NAMES: Mapping[str, Dimension] = {
    "i": DIMENSIONLESS, "N": DIMENSIONLESS, "x": LENGTH, "y": LENGTH, "z": LENGTH,
}  # fmt: skip


def drawn(
    value: Any,
    unit: Unit,
    size: int,
    key: np.uint64,
    names: Mapping[str, Any] | None = None,
    what: str = "the value",
) -> np.ndarray:
    """Return one value a neuron, in internal units.

    Parameters
    ----------
    value : quantity, array, Distribution or str
        An expression reads ``names``, ``i`` (the neuron's number), ``N`` (how many there are), ``rand()`` (uniform
        between 0 and 1) and ``randn()`` (normal, mean 0 and variance 1).
    unit : Unit
        Of bare numbers.
    size : int
    key : uint64
        From `lapicque.random.stream_key`. Neuron n is element n; the step is the number of the draw in the text.
    names : mapping of str to float or (size,)
        In internal units.

    Returns
    -------
    numpy.ndarray
        (size,) float64.

    Raises
    ------
    SimulationError
        If an array has another length.

    Examples
    --------
    >>> from lapicque.random import stream_key
    >>> from lapicque.units import mV
    >>> key = stream_key(1, "exc/v")
    >>> drawn("e_l + 10*mV*rand()", mV, 3, key, {"e_l": -70.0}).round(2)
    array([-64.46, -67.25, -69.05])
    >>> drawn(normal(-70 * mV, 2 * mV), mV, 3, key).round(2)
    array([-70.34, -67.85, -67.1 ])
    """
    names = dict(names or {})
    if isinstance(value, Distribution):
        return _from(value, unit, size, key, what)
    if isinstance(value, str) and not is_quantity(value, names):
        return _evaluated(parse_expression(value, what.removeprefix("the ")), size, key, names)
    array = np.asarray(internal(plain_value(value, unit, what), unit), np.float64)
    check_length(array, size, what)
    return np.array(np.broadcast_to(array, (size,)))


def _from(value: Distribution, unit: Unit, size: int, key: np.uint64, what: str) -> np.ndarray:
    numbers, low, high = value.internal(unit, what)
    neuron = np.arange(size)
    if value.kind == "normal":
        found = numbers[0] + numbers[1] * normal_numbers(key, 0, neuron)
    elif value.kind == "lognormal":
        mu, sigma = log_moments(*numbers)
        found = np.exp(mu + sigma * normal_numbers(key, 0, neuron))
    elif value.kind == "uniform":
        found = numbers[0] + (numbers[1] - numbers[0]) * uniform_numbers(key, 0, neuron)
    else:
        found = -numbers[0] * np.log(uniform_numbers(key, 0, neuron))
    return np.clip(found, low, high)


def log_moments(mean: float, sd: float) -> tuple[float, float]:
    """Return mean and standard deviation of the logarithm of lognormal values, given those of the values."""
    variance = np.log1p((sd / mean) ** 2)
    return float(np.log(mean) - variance / 2), float(np.sqrt(variance))


def _evaluated(expression: Expression, size: int, key: np.uint64, names: dict[str, Any]) -> np.ndarray:
    tree = deepcopy(expression.tree)
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    calls = sorted((c for c in calls if c.func.id in ("rand", "randn")), key=lambda c: c.col_offset)  # type: ignore[attr-defined]
    values: dict[str, Any] = {"i": np.arange(size, dtype=np.float64), "N": float(size), **names}
    replaced: dict[int, str] = {}
    for step, call in enumerate(calls):
        draw = uniform_numbers if call.func.id == "rand" else normal_numbers  # type: ignore[attr-defined]
        replaced[id(call)] = f"_draw_{step}"
        values[f"_draw_{step}"] = draw(key, step, np.arange(size))
    put = _Replace(replaced).visit(tree)
    found = evaluate(Expression(expression.text, put, expression.source, expression.offset), values)
    return np.array(np.broadcast_to(np.asarray(found, np.float64), (size,)))


class _Replace(ast.NodeTransformer):
    def __init__(self, names: dict[int, str]):
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if id(node) in self.names:
            return ast.copy_location(ast.Name(self.names[id(node)], ast.Load()), node)
        self.generic_visit(node)
        return node


def check_value(value: Any, unit: Unit, size: int, known: Mapping[str, Dimension], what: str) -> None:
    """Refuse a value that could not be drawn: of another dimension or length, with unknown names, NaN.

    Parameters
    ----------
    known : mapping of str to Dimension
        The names that an expression may read.
    """
    if isinstance(value, Distribution):
        value.internal(unit, what)
    elif isinstance(value, str) and not is_quantity(value, known):
        expression = parse_expression(value, what.removeprefix("the "))
        check_text(expression, known)
        checks.check_dimension(expression, known, unit.dimension, what)
    else:
        check_length(np.asarray(plain_value(value, unit, what)), size, what)


def check_text(expression: Expression, known: Mapping[str, Dimension]) -> None:
    """An expression that is evaluated once reads no time, no noise, and nothing that refers to a run."""
    rules.refuse_hazard(expression)
    rules.refuse_noise(expression, known, "has no meaning here: write randn()")
    for node in expression.names():
        if node.id in ("t", "dt", "not_refractory") and node.id not in known:
            raise expression.error(f"{node.id!r} has no value yet: this is computed once, before a run begins", node)
        if node.id in known or node.id in checks.BUILT_IN or checks.unit_in(node.id) is not None:
            continue
        if node.id in "xyz":
            message = f"{node.id!r} is a position, which the neurons have none of: population(..., positions=...)"
            raise expression.error(message, node)
        hint = suggest(node.id, known) or f": what can be read here is {', '.join(known)}"
        raise expression.error(f"unknown name {node.id!r}{hint}", node)


def check_length(array: np.ndarray, size: int, what: str) -> None:
    """An array has one value a neuron."""
    if array.ndim and array.shape != (size,):
        message = f"{what} has {array.size} values, but there are {size} neurons: give one value, or one a neuron"
        raise SimulationError(message)
