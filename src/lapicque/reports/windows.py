"""Which stretch of a recording to show closely: a typical one, chosen by a rule and not by eye."""

from __future__ import annotations

import numpy as np

from lapicque.plot.matching import partners
from lapicque.spikes.trains import SpikeTrains

SPIKES = 16  # of the data, in a stretch
SHORTEST, LONGEST = 50.0, 2000.0  # ms


def typical_window(
    data: SpikeTrains, model: SpikeTrains, precision: float, window: tuple[float, float]
) -> tuple[float, float]:
    """Return a stretch of the window whose share of coincident spikes is nearest to that of all of it.

    Parameters
    ----------
    data, model : SpikeTrains
        Repeats, and runs of the model, over at least the window.
    precision : ms
        Of a coincidence.
    window : (start, stop), ms
        From which part; the stretch lies inside.

    Returns
    -------
    tuple of float
        Start and stop in ms. The stretch holds about 16 spikes of the data; of equally typical ones the first is taken.

    Examples
    --------
    >>> cell = SpikeTrains.from_lists([np.arange(5.0, 1000.0, 10.0)], t_stop=1000)
    >>> typical_window(cell, cell, 2.0, (200.0, 1000.0))
    (200.0, 360.0)
    """
    start, stop = window
    inside = data.window(start, stop)
    rate = float(inside.rate().mean()) if len(inside) else 0.0
    length = float(np.clip(1e3 * SPIKES / rate if rate > 0 else LONGEST, SHORTEST, LONGEST))
    if length >= stop - start:
        return start, stop
    hit, expected = partners(data, model, precision)
    times = np.concatenate([*data.to_lists(), *model.to_lists()])
    good = np.concatenate([*hit, *expected]).astype(float)
    starts = start + np.arange(0.0, stop - start - length + 1e-9, length / 4)
    inside_part = (times >= start) & (times < stop)
    overall = good[inside_part].mean() if inside_part.any() else 0.0
    seen = (times >= starts[:, None]) & (times < starts[:, None] + length)
    counts = seen.sum(axis=1)
    share = (seen @ good) / np.maximum(counts, 1)
    # a stretch with few spikes says little
    distance = np.where(counts >= 0.7 * counts.mean(), np.abs(share - overall), np.inf)
    best = int(np.argmin(np.round(distance, 6)))
    return float(starts[best]), float(starts[best] + length)
