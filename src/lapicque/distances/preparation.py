"""Ways to prepare a train that several distances share; the signature is `lapicque.distances.pairs.PREPARE`.

Numba notices a change of a kernel's own file only, so kernels do not call kernels of another file.
"""

import numpy as np
from numba import njit


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

    Row 2, where there is one: the share of what changes from node to node that changes in a millisecond: nothing before
    the first spike and after the last. PySpike's exception is kept: behind the only spike of a train, if that is at the
    very start, the end of the window is like a spike.
    """
    edges = parameters[0] == 1.0 or first == last
    shared = len(out) > 2
    nodes, lengths, share = out[0], out[1], out[len(out) - 1]
    # unsigned, so that no index needs a check for counting from the end: only then is this loop vectorised
    i, o, n, one = np.uintp(first), np.uintp(at + 1), np.uintp(last - first), np.uintp(1)
    end = at + 1 + last - first
    equal = 0
    if not edges:
        nodes[o] = times[i]
        # twice, as the loop is a sixth faster where it need not ask for the share
        if shared:
            for k in range(one, n):
                length = times[i + k] - times[i + k - one]
                nodes[o + k] = times[i + k]
                lengths[o + k - one] = length
                share[o + k - one] = 1.0 / length
                equal += length <= 0.0
        else:
            for k in range(one, n):
                length = times[i + k] - times[i + k - one]
                nodes[o + k] = times[i + k]
                lengths[o + k - one] = length
                equal += length <= 0.0
    if edges or equal > 0:
        end = _distinct(times, first, last, t_start, t_stop, edges, nodes, at + 1)
        for k in range(at + 1, end - 1):
            lengths[k] = nodes[k + 1] - nodes[k]
            if shared:
                share[k] = 1.0 / lengths[k]
    several = end - at > 2
    nodes[at] = min(t_start, 2 * nodes[at + 1] - nodes[at + 2]) if several else t_start
    nodes[end] = max(t_stop, 2 * nodes[end - 1] - nodes[end - 2]) if several else t_stop
    nodes[end + 1] = np.inf
    # none but an interval outside the window has no length, and any length serves there
    lengths[at] = (nodes[at + 1] - nodes[at]) or 1.0
    lengths[end - 1] = (nodes[end] - nodes[end - 1]) or 1.0
    lengths[end], lengths[end + 1] = 1.0, 1.0
    if shared:
        share[end - 1] = 0.0 if several or nodes[end - 1] > t_start else 1.0 / lengths[end - 1]
        share[at], share[end], share[end + 1] = 0.0, 0.0, 0.0
    return end + 2


@njit(nogil=True, cache=True)
def _distinct(times, first, last, t_start, t_stop, edges, nodes, end):
    """Copy spikes of different times, with the edges of the window among them or not."""
    if edges:
        nodes[end] = t_start
        end += 1
    for k in range(first, last):
        distinct = times[k] > times[k - 1] if k > first else True
        if distinct and not (edges and (times[k] <= t_start or times[k] >= t_stop)):
            nodes[end] = times[k]
            end += 1
    if edges:
        nodes[end] = t_stop
        end += 1
    return end
