"""The electrode that injects the current it records with: its kernel, and voltages without its drop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.errors import FitError, RecordingError
from lapicque.fit.likelihood.basis import Rectangles
from lapicque.fit.likelihood.found import Estimate
from lapicque.fit.likelihood.regression import regress
from lapicque.fit.recording import Recording
from lapicque.fit.sweep import Sweep
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False, repr=False)
class Electrode:
    """An electrode as a linear filter of the injected current; made by `electrode_kernel`.

    Attributes
    ----------
    kernel : (lag,), Mohm/ms
        ``kernel[j] * dt`` times the current j samples ago is its part of the voltage now.
    dt : ms
    resistance : Estimate, Mohm
        The sum of the kernel.
    membrane_resistance, membrane_tau : Estimate, Mohm and ms
        Of the exponential that was taken for the membrane.
    edges, total : (bin + 1,) ms, (bin,) Mohm/ms
        The filter from current to recorded voltage, of electrode and membrane.
    explained : float
        Share of the voltage's variance that this filter explains.
    """

    kernel: np.ndarray
    dt: float
    resistance: Estimate
    membrane_resistance: Estimate
    membrane_tau: Estimate
    edges: np.ndarray
    total: np.ndarray
    explained: float

    def drop(self, current: Any, dt: Any) -> np.ndarray:
        """Return the voltage across the electrode, mV: (sample,), for a current in pA, steady before its first.

        Raises
        ------
        FitError
            If the current is sampled at another interval than the kernel.
        """
        from scipy.signal import oaconvolve

        step = float(magnitude(dt, "ms", "dt"))
        if abs(step - self.dt) > 1e-6 * self.dt:
            raise FitError(
                f"the electrode's kernel has dt {self.dt:g} ms, the current {step:g} ms: bring the recording to the "
                f"kernel's by recording.resample('{self.dt:g} ms')"
            )
        values = np.asarray(magnitude(current, "pA", "current"), dtype=float)
        # as if the first value had been there for ever
        moving = oaconvolve(values - values[0], self.kernel * self.dt)[: values.size]
        return 1e-3 * (moving + values[0] * self.kernel.sum() * self.dt)

    def compensate(self, recording: Recording) -> Recording:
        """Return a recording whose voltages are those of the membrane: without the drop across the electrode.

        Spike times stay as they were detected.

        Raises
        ------
        RecordingError
            If it has no voltage, or its stimulus is no current.
        """
        if recording.stimulus_unit != "pA":
            raise RecordingError(
                f"the stimulus of recording {recording.name!r} is in {recording.stimulus_unit}: an electrode's drop "
                "follows from a current"
            )
        sweeps = []
        for n, sweep in enumerate(recording.sweeps):
            if sweep.voltage is None:
                raise RecordingError(f"sweep {n} of recording {recording.name!r} has no voltage to compensate")
            clean = sweep.voltage - self.drop(sweep.stimulus, recording.dt)
            sweeps.append(Sweep(sweep.stimulus, sweep.spikes, clean, sweep.label))
        notice = f"the drop across an electrode of {self.resistance!r} was taken from the voltage"
        return replace(recording, sweeps=tuple(sweeps), notices=(*recording.notices, notice))

    def __repr__(self) -> str:
        return (
            f"Electrode({self.resistance!r}, {self.kernel.size * self.dt:g} ms; membrane {self.membrane_resistance!r}, "
            f"{self.membrane_tau!r}; {100 * self.explained:.0f} % of the variance explained)"
        )


def electrode_kernel(recording: Recording, *, length: Any = "3 ms", membrane: Any = "150 ms") -> Electrode:
    """Estimate the kernel of the recording electrode, for active electrode compensation.

    The voltage without spikes is a filter of the injected current: electrode and membrane in series. The filter is
    found by linear regression, as a step function with steps of one sample in the electrode's time and wider ones
    later; an exponential, fitted to its later part, is the membrane's; what is left of the early part is the
    electrode's. Standard errors are those of a jackknife over blocks of time.

    Parameters
    ----------
    recording : Recording
        Below threshold, best under a noisy current that varies from sample to sample. Where it has spikes, times
        nearer than ``membrane`` after them are left out.
    length : ms
        How long the electrode's kernel may be: the membrane is what acts later.
    membrane : ms
        How long the membrane's may be; three of its time constants are enough.

    Raises
    ------
    FitError
        If the recording has no voltage, the current is no current or does not vary, too little time is left between
        spikes, or what is left for the membrane does not decay.

    References
    ----------
    .. [1] Brette et al. 2008, Neuron 59, 379, https://doi.org/10.1016/j.neuron.2008.07.021
    .. [2] Badel et al. 2008, J. Neurophysiol. 99, 656, https://doi.org/10.1152/jn.01107.2007
    .. [3] Pozzorini et al. 2015, PLoS Comput. Biol. 11, e1004275, https://doi.org/10.1371/journal.pcbi.1004275

    Examples
    --------
    An electrode of 20 Mohm and 0.2 ms before a membrane of 100 Mohm and 20 ms:

    >>> from lapicque.spikes import SpikeTrains
    >>> from scipy.signal import lfilter
    >>> def filtered(x, r, tau):
    ...     return lfilter([r * -np.expm1(-0.1 / tau)], [1, -np.exp(-0.1 / tau)], x)
    >>> current = np.random.default_rng(1).normal(0, 50, 50_000)
    >>> voltage = -70 + (filtered(current, 20, 0.2) + filtered(current, 100, 20)) / 1e3
    >>> none = SpikeTrains.from_lists([[]], t_stop=5000)
    >>> electrode = electrode_kernel(Recording([Sweep(current, none, voltage)], 0.1, "pA"))
    >>> (
    ...     round(electrode.resistance.value),
    ...     round(electrode.membrane_resistance.value),
    ...     round(electrode.membrane_tau.value),
    ... )
    (20, 100, 20)
    """
    short, long = (float(magnitude(value, "ms", name)) for value, name in ((length, "length"), (membrane, "membrane")))
    dt = recording.dt
    if not dt <= short <= long / 4:
        raise FitError(
            f"the electrode's kernel of {short:g} ms must last at least one sample ({dt:g} ms) and at most a quarter "
            f"of the membrane's, {long:g} ms"
        )
    if recording.stimulus_unit != "pA":
        raise FitError(
            f"the stimulus is in {recording.stimulus_unit}: an electrode's kernel follows from a current (pA)"
        )
    edges = _edges(round(short / dt), round(long / dt))
    basis = Rectangles(tuple(edges * dt))
    names = ["constant", *(f"kernel, {label}" for label in basis.labels)]
    parts = [_part(sweep, n, basis, edges[-1], dt) for n, sweep in enumerate(recording.sweeps)]
    found = regress(parts, names, "the electrode's kernel")

    last, middles, widths = round(short / dt), (edges[1:] + edges[:-1]) / 2 * dt, np.diff(edges) * dt

    def split(coefficients: np.ndarray) -> np.ndarray:
        """Return the electrode's kernel, its resistance, and resistance and time constant of the membrane."""
        total = 1e3 * coefficients[1:]
        size, tau = _exponential(middles[last:], total[last:], widths[last:])
        membrane_part = size * tau * (np.exp(-edges[:last] * dt / tau) - np.exp(-edges[1 : last + 1] * dt / tau)) / dt
        electrode = total[:last] - membrane_part
        return np.array([*electrode, electrode.sum() * dt, size * tau, tau])

    value, error = split(found.coefficients), found.standard_error(split)
    return Electrode(
        kernel=value[:last],
        dt=dt,
        resistance=Estimate(float(value[-3]), float(error[-3]), "Mohm"),
        membrane_resistance=Estimate(float(value[-2]), float(error[-2]), "Mohm"),
        membrane_tau=Estimate(float(value[-1]), float(error[-1]), "ms"),
        edges=edges * dt,
        total=1e3 * found.coefficients[1:],
        explained=found.explained,
    )


def _edges(short: int, long: int) -> np.ndarray:
    """Edges in samples: each one up to `short`, then a fifth of their time apart."""
    edges = list(range(short + 1))
    while edges[-1] < long:
        edges.append(min(long, edges[-1] + max(1, edges[-1] // 5)))
    return np.array(edges)


def _part(sweep: Sweep, number: int, basis: Rectangles, longest: int, dt: float) -> tuple[np.ndarray, np.ndarray]:
    if sweep.voltage is None:
        raise FitError(f"sweep {number} has no voltage: an electrode's kernel follows from current and voltage")
    if not sweep.stimulus.std() > 0:
        raise FitError(f"the current of sweep {number} does not vary: an electrode's kernel follows from a noisy one")
    good = np.ones(sweep.stimulus.size, dtype=bool)
    good[:longest] = False  # what the current was before is not known
    for step in np.round(sweep.spikes.times / dt).astype(int):
        good[max(0, step - round(5.0 / dt)) : step + longest] = False
    convolved = basis.of_signal(sweep.stimulus - sweep.stimulus.mean(), dt)
    return np.column_stack([np.ones(len(convolved)), convolved])[good], sweep.voltage[good]


def _exponential(times: np.ndarray, values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return size and time constant of the exponential through values that stand for stretches of time."""
    from scipy.optimize import minimize_scalar

    def size(tau: float) -> tuple[float, float]:
        shape = np.exp(-times / tau)
        best = float((weights * shape) @ values / ((weights * shape) @ shape))
        return best, float(weights @ (values - best * shape) ** 2)

    found = minimize_scalar(
        lambda x: size(np.exp(x))[1], bounds=(np.log(times[0] / 2), np.log(5 * times[-1])), method="bounded"
    )
    tau = float(np.exp(found.x))
    if not (size(tau)[0] > 0 and tau < 4 * times[-1]):
        raise FitError(
            "what is left of the filter from current to voltage after the electrode's time does not decay as a "
            "membrane does: is the current in pA, the voltage in mV, and below threshold? Otherwise make length= "
            "shorter or membrane= longer"
        )
    return size(tau)[0], tau
