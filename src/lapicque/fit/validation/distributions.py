"""Tests of whole distributions. All of them are functions of the two cumulative distributions on one grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.validation.two_sample import Change, Sides, TwoSampleTest, drawn

_AT_ONCE = 2_000_000  # numbers that are permuted together


def sides_of(data: np.ndarray, model: np.ndarray) -> Sides:
    """Return the model's distribution beside the data's, on the grid of all their values."""
    grid = np.unique(np.concatenate([data, model]))
    return Sides(grid, share_below(model, grid)[None], np.array([len(model)]),
                 share_below(data, grid)[None], np.array([len(data)]))  # fmt: skip


def share_below(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return the empirical cumulative distribution at points, (point,)."""
    return np.searchsorted(np.sort(values), grid, side="right") / len(values)


class DistributionTest(TwoSampleTest):
    """A test by a number between two distributions."""

    def statistic(self, data: np.ndarray, model: np.ndarray) -> float:
        """Return the number between the model's distribution and the data's."""
        return float(self.between(sides_of(data, model))[0])


class KolmogorovSmirnov(DistributionTest):
    """The largest difference of the cumulative distributions."""

    name = "KS"
    signed = False

    def between(self, sides: Sides) -> np.ndarray:
        """Return D, (run,)."""
        return np.abs(sides.below - sides.reference).max(axis=1)

    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return p, exact for small samples."""
        from scipy.stats import ks_2samp

        return float(ks_2samp(data, model, method="exact" if len(data) * len(model) <= 40_000 else "asymp").pvalue)

    def power(self, data: np.ndarray, n: int, change: Change, level: float, rng: np.random.Generator) -> float:
        """Return the share of changed samples whose p is below the level: of small ones it may never be."""
        pairs = sorted(drawn(data, n, change, rng), key=lambda pair: self.statistic(*pair))
        first, last = 0, len(pairs)  # p falls as D rises, so few of them are needed
        while first < last:
            middle = (first + last) // 2
            if self.p_value(*pairs[middle], rng) < level:
                last = middle
            else:
                first = middle + 1
        return 1 - first / len(pairs)


class MannWhitney(DistributionTest):
    """Whether a value of the one is as often above as below one of the other."""

    name = "Mann-Whitney"

    def between(self, sides: Sides) -> np.ndarray:
        """Return the chance that a value of a run is above one of the reference, ties shared, (run,)."""
        weights = np.diff(sides.below, axis=1, prepend=0.0)
        before = np.concatenate([np.zeros((len(sides.reference), 1)), sides.reference[:, :-1]], axis=1)
        return (weights * (sides.reference + before) / 2).sum(axis=1)

    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return the two-sided p; 1 where all values are the same."""
        from scipy.stats import mannwhitneyu

        if np.ptp(np.concatenate([data, model])) == 0:
            return 1.0
        return float(mannwhitneyu(data, model).pvalue)


@dataclass(frozen=True, repr=False)
class PermutationTest(DistributionTest):
    """A distance whose p is that of its rank among those of samples whose members were exchanged by chance."""

    permutations: int = 999
    name = "permutation"
    signed = False

    def __post_init__(self) -> None:
        if isinstance(self.permutations, bool) or not isinstance(self.permutations, int) or self.permutations < 19:
            raise FitError(f"permutations is {self.permutations!r}: p = 0.05 needs a whole number of 19 at least")

    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return (1 + permutations at least as far) / (1 + permutations)."""
        found = self.statistic(data, model)
        chance = self.by_chance(data, model, rng)
        return float((1 + np.sum(chance >= found * (1 - 1e-12))) / (1 + self.permutations))

    def by_chance(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the statistics of permuted samples, (permutation,)."""
        n, m = len(data), len(model)
        grid, place = np.unique(np.concatenate([data, model]), return_inverse=True)
        order = np.argsort(place, kind="stable")
        last = np.searchsorted(place[order], np.arange(len(grid)), side="right") - 1
        found, rows = [], max(1, _AT_ONCE // (n + m))
        for start in range(0, self.permutations, rows):
            k = min(rows, self.permutations - start)
            of_model = rng.permuted(np.tile(np.arange(n + m) < m, (k, 1)), axis=1)
            model_below = np.cumsum(of_model, axis=1)
            data_below = np.arange(1, n + m + 1) - model_below
            found.append(self.between(Sides(grid, model_below[:, last] / m, np.full(k, m),
                                            data_below[:, last] / n, np.full(k, n))))  # fmt: skip
        return np.concatenate(found)

    def power(self, data: np.ndarray, n: int, change: Change, level: float, rng: np.random.Generator) -> float:
        """Return the share of changed samples beyond what permutations of the data reach at this level."""
        if level * (1 + self.permutations) <= 1:
            return 0.0  # the smallest p that there is would not do
        alike = next(drawn(data, n, Change(), rng))
        limit = np.quantile(self.by_chance(*alike, rng), 1 - level, method="higher")
        return float(np.mean([self.statistic(a, b) > limit for a, b in drawn(data, n, change, rng)]))


@dataclass(frozen=True, repr=False)
class Wasserstein(PermutationTest):
    """The area between the cumulative distributions."""

    name = "Wasserstein"

    def between(self, sides: Sides) -> np.ndarray:
        """Return the area, (run,), in the unit of the values."""
        return (np.abs(sides.below - sides.reference)[:, :-1] * np.diff(sides.grid)).sum(axis=1)


@dataclass(frozen=True, repr=False)
class KullbackLeibler(PermutationTest):
    """The divergence of histograms, mean of both directions."""

    bins: int = 10
    name = "KL"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.bins, bool) or not isinstance(self.bins, int) or self.bins < 2:
            raise FitError(f"bins is {self.bins!r}: a histogram needs two at least")

    def between(self, sides: Sides) -> np.ndarray:
        """Return the divergence, (run,), in bits."""
        together = sides.below + (sides.reference - sides.below) * 0.5
        shares = np.arange(1, self.bins) / self.bins
        # the bins hold equal shares of both, so that no bin is empty on both sides
        edges = np.array([np.searchsorted(row, shares - 1e-12) for row in together])
        edges = np.minimum(edges, together.shape[1] - 1)
        p = self._histogram(sides.below, edges, sides.sizes)
        q = self._histogram(sides.reference, edges, sides.reference_sizes)
        return ((p - q) * np.log2(p / q)).sum(axis=1) / 2

    def _histogram(self, below: np.ndarray, edges: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        at = np.take_along_axis(np.broadcast_to(below, (len(edges), below.shape[1])), edges, axis=1)
        counts = np.diff(at, axis=1, prepend=0.0, append=1.0) * sizes[:, None]
        return (counts + 0.5) / (sizes[:, None] + 0.5 * self.bins)  # half a count: an empty bin is rare, not impossible


def ks() -> KolmogorovSmirnov:
    """Compare distributions by the largest difference of the cumulative ones, Kolmogorov and Smirnov's D.

    References
    ----------
    .. [1] Massey 1951, J. Am. Stat. Assoc. 46, 68, https://doi.org/10.1080/01621459.1951.10500769

    Examples
    --------
    >>> ks().statistic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 5.0, 6.0]))
    0.5
    """
    return KolmogorovSmirnov()


def mann_whitney() -> MannWhitney:
    """Compare locations by ranks: the chance that a value of the model is above one of the data.

    References
    ----------
    .. [1] Mann & Whitney 1947, Ann. Math. Stat. 18, 50, https://doi.org/10.1214/aoms/1177730491

    Examples
    --------
    >>> mann_whitney().statistic(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    0.875
    """
    return MannWhitney()


def wasserstein(permutations: int = 999) -> Wasserstein:
    """Compare distributions by the area between the cumulative ones, p by permutation.

    Parameters
    ----------
    permutations : int
        Of independent samples; runs are compared with each other instead.

    Examples
    --------
    >>> wasserstein().statistic(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    1.0
    """
    return Wasserstein(permutations)


def kl(bins: int = 10, permutations: int = 999) -> KullbackLeibler:
    """Compare histograms by Kullback and Leibler's divergence, the mean of both directions, p by permutation.

    Parameters
    ----------
    bins : int
        They hold equal shares of data and model together. Half a count is added to each, so that none is empty.
    permutations : int
        As of `wasserstein`.

    References
    ----------
    .. [1] Kullback & Leibler 1951, Ann. Math. Stat. 22, 79, https://doi.org/10.1214/aoms/1177729694

    Examples
    --------
    >>> values = np.linspace(0, 1, 100)
    >>> [round(kl().statistic(values, values + shift), 2) for shift in (0.0, 0.1, 1.0)]
    [0.0, 0.14, 4.9]
    """
    return KullbackLeibler(permutations, bins)
