"""Runs of a fitted model with seeds that the fit has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.held_out import predicted
from lapicque.fit.networks import NetworkProblem
from lapicque.fit.problem import Problem
from lapicque.fit.search import Candidate, Fit
from lapicque.fit.trial import Trial
from lapicque.fit.validation.observed import Given, observed
from lapicque.fit.validation.runs import FEWEST
from lapicque.progress import bar
from lapicque.spikes.trains import SpikeTrains


def both_sides(
    fit: Candidate, given: Any, seeds: int, wiring: str, seed: int, progress: bool
) -> tuple[Given, Given, list[str]]:
    """Return data, model, and notes, of a fit.

    Parameters
    ----------
    fit : Candidate
        A fit, or a candidate of a front.
    given : sequence of Trial, name -> SpikeTrains, or None
        Unseen data; the problem's own if None.
    seeds, wiring, seed, progress : as of `lapicque.fit.validate`
    """
    if isinstance(fit.problem, Problem):
        return _cells(fit, fit.problem, given)
    if not isinstance(fit.problem, NetworkProblem):
        raise FitError(f"a {type(fit.problem).__name__} is not known here: give spike trains, validate(data, model)")
    if given is not None and not isinstance(given, Mapping):
        raise FitError("validate(fit, data) of a network takes a mapping of recorders to spike trains")
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < FEWEST:
        raise FitError(f"seeds is {seeds!r}: {FEWEST} runs at least show how runs vary")
    lost = [name for name in fit.problem.data if given is not None and name not in given]
    if lost:
        raise FitError(f"the data lack {', '.join(map(repr, lost))}, which the fit had: give all of its recorders")
    original = fit.problem if given is None else fit.problem.with_data(given)  # with its window
    data = original.data if given is None else dict(given)
    notes = [] if given is not None else ["the data are those of the fit: unseen ones test more"]
    trials = max(run.shape[0] for side in observed([data], "data").values() for run in side.runs)
    seen = {original.seed, original.wiring_seed, *([fit.seed] if isinstance(fit, Fit) else [])}
    runs: list[Mapping[str, SpikeTrains]] = []
    with bar("validate", seeds, show=progress) as tick:
        try:
            for noise, wires in fresh_seeds(seen, seeds, seed):
                problem = replace(original, wiring_seed=wires) if wiring == "fresh" else original
                runs.append(problem.respond(fit.point, trials=trials, seed=noise))
                tick(1)
        except KeyboardInterrupt:
            if len(runs) < FEWEST:
                raise
            notes.append(f"interrupted after {len(runs)} of {seeds} runs")
    return [data], runs, notes


def fresh_seeds(seen: set[int], n: int, seed: int) -> list[tuple[int, int]]:
    """Return seeds of noise and of wiring that have not been seen, (run, 2)."""
    words = np.random.SeedSequence([int(seed), 0xF5E5]).generate_state(2 * n + 8)
    found = [int(word) for word in words if int(word) not in seen]
    return list(zip(found[:n], found[n : 2 * n], strict=True))


def _cells(fit: Candidate, original: Problem, given: Any) -> tuple[Given, Given, list[str]]:
    """Return the scored trains of trials as if each stimulus were a neuron, (repeat, stimulus), of data and model."""
    trials = original.trials if given is None else given
    if not isinstance(trials, Sequence) or not all(isinstance(trial, Trial) for trial in trials):
        raise FitError("validate(fit, trials) of a cell takes trials, as lq.fit.split_by_time gives them")
    problem = original.with_trials(trials)
    scored = [trial.scored for trial in problem.trials]
    model = [run.window(*trial.window) for run, trial in zip(predicted(fit, trials), problem.trials, strict=True)]
    notes = ["each stimulus counts as a neuron"]
    if given is None:
        notes.append("the data are those of the fit: unseen ones test more")
    return _beside(scored, "data"), _beside(model, "model"), notes


def _beside(trains: Sequence[SpikeTrains], side: str) -> SpikeTrains:
    durations, repeats = {round(t.duration, 9) for t in trains}, {t.shape[0] * t.shape[1] for t in trains}
    for what, found in (("windows of different lengths", durations), ("different numbers of repeats", repeats)):
        if len(found) > 1:
            shown = ", ".join(f"{value:g}" for value in sorted(found))
            raise FitError(f"the {side} have {what}, {shown}: validate trials that are alike")
    n = repeats.pop()
    lists = [train - one.t_start for k in range(n) for one in trains for train in (one.to_lists()[k],)]
    return SpikeTrains.from_lists(lists, t_stop=max(durations), shape=(n, len(trains)))
