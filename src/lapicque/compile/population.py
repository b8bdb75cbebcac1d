"""What a backend is asked to run: one population of neurons without synapses, and what comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lapicque.errors import SimulationError

if TYPE_CHECKING:
    from lapicque.compile.step import Step


@dataclass(frozen=True)
class Run:
    """A population to be run from step 0.

    Attributes
    ----------
    step : the compiled model's step
    steps, dt : number of steps and their length, ms
    parameters, initial : name -> (neuron,), internal units
    inputs : name -> (step, 1) for all neurons alike, or (step, neuron); internal units
    keys : draw -> key of its random stream
    size : number of neurons
    first_element, trial : what the random numbers depend on besides key and step; neuron n is element first_element + n
    record : names of states, inputs and observed variables, read at the beginning of every ``every``-th step
    precision : "float32" or "float64"
    """

    step: Step
    steps: int
    dt: float
    parameters: Mapping[str, np.ndarray]
    initial: Mapping[str, np.ndarray]
    inputs: Mapping[str, np.ndarray]
    keys: Mapping[str, np.uint64]
    size: int
    first_element: int = 0
    trial: int = 0
    record: tuple[str, ...] = ()
    every: int = 1
    precision: str = "float64"


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes
    ----------
    events : name -> the steps of each neuron's events, one neuron behind the other, and (neuron + 1,) where each begins
    traces : name -> (sample, neuron)
    states : name -> (neuron,), after the last step
    """

    events: Mapping[str, tuple[np.ndarray, np.ndarray]]
    traces: Mapping[str, np.ndarray]
    states: Mapping[str, np.ndarray]


def check_numbers(
    states: Mapping[str, np.ndarray], moving: Collection[str], first: int, step: int, scheme: str
) -> None:
    """Refuse states that are no longer numbers.

    Parameters
    ----------
    states : name -> (neuron,), their values at ``step``
    moving : names of those that the flow changes; only the others may be infinite
    first : number of the first neuron

    Raises
    ------
    SimulationError
        With the state, the neuron and the step.
    """
    for name, values in states.items():
        wrong = ~np.isfinite(values) if name in moving else np.isnan(values)
        if wrong.any():
            raise SimulationError(
                f"{name!r} of neuron {first + int(np.argmax(wrong))} is no longer a number before step {step}: the "
                f"scheme {scheme} is unstable at this dt, or a parameter is impossible. Try a smaller dt"
            )
