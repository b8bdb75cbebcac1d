"""What one unit of input does to a membrane, in units of the way from rest to threshold: measured, not derived."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lapicque.errors import TrainingError
from lapicque.train.cells import MARGIN, cells_of, threshold_of, with_margin
from lapicque.train.random_numbers import undisturbed
from lapicque.train.recurrent import Recurrent
from lapicque.train.spiking import Spiking

#: Where the response has not died away after so many steps, it never does.
_LONGEST = 1 << 13
#: As parts of the rheobase of the linear response: where it is exact enough; a search, and a second one in its steps.
_EXACT = 5e-3
_COARSE = torch.logspace(-6, 6, 49, base=2, dtype=torch.float64)
_FINE = torch.linspace(2**-0.25, 2**0.25, 49, dtype=torch.float64)


@dataclass(frozen=True)
class Kernel:
    r"""The membrane's linear response to an input of 1 in one step; rest is 0, the threshold 1.

    Attributes
    ----------
    response : (time,) or (time, \*size) where neurons differ; float64
    dt : ms
    rheobase : () or (\*size), the smallest constant input at which the neurons fire in that time
    """

    response: Tensor
    dt: float
    rheobase: Tensor

    @property
    def ebar(self) -> Tensor:
        """The integral of the response, ms."""
        return self.response.sum(0) * self.dt

    @property
    def ehat(self) -> Tensor:
        """The integral of the squared response, ms."""
        return self.response.square().sum(0) * self.dt

    def membrane(self, x: Tensor) -> Tensor:
        r"""Return the membrane that never spikes, where x comes in.

        Parameters
        ----------
        x : (time, batch, \*size)
        """
        steps = x.shape[0]
        response = self.response[:steps]
        response = response.reshape(len(response), 1, *(response.shape[1:] or (1,) * (x.ndim - 2)))
        size = 2 * steps  # the sum of both lengths, so that the end does not come round to the beginning
        made = torch.fft.rfft(x.double(), size, dim=0) * torch.fft.rfft(response.to(x.device), size, dim=0)
        return torch.fft.irfft(made, size, dim=0)[:steps]


def kernel(layer: Spiking | Recurrent, steps: int | None = None) -> Kernel:
    r"""Measure what a unit of input does to the membranes of a layer.

    The layer's own step is run with an input so small that it responds in proportion. The way from rest to threshold
    is the rise of that response at the rheobase: for a leaky cell the distance of the two potentials, for a cell whose
    spikes set in smoothly (AdEx) the voltage from which it runs away.

    Parameters
    ----------
    layer : Spiking or Recurrent
        With one input.
    steps : int, optional
        Length of the response. Absent: as long as it takes to die away.

    Returns
    -------
    Kernel

    Raises
    ------
    TrainingError
        For a layer without a threshold, with several inputs, that fires by itself, that is not moved by what comes in,
        or whose response does not die away.

    Examples
    --------
    A leaky cell with a synaptic current: its integrals are tau_syn and tau_syn^2/(2 (tau_syn + tau_m)).

    >>> import lapicque as lq
    >>> cell = lq.Neuron(
    ...     '''
    ...     dv/dt = (i_syn - v)/tau_m : 1
    ...     di_syn/dt = -i_syn/tau_syn : 1
    ...     ''',
    ...     threshold="v > 1",
    ...     reset="v = 0",
    ...     parameters=dict(tau_m="20 ms", tau_syn="10 ms"),
    ... )
    >>> layer = lq.train.Spiking(cell, dt="0.1 ms", input="i_syn")
    >>> found = lq.train.initialise.kernel(layer)
    >>> round(float(found.ebar), 1), round(float(found.ehat), 2), 10**2 / (2 * (10 + 20))
    (10.0, 1.67, 1.6666666666666667)
    """
    neurons = cells_of(layer)
    probe = _probe(neurons)
    length = 256 if steps is None else steps
    while True:
        rest, response = _linear(probe, neurons, length)
        if steps is not None or _died_away(response):
            break
        length *= 2
        if length > _LONGEST:
            raise TrainingError(
                f"what comes into {neurons.model.name!r} is still felt after {length // 2} steps: give steps=, the "
                "length of a sequence"
            )
    risen = response.cumsum(0)
    most = risen.gather(0, risen.abs().argmax(0, keepdim=True))[0]
    if not (most != 0).all():
        raise TrainingError(
            f"what comes into {neurons.model.name!r} does not move its threshold: is {neurons.inputs[0]!r} its input?"
        )
    rheobase = _rheobase(probe, -rest / most, length)
    return Kernel(response / (rheobase * most), neurons.dt, rheobase)


class Kernels:
    """Kernels of layers, measured once for all that are alike."""

    def __init__(self) -> None:
        self._found: dict[Any, Kernel] = {}

    def of(self, layer: Spiking | Recurrent, steps: int | None = None) -> Kernel:
        """Return the kernel of a layer; see `kernel`."""
        neurons = cells_of(layer)
        recipe = neurons.recipe.key
        if recipe is None or any(np.ndim(value) for value in neurons.extra.values()):
            return kernel(layer, steps)
        given = (*neurons.extra.items(), *neurons.factors.items())
        key = (recipe, neurons.model, neurons.dt, neurons.size, given, steps)
        if key not in self._found:
            self._found[key] = kernel(layer, steps)
        return self._found[key]


def _probe(layer: Spiking) -> Spiking:
    """Return a copy of a layer that also puts out how far it is above its threshold."""
    if len(layer.inputs) > 1:
        raise TrainingError(f"a layer with one input has a kernel: it has {', '.join(layer.inputs)}")
    model = layer.model
    event = threshold_of(model)
    if event is None:
        what = "a hazard in place of a threshold" if model.spikes else "no threshold"
        raise TrainingError(f"{model.name!r} has {what}, so that there is no way from rest to it")
    made = copy.deepcopy(layer)
    made.reset()
    made.described = with_margin(model, event)
    made.outputs, made.single = ("spikes", MARGIN), False
    made.stateful, made.batch_first, made.backend, made.checkpoint = False, False, "torch", None
    made.recipe = replace(
        layer.recipe, model=made.described, outputs=made.outputs, surrogates={}, scales={}, smooth=False
    )
    alike = all(np.ndim(v.value) == 0 for v in model.constants.values()) and not layer.raw
    made.learned, made.raw = {}, torch.nn.ParameterDict()  # the model has what was learned
    if alike and not any(np.ndim(v) for v in model.initial.values()) and not {"i", "N"} & set(layer.code.READ):
        made.size = None
    made.derive()
    return made


@torch.no_grad()
def _run(probe: Spiking, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return spikes and margins, the same noise in every call."""
    with undisturbed(probe, x, seed=0):
        (spikes, margin), _ = probe.run(x)
    return spikes, margin


def _linear(probe: Spiking, layer: Spiking, steps: int) -> tuple[Tensor, Tensor]:
    """Return the margin at rest, and the change of the margin in time for a unit of input in the first step."""
    size, amplitude = probe.size or (1,), 1e-2
    x = torch.zeros(steps, 3, *size, dtype=torch.float64)
    for _ in range(8):
        x[0, 1], x[0, 2] = amplitude, amplitude / 10
        spikes, margin = _run(probe, x)
        rest = margin[:, :1]
        if spikes[:, 0].any() or (rest >= 0).any():
            raise TrainingError(
                f"{layer.model.name!r} fires while nothing comes in: there is no way from rest to its threshold"
            )
        coarse, fine = (margin[:, n] - rest[:, 0] for n in (1, 2))
        coarse, fine = coarse / amplitude, 10 * fine / amplitude
        if torch.allclose(coarse, fine, rtol=1e-3, atol=1e-4 * float(fine.abs().max())):
            break
        amplitude /= 10
    rest = rest[-1, 0]
    return (rest, fine) if probe.size else (rest[0], fine[..., 0])


def _died_away(response: Tensor) -> bool:
    half = len(response) // 2
    total = response.abs().sum(0)
    return bool((response[half:].abs().sum(0) <= 1e-3 * total).all())


def _rheobase(probe: Spiking, guess: Tensor, steps: int) -> Tensor:
    """Return the smallest constant input that leads to a spike, near a guess.

    The guess stays where it is right, as it is where all is linear, and where no input is found.
    """
    factors = torch.tensor([1 - _EXACT, 1 + _EXACT], dtype=torch.float64)
    if (_first(probe, guess, factors, steps) == 1).all():
        return guess
    for factors in (_COARSE, _FINE):
        first = _first(probe, guess, factors, steps)
        if not (first > 0).all():
            break
        guess = guess * (factors[first] + factors[first - 1]) / 2
    return guess


def _first(probe: Spiking, guess: Tensor, factors: Tensor, steps: int) -> Tensor:
    """Return the number of the smallest factor at which a neuron spikes; 0 where that is the first, or none."""
    x = (factors.reshape(-1, *(1,) * guess.ndim) * guess).expand(steps, len(factors), *guess.shape)
    fired = _run(probe, x if probe.size else x[..., None])[0].any(0)
    return (fired if probe.size else fired[..., 0]).int().argmax(0)
