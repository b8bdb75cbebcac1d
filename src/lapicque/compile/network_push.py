"""The function of a network kernel that sends spikes along rows of synapses."""

from __future__ import annotations

from collections.abc import Sequence

from lapicque.compile.network_shapes import Kind


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
