"""The kernel file of a network between events, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import getsource

from lapicque.compile.event import crossing, states
from lapicque.compile.event.kernel_text import dispatch, header
from lapicque.compile.eventprop import backward, forward, quadrature, runge_kutta
from lapicque.compile.eventprop.described import Kind
from lapicque.compile.eventprop.print_adjoint import AdjointPrinter

#: Stretches that are searched at a time where there is no closed form, in steps.
_WINDOW = 16.0

_OF_KINDS = {
    "flow": "free, x, a, c, b, s",
    "margin": "x, a, c, b",
    "patience": "x, a, c, b",
    "crossing": "x, a, c, b, horizon, zeros",
    "jump": "x, a, c, b",
    "refractory": "c, b",
    "advance": "free, x, a, c, b, s",
    "rates": "free, x, a, c, b, f",
    "pull_rates": "free, x, a, c, b, p, out",
    "slopes": "free, x, a, c, b, p, weight, gradients, g",
    "pull_exactly": "free, x, a, c, b, s, p",
    "slopes_of_still": "free, x, a, c, b, p, weight, out",
    "quickest": "free, x, a, c, b",
    "guard": "x, a, c, b, out",
    "pull_guard": "weight, x, a, c, b, gradients, g",
    "pull_jump": "x, a, c, b, p, gradients, g",
    "pull_refractory": "c, b, weight, gradients, g",
    "pace": "free, x, a, c, b",
    "step_of": "c, b",
    "output": "x, a, c, b",
    "pull_output": "weight, x, a, c, b, p, gradients, g",
}
_PULL_ARRIVE = "free, x, a, c, b, values, number, y, d, mark, p, out, gradients, g, back_y"


def generate(kinds: Sequence[Kind], pathways: Sequence[tuple[int, int]], seen: Sequence[tuple[int, int]]) -> str:
    """Return the source of the kernel file.

    Parameters
    ----------
    pathways : of each pathway the kind of its target, and which of that kind's arrivals it is
    seen : of each thing looked at the kind of neuron, and which of that kind's expressions it is
    """
    printers = [AdjointPrinter(n, kind) for n, kind in enumerate(kinds)]
    bodies = [text for printer in printers for text in printer.functions()]
    facts = dict(
        STATE_NAMES=[[str(x) for x in kind.system.states] for kind in kinds],
        PARAMETER_NAMES=[[str(p) for p in kind.system.parameters] for kind in kinds],
        WANTED=[list(kind.wanted) for kind in kinds],
        STEPS=[kind.steps for kind in kinds],
    )
    top = header("a network between events, forward and backward", printers, facts)
    dispatchers = [dispatch(name, arguments, len(kinds)) for name, arguments in _OF_KINDS.items()]
    dispatchers += [
        dispatch("coefficients", "p, size", len(kinds), compiled=False),
        _choice("arrive", "free, x, a, c, b, values, number, y, d, mark", pathways),
        _choice("pull_arrive", _PULL_ARRIVE, pathways),
        _table("reads", [bool(kinds[kind].arrivals[k].slots) for kind, k in pathways], "False"),
        _choice("seen", "x, a, c, b", seen),
        _choice("pull_seen", "weight, x, a, c, b, p, gradients, g", seen),
        _table("holds", [_holds(kinds[kind], k) for kind, k in pathways], "False"),
        _table("count_of", [len(kind.system.states) for kind in kinds], "0"),
        _table("by_steps", [kind.steps for kind in kinds], "False"),
        _table("integrates", [printer.integrates for printer in printers], "False"),
        _RUN.replace("WINDOW", repr(_WINDOW)),
    ]
    pasted = [getsource(module) for module in (crossing, states, forward, backward, quadrature, runge_kutta)]
    parts = [top, *pasted, *bodies, *dispatchers]
    return "\n\n\n".join(part.strip() for part in parts) + "\n"


def _holds(kind: Kind, k: int) -> bool:
    return set(kind.arrivals[k].written()) <= kind.solved.held_states


def _choice(name: str, arguments: str, places: Sequence[tuple[int, int]]) -> str:
    lines = ["@njit(**OPTIONS)", f"def {name}(which, {arguments}):"]
    for n, (kind, k) in enumerate(places):
        lines += [f"    if which == {n}:", f"        return {name}_{k}_{kind}({arguments})"]
    lines.append("    return None" if name in ("arrive", "pull_seen") else "    return 0.0")
    return "\n".join(lines)


def _table(name: str, values: Sequence[object], default: str) -> str:
    lines = ["@njit(**OPTIONS)", f"def {name}(which):"]
    for n, value in enumerate(values):
        lines += [f"    if which == {n}:", f"        return {value!r}"]
    return "\n".join([*lines, f"    return {default}"])


_RUN = '''@njit(**OPTIONS)
def window(kind, c, b):
    """Return the stretch of time that is searched at once; 0 where there is a closed form."""
    return WINDOW * step_of(kind, c, b) if by_steps(kind) else 0.0


touch, look, foresee = state_functions(flow, margin, patience, crossing)
search_steps = stepwise_crossing(margin, advance, pace, count_of)
play = taped_loop(touch, foresee, jump, refractory, arrive, seen, window, search_steps, holds, reads, output)
pull_steps = stepwise(rates, pull_rates, slopes, pace, advance)
integrate = quadrature(flow, pull_exactly, slopes, slopes_of_still, quickest)


@njit(**OPTIONS)
def pull_flow(kind, free, x, c, b, span, p, gradients, g, work, path):
    """Move adjoints back over a time that began with the states x."""
    if by_steps(kind):
        pull_steps(kind, free, x, c, b, span, p, gradients, g, work, path)
    else:
        if integrates(kind):
            integrate(kind, free, x, c, b, span, p, gradients, g, work)
        pull_exactly(kind, free, x, 0, c, b, span, p)
        if integrates(kind):
            for k in range(len(p)):
                p[k] += work[7, k]


sweep = reverse_sweep(
    flow, rates, pull_flow, pull_jump, guard, pull_guard, refractory, pull_refractory, pull_arrive, pull_seen,
    pull_output, reads, margin,
)


@njit(error_model="numpy", nogil=True, cache=True)
def forward(cells, rows, flights, tape, book, clock, asked, until):
    """Run a trial; return why it stopped."""
    return play(cells, rows, flights, tape, book, clock, asked, until)


@njit(error_model="numpy", nogil=True, cache=True)
def backward(cells, rows, tape, asked, begin, end, seeds, back, out):
    """Run a trial backwards."""
    sweep(cells, rows, tape, asked, begin, end, seeds, back, out)


find = nearest(margin)


@njit(error_model="numpy", nogil=True, cache=True)
def closest(cells, tape, best, heights):
    """Find where neurons came closest to their thresholds."""
    find(cells, tape, best, heights)'''
