"""Stimulations: which variable of which neurons a stimulus drives. Checked when added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import SimulationError, UnitError, suggest
from lapicque.model.neuron import Neuron
from lapicque.model.projection_rules import check_projection
from lapicque.model.stimulus import Callback, Drive, PoissonInput, Samples, Stimulus
from lapicque.model.values import is_quantity, plain_value
from lapicque.network.population import Selection
from lapicque.network.receptors import receptors
from lapicque.units import Unit, describe

if TYPE_CHECKING:
    from lapicque.network.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Stimulation:
    """A stimulus at work; `Network.stimulate` makes one.

    Attributes
    ----------
    name : str
    target : Selection
    variable : str
        An input of the target; for Poisson spikes a state, or a receptor's, ``"RECEPTOR.g"``.
    stimulus : Drive, Samples, PoissonInput or Callback
    """

    name: str
    target: Selection
    variable: str
    stimulus: Stimulus

    def __repr__(self) -> str:
        return f"Stimulation({self.target!r}.{self.variable}: {self.stimulus!r})"


def stimulus_of(given: Any) -> Stimulus:
    """Return a stimulus; a number is a constant, a text a function of time.

    Raises
    ------
    SimulationError
        If it can be neither.
    """
    if isinstance(given, (Drive, Samples, PoissonInput, Callback)):
        return given
    if callable(given):
        raise SimulationError("a Python function is a stimulus as lq.stimuli.callable(function): it is slow")
    if isinstance(given, str) and not is_quantity(given):
        return Drive("function", given)
    if given is None or isinstance(given, bool):
        raise SimulationError(f"the stimulus is {given!r}, but a value of lapicque.stimuli or a number is expected")
    return Drive("constant", "amplitude", "amplitude : UNIT (post)", {"amplitude": given})


def check_stimulation(network: Network, made: Stimulation) -> None:
    """The variable can take the stimulus, and both have one dimension.

    Raises
    ------
    ModelError, UnitError, SimulationError
    """
    population, stimulus = made.target.population, made.stimulus
    neuron = population.model
    if neuron is None:
        raise SimulationError(f"{population.name!r} is a list of spikes: it has no variables to stimulate")
    if isinstance(stimulus, PoissonInput):
        _check_poisson(made, stimulus, _state_unit(network, made, neuron))
        return
    unit = _input_unit(made, neuron)
    if isinstance(stimulus, Drive):
        synapse = stimulus.synapse(unit)
        check_projection(synapse, None, neuron, made.variable)
        for name, variable in synapse.variables.items():
            check_size(variable.value, made.target, f"{name!r} of {stimulus.name}()")
    elif isinstance(stimulus, Samples):
        if stimulus.unit is not None and stimulus.unit.dimension != unit.dimension:
            raise UnitError(f"the array is {describe(stimulus.unit)}, but {made.variable!r} is {describe(unit)}")
        if stimulus.values.ndim == 2 and stimulus.values.shape[1] not in (1, len(made.target)):
            raise SimulationError(
                f"the array has {stimulus.values.shape[1]} columns (time, neuron), but {made.target!r} has "
                f"{len(made.target)} neurons"
            )


def _input_unit(made: Stimulation, neuron: Neuron) -> Unit:
    name = made.variable
    if name in neuron.inputs:
        return neuron.inputs[name].unit
    if name in neuron.states:
        raise SimulationError(
            f"{name!r} is a state of {neuron.name!r}, not an input: declare an input that adds to it, 'x : unit "
            "(input)'"
        )
    hint = suggest(name, neuron.inputs) or f"; it has {', '.join(map(repr, neuron.inputs)) or 'none'}"
    raise SimulationError(f"{name!r} is no input of the neuron {neuron.name!r}{hint}")


def _state_unit(network: Network, made: Stimulation, neuron: Neuron) -> Unit:
    name, population = made.variable, made.target.population
    if "." in name:
        variable = receptor_variable(network, made.target, name)
        if variable.kind != "state":
            raise SimulationError(f"{name!r} is computed from other variables: Poisson spikes are added to a state")
        assert variable.unit is not None
        return variable.unit
    if name in neuron.states:
        return neuron.states[name].unit
    known = [
        f"{r.name}.{v}" for r in receptors(network, population).values() for v in r.synapse.of_scope("post", "state")
    ]
    if name in neuron.inputs:
        more = f" or a receptor's, {known[0]!r}" if known else ", or connect a receptor first"
        message = f"{name!r} is an input: Poisson spikes are added to a state, {next(iter(neuron.states), '')!r}{more}"
        raise SimulationError(message)
    hint = suggest(name, [*neuron.states, *known]) or f"; it has {', '.join(map(repr, [*neuron.states, *known]))}"
    raise SimulationError(f"{name!r} is no state of {population.name!r}{hint}")


def receptor_variable(network: Network, target: Selection, name: str) -> Any:
    """Return the variable that ``"RECEPTOR.g"`` names.

    Raises
    ------
    SimulationError
        If there is no such receptor or variable.
    """
    population = target.population
    known = receptors(network, population)
    receptor, _, inner = name.partition(".")
    if receptor not in known:
        hint = suggest(receptor, known) or (f"; it has {', '.join(map(repr, known))}" if known else "; it has none yet")
        raise SimulationError(f"{population.name!r} has no receptor {receptor!r}{hint}")
    if inner not in known[receptor].variables:
        hint = suggest(inner, known[receptor].variables)
        hint = hint or f"; it has {', '.join(map(repr, known[receptor].variables)) or 'none'}"
        raise SimulationError(f"the receptor {receptor!r} of {population.name!r} has no variable {inner!r}{hint}")
    return known[receptor].synapse.variables[inner]


def _check_poisson(made: Stimulation, stimulus: PoissonInput, unit: Unit) -> None:
    if stimulus.w_unit is not None and stimulus.w_unit.dimension != unit.dimension:
        message = f"w of poisson() is {describe(stimulus.w_unit)}, but {made.variable!r} is {describe(unit)}"
        raise UnitError(message)
    if stimulus.w_unit is None and not unit.dimensionless:
        plain_value(stimulus.w, unit, "w of poisson()")
    check_size(stimulus.w, made.target, "w of poisson()")
    rate = stimulus.rate
    check_size(rate, made.target, "the rate of poisson()")
    if isinstance(rate, Samples) and rate.values.ndim == 2 and rate.values.shape[1] not in (1, len(made.target)):
        message = (
            f"the rate has {rate.values.shape[1]} columns (time, neuron), but there are {len(made.target)} neurons"
        )
        raise SimulationError(message)


def check_size(value: Any, target: Selection, what: str) -> None:
    """An array has one value for each stimulated neuron."""
    if isinstance(value, np.ndarray) and value.ndim and value.shape != (len(target),):
        message = f"{what} has {value.size} values, but {target!r} has {len(target)} neurons"
        raise SimulationError(f"{message}: give one value, or one a neuron")
