"""Dimensions as exponent tuples over the internal base units, and what to call them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

Dimension = tuple[Fraction, ...]

#: The internal base units, in the order of the exponents of a dimension.
BASE = ("ms", "mV", "pA", "um", "amol", "K")


def _dimension(ms: int = 0, mV: int = 0, pA: int = 0, um: int = 0, amol: int = 0, K: int = 0) -> Dimension:
    return tuple(Fraction(e) for e in (ms, mV, pA, um, amol, K))


DIMENSIONLESS = _dimension()

#: name -> (dimension, power of ten of one such unit in internal base units)
NAMED: dict[str, tuple[Dimension, int]] = {
    "second": (_dimension(ms=1), 3),
    "volt": (_dimension(mV=1), 3),
    "amp": (_dimension(pA=1), 12),
    "metre": (_dimension(um=1), 6),
    "mole": (_dimension(amol=1), 18),
    "kelvin": (_dimension(K=1), 0),
    "siemens": (_dimension(pA=1, mV=-1), 9),
    "ohm": (_dimension(mV=1, pA=-1), -9),
    "farad": (_dimension(pA=1, ms=1, mV=-1), 12),
    "coulomb": (_dimension(pA=1, ms=1), 15),
    "hertz": (_dimension(ms=-1), -3),
    "joule": (_dimension(mV=1, pA=1, ms=1), 18),
    "watt": (_dimension(mV=1, pA=1), 15),
    "newton": (_dimension(mV=1, pA=1, ms=1, um=-1), 12),
    "gram": (_dimension(mV=1, pA=1, ms=3, um=-2), 9),
    "molar": (_dimension(amol=1, um=-3), 3),
}

_KINDS = {
    NAMED["volt"][0]: "a voltage", NAMED["amp"][0]: "a current", NAMED["second"][0]: "a time",
    NAMED["farad"][0]: "a capacitance", NAMED["siemens"][0]: "a conductance", NAMED["ohm"][0]: "a resistance",
    NAMED["hertz"][0]: "a rate (1/time)", NAMED["coulomb"][0]: "a charge", NAMED["metre"][0]: "a length",
    NAMED["molar"][0]: "a concentration", NAMED["kelvin"][0]: "a temperature", NAMED["joule"][0]: "an energy",
    DIMENSIONLESS: "a pure number",
}  # fmt: skip


def describe(unit: Any) -> str:
    """Name a unit's kind, or a dimension, for a reader: ``"a voltage (mV)"``.

    Examples
    --------
    >>> from lapicque.units import nS
    >>> describe(nS), describe(nS.dimension), describe(DIMENSIONLESS)
    ('a conductance (nS)', 'a conductance (nS)', 'a pure number')
    """
    dimension = getattr(unit, "dimension", unit)
    symbol = getattr(unit, "name", None) or symbol_of(dimension)
    kind = _KINDS.get(dimension)
    if kind is None:
        times_time = tuple(a + b for a, b in zip(dimension, NAMED["second"][0], strict=True))
        if times_time not in _KINDS:
            return f"something in {symbol}"
        kind = f"{_KINDS[times_time]} per time"
    return kind if dimension == DIMENSIONLESS else f"{kind} ({symbol})"


_SYMBOLS = {
    NAMED["siemens"][0]: "nS", NAMED["farad"][0]: "pF", NAMED["ohm"][0]: "Gohm", NAMED["coulomb"][0]: "fC",
    NAMED["molar"][0]: "mM",
}  # fmt: skip


def symbol_of(dimension: Dimension) -> str:
    """Return a symbol in internal units: ``"nS"``, ``"mV/ms"``."""
    if dimension in _SYMBOLS:
        return _SYMBOLS[dimension]

    def power(base: str, exponent: Fraction) -> str:
        shown = f"{exponent}" if exponent.denominator == 1 else f"({exponent})"
        return base if exponent == 1 else f"{base}**{shown}"

    up = [power(b, e) for b, e in zip(BASE, dimension, strict=True) if e > 0]
    down = [power(b, -e) for b, e in zip(BASE, dimension, strict=True) if e < 0]
    text = "*".join(up) or "1"
    return text if not down else f"{text}/{down[0]}" if len(down) == 1 else f"{text}/({'*'.join(down)})"
