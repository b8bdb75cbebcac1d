"""The reference interpreter: slow and obvious. It defines what a step means; every backend is compared with it.

It walks the nodes of a `Step` with NumPy, one operation at a time, in the order that is normative:

0. record; read the inputs of the step. 2. Find who is free. 3. Flow, all states at once. 4. Test every event on the
new state, all of them before any jump. Who spikes is refractory from here on. 6. Jumps: the spike's, then the other
events' in declared order. (1 and 5 are sums and deliveries: synapses.)

Subnormal numbers are 0, as in kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lapicque.compile import vector_math
from lapicque.compile.nodes import Node
from lapicque.compile.population import Outcome, Run, check_numbers
from lapicque.compile.propagator import propagate
from lapicque.compile.random_kernels import normal, uniform
from lapicque.compile.step import Step
from lapicque.compile.subnormals import flushed

_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not, "where": np.where,
    "abs": np.abs, "rint": np.rint, "sqrt": np.sqrt, "floor": np.floor, "ceil": np.ceil,
    **{name: getattr(vector_math, name) for name in ("exp", "expm1", "exprel", "log", "log1p", "sin", "cos", "tanh",
                                                     "sigmoid", "power", "sign", "minimum", "maximum", "arctan")},
}  # fmt: skip
#: Operations on normal numbers whose result may be subnormal; it is then 0.
_UNDERFLOWING = {"add", "sub", "mul", "div", "power"}


def evaluate(node: Node, values: Mapping[str, Any], dtype: type) -> Any:
    """Return the value of a node.

    Constants of a neuron are computed in float64 and rounded once; the rest in ``dtype``, times in float64.
    """
    if node.op == "const":
        return node.value if isinstance(node.value, bool) else flushed(dtype(node.value))
    if node.op == "var":
        value = values[node.value]
        return flushed(value.astype(dtype)) if node.constant else value
    if node.constant and not node.condition and dtype is not np.float64:
        return flushed(evaluate(node, values, np.float64).astype(dtype))
    result = _OPERATIONS[node.op](*(evaluate(argument, values, dtype) for argument in node.args))
    return flushed(result) if node.op in _UNDERFLOWING else result


def constants(step: Step, parameters: Mapping[str, np.ndarray], dt: float, size: int) -> dict[str, np.ndarray]:
    """Return parameters, ``dt``, ``i``, ``N`` and the entries of propagators, each (neuron,) in float64."""
    given = {"dt": dt, "i": np.arange(size), "N": size, **parameters}
    values = {name: np.broadcast_to(flushed(np.asarray(value, np.float64)), (size,)) for name, value in given.items()}
    for propagator in step.propagators:
        rows = [[evaluate(entry, values, np.float64) for entry in row] for row in propagator.matrix]
        blocks = dict(zip("PQ", propagate(rows, dt, size), strict=True))
        for name, (kind, i, j) in propagator.entries.items():
            values[name] = blocks[kind][:, i, j]
    return values


def run(asked: Run) -> Outcome:
    """Run a population, one operation at a time."""
    step, size, dtype = asked.step, asked.size, np.dtype(asked.precision).type
    with np.errstate(all="ignore"):
        fixed = constants(step, asked.parameters, asked.dt, size)

    def rounded(value: Any) -> np.ndarray:
        return flushed(np.broadcast_to(value, (size,)).astype(dtype))

    state = {x: rounded(asked.initial[x]) for x in step.states}
    age = {e.name: np.full(size, np.inf, dtype) for e in step.events}
    bound = {e.name: np.zeros(size, dtype) for e in step.events}
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {e.name: [] for e in step.events}
    traces: dict[str, list[np.ndarray]] = {name: [] for name in asked.record}

    with np.errstate(all="ignore"):
        for k in range(asked.steps):
            now = {
                **fixed,
                **state,
                "t": np.full(size, k * asked.dt),
                **{u: rounded(asked.inputs[u][k]) for u in step.inputs},
                **{name: _draw(asked, name, kind, k, dtype) for name, kind in step.draws.items()},
            }
            # 2. who is free
            free: dict[str, Any] = {}
            for event in step.events:
                age[event.name] = age[event.name] + dtype(1)
                known = {**now, f"_age_{event.name}": age[event.name], f"_bound_{event.name}": bound[event.name]}
                free[event.name] = True if event.free is None else evaluate(event.free, known, dtype)
                bound[event.name] = np.where(free[event.name], dtype(0), bound[event.name])
            now["_free"] = np.broadcast_to(free.get("spike", True), (size,))
            # 0. record
            if k % asked.every == 0:
                for name in asked.record:
                    value = evaluate(step.observed[name], now, dtype) if name in step.observed else now[name]
                    traces[name].append(rounded(value))
            # 3. flow
            for name, node in step.flow:
                now[name] = evaluate(node, now, dtype)
            new = {x: rounded(evaluate(node, now, dtype)) for x, node in step.new.items()}
            state.update(new)
            now.update(state)
            # 4. conditions, all on the new state
            happened = {
                e.name: np.broadcast_to(evaluate(e.condition, now, dtype) & free[e.name], (size,)) for e in step.events
            }
            now["_free"] = now["_free"] & ~happened.get("spike", np.False_)  # refractory at once
            # 6. jumps
            for event in step.events:
                mask = happened[event.name]
                if not mask.any():
                    continue
                neurons = np.flatnonzero(mask)
                found[event.name].append((np.full(len(neurons), k), neurons))
                age[event.name] = np.where(mask, dtype(0), age[event.name])
                bound[event.name] = np.where(mask, dtype(1), bound[event.name])
                for target, node in event.jumps:
                    value = rounded(evaluate(node, now, dtype))
                    now[target] = state[target] = np.where(mask, value, state[target])
    check_numbers(state, step.new, asked.first_element, asked.steps, step.scheme)
    return Outcome(
        {name: _by_neuron(pieces, size) for name, pieces in found.items()},
        {name: np.array(rows, dtype).reshape(len(rows), size) for name, rows in traces.items()},
        state,
    )


def _draw(asked: Run, name: str, kind: str, k: int, dtype: type) -> np.ndarray:
    function = normal if kind == "normal" else uniform
    elements = asked.first_element + np.arange(asked.size)
    return function(asked.keys[name], k, elements, asked.trial, dtype)


def _by_neuron(pieces: list[tuple[np.ndarray, np.ndarray]], size: int) -> tuple[np.ndarray, np.ndarray]:
    nothing = np.empty(0, np.int64)
    steps = np.concatenate([nothing, *(s for s, _ in pieces)])
    neurons = np.concatenate([nothing, *(i for _, i in pieces)])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(neurons, minlength=size))])
    return steps[np.argsort(neurons, kind="stable")], offsets
