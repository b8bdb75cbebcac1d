"""Power laws of avalanche sizes and durations: maximum likelihood, where the law begins, and whether it holds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, NamedTuple

import numpy as np
from scipy.special import erfc

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.progress import bar
from lapicque.spikes.criticality.tail_fit import Sample, TailFit, law
from lapicque.spikes.tails import Tail
from lapicque.threads import StoppedError, run_all

#: So many values, or more, seldom repeat by chance if they are real numbers.
_SOME = 10
#: The most values that are tried as the beginning of the law.
CANDIDATES = 200


class Comparison(NamedTuple):
    """Log-likelihood ratio (above 0: the power law is likelier), the same over its standard error, and the p-value."""

    ratio: float
    normalised: float
    p: float


@dataclass(frozen=True, eq=False)
class PowerLaw:
    """A power law, ``p(x) ~ x^-exponent`` from ``xmin`` on, fitted to values; made by `power_law`.

    Parameters
    ----------
    exponent, error : float
        With its standard error.
    xmin : float
        Where the law begins.
    tail : int
        How many values there are from xmin on.
    distance : float
        Largest difference of the cumulative distributions of values and law (Kolmogorov-Smirnov).
    discrete : bool
        Whether values are whole numbers.
    """

    exponent: float
    error: float
    xmin: float
    tail: int
    distance: float
    discrete: bool
    _values: np.ndarray = field(repr=False)
    _candidates: tuple[float, ...] | None = field(repr=False)

    def p_value(self, draws: int = 1000, *, seed: int | np.random.Generator, threads: int | None = None) -> float:
        """Probability that values of such a law, fitted in the same way, are as far from theirs.

        Values below xmin are drawn from those that there are. A small p, below 0.1 by custom, speaks against the law;
        a large one only fails to. Its standard error is ``sqrt(p (1 - p) / draws)``.

        Parameters
        ----------
        draws : int
            Number of sets of values.
        seed : int or numpy.random.Generator
        threads : int, optional
            The result is the same for any number.

        References
        ----------
        .. [1] Clauset, Shalizi & Newman 2009, SIAM Rev. 51, 661, section 4, https://doi.org/10.1137/070710111

        Examples
        --------
        >>> sizes = np.repeat([1, 2, 3, 4, 5, 6, 7, 8], [200, 180, 160, 140, 120, 100, 80, 60])
        >>> power_law(sizes, xmin=1).p_value(50, seed=1)
        0.0
        """
        if draws < 1:
            raise RecordingError(f"a p-value needs draws, not {draws}")
        if not np.isfinite(self.distance):
            return np.nan
        below = self._values[self._values < self.xmin]
        total, draw = len(self._values), law(self.exponent, self.xmin, self.discrete)

        with bar("power laws", draws) as tick:

            def farther(random: np.random.Generator, stop: Event) -> bool:
                if stop.is_set():
                    raise StoppedError
                number = int(random.binomial(total, self.tail / total))
                drawn = draw(random, number)
                if number < total:
                    drawn = np.concatenate([drawn, random.choice(below, total - number)])
                refitted = _fit(drawn, self._candidates, self.discrete)
                tick(1)
                return bool(refitted.distance >= self.distance)

            return float(np.mean(run_all(farther, np.random.default_rng(seed).spawn(draws), threads)))

    def against(self, tail: Tail) -> Comparison:
        """Vuong's likelihood ratio test against another tail from the same xmin on.

        Parameters
        ----------
        tail : lapicque.spikes.tails.Tail
            For example ``lq.spikes.tails.lognormal()``.

        Returns
        -------
        Comparison
            ratio, normalised, p: the probability that a ratio so far from 0 comes from laws that fit equally well. Not
            numbers where all values of the tail are the same.

        References
        ----------
        .. [1] Vuong 1989, Econometrica 57, 307, https://doi.org/10.2307/1912557

        Examples
        --------
        >>> from lapicque.spikes import tails
        >>> sizes = np.random.default_rng(1).geometric(0.2, 500)
        >>> power_law(sizes, xmin=1).against(tails.exponential()).ratio < 0
        True
        """
        values = self._values[self._values >= self.xmin].astype(float)
        if not np.isfinite(self.exponent):
            return Comparison(np.nan, np.nan, np.nan)
        ours = Sample(values, self.discrete).log_likelihood(values, self.exponent, self.xmin)
        difference = ours - tail.log_likelihood(values, self.xmin, self.discrete)
        ratio, sd = float(difference.sum()), float(difference.std())
        if not sd > 0:
            return Comparison(ratio, np.nan, np.nan)
        normalised = float(ratio / (sd * np.sqrt(len(values))))
        return Comparison(ratio, normalised, float(erfc(abs(normalised) / np.sqrt(2))))


def power_law(values: Any, xmin: float | Sequence[float] | None = None, *, discrete: bool | None = None) -> PowerLaw:
    """Fit a power law to the values from ``xmin`` on, by maximum likelihood.

    Parameters
    ----------
    values : (value,)
        Above 0: sizes of avalanches, or durations as whole numbers of bins.
    xmin : float or sequence of float, optional
        Where the law begins. Of several, and by default of all values that occur (of 200 over their ranks, if more
        do), the one is taken whose law is nearest to the values: of the least Kolmogorov-Smirnov distance.
    discrete : bool, optional
        Whether values are whole numbers; by default if they are of an integer type.

    Returns
    -------
    PowerLaw
        Exponent and distance are not numbers where less than two different values are left.

    Raises
    ------
    RecordingError
        For no values, values that are not positive and finite or not whole though discrete, and for an xmin that is not
        positive or beyond all values.

    Warns
    -----
    LapicqueNotice
        If values of a real type repeat as whole numbers do, and ``discrete`` does not say what they are.

    References
    ----------
    .. [1] Clauset, Shalizi & Newman 2009, SIAM Rev. 51, 661, https://doi.org/10.1137/070710111

    Examples
    --------
    >>> durations = np.random.default_rng(1).random(20_000) ** -1.0  # p(x) = x^-2 from 1 on
    >>> found = power_law(durations, xmin=1)
    >>> round(found.exponent, 2), round(found.error, 3)
    (2.0, 0.007)
    """
    array = np.asarray(values)
    whole = bool(np.issubdtype(array.dtype, np.integer)) if discrete is None else discrete
    data = array.astype(float).ravel()
    if discrete is None and not whole and len(data) >= _SOME and len(np.unique(data)) <= len(data) / 2:
        warnings.warn(
            f"{len(data)} values of which only {len(np.unique(data))} differ are fitted as real numbers, whose law is "
            "another one: of durations give the numbers of bins (Avalanches.bins), of counts integers; discrete=False "
            "if they are real",
            LapicqueNotice,
            stacklevel=2,
        )
    if not len(data):
        raise RecordingError("a power law needs values, and there are none")
    if not (np.isfinite(data).all() and (data > 0).all()):
        raise RecordingError(f"values must be finite and above 0, and {data[~(data > 0) | np.isinf(data)][0]} is not")
    if whole and np.any(data != np.round(data)):
        raise RecordingError(f"discrete values are whole numbers, not {data[data != np.round(data)][0]:g}")
    candidates = None if xmin is None else tuple(float(x) for x in np.atleast_1d(xmin))
    if candidates is not None and not (candidates and all(0 < x <= data.max() for x in candidates)):
        raise RecordingError(f"xmin {xmin} must be above 0 and not beyond all values, {data.min():g} to {data.max():g}")
    if whole and candidates is not None and any(x != round(x) for x in candidates):
        raise RecordingError(f"xmin of discrete values is a whole number, not {xmin}")
    found = _fit(data, candidates, whole)
    return PowerLaw(found.exponent, found.error, found.xmin, found.tail, found.distance, whole, data, candidates)


def _fit(values: np.ndarray, candidates: Sequence[float] | None, discrete: bool) -> TailFit:
    sample = Sample(values, discrete)
    if candidates is None:
        distinct = sample.distinct[:-1] if len(sample.distinct) > 1 else sample.distinct
        chosen = np.unique(np.linspace(0, len(distinct) - 1, min(len(distinct), CANDIDATES)).round().astype(int))
        candidates = distinct[chosen].tolist()
    fits = [sample.fit(xmin) for xmin in candidates]
    distances = np.array([fit.distance for fit in fits])
    return fits[int(np.nanargmin(distances))] if np.isfinite(distances).any() else fits[0]
