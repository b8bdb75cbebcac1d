"""Compiled loops over candidates: from a block's spikes to what objectives need. No Python per candidate."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit("void(int32[:, ::1], int64[::1], float64, float64[::1], float64[::1], int64[::1])", nogil=True, cache=True)
def to_times(spikes, counts, dt, delays, times, kept):
    """Turn steps into times in ms, each candidate's behind its own offset ``candidate * capacity``.

    Parameters
    ----------
    spikes : (candidate, capacity), steps
    counts : (candidate,); may exceed the capacity, which keeps the first spikes
    delays : (candidate,), ms, added to every time
    times : (candidate * capacity,), ms, filled
    kept : (candidate,), filled with the number of times
    """
    capacity = spikes.shape[1]
    for c in range(spikes.shape[0]):
        kept[c] = min(counts[c], capacity)
        for n in range(kept[c]):
            times[c * capacity + n] = spikes[c, n] * dt + delays[c]


@njit("void(float64[::1], int64, int64[::1], int64[::1], float64, float64, float64[::1])", nogil=True, cache=True)
def count_inside(times, capacity, counts, kept, start, stop, inside):
    """Count each candidate's spikes in a window, ms; those beyond the capacity count as inside."""
    for c in range(len(kept)):
        found = counts[c] - kept[c]
        for n in range(kept[c]):
            if start <= times[c * capacity + n] <= stop:
                found += 1
        inside[c] = found


@njit("void(float64[:, ::1], int64, float64[::1], boolean[::1], float64[::1])", nogil=True, cache=True)
def add_squares(samples, first, target, mask, sums):
    """Add each candidate's squared distance from ``target`` where ``mask`` holds.

    Parameters
    ----------
    samples : (sample, candidate), from ``first`` of ``target`` and ``mask`` on
    sums : (candidate,), added to
    """
    for k in range(samples.shape[0]):
        if mask[first + k]:
            for c in range(samples.shape[1]):
                d = samples[k, c] - target[first + k]
                sums[c] += d * d


@njit("void(float64[::1], int64, int64[::1], int64[::1], float64, float64, float64[:, ::1])", nogil=True, cache=True)
def step_features(times, capacity, counts, kept, onset, offset, features):
    """Fill (candidate, 3): rate in Hz, latency in ms and adaptation index of the spikes between two times.

    The latency of a candidate without spikes is the whole step. The adaptation index is (last - first)/(last + first)
    interval, 0 with fewer than three spikes. Spikes beyond the capacity count for the rate.
    """
    for c in range(len(kept)):
        first = c * capacity
        last = first + kept[c]
        while first < last and times[first] < onset:
            first += 1
        while first < last and times[last - 1] > offset:
            last -= 1
        n = last - first
        features[c, 0] = 1e3 * (n + counts[c] - kept[c]) / (offset - onset)
        features[c, 1] = times[first] - onset if n > 0 else offset - onset
        features[c, 2] = 0.0
        if n > 2:
            early = times[first + 1] - times[first]
            late = times[last - 1] - times[last - 2]
            if late + early > 0:
                features[c, 2] = (late - early) / (late + early)


def features_of(times: np.ndarray, onset: float, offset: float) -> np.ndarray:
    """Return (3,): rate, latency and adaptation index of one train, ms; see `step_features`."""
    features, count = np.empty((1, 3)), np.array([len(times)])
    # a copy: the compiled function takes no array that cannot be written to, as those of spike trains
    step_features(np.array(times, float), len(times), count, count, onset, offset, features)
    return features[0]
