"""Which kernel a circuit needs: its distinct models and codes of synapses, and the numbers that tables give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from lapicque.compile import cache
from lapicque.compile.bundles import Bundle, Channel, kind_of, packed
from lapicque.compile.circuit import Cells, Circuit
from lapicque.compile.code_rows import CodeRows, StoreRows, packed_codes
from lapicque.compile.kernels import step_of
from lapicque.compile.network_shapes import CodeShape, Kind
from lapicque.compile.pathway_code import FREE, OUTPUT, Code
from lapicque.model.neuron import Neuron


@dataclass(frozen=True, eq=False)
class Wired:
    """The synapses of a circuit in memory: what runs with the same synapses share."""

    bundles: list[Bundle]
    places: list[dict[Channel, int]]
    codes: list[CodeRows]
    stores: list[StoreRows]

    @classmethod
    def of(
        cls,
        circuit: Circuit,
        bounds: Sequence[np.ndarray],
        precision: str,
        threads: int | None,
        known: Wired | None = None,
    ) -> Wired:
        """Pack the synapses of a circuit; pathways that another one with the same populations has are taken over."""
        options = circuit, bounds, precision, threads
        if known is None:
            return cls(*packed(*options), *packed_codes(*options))
        before = (known.bundles, known.places), (known.codes, known.stores)
        return cls(*packed(*options, before[0]), *packed_codes(*options, before[1]))

    @property
    def kinds(self) -> list[Kind]:
        """How bundles are stored, each kind once."""
        return sorted({kind_of(r, b.pathways[0].graded) for b in self.bundles for r in b.rows if r.count})

    def delays(self) -> tuple[int, int]:
        """Return the shortest and the longest delay of additive pathways that are not immediate, steps."""
        rows = [r for b in self.bundles for r in b.rows if r.count and not b.pathways[0].immediate]
        found = [int(d) for r in rows for d in (r.delays[0], r.delays[-1])]
        return min(found, default=1), max(found, default=1)

    def slowest(self) -> tuple[int, str]:
        """Return the longest delay of all, steps, and a projection that has it."""
        rows = [(b.pathways[-1], r) for b in self.bundles for r in b.rows]
        found = [(int(r.delays[-1]), pathway.projection) for pathway, r in rows if r.count]
        found += [(code.longest(), code.pathway.projection) for code in self.codes]
        return max(found, default=(0, ""))

    def history(self) -> int:
        """Return for how many steps spikes must be remembered for code that they run when they arrive."""
        return max((code.longest() + 1 for code in self.codes if not code.pathway.trigger.early), default=0)


@dataclass(frozen=True, eq=False)
class Compiled:
    """A circuit's kernel.

    Attributes
    ----------
    kernel : module
    models : population -> number of its model; -1 for lists of spikes
    codes : (pathway with code, partition) -> number of its code
    late : whether threads meet in every step
    reason : why so
    """

    kernel: ModuleType
    models: list[int]
    codes: Mapping[tuple[int, int], int]
    late: bool
    reason: str


def scalars_of(rows: CodeRows) -> tuple[dict[str, float], dict[str, Any], dict[str, Any]]:
    """Return the values of a code that are one number, those of each target, and those of each source."""
    pathway = rows.pathway
    every, constants = dict(pathway.values), dict(pathway.constants)
    if pathway.store is not None:
        every, constants = every | dict(pathway.store.values), constants | dict(pathway.store.constants)
    scalars = {n: v.constant for n, v in every.items() if v.constant is not None}
    by_target: dict[str, Any] = {}
    by_source: dict[str, Any] = {}
    for values, other in ((constants, by_target), (pathway.source_constants, by_source)):
        for name, value in values.items():
            if np.ndim(value) == 0:
                scalars[name] = float(value)
            else:
                other[name] = np.asarray(value, np.float64)
    return dict(sorted(scalars.items())), dict(sorted(by_target.items())), dict(sorted(by_source.items()))


class Planner:
    """Finds the kernel of a circuit.

    Parameters
    ----------
    observed : population -> algebraic variables that are recorded
    sampled : whether variables are recorded
    """

    def __init__(
        self, circuit: Circuit, wired: Wired, methods: Mapping[str, Any], precision: str,
        observed: Sequence[tuple[str, ...]], sampled: bool,
    ):  # fmt: skip
        self.circuit, self.wired, self.methods = circuit, wired, methods
        self.precision, self.observed, self.sampled = precision, observed, sampled
        self.levels = max(circuit.levels(), default=0) + 1
        reasons = {
            "a delay is 0": wired.delays()[0] < 1,
            "synapses learn": bool(circuit.stores),
            "synapses run code that reads what it changes": bool(circuit.coded) and not circuit.stores,
            "synapses are summed in every step": bool(circuit.couplings),
            "projections are immediate": self.levels > 1,
            "neurons read reductions over their population": any(cells.reductions for cells in circuit.cells),
        }
        self.reason = " and ".join(reason for reason, holds in reasons.items() if holds)

    def compiled(self) -> Compiled:
        """Return the kernel, from the cache where it is known."""
        keys: list[Any] = []
        numbers, first = [], []
        for n, cells in enumerate(self.circuit.cells):
            if cells.neuron is None:
                numbers.append(-1)
                continue
            key = cells.neuron.structure, self.methods.get(cells.name), self.observed[n], *self._model_key(n)
            if key not in keys:
                keys.append(key)
                first.append(n)
            numbers.append(keys.index(key))
        shapes: list[Any] = []
        codes: dict[tuple[int, int], int] = {}
        examples: list[CodeRows] = []
        for j, rows in enumerate(self.wired.codes):
            pathway = rows.pathway
            lazy = pathway.store.lazy if pathway.store is not None else None
            others = [(mark, self._neuron(n)) for mark, n in sorted(pathway.marks.items())]
            whole = pathway.text, lazy, pathway.maps, [(mark, x.structure if x else "") for mark, x in others]
            for p, packed_rows in enumerate(rows.rows):
                if not rows.runs_in(p):
                    continue
                shape = self._shape(rows, p, kind_of(packed_rows), numbers)
                if (shape, *whole) not in shapes:
                    shapes.append((shape, *whole))
                    examples.append(rows)
                codes[j, p] = shapes.index((shape, *whole))
        kinds, late = self.wired.kinds, bool(self.reason)
        all_cells = self.circuit.cells
        listed, reduced = any(c.neuron is None for c in all_cells), any(c.reductions for c in all_cells)
        uses = any(c.feeds for c in all_cells), listed, self.sampled, reduced
        text = repr((keys, kinds, shapes, self.precision, late, self.levels, uses))

        def generate() -> str:
            from lapicque.compile.network_cpu import Plan, generate

            lowered = [(shape, *self._lowered(rows)) for (shape, *_), rows in zip(shapes, examples, strict=True)]
            models = [self._model(n) for n in first]
            return generate(Plan(models, kinds, lowered, self.precision, late, self.levels, *uses))

        kernel = cache.kernel(text if self._ours() else None, generate)
        return Compiled(kernel, numbers, codes, late, self.reason)

    def _neuron(self, n: int) -> Neuron | None:
        return self.circuit.cells[n].neuron

    def _lowered(self, rows: CodeRows) -> tuple[Code, Code | None]:
        """Return the nodes of a pathway, and those that bring states up to date."""
        from lapicque.compile.pathway_code import lower, lower_flow, lower_lazy

        pathway = rows.pathway
        target = self._neuron(pathway.target)
        assert target is not None
        others = {mark: self._neuron(n) for mark, n in pathway.marks.items()}
        lazy = pathway.store.lazy if pathway.store is not None else None
        if pathway.trigger.at == "flow":
            code = lower_flow(pathway.text, target, others, pathway.maps)
        else:
            code = lower(pathway.text, target, others)
        return code, None if lazy is None else lower_lazy(lazy, target)

    def _ours(self) -> bool:
        # what a scheme of the user's own does is not known by its repr
        return all(
            m is None or isinstance(m, str) or type(m).__module__ == "lapicque.compile.schemes"
            for m in self.methods.values()
        )

    def _model_key(self, n: int) -> tuple[Any, ...]:
        """Return what determines the code of a population besides its neuron's text and scheme."""
        circuit = self.circuit
        written = {x for c in circuit.codes if c.target == n and not c.trigger.early for x in c.text.written}
        written |= {x for c in circuit.scheduled if c.target == n for x in c.text.written}
        written = {x for x in written if not x.startswith("_")}  # the others are no variables of the target
        written |= {FREE for c in circuit.scheduled if c.target == n and c.held}
        return (
            *model_key(circuit.cells[n]),
            tuple(x for m, x in circuit.channels() if m == n),
            tuple(x for m, x in circuit.immediate_channels() if m == n),
            tuple(sorted(written)),
            any(a.source == n and a.graded for a in circuit.additive)
            or any(c.trigger.population == n and OUTPUT in c.text.names() for c in circuit.coded),
            any(r.population == n and r.variable == OUTPUT for c in circuit.codes for r in c.reads.values()),
            circuit.copies > 1,
        )

    def _model(self, n: int) -> Any:
        from lapicque.compile.network_model import Drive, Model

        cells: Cells = self.circuit.cells[n]
        assert cells.neuron is not None
        uniform, steady, _, channels, now, written, emits, publishes, copied = self._model_key(n)
        observed = *self.observed[n], *cells.reduced
        step = step_of(cells.neuron, self.methods.get(cells.name), observed, steady)
        drives = tuple(Drive(d.variable, d.weight_name, d.own_rates) for d in cells.drives)
        return Model(step, uniform, cells.fields, channels, drives, now, written, emits, publishes, cells.reduced,
                     copied)  # fmt: skip

    def _shape(self, rows: CodeRows, partition: int, kind: Kind, models: Sequence[int]) -> CodeShape:
        scalars, by_target, by_source = scalars_of(rows)
        pathway, trigger, store = rows.pathway, rows.pathway.trigger, rows.pathway.store
        columns: Any = ()
        if store is not None and (trigger.at == "post" or (trigger.at == "third" and not trigger.shared)):
            assert rows.store is not None
            found = rows.store.columns[partition]
            assert found is not None
            columns = str(found.places.dtype), str(found.sources.dtype)
        traces: list[tuple[str, str, int]] = []
        if store is not None:
            used = {*pathway.text.names(), *pathway.text.written}
            traces = [
                (name, "pre" if n == store.pre else "post", models[n])
                for name, n in store.traces.items()
                if name in used
            ]
        return CodeShape(
            kind, models[pathway.target], tuple(scalars), tuple(by_target), tuple(by_source), rows.of_synapses,
            tuple((name, pathway.reads[name].by) for name in sorted(pathway.reads)), tuple(sorted(pathway.held)),
            trigger.at, trigger.event, trigger.lag is None and trigger.at == "pre", trigger.shared, own_names(rows),
            store is not None and store.lazy is not None and trigger.at not in ("flow", "sum"), tuple(traces), columns,
            tuple((name, by) for name, _, by, _ in pathway.text.reductions),
        )  # fmt: skip


def own_names(rows: CodeRows) -> tuple[str, ...]:
    """Return the states of synapses, in the order of their pointers."""
    return () if rows.pathway.store is None else tuple(sorted(rows.pathway.store.states))


def model_key(cells: Cells) -> tuple[Any, ...]:
    """Return what determines the code of a population by its values: which of them are single numbers."""
    values = cells.values()
    uniform = tuple(name for name, value in values.items() if np.ndim(value) == 0)
    return uniform, cells.steady, tuple((d.variable, d.weight_name, d.own_rates) for d in cells.drives)
