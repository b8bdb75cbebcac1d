"""The functions of a network kernel that belong to one model: everything that a neuron does in a step.

* ``look_M``: random draws and recorded algebraic variables, before the flow;
* ``flow_M``: flow and conditions, and where arrivals are known by then, arrivals and jumps;
* ``settle_M``, ``jump_M``: arrivals and jumps where they are not;
* ``free_M``: who is free, where code asks for it at the beginning of a step;
* ``arrive_M``, ``publish_M``: what immediate spikes bring, what continuous couplings read;
* ``gather_M``: what is reduced over the population;
* ``coefficients_M``: NumPy code that turns parameters into constants of the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lapicque.compile.lane_code import GROUP, LaneCode, over_lanes
from lapicque.compile.lanes import LANES
from lapicque.compile.nodes import Node
from lapicque.compile.pathway_code import FREE, OUTPUT
from lapicque.compile.step import EventStep, Step

#: So many channels are read from the ring where they are used; with more, LLVM would need too many checks that arrays
#: do not overlap, and the loop would not be vectorised.
DIRECT = 3


@dataclass(frozen=True)
class Drive:
    """Poisson counts of which each adds ``weight`` (a name of a parameter) to a state."""

    variable: str
    weight: str
    own_rates: bool


@dataclass(frozen=True)
class Model:
    """What the kernel must know of the populations that share their code.

    Attributes
    ----------
    step : Step
    uniform : parameters that are the same for all neurons of each population
    fields : inputs that change in time or differ from neuron to neuron
    channels : states to which the ring adds, in the order of the populations' places
    drives : tuple of Drive
    now : states to which immediate projections add
    written : states that code of synapses writes, and `FREE` where some of it runs at the beginning of a step and asks
        who is free
    emits : whether spikes carry the output
    publishes : whether the output is read in every step
    reduced : algebraic variables that are reduced over the population
    copied : whether all neurons of a block are copies of one, with its random numbers
    """

    step: Step
    uniform: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    drives: tuple[Drive, ...] = ()
    now: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    emits: bool = False
    publishes: bool = False
    reduced: tuple[str, ...] = ()
    copied: bool = False

    @property
    def looks(self) -> bool:
        """Whether variables are computed only to be recorded."""
        return bool(self.recorded)

    @property
    def recorded(self) -> dict[str, Node]:
        """Variables that are computed to be recorded."""
        return {name: node for name, node in self.step.observed.items() if name not in self.reduced}

    @property
    def frees(self) -> bool:
        """Whether code at the beginning of a step asks who is free."""
        return FREE in self.written

    @property
    def jumps(self) -> bool:
        """Whether events happen."""
        return bool(self.step.events)

    @property
    def folds(self) -> bool:
        """Whether arrivals may as well be added at the beginning of the next step: nothing looks at them before."""
        touched = {x for e in self.step.events for x, _ in e.jumps}
        touched |= set().union(*(node.variables() for e in self.step.events for _, node in e.jumps))
        return bool(self.channels) and not self.drives and not set(self.channels) & (touched | self.step.held)

    def code(self, real: str, late: bool) -> LaneCode:
        """Return the writer of the model's code."""
        extra = [f"_count_{n}" for n in range(len(self.drives))]
        extra += [f"_got_{x}" for x in self.channels[DIRECT:]]
        later = (*self.channels, *(d.variable for d in self.drives), *self.written)
        needs_free = late and any(x in self.step.held for x in later)
        extra += [f"_now_{x}" for x in self.now[DIRECT:]] + ([OUTPUT] if self.publishes else [])
        extra += [d.weight for d in self.drives if d.weight not in self.uniform]
        extra += [FREE] if needs_free else []
        extra += [f"{GROUP}{x}" for x in self.step.draws] if self.copied else []
        happened = [f"_happened_{e.name}" for e in self.step.events]
        fleeting = [x for x in extra if x.startswith(("_count_", "_got_", "_now_", GROUP))]
        # resets wait for deliveries where these come late, and read what was drawn in the flow
        awaited = set().union(*(node.variables() for e in self.step.events for _, node in e.jumps)) if late else set()
        drawn = [] if self.looks else [x for x in self.step.draws if x not in awaited]
        fleeting += [*happened, *drawn, *([] if late else [FREE])]
        single = drawn if self.copied else ()
        return LaneCode(self.step, real, self.fields, self.uniform, extra, fleeting, single)


class ModelWriter:
    """Writes the functions of one model."""

    def __init__(self, model: Model, number: int, real: str, late: bool, folds: bool = False):
        self.model, self.number, self.real, self.late = model, number, real, late
        self.folds = folds and model.folds
        self.step = model.step
        self.code = model.code(real, late)
        self.looks = model.looks

    def functions(self) -> list[str]:
        """Return the texts of the functions."""
        parts = [self._look()] if self.looks else []
        parts += [self._free()] if self.model.frees else []
        parts += [self._publish()] if self.model.publishes else []
        parts += [self._gather()] if self.model.reduced else []
        parts += [self._arrive()] if self.model.now else []
        parts.append(self._flow())
        if self.late:
            parts += [self._settle()] if self.model.channels else []
            parts += [self._drive()] if self.model.drives else []
            parts += [self._jump()] if self.step.events else []
        return parts

    def _arrivals(self) -> dict[str, list[str]]:
        found = self._arrived("_got_", self.model.channels)
        for x, terms in self._driven().items():
            found.setdefault(x, []).extend(terms)
        return found

    def _driven(self) -> dict[str, list[str]]:
        at, names = self.code.layout.at, self.code.names_in_memory()
        found: dict[str, list[str]] = {}
        for n, drive in enumerate(self.model.drives):
            weight = names.get(drive.weight, f"c_{drive.weight}")
            found.setdefault(drive.variable, []).append(f"{weight} * {at(f'_count_{n}')}")
        return found

    def _begin(self, name: str, arguments: str, doc: str) -> list[str]:
        return [
            '@njit(nogil=True, error_model="numpy")',
            f"def {name}({arguments}):",
            f'    """{doc}"""',
            *("    " + line for line in self.code.layout.places()),
            *(f"    c_{constant} = c[q[AT_C] + {n}]" for n, constant in enumerate(self.scalars())),
            "    t = k * dt",
        ]

    def scalars(self) -> list[str]:
        """Return the constants that are one number a population."""
        weights = [d.weight for d in self.model.drives if d.weight in self.model.uniform]
        return [*self.code.uniform, *(w for w in dict.fromkeys(weights) if w not in self.code.uniform)]

    def _blocks(self, body: list[str]) -> list[str]:
        stride = len(self.code.layout.slots) * LANES
        return [
            "    for b in range(q[BLOCKS]):",
            # a view, so that indices are known not to be negative: else loops over lanes are not vectorised
            f"        a = array_at(arena.ctypes.data + (q[START] + b * {stride}) * arena.itemsize, {stride}, REAL)",
            *("        " + line for line in body),
        ]

    def _look(self) -> str:
        lines = self._begin(
            f"look_{self.number}", "arena, z, c, keys, q, k, dt, trial", "Draw, and compute what is recorded."
        )
        body = [*self._draws(), *self.code.before_flow(self.model.recorded)]
        return "\n".join(lines + self._blocks(body))

    def _draws(self) -> list[str]:
        number = f"q[FIRST] + b * {LANES}"
        if not self.model.copied:
            return self.code.draws(number, "q[AT_KEYS]")
        return [f"original = ({number}) // q[COPIES]", *self.code.draws("original", "q[AT_KEYS]", once=True)]

    def _free(self) -> str:
        lines = self._begin(f"free_{self.number}", "arena, z, c, q, k, dt", "Find who is free.")
        return "\n".join(lines + self._blocks(self.code.find_free()))

    def _publish(self) -> str:
        assert self.step.output is not None
        lines = self._begin(
            f"publish_{self.number}", "arena, z, c, q, k, dt", "Compute what others read of the neurons."
        )
        return "\n".join(lines + self._blocks(self.code.before_flow({OUTPUT: self.step.output})))

    def _gather(self) -> str:
        lines = self._begin(f"gather_{self.number}", "arena, z, c, q, k, dt", "Compute what is reduced.")
        wanted = {name: self.step.observed[name] for name in self.model.reduced}
        return "\n".join(lines + self._blocks(self.code.before_flow(wanted)))

    def _arrive(self) -> str:
        lines = self._begin(
            f"arrive_{self.number}", "arena, z, c, places, row, q, k, dt", "Add what immediate spikes bring."
        )
        body = self._taken("_now_", self.model.now, "AT_NOW")
        body += self.code.arrive(self._arrived("_now_", self.model.now))
        return "\n".join(lines + self._blocks([*body, *self._emptied(self.model.now)]))

    def _taken(self, prefix: str, variables: Sequence[str], column: str) -> list[str]:
        """Take the arrivals of this step out of the ring."""
        lines = []
        for n, x in enumerate(variables):
            lines += [
                f"r = places[q[{column}] + {n}] + b * {LANES}",
                f"arrived_{n} = array_at(row.ctypes.data + r * row.itemsize, {LANES}, REAL)",
            ]
            if n >= DIRECT:
                lines += over_lanes([f"{self.code.layout.at(f'{prefix}{x}')} = arrived_{n}[l]"])
        return lines

    def _emptied(self, variables: Sequence[str]) -> list[str]:
        """Empty what was taken."""
        loops = [over_lanes([f"arrived_{n}[l] = {self.real}(0.0)"]) for n in range(len(variables))]
        return [line for loop in loops for line in loop]

    def _arrived(self, prefix: str, variables: Sequence[str]) -> dict[str, list[str]]:
        """Return how the arrivals of each variable are spelled."""
        spelled = [
            f"arrived_{n}[l]" if n < DIRECT else self.code.layout.at(f"{prefix}{x}") for n, x in enumerate(variables)
        ]
        return {x: [text] for x, text in zip(variables, spelled, strict=True)}

    def _incoming(self) -> list[str]:
        """Take what arrives out of the ring, and count the events of the drives."""
        return [*self._taken("_got_", self.model.channels, "AT_PLACES"), *self._counted()]

    def _counted(self) -> list[str]:
        """Count the events of the drives."""
        lines = []
        for n, drive in enumerate(self.model.drives):
            out = self.code.layout.whole(f"_count_{n}")
            lines += [
                f"d = drives[q[AT_DRIVES] + {n}]",
                *self._words(),
                "at = d[AT_THRESHOLDS] + min(k - d[BEGIN], d[ROWS] - 1) * d[STRIDE]",
            ]
            if drive.own_rates:
                lines.append(
                    f"fill_own_counts({out}, words, thresholds, at + b * d[THRESHOLDS] * {LANES}, d[THRESHOLDS])"
                )
            else:
                lines.append(f"fill_counts({out}, words, thresholds, at, d[THRESHOLDS])")
        return lines

    def _words(self) -> list[str]:
        """Draw a word for each neuron of the block."""
        if not self.model.copied:
            return ["fill_words(words, keys[d[KEY]], k, (q[FIRST] >> 6) + b, trial)"]
        return [
            f"original = (q[FIRST] + b * {LANES}) // q[COPIES]",
            "fill_words(words, keys[d[KEY]], k, original >> 6, trial)",
            "words[:] = words[original & 63]",
        ]

    def _flow(self) -> str:
        arguments = "arena, z, c, keys, thresholds, drives, places, row, words, found, values, counts, q, k, dt, trial"
        lines = self._begin(f"flow_{self.number}", arguments, "Flow, conditions, arrivals and jumps of one step.")
        body = [] if self.looks else self._draws()
        if not self.late:
            body += self._incoming()
        if self.folds:
            body += self._taken("_got_", self.model.channels, "AT_PLACES")
            body += self.code.flow(late=self._arrived("_got_", self.model.channels))
        else:
            body += self.code.flow({} if self.late else self._arrivals())
        body += self._emptied(self.model.channels) if self.folds or not self.late else []
        for n, event in enumerate(self.step.events):
            seen = [
                f"n = b * {LANES} + l",
                "if n < q[SIZE]:",
                f"    found[{n}, counts[{n}]] = q[FIRST] + n",
                *("    " + line for line in self._emission(event)),
                f"    counts[{n}] += 1",
            ]
            body += self.code.where_it_happened(event, seen if self.late else [*seen, *self.code.jump(event)])
        return "\n".join(lines + self._blocks(body))

    def _emission(self, event: EventStep) -> list[str]:
        """Note the output of a spike, before the reset."""
        if event.name != "spike" or not self.model.emits:
            return []
        if self.step.output is None:
            return [f"values[counts[0]] = {self.real}(1.0)"]
        lines, text = self.code.output()
        return [*lines, f"values[counts[0]] = {text}"]

    def _settle(self) -> str:
        lines = self._begin(f"settle_{self.number}", "arena, z, c, places, row, q, k, dt", "Add what spikes bring.")
        body = self._taken("_got_", self.model.channels, "AT_PLACES")
        body += [*self.code.settle(self._arrived("_got_", self.model.channels)), *self._emptied(self.model.channels)]
        return "\n".join(lines + self._blocks(body))

    def _drive(self) -> str:
        arguments = "arena, z, c, keys, thresholds, drives, words, q, k, dt, trial"
        lines = self._begin(f"drive_{self.number}", arguments, "Add the events of stimuli.")
        return "\n".join(lines + self._blocks([*self._counted(), *self.code.settle(self._driven())]))

    def _jump(self) -> str:
        lines = self._begin(f"jump_{self.number}", "arena, z, c, found, begin, end, q, k, dt", "What events do.")
        stride = len(self.code.layout.slots) * LANES
        for n, event in enumerate(self.step.events):
            lines += [
                f"    for j in range(begin[{n}], end[{n}]):",
                f"        n = found[{n}, j] - q[FIRST]",
                f"        o, l = q[START] + (n >> 6) * {stride}, n & 63",
                f"        a = array_at(arena.ctypes.data + o * arena.itemsize, {stride}, REAL)",
                *("        " + line for line in self.code.jump(event) or ["pass"]),
            ]
        return "\n".join(lines)
