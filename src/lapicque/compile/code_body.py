"""What code does for one synapse: the lines inside the loops of `lapicque.compile.network_code`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapicque.compile.lane_code import LaneCode
from lapicque.compile.lanes import LANES
from lapicque.compile.network_shapes import CodeShape
from lapicque.compile.nodes import Node
from lapicque.compile.pathway_code import ELAPSED, FREE, OUTPUT, PRE, TRACE, Code
from lapicque.compile.printer import Printer

#: Columns are fetched so many synapses at a time, one such piece ahead: a test for each synapse costs more.
AHEAD = 32


class Body:
    """Writes the lines for one synapse ``e``, from source ``s`` to the local target ``n``.

    Parameters
    ----------
    shape : CodeShape
    code : Code
    lazy : how states are brought up to date, where some are
    models : the writers of all models
    """

    def __init__(self, shape: CodeShape, code: Code, lazy: Code | None, models: Sequence[LaneCode]):
        self.shape, self.code, self.lazy = shape, code, lazy if shape.lazy else None
        self.models, self.target = models, models[shape.target_model]
        self.real = self.target.real
        self.functions: set[str] = set()
        self.early = shape.at in ("sum", "flow", "every")
        self.sides = {name: side for name, side, _ in shape.traces}
        #: The side whose neuron is known before its synapses are gone through.
        self.side = shape.at if shape.at in ("pre", "post") else ""
        self.names = self._names()

    # -- where things lie --------------------------------------------------------------------------------------------

    def arrays(self) -> list[str]:
        """Return the lines that find the arrays of a row of the table."""
        shape, lines, place = self.shape, [], 0
        sizes = [(shape.of_targets, "of_target", "q[SIZE]"), (shape.of_sources, "of_source", "row[SOURCES]"),
                 (shape.of_synapses, "of_synapse", "row[SYNAPSES]")]  # fmt: skip
        for names, prefix, size in sizes:
            for n in range(len(names)):
                lines.append(f"{prefix}_{n} = array_at(pointers[row[AT_POINTERS] + {place}], {size}, REAL)")
                place += 1
        for n, (_, by) in enumerate(shape.reads):
            first = f"pointers[row[AT_POINTERS] + {place}]"
            at = f"shared.ctypes.data + ((k & 1) * shared.shape[1] + {first}) * shared.itemsize"
            lines.append(f"read_{n} = array_at({at}, shared.shape[1] - {first}, REAL)")
            place += 1
            if by == "target":
                lines.append(f"whose_{n} = array_at(pointers[row[AT_POINTERS] + {place}], q[SIZE], np.int64)")
                place += 1
        for n in range(len(shape.own)):
            lines.append(f"own_{n} = array_at(pointers[row[AT_POINTERS] + {place}], row[SYNAPSES], REAL)")
            place += 1
        for n, (_, by) in enumerate(shape.reduced):
            size = "row[SOURCES]" if by == "pre" else "q[SIZE]"
            lines.append(f"reduced_{n} = array_at(pointers[row[AT_POINTERS] + {place}], {size}, REAL)")
            lines.append(f"count_{n} = array_at(pointers[row[AT_POINTERS] + {place + 1}], {size}, np.int64)")
            place += 2
        if shape.reduced:
            lines.append(f"part = array_at(pointers[row[AT_POINTERS] + {place}], q[BLOCKS], REAL)")
        if self.lazy is not None:
            lines.append("touched = array_at(row[TOUCHED], row[SYNAPSES], np.int32)")
        if self.code.draws:
            lines.append("numbers = array_at(row[NUMBERS], row[SYNAPSES], np.int64)")
        if shape.columns:
            lines += [
                "columns = array_at(row[COLUMNS], q[SIZE] + 1, np.int64)",
                f"places = array_at(row[PLACES], row[SYNAPSES], np.{shape.columns[0]})",
                f"origins = array_at(row[ORIGINS], row[SYNAPSES], np.{shape.columns[1]})",
            ]
        lines += self._slots()
        return lines + [f"g_{n} = g[row[AT_G] + {n}]" for n in range(len(shape.scalars))]

    def _slots(self) -> list[str]:
        """Return the lines that find variables of neurons: each as an array that begins at its slot.

        Indices into these are not negative, which spares a test for each.
        """
        lines = []
        for name in self._target_variables():
            lines.append(self._slot(f"at_{name}", "q", self.target, name))
        for side in dict.fromkeys(self.sides.values()):
            lines.append(f"q_{side} = populations[row[{side.upper()}]]")
        for name, side, model in self.shape.traces:
            lines.append(self._slot(f"at_{name}", f"q_{side}", self.models[model], name.removeprefix(TRACE)))
        return lines

    def _slot(self, array: str, q: str, model: LaneCode, name: str) -> str:
        slots = model.layout.slots
        first, stride = slots[name] * LANES, len(slots) * LANES
        begin = f"a.ctypes.data + ({q}[START] + {first}) * a.itemsize"
        return f"{array} = array_at({begin}, {q}[BLOCKS] * {stride} - {first}, REAL)"

    def _target_variables(self) -> list[str]:
        known = {*self.target.step.states, *self.target.fields}
        read = {v for _, node in self._nodes() for v in node.variables()}
        written = {variable for variable, _ in self.code.statements}
        wanted = sorted((read | written) & known)
        held = self.target.keeps_free and bool(set(self.shape.held) & written)
        return [*wanted, *([FREE] if held else [])]

    def _nodes(self) -> list[tuple[str, Node]]:
        reduced = [(name, node) for name, _, _, node in self.code.reductions]
        return [*self.code.lets, *self.code.statements, *reduced]

    def place(self, side: str, neuron: str) -> str:
        """Return where a neuron's number lies in its slots."""
        models = [model for _, s, model in self.shape.traces if s == side]
        model = self.models[models[0]] if side else self.target
        stride = len(model.layout.slots) * LANES
        if stride == LANES:
            return neuron
        return f"({neuron} >> 6) * {stride} + ({neuron} & 63)"

    def _names(self) -> dict[str, str]:
        shape = self.shape
        names = {name: f"at_{name}[i]" for name in self._target_variables()}
        names |= {name: f"g_{n}" for n, name in enumerate(shape.scalars)}
        names |= {name: f"of_target_{n}[n]" for n, name in enumerate(shape.of_targets)}
        names |= {name: f"of_source_{n}[s]" for n, name in enumerate(shape.of_sources)}
        names |= {name: f"of_synapse_{n}[e]" for n, name in enumerate(shape.of_synapses)}
        spelled = {"source": "read_{n}[s]", "one": "read_{n}[0]", "target": "read_{n}[whose_{n}[n]]"}
        names |= {name: spelled[by].format(n=n) for n, (name, by) in enumerate(shape.reads)}
        names |= {name: f"own_{n}[e]" for n, name in enumerate(shape.own)}
        names |= {name: f"reduced_{n}[{'s' if by == 'pre' else 'n'}]" for n, (name, by) in enumerate(shape.reduced)}
        names |= {name: f"at_{name}[i_{side}]" for name, side in self.sides.items()}
        if OUTPUT not in names:
            names[OUTPUT] = "emitted"
        return names

    # -- what is done ------------------------------------------------------------------------------------------------

    def before(self) -> list[str]:
        """Return the lines that come once an event, before its synapses: traces of its own side."""
        mine = [name for name, side in self.sides.items() if side == self.side]
        if not mine:
            return []
        neuron = "s" if self.side == "pre" else "n"
        lines = [f"i_{self.side} = {self.place(self.side, neuron)}"]
        if self.side == "post" and self._target_variables():
            lines.append(f"i = {self.place('', 'n')}")
        lines += [f"old_{name} = {self.names[name]}" for name in mine]
        names = {**self.names, **{name: f"old_{name}" for name in mine}}
        for number, (variable, node) in enumerate(self.code.statements):
            if variable in mine:
                lines += self._assigned(f"new{number}_{variable}", node, names, f"b{number}_")
                names[variable] = f"new{number}_{variable}"
        return lines

    def after(self) -> list[str]:
        """Return the lines that come once an event, after its synapses: its traces are kept."""
        last = {}
        for number, (variable, _) in enumerate(self.code.statements):
            if self.sides.get(variable) == self.side and self.side:
                last[variable] = f"new{number}_{variable}"
        return [f"{self.names[variable]} = {local}" for variable, local in last.items()]

    def _assigned(self, local: str, node: Node, names: Mapping[str, str], prefix: str) -> list[str]:
        printer = Printer(dict(names), {}, self.real, {"t", "dt"}, prefix=prefix)
        printer.count([node])
        text = printer.narrow(node)
        self.functions |= printer.functions
        return [*printer.lines, f"{local} = {text}"]

    def lines(self) -> list[str]:
        """Return the lines for one synapse."""
        lines, names, changed = self._begin()
        shape = self.shape
        changed |= {variable for variable, _ in self.code.statements} & set(shape.own)
        for number, (draw, kind) in enumerate(self.code.draws.items()):
            lines.append(f"draw_{number} = {kind}(keys[row[AT_STREAMS] + {number}], k, numbers[e], trial, REAL)")
            names[draw] = f"draw_{number}"
        lines += self._together(names) if self.code.together else self._in_turn(names)
        return lines + [f"own_{n}[e] = y_{n}" for n, name in enumerate(shape.own) if name in changed]

    def reduced(self, node: Node) -> list[str]:
        """Return the lines that compute what is reduced, ``value``, for one synapse."""
        lines, names, changed = self._begin()
        lines += [f"own_{n}[e] = y_{n}" for n, name in enumerate(self.shape.own) if name in changed]
        return [*lines, *self._assigned("value", node, names, "r")]

    def _begin(self) -> tuple[list[str], dict[str, str], set[str]]:
        """Return the lines that find a synapse's states and bring them up to date, names, and what that changes."""
        shape, names = self.shape, dict(self.names)
        lines: list[str] = []
        mine = [name for name, side in self.sides.items() if side == self.side]
        names |= {name: f"old_{name}" for name in mine}
        if self._target_variables() and not (self.side == "post" and mine):
            lines.append(f"i = {self.place('', 'n')}")
        for side in dict.fromkeys(self.sides.values()):
            if side != self.side:
                lines.append(f"i_{side} = {self.place(side, 's' if side == 'pre' else 'n')}")
        for n, name in enumerate(shape.own):
            if self._is_read(name) or (self.lazy is not None and name in {x for x, _ in self.lazy.statements}):
                lines.append(f"y_{n} = own_{n}[e]")
                names[name] = f"y_{n}"
        changed: set[str] = set()
        if self.lazy is not None:
            lines += self._touch(names)
            changed |= {x for x, _ in self.lazy.statements}
        return lines, names, changed

    def _is_read(self, name: str) -> bool:
        return any(name in node.variables() for _, node in self._nodes())

    def _touch(self, names: dict[str, str]) -> list[str]:
        """Return the lines that bring the synapse up to date."""
        assert self.lazy is not None
        now = "k - 1" if self.early else "k"
        lines = [f"elapsed = REAL(({now} - touched[e]) * dt)", f"touched[e] = {now}"]
        known = {**names, ELAPSED: "elapsed"}
        for number, (_, node) in enumerate(self.lazy.statements):
            lines += self._assigned(f"grown_{number}", node, known, f"z{number}_")
        return lines + [f"{names[x]} = grown_{number}" for number, (x, _) in enumerate(self.lazy.statements)]

    def _together(self, names: dict[str, str]) -> list[str]:
        """Return the lines of statements that do not see each other's writes."""
        printer = Printer(dict(names), {}, self.real, {"t", "dt"}, prefix="f")
        printer.count([node for _, node in [*self.code.lets, *self.code.statements]])
        for name, node in self.code.lets:
            printer.assign(name, node)
        own = {name: n for n, name in enumerate(self.shape.own)}
        news = []
        for variable, node in self.code.statements:
            text = printer.narrow(node)
            printer.lines.append(f"new_{own[variable]} = {text}")
            news.append(f"y_{own[variable]} = new_{own[variable]}")
        self.functions |= printer.functions
        return [*printer.lines, *news]

    def _in_turn(self, names: dict[str, str]) -> list[str]:
        shape, lines = self.shape, []
        own = {name: n for n, name in enumerate(shape.own)}
        for number, (variable, node) in enumerate(self.code.statements):
            if variable in self.sides:
                names[variable] = f"new{number}_{variable}"  # written once an event
                continue
            where = f"y_{own[variable]}" if variable in own else self.names[variable]
            assigned = self._assigned("value", node, names, f"x{number}_")
            text = assigned[-1].removeprefix("value = ")
            lines += assigned[:-1]
            if shape.summed:
                lines.append(f"{where} += {text}")
            elif variable in shape.held and self.target.keeps_free:
                lines += [f"if at_{FREE}[i] > 0:", f"    {where} = {text}"]
            else:
                lines.append(f"{where} = {text}")
            names[variable] = where
        return lines

    def fetched(self) -> list[str]:
        """Return the lines that let the processor fetch what a column needs soon."""
        touched = ["touched"] if self.lazy is not None else []
        used = {variable for variable, _ in self.code.statements} | (
            {x for x, _ in self.lazy.statements} if self.lazy else set()
        )
        own = [f"own_{n}" for n, name in enumerate(self.shape.own) if self._is_read(name) or name in used]
        return [f"prefetch_to_write({array}, np.int64(places[c]))" for array in [*own, *touched]]


def writes_back(code: Code) -> list[str]:
    """Return the variables of the source that code writes."""
    return list(dict.fromkeys(x for x, _ in code.statements if x.startswith(PRE)))
