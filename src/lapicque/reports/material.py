"""What a report shows, gathered once: trials at the model's step, its answers, scores, notices."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import LapicqueNotice
from lapicque.fit.agreement import Agreement, agreements, scoring_distance
from lapicque.fit.held_out import Score, predicted, profile, score
from lapicque.fit.recording import Recording
from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.spikes.trains import SpikeTrains

PROFILE_POINTS = 61


@dataclass(frozen=True, eq=False)
class Part:
    """Training or test: its trials, the model's spikes in each, and how they agree."""

    name: str
    trials: tuple[Trial, ...]
    spikes: tuple[SpikeTrains, ...]
    agreements: tuple[Agreement, ...]
    score: Score


@dataclass(frozen=True, eq=False)
class Stimulus:
    """One stimulus with its place (part, number in the part) in each part that uses it, the training first."""

    label: str
    trial: Trial
    model: SpikeTrains
    places: tuple[tuple[Part, int], ...]

    def window(self, part: Part) -> tuple[float, float]:
        """Return when spikes count in a part, ms."""
        number = next(n for p, n in self.places if p is part)
        return part.trials[number].window


@dataclass(frozen=True, eq=False)
class Material:
    """All that a report shows."""

    fit: Fit
    parts: tuple[Part, ...]
    stimuli: tuple[Stimulus, ...]
    distance: Distance
    precision: float
    profiles: Mapping[str, tuple[np.ndarray, np.ndarray]]
    recording: Recording | None
    notices: tuple[str, ...]


def gather(
    fit: Fit,
    train: Sequence[Trial] | None,
    test: Sequence[Trial] | None,
    scores: Mapping[str, Score] | None,
    recording: Recording | None,
) -> Material:
    """Run the model in all trials and score it; notices that come up on the way are kept for the page.

    Parameters
    ----------
    fit : Fit
    train, test : sequence of Trial, optional
        The fit's own trials are the training if absent.
    scores : part -> Score, optional
        Computed where absent.
    recording : Recording, optional
        For its notices.
    """
    chosen = {"train": fit.cell.trials if train is None else tuple(train), "test": tuple(test or ())}
    known = dict(scores or {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LapicqueNotice)
        distance = scoring_distance(fit, [trial for trials in chosen.values() for trial in trials])
        parts = tuple(
            _part(fit, name, trials, distance, known.get(name)) for name, trials in chosen.items() if len(trials)
        )
    for warning in caught:
        if not issubclass(warning.category, LapicqueNotice):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    own = (str(w.message) for w in caught if issubclass(w.category, LapicqueNotice))
    return Material(
        fit,
        parts,
        tuple(_stimuli(parts)),
        distance,
        float(getattr(distance, "precision", 4.0)),
        profile(fit, PROFILE_POINTS),
        recording,
        tuple(dict.fromkeys([*(recording.notices if recording is not None else ()), *own])),
    )


def _part(fit: Fit, name: str, trials: Sequence[Trial], distance: Distance, known: Score | None) -> Part:
    at_step = fit.cell.with_trials(trials).trials
    spikes = tuple(predicted(fit, at_step))
    found = tuple(agreements(at_step, spikes, distance))
    return Part(name, tuple(at_step), spikes, found, known or score(fit, at_step, distance))


def _stimuli(parts: Sequence[Part]) -> list[Stimulus]:
    groups: list[list[tuple[Part, int]]] = []
    for part in parts:
        for number, trial in enumerate(part.trials):
            for group in groups:
                first, place = group[0]
                if first is not part and _same(first.trials[place], trial):
                    group.append((part, number))
                    break
            else:
                groups.append([(part, number)])
    found = []
    for group in groups:
        part, number = group[0]
        label = part.agreements[number].label
        found.append(Stimulus(label, part.trials[number], part.spikes[number], tuple(group)))
    return found


def _same(a: Trial, b: Trial) -> bool:
    """Whether two trials are parts of one: the same stimulus and the same spikes."""
    left, right = a.inputs, b.inputs
    same_inputs = left.keys() == right.keys() and all(np.array_equal(left[name], right[name]) for name in left)
    return same_inputs and a.label == b.label and a.spikes == b.spikes
