"""Rows of a validation: one feature by several tests, then the verdicts of all rows together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.fit.validation.effect import interval
from lapicque.fit.validation.multiplicity import holm
from lapicque.fit.validation.observed import Observed
from lapicque.fit.validation.result import Row
from lapicque.fit.validation.runs import FEWEST, AcrossRuns
from lapicque.fit.validation.two_sample import Change, TwoSampleTest

Feature = Callable[..., Any]

#: The relative change, of all values or of their spread, that the power is for unless another is asked for.
USUAL = 0.2

#: Changes that are absolute unless others are asked for, because the mean is near 0.
ABSOLUTE = {"correlation": 0.05, "tiling": 0.05}


def name_of(feature: Feature) -> str:
    """Return what a feature, or any function of spike trains, is called."""
    return str(getattr(feature, "name", getattr(feature, "__name__", feature)))


@dataclass
class Comparison:
    """A row in the making: its values of each run, and why it cannot be decided, if so."""

    row: Row
    test: TwoSampleTest
    change: Change
    data: list[np.ndarray]
    model: list[np.ndarray]
    across: AcrossRuns | None
    why: str
    equal_runs: bool = False  # of the model, so that neurons are compared


def compare(
    name: str,
    feature: Feature,
    tests: Sequence[TwoSampleTest],
    mine: Observed,
    yours: Observed,
    unit: str,
    change: float | Mapping[str, float],
    alpha: float,
) -> list[Comparison]:
    """Return one feature of one population by several tests, each with its statistic.

    Parameters
    ----------
    name : str
        Of the population.
    mine, yours : Observed
        Data and model.
    unit : ``"runs"`` or ``"neurons"``
        What is independent.
    change, alpha : as of `lapicque.fit.validate`
    """
    if unit == "runs":
        sides = mine.values(feature), yours.values(feature)
    else:
        sides = [mine.per_neuron(feature)], [yours.per_neuron(feature)]
    undefined = [(int(np.isnan(np.concatenate(side)).sum()), len(np.concatenate(side))) for side in sides]
    data, model = ([run[~np.isnan(run)] for run in side] for side in sides)
    data, model = ([run for run in side if run.size] for side in (data, model))
    means = [float(np.concatenate(side).mean()) if side else float("nan") for side in (data, model)]
    nothing = float("nan"), (float("nan"), float("nan"))
    enough = bool(data and model) and (unit == "neurons" or len(model) >= FEWEST)
    effect = interval(data, model, unit == "runs", alpha) if enough else nothing
    key = name_of(feature)
    found = []
    for test in tests:
        amount = _change(test, key, change)
        row = Row(
            population=name, feature=str(feature) if hasattr(feature, "name") else key, test=test.name,
            unit=getattr(feature, "unit", "1"), value=float("nan"), data_mean=means[0], model_mean=means[1],
            p=float("nan"), p_holm=float("nan"), effect=effect[0], effect_interval=effect[1],
            change="-" if test.equivalence else repr(amount),
            power=float("nan"), undefined_data=undefined[0], undefined_model=undefined[1], verdict="",
        )  # fmt: skip
        found.append(_tested(Comparison(row, test, amount, data, model, None, ""), unit))
    return found


def _change(test: TwoSampleTest, feature: str, asked: float | Mapping[str, float]) -> Change:
    """Return the change that the power of a test is for."""
    named = asked if isinstance(asked, Mapping) else {}
    factor = 1 + (USUAL if isinstance(asked, Mapping) else asked)
    if test.spread:
        return Change(factor, spread=True)
    shift = named.get(feature, ABSOLUTE.get(feature))
    return Change(factor) if shift is None else Change(shift=float(shift))


def _tested(found: Comparison, unit: str) -> Comparison:
    """Return a comparison with its statistic, or why there is none."""
    data, model, row, test = found.data, found.model, found.row, found.test
    for side, (missing, total) in (("data", row.undefined_data), ("model", row.undefined_model)):
        if not total:
            return replace(found, why=f"there are none in the {side}")
        if missing == total:
            return replace(found, why=f"undefined for all {total} of the {side}")
    if unit == "runs" and len(model) < FEWEST:
        return replace(found, why=f"defined in {len(model)} runs of the model only")
    if unit == "neurons" and min(len(data[0]), len(model[0])) < 2:
        return replace(found, why="one value is no sample")
    pooled = np.concatenate(data), np.concatenate(model)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = test.statistic(*pooled) if min(map(len, pooled)) > 1 else float("nan")
    across = None
    if unit == "runs" and test.equivalence is None:
        across = AcrossRuns(test, data, model, found.change)
        if across.error == 0:  # one run says it all: what is left to compare are its neurons
            return _of_equal_runs(replace(found, row=replace(row, value=value)))
    return replace(found, row=replace(row, value=value), across=across)


def _of_equal_runs(found: Comparison) -> Comparison:
    """Return a comparison of neurons, for a model whose runs are all the same."""
    data, model = np.concatenate(found.data), found.model[0]
    if min(len(data), len(model)) < 2:
        return replace(found, why="the runs of the model do not differ, and one value is no sample")
    if np.ptp(np.concatenate([data, model])) == 0:
        return replace(found, why="nothing varies on either side")
    return replace(found, data=[data], model=[model], equal_runs=True)


def judged(found: Sequence[Comparison], alpha: float, power: float, rng: np.random.Generator) -> list[Row]:
    """Return rows with p, Holm's p, power and verdict; all of them are one family."""
    p = []
    for one in found:
        if one.why or one.test.equivalence is not None:
            p.append(float("nan"))
        elif one.across is not None:
            p.append(one.across.p)
        else:
            p.append(one.test.p_value(one.data[0], one.model[0], rng))
    adjusted = holm(p)
    level = alpha / max(1, int(np.isfinite(p).sum()))
    rows = []
    for one, own, all_of_them in zip(found, p, adjusted, strict=True):
        row = replace(one.row, p=float(own), p_holm=float(all_of_them))
        if one.why:
            rows.append(replace(row, verdict=f"undecided: {one.why}"))
        elif one.test.equivalence is not None:
            rows.append(replace(row, verdict=_small(row, one.test.equivalence)))
        else:
            if one.across is not None:
                chance = one.across.power(level)
            else:
                chance = one.test.power(one.data[0], len(one.model[0]), one.change, level, rng)
            verdict = "FAIL" if all_of_them < alpha else "pass" if chance >= power else f"undecided: power {chance:.2g}"
            rows.append(replace(row, power=chance, verdict=verdict))
    return rows


def _small(row: Row, largest: float) -> str:
    low, high = row.effect_interval
    if np.isnan(low):
        return "undecided: nothing varies"
    if -largest <= low and high <= largest:
        return "pass"
    if low > largest or high < -largest:
        return "FAIL"
    return f"undecided: {low:.2f} to {high:.2f}"
