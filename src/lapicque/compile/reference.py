"""The reference interpreter: slow and obvious. It defines what a step means; every backend is compared with it.

It walks the nodes of a `Step` with NumPy, one operation at a time, in the order that is normative:

0. record; read the inputs of the step. 2. Find who is free. 3. Flow, all states at once. 4. Test every event on the
new state, all of them before any jump. Who spikes is refractory from here on. 6. Jumps: the spike's, then the other
events' in declared order. (1 and 5 are sums and deliveries: see `lapicque.compile.network_reference`.)

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


class Interpreter:
    """A population at some step, advanced phase by phase.

    Parameters
    ----------
    step : Step
    parameters, initial : name -> float or (neuron,), internal units
    keys : draw -> key of its random stream
    size, dt, precision, first_element, trial : as of a `Run`
    """

    def __init__(
        self,
        step: Step,
        parameters: Mapping[str, Any],
        initial: Mapping[str, Any],
        keys: Mapping[str, np.uint64],
        size: int,
        dt: float,
        precision: str = "float64",
        first_element: int = 0,
        trial: int = 0,
    ):
        self.step, self.keys, self.size, self.dt = step, keys, size, dt
        self.first_element, self.trial = first_element, trial
        self.dtype = np.dtype(precision).type
        with np.errstate(all="ignore"):
            self._fixed = constants(step, parameters, dt, size)
        self.state = {x: self._rounded(initial[x]) for x in step.states}
        self.age = {e.name: np.full(size, np.inf, self.dtype) for e in step.events}
        self.bound = {e.name: np.zeros(size, self.dtype) for e in step.events}
        self.happened: dict[str, np.ndarray] = {}
        self._now: dict[str, Any] = {}
        self._free: dict[str, Any] = {}

    def _rounded(self, value: Any) -> np.ndarray:
        return flushed(np.broadcast_to(value, (self.size,)).astype(self.dtype))

    def begin(self, k: int, inputs: Mapping[str, Any]) -> None:
        """Read the inputs of step ``k``, draw, and find who is free (phases 0 and 2)."""
        step, dtype = self.step, self.dtype
        self._now = {
            **self._fixed,
            **self.state,
            "t": np.full(self.size, k * self.dt),
            **{u: self._rounded(inputs[u]) for u in step.inputs},
            **{name: self._draw(name, kind, k) for name, kind in step.draws.items()},
        }
        self._free = {}
        for event in step.events:
            name = event.name
            self.age[name] = self.age[name] + dtype(1)
            known = {**self._now, f"_age_{name}": self.age[name], f"_bound_{name}": self.bound[name]}
            self._free[name] = True if event.free is None else evaluate(event.free, known, dtype)
            self.bound[name] = np.where(self._free[name], dtype(0), self.bound[name])
        self._now["_free"] = np.broadcast_to(self._free.get("spike", True), (self.size,))

    def _draw(self, name: str, kind: str, k: int) -> np.ndarray:
        function = normal if kind == "normal" else uniform
        elements = self.first_element + np.arange(self.size)
        return function(self.keys[name], k, elements, self.trial, self.dtype)

    def read(self, name: str) -> np.ndarray:
        """Return a state, an input or an observed variable, as phase 0 sees it."""
        observed = self.step.observed
        value = evaluate(observed[name], self._now, self.dtype) if name in observed else self._now[name]
        return self._rounded(value)

    def read_input(self, name: str, values: np.ndarray) -> None:
        """Give an input its value after `begin`: a sum over synapses (phase 1)."""
        self._now[name] = self._rounded(values)

    def output(self) -> np.ndarray:
        """Return what others read of the neurons now; 1 where the model says nothing."""
        node = self.step.output
        return self._rounded(1.0 if node is None else evaluate(node, self._now, self.dtype))

    def knows(self, name: str) -> bool:
        """Say whether a state or an input is called so."""
        return name in self.state or name in self.step.inputs

    def value(self, name: str) -> np.ndarray:
        """Return the value of a state or an input as it is now, (neuron,)."""
        return self._rounded(self._now[name])

    def overwrite(self, variable: str, values: np.ndarray) -> None:
        """Give a state new values, whoever is free."""
        self._now[variable] = self.state[variable] = values

    @property
    def free(self) -> np.ndarray:
        """Who is free now, (neuron,)."""
        return self._now["_free"]

    def flow(self) -> None:
        """Advance all states at once (phase 3)."""
        now = self._now
        for name, node in self.step.flow:
            now[name] = evaluate(node, now, self.dtype)
        self.state.update({x: self._rounded(evaluate(node, now, self.dtype)) for x, node in self.step.new.items()})
        now.update(self.state)

    def conditions(self) -> None:
        """Test every event on the new state; who spikes is refractory at once (phase 4)."""
        now = self._now
        self.happened = {
            e.name: np.broadcast_to(evaluate(e.condition, now, self.dtype) & self._free[e.name], (self.size,))
            for e in self.step.events
        }
        now["_free"] = now["_free"] & ~self.happened.get("spike", np.False_)

    def write(self, variable: str, values: np.ndarray) -> None:
        """Let synapses write a variable; where it holds, nothing happens (phase 5)."""
        kept = self.state[variable]
        new = flushed(values.astype(self.dtype))
        self._now[variable] = self.state[variable] = (
            np.where(self._now["_free"], new, kept) if variable in self.step.held else new
        )

    def jump(self) -> dict[str, np.ndarray]:
        """Let events act in declared order; return the neurons of each (phase 6)."""
        now, found = self._now, {}
        for event in self.step.events:
            mask = self.happened[event.name]
            if not mask.any():
                continue
            found[event.name] = np.flatnonzero(mask)
            self.age[event.name] = np.where(mask, self.dtype(0), self.age[event.name])
            self.bound[event.name] = np.where(mask, self.dtype(1), self.bound[event.name])
            for target, node in event.jumps:
                value = self._rounded(evaluate(node, now, self.dtype))
                now[target] = self.state[target] = np.where(mask, value, self.state[target])
        return found


def run(asked: Run) -> Outcome:
    """Run a population, one operation at a time."""
    step = asked.step
    cells = Interpreter(
        step, asked.parameters, asked.initial, asked.keys, asked.size, asked.dt, asked.precision,
        asked.first_element, asked.trial,
    )  # fmt: skip
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {e.name: [] for e in step.events}
    traces: dict[str, list[np.ndarray]] = {name: [] for name in asked.record}
    with np.errstate(all="ignore"):
        for k in range(asked.steps):
            cells.begin(k, {u: asked.inputs[u][k] for u in step.inputs})
            if k % asked.every == 0:
                for name in asked.record:
                    traces[name].append(cells.read(name))
            cells.flow()
            cells.conditions()
            for name, neurons in cells.jump().items():
                found[name].append((np.full(len(neurons), k), neurons))
    check_numbers(cells.state, step.new, asked.first_element, asked.steps, step.scheme)
    return Outcome(
        {name: by_neuron(pieces, asked.size) for name, pieces in found.items()},
        {name: np.array(rows, cells.dtype).reshape(len(rows), asked.size) for name, rows in traces.items()},
        cells.state,
    )


def by_neuron(pieces: list[tuple[np.ndarray, np.ndarray]], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps of each neuron's events, one neuron behind the other, and (neuron + 1,) where each begins."""
    nothing = np.empty(0, np.int64)
    steps = np.concatenate([nothing, *(s for s, _ in pieces)])
    neurons = np.concatenate([nothing, *(i for _, i in pieces)])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(neurons, minlength=size))])
    return steps[np.argsort(neurons, kind="stable")], offsets
