"""The generalized linear model: a log rate that sums filters of the stimulus, of its own spikes and of others'."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.likelihood.basis import Basis
from lapicque.fit.likelihood.forced import Bins
from lapicque.fit.likelihood.found import Estimate, MaximumLikelihoodFit, fitted_trials
from lapicque.fit.likelihood.kernels import emit
from lapicque.fit.likelihood.newton import maximum
from lapicque.fit.likelihood.stretch import Stretch, stretches_of
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Neuron
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False, repr=False)
class GLMFit(MaximumLikelihoodFit):
    """A GLM that was fitted by `lapicque.fit.glm`.

    Attributes
    ----------
    stimulus, history, coupling : Basis or None
    others : int
        How many other neurons it listens to.
    t_ref, dt : ms
    poisson : bool
    unit : str
        Of the stimulus.
    data : tuple of Trial, or SpikeTrains
        What was given.
    index : int
        Which neuron of spike trains it is.
    """

    stimulus: Basis | None
    history: Basis | None
    coupling: Basis | None
    others: int
    t_ref: float
    dt: float
    poisson: bool
    unit: str
    data: Any
    index: int

    def stimulus_kernel(self, times: Any) -> np.ndarray:
        """Return the stimulus filter at lags (ms): (time,), change of the log rate per unit of the stimulus and ms."""
        return self._kernel(self.stimulus, "stimulus", times)

    def history_kernel(self, times: Any) -> np.ndarray:
        """Return the change of the log rate at times after a spike (ms): (time,)."""
        return self._kernel(self.history, "history", times)

    def coupling_kernel(self, other: int, times: Any) -> np.ndarray:
        """Return the change of the log rate at times after a spike of another neuron (ms): (time,).

        Parameters
        ----------
        other : int
            Which of the others, numbered from 0 without the neuron itself.
        """
        if not 0 <= other < self.others:
            raise FitError(f"there is no other neuron {other}: the model listens to {self.others}, numbered from 0")
        return self._kernel(self.coupling, f"coupling {other}", times)

    def _kernel(self, basis: Basis | None, part: str, times: Any) -> np.ndarray:
        if basis is None:
            return np.zeros(np.shape(times))
        return basis.kernel([self.parameters[f"{part}, {label}"].value for label in basis.labels], times)

    @property
    def neuron(self) -> Neuron:
        """The model as equations, whose simulation at the bins' dt is this GLM.

        Raises
        ------
        FitError
            If its kernels are no exponentials, or it listens to other neurons.
        """
        from lapicque.fit.likelihood.glm_neuron import glm_neuron

        return glm_neuron(self)

    def _design(self, stretch: Stretch) -> np.ndarray:
        return design_of(stretch, self.dt, self.stimulus, self.history, self.coupling)

    def bins(self, trial: Any) -> Bins:
        """Return what the model expects in each bin of a stretch, given the spikes before it."""
        values = np.array([found.value for found in self.parameters.values()])
        eta = self._design(trial) @ values + np.log(self.dt / 1e3)
        with np.errstate(over="ignore"):
            u = np.exp(eta)
        counted = counted_of(trial, _refractory(self.t_ref, self.dt))
        return Bins(u[None], trial.counts()[None], counted[None], self.dt, self.poisson)

    def cut(self, data: Any, signal: Any = None) -> list[Stretch]:
        """Cut data into stretches of bins, of which the model can be asked: for spike trains with a signal.

        Parameters
        ----------
        data, signal
            As for `lapicque.fit.glm`.
        """
        found = stretches_of(data, self.dt, signal, self.index)
        if len(found[0].others) != self.others and self.coupling is not None:
            raise FitError(
                f"the data have {len(found[0].others)} other neurons, but the model listens to {self.others}"
            )
        return found

    def _explained(self, trials: Any) -> Sequence[Any]:
        return list(trials) if _are_stretches(trials) else self.cut(trials)

    def _presented(self, trials: Any) -> Sequence[Any]:
        if trials is None:
            return self.trials if isinstance(self.data, SpikeTrains) else self.data
        if _are_stretches(trials) or isinstance(trials, SpikeTrains):
            return self._explained(trials)
        return fitted_trials(trials)

    def runs(self, trial: Any, runs: int, seed: int, number: int = 0) -> SpikeTrains:
        """Return spikes of the model under a stretch's or trial's stimulus, and others' spikes: (run, 1)."""
        if self.poisson:
            raise FitError(
                "a model of counts is not run: fit bins with one spike at most, by a smaller dt, without poisson="
            )
        if isinstance(trial, Trial):
            trial = self.cut([trial])[0]
        values = np.array([found.value for found in self.parameters.values()])
        silent = Stretch(np.empty(0, np.int64), trial.others, trial.samples, trial.counted, trial.signal, trial.unit,
                         trial.start)  # fmt: skip
        drive = self._design(silent) @ values + np.log(self.dt / 1e3)
        kernel = np.empty(0)
        if self.history is not None:
            lags = np.arange(1, min(trial.samples, round(self.history.length / self.dt) + 1)) * self.dt
            kernel = np.ascontiguousarray(self.history_kernel(lags))
        times = []
        for run in range(runs):
            random = np.random.default_rng([seed, number, run])
            out = np.empty(trial.samples)
            emit(drive.copy(), kernel, _refractory(self.t_ref, self.dt), random.random(trial.samples), out)
            times.append(trial.start + np.flatnonzero(out) * self.dt)
        stop = trial.start + trial.samples * self.dt
        return SpikeTrains.from_lists(times, t_start=trial.start, t_stop=stop, shape=(runs, 1))

    def _title(self) -> str:
        return "GLM by maximum likelihood"


def glm(
    data: Any,
    *,
    stimulus: Basis | None = None,
    history: Basis | None = None,
    coupling: Basis | None = None,
    dt: Any = "1 ms",
    t_ref: Any = 0.0,
    signal: Any = None,
    neuron: int = 0,
    poisson: bool = False,
    ridge: float = 0.0,
) -> GLMFit:
    """Fit a generalized linear model of spikes by maximum likelihood.

    The logarithm of the rate is a constant, plus a filter of the stimulus, plus a kernel for each spike of the neuron
    itself, plus one for each spike of each other neuron. Kernels are weighted sums of the bases' functions; the
    log-likelihood is concave in the weights.

    Parameters
    ----------
    data : Recording, Trial, sequence of Trial, or SpikeTrains (trial, neuron)
        Trials bring their stimulus. With spike trains of several neurons one is modelled, and the others may couple.
    stimulus, history, coupling : Basis, optional
        By `lapicque.fit.exponentials`, `lapicque.fit.raised_cosines` or `lapicque.fit.rectangles`; a part without a
        basis is left out.
    dt : ms
        Width of the bins. Stimuli are averaged over them, or held; what is left of spike trains after the last whole
        bin is left out.
    t_ref : ms
        Time after a spike in which there is no other, and which does not count.
    signal : (bin,) or (trial, bin), optional
        The stimulus where ``data`` are spike trains; a pure number.
    neuron : int
        Which neuron of spike trains is modelled.
    poisson : bool
        Spike counts are Poisson numbers, of any size; else a bin has one spike at most, with probability
        1 - exp(-rate dt), as in a simulation.
    ridge : float
        Takes ``ridge/2 * (weight * standard deviation of its covariate)**2`` from the log-likelihood for each weight:
        1 holds back what the data hardly know, 0 takes nothing. Standard errors are then those of the sum.

    Returns
    -------
    GLMFit

    Raises
    ------
    FitError
        Without spikes, with several in a bin (unless ``poisson``), with intervals shorter than ``t_ref``, with
        covariates that the data do not tell apart, and where no weight is large enough (separation): a kernel that
        begins within the shortest interval between spikes, say.

    References
    ----------
    .. [1] Truccolo et al. 2005, J. Neurophysiol. 93, 1074, https://doi.org/10.1152/jn.00697.2004
    .. [2] Pillow et al. 2008, Nature 454, 995, https://doi.org/10.1038/nature07140

    Examples
    --------
    >>> import lapicque as lq
    >>> trains = lq.spikes.poisson("30 Hz", "60 s", seed=1)
    >>> found = glm(trains, history=lq.fit.rectangles(0, 10, 50), poisson=True)
    >>> list(found.parameters)
    ['constant', 'history, 0 to 10 ms', 'history, 10 to 50 ms']
    >>> bool(abs(np.exp(found.parameters["constant"].value) - 30) < 3)
    True
    """
    begun = time.perf_counter()
    width, silent = (float(magnitude(value, "ms", name)) for value, name in ((dt, "dt"), (t_ref, "t_ref")))
    if not (0 < width < np.inf and 0 <= silent < np.inf):
        raise FitError(f"dt is {width:g} ms and t_ref {silent:g} ms: a positive and a not negative time are expected")
    if poisson and silent:
        raise FitError("Poisson counts have no refractory period: leave t_ref= out, or poisson=")
    for basis in (stimulus, history, coupling):
        if basis is not None and not isinstance(basis, Basis):
            raise FitError(
                f"{basis!r} is no basis: write lq.fit.exponentials(...), raised_cosines(...), rectangles(...)"
            )
    stretches = stretches_of(data, width, signal, neuron)
    others = len(stretches[0].others)
    if stimulus is not None and stretches[0].signal is None:
        raise FitError("there is no stimulus to filter: give signal=, or trials; or leave stimulus= out")
    if coupling is not None and not others:
        raise FitError(
            "there are no other neurons to couple: give spike trains (trial, neuron), or leave coupling= out"
        )
    refractory = _refractory(silent, width)
    for number, stretch in enumerate(stretches):
        _check(stretch, number, refractory, width, poisson)
    names = names_of(stimulus, history, coupling, others)
    kept = [counted_of(stretch, refractory) for stretch in stretches]
    found = maximum(
        np.concatenate(
            [design_of(s, width, stimulus, history, coupling)[k] for s, k in zip(stretches, kept, strict=True)]
        ),
        np.concatenate([s.counts()[k] for s, k in zip(stretches, kept, strict=True)]),
        names,
        offset=float(np.log(width / 1e3)),
        poisson=poisson,
        ridge=ridge,
    )
    errors = np.sqrt(np.diag(found.covariance))
    unit = stretches[0].unit
    per = {"stimulus": "1/ms" if unit == "1" else f"1/({unit}*ms)"}
    return GLMFit(
        parameters={
            name: Estimate(float(value), float(error), per.get(name.split(",")[0], "1"))
            for name, value, error in zip(names, found.coefficients, errors, strict=True)
        },
        trials=tuple(stretches),
        free=len(names),
        seconds=time.perf_counter() - begun,
        stimulus=stimulus,
        history=history,
        coupling=coupling,
        others=others,
        t_ref=silent,
        dt=width,
        poisson=poisson,
        unit=unit,
        data=data if isinstance(data, SpikeTrains) else fitted_trials(data),
        index=neuron,
    )


def _are_stretches(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and bool(given) and isinstance(given[0], Stretch)


def names_of(stimulus: Basis | None, history: Basis | None, coupling: Basis | None, others: int) -> list[str]:
    """Return what the covariates are called, in their order."""
    names = ["constant"]
    names += [f"stimulus, {label}" for label in (stimulus.labels if stimulus else ())]
    names += [f"history, {label}" for label in (history.labels if history else ())]
    for other in range(others if coupling else 0):
        names += [f"coupling {other}, {label}" for label in (coupling.labels if coupling else ())]
    return names


def design_of(
    stretch: Stretch, dt: float, stimulus: Basis | None, history: Basis | None, coupling: Basis | None
) -> np.ndarray:
    """Return the covariates of every bin: (bin, covariate)."""
    columns = [np.ones((stretch.samples, 1))]
    if stimulus is not None:
        if stretch.signal is None:
            raise FitError("there is no stimulus to filter: give data with one")
        columns.append(stimulus.of_signal(stretch.signal, dt))
    if history is not None:
        columns.append(history.of_events(stretch.steps, stretch.samples, dt))
    if coupling is not None:
        columns += [coupling.of_events(steps, stretch.samples, dt) for steps in stretch.others]
    return np.concatenate(columns, axis=1)


def counted_of(stretch: Stretch, refractory: int) -> np.ndarray:
    """Return which bins count: in the window and not refractory. (bin,) bool."""
    found = np.zeros(stretch.samples, dtype=bool)
    found[slice(*stretch.counted)] = True
    for step in stretch.steps:
        found[step + 1 : step + refractory] = False
    return found


def _refractory(t_ref: float, dt: float) -> int:
    return max(1, int(np.floor(t_ref / dt + 1e-3)))


def _check(stretch: Stretch, number: int, refractory: int, dt: float, poisson: bool) -> None:
    intervals = np.diff(stretch.steps)
    if poisson or not intervals.size or intervals.min() >= refractory:
        return
    at = stretch.start + stretch.steps[int(np.argmin(intervals))] * dt
    if intervals.min() == 0:
        raise FitError(
            f"stretch {number} has two spikes in the bin at {at:g} ms: take a smaller dt than {dt:g} ms, or "
            "poisson=True"
        )
    raise FitError(
        f"stretch {number} has spikes {intervals.min() * dt:g} ms apart at {at:g} ms, less than the refractory period, "
        f"{refractory * dt:g} ms: shorten t_ref="
    )
