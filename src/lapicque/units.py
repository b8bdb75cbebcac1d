"""Units at the boundary: light symbols, dimensions as exponent tuples, plain floats inside.

Inside lapicque all numbers are floats in **ms, mV, pA, um, amol, K**, so that nS, pF, GOhm, mM and fC are coherent as
well. A `Unit` is a name, a tuple of exponents over these six, and a power of ten. Units multiply and divide among
themselves without any dependency; the first product with a number makes a quantity of pint's application registry.

Names are those of the SI and of Brian: ``mV``, ``mvolt``, ``volt``, ``nS``, ``nsiemens``, ``uF``, ``Mohm``, ``cm2`` ...

Examples
--------
>>> from lapicque.units import ms, mV, nS, pF
>>> (pF / nS).dimension == ms.dimension
True
>>> magnitude("0.2 nF", "pF")
200.0
>>> magnitude(-70 * mV, "volt")
-0.07
"""

from __future__ import annotations

import ast
import math
import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, cast

from lapicque.dimensions import DIMENSIONLESS, NAMED, Dimension, describe, symbol_of
from lapicque.errors import UnitError, suggest

_SPELLINGS = {
    "second": ("s", "sec"), "volt": ("V",), "amp": ("A", "ampere"), "metre": ("m", "meter"), "mole": ("mol",),
    "kelvin": ("K",), "siemens": ("S", "siemen"), "ohm": ("Ohm", "Ω", "Ω"), "farad": ("F",), "coulomb": ("C",),
    "hertz": ("Hz",), "joule": ("J",), "watt": ("W",), "newton": ("N",), "gram": ("g",), "molar": ("M",),
}  # fmt: skip
_PREFIXES = {
    "": 0, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "d": -1, "c": -2, "m": -3, "u": -6, "µ": -6, "μ": -6,
    "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
#: Long names of the units without a prefix, and their short spellings.
UNIT_NAMES = _SPELLINGS
#: What ``from lapicque.units import *`` gives: units of cells and networks. All others can be imported by name.
__all__ = (  # noqa: SIM905  (as quoted names, of which each is found by __getattr__, they are hard to read)
    "volt mV uV amp mA uA nA pA siemens mS uS nS pS farad uF nF pF ohm kohm Mohm Gohm second ms us ns hertz Hz kHz "
    "metre cm mm um mole mM uM kelvin"
).split()
_SPELLED = {s: long for long, shorts in _SPELLINGS.items() for s in (long, *shorts)}


class Unit:
    """A unit of measurement: a name, its dimension, and its size in internal base units as a power of ten.

    Products and quotients of units are units; a product with a number is a pint quantity.

    Examples
    --------
    >>> from lapicque.units import mV, ms
    >>> mV / ms
    <Unit mV/ms>
    >>> print([1, 2] * ms)
    [1 2] millisecond
    """

    __slots__ = ("dimension", "name", "ten")
    __array_ufunc__ = None  # so that ndarray * unit asks this class

    def __init__(self, name: str, dimension: Dimension, ten: Fraction | int = 0):
        self.name, self.dimension, self.ten = name, dimension, Fraction(ten)

    def __repr__(self) -> str:
        return f"<Unit {self.name}>"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unit) and self.dimension == other.dimension and self.ten == other.ten

    def __hash__(self) -> int:
        return hash((self.dimension, self.ten))

    def __reduce__(self) -> tuple[Any, ...]:
        return Unit, (self.name, self.dimension, self.ten)

    def _quantity(self, value: Any) -> Any:
        pint_unit = _pint_registry().Unit(_spell_for_pint(self.name))
        if isinstance(value, (list, tuple)):
            value = _as_array(value)
        return value * pint_unit

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            dimension = tuple(a + b for a, b in zip(self.dimension, other.dimension, strict=True))
            return Unit(f"{self.name}*{other.name}", dimension, self.ten + other.ten)
        return self._quantity(other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            dimension = tuple(a - b for a, b in zip(self.dimension, other.dimension, strict=True))
            name = f"{self.name}/{_bracket(other.name)}"
            return Unit(name, dimension, self.ten - other.ten)
        return self._quantity(1.0) / other

    def __rtruediv__(self, other: Any) -> Any:
        return other * self**-1

    def __pow__(self, power: float) -> Unit:
        exponent = Fraction(power).limit_denominator(12)
        dimension = tuple(e * exponent for e in self.dimension)
        return Unit(f"{_bracket(self.name)}**{power}", dimension, self.ten * exponent)

    @property
    def scale(self) -> float:
        """The size of the unit in internal base units, 10**ten."""
        return _ten_to(self.ten)

    @property
    def dimensionless(self) -> bool:
        """Whether the unit is a pure number."""
        return self.dimension == DIMENSIONLESS


ONE = Unit("1", DIMENSIONLESS)


def _ten_to(power: Fraction) -> float:
    if power.denominator > 1:
        return float(10.0 ** float(power))
    return float(10**power.numerator) if power >= 0 else 1.0 / 10**-power.numerator


def _bracket(name: str) -> str:
    return name if name.isalpha() else f"({name})"


@cache
def _pint_registry() -> Any:
    import pint
    from pint.compat import upcast_type_map

    # pint then leaves `quantity * Unit` to this module's reflected operators
    cast("dict[str, type]", upcast_type_map)[f"{Unit.__module__}.{Unit.__qualname__}"] = Unit
    return pint.get_application_registry()


def _as_array(value: Any) -> Any:
    import numpy as np

    return np.asarray(value)


def _spell_for_pint(name: str) -> str:
    # pint reads cm2 as a name of its own and has no ASCII "Ohm" symbol with every prefix
    name = re.sub(r"\b([A-Za-zµμ]+)([23])\b", r"\1**\2", name)
    return re.sub(r"\b([A-Za-zµμ]*?)(Ohm|Ω|Ω)\b", r"\1ohm", name)


@cache
def _named_unit(name: str) -> Unit | None:
    match = re.fullmatch(r"(.*?)([23]?)", name)
    stem, power = (match.group(1), int(match.group(2) or 1)) if match else (name, 1)
    for prefix, ten in sorted(_PREFIXES.items(), key=lambda p: len(p[0])):
        rest = stem[len(prefix) :]
        if stem.startswith(prefix) and rest in _SPELLED:
            dimension, size = NAMED[_SPELLED[rest]]
            return Unit(name, tuple(e * power for e in dimension), (ten + size) * power)
    return None


def find_unit(name: str) -> Unit | None:
    """Return the unit with this name, or None: ``find_unit("mV")``, ``find_unit("nsiemens")``, ``find_unit("cm2")``."""
    return _named_unit(name)


def parse_unit(text: str | Unit) -> Unit:
    """Return the unit that a text such as ``"mV"``, ``"uF/cm**2"``, ``"1/ms"`` or ``"1"`` means.

    Raises
    ------
    UnitError
        For an unknown name, with the nearest known one.

    Examples
    --------
    >>> parse_unit("nS/pF").scale, parse_unit("nF").ten
    (1.0, Fraction(3, 1))
    """
    if isinstance(text, Unit):
        return text
    return _parse_unit(text.strip())


@cache
def _parse_unit(text: str) -> Unit:
    if text in ("1", "", "dimensionless"):
        return ONE
    try:
        tree = ast.parse(text.replace("^", "**"), mode="eval").body
    except SyntaxError:
        raise UnitError(f"{text!r} is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'") from None
    unit = _unit_of(tree, text)
    return Unit(text, unit.dimension, unit.ten)


def _unit_of(node: ast.expr, text: str) -> Unit:
    if isinstance(node, ast.Constant) and node.value == 1:
        return ONE
    if isinstance(node, ast.Name):
        unit = find_unit(node.id)
        if unit is None:
            inside = f" in {text!r}" if text != node.id else ""
            raise UnitError(f"unknown unit {node.id!r}{inside}{suggest(node.id, common_units())}")
        return unit
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        left, right = _unit_of(node.left, text), _unit_of(node.right, text)
        return left * right if isinstance(node.op, ast.Mult) else left / right
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        try:
            exponent = ast.literal_eval(node.right)
        except ValueError:
            exponent = None
        if isinstance(exponent, (int, float)):
            return _unit_of(node.left, text) ** exponent
    raise UnitError(f"{text!r} is not a unit: write it as 'mV', 'nS/mV' or 'uF/cm**2'")


def common_units() -> list[str]:
    """Return the names that are suggested when a unit is misspelled."""
    stems = ("volt", "amp", "siemens", "farad", "ohm", "second", "metre", "hertz", "V", "A", "S", "F", "ohm", "s", "Hz")
    return [p + s for s in stems for p in ("", "k", "M", "m", "u", "n", "p")] + ["mM", "um", "cm", "kelvin", "mole"]


_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


def split(value: Any) -> tuple[Any, Unit | None]:
    """Split what a user may write for a quantity into a number (or array) and its unit.

    Accepts a bare number or array (unit None), a text such as ``"200 pF"`` or ``"-50*mV"``, a `Unit` (one of it), and
    quantities of pint and of the ``quantities`` package that Neo uses.

    Examples
    --------
    >>> split("200 pF")
    (200.0, <Unit pF>)
    >>> split(0.5)
    (0.5, None)
    """
    if isinstance(value, str):
        match = _QUANTITY.fullmatch(value)
        if match is None:
            raise UnitError(f"{value!r} is not a quantity: write a number and a unit, such as '200 pF' or '-50*mV'")
        text = match.group(2)
        if text.startswith("/"):
            text = "1" + text
        return float(match.group(1)), (parse_unit(text.lstrip("* ")) if text else None)
    if isinstance(value, Unit):
        return 1.0, value
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        if hasattr(value, "dimensionality") and hasattr(value.dimensionality, "string"):  # quantities
            return value.magnitude[()], parse_unit(value.dimensionality.string)
        return value.magnitude, _from_pint(value)
    return value, None


def _from_pint(quantity: Any) -> Unit:
    unit = ONE
    for name, exponent in quantity.unit_items():
        short = find_unit(name)
        if short is None:
            base = quantity._REGISTRY.get_symbol(name)
            short = find_unit(base)
        if short is None:
            raise UnitError(f"the unit {name!r} of {quantity!r} is not one that lapicque knows")
        unit = unit * short**exponent
    return Unit(f"{quantity.units:~C}" or "1", unit.dimension, unit.ten)


def magnitude(value: Any, unit: str | Unit, name: str = "the value") -> Any:
    """Return a quantity as a plain float (or float64 array) in ``unit``; a bare number is taken to be in ``unit``.

    Units differ by powers of ten, so that a number is converted as it would be on paper: 2.3 nA are 2300 pA exactly.

    Parameters
    ----------
    value : number, array, text, pint or ``quantities`` quantity
    unit : text or Unit
        The unit of the result.
    name : str
        What the value is, for the error message.

    Raises
    ------
    UnitError
        If the dimension differs, or if the value is no number.

    Examples
    --------
    >>> magnitude("5 mV", "mV"), magnitude(5, "mV"), magnitude("0.02 second", "ms")
    (5.0, 5.0, 20.0)
    """
    import numpy as np

    target = parse_unit(unit)
    number, given = split(value)
    if isinstance(number, (list, tuple)):
        number = [magnitude(item, target, name) for item in number]
    try:
        array = np.asarray(number)
        if array.dtype.kind not in "iuf" and array.size:
            raise TypeError
    except (TypeError, ValueError):
        raise UnitError(f"{name} is {value!r}, but {describe(target)} is expected: write a number") from None
    if given is not None and given.dimension != target.dimension:
        raise UnitError(f"{name} is given in {given}, but {describe(target)} is expected: write it in {target}")
    return _times_ten_to(array, Fraction(0) if given is None else given.ten - target.ten)


def internal(value: Any, unit: Unit) -> Any:
    """Return a number or array of numbers in ``unit`` as it is held inside lapicque, in ms, mV, pA, um, amol and K.

    Examples
    --------
    >>> internal(2.3, parse_unit("nA"))
    2300.0
    """
    import numpy as np

    return _times_ten_to(np.asarray(value), unit.ten)


def _times_ten_to(array: Any, power: Fraction) -> Any:
    if array.ndim == 0:
        number = float(array)
        if power.denominator == 1 and power and math.isfinite(number):
            return float(Decimal(repr(number)).scaleb(power.numerator))
        return number * _ten_to(power)
    return array * _ten_to(power) if power >= 0 else array / _ten_to(-power)


def internal_unit(dimension: Dimension) -> Unit:
    """Return the internal unit of a dimension: the one in which numbers inside lapicque are held."""
    return Unit(symbol_of(dimension), dimension)


def __getattr__(name: str) -> Unit:
    unit = None if name.startswith("_") else find_unit(name)
    if unit is None:
        raise AttributeError(f"lapicque.units has no unit {name!r}{suggest(name, common_units())}")
    return unit
