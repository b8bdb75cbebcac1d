"""Wirings of one probability a pair that contain each other: every pair keeps its random number."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from lapicque.compile.wiring.wiring import Kept, Wiring
from lapicque.network.connectivity.degrees import FixedProbability
from lapicque.network.connectivity.rule import Ends


class Chances:
    """The random numbers from which wirings of any probability follow, drawn once.

    Parameters
    ----------
    rule : FixedProbability
        ``nested``, with any probability.
    ends : Ends
    key : uint64
        As of `lapicque.compile.wiring.wire`.
    """

    def __init__(self, rule: FixedProbability, ends: Ends, key: np.uint64):
        self.ends = ends
        self.numbers = rule.numbers(ends, np.random.Generator(np.random.Philox(key=int(key))))

    def below(self, p: float) -> Nested:
        """Return the wiring of one probability."""
        return Nested(self, p)


class Nested(Kept):
    """The pairs whose number is below a probability; drawn when they are first looked at."""

    def __init__(self, chances: Chances, p: float):
        Wiring.__init__(self, chances.ends)
        self.chances, self.p, self._order = chances, p, None

    @cached_property
    def _chosen(self) -> np.ndarray:
        return self.chances.numbers < self.p

    @cached_property
    def _degrees(self) -> np.ndarray:  # type: ignore[override]
        return np.count_nonzero(self._chosen, axis=1)

    @cached_property
    def _sources(self) -> np.ndarray:  # type: ignore[override]
        return np.nonzero(self._chosen)[1].astype(np.int32)
