"""Estimators of spectra: which pieces of the window are taken, and by which tapers each is weighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal.windows import dpss, hann

from lapicque.errors import RecordingError
from lapicque.units import magnitude

_SHAPES = ("flat", "hann", "slepian")


@dataclass(frozen=True)
class Estimator:
    """Pieces of a window and their tapers; made by `periodogram`, `welch` and `multitaper`.

    Parameters
    ----------
    segment : ms or None
        Length of a piece; None takes the whole window.
    overlap : float
        Part of a piece that it shares with the next, at least 0 and below 1.
    taper : {"flat", "hann", "slepian"}
    bandwidth : float
        Of Slepian tapers: half the bandwidth times the length of a piece (NW).
    tapers : int
        Number of Slepian tapers.

    Raises
    ------
    RecordingError
        For an overlap outside its range, another taper, or more tapers than fit into the bandwidth.
    """

    segment: float | None = None
    overlap: float = 0.0
    taper: str = "flat"
    bandwidth: float = 4.0
    tapers: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise RecordingError(f"pieces overlap by a part from 0 to below 1, not {self.overlap}")
        if self.taper not in _SHAPES:
            raise RecordingError(f"there is no taper {self.taper!r}, only {', '.join(_SHAPES)}")
        if self.taper == "slepian" and not (self.bandwidth >= 1 and 1 <= self.tapers <= 2 * self.bandwidth):
            raise RecordingError(
                f"{self.tapers} Slepian tapers do not fit into a time-bandwidth product of {self.bandwidth:g}: at most "
                "twice as many, and at least one of each"
            )

    def weights(self, samples: int) -> np.ndarray:
        """Tapers of a piece of so many samples, (taper, sample), the squares of each with a sum of 1."""
        if self.taper == "slepian":
            return dpss(samples, self.bandwidth, self.tapers)
        weights = hann(samples, sym=False) if self.taper == "hann" else np.ones(samples)
        return (weights / np.sqrt((weights**2).sum()))[None]

    def pieces(self, samples: int, dt: float) -> tuple[int, np.ndarray]:
        """Length of a piece in samples, and where each begins."""
        length = samples if self.segment is None else round(self.segment / dt)
        if not 3 <= length <= samples:
            raise RecordingError(
                f"a piece of {length * dt:g} ms does not fit into the window, {samples * dt:g} ms, or has less than 3 "
                f"bins of {dt:g} ms"
            )
        step = max(1, length - int(length * self.overlap))
        return length, np.arange(0, samples - length + 1, step)

    def independent(self, samples: int, dt: float) -> float:
        """How many independent estimates the overlapping pieces and the tapers of one trial are worth."""
        length, starts = self.pieces(samples, dt)
        weights, count = self.weights(length), len(starts)
        step = starts[1] - starts[0] if count > 1 else length
        worth = 1.0
        for k in range(1, min(count, -(-length // step))):
            shared = (weights[0, : length - k * step] * weights[0, k * step :]).sum() ** 2
            worth += 2 * (1 - k / count) * shared
        return len(weights) * count / worth


def periodogram() -> Estimator:
    """Estimator that takes the whole window as it is: the finest resolution, and no average but over trials.

    Examples
    --------
    >>> periodogram()
    Estimator(segment=None, overlap=0.0, taper='flat', bandwidth=4.0, tapers=1)
    """
    return Estimator()


def welch(segment: Any = 1000.0, overlap: float = 0.5) -> Estimator:
    """Estimator that averages over overlapping pieces, each with a Hann taper.

    Parameters
    ----------
    segment : ms
        Length of a piece; its inverse is the resolution.
    overlap : float
        Part of a piece that it shares with the next.

    References
    ----------
    .. [1] Welch 1967, IEEE Trans. Audio Electroacoust. 15, 70, https://doi.org/10.1109/TAU.1967.1161901

    Examples
    --------
    >>> welch("0.5 s").segment
    500.0
    """
    return Estimator(float(magnitude(segment, "ms", "the piece")), overlap, "hann")


def multitaper(
    bandwidth: float = 4.0, tapers: int | None = None, segment: Any = None, overlap: float = 0.0
) -> Estimator:
    """Estimator that averages over Slepian tapers of the whole window, or of pieces of it.

    Parameters
    ----------
    bandwidth : float
        Half the bandwidth times the length of a piece (NW).
    tapers : int, optional
        By default ``2 NW - 1``.
    segment : ms, optional
        Length of a piece; by default the whole window.
    overlap : float
        Part of a piece that it shares with the next.

    References
    ----------
    .. [1] Thomson 1982, Proc. IEEE 70, 1055, https://doi.org/10.1109/PROC.1982.12433

    Examples
    --------
    >>> multitaper(3).tapers
    5
    """
    length = None if segment is None else float(magnitude(segment, "ms", "the piece"))
    return Estimator(length, overlap, "slepian", float(bandwidth), int(2 * bandwidth - 1) if tapers is None else tapers)
