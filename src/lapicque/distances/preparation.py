"""Ways to prepare a train that several distances share; the signature is `lapicque.distances.pairs.PREPARE`.

Numba notices a change of a kernel's own file only, so kernels do not call kernels of another file.
"""

import numpy as np


def spike_times(times, first, last, t_start, t_stop, parameters, out, at):
    """Row 0: the spike times, then infinity."""
    for k in range(first, last):
        out[0, at] = times[k]
        at += 1
    out[0, at] = np.inf
    return at + 1


def intervals(times, first, last, t_start, t_stop, parameters, out, at):
    """Row 0: nodes, the distinct spike times with one more before and after; row 1: the interval to the next node.

    A train without spikes, and any train where ``parameters[0]`` is 1, has spikes at both edges of the window. The node
    before the first spike is at the window's start, or as far away as the second spike if that is earlier; likewise
    after the last. Behind the last node stands infinity.

    Row 2: the share of what changes from node to node that changes in a millisecond: nothing before the first spike
    and after the last. PySpike's exception is kept: behind the only spike of a train, if that is at the very start, the
    end of the window is like a spike.
    """
    edges = parameters[0] == 1.0 or first == last
    end = at + 1
    if edges:
        out[0, end] = t_start
        end += 1
    for k in range(first, last):
        distinct = times[k] > times[k - 1] if k > first else True
        if distinct and not (edges and (times[k] <= t_start or times[k] >= t_stop)):
            out[0, end] = times[k]
            end += 1
    if edges:
        out[0, end] = t_stop
        end += 1
    several = end - at > 2
    out[0, at] = min(t_start, 2 * out[0, at + 1] - out[0, at + 2]) if several else t_start
    out[0, end] = max(t_stop, 2 * out[0, end - 1] - out[0, end - 2]) if several else t_stop
    for k in range(at, end):
        # none but an interval outside the window has no length, and any length serves there
        out[1, k] = out[0, k + 1] - out[0, k] or 1.0
        out[2, k] = 1.0 / out[1, k]
    out[2, at] = 0.0
    if several or out[0, end - 1] > t_start:
        out[2, end - 1] = 0.0
    out[0, end + 1] = np.inf
    for k in range(end, end + 2):
        out[1, k] = 1.0
        out[2, k] = 0.0
    return end + 2
