"""States of neurons between events, for the models of one network."""

import numpy as np
from numba import njit

from lapicque.compile.event.heaps import reschedule
from lapicque.compile.event.memory import (
    AT,
    CONSTANTS,
    COUNT,
    DONE,
    ENDLESS,
    FAULT,
    FREE,
    KIND,
    NOT_A_NUMBER,
    REPEATS,
    STATES,
    TOUCHED,
    VAGUE,
)
from lapicque.compile.event.options import OPTIONS

_REPEATS = 1000  # spikes of one neuron at one time
_WORTH_WAITING = 0.01  # ms


def state_functions(flow, margin, patience, crossing):
    """Return the functions that move states and find spikes, for the functions of a kernel file.

    This file is part of every kernel file: Numba keeps no kernel in its cache that takes functions as arguments, and it
    confuses the functions of two kernels that both come from here, as it tells them apart by module and number only.
    """

    @njit(**OPTIONS)
    def flow_to(cells, states, a, neuron, time):
        """Move states, which stand at ``a`` in an array, from the neuron's time to another one."""
        kind, c, b = cells.who[neuron, KIND], cells.constants, cells.who[neuron, CONSTANTS]
        begin, free = cells.when[neuron, AT], cells.when[neuron, FREE]
        if begin < free:
            end = min(time, free)
            flow(kind, False, states, a, c, b, end - begin)
            begin = end
        if time > begin:
            flow(kind, True, states, a, c, b, time - begin)

    @njit(**OPTIONS)
    def touch(cells, book, neuron, time, busy, this_round):
        """Bring a neuron to the present; return how many were touched in this round."""
        if cells.when[neuron, AT] != time:
            flow_to(cells, cells.states, cells.who[neuron, STATES], neuron, time)
            cells.when[neuron, AT] = time
        if cells.who[neuron, TOUCHED] != this_round:
            cells.who[neuron, TOUCHED] = this_round
            book.busy[0, busy] = neuron
            busy += 1
        return busy

    @njit(**OPTIONS)
    def look(cells, neuron, time, out):
        """Write a neuron's states at a time into an array; its own stay where they are."""
        a = cells.who[neuron, STATES]
        for k in range(cells.who[neuron, COUNT]):
            out[k] = cells.states[a + k]
        flow_to(cells, out, 0, neuron, time)

    @njit(**OPTIONS)
    def next_spike(cells, book, neuron, until, vague):
        """Find when a neuron will spike if nothing else happens, infinity if that is not before ``until``.

        Where input is frequent, most of these times are overthrown by the next spike that arrives. So at first
        (``vague``) the answer may be a time before which it cannot spike, which is found without iterations; only if
        that time comes, it is asked again. Both start from the same states, so spikes do not depend on this.
        """
        who, c, b = cells.who[neuron], cells.constants, cells.who[neuron, CONSTANTS]
        begin, free = cells.when[neuron, AT], cells.when[neuron, FREE]
        states, a = cells.states, who[STATES]
        who[VAGUE] = 0
        if begin < free:
            if free >= until:
                return np.inf
            states, a, begin = book.scratch[0], 0, free
            look(cells, neuron, free, states)
        if vague:
            earliest = patience(who[KIND], states, a, c, b)
            if earliest == np.inf:
                return np.inf
            if earliest > _WORTH_WAITING:
                who[VAGUE] = 1
                return begin + earliest
        return begin + crossing(who[KIND], states, a, c, b, until - begin, book.scratch[1])

    @njit(**OPTIONS)
    def foresee(cells, book, clock, neuron, time, until, vague):
        """Find when a neuron spikes next; return DONE, or what is wrong with it."""
        kind, c, b = cells.who[neuron, KIND], cells.constants, cells.who[neuron, CONSTANTS]
        due = next_spike(cells, book, neuron, until, vague)
        height = margin(kind, cells.states, cells.who[neuron, STATES], c, b)
        reschedule(cells, neuron, due)
        if due != due or height != height:
            clock[FAULT] = neuron
            return NOT_A_NUMBER
        if due == time and cells.who[neuron, REPEATS] > _REPEATS:
            clock[FAULT] = neuron
            return ENDLESS
        return DONE

    return touch, look, foresee
