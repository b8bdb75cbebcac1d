"""How synapses are stored and what their code needs: what decides which functions a network kernel has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Kind:
    """How the synapses of a bundle are stored: decides which loop delivers their spikes."""

    form: str  # "single": one delay a bundle; "buckets": rows sorted by delay; "delayed": a delay a synapse
    own_weights: bool
    targets: str  # "uint16" or "uint32"
    offsets: str = ""  # "uint16" or "uint32": of the places of buckets, or of single delays
    graded: bool = False

    def arrays(self) -> list[str]:
        """Return the lines that find the arrays of a bundle."""
        found = [
            "starts = array_at(row[STARTS], row[SOURCES] + 1, np.int64)",
            "delays = array_at(row[DELAYS], row[BUCKETS], np.int64)",
            f"targets = array_at(row[TARGETS], row[SYNAPSES], {self.targets})",
        ]
        if self.form == "buckets":
            found.append(f"offsets = array_at(row[OFFSETS], row[SOURCES] * (row[BUCKETS] + 1), {self.offsets})")
        elif self.form == "delayed":
            found.append(f"lags = array_at(row[LAGS], row[SYNAPSES], {self.offsets})")
        return found


@dataclass(frozen=True)
class CodeShape:
    """What the kernel must know of a pathway with code besides its text.

    Attributes
    ----------
    kind : how its synapses are stored
    target_model : number
    scalars : names that are one number for all synapses, in the order of their table
    of_targets, of_sources, of_synapses : names with one number for each of these, in the order of the pointers
    reads : (name, ``"source"``, ``"one"`` or ``"target"``), in the order of the pointers behind those
    held : variables that are not written while a neuron is refractory
    at : when the code runs; see `lapicque.compile.store.Trigger`
    event : number of the event
    delayed : whether each synapse has its delay
    shared : whether one event of a third party runs the code of all synapses
    own : states of the synapses, in the order of the pointers behind those
    lazy : whether some of them are brought up to date when they are touched
    traces : (name, ``"pre"`` or ``"post"``, model of the hidden population)
    columns : types of the places and sources in columns; empty where there are none
    reduced : (name, ``"pre"`` or ``"post"``) of what is reduced over synapses, in the order of the pointers behind all
    """

    kind: Kind
    target_model: int
    scalars: tuple[str, ...]
    of_targets: tuple[str, ...]
    of_sources: tuple[str, ...]
    of_synapses: tuple[str, ...]
    reads: tuple[tuple[str, str], ...]
    held: tuple[str, ...]
    at: str = "pre"
    event: int = 0
    delayed: bool = False
    shared: bool = False
    own: tuple[str, ...] = ()
    lazy: bool = False
    traces: tuple[tuple[str, str, int], ...] = ()
    columns: tuple[str, str] | tuple[()] = ()
    reduced: tuple[tuple[str, str], ...] = ()

    @property
    def summed(self) -> bool:
        """Whether this is a term of a sum."""
        return self.at == "sum"
