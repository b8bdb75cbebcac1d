"""The generalized integrate-and-fire neuron by convex stages: membrane by regression, threshold by likelihood."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.driving import driven_input, inputs_of
from lapicque.fit.likelihood.basis import Exponentials
from lapicque.fit.likelihood.electrode import Electrode
from lapicque.fit.likelihood.forced import Bins, along_spikes, bins_of, counted_bins, counts_of, spike_steps
from lapicque.fit.likelihood.found import Estimate, MaximumLikelihoodFit, fitted_trials
from lapicque.fit.likelihood.newton import maximum
from lapicque.fit.likelihood.subthreshold import fit_membrane
from lapicque.fit.recording import Recording
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Neuron
from lapicque.neurons.gif import gif_like
from lapicque.progress import bar
from lapicque.simulation.run import simulate
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

_RATE = 1.0  # Hz, of spikes at the threshold: v_th is where the rate is 1 Hz


@dataclass(frozen=True, eq=False, repr=False)
class GIFFit(MaximumLikelihoodFit):
    """A GIF neuron that was fitted by `lapicque.fit.gif`.

    Attributes
    ----------
    neuron : Neuron
        The model, with what was found: it can be simulated, trained, and fitted further.
    current, threshold, accommodation : Exponentials or None
        Of the spike-triggered current, of the threshold after spikes, and of how the threshold follows the voltage.
    explained_slope : float
        Share of the variance of dV/dt between spikes that the membrane explains.
    explained_voltage : float
        That of the voltage itself, when the model spikes with the data.
    electrode : Electrode or None
        What the voltages were compensated for.
    """

    neuron: Neuron
    current: Exponentials | None
    threshold: Exponentials | None
    accommodation: Exponentials | None
    explained_slope: float
    explained_voltage: float
    electrode: Electrode | None

    def bins(self, trial: Trial) -> Bins:
        """Return what the model expects in each bin of a trial, given the data's spikes before it."""
        return bins_of(self.neuron, trial)

    def runs(self, trial: Trial, runs: int, seed: int, number: int = 0) -> SpikeTrains:
        """Return spikes of the model under a trial's stimulus: (run, 1); ``number`` tells trials of one seed apart."""
        given = inputs_of(self.neuron, trial, driven_input(self.neuron, trial), ())
        inputs = {name: values / self.neuron.inputs[name].unit.scale for name, values in given.items()}
        answer = simulate(
            self.neuron, trial.duration, dt=trial.dt, inputs=inputs, n=runs, seed=seed, trial=number, progress=False
        )
        return SpikeTrains.from_lists(answer.spikes.to_lists(), t_stop=answer.spikes.t_stop, shape=(runs, 1))

    def current_kernel(self, times: Any) -> np.ndarray:
        """Return the current after a spike at times after it (ms): (time,), pA."""
        return self._kernel(self.current, "eta", times)

    def threshold_kernel(self, times: Any) -> np.ndarray:
        """Return how far the threshold is raised at times after a spike (ms): (time,), mV."""
        return self._kernel(self.threshold, "gamma", times)

    def _kernel(self, basis: Exponentials | None, part: str, times: Any) -> np.ndarray:
        if basis is None:
            return np.zeros(np.shape(times))
        return basis.kernel([self.parameters[f"q_{part}_{k + 1}"].value for k in range(len(basis))], times)

    def _title(self) -> str:
        return "GIF by maximum likelihood"

    def __repr__(self) -> str:
        lines = super().__repr__().splitlines()
        slope, voltage = 100 * self.explained_slope, 100 * self.explained_voltage
        return "\n".join([lines[0], f"  {slope:.0f} % of dV/dt and {voltage:.0f} % of V explained", *lines[1:]])


def gif(
    data: Recording | Sequence[Trial],
    *,
    current: Exponentials | None,
    threshold: Exponentials | None,
    accommodation: Exponentials | None = None,
    t_ref: Any = "4 ms",
    before: Any = "5 ms",
    electrode: Electrode | None = None,
    ridge: float = 0.0,
    progress: bool = True,
) -> GIFFit:
    """Fit a generalized integrate-and-fire neuron to voltage and spikes by maximum likelihood.

    Three stages, each with one optimum. The voltage ``t_ref`` after spikes is the reset. Linear regression of dV/dt on
    voltage, current and spikes, in the time far from spikes, gives capacitance, leak and spike-triggered current. Then
    the neuron runs, spiking when the data do; of its rate ``lambda_0 exp((v - v_th - gamma)/delta_v)`` the logarithm is
    linear in 1/delta_v, v_th/delta_v and the threshold's jumps over delta_v, in which the log-likelihood is concave.

    The likelihood is that of the neuron's own simulation at the trials' step, so that `lapicque.fit.log_likelihood` of
    the neuron found is the one maximised.

    Parameters
    ----------
    data : Recording or sequence of Trial
        With voltages; all at one sampling interval.
    current, threshold : Exponentials or None
        Time constants of the spike-triggered current and of the moving threshold, by `lapicque.fit.exponentials`; their
        sizes are found. None: there is no such current or movement.
    accommodation : Exponentials, optional
        Time constants with which the threshold follows the voltage, for cells that answer to fast changes. Then
        ``theta`` is taken from the voltage beside ``gamma``, where each part obeys
        ``tau dtheta/dt = kappa (v - e_l) - theta`` and kappa is found: the likelihood stays concave.
    t_ref : ms
        Refractory period; no interval of the data may be shorter.
    before : ms
        How much time before each spike the regression leaves out.
    electrode : Electrode, optional
        By `lapicque.fit.electrode_kernel`: its drop is taken from the voltages first.
    ridge : float
        See `lapicque.fit.glm`; for the threshold only.
    progress : bool
        Show a bar if it takes longer than two seconds.

    Returns
    -------
    GIFFit

    Raises
    ------
    FitError
        Without voltages or spikes; for intervals shorter than ``t_ref``; where the voltage is no passive membrane's;
        where the likelihood has no maximum; where spikes are less likely the higher the voltage.

    Warns
    -----
    LapicqueNotice
        For a capacitance that is no neuron's, as of currents in nA that were given as bare numbers.

    Notes
    -----
    Errors of the membrane are those of a jackknife over blocks of time; errors of the threshold come from the curvature
    of the log-likelihood and take the membrane as known, so that they are too small where it is not known well.

    References
    ----------
    .. [1] Mensi et al. 2012, J. Neurophysiol. 107, 1756, https://doi.org/10.1152/jn.00408.2011
    .. [2] Pozzorini et al. 2015, PLoS Comput. Biol. 11, e1004275, https://doi.org/10.1371/journal.pcbi.1004275
    .. [3] Mensi et al. 2016, PLoS Comput. Biol. 12, e1004761, https://doi.org/10.1371/journal.pcbi.1004761

    Examples
    --------
    Twenty seconds of a GIF neuron, and what they say of it:

    >>> import lapicque as lq
    >>> cell = lq.neurons.gif.with_(v_th="-50 mV", delta_v="2 mV")
    >>> command = 100 + 100 * np.repeat(np.random.default_rng(1).standard_normal(10_000), 20)
    >>> answer = lq.simulate(cell, "20 s", inputs={"i_ext": command}, record="v", seed=1)
    >>> trial = lq.fit.Trial(command, answer.spikes, voltage=answer.traces["v"].values.T)
    >>> found = gif(
    ...     [trial],
    ...     current=lq.fit.exponentials("57.8 ms", "218.2 ms"),
    ...     threshold=lq.fit.exponentials("53.8 ms", "640 ms"),
    ... )
    >>> found.parameters["g_l"], abs(found.parameters["delta_v"].value - 2) < 0.5
    (3.7 ± ... nS, True)
    """
    begun = time.perf_counter()
    if isinstance(data, Recording) and electrode is not None:
        data = electrode.compensate(data)
    trials = fitted_trials(data)
    if electrode is not None and not isinstance(data, Recording):
        trials = tuple(_compensated(trial, electrode) for trial in trials)
    for basis in (current, threshold, accommodation):
        if basis is not None and not isinstance(basis, Exponentials):
            raise FitError(f"the kernels of a GIF are exponentials, which its states can be, not {basis!r}")
    dt = trials[0].dt
    time_ref, time_before = (
        float(magnitude(value, "ms", name)) for value, name in ((t_ref, "t_ref"), (before, "before"))
    )
    if not (time_ref > 0 and time_before >= 0):
        raise FitError(
            f"t_ref is {time_ref:g} ms and before {time_before:g} ms: a positive and a not negative time are expected"
        )
    refractory = max(1, int(np.floor(time_ref / dt + 1e-3)))
    steps = [spike_steps(trial, refractory) for trial in trials]
    with bar("GIF", len(trials) + 2, show=progress) as tick:
        membrane = fit_membrane(trials, steps, current, refractory, time_before)
        tick(1, "threshold")
        parameters = {
            **membrane.parameters,
            "t_ref": Estimate(time_ref, 0.0, "ms"),
            "lambda_0": Estimate(_RATE, 0.0, "Hz"),
        }
        parameters |= _times("eta", current) | _times("theta", accommodation)
        names = [f"q_gamma_{k + 1}" for k in range(len(threshold or ()))]
        names += [f"kappa_{k + 1}" for k in range(len(accommodation or ()))]
        whole = {name: Estimate(1.0, 0.0, "1") for name in names if name.startswith("kappa")}
        passive = _neuron(parameters | whole | {"v_th": Estimate(0.0, 0.0, "mV"), "delta_v": Estimate(1.0, 0.0, "mV")})
        watch = {"v_now": ("v", "mV"), **{f"theta_now_{k}": (f"theta_{k + 1}", "mV") for k in range(len(whole))}}
        parts, compared = [], []
        for trial, own in zip(trials, steps, strict=True):
            states = along_spikes(passive, trial, own, watch)
            counted = counted_bins(trial, own, refractory)
            parts.append(_bins(list(states.values()), counted, own, trial, threshold))
            compared.append(_compare(trial, states["v_now"], counted, own, time_before))
            tick(1)
        found = maximum(
            np.concatenate([design for design, _ in parts]),
            np.concatenate([counts for _, counts in parts]),
            ["v_th", "1/delta_v", *names],
            offset=float(np.log(_RATE * dt / 1e3)),
            ridge=ridge,
        )
    parameters |= _threshold(names, found.coefficients, found.covariance) | _times("gamma", threshold)
    errors, spread = (sum(pair[k] for pair in compared) for k in (0, 1))
    return GIFFit(
        parameters=parameters,
        trials=trials,
        free=len(membrane.parameters) + len(found.coefficients),
        seconds=time.perf_counter() - begun,
        neuron=_neuron(parameters),
        current=current,
        threshold=threshold,
        accommodation=accommodation,
        explained_slope=membrane.explained,
        explained_voltage=1 - errors / spread if spread > 0 else float("nan"),
        electrode=electrode,
    )


def _compensated(trial: Trial, electrode: Electrode) -> Trial:
    if trial.voltage is None:
        raise FitError(f"trial {trial.label!r} has no voltage to compensate for the electrode")
    drop = electrode.drop(next(iter(trial.inputs.values())), trial.dt)
    return replace(trial, voltage=trial.voltage - drop)


def _times(part: str, basis: Exponentials | None) -> dict[str, Estimate]:
    taus = basis.taus if basis is not None else ()
    return {f"tau_{part}_{k + 1}": Estimate(tau, 0.0, "ms") for k, tau in enumerate(taus)}


def _neuron(parameters: dict[str, Estimate]) -> Neuron:
    return gif_like({name: f"{e.value!r} {e.unit}" if e.unit != "1" else e.value for name, e in parameters.items()})


def _bins(
    states: Sequence[np.ndarray],
    counted: np.ndarray,
    steps: Sequence[np.ndarray],
    trial: Trial,
    threshold: Exponentials | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return covariates and counts of the bins that count, of all repeats: 1, v, gamma's parts, theta's parts."""
    rows = []
    for repeat, own in enumerate(steps):
        v, *thetas = (state[repeat] for state in states)
        gammas = [] if threshold is None else list(threshold.of_events(own, trial.samples, trial.dt).T)
        rows.append(np.stack([np.ones(trial.samples), v, *gammas, *thetas], axis=1)[counted[repeat]])
    return np.concatenate(rows), counts_of(steps, trial.samples)[counted]


def _compare(
    trial: Trial, v: np.ndarray, counted: np.ndarray, steps: Sequence[np.ndarray], before: float
) -> tuple[float, float]:
    """Return the sums of squares of the voltage's error and of its deviations, in the time far from spikes."""
    assert trial.voltage is not None
    ends = slice(None, -1)  # the state after a step is the voltage of the next sample
    data, model, good = trial.voltage[:, 1:], v[:, ends], counted[:, ends].copy()
    for row, own in zip(good, steps, strict=True):
        for step in own:
            row[max(0, step - round(before / trial.dt)) : step + 1] = False
    known = data[good]
    return float(np.sum((known - model[good]) ** 2)), float(np.sum((known - known.mean()) ** 2))


def _threshold(names: Sequence[str], coefficients: np.ndarray, covariance: np.ndarray) -> dict[str, Estimate]:
    """Turn ``log rate = c + v/delta_v - sum of parts/delta_v`` into its parameters, errors by the delta method."""
    constant, slope, *parts = coefficients
    if not slope > 0:
        raise FitError(
            f"spikes are less likely the higher the model's voltage (1/delta_v is {slope:.3g} per mV): the membrane "
            "that was found does not predict them. Are stimulus and voltage of the same cell, and aligned?"
        )
    values = np.array([-constant / slope, 1 / slope, *(-part / slope for part in parts)])
    jacobian = np.zeros((len(values), len(values)))
    jacobian[:, 1] = -values / slope
    jacobian[0, 0] = -1 / slope
    for k in range(2, len(values)):
        jacobian[k, k] = -1 / slope
    errors = np.sqrt(np.diag(jacobian @ covariance @ jacobian.T))
    return {
        name: Estimate(float(value), float(error), "1" if name.startswith("kappa") else "mV")
        for name, value, error in zip(["v_th", "delta_v", *names], values, errors, strict=True)
    }
