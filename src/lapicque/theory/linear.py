"""A neuron near its rest: the point where nothing changes, and how small deviations and small inputs go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.neuron import Neuron
from lapicque.theory.flow import Flow, place_of
from lapicque.units import magnitude


@dataclass(frozen=True)
class Linear:
    """A neuron's flow to first order around a fixed point: ``dx/dt = matrix @ (x - rest) + drive @ (small inputs)``.

    Attributes
    ----------
    states, inputs : names
    rest : (state,), in the states' own units
    matrix : (state, state), 1/ms and the units of the states
    drive : (state, input), 1/ms and the units of states and inputs
    """

    states: tuple[str, ...]
    inputs: tuple[str, ...]
    rest: np.ndarray
    matrix: np.ndarray
    drive: np.ndarray

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of the matrix, (state,) in 1/ms, the one that decays slowest (or grows fastest) first."""
        values = np.linalg.eigvals(self.matrix).astype(complex)
        return values[np.lexsort((-values.imag, -values.real))]

    @property
    def stable(self) -> bool:
        """Whether small deviations decay."""
        return bool(self.eigenvalues[0].real < 0)

    def transfer(self, frequency: Any, state: str = "v", input: str = "i_ext") -> np.ndarray:
        """Complex amplitude of a state over that of a small sine of an input.

        Parameters
        ----------
        frequency : Hz
        state, input : str

        Returns
        -------
        complex array of the frequency's shape
            In the state's unit over the input's: mV/pA, which is GΩ. Its modulus is the impedance, its argument the
            phase, negative where the state lags behind.

        Raises
        ------
        ModelError
            For names that the neuron does not have, or where the neuron does not rest in a stable state.
        """
        row, column = place_of(state, self.states, "state"), place_of(input, self.inputs, "input")
        if not self.stable:
            raise ModelError(
                f"the fixed point is not stable (eigenvalue {self.eigenvalues[0]:.3g} per ms): deviations grow, and "
                "there is no lasting response to a sine"
            )
        f = np.asarray(magnitude(frequency, "Hz", "frequency"), float)
        turning = 2j * np.pi * f[..., None, None] / 1000 * np.eye(len(self.states))
        return np.linalg.solve(turning - self.matrix, self.drive[:, [column]])[..., row, 0]


def linearise(
    neuron: Neuron, inputs: Mapping[str, Any] | None = None, start: Mapping[str, Any] | None = None
) -> Linear:
    """Find where a neuron rests and return its flow to first order there, with derivatives from its symbols.

    The equations, without noise and events, are followed from the start until they rest, and Newton's method takes the
    last step. Where they go on to oscillate, that ends in the fixed point within, which is not stable.

    Parameters
    ----------
    neuron : Neuron
        With differential equations, and parameters that are numbers.
    inputs : name -> quantity, optional
        Inputs that are not 0.
    start : name -> quantity, optional
        Where states begin, by default at the neuron's initial values.

    Returns
    -------
    Linear

    Raises
    ------
    ModelError
        For states that are no differential equations, parameters with one value a neuron, unknown names, a flow that
        depends on time or chance, where no fixed point is found, and where it lies beyond a threshold with a reset, so
        that the neuron fires and never gets there.

    References
    ----------
    .. [1] Richardson, Brunel & Hakim 2003, From subthreshold to firing-rate resonance,
       https://doi.org/10.1152/jn.00955.2002

    Examples
    --------
    A leaky membrane of 200 pF and 10 nS: 100 MΩ, less by sqrt(2) at 1/(2 pi 20 ms) = 8 Hz.

    >>> import lapicque as lq
    >>> membrane = linearise(lq.neurons.lif.with_(c_m="200 pF", g_l="10 nS"))
    >>> abs(1000 * membrane.transfer([0, 1000 / (2 * np.pi * 20)])).round(2)
    array([100.  ,  70.71])
    """
    flow = Flow(neuron, inputs or {})
    place = flow.start(start or {})
    end = flow.follow(place, 1e4)
    found = None if end is None else flow.newton(end)
    found = flow.newton(place) if found is None else found
    if found is None:
        given = "".join(f", {name} = {value}" for name, value in (inputs or {}).items())
        raise ModelError(
            f"no fixed point of {neuron.name!r} found{given}: it runs away from where it starts. Begin "
            "elsewhere, start=..."
        )
    if flow.fires(found):
        given = "".join(f", {name} = {value}" for name, value in (inputs or {}).items())
        raise ModelError(
            f"{neuron.name!r} does not rest{given}: it fires before, at {neuron.threshold}. Give less input, or begin "
            "elsewhere, start=..."
        )
    return to_first_order(flow, found)


def to_first_order(flow: Flow, place: np.ndarray) -> Linear:
    """Return the flow around a fixed point in internal units, in the units of the neuron."""
    n = len(place)
    out, into = flow.scales
    slopes = flow.slopes(place) / out[:, None]
    return Linear(flow.names, flow.input_names, place / out, slopes[:, :n] * out, slopes[:, n:] * into)
