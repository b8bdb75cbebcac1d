"""Whether the same neurons go together in data and model, by the angles between eigenvectors of their correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.spikes.correlation import correlation
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True)
class Eigenangle:
    """How alike the structures of two matrices are.

    Attributes
    ----------
    score : float
        Mean smallness of the angles, weighted by eigenvalues: 1 for equal matrices, near 0 for unrelated ones.
    p : float
        The share of pairings of neurons by chance that score at least as high: a small p says that they are alike.
    angles : (neuron,)
        Between eigenvectors of the same rank, largest eigenvalue first, 0 to 90 degrees.
    """

    score: float
    p: float
    angles: np.ndarray


def eigenangle(
    data: SpikeTrains, model: SpikeTrains, bin: Any, *, permutations: int = 199, seed: int = 0
) -> Eigenangle:
    """Compare the structure of pairwise correlations, where the neurons of data and model are the same ones.

    The other tests compare how large correlations are; this one asks whose they are. It is no test that a model can
    fail: its null hypothesis is that the structures have nothing in common, here that neurons are paired by chance.
    (NetworkUnit has random matrices instead, whose eigenvectors point anywhere. Activity that all neurons share then
    already counts as likeness; with paired neurons it does not.)

    Parameters
    ----------
    data, model : SpikeTrains (1, neuron)
        Equally many neurons, in one order.
    bin : ms
        Of the counts that are correlated.
    permutations, seed : int

    Returns
    -------
    Eigenangle

    Raises
    ------
    FitError
        For different numbers of neurons, several trials, fewer than three neurons, and neurons whose correlation is
        undefined because their count never changes.

    References
    ----------
    .. [1] Gutzen, Grün & Denker 2023, Biosystems 223, 104813, https://doi.org/10.1016/j.biosystems.2022.104813

    Examples
    --------
    >>> import lapicque as lq
    >>> first, second = (lq.spikes.poisson("20 Hz", t_stop="5 s", trains=10, seed=seed) for seed in (1, 2))
    >>> round(eigenangle(first, first, "20 ms").score, 9), eigenangle(first, second, "20 ms").p > 0.01
    (1.0, True)
    """
    if data.shape != model.shape or data.shape[0] != 1 or data.shape[1] < 3:
        raise FitError(
            f"data have the shape {data.shape}, the model {model.shape}: (1, neuron) is expected, three neurons at "
            "least, the same on both sides"
        )
    if isinstance(permutations, bool) or not isinstance(permutations, int) or permutations < 1:
        raise FitError(f"permutations is {permutations!r}: a positive whole number is expected")
    (values, vectors), (other_values, other_vectors) = (_decomposed(side, name, bin) for side, name in
                                                        ((data, "data"), (model, "model")))  # fmt: skip
    weights = np.sqrt((values**2 + other_values**2) / 2)
    weights = weights / weights.sum()
    angles = _angles(vectors, other_vectors)
    score = float(weights @ (1 - angles / 90))
    rng = np.random.default_rng(seed)
    chance = [
        weights @ (1 - _angles(vectors, other_vectors[rng.permutation(len(weights))]) / 90) for _ in range(permutations)
    ]
    p = (1 + np.sum(np.array(chance) >= score - 1e-12)) / (1 + permutations)
    return Eigenangle(score, float(p), angles)


def _decomposed(trains: SpikeTrains, side: str, bin: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues, falling, and eigenvectors in columns."""
    matrix = correlation(trains, bin)
    undefined = np.flatnonzero(np.isnan(np.diag(matrix)))
    if undefined.size:
        shown = ", ".join(str(trains.neurons[n]) for n in undefined[:5])
        more = " and others" if undefined.size > 5 else ""
        raise FitError(f"the counts of neurons {shown}{more} of the {side} never change: leave them out of both sides")
    values, vectors = np.linalg.eigh(matrix)
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1]


def _angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return angles between columns in degrees; the sign of an eigenvector means nothing."""
    apart = np.minimum(np.linalg.norm(a - b, axis=0), np.linalg.norm(a + b, axis=0))  # no cancellation near 0
    return np.degrees(2 * np.arcsin(apart / 2))
