"""The spike time tiling coefficient: correlation of spike trains that does not depend on their rates."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
from numba import float64 as f8
from numba import int64 as i8
from numba import njit, types

from lapicque.errors import RecordingError
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import StoppedError, run_all
from lapicque.units import magnitude

_TIMES = types.Array(f8, 1, "C", readonly=True)
_INDICES = types.Array(i8, 1, "C", readonly=True)


def tiling(trains: SpikeTrains, window: Any = 5.0, *, threads: int | None = None) -> np.ndarray:
    """Spike time tiling coefficient of every pair of trains.

    The share of spikes of A that have one of B within the window to either side, less the share of time that lies so
    near to the spikes of B, as a part of what it could be; averaged with the same of B and A: 1 if each spike of both
    has a partner, 0 if as many as by chance, towards -1 if none.

    Parameters
    ----------
    trains : SpikeTrains
    window : ms
        How far partners may be apart, this included (and what is rounding beyond it).
    threads : int, optional
        The result is the same for any number.

    Returns
    -------
    numpy.ndarray
        (train, train), symmetric; not a number for pairs with an empty train, that with itself included.

    Raises
    ------
    RecordingError
        If the window is not positive, or the trains were observed for no time.

    References
    ----------
    .. [1] Cutts & Eglen 2014, J. Neurosci. 34, 14288, https://doi.org/10.1523/JNEUROSCI.2767-14.2014

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 50, 90], [11, 52], [70]], t_stop=100)
    >>> tiling(trains, "2 ms").round(3)
    array([[ 1.  ,  0.81, -0.08],
           [ 0.81,  1.  , -0.06],
           [-0.08, -0.06,  1.  ]])
    """
    reach = float(magnitude(window, "ms", "the window"))
    if not 0 < reach < np.inf:
        raise RecordingError(f"the window of the tiling coefficient must be positive, not {reach:g} ms")
    if not trains.duration > 0:
        raise RecordingError("the tiling coefficient compares shares of time: the trains were observed for 0 ms")
    tiled = np.array([_tiled(spikes, reach, trains.t_start, trains.t_stop) for spikes in trains.to_lists()])
    # near[a, b]: share of the spikes of a with one of b nearby
    near = np.empty((len(trains), len(trains)))

    def compare(a: int, stop: Event) -> None:
        if stop.is_set():
            raise StoppedError
        near_spikes(trains.times, trains.offsets, a, reach * (1 + 1e-9) + rounding(trains), near)

    run_all(compare, range(len(trains)), threads)
    return (_part(near, tiled[None, :]) + _part(near.T, tiled[:, None])) / 2


@njit(types.void(_TIMES, _INDICES, i8, f8, f8[:, ::1]), nogil=True, cache=True, error_model="numpy")
def near_spikes(times, offsets, a, reach, near):
    """Write row ``a`` of ``near``: the share of its spikes that have one of each train within reach."""
    n = len(offsets) - 1
    for b in range(n):
        at, last = offsets[b], offsets[b + 1]
        found = 0
        for k in range(offsets[a], offsets[a + 1]):
            while at < last and times[at] < times[k] - reach:
                at += 1
            if at == last:
                break
            if times[at] <= times[k] + reach:
                found += 1
        empty = offsets[a] == offsets[a + 1] or offsets[b] == last
        near[a, b] = np.nan if empty else found / (offsets[a + 1] - offsets[a])


def _tiled(spikes: np.ndarray, reach: float, t_start: float, t_stop: float) -> float:
    """Share of the window within reach of a spike."""
    starts, stops = np.maximum(spikes - reach, t_start), np.minimum(spikes + reach, t_stop)
    starts[1:] = np.maximum(starts[1:], stops[:-1])
    return float((stops - starts).sum() / (t_stop - t_start))


def _part(near: np.ndarray, tiled: np.ndarray) -> np.ndarray:
    """``(P - T) / (1 - P T)``, and 1 where both are 1."""
    room = 1 - near * tiled
    return np.divide(near - tiled, room, out=np.where(np.isnan(room), np.nan, 1.0), where=room > 1e-12)
