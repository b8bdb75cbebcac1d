"""Random spike trains with common spikes: Poisson processes each, correlated together.

Common spikes are at exactly the same times; `lapicque.spikes.jitter` blurs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.generators import checked_rate, poisson
from lapicque.spikes.trains import SpikeTrains

#: Random numbers that are held at a time.
_CHUNK = 1 << 20


def compound_poisson(
    rate: Any, amplitudes: Any, t_stop: Any, *, seed: int | np.random.Generator, t_start: Any = 0.0
) -> SpikeTrains:
    """Poisson trains of a compound Poisson process: each event is a spike in some trains, drawn anew.

    The correlation of counts between two of n trains is ``E[k (k - 1)] / ((n - 1) E[k])`` of the amplitude k.

    Parameters
    ----------
    rate : Hz
        Mean rate of each train.
    amplitudes : (train + 1,)
        Probability that an event is a spike in 0, 1, 2 ... and all trains; their sum is scaled to 1.
    t_stop, t_start : ms
        The window.
    seed : int or numpy.random.Generator

    Returns
    -------
    SpikeTrains
        As many trains as amplitudes, less one.

    Raises
    ------
    RecordingError
        For probabilities that are negative, not finite, or 0 for all amplitudes but 0.

    References
    ----------
    .. [1] Staude, Rotter & Grün 2010, J. Comput. Neurosci. 29, 327, https://doi.org/10.1007/s10827-009-0195-x

    Examples
    --------
    >>> from lapicque.spikes import correlation
    >>> trains = compound_poisson("20 Hz", [0, 0.9, 0, 0, 0.1], "100 s", seed=1)  # 1 or all of 4: 1.2 / (3 * 1.3)
    >>> correlation(trains, "10 ms")[0, 1].round(2)
    np.float64(0.29)
    """
    weights = np.asarray(amplitudes, float)
    if weights.ndim != 1 or len(weights) < 2 or not np.isfinite(weights).all() or np.any(weights < 0):
        raise RecordingError(
            f"amplitudes are probabilities of 0, 1, ... spikes, at least two and none negative: {amplitudes}"
        )
    if not weights[1:].sum() > 0:
        raise RecordingError("all events have the amplitude 0: no train would have a spike")
    weights = weights / weights.sum()
    n = len(weights) - 1
    random = np.random.default_rng(seed)
    parent = _parent(rate, n / (weights @ np.arange(n + 1)), t_stop, t_start, random)
    amplitude = random.choice(n + 1, len(parent.times), p=weights)

    def taken(events: slice, numbers: np.ndarray) -> np.ndarray:
        # the trains that an event takes are those of its smallest random numbers
        return numbers.argsort(axis=1).argsort(axis=1) < amplitude[events, None]

    return _copied(parent, n, taken, random)


def single_interaction(
    rate: Any, correlation: float, t_stop: Any, trains: int, *, seed: int | np.random.Generator, t_start: Any = 0.0
) -> SpikeTrains:
    """Poisson trains that share the spikes of one source, all of them, and have their own besides.

    Parameters
    ----------
    rate : Hz
        Mean rate of each train.
    correlation : float
        Of counts between any two, from 0 to 1: the part of common spikes.
    t_stop, t_start : ms
        The window.
    trains : int
    seed : int or numpy.random.Generator

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        For a correlation outside 0 to 1.

    References
    ----------
    .. [1] Kuhn, Aertsen & Rotter 2003, Neural Comput. 15, 67, https://doi.org/10.1162/089976603321043702

    Examples
    --------
    >>> made = single_interaction("10 Hz", 0.3, "2 s", trains=3, seed=1)
    >>> common = set(made[0].times) & set(made[1].times)
    >>> len(common), common <= set(made[2].times)
    (2, True)
    """
    part = _correlation(correlation)
    random = np.random.default_rng(seed)
    common = _parent(rate, part, t_stop, t_start, random)
    own = [_parent(rate, 1 - part, t_stop, t_start, random).times for _ in range(trains)]
    made = [np.sort(np.concatenate([common.times, times])) for times in own]
    return SpikeTrains.from_lists(made, t_start=common.t_start, t_stop=common.t_stop)


def multiple_interaction(
    rate: Any, correlation: float, t_stop: Any, trains: int, *, seed: int | np.random.Generator, t_start: Any = 0.0
) -> SpikeTrains:
    """Poisson trains that each take spikes of one source at random: correlated pairs, and rarely all together.

    Parameters
    ----------
    rate : Hz
        Mean rate of each train.
    correlation : float
        Of counts between any two, from 0 to 1: the probability that a spike of the source is taken.
    t_stop, t_start : ms
        The window.
    trains : int
    seed : int or numpy.random.Generator

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        For a correlation outside 0 to 1.

    References
    ----------
    .. [1] Kuhn, Aertsen & Rotter 2003, Neural Comput. 15, 67, https://doi.org/10.1162/089976603321043702

    Examples
    --------
    >>> from lapicque.spikes import mean_correlation
    >>> made = multiple_interaction("20 Hz", 0.3, "100 s", trains=5, seed=1)
    >>> mean_correlation(made, "10 ms").values.round(2)
    array([0.3])
    """
    part = _correlation(correlation)
    if part == 0:
        return poisson(rate, t_stop, seed=seed, trains=trains, t_start=t_start)
    random = np.random.default_rng(seed)
    parent = _parent(rate, 1 / part, t_stop, t_start, random)
    return _copied(parent, trains, lambda _, numbers: numbers < part, random)


def _correlation(value: float) -> float:
    if not 0 <= value <= 1:
        raise RecordingError(f"common spikes make a correlation from 0 to 1, not {value}")
    return float(value)


def _parent(rate: Any, factor: float, t_stop: Any, t_start: Any, random: np.random.Generator) -> SpikeTrains:
    return poisson(checked_rate(rate) * factor, t_stop, seed=random, t_start=t_start)


def _copied(
    parent: SpikeTrains, trains: int, taken: Callable[[slice, np.ndarray], np.ndarray], random: np.random.Generator
) -> SpikeTrains:
    """Trains with the spikes that are ``taken``, (event, train), as of random numbers, (event, train)."""
    at_once = max(1, _CHUNK // max(trains, 1))
    parts: list[list[np.ndarray]] = [[np.empty(0)] for _ in range(trains)]
    for first in range(0, len(parent.times), at_once):
        events = slice(first, min(first + at_once, len(parent.times)))
        chosen = taken(events, random.random((events.stop - events.start, trains)))
        train, event = np.nonzero(chosen.T)
        spikes, counts = parent.times[events][event], np.bincount(train, minlength=trains)
        ends = np.cumsum(counts)
        for part, start, stop in zip(parts, ends - counts, ends, strict=True):
            part.append(spikes[start:stop])
    made = [np.concatenate(part) for part in parts]
    return SpikeTrains.from_lists(made, t_start=parent.t_start, t_stop=parent.t_stop)
