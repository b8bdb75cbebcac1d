"""Tests over whole runs: neurons of one network are no independent samples, but runs with fresh seeds are.

Each run has one number: its mean, or its distance from the other runs. That of the data is compared with those of the
model by Student's t, whose degrees of freedom are those of the runs. Distances are skewed and enter as logarithms: with
20 runs of a recurrent network, p < 0.01 then happens in 0.9 to 1.3 % of comparisons of runs of the same model, against
2.3 to 3.6 % with distances as they are, or with the power 2/3 that makes a sum of squares normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.fit.validation.distributions import share_below
from lapicque.fit.validation.power import power_of_t
from lapicque.fit.validation.two_sample import Change, Sides, TwoSampleTest
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Runs of the model that a test over runs needs.
FEWEST = 4
_POINTS = 1024  # of the grid that distributions are compared on


class AcrossRuns:
    """Runs of data and of a model, for one test.

    Parameters
    ----------
    test : TwoSampleTest
    data, model : sequence of (value,)
        Without NaN; no run is empty.
    change : Change
        What the power is for.
    """

    def __init__(self, test: TwoSampleTest, data: Sequence[np.ndarray], model: Sequence[np.ndarray], change: Change):
        self.test = test
        up, down = ([one.of(run) for run in model] for one in (change, change.opposite))
        if test.of_run(model[0]) is not None:
            self.data, self.model, *changed = (_numbers(test, runs) for runs in (data, model, up, down))
        else:
            self.data, self.model, *changed = self._distances(data, model, up, down)
        self.changed = changed
        self.freedom = len(data) + len(model) - 2
        squares = ((self.data - self.data.mean()) ** 2).sum() + ((self.model - self.model.mean()) ** 2).sum()
        varies = np.ptp(self.model) > 1e-12 * max(np.abs(self.model).max(), 1e-300)
        self.variance = float(squares / self.freedom) if varies else 0.0  # between runs

    @property
    def error(self) -> float:
        """Return the standard error of the difference between data and model; 0 where the model's runs do not vary."""
        return float(np.sqrt(self.variance * (1 / len(self.data) + 1 / len(self.model))))

    def _distances(self, data: Any, model: Any, *changed: Any) -> list[np.ndarray]:
        """Return the numbers of all runs, each of the model's compared with its other runs."""
        runs = [*data, *model, *(run for runs in changed for run in runs)]
        grid = _thinned(np.unique(np.concatenate([_thinned(np.sort(run)) for run in runs])))
        below = np.array([share_below(run, grid) for run in runs])
        sizes = np.array([len(run) for run in runs])
        n, m = len(data), len(model)
        own = slice(n, n + m)
        total, count = (below[own] * sizes[own, None]).sum(axis=0), sizes[own].sum()
        others = (total - below[own] * sizes[own, None]) / (count - sizes[own, None])

        def numbers(part: slice, reference: np.ndarray, reference_sizes: np.ndarray) -> np.ndarray:
            return self.test.between(Sides(grid, below[part], sizes[part], reference, reference_sizes))

        first = numbers(slice(0, n), np.tile(total / count, (n, 1)), np.full(n, count))
        rest = [slice(n + k * m, n + (k + 1) * m) for k in range(len(changed) + 1)]
        found = [first, *(numbers(part, others, count - sizes[own]) for part in rest)]
        if self.test.signed:
            return found
        positive = np.concatenate(found)
        least = positive[positive > 0].min(initial=np.inf) / 2  # of a distance that rounds to 0
        return [np.log(np.maximum(one, least)) if np.isfinite(least) else np.zeros(len(one)) for one in found]

    @property
    def p(self) -> float:
        """Return p of Student's t; NaN where the runs of the model do not differ."""
        from scipy.stats import t

        if self.error == 0:
            return float("nan")
        value = (self.data.mean() - self.model.mean()) / self.error
        return float(2 * t.sf(abs(value), self.freedom) if self.test.signed else t.sf(value, self.freedom))

    def power(self, level: float) -> float:
        """Return the chance to find data that are like a run of the model, changed; the smaller of both directions."""
        if self.error == 0:
            return float("nan")
        powers = []
        for numbers in self.changed:
            error = np.sqrt(numbers.var(ddof=1) / len(self.data) + self.variance / len(self.model))
            move = float(numbers.mean() - self.model.mean())
            powers.append(power_of_t(move / error, self.freedom, level, self.test.signed, error / self.error))
        return min(powers)


def _thinned(values: np.ndarray) -> np.ndarray:
    """Return sorted values, or as many of them as a grid has points, the ends included."""
    if len(values) <= _POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, _POINTS).round().astype(int)]


def _numbers(test: TwoSampleTest, runs: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([test.of_run(run) for run in runs], float)


def pieces(trains: SpikeTrains, length: Any) -> SpikeTrains:
    """Cut a long recording into trials, so that it can be compared as several runs.

    Pieces are samples of their own only where they are longer than whatever the activity remembers. A rest that is
    shorter than a piece is left out.

    Parameters
    ----------
    trains : SpikeTrains (trial, neuron)
    length : ms

    Returns
    -------
    SpikeTrains
        (trial * piece, neuron), in a window that begins at 0.

    Raises
    ------
    RecordingError
        If the recording is shorter than a piece.

    Examples
    --------
    >>> pieces(SpikeTrains.from_lists([[10, 60, 120, 205]], t_stop=210), "100 ms").to_lists()
    [array([10., 60.]), array([20.])]
    """
    width = float(magnitude(length, "ms", "the length of a piece"))
    n = int(np.floor(trains.duration / width + 1e-9)) if width > 0 else 0
    if n < 1:
        raise RecordingError(f"a piece of {width:g} ms does not fit into a window of {trains.duration:g} ms")
    found = []
    for trial in range(trains.shape[0]):
        one = trains[[trial], :]
        for k in range(n):
            start = one.t_start + k * width
            found.extend((one.window(start, min(start + width, one.t_stop)).shift(-start)).to_lists())
    return SpikeTrains.from_lists(
        [np.clip(times, 0.0, width) for times in found], t_stop=width, shape=(trains.shape[0] * n, trains.shape[1]),
        neurons=trains.neurons,
    )  # fmt: skip
