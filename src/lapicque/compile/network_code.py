"""The functions of a network kernel for synapses with code.

``code_J`` goes through the events that arrive in a step, oldest first, and runs the code of their synapses: along the
rows of sources, the columns of targets, or all of them. On schedule and where states are advanced it goes through every
synapse; where terms are summed, it adds each to its target.
"""

from __future__ import annotations

from collections.abc import Sequence

from lapicque.compile.code_body import AHEAD, Body
from lapicque.compile.lane_code import LaneCode
from lapicque.compile.lanes import LANES
from lapicque.compile.network_shapes import CodeShape
from lapicque.compile.pathway_code import Code

#: What every such function takes.
ARGUMENTS = "a, g, pointers, keys, shared, row, q, populations, found, values, ends, counters, p, parts, k, dt, trial"


def code_function(
    number: int, shape: CodeShape, code: Code, lazy: Code | None, models: Sequence[LaneCode]
) -> tuple[str, set[str]]:
    """Return the text of a pathway's function, and the functions of `vector_math` that it calls."""
    body = Body(shape, code, lazy, models)
    loop = _LOOPS[shape.at](shape, body)
    lines = [
        '@njit(nogil=True, error_model="numpy")',
        f"def code_{number}({ARGUMENTS}):",
        f'    """{_DOCS[shape.at]}"""',
        *("    " + line for line in [*shape.kind.arrays(), *body.arrays(), "t = k * dt", *loop]),
    ]
    return "\n".join(lines), body.functions


_DOCS = {
    "pre": "Run the code of the spikes that arrive.",
    "post": "Run the code of the target's events.",
    "third": "Run the code of a third party's events.",
    "every": "Run the code of every synapse, if it is time.",
    "flow": "Advance the states of every synapse.",
    "sum": "Add each synapse's term to its target.",
}


def _indented(lines: list[str], depth: int) -> list[str]:
    return [" " * 4 * depth + line for line in lines]


def _pre(shape: CodeShape, body: Body) -> list[str]:
    """Oldest first, then by source, then by synapse number."""
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
    }[shape.kind.form if shape.delayed else "single"]
    inner = [
        "half = (k - lag) % found.shape[0]",
        "for other in range(parts):",
        f"    for j in {_events('other', shape.event)}:",
        f"        s = found[half, other, {shape.event}, j]",
        "        emitted = values[half, other, j]",
        *_indented([*body.before(), *ranges, "    n = targets[e]", *_indented(body.lines(), 1), *body.after()], 2),
    ]
    if not shape.delayed:
        return ["lag = row[LAG]", "if lag <= k:", *_indented(inner, 1)]
    return [
        "for b in range(delays.shape[0] - 1, -1, -1):",
        "    lag = delays[b]",
        "    if lag > k:",
        "        continue",
        *_indented(inner, 1),
    ]


def _events(thread: str, event: int) -> str:
    at = f"ends[half, {thread}, 0, row[EVENTS], {{end}}, {event}]"
    return f"range({at.format(end=0)}, {at.format(end=1)})"


def _column(body: Body) -> list[str]:
    """Go through the synapses of the local target n; what they change is fetched a few dozens ahead."""
    step = ["e = places[c]", "s = origins[c]", *body.lines()]
    fetched = body.fetched()
    if not fetched:
        return ["for c in range(columns[n], columns[n + 1]):", *_indented(step, 1)]
    return [
        "begin, last = columns[n], columns[n + 1]",
        f"for c in range(begin, min(begin + {AHEAD}, last)):",
        *_indented(fetched, 1),
        "while begin < last:",
        f"    stop = min(begin + {AHEAD}, last)",
        f"    for c in range(stop, min(stop + {AHEAD}, last)):",
        *_indented(fetched, 2),
        "    for c in range(begin, stop):",
        *_indented(step, 2),
        "    begin = stop",
    ]


def _post(shape: CodeShape, body: Body) -> list[str]:
    return [
        "lag = row[LAG]",
        "if lag <= k:",
        "    half = (k - lag) % found.shape[0]",
        f"    for j in {_events('p', shape.event)}:",
        f"        n = found[half, p, {shape.event}, j] - q[FIRST]",
        "        emitted = values[half, p, j]",
        *_indented([*body.before(), *_column(body), *body.after()], 2),
    ]


def _third(shape: CodeShape, body: Body) -> list[str]:
    if shape.shared:
        inner = [f"if found[half, other, {shape.event}, j] == row[THIRD]:", *_indented(_all(body), 1)]
    else:
        inner = [
            f"n = whose[found[half, other, {shape.event}, j]] - q[FIRST]",
            "if 0 <= n < q[SIZE]:",
            *_indented(_column(body), 1),
        ]
    return [
        "lag = row[LAG]",
        *([] if shape.shared else ["whose = array_at(row[THIRD], row[THIRDS], np.int64)"]),
        "if lag <= k:",
        "    half = (k - lag) % found.shape[0]",
        "    for other in range(parts):",
        f"        for j in {_events('other', shape.event)}:",
        "            emitted = values[half, other, j]",
        *_indented(inner, 3),
    ]


def _all(body: Body) -> list[str]:
    """Go through all synapses, by source."""
    return [
        "for s in range(row[SOURCES]):",
        "    for e in range(starts[s], starts[s + 1]):",
        "        n = targets[e]",
        *_indented(body.lines(), 2),
    ]


def _every(shape: CodeShape, body: Body) -> list[str]:
    return [
        "emitted = REAL(1.0)",
        "if k % row[INTERVAL] == 0:",
        *_indented([*_reductions(body), *_all(body)], 1),
    ]


_START = {"sum": "REAL(0.0)", "mean": "REAL(0.0)", "max": "REAL(-np.inf)", "min": "REAL(np.inf)"}


def _joined(function: str, into: str, value: str) -> str:
    if function in ("sum", "mean"):
        return f"{into} += {value}"
    return f"{into} = {'maximum' if function == 'max' else 'minimum'}({into}, {value})"


def _reductions(body: Body) -> list[str]:
    """Reduce over the synapses of each target, or of each source: those of all threads, one after the other."""
    lines = []
    for n, (_, function, by, node) in enumerate(body.code.reductions):
        body.functions |= {"max": {"maximum"}, "min": {"minimum"}}.get(function, set())
        each = body.reduced(node)
        if by == "post":
            lines += [
                "for n in range(q[SIZE]):",
                f"    reduced_{n}[n], count_{n}[n] = {_START[function]}, 0",
                "for s in range(row[SOURCES]):",
                "    for e in range(starts[s], starts[s + 1]):",
                "        n = targets[e]",
                *_indented([*each, _joined(function, f"reduced_{n}[n]", "value"), f"count_{n}[n] += 1"], 2),
            ]
            size = "q[SIZE]"
        else:
            row = [
                "for s in range(row[SOURCES]):",
                "    if p == 0:",
                f"        reduced_{n}[s], count_{n}[s] = {_START[function]}, 0",
                "    for b in range(q[BLOCKS]):",
                f"        part[b] = {_START[function]}",
                "    for e in range(starts[s], starts[s + 1]):",
                "        n = targets[e]",
                *_indented([*each, _joined(function, "part[n >> 6]", "value"), f"count_{n}[s] += 1"], 2),
                "    for b in range(q[BLOCKS]):",
                f"        {_joined(function, f'reduced_{n}[s]', 'part[b]')}",
            ]
            lines += [
                "for turn in range(parts):",
                "    if turn == p:",
                *_indented(row, 2),
                "    meet(counters, p, parts)",
            ]
            size = "row[SOURCES]"
        if function == "mean" and by == "post":
            lines += [f"for n in range({size}):", f"    reduced_{n}[n] /= count_{n}[n]"]
        elif function == "mean":
            lines += ["if p == 0:", f"    for s in range({size}):", f"        reduced_{n}[s] /= count_{n}[s]"]
            lines += ["meet(counters, p, parts)"]
    return lines


def _flow(shape: CodeShape, body: Body) -> list[str]:
    return _all(body)


def _sum(shape: CodeShape, body: Body) -> list[str]:
    ((variable, _),) = body.code.statements
    stride = len(body.target.layout.slots) * LANES
    clear = [
        "if row[CLEARS]:",
        "    for b in range(q[BLOCKS]):",
        f"        for l in range({LANES}):",
        f"            at_{variable}[b * {stride} + l] = REAL(0.0)",
    ]
    return [*clear, *_all(body)]


_LOOPS = {"pre": _pre, "post": _post, "third": _third, "every": _every, "flow": _flow, "sum": _sum}


def publishers(shapes: Sequence[CodeShape], early: bool) -> bool:
    """Say whether some pathway with code reads variables of other populations, early in a step or late."""
    return any(shape.reads for shape in shapes if (shape.at in ("sum", "flow", "every")) == early)
