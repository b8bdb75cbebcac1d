"""From raw sweeps to a recording: the options that all formats share."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from lapicque.errors import LapicqueNotice, RecordingError
from lapicque.fit.recording import Recording, Sweep, find_sweeps
from lapicque.io.channels import (
    HELD_IN,
    Channel,
    RawSweep,
    choose_stimulus,
    choose_voltage,
    with_known_unit,
    with_units,
)
from lapicque.io.spike_times import spike_lists
from lapicque.spikes.detection import SpikeDetection
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: By how many mV a voltage rises above its median where it seems to hold spikes.
_PROMINENT = 20.0


class Options(TypedDict, total=False):
    """What every format's ``read`` accepts; `lapicque.io.read` explains them."""

    current: str | int | None
    voltage: str | int | None
    units: Mapping[str, str] | None
    dt: Any
    detect: Mapping[str, Any] | SpikeDetection | None
    spikes: Any
    select: str | int | Sequence[str | int] | None
    repeats: Sequence[Sequence[int]] | None
    name: str | None


def assemble(
    sweeps: Sequence[RawSweep],
    source: str,
    *,
    current: str | int | None = None,
    voltage: str | int | None = None,
    units: Mapping[str, str] | None = None,
    dt: Any = None,
    detect: Mapping[str, Any] | SpikeDetection | None = None,
    spikes: Any = None,
    select: str | int | Sequence[str | int] | None = None,
    repeats: Sequence[Sequence[int]] | None = None,
    name: str | None = None,
) -> Recording:
    """Make a recording of raw sweeps; `lapicque.io.read` explains the options.

    Parameters
    ----------
    sweeps : sequence of RawSweep
    source : str
        The file, for messages.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        For whatever does not fit, with the file, the sweep and the fix.
    """
    units = dict(units or {})
    try:
        raw = with_units(sweeps, units, others=("time", "spikes"))
        if select is not None:
            asked = [select] if isinstance(select, (str, int)) else list(select)
            raw = [raw[i] for i in find_sweeps([sweep.label for sweep in raw], asked, "the file")]
        if spikes is not None:
            if detect is not None:
                raise RecordingError("spikes= and detect= exclude each other: give one of them")
            raw = _with_spikes(raw, spike_lists(spikes, units.get("spikes")))
        stated = None if dt is None else float(magnitude(dt, "ms", "dt"))
        detection = detect if isinstance(detect, SpikeDetection) else SpikeDetection(**(detect or {}))
        notices: list[str] = []
        built = [_sweep(sweep, current, voltage, stated, detection, detect is not None, notices) for sweep in raw]
        steps, kinds = {step for _, step, _ in built}, {kind for _, _, kind in built}
        if len(steps) > 1 or len(kinds) > 1:
            raise RecordingError(
                f"its sweeps differ in sampling interval ({sorted(steps)} ms) or stimulus unit ({sorted(kinds)}): read "
                "them apart by select=..."
            )
        if not any(sweep.spikes.times.size for sweep, _, _ in built):
            notices.append(_silence([sweep for sweep, _, _ in built], detection))
        notices = [f"{Path(source).name}: {notice}" for notice in notices]
        recording = Recording(
            sweeps=tuple(sweep for sweep, _, _ in built),
            dt=steps.pop(),
            stimulus_unit=kinds.pop(),
            name=Path(source).stem if name is None else name,
            source=source,
            notices=tuple(notices),
            repeats=None if repeats is None else tuple(tuple(group) for group in repeats),
        )
    except RecordingError as error:
        raise RecordingError(f"{source}: {error}" if source not in str(error) else str(error)) from None
    for notice in notices:
        warnings.warn(notice, LapicqueNotice, stacklevel=4)
    return recording


def _with_spikes(sweeps: Sequence[RawSweep], trains: Sequence[np.ndarray]) -> list[RawSweep]:
    """Give each sweep its train; several trains for one sweep are repeats of its stimulus."""
    if len(sweeps) == 1:
        return [replace(sweeps[0], spikes=train) for train in trains]
    if len(trains) != len(sweeps):
        raise RecordingError(f"spikes= holds {len(trains)} trains for {len(sweeps)} sweeps: give one per sweep")
    return [replace(sweep, spikes=train) for sweep, train in zip(sweeps, trains, strict=True)]


def _sweep(
    raw: RawSweep,
    current: str | int | None,
    voltage: str | int | None,
    dt: float | None,
    detection: SpikeDetection,
    detect: bool,
    notices: list[str],
) -> tuple[Sweep, float, str]:
    """One sweep, its sampling interval (ms) and the unit of its stimulus."""
    stimulus = choose_stimulus(raw.channels, current)
    potential = choose_voltage(raw.channels, voltage, stimulus)
    step = _common_dt(stimulus, potential, dt, raw.label)
    values = stimulus.held()
    trace = None if potential is None else potential.held()
    if raw.spikes is not None and not detect:
        times = raw.spikes
    elif trace is not None:
        times = detection(trace, step)
        dropped = detection.artefacts(trace, step)
        if dropped.size:
            where = f"sweep {raw.label!r}" if raw.label else "the voltage"
            said = (
                "1 crossing is an electrode artefact"
                if dropped.size == 1
                else f"{dropped.size} crossings are artefacts"
            )
            notices.append(
                f"{said} and no spike in {where} (first: {dropped[0]:g} ms), by min_width, max_width or max_slope "
                "of the detection"
            )
    else:
        for channel in raw.channels:
            if channel.unit is None:
                with_known_unit(channel)
        raise RecordingError(
            "there are neither spike times nor a voltage to find them in: give spikes=... (a file or times), or name "
            "the voltage by voltage=..."
        )
    return (
        Sweep(values, _train(times, values.size * step, raw.label), trace, raw.label),
        step,
        HELD_IN[stimulus.kind or ""],
    )


def _common_dt(stimulus: Channel, potential: Channel | None, dt: float | None, label: str) -> float:
    where = f"sweep {label!r}: " if label else ""
    pair = [c for c in (stimulus, potential) if c is not None]
    known = [(repr(c.name), c.dt) for c in pair if c.dt is not None]
    if dt is not None and not (np.isfinite(dt) and dt > 0):
        raise RecordingError(f"dt={dt:g} ms: the sampling interval is a positive time")
    if not known and dt is not None:
        known = [("the file", dt)]
    if not known:
        raise RecordingError("the file does not say its sampling interval: state it, as in dt='0.1 ms'")
    name, step = known[0]
    for other, interval in known[1:]:
        if abs(interval - step) > 1e-6 * step:
            raise RecordingError(
                f"{where}{name} was sampled every {step:g} ms, {other} every {interval:g} ms: bring both to "
                "one interval"
            )
    if dt is not None and abs(dt - step) > 1e-6 * step:
        raise RecordingError(
            f"{where}{name} was sampled every {step:g} ms, as the file says, but dt={dt:g} ms was given: leave out "
            "dt=, and call resample(dt) on the recording for another interval"
        )
    if potential is not None:
        if potential.values.size != stimulus.values.size:
            raise RecordingError(
                f"{where}the current {stimulus.name!r} has {stimulus.values.size} samples, the voltage "
                f"{potential.name!r} {potential.values.size}: cut both to the same samples"
            )
        if abs(potential.t_start - stimulus.t_start) > 0.5 * step:
            raise RecordingError(
                f"{where}the current {stimulus.name!r} starts at {stimulus.t_start:g} ms, the voltage "
                f"{potential.name!r} at {potential.t_start:g} ms: cut both to the same time"
            )
    return step


def _train(times: np.ndarray, stop: float, label: str) -> SpikeTrains:
    where = f"sweep {label!r}: " if label else ""
    times = np.asarray(times, dtype=float)
    outside = times[(times < 0) | (times > stop * (1 + 1e-9))]
    if outside.size:
        raise RecordingError(
            f"{where}{outside.size} of {times.size} spikes lie outside the recorded 0 to {stop:g} ms (first: "
            f"{outside[0]:g} ms): state their unit, as in units={{'spikes': 's'}}, or leave them out of spikes=..."
        )
    try:
        return SpikeTrains.from_lists([np.minimum(times, stop)], t_start=0.0, t_stop=stop)
    except RecordingError as error:
        raise RecordingError(f"{where}{error}") from None


def _silence(sweeps: Sequence[Sweep], detection: SpikeDetection) -> str:
    voltages = [sweep.voltage for sweep in sweeps if sweep.voltage is not None]
    if not voltages:
        return "there are no spikes: nothing can be fitted to spike times"
    # a cell that fires stands out from its own median; a voltage that does not is silent at any threshold
    middle, highest = max(((float(np.median(v)), float(v.max())) for v in voltages), key=lambda pair: pair[1] - pair[0])
    said = f"there are no spikes: the voltage never crosses {detection.threshold:g} mV upwards as the detection asks; "
    if highest - middle < _PROMINENT:
        return said + f"it stays within {highest - middle:.0f} mV of its median, as without spikes"
    return said + f"it reaches {highest:.0f} mV: try detect={{'threshold': {(middle + highest) / 2:.0f}}}"
