"""Names in files: a channel's name and unit, wildcards, and an order in which 2 comes before 10."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from lapicque.errors import RecordingError, UnitError
from lapicque.units import Unit, find_unit, parse_unit

_BRACKETED = re.compile(r"\s*(.*?)\s*[\[(]\s*([^\])]*?)\s*[\])]\s*")
_KINDS = {"mV": "voltage", "pA": "current", "ms": "time", "Hz": "rate", "1": "number"}


def split_name(text: str) -> tuple[str, str | None]:
    """Split a column's or array's name into what it is and its unit.

    Examples
    --------
    >>> split_name("current_pA"), split_name("Vm [mV]"), split_name("time (s)")
    (('current', 'pA'), ('Vm', 'mV'), ('time', 's'))
    >>> split_name("Vm RIGHT"), split_name("spike_times")
    (('Vm RIGHT', None), ('spike_times', None))
    """
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed and unit_kind(bracketed.group(2)):
        return bracketed.group(1), bracketed.group(2)
    stem, underscore, suffix = text.rpartition("_")
    if underscore and stem and find_unit(suffix) and unit_kind(suffix):
        return stem, suffix
    return text.strip(), None


def split_time(text: str) -> tuple[str, str | None]:
    """Split a name into what it is and its unit of time; other units are part of the name: a neuron's, most likely.

    Examples
    --------
    >>> split_time("spikes_ms"), split_time("unit_A")
    (('spikes', 'ms'), ('unit_A', None))
    """
    stem, unit = split_name(text)
    return (stem, unit) if unit_kind(unit) == "time" else (text.strip(), None)


def refuse_alike(name: str, names: Mapping[str, str], stem: str) -> None:
    """Refuse a second name with the stem of an earlier one, ``names[stem]``.

    Raises
    ------
    RecordingError
        Naming both.
    """
    if stem in names:
        raise RecordingError(f"{names[stem]!r} and {name!r} differ in their unit only: rename one")


def unit_kind(unit: str | Unit | None) -> str | None:
    """What a unit measures: "voltage", "current", "time", "rate", "number", or None for anything else.

    Examples
    --------
    >>> unit_kind("nA"), unit_kind("1/s"), unit_kind("1"), unit_kind("kg"), unit_kind("a.u.")
    ('current', 'rate', 'number', None, None)
    """
    if unit is None or unit == "":
        return None
    try:
        dimension = parse_unit(unit).dimension
    except UnitError:
        return None
    return next((kind for name, kind in _KINDS.items() if parse_unit(name).dimension == dimension), None)


def matches(name: str, pattern: str) -> bool:
    """Whether a name is the one asked for; ``*`` and ``?`` stand for any text and any letter.

    Examples
    --------
    >>> matches("ic__Step__1", "ic__*"), matches("Im [1]", "Im [1]"), matches("Vm", "V")
    (True, True, False)
    """
    return name == pattern or (("*" in pattern or "?" in pattern) and fnmatchcase(name, pattern))


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """A sorting key by which numbers inside names count as numbers.

    Examples
    --------
    >>> sorted(["step 10", "step 2"], key=natural_key)
    ['step 2', 'step 10']
    """
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]
