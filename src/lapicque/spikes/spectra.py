"""Power spectra and coherence of spike trains, with what chance alone would give.

All are means, over trials, pieces of the window and tapers, of products of Fourier transforms; pieces and tapers are
those of an estimator, `lapicque.spikes.welch` and the like.
"""

from __future__ import annotations

from threading import Event
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import chi2

from lapicque.errors import RecordingError
from lapicque.spikes.estimators import Estimator, welch
from lapicque.spikes.statistics import trial_counts
from lapicque.spikes.trains import SpikeTrains
from lapicque.threads import StoppedError, run_all
from lapicque.units import magnitude

#: Power below this part of the highest is rounding: at 0 where the mean was taken off under a flat taper.
_NOTHING = 1e-20


class Spectrum(NamedTuple):
    """Frequencies (frequency,), Hz; power with its lower and upper bound (neuron, frequency), Hz."""

    frequencies: np.ndarray
    values: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


class Coherence(NamedTuple):
    """Frequencies (frequency,), Hz; values and phase (neuron, frequency); level: what chance exceeds with ``alpha``."""

    frequencies: np.ndarray
    values: np.ndarray
    phase: np.ndarray
    level: float


def power_spectrum(
    trains: SpikeTrains, estimator: Estimator | None = None, *, bin: Any = 1.0, alpha: float = 0.05,
    threads: int | None = None,
) -> Spectrum:  # fmt: skip
    """Power spectrum of spike trains, averaged over trials.

    Two-sided, of the train of delta functions less its mean: a Poisson process has its rate, in Hz, at every
    frequency, and a renewal process the rate times CV squared towards 0. The mean is that of each piece, which takes
    power from the lowest frequencies: without a taper all at 0 Hz; of `welch` two thirds at 0 Hz and a sixth at the
    frequency above.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    estimator : Estimator, optional
        `periodogram`, `welch` (the default, in pieces of a second or of the window if that is shorter) or `multitaper`.
    bin : ms
        Spikes are binned; the highest frequency is one over two bins.
    alpha : float
        The true power is outside the bounds with this probability (from the chi-squared distribution, at frequencies
        other than the lowest and the highest).
    threads : int, optional
        The result is the same for any number.

    Returns
    -------
    Spectrum
        frequencies (frequency,) in Hz; values, lower, upper (neuron, frequency) in Hz, not a number for a neuron
        without spikes.

    Raises
    ------
    RecordingError
        If bins or pieces do not fit into the window.

    References
    ----------
    .. [1] Bair, Koch, Newsome & Britten 1994, J. Neurosci. 14, 2870, https://doi.org/10.1523/JNEUROSCI.14-05-02870.1994

    Examples
    --------
    >>> from lapicque.spikes import poisson
    >>> found = power_spectrum(poisson("40 Hz", "60 s", seed=1), welch("0.5 s"))
    >>> found.values[0, 1:].mean().round()
    np.float64(41.0)
    """
    _check_alpha(alpha)
    pieces = _Pieces(trains, estimator, bin)
    values = np.empty((trains.shape[1], len(pieces.frequencies)))

    def estimate(neuron: int, stop: Event) -> None:
        if stop.is_set():
            raise StoppedError
        if pieces.silent[neuron]:
            values[neuron] = np.nan
            return
        values[neuron] = (np.abs(pieces.transforms(neuron)) ** 2).mean(axis=0)

    run_all(estimate, range(len(values)), threads)
    dof = 2 * max(pieces.independent, 1)  # not a number anyway where there is no trial
    lower, upper = (values * dof / chi2.ppf(part, dof) for part in (1 - alpha / 2, alpha / 2))
    return Spectrum(pieces.frequencies, values, lower, upper)


def coherence(
    a: SpikeTrains, b: SpikeTrains, estimator: Estimator | None = None, *, bin: Any = 1.0, alpha: float = 0.05,
    threads: int | None = None,
) -> Coherence:  # fmt: skip
    """Coherence of spike trains: how much of the one a filter of the other could say, at each frequency.

    The squared modulus of the cross-spectrum over the product of the spectra, each averaged over trials, pieces and
    tapers: from 0 to 1. With a single estimate it is 1 whatever the trains; hence several are asked for.

    Parameters
    ----------
    a, b : SpikeTrains
        The same shape, (trial, neuron), and window: each neuron of ``a`` with its partner in ``b``.
    estimator, bin, threads : as for `power_spectrum`
    alpha : float
        Independent trains exceed ``level`` with this probability at a frequency.

    Returns
    -------
    Coherence
        frequencies (frequency,) in Hz; values (neuron, frequency); phase (neuron, frequency) in rad, positive where
        ``b`` is late; not a number for a neuron without spikes in one of them, nor where one has no power, as at 0 Hz
        of whole windows (the mean is taken off). level: a number.

    Raises
    ------
    RecordingError
        If shapes or windows differ, for a single estimate, and if bins or pieces do not fit into the window.

    References
    ----------
    .. [1] Rosenberg, Amjad, Breeze, Brillinger & Halliday 1989, Prog. Biophys. Mol. Biol. 53, 1,
       https://doi.org/10.1016/0079-6107(89)90004-7

    Examples
    --------
    >>> from lapicque.spikes import jitter, poisson
    >>> a = poisson("40 Hz", "60 s", seed=1)
    >>> found = coherence(a, jitter(a, "5 ms", seed=2))
    >>> found.values[0, [1, 10, 100]].round(2), round(found.level, 2)  # at 1, 10 and 100 Hz
    (array([1.  , 0.92, 0.01]), 0.03)
    """
    if a.shape != b.shape or (a.t_start, a.t_stop) != (b.t_start, b.t_stop):
        raise RecordingError(
            f"coherence compares neuron by neuron in one window, but shapes are {a.shape} and {b.shape}, windows "
            f"{a.t_start:g} to {a.t_stop:g} and {b.t_start:g} to {b.t_stop:g} ms"
        )
    _check_alpha(alpha)
    of_a, of_b = (_Pieces(trains, estimator, bin) for trains in (a, b))
    if of_a.count < 2:
        raise RecordingError("coherence needs several estimates to average: shorter pieces, more tapers, or trials")
    values = np.full((a.shape[1], len(of_a.frequencies)), np.nan)
    phase = np.full(values.shape, np.nan)

    def compare(neuron: int, stop: Event) -> None:
        if stop.is_set():
            raise StoppedError
        if of_a.silent[neuron] or of_b.silent[neuron]:
            return
        x, y = of_a.transforms(neuron), of_b.transforms(neuron)
        cross = (x * y.conj()).mean(axis=0)
        of_x, of_y = (np.abs(x) ** 2).mean(axis=0), (np.abs(y) ** 2).mean(axis=0)
        some = (of_x > _NOTHING * of_x.max()) & (of_y > _NOTHING * of_y.max())
        np.divide(np.abs(cross) ** 2, of_x * of_y, out=values[neuron], where=some)
        phase[neuron, some] = np.angle(cross[some])

    run_all(compare, range(len(values)), threads)
    level = 1 - alpha ** (1 / (of_a.independent - 1)) if of_a.independent > 1 else 1.0
    return Coherence(of_a.frequencies, values, phase, float(level))


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise RecordingError(f"alpha is a probability between 0 and 1, not {alpha}")


class _Pieces:
    """Binned trains cut into pieces, and how many independent estimates these are worth."""

    def __init__(self, trains: SpikeTrains, estimator: Estimator | None, bin: Any):
        width = float(magnitude(bin, "ms", "the bin"))
        self.counts = trial_counts(trains, bin).values
        samples = self.counts.shape[-1]
        chosen = estimator or welch(min(1000.0, samples * width))
        self.length, self.starts = chosen.pieces(samples, width)
        self.weights = chosen.weights(self.length) / np.sqrt(width * 1e-3)
        self.frequencies = np.fft.rfftfreq(self.length, width * 1e-3)
        self.count = trains.shape[0] * len(self.starts) * len(self.weights)
        self.independent = trains.shape[0] * chosen.independent(samples, width)
        self.silent = self.counts.sum(axis=(0, 2)) == 0

    def transforms(self, neuron: int) -> np.ndarray:
        """Fourier transforms of all pieces of all trials by all tapers, (estimate, frequency)."""
        pieces = self.counts[:, neuron][:, self.starts[:, None] + np.arange(self.length)]
        deviation = pieces - pieces.mean(axis=-1, keepdims=True)
        return np.fft.rfft(deviation[:, :, None, :] * self.weights, axis=-1).reshape(self.count, len(self.frequencies))
