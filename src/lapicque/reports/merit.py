"""Figures of merit: what a reproduction reaches, beside what was published or asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TARGET = re.compile(
    rf"\s*(?:(?P<comparison><=|>=|<|>|=)\s*(?P<bound>{_NUMBER})|(?P<centre>{_NUMBER})\s*(?:±|\+/-)\s*(?P<half>{_NUMBER})"
    rf"|(?P<low>{_NUMBER})\s+to\s+(?P<high>{_NUMBER}))\s*(?P<unit>[^\d\s<>][^<>]*)?$"
)


@dataclass(frozen=True)
class Merit:
    """One figure that a reproduction is measured by: its name, our value, what it should be, what was published.

    Whether it is met follows from the value and the target, so a table cannot say otherwise.

    Parameters
    ----------
    name : str
        What is measured.
    ours : float
        Our value, in the unit that the target names.
    target : str
        ``"< 0.5 ms"``, ``">= 97 %"``, ``"= 0 errors"``, ``"16.3 ± 1.5 Hz"`` or ``"10 to 30 Hz"``.
    published : str
        What the paper reports, as a text; empty where it reports no number.

    Raises
    ------
    ValueError
        If the target is none of these.

    Examples
    --------
    >>> crossing = Merit("LTD turns into LTP at", 15.9, "16.3 ± 1.5 Hz", published="16.33 Hz")
    >>> crossing.met, crossing.value
    (True, '15.9 Hz')
    """

    name: str
    ours: float
    target: str
    published: str = ""

    def __post_init__(self) -> None:
        if _TARGET.match(self.target) is None:
            raise ValueError(
                f"the target of {self.name!r} is {self.target!r}: write '< 0.5 ms', '>= 97 %', '= 0', '16.3 ± 1.5 Hz' "
                "or '10 to 30 Hz'"
            )

    @property
    def met(self) -> bool:
        """Whether the value is as the target asks; what is not a number is not."""
        found = _TARGET.match(self.target)
        assert found is not None
        if found["comparison"]:
            ours, bound = float(self.ours), float(found["bound"])
            return {
                "<": ours < bound, "<=": ours <= bound, ">": ours > bound, ">=": ours >= bound, "=": ours == bound,
            }[found["comparison"]]  # fmt: skip
        if found["centre"]:
            return abs(self.ours - float(found["centre"])) <= float(found["half"])
        return float(found["low"]) <= self.ours <= float(found["high"])

    @property
    def value(self) -> str:
        """Our value with its unit, to three digits."""
        found = _TARGET.match(self.target)
        assert found is not None
        number = f"{self.ours:.3g}" if abs(self.ours) < 1000 else f"{self.ours:.0f}"
        return f"{number} {found['unit'] or ''}".strip()

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """Name, our value, target, published, ``yes`` or ``no``."""
        return self.name, self.value, self.target, self.published, "yes" if self.met else "no"


def merit_table(merits: Iterable[Merit]) -> str:
    """Return a table of figures of merit as text.

    Parameters
    ----------
    merits : Merit, several

    Returns
    -------
    str

    Examples
    --------
    >>> print(
    ...     merit_table(
    ...         [
    ...             Merit("width of the packet", 0.41, "< 0.5 ms"),
    ...             Merit("digits recognised", 96.2, ">= 97 %", published="97.6 %"),
    ...         ]
    ...     )
    ... )
    figure               ours     target    published  met
    width of the packet  0.41 ms  < 0.5 ms             yes
    digits recognised    96.2 %   >= 97 %   97.6 %     no
    """
    return aligned([("figure", "ours", "target", "published", "met"), *(merit.row for merit in merits)])


def aligned(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of text with their columns under each other, two spaces apart."""
    cells = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)
