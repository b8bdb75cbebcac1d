"""What the loop over events reads and writes: few arrays, in groups.

What belongs to one neuron, row or spike lies together, in the columns that are named below: a neuron is visited at
random, so one line of the cache should hold it, and a kernel with few arguments is compiled much faster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Cells(NamedTuple):
    """Neurons and sources of spikes, one behind the other over all populations.

    ``who`` : (neuron, column) int64. ``KIND``, which model, or ``LIST`` or ``POISSON``; ``STATES`` and ``CONSTANTS``,
    where a neuron's begin in these arrays; for a list where its next spike stands in ``constants`` and where they end;
    for a Poisson process how many it has had, and where its rate stands, with its key in ``COUNT`` and its element in
    ``REPEATS``;
    ``COUNT``, the number of states; ``TOUCHED``, the last round in which something happened; ``REPEATS``, how often it
    spiked at the time of its last spike; ``VAGUE``, whether ``DUE`` is only a time before which it cannot spike
    ``when`` : (neuron, column), ms. ``AT``, to which time the states belong; ``FREE``, when it is free again; ``DUE``,
    when it will spike if nothing else happens; ``SPIKED``, its last spike
    ``heap`` : (2, neuron), neurons by (due, number), and where each neuron is there
    ``keys`` : (process,) uint64, of random streams
    """

    who: np.ndarray
    when: np.ndarray
    heap: np.ndarray
    states: np.ndarray
    constants: np.ndarray
    keys: np.ndarray


LIST, POISSON = -1, -2
KIND, STATES, CONSTANTS, COUNT, TOUCHED, REPEATS, VAGUE = range(7)
AT, FREE, DUE, SPIKED = range(4)


class Wires(NamedTuple):
    """Synapses: a row for each source neuron of each projection, rows numbered by (projection, source).

    ``rows_at`` : (neuron + 1,), where each neuron's rows begin in ``rows``
    ``row`` : (row, column) int64. ``FIRST`` and ``LAST``, a row's synapses, by (delay, synapse number); ``SLOT``, the
    state that is added to; ``HELD``, whether a refractory neuron drops it
    ``target`` : (synapse,) int32
    ``synapse`` : (synapse, column). ``WEIGHT``; ``DELAY``, ms
    """

    rows_at: np.ndarray
    rows: np.ndarray
    row: np.ndarray
    target: np.ndarray
    synapse: np.ndarray


FIRST, LAST, SLOT, HELD = range(4)
WEIGHT, DELAY = range(2)


class Flights(NamedTuple):
    """Heap of spikes under way, by (time of arrival, row, time of emission).

    ``time`` : (spike, column). ``ARRIVAL`` at the next synapse, ``EMITTED``
    ``what`` : (spike, column). ``ROW``, and ``NEXT``, the next synapse to be reached
    """

    time: np.ndarray
    what: np.ndarray


ARRIVAL, EMITTED = range(2)
ROW, NEXT = range(2)


class Book(NamedTuple):
    """What is kept, what is asked for, and scratch.

    ``spike_times``, ``spike_neurons`` : in the order in which they happened
    ``sample_times`` : ms
    ``watched`` : (n, 2), a neuron, and where its states begin in a row of ``samples``
    ``change_when`` : (n, 2), the time, and the new value of an input; ``change_what`` : (n, 2), neuron and state
    ``busy`` : (2, neuron), those touched in a round, and those that spike in it
    ``scratch`` : (2, n), states, and zeros
    """

    spike_times: np.ndarray
    spike_neurons: np.ndarray
    sample_times: np.ndarray
    watched: np.ndarray
    samples: np.ndarray
    change_when: np.ndarray
    change_what: np.ndarray
    busy: np.ndarray
    scratch: np.ndarray


# places in the clock, int64
FLYING, SPIKES, SAMPLE, CHANGE, ROUND, EVENTS, FAULT, TRIAL = range(8)
CLOCK = 8

# why the loop stopped
DONE, PAUSED, MORE_FLIGHTS, MORE_SPIKES, ENDLESS, NOT_A_NUMBER = range(6)
