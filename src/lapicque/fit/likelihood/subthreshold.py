"""The passive membrane and the currents that follow spikes, by linear regression of the voltage's derivative."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lapicque.errors import FitError, LapicqueNotice
from lapicque.fit.likelihood.basis import Exponentials
from lapicque.fit.likelihood.found import Estimate
from lapicque.fit.likelihood.regression import regress
from lapicque.fit.trial import Trial

#: pF, of a neuron: beyond these, units are a thousand times off.
_SMALLEST, _LARGEST = 1.0, 10_000.0


@dataclass(frozen=True, eq=False)
class Membrane:
    """What the voltage between spikes says of a membrane.

    Attributes
    ----------
    parameters : name -> Estimate
        ``c_m, g_l, e_l``, ``q_eta_1 ...`` as in `lapicque.neurons.gif`, and ``v_reset``.
    explained : float
        Share of the variance of dV/dt that the regression explains.
    """

    parameters: dict[str, Estimate]
    explained: float


def fit_membrane(
    trials: Sequence[Trial],
    steps: Sequence[Sequence[np.ndarray]],
    current: Exponentials | None,
    refractory: int,
    before: float,
) -> Membrane:
    """Regress dV/dt on voltage, current and the traces of spikes, in the time that is far from spikes.

    Both sides are taken over one sample, the right one as the mean of its ends: so white noise in the voltage does not
    bias the leak.

    Parameters
    ----------
    trials : sequence of Trial, with voltages
    steps : sequence of (repeat -> (spike,)), the spikes of each
    current : Exponentials, optional
        Of the spike-triggered current.
    refractory : int
        Samples after a spike that are left out.
    before : ms
        Time before a spike that is left out: its upstroke is not the passive membrane's.

    Raises
    ------
    FitError
        Without voltages, without time far from spikes, or where the result is no membrane.
    """
    taus = current.taus if current is not None else ()
    names = ["resting current", "voltage", "injected current", *(f"current after spikes, {tau:g} ms" for tau in taus)]
    parts, resets = [], []
    for trial, rows in zip(trials, steps, strict=True):
        if trial.voltage is None:
            raise FitError(
                f"trial {trial.label!r} has no voltage: the membrane is estimated from it. Give Trial(..., voltage=...)"
            )
        if next(iter(trial.units.values())) != "pA" or len(trial.inputs) != 1:
            raise FitError(f"trial {trial.label!r} has the stimulus in {trial.units}: one current in pA is expected")
        if len(trial.voltage) != len(rows):
            raise FitError(
                f"trial {trial.label!r} has {len(rows)} spike trains but {len(trial.voltage)} voltages: one each is "
                "expected"
            )
        stimulus = next(iter(trial.inputs.values()))
        for v, spikes in zip(trial.voltage, rows, strict=True):
            parts.append(_design(trial, v, stimulus, spikes, current, refractory, before))
            resets.append(v[spikes[spikes + refractory < trial.samples] + refractory])
    found = regress(parts, names, "the membrane between spikes")

    def physical(coefficients: np.ndarray) -> np.ndarray:
        rest, leak, gain, *after = coefficients
        return np.array([1 / gain, -leak / gain, -rest / leak, *(-q / gain for q in after)])

    _, leak, gain = found.coefficients[:3]
    if not (leak < 0 < gain):
        raise FitError(
            f"the voltage between spikes is no passive membrane's: it would have a capacitance of {1 / gain:.3g} pF "
            f"and a leak of {-leak / gain:.3g} nS. Is the current in pA and the voltage in mV, of the same cell, and "
            "without the electrode's drop (lq.fit.electrode_kernel)?"
        )
    if not _SMALLEST <= 1 / gain <= _LARGEST:
        warnings.warn(
            f"the membrane would have a capacitance of {1 / gain:.3g} pF: is the current in pA and the voltage in mV? "
            "Trial takes bare numbers in these",
            LapicqueNotice,
            stacklevel=3,
        )
    values, errors = physical(found.coefficients), found.standard_error(physical)
    keys = ["c_m", "g_l", "e_l", *(f"q_eta_{k + 1}" for k in range(len(taus)))]
    units = ["pF", "nS", "mV", *("pA" for _ in taus)]
    parameters = {
        key: Estimate(float(value), float(error), unit)
        for key, value, error, unit in zip(keys, values, errors, units, strict=True)
    }
    after = np.concatenate(resets)
    if not after.size:
        raise FitError("no spike is followed by its refractory period within the recording: v_reset is not known")
    error = float(after.std(ddof=1) / np.sqrt(after.size)) if after.size > 1 else float("nan")
    parameters["v_reset"] = Estimate(float(after.mean()), error, "mV")
    return Membrane(parameters, found.explained)


def _design(
    trial: Trial,
    v: np.ndarray,
    stimulus: np.ndarray,
    spikes: np.ndarray,
    current: Exponentials | None,
    refractory: int,
    before: float,
) -> tuple[np.ndarray, np.ndarray]:
    dt, samples = trial.dt, trial.samples
    good = np.zeros(samples - 1, dtype=bool)
    first, last = (round(edge / dt) for edge in trial.window)
    good[first:last] = True
    for step in spikes:
        good[max(0, step - round(before / dt)) : step + refractory] = False
    columns = [np.ones(samples - 1), (v[1:] + v[:-1]) / 2, stimulus[:-1]]
    if current is not None:
        # the trace at a step's end, and what it was at its beginning
        ends = current.of_events(spikes, samples, dt)[:-1]
        columns += list((ends * (1 + np.exp(dt / np.array(current.taus))) / 2).T)
    return np.stack(columns, axis=1)[good], (np.diff(v) / dt)[good]
