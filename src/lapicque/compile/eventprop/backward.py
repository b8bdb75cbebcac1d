"""The way back along a tape: gradients with respect to states and times of events, from the last event to the first.

Two numbers go with each event: p, what a change of its neuron's states does to the loss, and what a change of its time
does. With x- and x+ before and after the event, f- and f+ the flow there, and x+ = R(x-),

    p- = DR^T p+,    dL/dt = -(p+ . f+ - p- . f-),

to which comes what hangs on the event's time: the times of spikes that the loss reads, and those of later events. Then
the time is traced to what sets it: an arrival's to the spike that arrives and to the delay, a release's to the spike
before it and the refractory time, that of a spike by which a neuron crossed its threshold g = 0 to its states,

    p- = p- - (dL/dt) (grad g) / (grad g . f-).

Wunderlich & Pehle 2021, doi:10.1038/s41598-021-91786-z; for any hybrid system Galán, Feehery & Barton 1999,
doi:10.1016/S0168-9274(98)00125-1.

Where a jump is taken for a ramp (`lapicque.train.Ramp`), whatever made a neuron cross its threshold, grad g . f- is a
given slope, and an arrival's time has - p . h(x-)/T besides: what is left of a jump h if it comes a part of T later.
"""

import numpy as np
from numba import njit

from lapicque.compile.event.memory import CONSTANTS, COUNT, KIND, STATES
from lapicque.compile.event.options import OPTIONS
from lapicque.compile.eventprop.memory import (
    ARRIVE,
    BEFORE,
    BEGIN,
    CAUSE,
    CHANGE,
    CROSSED,
    GIVEN,
    ITEM,
    LOOK,
    NEURON,
    NUMBER,
    PLACE,
    RELEASE,
    SPIKE,
    THROUGH,
    TYPE,
    WAS_FREE,
)


def reverse_sweep(
    flow, rates, pull_flow, pull_jump, guard, pull_guard, refractory, pull_refractory, pull_arrive, pull_seen,
    pull_output, reads, margin,
):  # fmt: skip
    """Return ``sweep``, which runs one trial backwards, for the functions of a kernel file."""

    @njit(**OPTIONS)
    def along(kind, free, x, c, b, p, f):
        """Return p . f at some states."""
        rates(kind, free, x, 0, c, b, f)
        total = 0.0
        for k in range(len(p)):
            total += p[k] * f[k]
        return total

    @njit(**OPTIONS)
    def crossed(kind, x, c, b, p, tau, back, f, slopes, neuron, time):
        """Trace the time of a spike to the states before it; return the change of the loss with the margin."""
        guard(kind, x, 0, c, b, slopes)
        rates(kind, True, x, 0, c, b, f)
        steepness = 0.0
        for k in range(len(p)):
            steepness += slopes[k] * f[k]
        least = back.steep[neuron]
        if back.ramp[neuron] > 0.0:
            steepness = least
        elif not steepness > least:
            back.grazed[0] += 1.0
            if not steepness > back.grazed[3] or back.grazed[0] == 1.0:
                back.grazed[1], back.grazed[2], back.grazed[3] = neuron, time, steepness
            steepness = least
        for k in range(len(p)):
            p[k] -= tau / steepness * slopes[k]
        return -tau / steepness

    @njit(**OPTIONS)
    def pushed(kind, push, x, a, c, b, p, slopes, parameters, g):
        """Add the gradient of the margin at some states, times ``push``."""
        guard(kind, x, a, c, b, slopes)
        for k in range(len(p)):
            p[k] += push * slopes[k]
        pull_guard(kind, push, x, a, c, b, parameters, g)

    @njit(**OPTIONS)
    def of_source(cells, tape, r, back_y, f):
        """Return what a later arrival changes by what is read of the source then."""
        who, place = cells.who[tape.what[r, NEURON]], tape.what[r, PLACE]
        y = tape.states[place : place + who[COUNT]]
        return along(
            who[KIND], tape.what[r, WAS_FREE] != 0, y, cells.constants, who[CONSTANTS], back_y[: who[COUNT]], f
        )

    @njit(**OPTIONS)
    def add_to_source(cells, tape, r, back):
        """Add the gradient of what was read of a source to its states."""
        source = tape.what[r, NEURON]
        for k in range(cells.who[source, COUNT]):
            back.p[cells.who[source, STATES] + k] += back.work[11, k]
        back.awake[source] = True

    @njit(**OPTIONS)
    def before_crossing(kind, free, c, b, begun, x, span, time):
        """Return for how long the states flow from a record to right below the threshold, and leave them there in x.

        Where an upstroke is steep, the neighbouring times that a number can tell have margins far apart, and the flow
        to the time of the spike may end beyond the threshold, where the equations may be others.
        """
        flow(kind, free, x, 0, c, b, span)
        back = np.nextafter(time, np.inf) - time
        while margin(kind, x, 0, c, b) > 0.0 and back < span:
            span -= back
            back *= 2.0
            for k in range(len(x)):
                x[k] = begun[k]
            flow(kind, free, x, 0, c, b, span)
        return span

    @njit(**OPTIONS)
    def sweep(cells, rows, tape, asked, begin, end, seeds, back, out):
        """Run a trial backwards, from record ``end`` to record ``begin``.

        Parameters
        ----------
        asked : what the trial was asked for
        seeds : gradients with respect to what the trial gave
        back : scratch; p and awake are 0 at the beginning
        out : what is added to
        """
        c = cells.constants
        for r in range(end - 1, begin - 1, -1):
            type_, neuron, before = tape.what[r, TYPE], tape.what[r, NEURON], tape.what[r, BEFORE]
            if type_ == GIVEN or type_ == BEGIN:  # noqa: SIM109 - numbers, for Numba
                continue
            tau = out.shift[r - begin] + seeds.spikes[r - begin]
            push, marks, reading = seeds.push[r - begin], out.marks[r - begin], False
            if not (back.awake[neuron] or tau != 0.0 or push != 0.0 or marks != 0.0 or type_ == LOOK):
                continue
            who = cells.who[neuron]
            kind, a, b, count, g = who[KIND], who[STATES], who[CONSTANTS], who[COUNT], back.parameter_rows[neuron]
            x, p, q = back.work[0, :count], back.work[1, :count], back.work[2, :count]
            f, slopes = back.work[3, :count], back.work[4, :count]
            place, start = tape.what[r, PLACE], tape.what[before, PLACE]
            free, time = tape.what[r, WAS_FREE] != 0, tape.time[r]
            span = time - tape.time[before]
            after = tape.states[place : place + count]
            for k in range(count):
                x[k] = tape.states[start + k]
                p[k] = q[k] = back.p[a + k]
            if type_ == SPIKE and tape.what[r, CAUSE] == CROSSED:
                span = before_crossing(kind, free, c, b, tape.states[start : start + count], x, span, time)
            else:
                flow(kind, free, x, 0, c, b, span)
            if push != 0.0 and type_ != SPIKE:
                pushed(kind, push, tape.states, place, c, b, p, slopes, out.parameters, g)
            if type_ == LOOK:
                row, column = divmod(tape.what[r, ITEM], seeds.seen.shape[1])
                what = asked.looked_at[column, 1]
                pull_seen(what, seeds.seen[row, column], x, 0, c, b, p, out.parameters, g)
            elif type_ == ARRIVE:
                k = tape.what[r, ITEM]
                number, pathway = rows.synapse[k, NUMBER], rows.synapse[k, THROUGH]
                tau -= along(kind, free, after, c, b, q, f)
                cause, reading = tape.what[r, CAUSE], reads(pathway)
                y, d, back_y = tape.states, tape.what[r - 1, PLACE], back.work[11]
                mark, values, parameters = tape.mark[cause], out.values, out.parameters
                back_y[:] = 0.0
                marks = pull_arrive(
                    pathway, free, x, 0, c, b, rows.values, number, y, d, mark, p, values, parameters, g, back_y
                )
                tau += along(kind, free, x, c, b, p, f)
                if back.ramp[neuron] > 0.0:
                    for k in range(count):
                        tau -= q[k] * (after[k] - x[k]) / back.ramp[neuron]
                if reading:
                    tau += of_source(cells, tape, r - 1, back_y, f)
                out.shift[cause - begin] += tau
                out.marks[cause - begin] += marks
                out.delays[number] += tau
            elif type_ == CHANGE:
                k = tape.what[r, CAUSE]
                out.changes[tape.what[r, ITEM]] += p[k]
                p[k] = 0.0
            elif type_ == RELEASE:
                tau += along(kind, False, x, c, b, p, f) - along(kind, True, x, c, b, p, f)
                out.shift[tape.what[r, CAUSE] - begin] += tau
                pull_refractory(kind, c, b, tau, out.parameters, g)
            elif type_ == SPIKE:
                binds = refractory(kind, c, b) >= 0.0
                tau -= along(kind, not binds, after, c, b, q, f)
                pull_jump(kind, x, 0, c, b, p, out.parameters, g)
                if marks != 0.0:
                    pull_output(kind, marks, x, 0, c, b, p, out.parameters, g)
                tau += along(kind, True, x, c, b, p, f)
                if tape.what[r, CAUSE] == CROSSED or back.ramp[neuron] > 0.0:
                    weight = crossed(kind, x, c, b, p, tau, back, f, slopes, neuron, time)
                    pull_guard(kind, weight, x, 0, c, b, out.parameters, g)
                else:
                    out.shift[tape.what[r, CAUSE] - begin] += tau
            if push != 0.0 and type_ == SPIKE:
                pushed(kind, push, x, 0, c, b, p, slopes, out.parameters, g)
            for k in range(count):
                x[k] = tape.states[start + k]
            if span > 0.0:
                pull_flow(kind, free, x, c, b, span, p, out.parameters, g, back.work, back.path)
            moving = False
            for k in range(count):
                back.p[a + k] = p[k]
                moving = moving or p[k] != 0.0
            back.awake[neuron] = moving
            if reading:
                add_to_source(cells, tape, r - 1, back)

    return sweep


def nearest(margin):
    """Return ``find``, which finds where neurons came closest to their thresholds, for the margin of a kernel file."""

    @njit(**OPTIONS)
    def find(cells, tape, best, heights):
        """Write for each neuron the record after which its margin was highest; -1 where nothing happened to it."""
        for r in range(tape.time.shape[0]):
            neuron, type_ = tape.what[r, NEURON], tape.what[r, TYPE]
            who = cells.who[neuron]
            if who[KIND] >= 0 and (type_ == ARRIVE or type_ == LOOK):  # noqa: SIM109
                height = margin(who[KIND], tape.states, tape.what[r, PLACE], cells.constants, who[CONSTANTS])
                if best[neuron] < 0 or height > heights[neuron]:
                    best[neuron], heights[neuron] = r, height

    return find
