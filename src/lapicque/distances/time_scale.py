"""The minimum relevant time scale of spike trains, below which differences matter less."""

from __future__ import annotations

import numpy as np

from lapicque.spikes import SpikeTrains


def relevant_time_scale(trains: SpikeTrains) -> float:
    """Minimum relevant time scale (MRTS) of a set of trains: the root mean square of all their intervals.

    Parameters
    ----------
    trains : SpikeTrains

    Returns
    -------
    float
        ms, for ``mrts=`` of `isi`, `spike` and `spike_synchronization`. Nan if there are no trains.

    Notes
    -----
    As in PySpike, the interval before the first spike and after the last is the time to the edge or the neighbouring
    interval, whichever is longer; a train without spikes has one interval, the window. A single spike has two, to both
    edges. Several spikes of one train at the same time are intervals of no length.

    References
    ----------
    .. [1] Satuvuori, Mulansky, Bozanic, Malvestio, Zeldenrust, Lenk & Kreuz 2017, Measures of spike train synchrony for
       data with multiple time scales, section 2.4, https://doi.org/10.1016/j.jneumeth.2017.05.028

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 20, 30], [20]], t_stop=40)  # intervals of 10 (four), and of 20 (two)
    >>> round(relevant_time_scale(trains) ** 2, 6)
    200.0
    """
    intervals = np.concatenate([[], *(_intervals(train, trains.t_start, trains.t_stop) for train in trains.to_lists())])
    return float(np.sqrt(np.mean(intervals**2))) if len(intervals) else float("nan")


def _intervals(times: np.ndarray, t_start: float, t_stop: float) -> np.ndarray:
    if not len(times):
        return np.array([t_stop - t_start])
    inner = np.diff(times)
    edges = [times[0] - t_start, t_stop - times[-1]]
    if len(inner):
        edges = [max(edges[0], inner[0]), max(edges[1], inner[-1])]
    # a spike in an edge has no interval beyond it: the neighbouring one stands among the others
    outer = [edge for edge, gap in zip(edges, (times[0] - t_start, t_stop - times[-1]), strict=True) if gap > 0]
    return np.concatenate([inner, outer])
