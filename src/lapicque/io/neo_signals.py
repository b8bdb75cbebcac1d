"""Neo's signals as channels: what the readers of ABF, Igor, NWB and Neo's own objects share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.io.channels import Channel, RawSweep
from lapicque.io.names import natural_key
from lapicque.units import magnitude


def channels_of(signal: Any, name: str | None = None) -> list[Channel]:
    """One channel for each column of a Neo AnalogSignal.

    Parameters
    ----------
    signal : neo.AnalogSignal
    name : str, optional
        Instead of the signal's own.

    Examples
    --------
    >>> import neo, quantities as pq
    >>> signal = neo.AnalogSignal([[1.0], [2.0]], units="nA", sampling_rate=10 * pq.kHz, name="Im")
    >>> [channel] = channels_of(signal)
    >>> channel.name, channel.unit, channel.dt
    ('Im', 'nA', 0.1)
    """
    unit = signal.units.dimensionality.string
    values = np.asarray(signal.magnitude, dtype=float)
    stem = str(signal.name or "signal") if name is None else name
    names = [stem] if values.shape[1] == 1 else [f"{stem} {k}" for k in range(values.shape[1])]
    own = signal.array_annotations.get("channel_names")
    if own is not None and name is None:
        names = [str(n) for n in own]
    dt = float(f"{float(magnitude(1 / signal.sampling_rate, 'ms')):.12g}")
    start = float(magnitude(signal.t_start, "ms"))
    # Neo shows "dimensionless" both for a pure number and for a unit that the file does not state
    stated = None if unit == "dimensionless" else unit
    return [Channel(n, stated, values[:, k], dt, start) for k, n in enumerate(names)]


def close_files(reader: Any) -> None:
    """Close what a reader of Neo's keeps open: it would do so when it is collected, with a ResourceWarning."""
    for buffers in getattr(reader, "_memmap_analogsignal_buffers", {}).values():
        for files in buffers.values():
            for file in files.values():
                file.close()


def sweeps_in_sequence(channels: Sequence[Channel]) -> list[RawSweep]:
    """Pair currents and voltages of sweeps that lie one behind the other in one segment.

    Sorted by start, then by name (2 before 10), the n-th current belongs to the n-th voltage, which names the sweep.

    Raises
    ------
    RecordingError
        If the file holds more of one than of the other.
    """

    def order(channel: Channel) -> tuple[float, Any]:
        return channel.t_start, natural_key(channel.name)

    currents = sorted((c for c in channels if c.kind == "current"), key=order)
    voltages = sorted((c for c in channels if c.kind == "voltage"), key=order)
    if len(currents) != len(voltages):
        raise RecordingError(
            f"currents ({len(currents)}) and voltages ({len(voltages)}) do not pair one to one: name those to read "
            "by current=... and voltage=..., with * for any text"
        )
    return [RawSweep((c, v), label=v.name) for c, v in zip(currents, voltages, strict=True)]
