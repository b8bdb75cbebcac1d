"""Signals at another sampling interval: stimuli keep their integral, voltages are interpolated."""

from __future__ import annotations

import numpy as np


def resample_signal(values: np.ndarray, dt: float, new: float) -> np.ndarray:
    """Resample a signal that holds from one sample to the next: each new sample is the mean over its interval.

    Parameters
    ----------
    values : (sample,)
    dt, new : ms
        The sampling intervals, old and new.

    Returns
    -------
    numpy.ndarray
        (floor(n * dt / new),): the last, incomplete interval is cut.

    Examples
    --------
    >>> resample_signal(np.array([1.0, 2.0, 6.0]), 0.2, 0.1)
    array([1., 1., 2., 2., 6., 6.])
    >>> resample_signal(np.array([1.0, 3.0, 6.0]), 0.1, 0.2)
    array([2.])
    >>> resample_signal(np.array([1.0, 2.0, 6.0]), 0.2, 0.3)
    array([1.33333333, 4.66666667])
    """
    size = int(np.floor(values.size * dt / new * (1 + 1e-9)))
    up, down = dt / new, new / dt
    if abs(up - round(up)) <= 1e-9 * up:
        return np.repeat(values, round(up))[:size]
    if abs(down - round(down)) <= 1e-9 * down:
        return values[: size * round(down)].reshape(size, round(down)).mean(axis=1)
    edges = np.minimum(np.arange(size + 1) * down, values.size)
    integral = np.interp(edges, np.arange(values.size + 1), np.append(0.0, np.cumsum(values)))
    return np.diff(integral) / down


def resample_samples(values: np.ndarray, dt: float, new: float, size: int) -> np.ndarray:
    """Resample a signal that was read at points in time, linearly between them.

    Parameters
    ----------
    values : (sample,)
    dt, new : ms
        The sampling intervals, old and new.
    size : int
        The number of new samples; after the last old one, its value is held.

    Examples
    --------
    >>> resample_samples(np.array([0.0, 1.0, 4.0]), 0.2, 0.1, 6)
    array([0. , 0.5, 1. , 2.5, 4. , 4. ])
    """
    return np.interp(np.arange(size) * (new / dt), np.arange(values.size), values)
