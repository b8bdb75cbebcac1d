"""From named channels with units to stimulus and voltage: the units decide, not the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.errors import RecordingError, suggest
from lapicque.io.names import matches, unit_kind
from lapicque.units import parse_unit

#: The units in which lapicque holds what a channel measures.
HELD_IN = {"current": "pA", "voltage": "mV", "number": "1"}


@dataclass(frozen=True, eq=False)
class Channel:
    """One signal of a file, as the file has it.

    Parameters
    ----------
    name : str
    unit : str or None
        None where the file does not say.
    values : (sample,), in `unit`
    dt : ms or None
        None where the file does not say.
    t_start : ms
    """

    name: str
    unit: str | None
    values: np.ndarray
    dt: float | None = None
    t_start: float = 0.0

    @property
    def kind(self) -> str | None:
        """What the unit measures: "voltage", "current", "number"."""
        return unit_kind(self.unit)

    def held(self) -> np.ndarray:
        """The values in the unit in which lapicque holds them: pA, mV, or a pure number."""
        old, new = parse_unit(self.unit or "1").scale, parse_unit(HELD_IN[self.kind or "number"]).scale
        values = np.asarray(self.values, dtype=float)
        # one exact power of ten up or down: nothing is rounded twice
        return values * (old / new) if old >= new else values / (new / old)


@dataclass(frozen=True, eq=False)
class RawSweep:
    """The channels of one sweep, and its spike times (ms) where the file has them."""

    channels: tuple[Channel, ...]
    label: str = ""
    spikes: np.ndarray | None = None


def with_units(sweeps: Sequence[RawSweep], units: Mapping[str, str], others: Sequence[str] = ()) -> list[RawSweep]:
    """Give channels the units that the user states, by name or wildcard.

    Parameters
    ----------
    sweeps : sequence of RawSweep
    units : mapping
        Channel name or pattern -> unit.
    others : sequence of str
        Names in `units` that are no channels (the times, the spike times).

    Raises
    ------
    RecordingError
        For a name that no channel has, or a unit that is neither of a current or voltage nor "1".
    """
    names = list(dict.fromkeys(c.name for sweep in sweeps for c in sweep.channels))
    for pattern, unit in units.items():
        if pattern in others:
            continue
        if not any(matches(name, pattern) for name in names):
            raise RecordingError(
                f"units={{{pattern!r}: {unit!r}}} names no channel{suggest(pattern, names)}; there are "
                + ", ".join(map(repr, [*names, *others]))
            )
        if unit_kind(unit) not in HELD_IN:
            raise RecordingError(
                f"units={{{pattern!r}: {unit!r}}}: write a unit of current ('pA', 'A') or voltage ('mV', 'V'), or '1' "
                "for a pure number"
            )

    def stated(channel: Channel) -> Channel:
        found = [unit for pattern, unit in units.items() if matches(channel.name, pattern)]
        return replace(channel, unit=found[-1]) if found else channel

    return [replace(sweep, channels=tuple(stated(c) for c in sweep.channels)) for sweep in sweeps]


def choose_stimulus(channels: Sequence[Channel], asked: str | int | None) -> Channel:
    """The stimulus: the channel that was asked for, else the one in amperes, else one that is named "stimulus".

    Raises
    ------
    RecordingError
        If there is none, or more than one, or it lacks a unit.

    Examples
    --------
    >>> swapped = [Channel("Im", "mV", np.zeros(3)), Channel("Vm", "pA", np.zeros(3))]
    >>> choose_stimulus(swapped, None).name
    'Vm'
    """
    if asked is not None:
        channel = _named(channels, asked, "current")
        if channel.kind == "voltage" and not _is_named(channel, "stimulus"):
            raise RecordingError(
                f"current={asked!r} is in {channel.unit}, which is no current; the channels are {_listed(channels)} "
                "(names may be swapped: the units count)"
            )
        return channel
    found = [c for c in channels if c.kind == "current"] or [c for c in channels if _is_named(c, "stimulus")]
    return _single(found, channels, "current", "a current (a unit such as pA)")


def choose_voltage(channels: Sequence[Channel], asked: str | int | None, stimulus: Channel) -> Channel | None:
    """The membrane voltage: the channel that was asked for, else the one in volts, else none.

    Raises
    ------
    RecordingError
        If there is more than one, or the one asked for is no voltage.
    """
    rest = [c for c in channels if c is not stimulus]
    if asked is not None:
        channel = _named(channels, asked, "voltage")
        if channel.kind != "voltage":
            raise RecordingError(
                f"voltage={asked!r} is in {channel.unit}, which is no voltage; the channels are {_listed(channels)} "
                "(names may be swapped: the units count)"
            )
        return channel
    found = [c for c in rest if c.kind == "voltage"]
    if not found:
        unknown = [c for c in rest if c.unit is None and _is_named(c, "v")]
        return with_known_unit(unknown[0]) if unknown else None
    return _single(found, channels, "voltage", "a voltage (a unit such as mV)")


def _is_named(channel: Channel, start: str) -> bool:
    return channel.name.lower().startswith(start)


def _named(channels: Sequence[Channel], asked: str | int, role: str) -> Channel:
    names = [c.name for c in channels]
    if isinstance(asked, int):
        if not -len(names) <= asked < len(names):
            raise RecordingError(f"{role}={asked}: there are {len(names)} channels: {_listed(channels)}")
        return with_known_unit(channels[asked])
    found = [c for c in channels if matches(c.name, asked)]
    if not found:
        raise RecordingError(
            f"{role}={asked!r}: no such channel or column{suggest(asked, names)}; there are {_listed(channels)}"
        )
    if len(found) > 1:
        raise RecordingError(f"{role}={asked!r} fits {len(found)} channels: {_listed(found)}")
    return with_known_unit(found[0])


def _single(found: Sequence[Channel], channels: Sequence[Channel], role: str, what: str) -> Channel:
    if len(found) > 1:
        raise RecordingError(
            f"{len(found)} channels hold {what}: name one by {role}=...; there are {_listed(channels)}"
        )
    if found:
        return with_known_unit(found[0])
    unknown = [c for c in channels if c.unit is None]
    if unknown:
        with_known_unit(unknown[0])
    raise RecordingError(
        f"no channel holds {what}; there are {_listed(channels)}: name the {role} by {role}=... or correct a unit by "
        "units={name: unit}"
    )


def with_known_unit(channel: Channel) -> Channel:
    """Return the channel itself.

    Raises
    ------
    RecordingError
        If its unit is missing, or of something that is neither injected nor measured.
    """
    if channel.unit is None:
        raise RecordingError(
            f"channel {channel.name!r} has no unit: state it, as in units={{{channel.name!r}: 'pA'}} ('mV' for a "
            "voltage, '1' for a stimulus that is a pure number)"
        )
    if channel.kind not in HELD_IN:
        raise RecordingError(
            f"channel {channel.name!r} is in {channel.unit!r}, which is no current, voltage or pure number: correct "
            f"it, as in units={{{channel.name!r}: 'pA'}}"
        )
    return channel


def _listed(channels: Sequence[Any]) -> str:
    return ", ".join(f"{c.name!r} ({c.unit or 'no unit'})" for c in channels) or "none"
