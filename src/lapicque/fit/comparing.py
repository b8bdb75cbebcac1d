"""Several fitted models on the same held-out data: which is best, and whether the data can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError
from lapicque.fit.agreement import agreements, is_coincidence
from lapicque.fit.held_out import Score, predicted
from lapicque.fit.likelihood.found import MaximumLikelihoodFit, fitted_trials
from lapicque.fit.networks import NetworkProblem
from lapicque.fit.problem import Problem
from lapicque.fit.search import Candidate
from lapicque.fit.trial import Trial
from lapicque.spikes.trains import SpikeTrains

BEST, AS_GOOD, WORSE, UNKNOWN, UNSCORED = "best", "as good: interval holds 0", "worse", "not known", "no score"
NAN = float("nan")
_HEADS = {
    "free": "free", "loss": "training loss", "score": "held out", "reliability": "reliability", "ratio": "ratio",
    "log_likelihood": "log-lik.", "bits_per_spike": "bits/spike", "aic": "AIC", "bic": "BIC",
    "difference": "difference", "low": "low", "high": "high",
}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """A model among those that were compared; what does not exist for it is not a number (NaN).

    Attributes
    ----------
    name : str
    free : int
        Number of free parameters.
    loss : float
        Of the training: losses of different objectives do not compare.
    score : float
        On held-out data. Of a cell the coincidence factor, more is better; of a network the objective, less is better.
    reliability, ratio : float
        Of the held-out repeats, and the score relative to it; NaN for single repeats and for networks.
    log_likelihood, bits_per_spike : float
        On held-out data, of models that were fitted by maximum likelihood.
    aic, bic : float
        On what was fitted, of the same models.
    difference, low, high : float
        How much better than the best model (below 0: worse), and the ends of the interval.
    verdict : str
    """

    name: str
    free: int
    loss: float
    score: float
    reliability: float = NAN
    ratio: float = NAN
    log_likelihood: float = NAN
    bits_per_spike: float = NAN
    aic: float = NAN
    bic: float = NAN
    difference: float = NAN
    low: float = NAN
    high: float = NAN
    verdict: str = UNSCORED


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    rows : tuple of Compared
        The best model first.
    measure : str
        What was scored.
    over : str
        What the bootstrap drew: ``"12 stimuli"``; several at least, else no interval is given.
    confidence : float
        Of the intervals.
    bins : name -> float
        The width of the bins of each likelihood, ms: where they differ, neither likelihoods nor criteria are given.
    """

    rows: tuple[Compared, ...]
    measure: str
    over: str
    confidence: float
    bins: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> str:
        """Name of the model with the best score; empty if none has a score."""
        return self.rows[0].name if self.rows[0].verdict == BEST else ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """How to read the rows."""
        said = [f"Held out: {self.measure}. Differences with {self.confidence:.0%} intervals, over {self.over}."]
        if any(row.verdict == UNKNOWN for row in self.rows):
            said.append("One held-out stimulus or repeat says nothing of the uncertainty: there are no intervals.")
        if len(set(self.bins.values())) > 1:
            shown = " and ".join(f"{width:g} ms ({name!r})" for name, width in self.bins.items())
            said.append(f"Likelihoods, AIC and BIC of bins of {shown} do not compare: fit all at one dt.")
        without = [row.name for row in self.rows if not np.isfinite(row.aic) and row.name not in self.bins]
        if without:
            said.append(f"No likelihood, so neither AIC nor BIC nor bits per spike: {', '.join(without)}.")
        unscored = [row.name for row in self.rows if not np.isfinite(row.score)]
        if unscored:
            said.append(f"No score on the held-out data: {', '.join(unscored)}.")
        return tuple(said)

    def columns(self) -> dict[str, list[str]]:
        """Return the columns in which some row has a number, heading -> texts; then the verdicts."""
        found = {"model": [row.name for row in self.rows]}
        for name, head in _HEADS.items():
            values = [getattr(row, name) for row in self.rows]
            if np.isfinite(values).any():
                found[head] = [f"{value:.4g}" if np.isfinite(value) else "-" for value in values]
        return {**found, "verdict": [row.verdict for row in self.rows]}

    def table(self) -> str:
        """Return the rows as text."""
        columns = [[head, *texts] for head, texts in self.columns().items()]
        widths = [max(map(len, column)) for column in columns]
        ends = {0, len(columns) - 1}
        lines = [
            "  ".join(
                t.ljust(w) if n in ends else t.rjust(w) for n, (t, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in zip(*columns, strict=True)
        ]
        return "\n".join(line.rstrip() for line in lines)

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; numbers that are not finite are None."""
        rows = [
            {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in vars(row).items()}
            for row in self.rows
        ]
        return {"best": self.best, "measure": self.measure, "over": self.over, "confidence": self.confidence,
                "rows": rows, "remarks": list(self.remarks)}  # fmt: skip

    def __repr__(self) -> str:
        return "\n".join([self.table(), *self.remarks])


def compare(
    fits: Mapping[str, Any],
    held_out: Any,
    *,
    distance: Distance | None = None,
    runs: int = 20,
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare fitted models on data that none of them has seen.

    Each model's difference from the best is the mean over held-out stimuli (of one stimulus its repeats, of a network
    the trials), and its interval the percentile bootstrap over them, the same draws for both models: Efron &
    Tibshirani, An Introduction to the Bootstrap (1993), section 13.3. Intervals from a handful of stimuli are too
    narrow, and are not corrected for the choice of the best model or for how many were compared.

    Parameters
    ----------
    fits : name -> Fit or MaximumLikelihoodFit
        All of cells, or all of networks.
    held_out : sequence of Trial or Recording, or recorder name -> SpikeTrains (trial, neuron)
        Of cells the first, of networks the second.
    distance : Distance, optional
        The coincidence factor that judges cells; that with 4 ms if absent. Trials' own distances are left aside.
    runs : int
        Of a model that was fitted by maximum likelihood; the others run as often as their problems say.
    draws : int
        Of the bootstrap.
    confidence : float
        Of the intervals, within (0, 1).
    seed : int
        Of the bootstrap, and of the runs.

    Raises
    ------
    FitError
        If nothing is given, cells are mixed with networks, the models were fitted to different data or, of networks,
        by different objectives, or what is held out was fitted.

    Examples
    --------
    >>> import lapicque as lq
    >>> current = np.full(4000, 600.0)
    >>> spikes = lq.simulate(lq.neurons.lif, "400 ms", inputs={"i_ext": current}).spikes
    >>> train, test = lq.fit.split_by_time([lq.fit.Trial(current, spikes)], 0.6)
    >>> near = lq.distances.coincidence("4 ms")
    >>> fits = {
    ...     name: lq.fit.minimize(lq.fit.Problem(lq.neurons.lif, train, free=dict(c_m=c_m), distance=near), budget=200)
    ...     for name, c_m in {"small": ("20 pF", "60 pF"), "wide": ("50 pF", "900 pF")}.items()
    ... }
    >>> compare(fits, test).best
    'wide'
    """
    if not isinstance(fits, Mapping) or not fits:
        raise FitError("there is nothing to compare: give fits by name, such as {'lif': fit, 'adex': other}")
    if not 0 < confidence < 1:
        raise FitError(f"confidence is {confidence:g}: a number between 0 and 1 is expected, such as 0.95")
    if draws < 1 or runs < 1:
        raise FitError(f"draws is {draws} and runs is {runs}: at least one of each is needed")
    kinds = {name: _kind(name, fit) for name, fit in fits.items()}
    if len(set(kinds.values())) > 1:
        shown = ", ".join(f"{name!r} is of a {kind}" for name, kind in kinds.items())
        raise FitError(f"cells and networks do not compare: {shown}")
    if "cell" in kinds.values():
        measure, over, found = _cells(fits, held_out, distance, runs, seed)
    else:
        if distance is not None:
            raise FitError("networks are judged by their own objective: leave out distance=")
        measure, over, found = _networks(fits, held_out)
    return Comparison(ranked(found, draws, confidence, seed), measure, over, confidence, _bins_of(fits))


def _kind(name: str, fit: Any) -> str:
    if isinstance(fit, MaximumLikelihoodFit):
        return "cell"
    if isinstance(fit, Candidate) and isinstance(fit.problem, Problem):
        return "cell"
    if isinstance(fit, Candidate) and isinstance(fit.problem, NetworkProblem):
        return "network"
    raise FitError(
        f"{name!r} is a {type(fit).__name__}: the fit of a cell or a network is expected, of lq.fit.minimize"
    )


Units = np.ndarray  # (unit,): how good a model is on each stimulus, repeat or trial; more is better


def _cells(
    fits: Mapping[str, Any], held_out: Any, distance: Distance | None, runs: int, seed: int
) -> tuple[str, str, list[tuple[Compared, Units]]]:
    from lapicque.distances.coincidence import coincidence

    measure = coincidence("4 ms") if distance is None else distance
    if not is_coincidence(measure):
        raise FitError(f"a score is a coincidence factor, such as lq.distances.coincidence('4 ms'), not {measure!r}")
    if isinstance(held_out, Mapping):
        raise FitError("cells are compared on trials: give a sequence of lq.fit.Trial, or a recording")
    trials = [replace(trial, distance=None) for trial in fitted_trials(held_out)]
    spiking = [trial for trial in trials if trial.scored.times.size]
    if not spiking:
        raise FitError("the held-out trials have no spikes in their windows: nothing can be scored")
    _check_trials(fits, trials)
    over, found = scored(fits, trials, spiking, measure, runs, seed)
    return f"{measure!r}, more is better", over, found


def scored(
    fits: Mapping[str, Any], trials: Sequence[Trial], spiking: Sequence[Trial], measure: Distance, runs: int, seed: int
) -> tuple[str, list[tuple[Compared, Units]]]:
    """Return what cells are scored over, and each one's row with its score on each stimulus, or on each repeat."""
    comparable = len(set(_bins_of(fits).values())) == 1
    found = []
    for name, fit in fits.items():
        likely = isinstance(fit, MaximumLikelihoodFit)
        ran = fit.predict(spiking, runs, seed) if likely else predicted(fit, spiking)
        each = agreements(spiking, ran, measure)
        known = [a.reliability for a in each if a.reliability is not None]
        score = Score(
            float(np.mean([a.gamma for a in each])),
            float(np.mean(known)) if len(known) == len(each) else None,
            tuple((a.label, a.gamma, a.reliability) for a in each),
        )
        ratio = score.gamma_over_reliability if score.reliability is not None else None
        row = Compared(
            name=name,
            free=fit.free if likely else fit.problem.dimension,
            loss=NAN if likely else _loss(fit),
            score=score.gamma,
            reliability=NAN if score.reliability is None else score.reliability,
            ratio=NAN if ratio is None else ratio,
            log_likelihood=fit.log_likelihood(trials) if likely and comparable else NAN,
            bits_per_spike=fit.bits_per_spike(trials) if likely else NAN,
            aic=fit.aic if likely and comparable else NAN,
            bic=fit.bic if likely and comparable else NAN,
        )
        units = np.array([a.gamma for a in each]) if len(each) > 1 else np.asarray(each[0].gammas, float)
        found.append((row, units))
    several = len(spiking) > 1
    count = len(spiking) if several else len(spiking[0].spikes)
    return _counted(count, "stimuli" if several else "repeats"), found


def _bins_of(fits: Mapping[str, Any]) -> dict[str, float]:
    """Return the width of the bins of each likelihood, ms."""
    return {name: fit.bin_width for name, fit in fits.items() if isinstance(fit, MaximumLikelihoodFit)}


def _counted(count: int, what: str) -> str:
    return f"{count} {what if count != 1 else {'stimuli': 'stimulus', 'repeats': 'repeat', 'trials': 'trial'}[what]}"


def _check_trials(fits: Mapping[str, Any], held_out: Sequence[Trial]) -> None:
    seen: dict[str, set[Any]] = {}
    for name, fit in fits.items():
        trained = getattr(fit, "data", fit.trials) if isinstance(fit, MaximumLikelihoodFit) else fit.problem.trials
        if isinstance(trained, SpikeTrains):
            continue  # of a GLM that knows no trials
        seen[name] = {(trial.window, _spikes_of(trial.spikes)) for trial in trained}
        for trial in held_out:
            own = _spikes_of(trial.spikes)
            for window, spikes in seen[name]:
                if trial.spikes.times.size and spikes == own and _overlap(window, trial.window):
                    raise FitError(
                        f"{name!r} was fitted to {trial!r}, which is to be held out: split the trials before the fit, "
                        "lq.fit.split_by_time(trials, 0.6)"
                    )
    _same(seen, "different data")


def _spikes_of(trains: SpikeTrains) -> tuple[bytes, bytes]:
    return trains.times.tobytes(), trains.counts.tobytes()


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return min(a[1], b[1]) - max(a[0], b[0]) > 1e-9


def _same(found: Mapping[str, Any], what: str) -> None:
    names = list(found)
    for name in names[1:]:
        if found[name] != found[names[0]]:
            raise FitError(f"{names[0]!r} and {name!r} were fitted to {what}: fit both to the same")


def _networks(fits: Mapping[str, Any], held_out: Any) -> tuple[str, str, list[tuple[Compared, Units]]]:
    if not isinstance(held_out, Mapping) or not held_out:
        raise FitError("networks are compared on spikes by recorder: give {'exc': trains}, SpikeTrains (trial, neuron)")
    _same(
        {name: {k: _spikes_of(v) for k, v in fit.problem.data.items()} for name, fit in fits.items()}, "different data"
    )
    _same({name: repr(fit.problem.objective) for name, fit in fits.items()}, "different objectives")
    for name, fit in fits.items():
        if len(fit.problem.objectives) > 1:
            raise FitError(f"{name!r} has several objectives, {', '.join(fit.problem.objectives)}: compare fits of one")
        data = fit.problem.data
        if any(v.times.size and k in data and _spikes_of(data[k]) == _spikes_of(v) for k, v in held_out.items()):
            raise FitError(f"{name!r} was fitted to the data that are to be held out: give other trials")
    counts = {trains.shape[0] for trains in held_out.values()}
    if len(counts) > 1:
        raise FitError(f"the recorders have {', '.join(map(str, sorted(counts)))} trials: the same are expected of all")
    count = counts.pop()
    found = []
    for name, fit in fits.items():
        whole = _objective(fit, held_out)
        units = [whole] if count == 1 else [
            _objective(fit, {k: v[n : n + 1, :] for k, v in held_out.items()}) for n in range(count)
        ]  # fmt: skip
        row = Compared(name=name, free=fit.problem.dimension, loss=_loss(fit), score=whole)
        found.append((row, -np.array(units)))
    objective = next(iter(fits.values())).problem.objective
    return f"{objective!r}, less is better", _counted(count, "trials"), found


def _objective(fit: Candidate, data: Mapping[str, SpikeTrains]) -> float:
    problem: Any = fit.problem
    return float(np.squeeze(problem.with_data(data).losses(fit.point[None, :])))


def _loss(fit: Candidate) -> float:
    found = getattr(fit, "loss", None)
    return NAN if found is None else float(found)


def ranked(found: Sequence[tuple[Compared, Units]], draws: int, confidence: float, seed: int) -> tuple[Compared, ...]:
    """Return the rows from the best to the worst, with their differences from the best."""
    scored = sorted((f for f in found if np.isfinite(f[1]).all()), key=lambda f: -f[1].mean())
    unscored = [row for row, units in found if not np.isfinite(units).all()]
    if not scored:
        return tuple(unscored)
    first, best = scored[0]
    picks = np.random.default_rng(seed).integers(best.size, size=(draws, best.size))
    rows = [replace(first, difference=0.0, verdict=BEST)]
    for row, units in scored[1:]:
        by = units - best
        low, high = np.quantile(by[picks].mean(axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
        if best.size < 2:
            rows.append(replace(row, difference=float(by.mean()), verdict=UNKNOWN))
        else:
            verdict = AS_GOOD if low <= 0 <= high else WORSE
            rows.append(replace(row, difference=float(by.mean()), low=float(low), high=float(high), verdict=verdict))
    return (*rows, *unscored)
