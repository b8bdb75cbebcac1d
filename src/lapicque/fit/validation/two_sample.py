"""What a test of two samples is: a statistic, its p value for independent samples, and its number for one run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

#: Samples that are drawn to find the power of a test, and the most values of one: with more the power is higher still.
DRAWS = 200
LARGEST = 5000


@dataclass(frozen=True)
class Change:
    """A change that a test should find: all values times a factor, or plus an amount; or their spread times a factor.

    Examples
    --------
    >>> Change(factor=1.2), Change(shift=-0.05), Change(factor=1.2, spread=True)
    (x 1.2, -0.05, sd x 1.2)
    >>> Change(factor=2, spread=True).of(np.array([1.0, 3.0]))
    array([0., 4.])
    """

    factor: float = 1.0
    shift: float = 0.0
    spread: bool = False

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return changed values."""
        if self.spread:
            return values.mean() + (values - values.mean()) * self.factor
        return values * self.factor + self.shift

    @property
    def opposite(self) -> Change:
        """As large a change the other way."""
        return Change(2 - self.factor, -self.shift, self.spread)

    def __repr__(self) -> str:
        if self.factor == 1:
            return f"{self.shift:+g}"
        return f"sd x {self.factor:g}" if self.spread else f"x {self.factor:g}"


@dataclass(frozen=True)
class Sides:
    """Empirical distributions of some runs, and of what they are compared with, on one grid.

    Attributes
    ----------
    grid : (point,)
        Values, rising.
    below, reference : (run, point)
        Shares of the values at or below each point.
    sizes, reference_sizes : (run,)
        Numbers of values.
    """

    grid: np.ndarray
    below: np.ndarray
    sizes: np.ndarray
    reference: np.ndarray
    reference_sizes: np.ndarray


class TwoSampleTest(ABC):
    """A test whether two samples come from one distribution.

    With independent samples, `p_value` is the textbook's. Where samples are the neurons of networks they are not
    independent, and p comes from how a number of each run varies between runs: `of_run` or `between`.

    Attributes
    ----------
    name : str
    spread : bool
        Whether it looks at the spread about the mean, so that its power is for a change of that.
    mean_only : bool
        Whether it compares means and nothing else: the only thing that windows of different lengths leave alone.
    equivalence : float or None
        The largest effect that it lets pass, where it tests for equivalence and has no p value.
    signed : bool
        Whether a run's number may be too small as well as too large.
    """

    name: str
    spread: bool = False
    mean_only: bool = False
    equivalence: float | None = None
    signed: bool = True

    @abstractmethod
    def statistic(self, data: np.ndarray, model: np.ndarray) -> float:
        """Return the statistic of two samples, (n,) and (m,), without NaN."""

    @abstractmethod
    def p_value(self, data: np.ndarray, model: np.ndarray, rng: np.random.Generator) -> float:
        """Return p for independent samples."""

    def of_run(self, values: np.ndarray) -> float | None:
        """Return the number of one run, from its values alone; None where it depends on those of other runs."""
        return None

    def between(self, sides: Sides) -> np.ndarray:
        """Return the numbers of runs, (run,), compared with others."""
        raise TypeError(f"{self.name} has no distance between distributions")

    def power(self, data: np.ndarray, n: int, change: Change, level: float, rng: np.random.Generator) -> float:
        """Return the chance to find a change, for independent samples like the data and a model with n values.

        Samples are drawn from the data with replacement; those of the model are changed.
        """
        return float(np.mean([self.p_value(a, b, rng) < level for a, b in drawn(data, n, change, rng)]))

    def __repr__(self) -> str:
        return self.name


def drawn(
    data: np.ndarray, n: int, change: Change, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield samples like the data, and such of n values that are changed; of `LARGEST` values at most."""
    for _ in range(DRAWS):
        yield rng.choice(data, min(len(data), LARGEST)), change.of(rng.choice(data, min(n, LARGEST)))
