"""The membrane potential that a fitted model has in a trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapicque.fit.search import Fit
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Neuron
from lapicque.simulation.run import simulate
from lapicque.units import parse_unit

MV = parse_unit("mV")


def membrane_potential(neuron: Neuron) -> str | None:
    """Return the state that is the membrane potential: ``v`` or the first one in units of voltage; None without one.

    Examples
    --------
    >>> from lapicque.neurons import adex
    >>> membrane_potential(adex)
    'v'
    """
    voltages = [name for name, state in neuron.states.items() if state.unit.dimension == MV.dimension]
    return "v" if "v" in voltages else next(iter(voltages), None)


def predicted_voltage(fit: Fit, trials: Sequence[Trial], number: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the model's membrane potential in one of the trials, its first run where it is noisy.

    Parameters
    ----------
    fit : Fit
    trials : sequence of Trial
        As they were given to `lapicque.fit.predicted`, whose spikes belong to this potential.
    number : int
        Which of them.

    Returns
    -------
    tuple
        (sample,) ms, the fitted delay included; (sample,) mV. None for a model without a potential.
    """
    problem = fit.cell.with_trials(trials)
    trial, state = problem.trials[number], membrane_potential(fit.neuron)
    if state is None:
        return None
    values = {name: found.value for name, found in fit.parameters.items()}
    inputs = {}
    for name, samples in problem.inputs(trial).items():
        unit = fit.neuron.inputs[name].unit
        given = samples / unit.scale
        if name == problem.driven:
            given = values.get("input_scale", 1.0) * given + values.get("input_offset", 0.0)
        inputs[name] = given
    answer = simulate(
        fit.neuron,
        trial.samples * problem.dt,
        dt=problem.dt,
        inputs=inputs,
        n=1,
        record=state,
        method=problem.method,
        precision=problem.precision,
        seed=problem.seed,
        trial=number * (problem.repeats or 1),
        progress=False,
    )
    trace = answer.traces[state]
    to_mv = trace.unit.scale / MV.scale
    return trace.times + values.get("delay", 0.0), np.asarray(trace.values[:, 0], dtype=float) * to_mv
