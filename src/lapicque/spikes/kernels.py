"""Kernels that turn spikes into a rate: densities in time, each a value of one class.

A kernel has an area of 1, so that the rate has as many spikes as the train. It is cut off where less than 1e-12 of the
area is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtr

from lapicque.errors import RecordingError
from lapicque.units import magnitude

__all__ = ["Kernel", "alpha", "boxcar", "exponential", "gaussian", "triangle"]


@dataclass(frozen=True)
class Kernel:
    """A density in time around a spike; made by `gaussian`, `exponential`, `alpha`, `boxcar` and `triangle`.

    Parameters
    ----------
    name : str
    width : ms
        What stretches the kernel in time: its standard deviation, time constant or length.
    density, area : callable
        Value, and the area to the left, of the kernel of width 1.
    before, after : float
        How far the kernel reaches before the spike and behind it, in widths.

    Raises
    ------
    RecordingError
        If the width is not positive and finite.

    Examples
    --------
    >>> kernel = exponential("10 ms")
    >>> kernel
    exponential(10 ms)
    >>> kernel(np.array([-1.0, 0.0, 10.0])).round(4)
    array([0.    , 0.1   , 0.0368])
    """

    name: str
    width: float
    density: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    area: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    before: float = field(repr=False)
    after: float = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.width < np.inf:
            raise RecordingError(f"the width of a kernel must be positive and finite, not {self.width:g} ms")

    def __call__(self, times: Any) -> np.ndarray:
        """Value of the kernel at times after the spike: ms to 1/ms."""
        return self.density(np.asarray(times, float) / self.width) / self.width

    def cumulative(self, times: Any) -> np.ndarray:
        """Area of the kernel up to times after the spike, ms: 0 long before it, 1 long after."""
        return self.area(np.asarray(times, float) / self.width)

    @property
    def support(self) -> tuple[float, float]:
        """From where to where the kernel reaches, in ms after the spike."""
        return -self.before * self.width, self.after * self.width

    def __repr__(self) -> str:
        return f"{self.name}({self.width:g} ms)"


def gaussian(sd: Any) -> Kernel:
    """Kernel of a normal density around the spike.

    Parameters
    ----------
    sd : ms
        Standard deviation.

    Examples
    --------
    >>> gaussian(10)(0).round(4)
    np.float64(0.0399)
    """
    return Kernel("gaussian", _ms(sd), _normal, ndtr, 7.2, 7.2)


def exponential(tau: Any) -> Kernel:
    """Kernel that jumps at the spike and decays: what a synapse sees, and of the past only.

    Parameters
    ----------
    tau : ms
        Time constant.

    Examples
    --------
    >>> exponential(10).cumulative(10).round(3)  # 1 - 1/e
    np.float64(0.632)
    """
    return Kernel("exponential", _ms(tau), _decay, _decayed, 0.0, 27.7)


def alpha(tau: Any) -> Kernel:
    """Alpha function, ``t/tau^2 exp(-t/tau)``: rises and decays after the spike, with its peak at ``tau``.

    Parameters
    ----------
    tau : ms
        Time constant.

    Examples
    --------
    >>> alpha(10)([5, 10, 15]).argmax()
    np.int64(1)
    """
    return Kernel("alpha", _ms(tau), _alpha, _alpha_area, 0.0, 31.2)


def boxcar(width: Any) -> Kernel:
    """Kernel of a moving window around the spike: half of its width to either side.

    Parameters
    ----------
    width : ms
        Length of the window.

    Examples
    --------
    >>> boxcar(10)([-6, -5, 0, 4, 5])
    array([0. , 0.1, 0.1, 0.1, 0. ])
    """
    return Kernel("boxcar", _ms(width), _box, _box_area, 0.5, 0.5)


def triangle(half_width: Any) -> Kernel:
    """Kernel that rises in a straight line to the spike and falls behind it.

    Parameters
    ----------
    half_width : ms
        From the beginning of the rise to the spike.

    Examples
    --------
    >>> triangle(10)([-10, -5, 0, 5])
    array([0.  , 0.05, 0.1 , 0.05])
    """
    return Kernel("triangle", _ms(half_width), _tent, _tent_area, 1.0, 1.0)


def _ms(value: Any) -> float:
    return float(magnitude(value, "ms", "the width of the kernel"))


def _normal(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)


def _decay(x: np.ndarray) -> np.ndarray:
    return np.where(x >= 0, np.exp(-np.maximum(x, 0.0)), 0.0)


def _decayed(x: np.ndarray) -> np.ndarray:
    return -np.expm1(-np.maximum(x, 0.0))


def _alpha(x: np.ndarray) -> np.ndarray:
    late = np.maximum(x, 0.0)
    return late * np.exp(-late)


def _alpha_area(x: np.ndarray) -> np.ndarray:
    late = np.maximum(x, 0.0)
    return -np.expm1(-late) - late * np.exp(-late)


def _box(x: np.ndarray) -> np.ndarray:
    return np.where((x >= -0.5) & (x < 0.5), 1.0, 0.0)


def _box_area(x: np.ndarray) -> np.ndarray:
    return np.clip(x + 0.5, 0.0, 1.0)


def _tent(x: np.ndarray) -> np.ndarray:
    return np.maximum(1.0 - np.abs(x), 0.0)


def _tent_area(x: np.ndarray) -> np.ndarray:
    inside = np.clip(x, -1.0, 1.0)
    return 0.5 + inside - 0.5 * inside * np.abs(inside)
