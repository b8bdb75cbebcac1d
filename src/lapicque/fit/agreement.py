"""Model and data, stimulus by stimulus: rates, and agreement trial by trial."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import LapicqueNotice
from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True, eq=False)
class Agreement:
    """One stimulus within the window of its trial.

    Attributes
    ----------
    label : str
    data, model : SpikeTrains
        Repeats, and runs of the model, inside the window.
    gammas : (repeat,)
        The similarity of the model with each repeat, averaged over its runs.
    reliabilities : (repeat,) or None
        That of each repeat with the others; None where there is one only.
    """

    label: str
    data: SpikeTrains
    model: SpikeTrains
    gammas: np.ndarray
    reliabilities: np.ndarray | None

    @property
    def gamma(self) -> float:
        """Mean over repeats."""
        return float(self.gammas.mean())

    @property
    def reliability(self) -> float | None:
        """Mean over repeats, None where there is one only."""
        return None if self.reliabilities is None else float(self.reliabilities.mean())


def agreements(trials: Sequence[Trial], predicted: Sequence[SpikeTrains], distance: Distance) -> list[Agreement]:
    """Compare runs of the model with the data of each trial.

    Parameters
    ----------
    trials : sequence of Trial
    predicted : sequence of SpikeTrains
        The model's runs in each, over all of the stimulus, as `lapicque.fit.predicted` gives them.
    distance : Distance
        A coincidence factor; a trial's own goes first.

    Examples
    --------
    >>> import lapicque as lq
    >>> data = SpikeTrains.from_lists([[20.0, 50.0], [21.0, 50.0]], t_stop=100, shape=(2, 1))
    >>> model = SpikeTrains.from_lists([[22.0, 50.0]], t_stop=100)
    >>> found = agreements([lq.fit.Trial(np.zeros(1000), data)], [model], lq.distances.coincidence("2 ms"))[0]
    >>> found.gammas, found.reliability
    (array([1., 1.]), 1.0)
    """
    found = []
    for n, (trial, runs) in enumerate(zip(trials, predicted, strict=True)):
        own = trial.distance
        measure = own if own is not None and is_coincidence(own) else distance
        data, model = trial.scored, runs.window(*trial.window)
        repeats = len(data)
        reliabilities = None
        if repeats > 1:
            pairs = measure.matrix(data)
            np.fill_diagonal(pairs, 0.0)
            # both orders of a pair: a coincidence factor depends on whose rate is taken
            reliabilities = (pairs.sum(axis=0) + pairs.sum(axis=1)) / (2 * (repeats - 1))
        gammas = measure.batch(model, data).mean(axis=0)
        found.append(Agreement(trial.label or f"stimulus {n}", data, model, gammas, reliabilities))
    return found


def is_coincidence(distance: Distance) -> bool:
    """Whether a distance is a coincidence factor, which alone is a score."""
    return distance.similarity and hasattr(distance, "precision")


def scoring_distance(fit: Fit, trials: Sequence[Trial] = ()) -> Distance:
    """Return the coincidence factor of the fit's objective, or that with 4 ms where it has another distance.

    Where the data fire so fast that 4 ms would be met by chance alone, the precision is halved until it means
    something, and a notice says so.

    Parameters
    ----------
    fit : Fit
    trials : sequence of Trial
        What is scored, besides the trials of the fit.

    Examples
    --------
    >>> import lapicque as lq
    >>> spikes = lq.spikes.SpikeTrains.from_lists([[30.0, 60.0]], t_stop=100)
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(1000, 400.0), spikes)],
    ...     free=dict(c_m=("50 pF", "400 pF")),
    ...     distance=lq.distances.van_rossum("10 ms"),
    ... )
    >>> scoring_distance(lq.fit.minimize(problem, budget=64))
    coincidence(precision='4 ms', counting='exclusive', rate='data')
    """
    from lapicque.distances.coincidence import coincidence

    objective = fit.cell.objective
    terms = [term for _, term in getattr(objective, "terms", ((1.0, objective),))]
    for term in terms:
        found = getattr(term, "distance", None)
        if isinstance(found, Distance) and is_coincidence(found):
            return found
    general = [t for t in (*fit.cell.trials, *trials) if t.distance is None or not is_coincidence(t.distance)]
    fastest = max((float(trial.scored.rate().max(initial=0.0)) for trial in general), default=0.0)
    precision, chosen = 4.0, coincidence("4 ms")
    while fastest >= chosen.kernels().reference_below:
        precision /= 2
        chosen = coincidence(precision)
    if precision < 4.0:
        warnings.warn(
            f"scored by coincidences within {precision:g} ms: at {fastest:.3g} Hz those within 4 ms are chance",
            LapicqueNotice,
            stacklevel=2,
        )
    return chosen
