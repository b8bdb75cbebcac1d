"""How alike ensembles of spike trains are, repeats of a cell and runs of a model, whatever the noise within each."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import DistanceError
from lapicque.spikes.rounding import rounding
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


def ensemble_similarity(model: SpikeTrains, data: SpikeTrains, precision: Any = "4 ms") -> float:
    r"""Return Md\*, the number of coincident pairs between model and data relative to those within each.

    ``2 <d, m> / (<d, d> + <m, m>)``, where ``<x, y>`` is the mean number of pairs of spikes that are no further apart
    than the precision, over all pairs of a train of x and another one of y. It is 1 where both come from one process,
    however noisy that is, while the coincidence factor of a perfect but noisy model is that of the repeats at most.

    Parameters
    ----------
    model, data : SpikeTrains
        Repeats of one stimulus, two trains at least of each, of one window. Several equal trains stand for a model
        without noise.
    precision : ms

    Returns
    -------
    float
        From 0 to about 1, a little above 1 by chance; not a number where neither side has two spikes that coincide.

    Raises
    ------
    DistanceError
        For single trains, different windows, and a precision that is no positive time.

    References
    ----------
    .. [1] Naud, Gerhard, Mensi & Gerstner 2011, Neural Comput. 23, 3016, https://doi.org/10.1162/NECO_a_00208

    Examples
    --------
    >>> from lapicque.spikes import poisson
    >>> data, model = (poisson("20 Hz", "20 s", trains=10, seed=seed) for seed in (1, 2))
    >>> round(ensemble_similarity(model, data), 2)
    0.97
    >>> round(ensemble_similarity(poisson("5 Hz", "20 s", trains=10, seed=3), data), 2)
    0.46
    """
    width = float(magnitude(precision, "ms", "the precision"))
    if not 0 < width < np.inf:
        raise DistanceError(f"the precision is {width:g} ms: a positive time is expected")
    for name, trains in (("model", model), ("data", data)):
        if len(trains) < 2:
            raise DistanceError(f"the {name} is {len(trains)} train: an ensemble needs two repeats at least")
    if (model.t_start, model.t_stop) != (data.t_start, data.t_stop):
        raise DistanceError(
            f"the windows differ, {model.t_start:g} to {model.t_stop:g} ms and {data.t_start:g} to {data.t_stop:g} ms: "
            "cut both to one by window(...)"
        )
    reach = width + max(1e-9, rounding(model))  # as the coincidence factor: times on a grid do not depend on rounding
    between = _pairs(np.sort(model.times), np.sort(data.times), reach) / (len(model) * len(data))
    within = _within(model, reach) + _within(data, reach)
    return 2 * between / within if within > 0 else float("nan")


def _pairs(a: np.ndarray, b: np.ndarray, width: float) -> int:
    """Return how many pairs of a spike of each are no further apart than the width."""
    return int((np.searchsorted(b, a + width, side="right") - np.searchsorted(b, a - width, side="left")).sum())


def _within(trains: SpikeTrains, width: float) -> float:
    """Return the mean number of pairs over pairs of different trains."""
    every = np.sort(trains.times)
    own = sum(_pairs(times, times, width) for times in trains.to_lists())
    count = len(trains)
    return (_pairs(every, every, width) - own) / (count * (count - 1))
