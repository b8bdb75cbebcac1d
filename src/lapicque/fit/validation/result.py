"""What a validation says: one row a test, and the verdict on all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError, suggest


@dataclass(frozen=True)
class Row:
    """One test of one statistic of one population.

    Attributes
    ----------
    population, feature, unit, test : str
    value : float
        The test's statistic, of all values of the model against all of the data.
    data_mean, model_mean : float
        Means of the feature, in ``unit``.
    p, p_holm : float
        The test's own p, and Holm's, adjusted for all rows that have one. NaN where there is none.
    effect : float
        Hedges' g, the difference of the means in standard deviations over neurons; NaN where nothing varies.
    effect_interval : (low, high)
        Of confidence 1 - alpha.
    change : str
        What the power is for: ``"x 1.2"``, all values 1.2 times as large; ``"+0.05"``, larger by so much;
        ``"sd x 1.2"``, as wide a spread.
    power : float
        The chance that the test fails a model that is so far off, at the level that the smallest of all p must reach.
    undefined_data, undefined_model : (undefined, all)
        Numbers of values that do not exist, such as the variability of a cell with one spike.
    verdict : str
        ``"pass"``, ``"FAIL"``, or ``"undecided: "`` with the reason.
    """

    population: str
    feature: str
    unit: str
    test: str
    value: float
    data_mean: float
    model_mean: float
    p: float
    p_holm: float
    effect: float
    effect_interval: tuple[float, float]
    change: str
    power: float
    undefined_data: tuple[int, int]
    undefined_model: tuple[int, int]
    verdict: str


@dataclass(frozen=True, repr=False)
class Validation:
    """Tests of a model against data, made by `lapicque.fit.validate`.

    Attributes
    ----------
    rows : tuple of Row
    alpha : float
        The chance that any test fails a model that is right.
    independent : str
        What was taken as independent samples, ``"runs"`` or ``"neurons"``.
    notes : tuple of str
        What should be known to read the table.
    """

    rows: tuple[Row, ...]
    alpha: float
    independent: str
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every test passes; an undecided one does not."""
        return bool(self.rows) and all(row.verdict == "pass" for row in self.rows)

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows that fail."""
        return tuple(row for row in self.rows if row.verdict == "FAIL")

    @property
    def undecided(self) -> tuple[Row, ...]:
        """The rows that cannot tell."""
        return tuple(row for row in self.rows if row.verdict.startswith("undecided"))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, **where: str) -> tuple[Row, ...]:
        """Return rows by population, feature or test: ``select(feature="cv", test="KS")``.

        Raises
        ------
        FitError
            For a name that no row has.
        """
        found = self.rows
        for key, value in where.items():
            if key not in ("population", "feature", "test"):
                raise FitError(f"rows are selected by population, feature or test, not {key!r}")
            known = {getattr(row, key) for row in self.rows}
            if value not in known:
                shown = ", ".join(sorted(map(repr, known)))
                raise FitError(f"no row has the {key} {value!r}{suggest(value, known)}: there are {shown}")
            found = tuple(row for row in found if getattr(row, key) == value)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; NaN as None."""
        return {
            "passed": self.passed,
            "alpha": self.alpha,
            "independent": self.independent,
            "notes": list(self.notes),
            "rows": [{key: _plain(value) for key, value in asdict(row).items()} for row in self.rows],
        }

    def table(self) -> str:
        """Return the rows as text."""
        named = any(row.population for row in self.rows)
        heads = (
            "population",
            "statistic",
            "data",
            "model",
            "test",
            "value",
            "p",
            "p Holm",
            "effect",
            "change",
            "power",
            "verdict",
        )
        lines = [heads, *(self._cells(row) for row in self.rows)]
        if not named:
            lines = [line[1:] for line in lines]
        widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
                         for line in lines)  # fmt: skip

    def _cells(self, row: Row) -> tuple[str, ...]:
        unit = "" if row.unit == "1" else f" {row.unit}"
        low, high = row.effect_interval
        effect = "-" if np.isnan(row.effect) else f"{row.effect:+.2f} [{low:+.2f}, {high:+.2f}]"
        return (
            row.population, f"{row.feature}", f"{_number(row.data_mean)}{unit}", f"{_number(row.model_mean)}{unit}",
            row.test, _number(row.value), _number(row.p), _number(row.p_holm), effect, row.change,
            "-" if np.isnan(row.power) else f"{row.power:.2f}", row.verdict,
        )  # fmt: skip

    def __repr__(self) -> str:
        count = f"{len(self.failed)} of {len(self.rows)} tests fail, {len(self.undecided)} cannot tell"
        said = "passed" if self.passed else count
        head = f"Validation: {said} (alpha {self.alpha:g} after Holm's correction, independent {self.independent})"
        return "\n".join([head, self.table(), *(f"note: {note}" for note in self.notes)])


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3g}"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
