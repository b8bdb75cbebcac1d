"""Random spike trains of known statistics, from an explicit seed.

A seed is an integer, or a `numpy.random.Generator` to go on from. The same seed gives the same trains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.moving import moved
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


def checked_rate(value: Any) -> float:
    """Return a rate in Hz that is finite and not negative."""
    rate = float(magnitude(value, "Hz", "the rate"))
    if not (rate >= 0 and np.isfinite(rate)):
        raise RecordingError(f"the rate must be finite and not negative, not {rate:g} Hz")
    return rate


def _window(t_stop: Any, t_start: Any) -> tuple[float, float]:
    start, stop = float(magnitude(t_start, "ms", "t_start")), float(magnitude(t_stop, "ms", "t_stop"))
    if not start <= stop < np.inf:
        raise RecordingError(f"the window must have an end after its start: {start:g} to {stop:g} ms")
    return start, stop


def poisson(
    rate: Any,
    t_stop: Any,
    *,
    seed: int | np.random.Generator,
    trains: int = 1,
    refractory: Any = 0.0,
    t_start: Any = 0.0,
) -> SpikeTrains:
    """Homogeneous Poisson spike trains, if wanted with an absolute refractory period.

    Parameters
    ----------
    rate : Hz
        Mean rate, the effect of the refractory period included.
    t_stop, t_start : ms
        The window.
    seed : int or numpy.random.Generator
    trains : int
        Number of independent trains.
    refractory : ms
        Dead time after every spike. The process is stationary: it has been running when the window begins.

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        If the refractory period leaves no room for the rate.

    References
    ----------
    .. [1] Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, ch. 7, https://doi.org/10.1017/CBO9781107447615

    Examples
    --------
    >>> poisson("20 Hz", "10 second", seed=1, trains=2)
    SpikeTrains(392 spikes in 2 trains: 1 trial x 2 neurons, 0 to 10000 ms, 19.6 Hz)
    """
    hertz, dead = checked_rate(rate), float(magnitude(refractory, "ms", "the refractory period"))
    free = 1.0 - hertz * dead * 1e-3
    if not (dead >= 0 and free > 0):
        raise RecordingError(f"a neuron that is refractory for {dead:g} ms cannot fire at {hertz:g} Hz")
    scale = np.inf if hertz == 0 else free * 1e3 / hertz

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return dead + random.exponential(scale, n)

    def first(random: np.random.Generator) -> float:
        # time to the first spike of a stationary renewal process: refractory when the window begins with
        # probability rate * dead, for a remaining time that is uniform
        wait = random.uniform(0, dead) if random.random() >= free else 0.0
        return wait + random.exponential(scale)

    return _renewal(draw, first, hertz, t_stop, t_start, seed, trains)


def gamma(
    rate: Any, shape: float, t_stop: Any, *, seed: int | np.random.Generator, trains: int = 1, t_start: Any = 0.0
) -> SpikeTrains:
    """Renewal spike trains with gamma-distributed intervals: CV = 1 / sqrt(shape).

    Parameters
    ----------
    rate : Hz
        Mean rate.
    shape : float
        1 is a Poisson process, more is more regular.
    t_stop, t_start : ms
        The window. The process is stationary: it has been running when the window begins.
    seed : int or numpy.random.Generator
    trains : int
        Number of independent trains.

    Returns
    -------
    SpikeTrains

    References
    ----------
    .. [1] Cox 1962, Renewal Theory, Methuen.
    .. [2] Kuffler, Fitzhugh & Barlow 1957, J. Gen. Physiol. 40, 683, https://doi.org/10.1085/jgp.40.5.683

    Examples
    --------
    >>> from lapicque.spikes import cv
    >>> cv(gamma(50, 4, t_stop="200 second", seed=1)).round(2)
    array([0.5])
    """
    hertz = checked_rate(rate)
    if not 0 < shape < np.inf:
        raise RecordingError(f"the shape of the intervals' distribution must be positive and finite, not {shape}")
    scale = np.inf if hertz == 0 else 1e3 / hertz / shape

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return random.gamma(shape, 1.0, n) * scale

    def first(random: np.random.Generator) -> float:
        # the interval that covers a given time is length-biased (shape + 1), and the time uniform in it
        return random.gamma(shape + 1.0) * random.random() * scale

    return _renewal(draw, first, hertz, t_stop, t_start, seed, trains)


def _renewal(
    draw: Callable[[np.random.Generator, int], np.ndarray],
    first: Callable[[np.random.Generator], float],
    hertz: float,
    t_stop: Any,
    t_start: Any,
    seed: int | np.random.Generator,
    trains: int,
) -> SpikeTrains:
    start, stop = _window(t_stop, t_start)
    _check_number(trains)
    random = np.random.default_rng(seed)
    expected = hertz * (stop - start) * 1e-3
    chunk = int(expected + 4 * np.sqrt(expected) + 8)
    result = []
    for _ in range(trains):
        times = np.array([start + first(random)]) if hertz > 0 else np.array([np.inf])
        while times[-1] <= stop:
            times = np.concatenate([times, times[-1] + np.cumsum(draw(random, chunk))])
        result.append(times[times <= stop])
    return SpikeTrains.from_lists(result, t_start=start, t_stop=stop)


def inhomogeneous_poisson(
    rate: Any, t_stop: Any, *, seed: int | np.random.Generator, trains: int = 1, t_start: Any = 0.0, dt: Any = 1.0
) -> SpikeTrains:
    """Poisson spike trains whose rate changes in time, by thinning.

    Parameters
    ----------
    rate : (sample,), Hz, or callable
        Rate in successive steps of ``dt`` from the start of the window, or a function of time (ms, array) that gives
        Hz; a function is taken at the middle of each step. Within a step the rate is constant. A sample at the end of
        the window may follow, and has no effect.
    t_stop, t_start : ms
        The window.
    seed : int or numpy.random.Generator
    trains : int
        Number of independent trains.
    dt : ms
        Length of a step.

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        If the rate is negative or not finite, or has not as many samples as the window needs.

    References
    ----------
    .. [1] Lewis & Shedler 1979, Nav. Res. Logist. Q. 26, 403, https://doi.org/10.1002/nav.3800260304

    Examples
    --------
    >>> inhomogeneous_poisson([0, 100], 2000, dt=1000, seed=1).window(0, 1000).counts
    array([0])
    """
    start, stop = _window(t_stop, t_start)
    hertz, step = _rate_in_time(rate, start, stop, dt)
    _check_number(trains)
    n = len(hertz)
    highest = float(hertz.max(initial=0.0))
    random = np.random.default_rng(seed)
    result = []
    for _ in range(trains):
        number = random.poisson(highest * (stop - start) * 1e-3)
        times = np.sort(random.uniform(start, stop, number))
        here = hertz[np.minimum(((times - start) / step).astype(int), n - 1)]
        result.append(times[random.random(number) * highest < here])
    return SpikeTrains.from_lists(result, t_start=start, t_stop=stop)


def inhomogeneous_gamma(
    rate: Any, shape: float, t_stop: Any, *, seed: int | np.random.Generator, trains: int = 1, t_start: Any = 0.0,
    dt: Any = 1.0,
) -> SpikeTrains:  # fmt: skip
    """Gamma spike trains whose rate changes in time: regular in the time in which the rate is constant.

    Parameters
    ----------
    rate : (sample,), Hz, or callable
        As for `inhomogeneous_poisson`.
    shape : float
        Of the intervals' distribution, as for `gamma`: 1 is a Poisson process, more is more regular.
    t_stop, t_start : ms
        The window.
    seed : int or numpy.random.Generator
    trains : int
        Number of independent trains.
    dt : ms
        Length of a step.

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        As for `inhomogeneous_poisson` and `gamma`.

    References
    ----------
    .. [1] Nawrot et al. 2008, J. Neurosci. Methods 169, 374, https://doi.org/10.1016/j.jneumeth.2007.10.013

    Examples
    --------
    >>> from lapicque.spikes import fano
    >>> made = inhomogeneous_gamma(lambda t: 50 + 0.05 * t, 4, t_stop=1000, seed=1, trains=500)
    >>> round(float(made.rate().mean())), (made.counts.var() / made.counts.mean()).round(1)
    (75, np.float64(0.3))
    """
    start, stop = _window(t_stop, t_start)
    hertz, step = _rate_in_time(rate, start, stop, dt)
    edges = np.minimum(start + step * np.arange(len(hertz) + 1), stop)
    expected = np.concatenate([[0.0], np.cumsum(hertz * np.diff(edges) * 1e-3)])
    # one spike a ms in the time that passes as fast as spikes are expected
    even = gamma(1000.0, shape, expected[-1], seed=seed, trains=trains)
    if expected[-1] == 0:  # an edge of the window is no spike
        return SpikeTrains.from_lists([[]] * trains, t_start=start, t_stop=stop)
    made = [np.interp(times, expected, edges) for times in even.to_lists()]
    return SpikeTrains.from_lists(made, t_start=start, t_stop=stop)


def _check_number(trains: int) -> None:
    if trains < 0:
        raise RecordingError(f"the number of trains must not be negative, and is {trains}")


def _rate_in_time(rate: Any, start: float, stop: float, dt: Any) -> tuple[np.ndarray, float]:
    """Rate in each step of the window, (step,) in Hz, and the length of a step in ms."""
    step = float(magnitude(dt, "ms", "dt"))
    if not 0 < step < np.inf:
        raise RecordingError(f"dt must be positive and finite, not {step:g} ms")
    n = int(np.ceil((stop - start) / step * (1 - 1e-12)))
    if callable(rate):
        rate = rate(start + step * (np.arange(n) + 0.5))
    hertz = np.asarray(magnitude(rate, "Hz", "the rate"), float)
    # one more, at the end of the last step, is usual
    if hertz.ndim != 1 or not n <= len(hertz) <= n + 1:
        raise RecordingError(
            f"the rate has shape {hertz.shape}, but the window needs {n} samples of {step:g} ms: give dt=, the time "
            "between samples"
        )
    if not (np.isfinite(hertz).all() and (hertz >= 0).all()):
        raise RecordingError("the rate must be finite and not negative at all times")
    return hertz[:n], step


def jitter(trains: SpikeTrains, sd: Any, *, seed: int | np.random.Generator) -> SpikeTrains:
    """Spike trains with every spike moved by an independent normal amount.

    A spike that would leave the window is reflected at its edge, so that counts are kept.

    Parameters
    ----------
    trains : SpikeTrains
    sd : ms
        Standard deviation of the shift.
    seed : int or numpy.random.Generator

    Returns
    -------
    SpikeTrains

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[10, 20, 30]], t_stop=50)
    >>> jitter(trains, "1 ms", seed=1).times.round(2)
    array([10.35, 20.82, 30.33])
    """
    width = float(magnitude(sd, "ms", "the jitter"))
    if not 0 <= width < np.inf:
        raise RecordingError(f"the jitter must be finite and not negative, not {width:g} ms")
    random = np.random.default_rng(seed)
    return moved(trains, trains.times + random.normal(0.0, width, len(trains.times)))
