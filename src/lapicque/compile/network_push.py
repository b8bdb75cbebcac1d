"""The function of a network kernel that sends spikes along rows of synapses."""

from __future__ import annotations

from collections.abc import Sequence
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


def push_function(kinds: Sequence[Kind]) -> str:
    """Return the function that sends spikes along one bundle."""
    lines = [
        '@njit(nogil=True, error_model="numpy")',
        "def push(row, weight, ids, values, begin, end, k, ring):",
        '    """Send the spikes of step k along one bundle."""',
    ]
    for n, kind in enumerate(kinds):
        body = [*kind.arrays(), "base = row[BASE]"]
        if kind.own_weights:
            body.append("weights = array_at(row[WEIGHTS], row[SYNAPSES], REAL)")
        if kind.form == "single":
            body.append("line = ring[(k + delays[0]) & (ring.shape[0] - 1), base:]")
        body += _calls(kind)
        lines += [f"    {'if' if n == 0 else 'elif'} row[KIND] == {n}:", *("        " + line for line in body)]
    return "\n".join(lines)


def _calls(kind: Kind) -> list[str]:
    name = {"single": "", "buckets": "_in_buckets", "delayed": "_delayed"}[kind.form]
    tail = {"single": "line", "buckets": "offsets, delays, k, ring, base", "delayed": "lags, k, ring, base"}[kind.form]
    if not kind.graded:
        word, weight = ("own", "weights") if kind.own_weights else ("one", "weight")
        return [f"push_{word}{name}(ids, begin, end, starts, targets, {weight}, {tail})"]
    if kind.own_weights:
        call = f"push_graded{name}(j, ids, starts, targets, weights, values[j], {tail})"
    else:
        call = f"push_one{name}(ids, j, j + 1, starts, targets, weight * values[j], {tail})"
    return ["for j in range(begin, end):", f"    {call}"]
