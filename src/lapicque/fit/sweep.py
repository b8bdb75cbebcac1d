"""One presentation of a stimulus: what was injected, what the cell answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.spikes.trains import SpikeTrains


@dataclass(frozen=True, eq=False)
class Sweep:
    """One presentation of a stimulus and the answer to it; time is 0 at its first sample.

    Parameters
    ----------
    stimulus : (sample,), in the recording's `stimulus_unit`
    spikes : SpikeTrains
        One train, ms.
    voltage : (sample,), mV, optional
        The membrane potential, where it was recorded.
    label : str
        What the file calls the sweep; several sweeps may share a label.

    Raises
    ------
    RecordingError
        If an array is not one-dimensional, not finite, or as long as the other, or if there is not one spike train.

    Examples
    --------
    >>> spikes = SpikeTrains.from_lists([[0.3]], t_start=0.0, t_stop=0.4)
    >>> Sweep([0, 100, 100, 100], spikes, label="step")
    Sweep('step': 4 samples, 1 spike, no voltage)
    """

    stimulus: np.ndarray
    spikes: SpikeTrains
    voltage: np.ndarray | None = None
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stimulus", _samples(self.stimulus, "stimulus", self.label))
        if self.voltage is not None:
            object.__setattr__(self, "voltage", _samples(self.voltage, "voltage", self.label))
            if self.voltage.size != self.stimulus.size:
                raise RecordingError(
                    f"{_sweep_name(self.label)} has {self.stimulus.size} samples of stimulus but {self.voltage.size} "
                    "of voltage: cut both to the same samples"
                )
        if len(self.spikes) != 1:
            raise RecordingError(
                f"{_sweep_name(self.label)} has {len(self.spikes)} spike trains: a sweep has one, so make one sweep "
                "per train (repeats share the stimulus)"
            )

    def __repr__(self) -> str:
        n = self.spikes.times.size
        voltage = "no voltage" if self.voltage is None else "voltage"
        return f"Sweep({self.label!r}: {self.stimulus.size} samples, {n} spike{'s' * (n != 1)}, {voltage})"


def _sweep_name(label: str) -> str:
    return f"sweep {label!r}" if label else "a sweep"


def _samples(values: Any, what: str, label: str) -> np.ndarray:
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise RecordingError(f"the {what} of {_sweep_name(label)} is not an array of numbers") from None
    if array.ndim != 1 or array.size == 0:
        raise RecordingError(
            f"the {what} of {_sweep_name(label)} has shape {array.shape}: give one dimension of samples"
        )
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise RecordingError(
            f"the {what} of {_sweep_name(label)} is not finite in {bad.size} of {array.size} samples (first: sample "
            f"{bad[0]}): cut the sweep there, or fill the gap with numpy.interp"
        )
    array.setflags(write=False)
    return array
