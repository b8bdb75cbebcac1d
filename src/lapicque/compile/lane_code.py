"""The code of one step of 64 neurons side by side: what all CPU kernels are made of.

Each variable of a `Step` has a slot of 64 lanes in one flat array, so that every loop over lanes becomes vector
instructions; a spike is a rare second pass. What depends on parameters and dt alone is computed before, by the NumPy
function ``coefficients`` that is generated too; where all its parameters are the same for every neuron, it is one
number instead of a slot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from lapicque.compile.lanes import LANES
from lapicque.compile.nodes import Node, hoisted
from lapicque.compile.pathway_code import FREE
from lapicque.compile.printer import Printer
from lapicque.compile.step import EventStep, Step

#: Before the name of a draw: the slot of those of neurons whose copies are blocks.
GROUP = "_group"


@dataclass(frozen=True)
class Layout:
    """Which slot of a block's memory holds what.

    ``slots`` are those of the block itself, ``scratch`` those that all blocks share, one after the other.
    """

    slots: Mapping[str, int]
    scratch: Mapping[str, int] = field(default_factory=dict)

    def at(self, name: str) -> str:
        """Return the expression for a slot's lane ``l``."""
        return f"{'z' if name in self.scratch else 'a'}[at_{name} + l]"

    def whole(self, name: str) -> str:
        """Return the expression for all lanes of a slot."""
        return f"{'z' if name in self.scratch else 'a'}[at_{name} : at_{name} + {LANES}]"

    def places(self) -> list[str]:
        """Return the lines that say where slots begin."""
        return [f"at_{name} = {n * LANES}" for name, n in (*self.slots.items(), *self.scratch.items())]


def roots_of(step: Step) -> list[Node]:
    """Return everything that a step computes."""
    roots = [n for _, n in step.flow] + list(step.new.values()) + list(step.observed.values())
    for event in step.events:
        roots += [event.condition, *(n for _, n in event.jumps)] + ([event.free] if event.free else [])
    return roots if step.output is None else [*roots, step.output]


def over_lanes(body: list[str]) -> list[str]:
    """Return a loop over the lanes."""
    return [f"for l in range({LANES}):", *("    " + line for line in body)] if body else []


class LaneCode:
    """Writes the pieces of a kernel for one step.

    Parameters
    ----------
    step : Step
    real : ``"float32"`` or ``"float64"``
    fields : inputs that have a slot; the others are a local variable ``in_NAME``
    uniform : parameters that are the same for all neurons; None: every constant has a slot
    extra : further slots
    scratch : slots whose contents are not needed after their block is done, in the array ``z``
    single : draws that are one number for all lanes of a block, and not needed after it
    """

    def __init__(
        self,
        step: Step,
        real: str,
        fields: Sequence[str],
        uniform: Collection[str] | None = None,
        extra: Sequence[str] = (),
        scratch: Collection[str] = (),
        single: Collection[str] = (),
    ):
        self.step, self.real, self.fields, self.single = step, real, tuple(fields), frozenset(single)
        self.functions: set[str] = {"where"}
        self.roots = roots_of(step)
        self.coefficients = hoisted(self.roots)
        self.uniform_known = uniform is not None
        self.varying = self._varying(uniform)
        standing = {id(node): f"_c{n}" for n, node in enumerate(self.coefficients)}
        names = self._constants_used_in_loop(standing)
        even = [name for name in names if name not in self.varying]
        even_nodes = [n for n in self.coefficients if uniform is not None and not n.variables() & self.varying]
        self.uniform = [*even, *(standing[id(n)] for n in even_nodes)]
        odd_nodes = [n for n in self.coefficients if n not in even_nodes]
        odd = [name for name in names if name in self.varying]
        self.lane_constants = [*odd, *(standing[id(n)] for n in odd_nodes)]
        self._values: list[str | Node] = [*odd, *odd_nodes, *even, *even_nodes]
        self._spelled = standing
        self.jumps_read_free = any(FREE in n.variables() for e in step.events for _, n in e.jumps)
        slots = [*step.states]
        slots += [f"_age_{e.name}" for e in step.events if e.aged]
        slots += [f"_bound_{e.name}" for e in step.events if e.bound]
        slots += self.lane_constants
        slots += [*fields, *(x for x in step.draws if x not in self.single), *step.observed]
        slots += [f"_happened_{e.name}" for e in step.events]
        slots += [FREE] if self.jumps_read_free and FREE not in extra else []
        slots += extra
        self.keeps_free = FREE in slots
        kept, shared = [x for x in slots if x not in scratch], [x for x in slots if x in scratch]
        self.layout = Layout({x: n for n, x in enumerate(kept)}, {x: n for n, x in enumerate(shared)})

    def _varying(self, uniform: Collection[str] | None) -> set[str]:
        """Return the constants that have a slot."""
        if uniform is None:
            return set().union(*(node.variables() for node in self.roots)) if self.roots else set()
        varying = (set(self.step.parameters) - set(uniform)) | {"i"}
        for propagator in self.step.propagators:
            read = set().union(*(node.variables() for row in propagator.matrix for node in row))
            if read & varying:
                varying |= set(propagator.entries)
        return varying

    def _constants_used_in_loop(self, standing: Mapping[int, str]) -> list[str]:
        found: dict[str, None] = {}
        seen: set[int] = set()

        def visit(node: Node) -> None:
            if id(node) in seen or id(node) in standing:
                return
            seen.add(id(node))
            if node.op == "var" and node.constant:
                found[node.value] = None
            for argument in node.args:
                visit(argument)

        for root in self.roots:
            visit(root)
        return list(found)

    # -- before the loop ---------------------------------------------------------------------------------------------

    def prepare(self, name: str = "coefficients") -> str:
        """Return the function that computes lane constants, then uniform ones."""
        names = {name: f'p["{name}"]' for name in [*self.step.parameters, "i", "N"]}
        printer = Printer(names, {}, "float64", prefix="k")
        # NumPy's numbers: dividing by zero gives an infinity, where Python's raise
        lines = ["dt, p = float64(dt), {name: np.asarray(value, float64) for name, value in p.items()}"]
        entries: dict[str, str] = {}
        for n, propagator in enumerate(self.step.propagators):
            rows = ", ".join("[" + ", ".join(printer.text(e)[0] for e in row) + "]" for row in propagator.matrix)
            lines += printer.lines
            printer.lines = []
            even = self.uniform_known and not set(propagator.entries) & self.varying
            lines.append(f"P{n}, Q{n} = propagate([{rows}], dt, {'1' if even else 'lanes'})")
            for entry, (kind, i, j) in propagator.entries.items():
                entries[entry] = f"{kind}{n}[{'0' if even else ':'}, {i}, {j}]"
        printer.names.update(entries)
        printer.count(self.coefficients)
        values = [printer.names.get(v, v) if isinstance(v, str) else printer.text(v)[0] for v in self._values]
        lines += printer.lines
        self.functions |= printer.functions
        called = [*self.lane_constants, *self.uniform]
        returned = [f"    {value},  # {name}" for name, value in zip(called, values, strict=True)]
        body = "\n    ".join([*lines, "return [", *returned, "]"])
        doc = '"""Return what the loop needs, in the order of CONSTANTS, each a float or (lanes,)."""'
        return f"def {name}(p, dt, lanes):\n    {doc}\n    {body}"

    # -- pieces of the loop ------------------------------------------------------------------------------------------

    def draws(self, first: str, key: str, shared: str | None = None, once: bool = False) -> list[str]:
        """Return the lines that draw random numbers; ``key`` is the expression of the first draw's place in keys.

        Where they are drawn ``once``, all lanes have the number of the neuron ``first``; those of neurons with the
        same quotient by the number of lanes are drawn together, into the slot `GROUP` of the draw.
        """
        lines = []
        for n, (name, kind) in enumerate(self.step.draws.items()):
            if once:
                group = self.layout.whole(f"{GROUP}{name}")
                own = f"fill_{kind}({group}, keys[{f'{key} + ' if key else ''}{n}], k, {first} - lane, trial)"
                lines += [f"lane = {first} % {LANES}", "if b == 0 or lane == 0:", f"    {own}"]
                row = f"own{name}" if name in self.single else self.layout.whole(name)
                lines.append(f"{row} = {group}[lane]")
                continue
            row = self.layout.whole(name)
            fill = f"fill_{kind}({row}, keys[{f'{key} + ' if key else ''}{n}], k, {first}, trial)"
            if shared is None:
                lines.append(fill)
                continue
            one = f"{row} = {kind}(keys[{n}], k, 0, trial, {self.real})"
            lines += [f"if {shared}:", f"    {one}", "else:", f"    {fill}"]
        return lines

    def names_in_memory(self) -> dict[str, str]:
        """Return how every variable is spelled inside a loop over lanes."""
        shared = {u: f"in_{u}" for u in self.step.inputs if u not in self.fields}
        uniform = {name: f"c_{name}" for name in self.uniform}
        return {
            **shared,
            **uniform,
            **{name: self.layout.at(name) for name in (*self.layout.slots, *self.layout.scratch)},
            **{name: f"own{name}" for name in self.single},
        }

    def printer(self) -> Printer:
        """Return a printer that knows the memory."""
        names = self.names_in_memory()
        return Printer(names, {identity: names[name] for identity, name in self._spelled.items()}, self.real)

    def finish(self, printer: Printer) -> list[str]:
        """Return a printer's lines, and note the functions they call."""
        self.functions |= printer.functions
        return printer.lines

    def observe(self) -> list[str]:
        """Return the lines that compute algebraic variables from the values before the flow."""
        return self.before_flow(self.step.observed)

    def before_flow(self, wanted: Mapping[str, Node]) -> list[str]:
        """Return the lines that compute ``wanted``, slot -> node, from the values before the flow."""
        if not wanted:
            return []
        printer = self.printer()
        if any(FREE in node.variables() for node in wanted.values()):
            self._free_before(printer)
        printer.count(wanted.values())
        stores = [f"{self.layout.at(name)} = {printer.narrow(node)}" for name, node in wanted.items()]
        lines = self.finish(printer)
        return over_lanes([*lines, *stores])

    def _free_before(self, printer: Printer) -> None:
        """Find who is free before the flow does; ages are counted there, so here they are one step behind."""
        printer.names[FREE] = "free"
        spike = self._spike(self.step)
        if spike is not None and spike.aged:
            printer.names["_age_spike"] = f"({self.layout.at('_age_spike')} + {self.real}(1.0))"
        free = None if spike is None else spike.free
        printer.lines.append(f"free = {printer.text(free)[0]}" if free is not None else "free = True")

    def find_free(self) -> list[str]:
        """Return the lines that find who is free, before the flow."""
        printer = self.printer()
        self._free_before(printer)
        kept = f"{self.layout.at(FREE)} = where(free, {self.real}(1.0), {self.real}(0.0))"
        return over_lanes([*self.finish(printer), kept])

    def arrive(self, arrivals: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the lines that add to states before the flow, unless they hold."""
        printer, lines = self.printer(), []
        if set(arrivals) & self.step.held:
            self._free_before(printer)
        for x, terms in arrivals.items():
            at = self.layout.at(x)
            total = f"({' + '.join([at, *terms])})"
            lines.append(f"{at} = where(free, {total}, {at})" if x in self.step.held else f"{at} = {total}")
        return over_lanes([*self.finish(printer), *lines])

    def flow(
        self,
        arrivals: Mapping[str, Sequence[str]] | None = None,
        late: Mapping[str, Sequence[str]] | None = None,
    ) -> list[str]:
        """Return the lines of flow and conditions.

        Parameters
        ----------
        arrivals : state -> expressions that are added to it after the conditions, one after the other, unless it holds
        late : state -> expressions that are added to it before the flow: what arrived in the step before
        """
        step, printer, at = self.step, self.printer(), self.layout.at
        printer.count([n for _, n in step.flow] + list(step.new.values()))
        printer.count([e.free for e in step.events if e.free] + [e.condition for e in step.events])
        reads = [f"s_{x} = {' + '.join([at(x), *(late or {}).get(x, ())])}" for x in step.states]
        printer.names.update({x: f"s_{x}" for x in step.states})
        for event in step.events:
            self._free(event, printer)
        for name, node in step.flow:
            printer.assign(name, node)
        fresh = {}
        for x, node in step.new.items():
            text = printer.narrow(node)
            fresh[x] = f"new_{x}"
            printer.lines.append(f"new_{x} = {text}")
        after = Printer({**printer.names, **fresh}, printer.standing, self.real, set(printer.wide), prefix="m")
        after.count([e.condition for e in step.events])
        flags = []
        for event in step.events:
            text, _ = after.text(event.condition)
            gate = f" & free_{event.name}" if event.free is not None else ""
            after.lines.append(f"yes_{event.name} = {text}{gate}")
            flags.append(
                f"{at(f'_happened_{event.name}')} = where(yes_{event.name}, {self.real}(1.0), {self.real}(0.0))"
            )
        if any(e.name == "spike" for e in step.events):  # a neuron that spikes is refractory at once
            open_ = "free & (yes_spike ^ True)" if self._spike(step) is not None else "free"
        else:
            open_ = "True"
        if self.keeps_free:
            flags.append(f"{at(FREE)} = where({open_}, {self.real}(1.0), {self.real}(0.0))")
        stored = dict(fresh)
        added = []
        for x, terms in (arrivals or {}).items():
            total = fresh.get(x, f"s_{x}")
            for term in terms:
                total = f"({total} + {term})"
            if x in step.held:
                total = f"where({open_}, {total}, {fresh.get(x, f's_{x}')})"
            added.append(f"got_{x} = {total}")
            stored[x] = f"got_{x}"
        stores = [f"{at(x)} = {name}" for x, name in stored.items()]
        counted = [line for event in step.events for line in self._count_hits(event)]
        body = [*reads, *self.finish(printer), *self.finish(after), *added, *stores, *flags]
        return [*over_lanes(body), *counted]

    @staticmethod
    def _spike(step: Step) -> EventStep | None:
        return next((e for e in step.events if e.name == "spike" and e.free is not None), None)

    def settle(self, arrivals: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the lines that add to states after the flow, from flags that it left."""
        lines = []
        for x, terms in arrivals.items():
            total = self.layout.at(x)
            for term in terms:
                total = f"({total} + {term})"
            if x in self.step.held and self.keeps_free:
                total = f"where({self.layout.at(FREE)} > {self.real}(0.0), {total}, {self.layout.at(x)})"
            lines.append(f"{self.layout.at(x)} = {total}")
        return over_lanes(lines)

    def _count_hits(self, event: EventStep) -> list[str]:
        # in a loop of its own: beside float32 lanes a counter would halve their number
        flag = self.layout.at(f"_happened_{event.name}")
        count = f"hits_{event.name} += np.int32({flag} > {self.real}(0.0))"
        return [f"hits_{event.name} = np.int32(0)", *over_lanes([count])]

    def _free(self, event: EventStep, printer: Printer) -> None:
        at = self.layout.at
        if event.aged:
            name = f"_age_{event.name}"
            older = f"{at(name)} + {self.real}(1.0)"
            printer.lines += [f"{name} = {older}", f"{at(name)} = {name}"]
            printer.names[name] = name
        if event.free is not None:
            text, _ = printer.text(event.free)
            printer.lines.append(f"free_{event.name} = {text}")
            if event.bound:
                bound = at(f"_bound_{event.name}")
                printer.lines.append(f"{bound} = where(free_{event.name}, {self.real}(0.0), {bound})")
        if event.name == "spike":
            printer.lines.append("free = free_spike" if event.free is not None else "free = True")
            printer.names[FREE] = "free"

    def jump(self, event: EventStep) -> list[str]:
        """Return the lines of what an event does to lane ``l``."""
        at, lines = self.layout.at, []
        if event.aged:
            lines.append(f"{at(f'_age_{event.name}')} = {self.real}(0.0)")
        if event.bound:
            lines.append(f"{at(f'_bound_{event.name}')} = {self.real}(1.0)")
        for number, (target, node) in enumerate(event.jumps):
            printer = self.printer()
            printer.names[FREE] = f"({at(FREE)} > 0)" if self.keeps_free else ""
            printer.prefix = f"j{number}_"
            printer.count([node])
            text = printer.narrow(node)
            lines += [*self.finish(printer), f"{at(target)} = {text}"]
        return lines

    def output(self) -> tuple[list[str], str]:
        """Return the lines before the output of lane ``l``, and its expression."""
        assert self.step.output is not None
        printer = self.printer()
        printer.names[FREE] = f"({self.layout.at(FREE)} > 0)" if self.keeps_free else ""
        printer.prefix = "y"
        printer.count([self.step.output])
        text = printer.narrow(self.step.output)
        return self.finish(printer), text

    def where_it_happened(self, event: EventStep, body: list[str]) -> list[str]:
        """Return the rare second pass over the lanes, with ``body`` for those where the event happened."""
        return [
            f"if hits_{event.name}:",
            f"    for l in range({LANES}):",
            f"        if {self.layout.at(f'_happened_{event.name}')} > 0:",
            *("            " + line for line in body),
        ]
