"""Which sweeps had the same stimulus, also where the stimulus is a noisy measurement of the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.fit.sweep import Sweep
from lapicque.spikes.trains import SpikeTrains

#: Over how long a time the difference of two measurements is averaged to tell noise from another command, ms.
_BLOCK = 20.0
#: How many standard errors of white noise the averaged difference may reach.
_ERRORS = 2.0


@dataclass(frozen=True, eq=False)
class StimulusGroup:
    """One stimulus of a recording, with the answers of all its repeats.

    Parameters
    ----------
    stimulus : (sample,), in the recording's `stimulus_unit`
        The mean of the repeats' stimuli, which holds less measurement noise than each; equal copies stay as they are.
    spikes : SpikeTrains
        Shape (repeat, 1), ms.
    voltage : (repeat, sample), mV, optional
        Where every repeat has one.
    sweeps : tuple of int
        The indices of the repeats in the recording.
    label : str
        The first repeat's.
    """

    stimulus: np.ndarray
    spikes: SpikeTrains
    voltage: np.ndarray | None
    sweeps: tuple[int, ...]
    label: str = ""

    def __repr__(self) -> str:
        counts = [train.times.size for train in self.spikes]
        return (
            f"StimulusGroup({self.label!r}: sweeps {list(self.sweeps)}, {self.stimulus.size} samples, spikes {counts})"
        )

    @classmethod
    def of(cls, sweeps: Sequence[Sweep], group: Sequence[int], dt: float) -> StimulusGroup:
        """Put the repeats with the indices `group` together; `dt` (ms) is their sampling interval."""
        repeats = [sweeps[i] for i in group]
        copies = [sweep.stimulus for sweep in repeats]
        voltages = [sweep.voltage for sweep in repeats]
        equal = all(np.array_equal(copies[0], copy) for copy in copies[1:])
        return cls(
            stimulus=copies[0] if equal else _frozen(np.mean(copies, axis=0)),
            spikes=SpikeTrains.from_lists(
                [sweep.spikes.times for sweep in repeats], t_stop=copies[0].size * dt, shape=(len(repeats), 1)
            ),
            voltage=None if any(v is None for v in voltages) else _frozen(np.array(voltages)),
            sweeps=tuple(group),
            label=repeats[0].label,
        )


def _frozen(values: np.ndarray) -> np.ndarray:
    values.setflags(write=False)
    return values


def group_repeats(stimuli: Sequence[np.ndarray], dt: float, noise: float, drift: float) -> tuple[tuple[int, ...], ...]:
    """Group stimuli that repeat one another; each is compared with the first of every group.

    Parameters
    ----------
    stimuli : sequence of (sample,)
    dt : ms
        The sampling interval.
    noise, drift : float
        See `same_stimulus`.

    Returns
    -------
    tuple of tuple of int
        Indices, in the order of the groups' first members.

    Examples
    --------
    >>> a, b = np.sin(np.arange(1000) / 30), np.cos(np.arange(1000) / 30)
    >>> group_repeats([a, b, a + 0.01 * (-1) ** np.arange(1000)], 0.1, noise=0.3, drift=0.02)
    ((0, 2), (1,))
    """
    groups: list[list[int]] = []
    for i, stimulus in enumerate(stimuli):
        for group in groups:
            if same_stimulus(stimuli[group[0]], stimulus, dt, noise, drift):
                group.append(i)
                break
        else:
            groups.append([i])
    return tuple(tuple(group) for group in groups)


def same_stimulus(a: np.ndarray, b: np.ndarray, dt: float, noise: float, drift: float) -> bool:
    """Whether two stimuli are equal up to rounding, or two noisy measurements of one command.

    Parameters
    ----------
    a, b : (sample,)
    dt : ms
        The sampling interval.
    noise : float
        The largest rms of their difference, in standard deviations of the less variable one.
    drift : float
        The largest rms of their difference's means over 20 ms, in the same measure; what white noise of that size
        would leave there (twice its standard error) is added, in squares.

    Examples
    --------
    Steps of 100, 100 and 105 pA, measured with a noise of 5 pA:

    >>> noise = np.random.default_rng(0).normal(0, 5, (3, 3000))
    >>> step = np.repeat([0.0, 1.0, 0.0], 1000)
    >>> first, second, other = np.outer([100, 100, 105], step) + noise
    >>> same_stimulus(first, second, 0.1, 0.3, 0.02), same_stimulus(first, other, 0.1, 0.3, 0.02)
    (True, False)
    """
    if a.shape != b.shape:
        return False
    difference = b - a
    if np.abs(difference).max() <= 1e-6 * max(np.abs(a).max(), np.abs(b).max()):
        return True
    deviation = min(a.std(), b.std())
    rms = float(np.sqrt(np.mean(difference**2)))
    if rms > noise * deviation:
        return False
    block = max(1, min(round(_BLOCK / dt), a.size))
    count = a.size // block
    means = difference[: count * block].reshape(count, block).mean(axis=1)
    slow = float(np.sqrt(np.mean(means**2)))
    return bool(slow <= np.hypot(drift * deviation, _ERRORS * rms / np.sqrt(block)))
