"""The loop over events.

All that happens at one time is a round, in the order of a step on a grid of times, as its length goes to 0:

0. record the states as they were before anything happens; inputs that change take their new values;
1. neurons whose threshold is reached spike, by number; each is refractory from here on;
2. spikes arrive, those of delay 0 that were just emitted too, by (projection, source, time of emission, synapse); what
   would change a held variable of a refractory neuron is dropped;
3. the neurons of 1 jump: a reset wins over what arrived at the same time;
4. who was touched gets a new time at which it will spike. Who stands above its threshold then, because of what arrived
   or where its reset led, spikes in another round at the same time.

A neuron is free again exactly when its refractory time is over, and spikes at once if it is above its threshold then.
Between events nothing is computed: states belong to the last time at which something happened to their neuron.
"""

import numpy as np
from numba import njit

from lapicque.compile.event.heaps import land, replace_first, reschedule, take_off
from lapicque.compile.event.memory import (
    ARRIVAL,
    CHANGE,
    CONSTANTS,
    COUNT,
    DELAY,
    DONE,
    DUE,
    EMITTED,
    EVENTS,
    FIRST,
    FLYING,
    FREE,
    HELD,
    KIND,
    LAST,
    LIST,
    MORE_FLIGHTS,
    MORE_SPIKES,
    NEXT,
    PAUSED,
    POISSON,
    REPEATS,
    ROUND,
    ROW,
    SAMPLE,
    SLOT,
    SPIKED,
    SPIKES,
    STATES,
    TRIAL,
    VAGUE,
    WEIGHT,
)
from lapicque.compile.event.options import OPTIONS
from lapicque.compile.random_kernels import uniform
from lapicque.compile.subnormals import flush_subnormals, restore_subnormals
from lapicque.compile.vector_math import log


def event_loop(touch, look, foresee, jump, refractory):
    """Return ``advance``, which runs events, for the functions of a kernel file, of which this file is a part."""

    @njit(**OPTIONS)
    def sample(cells, book, row):
        """Keep the states of the watched neurons at a time."""
        for n in range(book.watched.shape[0]):
            look(cells, book.watched[n, 0], book.sample_times[row], book.samples[row, book.watched[n, 1] :])

    @njit(**OPTIONS)
    def set_inputs(cells, book, clock, time):
        """Give inputs that change now their new values; return how many neurons were touched."""
        busy = 0
        while clock[CHANGE] < book.change_when.shape[0] and book.change_when[clock[CHANGE], 0] == time:
            n = clock[CHANGE]
            neuron = book.change_what[n, 0]
            busy = touch(cells, book, neuron, time, busy, clock[ROUND])
            cells.states[cells.who[neuron, STATES] + book.change_what[n, 1]] = book.change_when[n, 1]
            clock[CHANGE] += 1
            clock[EVENTS] += 1
        return busy

    @njit(**OPTIONS)
    def emit(cells, wires, flights, book, clock, neuron, time):
        """Let a neuron spike: keep its spike, send it along its synapses, make it refractory."""
        who, when = cells.who[neuron], cells.when[neuron]
        if who[KIND] != POISSON:
            book.spike_times[clock[SPIKES]] = time
            book.spike_neurons[clock[SPIKES]] = neuron
            clock[SPIKES] += 1
        clock[EVENTS] += 1
        for n in range(wires.rows_at[neuron], wires.rows_at[neuron + 1]):
            row = wires.rows[n]
            first = wires.row[row, FIRST]
            take_off(flights, clock[FLYING], time + wires.synapse[first, DELAY], row, time, first)
            clock[FLYING] += 1
        if who[KIND] == POISSON:
            who[STATES] += 1
            rate, key = cells.constants[who[CONSTANTS]], cells.keys[who[COUNT]]
            u = uniform(key, who[STATES], who[REPEATS], clock[TRIAL], np.float64)
            reschedule(cells, neuron, time - log(u) / rate)
            return
        if who[KIND] == LIST:
            who[STATES] += 1
            reschedule(cells, neuron, cells.constants[who[STATES]] if who[STATES] < who[CONSTANTS] else np.inf)
            return
        who[REPEATS] = who[REPEATS] + 1 if when[SPIKED] == time else 0
        when[SPIKED] = time
        period = refractory(who[KIND], cells.constants, who[CONSTANTS])
        if period >= 0.0:  # a refractory time of 0 still drops what arrives together with the spike
            when[FREE] = max(time + period, np.nextafter(max(time, 1e-300), np.inf))
        reschedule(cells, neuron, np.inf)

    @njit(**OPTIONS)
    def deliver(cells, wires, flights, book, clock, time, busy):
        """Let the first spike under way reach all targets that it reaches now; return how many were touched."""
        row, emitted, k = flights.what[0, ROW], flights.time[0, EMITTED], flights.what[0, NEXT]
        last, slot, held = wires.row[row, LAST], wires.row[row, SLOT], wires.row[row, HELD] != 0
        delay, begin = wires.synapse[k, DELAY], k
        while k < last and wires.synapse[k, DELAY] == delay:
            target = np.int64(wires.target[k])
            if not (held and time < cells.when[target, FREE]):
                busy = touch(cells, book, target, time, busy, clock[ROUND])
                cells.states[cells.who[target, STATES] + slot] += wires.synapse[k, WEIGHT]
            k += 1
        clock[EVENTS] += k - begin
        if k < last:
            replace_first(flights, clock[FLYING], emitted + wires.synapse[k, DELAY], row, emitted, k)
        else:
            clock[FLYING] = land(flights, clock[FLYING])
        return busy

    @njit(**OPTIONS)
    def play_round(cells, wires, flights, book, clock, time, until):
        """Run all that happens at one time, once; return DONE, or what is wrong with a neuron."""
        clock[ROUND] += 1
        busy = set_inputs(cells, book, clock, time)
        reason, spiking = DONE, 0
        while cells.when[cells.heap[0, 0], DUE] == time:
            neuron = cells.heap[0, 0]
            if cells.who[neuron, VAGUE] != 0:
                reason = max(reason, foresee(cells, book, clock, neuron, time, until, False))
                continue
            if cells.who[neuron, KIND] >= 0:
                busy = touch(cells, book, neuron, time, busy, clock[ROUND])
                book.busy[1, spiking] = neuron
                spiking += 1
            elif clock[SPIKES] == book.spike_times.shape[0] or clock[FLYING] + wires.row.shape[0] > len(flights.time):
                break  # a source with many spikes at one time: the rest in another round
            emit(cells, wires, flights, book, clock, neuron, time)
        while clock[FLYING] > 0 and flights.time[0, ARRIVAL] == time:
            busy = deliver(cells, wires, flights, book, clock, time, busy)
        for n in range(spiking):
            who = cells.who[book.busy[1, n]]
            jump(who[KIND], cells.states, who[STATES], cells.constants, who[CONSTANTS])
        for n in range(busy):
            reason = max(reason, foresee(cells, book, clock, book.busy[0, n], time, until, True))
        return reason

    @njit(**OPTIONS)
    def advance(cells, wires, flights, book, clock, until, most, fresh):
        """Run all events before a time; return why the loop stopped.

        Parameters
        ----------
        clock : where the run stands; see `lapicque.compile.event.memory`
        until : ms; events at this time are left
        most : number of events after which the loop pauses
        fresh : whether ``until`` has changed since the last call, so that spikes after the old one have to be found
        """
        mode = flush_subnormals()
        stop = clock[EVENTS] + most
        reason = DONE
        if fresh:
            for neuron in range(cells.who.shape[0]):
                if cells.who[neuron, KIND] >= 0 and cells.when[neuron, DUE] == np.inf:
                    reason = max(reason, foresee(cells, book, clock, neuron, -np.inf, until, True))
        while reason == DONE:
            time = min(cells.when[cells.heap[0, 0], DUE], flights.time[0, ARRIVAL] if clock[FLYING] > 0 else np.inf)
            if clock[CHANGE] < book.change_when.shape[0]:
                time = min(time, book.change_when[clock[CHANGE], 0])
            while clock[SAMPLE] < book.samples.shape[0] and book.sample_times[clock[SAMPLE]] <= min(time, until):
                sample(cells, book, clock[SAMPLE])
                clock[SAMPLE] += 1
            if not time < until:
                break
            first = cells.heap[0, 0]
            if cells.who[first, VAGUE] != 0 and cells.when[first, DUE] == time:
                reason = foresee(cells, book, clock, first, -np.inf, until, False)
                continue
            if clock[EVENTS] >= stop:
                reason = PAUSED
            elif clock[SPIKES] + cells.who.shape[0] > book.spike_times.shape[0]:
                reason = MORE_SPIKES
            elif clock[FLYING] + wires.row.shape[0] > flights.time.shape[0]:
                reason = MORE_FLIGHTS
            else:
                reason = play_round(cells, wires, flights, book, clock, time, until)
        restore_subnormals(mode)
        return reason

    return advance
