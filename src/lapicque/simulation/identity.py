"""What a network is, as hashes: so that a snapshot is not put into another one."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.model.equations import Expression
from lapicque.model.neuron import Neuron
from lapicque.model.synapse import Synapse
from lapicque.network.network import Network
from lapicque.network.population import Selection
from lapicque.units import Unit, split


def identity_of(network: Network) -> dict[str, str]:
    """Return a hash of each part of a network: structure and values, but not what is recorded.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> _ = net.population(lq.neurons.lif, 10, name="cells")
    >>> list(identity_of(net))
    ["the population 'cells'"]
    """
    found = {}
    for name, p in network.populations.items():
        found[f"the population {name!r}"] = digest((p.size, p.neuron, p.initial, p.positions, p.parameters))
    for name, q in network.projections.items():
        rest = q.into, q.where, q.values, q.units, q.delay, q.immediate, q.receptor, q.modulators
        found[f"the projection {name!r}"] = digest((q.source, q.target, q.synapse, rest))
    for name, s in network.stimulations.items():
        found[f"the stimulus {name!r}"] = digest((s.target, s.variable, s.stimulus))
    for name, signal in network.signals.items():
        found[f"the signal {name!r}"] = digest((signal.at, signal.values))
    for name, o in network.operations.items():
        found[f"the operation {name!r}"] = digest((o.function, o.every))
    for name, r in network.restructurings.items():
        about = r.rule, r.every, r.delay, r.values, r.in_flight
        found[f"the rule {name!r}"] = digest((r.projection, about))
    return found


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Say in which parts two networks differ.

    Examples
    --------
    >>> differences({"a": "1", "b": "2"}, {"b": "3", "c": "4"})
    ['b is another one', 'a is missing', 'c is new']
    """
    changed = [f"{part} is another one" for part in old if part in new and old[part] != new[part]]
    changed += [f"{part} is missing" for part in old if part not in new]
    return changed + [f"{part} is new" for part in new if part not in old]


def digest(value: Any) -> str:
    """Return a hash of a description: the same in every process.

    Examples
    --------
    >>> digest({"v": 1.0, "w": [2, 3]}) == digest({"w": (2, 3), "v": 1.0}), digest(1.0) == digest(1.5)
    (True, False)
    """
    made = hashlib.blake2b(digest_size=16)
    _feed(made, value)
    return made.hexdigest()


def _feed(made: Any, value: Any) -> None:
    def tagged(kind: str, *parts: Any) -> None:
        made.update(f"{kind}{len(parts)}:".encode())
        for part in parts:
            _feed(made, part)

    if value is None or isinstance(value, (bool, int, float, str, bytes, slice, np.generic)):
        value = value.item() if isinstance(value, np.generic) else value
        made.update(f"{type(value).__name__}={value!r};".encode())
    elif isinstance(value, np.ndarray) and value.dtype != object:
        tagged("array", value.dtype.str, value.shape)
        made.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Unit):
        tagged("unit", str(value.dimension), str(value.ten))
    elif hasattr(value, "magnitude") and hasattr(value, "units"):
        tagged("quantity", *split(value))
    elif isinstance(value, Mapping):
        tagged("mapping", *(item for key in sorted(value, key=str) for item in (key, value[key])))
    elif isinstance(value, (list, tuple, np.ndarray)):
        tagged("sequence", *value)
    elif isinstance(value, (set, frozenset)):
        tagged("set", *sorted(value, key=str))
    elif isinstance(value, Expression):
        tagged("expression", ast.unparse(value.tree))
    elif isinstance(value, (Neuron, Synapse)):
        bounds = value.bounds if isinstance(value, Synapse) else {}
        tagged("model", value.structure, value.parameters, value.initial, bounds)
    elif isinstance(value, Selection):
        tagged("selection", value.population.name, value.indices)
    elif dataclasses.is_dataclass(value):
        fields = [getattr(value, field.name) for field in dataclasses.fields(value)]
        tagged(f"{type(value).__module__}.{type(value).__qualname__}", *fields)
    else:  # a function of the user's: all that is known is its name
        tagged("other", getattr(value, "__module__", ""), getattr(value, "__qualname__", None) or repr(value))
