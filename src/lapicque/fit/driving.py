"""What drives the model in a trial: stimuli by name, in the units of the model's inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapicque.errors import FitError, suggest
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Neuron
from lapicque.units import internal, parse_unit


def driven_input(neuron: Neuron, trial: Trial) -> str:
    """Return the input that a trial's stimulus drives, the first where it drives several.

    Raises
    ------
    FitError
        If the model has no such input, or a stimulus without a name could be for several.

    Examples
    --------
    >>> from lapicque.neurons import lif
    >>> from lapicque.spikes import SpikeTrains
    >>> driven_input(lif, Trial(np.zeros(10), SpikeTrains.from_lists([[]], t_stop=1)))
    'i_ext'
    """
    named = next(iter(trial.inputs))
    if named:
        _check_input(neuron, named)
        return named
    if len(neuron.inputs) == 1:
        return next(iter(neuron.inputs))
    if not neuron.inputs:
        raise FitError(f"{neuron.name!r} has no input that a stimulus could drive: declare one, 'i_ext : pA (input)'")
    names = ", ".join(neuron.inputs)
    raise FitError(
        f"{neuron.name!r} has several inputs ({names}): say which by stimulus=dict({next(iter(neuron.inputs))}=...)"
    )


def inputs_of(neuron: Neuron, trial: Trial, driven: str, affine: Sequence[str]) -> dict[str, np.ndarray]:
    """Return every input of the model in a trial; those that it does not drive are 0.

    Parameters
    ----------
    driven : the input that a stimulus without a name drives
    affine : inputs that a fitted scale and offset turn from pure numbers into their unit

    Returns
    -------
    dict
        name -> (sample,) in internal units.

    Raises
    ------
    FitError
        If the model has no such input, or the stimulus is not in a unit of its kind.
    """
    found = {name: np.zeros(trial.samples) for name in neuron.inputs}
    for given, values in trial.inputs.items():
        name = given or driven
        _check_input(neuron, name)
        unit, own = neuron.inputs[name].unit, parse_unit(trial.units[given])
        if own.dimensionless and not unit.dimensionless:
            if name not in affine:
                raise FitError(
                    f"the stimulus has no physical unit but {name!r} is in {unit}: let input_scale (and input_offset) "
                    f"be free, or give the stimulus in {unit}"
                )
            own = unit  # the fitted scale is that of the input's unit
        if own.dimension != unit.dimension:
            raise FitError(f"the stimulus is in {own}, but the model's input {name!r} is in {unit}")
        found[name] = internal(values, own)
    return found


def _check_input(neuron: Neuron, name: str) -> None:
    if name not in neuron.inputs:
        raise FitError(f"{neuron.name!r} has no input {name!r}{suggest(name, neuron.inputs)}")
