"""The functions of a network kernel for synapses with code: what an arriving spike runs, what is summed in every step.

* ``code_J`` goes through the spikes that arrive in a step, oldest first, and runs the code of each of their synapses;
* ``sum_J`` adds each synapse's term to an input of its target.
"""

from __future__ import annotations

from collections.abc import Sequence

from lapicque.compile.lane_code import LaneCode
from lapicque.compile.lanes import LANES
from lapicque.compile.network_shapes import CodeShape
from lapicque.compile.nodes import FREE
from lapicque.compile.pathway_code import OUTPUT, Code
from lapicque.compile.printer import Printer


def code_function(number: int, shape: CodeShape, code: Code, target: LaneCode) -> tuple[str, set[str]]:
    """Return the text of a pathway's function, and the functions of `vector_math` that it calls."""
    return _Writer(number, shape, code, target).text()


class _Writer:
    def __init__(self, number: int, shape: CodeShape, code: Code, target: LaneCode):
        self.number, self.shape, self.code, self.target, self.real = number, shape, code, target, target.real
        self.stride = len(target.layout.slots) * LANES

    def slot(self, name: str) -> str:
        return f"a[o + {self.target.layout.slots[name] * LANES} + l]"

    def text(self) -> tuple[str, set[str]]:
        shape = self.shape
        body, functions = self.statements()
        where = ["n = targets[e]", f"o, l = q[START] + (n >> 6) * {self.stride}, n & 63"]
        if shape.summed:
            name, arguments = "sum", "a, g, pointers, keys, shared, row, q, k, dt, trial"
            doc = "Add each synapse's term to its target."
            loop = [
                *self.clear(),
                "for s in range(row[SOURCES]):",
                "    for e in range(starts[s], starts[s + 1]):",
                *("        " + line for line in [*where, *body]),
            ]
        else:
            name, arguments = "code", "a, g, pointers, keys, shared, row, q, found, values, ends, parts, k, dt, trial"
            doc = "Run the code of the spikes that arrive."
            loop = self.arrivals([*where, *body])
        lines = [
            '@njit(nogil=True, error_model="numpy")',
            f"def {name}_{self.number}({arguments}):",
            f'    """{doc}"""',
            *("    " + line for line in [*shape.kind.arrays(), *self.found(), "t = k * dt", *loop]),
        ]
        return "\n".join(lines), functions

    def clear(self) -> list[str]:
        ((variable, _),) = self.code.statements
        return [
            "if row[CLEARS]:",
            "    for b in range(q[BLOCKS]):",
            f"        for l in range({LANES}):",
            f"            o = q[START] + b * {self.stride}",
            f"            {self.slot(variable)} = {self.real}(0.0)",
        ]

    def found(self) -> list[str]:
        """Find the arrays that names stand for."""
        shape, lines = self.shape, []
        sizes = [(shape.of_targets, "of_target", "q[SIZE]"), (shape.of_sources, "of_source", "row[SOURCES]"),
                 (shape.of_synapses, "of_synapse", "row[SYNAPSES]")]  # fmt: skip
        place = 0
        for names, prefix, size in sizes:
            for n in range(len(names)):
                lines.append(f"{prefix}_{n} = array_at(pointers[row[AT_POINTERS] + {place}], {size}, REAL)")
                place += 1
        for n in range(len(shape.published)):
            lines.append(f"published_{n} = pointers[row[AT_POINTERS] + {place}]")
            place += 1
        if self.code.draws:
            lines.append("numbers = array_at(row[NUMBERS], row[SYNAPSES], np.int64)")
        return lines

    def arrivals(self, body: list[str]) -> list[str]:
        """Return the loop over spikes that arrive in step k: oldest first, then by source, then by synapse number."""
        ranges = {
            "single": ["for e in range(starts[s], starts[s + 1]):"],
            "buckets": [
                "at = s * (delays.shape[0] + 1) + b",
                "for e in range(starts[s] + offsets[at], starts[s] + offsets[at + 1]):",
            ],
            "delayed": [
                "for e in range(starts[s], starts[s + 1]):",
                "    if lags[e] != delays[b]:",
                "        continue",
            ],
        }[self.shape.kind.form]
        return [
            "for b in range(delays.shape[0] - 1, -1, -1):",
            "    if delays[b] > k:",
            "        continue",
            "    half = (k - delays[b]) % found.shape[0]",
            "    for other in range(parts):",
            "        for j in range(ends[half, other, 0, row[SOURCE], 0, 0], ends[half, other, 0, row[SOURCE], 1, 0]):",
            "            s = found[half, other, 0, j]",
            "            emitted = values[half, other, j]",
            *(" " * 12 + line for line in ranges),
            *(" " * 16 + line for line in body),
        ]

    def statements(self) -> tuple[list[str], set[str]]:
        shape = self.shape
        names = {name: self.slot(name) for name in (*self.target.step.states, *self.target.fields)}
        names |= {name: f"g[row[AT_G] + {n}]" for n, name in enumerate(shape.scalars)}
        names |= {name: f"of_target_{n}[n]" for n, name in enumerate(shape.of_targets)}
        names |= {name: f"of_source_{n}[s]" for n, name in enumerate(shape.of_sources)}
        names |= {name: f"of_synapse_{n}[e]" for n, name in enumerate(shape.of_synapses)}
        names |= {name: f"shared[k & 1, published_{n} + s]" for n, name in enumerate(shape.published)}
        if OUTPUT not in shape.published:
            names[OUTPUT] = "emitted"
        lines, functions = [], set()
        for n, (draw, kind) in enumerate(self.code.draws.items()):
            lines.append(f"draw_{n} = {kind}(keys[row[AT_STREAMS] + {n}], k, numbers[e], trial, REAL)")
            names[draw] = f"draw_{n}"
        for n, (variable, node) in enumerate(self.code.statements):
            printer = Printer(dict(names), {}, self.real, {"t", "dt"}, prefix=f"x{n}_")
            printer.count([node])
            text = printer.narrow(node)
            functions |= printer.functions
            lines += printer.lines
            if shape.summed:
                lines.append(f"{self.slot(variable)} += {text}")
            elif variable in shape.held and self.target.keeps_free:
                lines += [f"if {self.slot(FREE)} > 0:", f"    {self.slot(variable)} = {text}"]
            else:
                lines.append(f"{self.slot(variable)} = {text}")
        return lines, functions


def publishers(shapes: Sequence[CodeShape], summed: bool) -> bool:
    """Say whether some pathway with code (or some sum) reads variables of its sources."""
    return any(shape.published for shape in shapes if shape.summed == summed)
