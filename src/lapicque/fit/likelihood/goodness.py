"""How well a model with escape noise explains spikes: log-likelihood, bits a spike, rescaled intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.likelihood.forced import Bins, bins_of
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Neuron


def log_likelihood(neuron: Neuron, trials: Sequence[Trial]) -> float:
    r"""Log-likelihood of the trials' spikes under a neuron with escape noise, within their windows.

    The neuron runs by its own equations, but spikes when the data do. Each step in which it is not refractory has a
    spike with the probability that a simulation of that step gives it, 1 - exp(-rate dt).

    Parameters
    ----------
    neuron : Neuron
        With ``threshold="hazard(rate)"``; nothing else in it is random.
    trials : sequence of Trial
        The step is that of their stimuli. Spikes before the window move the model too, but do not count.

    Returns
    -------
    float
        In nats; it depends on the step, as the probability of a spike in one does. ``-inf`` where the model gives a
        spike no chance.

    Raises
    ------
    FitError
        If the threshold is no hazard, or spikes are nearer than the refractory period or than one step.

    References
    ----------
    .. [1] Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, chapter 10, https://neuronaldynamics.epfl.ch
    .. [2] Paninski 2004, Network 15, 243, https://doi.org/10.1088/0954-898X_15_4_002

    Examples
    --------
    A neuron that fires at 20 Hz whatever happens, which fired in 2 of 1000 steps of 0.1 ms:

    >>> import lapicque as lq
    >>> cell = lq.Neuron(
    ...     "dv/dt = (i_ext*r - v)/tau : mV\ni_ext : pA (input)\nrate : Hz",
    ...     threshold="hazard(rate)",
    ...     parameters=dict(tau="10 ms", r="1 Gohm", rate="20 Hz"),
    ... )
    >>> spikes = lq.spikes.SpikeTrains.from_lists([[30.0, 60.0]], t_stop=100)
    >>> round(log_likelihood(cell, [lq.fit.Trial(np.zeros(1000), spikes)]), 4)
    -14.4272
    >>> round(float(2 * np.log(1 - np.exp(-0.002)) - 998 * 0.002), 4)
    -14.4272
    """
    return sum(of_bins(bins_of(neuron, trial)) for trial in trials)


def of_bins(bins: Bins) -> float:
    """Return the log-likelihood of the bins that count."""
    u, y = bins.expected[bins.counted], bins.counts[bins.counted]
    with np.errstate(divide="ignore", over="ignore"):
        if bins.poisson:
            return float(np.sum(np.where(y > 0, y * np.log(u), 0.0) - u))
        return float(np.sum(np.where(y > 0, np.log(-np.expm1(-u)), -u)))


def constant_rate(all_bins: Sequence[Bins]) -> float:
    """Return the log-likelihood of the same bins under the constant rate that explains them best."""
    spikes, bins = count_spikes(all_bins), sum(int(b.counted.sum()) for b in all_bins)
    p = spikes / bins
    if all_bins[0].poisson:
        return float(spikes * np.log(p) - spikes) if p > 0 else 0.0
    return float(spikes * np.log(p) + (bins - spikes) * np.log1p(-p)) if 0 < p < 1 else 0.0


def count_spikes(all_bins: Sequence[Bins]) -> int:
    """Return the number of spikes in the bins that count."""
    return int(sum(b.counts[b.counted].sum() for b in all_bins))


def bits_per_spike(all_bins: Sequence[Bins], value: float) -> float:
    """Return how much more is known of each spike than from the mean rate, in bits; not a number without spikes."""
    spikes = count_spikes(all_bins)
    return float((value - constant_rate(all_bins)) / spikes / np.log(2)) if spikes else float("nan")


@dataclass(frozen=True, eq=False)
class TimeRescaling:
    """Intervals between spikes, measured in what the model expected: uniform numbers, if it is right.

    Attributes
    ----------
    intervals : (interval,)
        1 - exp(-integral of the rate over the interval), in the order of the spikes.
    """

    intervals: np.ndarray

    @cached_property
    def statistic(self) -> float:
        """The largest distance of their cumulative distribution from the uniform one (Kolmogorov-Smirnov)."""
        from scipy.stats import kstest

        return float(kstest(self.intervals, "uniform").statistic) if self.intervals.size else float("nan")

    @cached_property
    def p(self) -> float:
        """How often a right model is at least so far off: small speaks against the model.

        It is too large by a little where the model was fitted to the same spikes; ask on spikes that it has not seen.
        """
        from scipy.stats import kstest

        return float(kstest(self.intervals, "uniform").pvalue) if self.intervals.size else float("nan")

    @property
    def bound(self) -> float:
        """What the statistic stays below in 95 % of cases if the model is right."""
        return float(1.358 / np.sqrt(self.intervals.size)) if self.intervals.size else float("nan")

    @property
    def correlation(self) -> float:
        """Correlation of each interval with the next one, as normal numbers: 0 if the model is right.

        Not a number for fewer than three pairs.
        """
        from scipy.stats import norm

        z = norm.ppf(np.clip(self.intervals, 1e-12, 1 - 1e-12))
        return float(np.corrcoef(z[:-1], z[1:])[0, 1]) if z.size > 3 else float("nan")

    def __repr__(self) -> str:
        return (
            f"TimeRescaling({self.intervals.size} intervals: KS {self.statistic:.3f}, 95 % of right models below "
            f"{self.bound:.3f}, p = {self.p:.2g}, correlation {self.correlation:.2f})"
        )


def time_rescaling(neuron: Neuron, trials: Sequence[Trial], seed: int = 0) -> TimeRescaling:
    """Time-rescaling test of a neuron with escape noise on the trials' spikes.

    If the model is right, the integral of its rate from one spike to the next is exponentially distributed with mean
    1, so that 1 - exp(-integral) is uniform between 0 and 1. A spike is known to be in a bin only; where in it is drawn
    from the model, so that the numbers are exactly uniform for any step.

    Parameters
    ----------
    neuron : Neuron
        As for `log_likelihood`.
    trials : sequence of Trial
        The time from the beginning of a window to its first spike counts as an interval; the last one, whose end
        is not known, does not.
    seed : int
        Of where in its bin a spike is.

    Returns
    -------
    TimeRescaling

    Raises
    ------
    FitError
        As `log_likelihood`.

    References
    ----------
    .. [1] Brown et al. 2002, Neural Comput. 14, 325, https://doi.org/10.1162/08997660252741149
    .. [2] Haslinger, Pipa & Brown 2010, Neural Comput. 22, 2477, https://doi.org/10.1162/NECO_a_00015

    Examples
    --------
    >>> import lapicque as lq
    >>> cell = lq.neurons.gif.with_(v_th="-50 mV", delta_v="5 mV")
    >>> current = np.full(50_000, 60.0)
    >>> spikes = lq.simulate(cell, "5000 ms", inputs={"i_ext": current}, seed=1).spikes
    >>> time_rescaling(cell, [lq.fit.Trial(current, spikes)]).p > 0.01
    True
    """
    return rescaled([bins_of(neuron, trial) for trial in trials], seed)


def rescaled(all_bins: Sequence[Bins], seed: int) -> TimeRescaling:
    """Return the rescaled intervals between spikes of bins that hold one spike at most."""
    if any(bins.poisson or (bins.counts[bins.counted] > 1).any() for bins in all_bins):
        raise FitError("time rescaling needs bins with one spike at most: take a smaller dt, without poisson=")
    if any(not np.isfinite(bins.expected[bins.counted]).all() for bins in all_bins):
        raise FitError("the model's rate is infinite in some bins: intervals cannot be measured in it")
    random = np.random.default_rng(seed)
    found = [np.empty(0)]
    for bins in all_bins:
        for u, y, counted in zip(bins.expected, bins.counts, bins.counted, strict=True):
            total = np.concatenate([[0.0], np.cumsum(np.where(counted, u, 0.0))])
            spikes = np.flatnonzero((y > 0) & counted)
            # up to the bin of each spike, and the part of that bin that the model's own distribution gives
            part = -np.log1p(random.random(spikes.size) * np.expm1(-u[spikes]))
            before = np.concatenate([[0.0], total[spikes + 1][:-1]])
            found.append(-np.expm1(-(total[spikes] + part - before)))
    return TimeRescaling(np.concatenate(found))
