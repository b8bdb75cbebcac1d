"""Test a model against data, with tests that it can fail and that say what a pass is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.fit import features as catalogue
from lapicque.fit.search import Candidate
from lapicque.fit.validation.comparison import Comparison, Feature, compare, judged, name_of
from lapicque.fit.validation.distributions import ks
from lapicque.fit.validation.fresh import both_sides
from lapicque.fit.validation.moments import welch
from lapicque.fit.validation.observed import Given, Observed, observed, paired
from lapicque.fit.validation.result import Row, Validation
from lapicque.fit.validation.runs import FEWEST
from lapicque.fit.validation.two_sample import TwoSampleTest

#: Where the shares of values that are undefined differ by so much, a note says so.
UNEQUAL = 0.1


def validate(
    data: Given | Candidate,
    model: Any = None,
    *,
    features: Sequence[Feature] | None = None,
    tests: Sequence[TwoSampleTest] | None = None,
    alpha: float = 0.05,
    change: float | Mapping[str, float] = 0.2,
    power: float = 0.8,
    independent: str | None = None,
    seeds: int = 20,
    wiring: str = "fresh",
    seed: int = 0,
    progress: bool = True,
) -> Validation:
    """Compare distributions over neurons of data and of a model, each feature by each test.

    A test passes where it does not fail and had the power to: the chance to fail a model that is off by ``change`` is
    at least ``power``. Without that it is undecided.

    The neurons of one network are not independent samples: they share its wiring and its fluctuations. With several
    runs of the model, each with fresh seeds, a run counts as one sample, and the data are compared with the spread of
    the model's runs. With one run, neurons are taken as independent, as most studies do; for a recurrent network these
    p values can be far too small or too large.

    Parameters
    ----------
    data : SpikeTrains (trial, neuron), name -> SpikeTrains, sequence of those, or Fit or Compromise
        The trials of one `SpikeTrains` are runs; of a sequence, its items are, and trials of an item belong together. A
        long recording becomes runs by `lapicque.fit.validation.pieces`.
    model : as data
        Of a fit to single cells: the trials to predict, unseen ones if possible. Of a fit of a network: absent.
    features : sequence of Feature
        Of `lapicque.fit.features`: rate, CV, LV and pairwise correlation in 20 ms if absent.
    tests : sequence of TwoSampleTest
        Of `lapicque.fit.validation`: `welch` and `ks` if absent.
    alpha : float
        The chance that any row fails a model that is right, by Holm's correction over all rows.
    change : float, or feature -> float
        What the power is for. A float is relative: all values, or their spread for tests of that, are larger or smaller
        by this share. (Pairwise correlations, whose mean is near 0, are larger by 0.05.) By name, what is added.
    power : float
        That a pass needs.
    independent : ``"runs"`` or ``"neurons"``, optional
        Runs if the model has four at least.
    seeds : int
        Fresh runs of a fit.
    wiring : ``"fresh"`` or ``"kept"``
        Whether the fresh runs of a fit of a network are wired anew: data of an unknown wiring ask for that.
    seed : int
        Of the fresh seeds, and of draws and permutations.
    progress : bool
        Show a bar for the fresh runs.

    Returns
    -------
    Validation

    Raises
    ------
    FitError
        For sides that cannot be compared: other populations, or windows of different lengths, which leave nothing but
        mean rates comparable.

    References
    ----------
    .. [1] Gutzen et al. 2018, Front. Neuroinform. 12, 90, https://doi.org/10.3389/fninf.2018.00090

    Examples
    --------
    >>> import lapicque as lq
    >>> data, same, faster = (
    ...     lq.spikes.gamma(rate, shape=4, t_stop="10 s", seed=seed, trains=100)
    ...     for seed, rate in ((1, "20 Hz"), (2, "20 Hz"), (3, "24 Hz"))
    ... )
    >>> lq.fit.validate(data, same).passed
    True
    >>> lq.fit.validate(data, faster, features=[lq.fit.features.rate()])
    Validation: 2 of 2 tests fail, ...
    """
    _check(alpha, power, independent, wiring, seed)
    rng = np.random.default_rng(np.random.SeedSequence([int(seed), 0x7E57]))
    notes: list[str] = []
    if isinstance(data, Candidate):
        data, model, said = both_sides(data, model, seeds, wiring, seed, progress)
        notes += said
    elif model is None:
        raise FitError("there is no model: give its spikes, validate(data, model), or a fit")
    populations = paired(observed(data, "data"), observed(model, "model"))
    usual = catalogue.rate(), catalogue.cv(), catalogue.lv(), catalogue.correlation()
    chosen = usual if features is None else _sequence(features, "feature", callable)
    asked = (welch(), ks()) if tests is None else _sequence(tests, "test", lambda t: isinstance(t, TwoSampleTest))
    unit = independent or _what_is_independent(populations)
    if unit == "neurons" and any(len(m.runs) == 1 for _, _, m in populations) and independent is None:
        notes.append(f"neurons are taken as independent: for networks, give {FEWEST} runs of the model or more")
    if independent == "runs":
        _need_runs(populations)
    _check_change(change, [name_of(f) for f in chosen])
    rows: list[Comparison] = []
    for name, mine, yours in populations:
        mine, yours, said = _alike(mine, yours, unit, rng)
        notes += said
        for feature in chosen:
            _comparable(feature, asked, mine, yours, unit)
            rows += compare(name, feature, asked, mine, yours, unit, change, alpha)
    found = tuple(judged(rows, alpha, power, rng))
    notes += [note for row in found for note in _left_out(row)]
    notes += [
        f"{one.row.feature}{f' of {one.row.population!r}' if one.row.population else ''}: the runs of the model do not "
        "differ, so its neurons are compared, as if independent"
        for one in rows
        if one.equal_runs
    ]
    return Validation(found, alpha, unit, tuple(dict.fromkeys(notes)))


def _left_out(row: Row) -> list[str]:
    """Say where a feature is undefined for another share of the model than of the data: tests see the rest only."""
    (mine, all_mine), (yours, all_yours) = row.undefined_data, row.undefined_model
    none = mine == all_mine or yours == all_yours  # the verdict says so
    if none or abs(mine / all_mine - yours / all_yours) < UNEQUAL:
        return []
    of = f" of {row.population!r}" if row.population else ""
    return [
        f"{row.feature}{of} is undefined for {mine} of {all_mine} in the data and {yours} of {all_yours} in the model: "
        "the rest is compared, and the difference in what is left out is not tested"
    ]


def _check(alpha: float, power: float, independent: str | None, wiring: str, seed: int) -> None:
    for name, value in (("alpha", alpha), ("power", power)):
        if not 0 < value < 1:
            raise FitError(f"{name} is {value!r}: a probability between 0 and 1 is expected")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise FitError(f"seed is {seed!r}: a whole number from 0 is expected")
    if independent not in (None, "runs", "neurons"):
        raise FitError(f"independent is {independent!r}: write 'runs' or 'neurons'")
    if wiring not in ("fresh", "kept"):
        raise FitError(f"wiring is {wiring!r}: write 'fresh' or 'kept'")


def _check_change(change: float | Mapping[str, float], known: Sequence[str]) -> None:
    if not isinstance(change, Mapping):
        if not 0 < change <= 1:
            raise FitError(f"change is {change!r}: a share between 0 and 1 is expected, such as 0.2")
        return
    for name, amount in change.items():
        if name not in known:
            raise FitError(f"change: {name!r} is not compared{suggest(name, known)}")
        if not np.isfinite(amount) or amount == 0:
            raise FitError(f"change of {name!r} is {amount!r}: an amount in its unit is expected, other than 0")


def _sequence(given: Any, what: str, fits: Callable[[Any], bool]) -> tuple[Any, ...]:
    found = tuple(given) if isinstance(given, Sequence) else (given,)
    if not found or not all(fits(one) and not isinstance(one, type) for one in found):
        made = "lq.fit.features.rate()" if what == "feature" else "lq.fit.validation.ks()"
        raise FitError(f"{what}s are {given!r}: write them as {made}")
    return found


def _alike(
    mine: Observed, yours: Observed, unit: str, rng: np.random.Generator
) -> tuple[Observed, Observed, list[str]]:
    """Return both sides as if they had been observed alike: more neurons or trials of the model would vary less."""
    notes = []
    if unit == "neurons":
        trials = min(mine.trials, yours.trials)
        for side in (mine, yours):
            if side.trials > trials:
                notes.append(
                    f"{side.label}: the first {trials} of {side.trials} trials are taken, as many as both have"
                )
        return mine.first(trials), yours.first(trials), notes
    few, many = (max(run.shape[0] for run in side.runs) for side in (mine, yours))
    if many > few:
        notes.append(f"{yours.label}: the first {few} of {many} trials of a run are taken, as many as the data have")
        yours = yours.shortened(few)
    if yours.neurons > mine.neurons:
        notes.append(
            f"{yours.label}: {mine.neurons} of {yours.neurons} neurons are drawn for each run, as many as the data have"
        )
        yours = yours.drawn(mine.neurons, rng)
    return mine, yours, notes


def _what_is_independent(populations: Sequence[tuple[str, Observed, Observed]]) -> str:
    return "runs" if all(len(model.runs) >= FEWEST for _, _, model in populations) else "neurons"


def _need_runs(populations: Sequence[tuple[str, Observed, Observed]]) -> None:
    for _, _, model in populations:
        if len(model.runs) < FEWEST:
            raise FitError(
                f"{model.label}: {len(model.runs)} runs do not show how runs vary: give {FEWEST} or more, with fresh "
                "seeds, or write independent='neurons'"
            )


def _comparable(feature: Any, tests: Sequence[TwoSampleTest], mine: Observed, yours: Observed, unit: str) -> None:
    if getattr(feature, "of_population", False) and mine.neurons != yours.neurons:
        raise FitError(
            f"{feature} depends on the number of neurons, {mine.neurons} of {mine.label} and {yours.neurons} of "
            f"{yours.label}: select as many, trains[:, :{min(mine.neurons, yours.neurons)}]"
        )
    same = np.isclose(mine.duration, yours.duration, rtol=1e-9)
    for test in tests:
        if same or (unit == "neurons" and getattr(feature, "name", "") == "rate" and test.mean_only):
            continue
        raise FitError(
            f"{feature} by {test.name} depends on the length of the window, {mine.duration:g} ms of {mine.label} and "
            f"{yours.duration:g} ms of {yours.label}: cut one with .window(t_start, t_stop); only mean rates of "
            "independent neurons can be compared as they are"
        )
