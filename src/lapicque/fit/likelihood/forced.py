"""A model with escape noise along spikes that are given: what its states are, and how likely each spike is.

The model runs by its own equations, but spikes when the data do. So the likelihood of any neuron whose threshold is
``hazard(rate)`` follows from its text, for the steps and with the scheme that a simulation has.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.compile.kernels import kernel_of
from lapicque.errors import FitError
from lapicque.fit.driving import driven_input, inputs_of
from lapicque.fit.trial import Trial
from lapicque.model.evaluate import evaluate, parameter_values
from lapicque.model.neuron import Neuron
from lapicque.model.rules import guard_of
from lapicque.simulation.run import simulate

_FORCED = "forced_spike"


@dataclass(frozen=True, eq=False)
class Bins:
    """Time bins of one trial's repeats, and what a model expects in them.

    Attributes
    ----------
    expected : (repeat, bin)
        The rate times dt: a bin has a spike with probability 1 - exp(-expected).
    counts : (repeat, bin)
        Spikes of the data.
    counted : (repeat, bin) bool
        Inside the window, and not refractory.
    dt : ms
    poisson : bool
        Counts are Poisson numbers instead.
    """

    expected: np.ndarray
    counts: np.ndarray
    counted: np.ndarray
    dt: float
    poisson: bool = False


def hazard_of(neuron: Neuron) -> str:
    """Return the rate in the neuron's ``hazard(rate)`` as a text.

    Raises
    ------
    FitError
        If spikes of the model have no likelihood, given the spikes before them.

    Examples
    --------
    >>> from lapicque.neurons import gif
    >>> hazard_of(gif)
    'lambda_0 * exp((v - v_th - gamma_1 - gamma_2) / delta_v)'
    """
    event = next((e for e in neuron.parsed_events if e.name == "spike"), None)
    if event is None:
        raise FitError(f"{neuron.name!r} never spikes: it has no threshold")
    guard, gates = guard_of(event)
    if not isinstance(guard, ast.Call) or gates:
        found = event.threshold.text
        raise FitError(
            f"{neuron.name!r} spikes when {found!r}: a likelihood needs threshold='hazard(rate)', which gives every "
            "time a probability of a spike"
        )
    if len(neuron.parsed_events) > 1:
        others = ", ".join(repr(e.name) for e in neuron.parsed_events if e is not event)
        raise FitError(
            f"{neuron.name!r} has events beside its spikes ({others}), of which the data say nothing: fit a model "
            "without them"
        )
    moving = _names_below(neuron, guard.args[0]) & {*neuron.inputs, "t"}
    if moving:
        raise FitError(
            f"the hazard of {neuron.name!r} reads {sorted(moving)[0]!r} itself: let it read states only, which follow "
            "the inputs"
        )
    return ast.unparse(guard.args[0])


def _names_below(neuron: Neuron, tree: ast.expr) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in names & set(neuron.algebraic):
        equation = neuron.variables[name].equation
        assert equation is not None
        assert equation.expression is not None
        names |= _names_below(neuron, equation.expression.tree)
    return names


def refractory_steps(neuron: Neuron, dt: float) -> int:
    """Return after how many steps the neuron is free again: floor(t_ref/dt).

    Raises
    ------
    FitError
        If its refractoriness is a condition on states.
    """
    event = next(e for e in neuron.parsed_events if e.name == "spike")
    if event.refractory is None:
        return 1
    read = {node.id for node in event.refractory.names() if node.id in neuron.variables}
    if isinstance(event.refractory.tree, ast.Compare | ast.BoolOp) or read - set(neuron.constants):
        raise FitError(
            f"the refractory period of {neuron.name!r} is {event.refractory.text!r}: a likelihood needs a fixed time"
        )
    value = evaluate(event.refractory, parameter_values(neuron))
    return max(1, int(np.floor(value / dt + 1e-3)))


def to_steps(times: np.ndarray, dt: float) -> np.ndarray:
    """Return the step in which each time is; a time that is a step's beginning up to rounding is in that step."""
    return np.floor(np.asarray(times) / dt + 1e-6).astype(np.int64)


def spike_steps(trial: Trial, refractory: int = 1) -> list[np.ndarray]:
    """Return the steps of each repeat's spikes: (spike,) each.

    Raises
    ------
    FitError
        If two spikes are in one step, or nearer than the refractory period.
    """
    found = []
    for repeat, train in enumerate(trial.spikes):
        times = train.times
        steps = to_steps(times, trial.dt)
        steps = steps[(steps >= 0) & (steps < trial.samples)]
        intervals = np.diff(steps)
        if intervals.size and intervals.min() < refractory:
            at = int(np.argmin(intervals))
            name = f"trial {trial.label!r}" if trial.label else "a trial"
            what = (
                f"less than the refractory period, {refractory * trial.dt:g} ms: shorten it (t_ref=), or detect spikes "
                "with a longer dead time"
                if intervals[at]
                else f"in one step of {trial.dt:g} ms: take a smaller dt"
            )
            raise FitError(f"repeat {repeat} of {name} has spikes at {times[at]:g} and {times[at + 1]:g} ms, {what}")
        found.append(steps)
    return found


def counted_bins(trial: Trial, steps: Sequence[np.ndarray], refractory: int) -> np.ndarray:
    """Return which bins of each repeat count: inside the window, not refractory. (repeat, bin) bool."""
    found = np.zeros((len(steps), trial.samples), dtype=bool)
    first, last = (int(np.ceil(edge / trial.dt - 1e-6)) for edge in trial.window)
    found[:, max(first, 0) : last] = True
    for row, own in zip(found, steps, strict=True):
        for step in own:
            row[step + 1 : step + refractory] = False
    return found


def counts_of(steps: Sequence[np.ndarray], samples: int) -> np.ndarray:
    """Return the number of spikes in each bin: (repeat, bin)."""
    return np.array([np.bincount(own, minlength=samples) for own in steps], dtype=float)


def along_spikes(
    neuron: Neuron, trial: Trial, steps: Sequence[np.ndarray], watch: Mapping[str, tuple[str, str]]
) -> dict[str, np.ndarray]:
    """Run a neuron that spikes when the data do.

    Parameters
    ----------
    neuron : Neuron
    trial : Trial
    steps : sequence of (spike,), of each repeat
    watch : name -> (expression, unit)
        What to look at. Names must be new to the neuron.

    Returns
    -------
    dict
        name -> (repeat, step): its value after the flow of each step and before the jump of a spike in it, which is
        when a threshold is tested.
    """
    driven = driven_input(neuron, trial)
    lines = [f"{_FORCED} : 1 (input)"]
    for name, (expression, unit) in watch.items():
        lines += [f"{name} = {expression} : {unit}", f"{name}_at_spike : {unit}"]
    kept = "; ".join(f"{name}_at_spike = {name}" for name in watch)
    reset = next(e for e in neuron.parsed_events if e.name == "spike").reset
    own = "; ".join(f"{s.target} {s.operator} {s.expression.text}" for s in reset)
    forced = neuron.with_(
        equations=neuron.equations + "\n" + "\n".join(lines),
        threshold=f"{_FORCED} > 0.5",
        reset=f"{kept}; {own}" if own else kept,
        parameters={**neuron.parameters, **{f"{name}_at_spike": f"0 {unit}" for name, (_, unit) in watch.items()}},
        name=f"{neuron.name}_along_spikes",
    )
    if kernel_of(forced).DRAWS:
        raise FitError(
            f"{neuron.name!r} has random numbers beside its escape noise: its spikes have no likelihood in closed form"
        )
    pulses = counts_of(steps, trial.samples + 1).T
    inputs: dict[str, Any] = {_FORCED: pulses}
    for name, values in inputs_of(neuron, trial, driven, ()).items():
        given = values / neuron.inputs[name].unit.scale
        inputs[name] = np.append(given, given[-1])  # one step more, whose beginning is the end of the last
    answer = simulate(
        forced,
        (trial.samples + 1) * trial.dt,
        dt=trial.dt,
        inputs=inputs,
        n=len(steps),
        record=[*watch, *(f"{name}_at_spike" for name in watch)],
        progress=False,
    )
    found = {}
    for name in watch:
        after, at_spike = (answer.traces[key].values[1:].T for key in (name, f"{name}_at_spike"))
        found[name] = np.where(pulses[:-1].T > 0, at_spike, after)
    return found


def bins_of(neuron: Neuron, trial: Trial) -> Bins:
    """Return what a neuron with escape noise expects in each bin, given the data's spikes before it.

    Raises
    ------
    FitError
        As `hazard_of`, `refractory_steps` and `spike_steps` say.
    """
    refractory = refractory_steps(neuron, trial.dt)
    steps = spike_steps(trial, refractory)
    rate = along_spikes(neuron, trial, steps, {"escape_rate": (hazard_of(neuron), "Hz")})["escape_rate"]
    if np.isnan(rate).any():
        at = trial.dt * int(np.argmax(np.isnan(rate).any(axis=0)))
        raise FitError(f"the hazard of {neuron.name!r} is no number (NaN) at {at:g} ms")
    counts = counts_of(steps, trial.samples)
    return Bins(rate * (trial.dt / 1e3), counts, counted_bins(trial, steps, refractory), trial.dt)
