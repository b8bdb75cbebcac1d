"""What maximum likelihood found: estimates with their errors, and questions that every such fit answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.agreement import agreements, is_coincidence
from lapicque.fit.held_out import Score
from lapicque.fit.likelihood.forced import Bins
from lapicque.fit.likelihood.goodness import TimeRescaling, bits_per_spike, count_spikes, of_bins, rescaled
from lapicque.fit.trial import Trial
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, both in ``unit``; the error of what was given is 0.

    Examples
    --------
    >>> Estimate(-48.13, 0.21, "mV")
    -48.13 ± 0.21 mV
    """

    value: float
    standard_error: float
    unit: str

    def __repr__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        error = f" ± {self.standard_error:.2g}" if self.standard_error else ""
        return f"{self.value:.4g}{error}{unit}"


@dataclass(frozen=True, eq=False, repr=False)
class MaximumLikelihoodFit(ABC):
    """A model with escape noise that was fitted by maximum likelihood; made by `lapicque.fit.gif`, `lapicque.fit.glm`.

    Attributes
    ----------
    parameters : name -> Estimate
    trials : tuple
        What it was fitted to: trials, of a GLM stretches of bins.
    free : int
        How many parameters were estimated.
    seconds : float
    """

    parameters: Mapping[str, Estimate]
    trials: tuple[Any, ...]
    free: int
    seconds: float

    @abstractmethod
    def bins(self, trial: Any) -> Bins:
        """Return what the model expects in each bin of a trial, given the data's spikes before it."""

    @abstractmethod
    def runs(self, trial: Any, runs: int, seed: int, number: int = 0) -> SpikeTrains:
        """Return spikes of the model under a trial's stimulus: (run, 1); ``number`` tells trials of one seed apart."""

    @cached_property
    def _training(self) -> list[Bins]:
        return [self.bins(trial) for trial in self.trials]

    def _bins(self, trials: Sequence[Trial] | None) -> list[Bins]:
        return self._training if trials is None else [self.bins(trial) for trial in self._explained(trials)]

    def _explained(self, trials: Any) -> Sequence[Any]:
        """Return whose spikes are to be explained."""
        return fitted_trials(trials)

    def _presented(self, trials: Any) -> Sequence[Any]:
        """Return what the model is to be run on."""
        return self.trials if trials is None else fitted_trials(trials)

    def log_likelihood(self, trials: Sequence[Trial] | None = None) -> float:
        """Return the log-likelihood of trials, of those that were fitted if absent; see `lapicque.fit.log_likelihood`.

        ``-inf`` where the model gives a spike no chance.
        """
        return sum(of_bins(bins) for bins in self._bins(trials))

    def bits_per_spike(self, trials: Sequence[Trial] | None = None) -> float:
        """Return how much more the model knows of a spike than the mean rate of the same trials, in bits.

        Not a number without spikes.
        """
        found = self._bins(trials)
        return bits_per_spike(found, sum(of_bins(bins) for bins in found))

    def time_rescaling(self, trials: Sequence[Trial] | None = None, seed: int = 0) -> TimeRescaling:
        """Return the time-rescaling test on trials; see `lapicque.fit.time_rescaling`."""
        return rescaled(self._bins(trials), seed)

    @property
    def bin_width(self) -> float:
        """Width of the bins whose spikes are likely or not, ms: log-likelihoods compare where it is the same."""
        return self._training[0].dt

    @property
    def n_spikes(self) -> int:
        """Number of spikes that were fitted."""
        return count_spikes(self._training)

    @property
    def aic(self) -> float:
        """Akaike's information criterion, ``2 free - 2 log_likelihood``."""
        return 2 * self.free - 2 * self.log_likelihood()

    @property
    def bic(self) -> float:
        """Bayesian information criterion, ``free log(n_spikes) - 2 log_likelihood``.

        Spikes count as observations, not time bins, which can be made as many as one likes: Volinsky & Raftery 2000,
        doi:10.1111/j.0006-341X.2000.00256.x, for events in continuous time.
        """
        return self.free * float(np.log(self.n_spikes)) - 2 * self.log_likelihood()

    def predict(self, trials: Sequence[Trial] | None = None, runs: int = 20, seed: int = 0) -> list[SpikeTrains]:
        """Return spikes of the model under each trial's stimulus: SpikeTrains (run, 1), free of the data's spikes.

        Parameters
        ----------
        trials : sequence of Trial, optional
            Those that were fitted if absent.
        runs : int
        seed : int
        """
        if runs < 1:
            raise FitError(f"runs is {runs}: at least one run of the model is needed")
        return [self.runs(trial, runs, seed, n) for n, trial in enumerate(self._presented(trials))]

    def score(
        self,
        trials: Sequence[Trial] | None = None,
        distance: Distance | None = None,
        runs: int = 20,
        seed: int = 0,
    ) -> Score:
        """Score runs of the model against trials, within their windows, as `lapicque.fit.score` does.

        Parameters
        ----------
        trials : sequence of Trial, optional
            Those that were fitted if absent.
        distance : Distance, optional
            A coincidence factor; that with 4 ms if absent.
        runs : int
            Over which the coincidence factor is averaged.
        seed : int

        Raises
        ------
        FitError
            If the distance is no coincidence factor.
        """
        from lapicque.distances.coincidence import coincidence

        measure = coincidence("4 ms") if distance is None else distance
        if not is_coincidence(measure):
            raise FitError(
                f"a score is a coincidence factor, such as lq.distances.coincidence('4 ms'), not {measure!r}"
            )
        chosen = self._presented(trials)
        if not all(isinstance(trial, Trial) for trial in chosen):
            raise FitError("a score compares with the repeats of trials: give trials")
        spiking = [n for n, trial in enumerate(chosen) if trial.scored.times.size]
        predicted = self.predict(chosen, runs, seed)
        found = dict(
            zip(
                spiking,
                agreements([chosen[n] for n in spiking], [predicted[n] for n in spiking], measure),
                strict=True,
            )
        )
        rows: list[tuple[str, float, float | None]] = []
        for n, trial in enumerate(chosen):
            label = trial.label or f"stimulus {n}"
            own = found.get(n)
            rows.append((label, float("nan"), None) if own is None else (label, own.gamma, own.reliability))
        gammas = [gamma for _, gamma, _ in rows if np.isfinite(gamma)]
        known = [r for _, gamma, r in rows if np.isfinite(gamma) and r is not None]
        return Score(
            gamma=float(np.mean(gammas)) if gammas else float("nan"),
            reliability=float(np.mean(known)) if known and len(known) == len(gammas) else None,
            per_trial=tuple(rows),
        )

    def _title(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        head = (
            f"{self._title()}: {self.n_spikes} spikes in {len(self.trials)} trial{'s' * (len(self.trials) != 1)}, log-"
            f"likelihood {self.log_likelihood():.1f}, {self.bits_per_spike():.2f} bits a spike, {self.seconds:.1f} s"
        )
        width = max(map(len, self.parameters))
        return "\n".join([head, *(f"  {name:<{width}} = {found!r}" for name, found in self.parameters.items())])


def fitted_trials(given: Any) -> tuple[Trial, ...]:
    """Return what is to be fitted as trials: a recording's, or those given.

    Raises
    ------
    FitError
        If there are none, or something else is given.
    """
    from lapicque.fit.recording import Recording
    from lapicque.fit.trial import trials_of

    if isinstance(given, Recording):
        given = trials_of(given)
    elif isinstance(given, Trial):
        given = (given,)
    try:
        trials = tuple(given)
    except TypeError:
        trials = (given,)
    if not trials:
        raise FitError("there are no trials to fit to")
    for trial in trials:
        if not isinstance(trial, Trial):
            raise FitError(
                f"{trial!r} is no trial: write lq.fit.Trial(stimulus, spikes), or give a recording, lq.io.read(...)"
            )
    intervals = sorted({trial.dt for trial in trials})
    if len(intervals) > 1:
        shown = " and ".join(f"{dt:g}" for dt in intervals)
        raise FitError(f"the trials have dt {shown} ms: bring them to one by trial.resampled(dt)")
    return trials
