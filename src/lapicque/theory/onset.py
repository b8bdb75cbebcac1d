"""How a neuron's rest ends as an input grows: at a saddle, in an oscillation that is not damped, or at a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.neuron import Neuron
from lapicque.theory.flow import Flow, place_of
from lapicque.theory.linear import Linear, linearise, to_first_order
from lapicque.units import magnitude


@dataclass(frozen=True)
class Onset:
    """Where a neuron ceases to rest.

    Attributes
    ----------
    kind : str
        ``"saddle-node"``: the fixed point meets a saddle, and both vanish (class 1 if that lies on an invariant
        circle). ``"Andronov-Hopf"``: it stays, and an oscillation around it begins to grow (class 2). ``"threshold"``:
        it reaches a threshold with a reset, as that of a leaky integrate-and-fire neuron does (class 1).
    value : float
        The input there, in its own unit.
    rest : (state,)
        The fixed point there, in the states' own units.
    eigenvalues : (state,), 1/ms
        Of the flow there; the first is that which crosses (none does at a threshold).
    """

    kind: str
    value: float
    rest: np.ndarray
    eigenvalues: np.ndarray

    @property
    def frequency(self) -> float:
        """Of the oscillation that begins to grow, Hz; 0 for the other kinds."""
        return float(1000 * abs(self.eigenvalues[0].imag) / (2 * np.pi)) if self.kind == "Andronov-Hopf" else 0.0


def onset(
    neuron: Neuron,
    low: Any,
    high: Any,
    *,
    input: str = "i_ext",
    inputs: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
) -> Onset:
    """Return where, and how, a neuron ceases to rest as an input grows slowly from low to high.

    The rest at ``low`` is followed by Newton's method, in steps that are halved until what is stable ends.

    Parameters
    ----------
    neuron : Neuron
        With differential equations, and parameters that are numbers. Noise is left out, and events are but for a
        threshold that the rest may reach.
    low, high : unit of the input
    input : str
        The input that grows.
    inputs : name -> quantity, optional
        Others that are not 0.
    start : name -> quantity, optional
        Where to look for the rest at ``low``, by default from the neuron's initial values.

    Returns
    -------
    Onset

    Raises
    ------
    ModelError
        If the neuron has no stable rest at ``low``, or still rests at ``high``, or for what `linearise` refuses.

    References
    ----------
    .. [1] Izhikevich 2007, Dynamical Systems in Neuroscience, ch. 4 and 6,
       https://doi.org/10.7551/mitpress/2526.001.0001

    Examples
    --------
    >>> import lapicque as lq
    >>> class_2 = lq.neurons.morris_lecar
    >>> found = onset(class_2, 0, "1500 pA")
    >>> found.kind, round(found.value), round(found.frequency, 1)  # 94 uA/cm2, Rinzel & Ermentrout
    ('Andronov-Hopf', 939, 12.7)
    >>> class_1 = class_2.with_(g_ca="4 mS/cm2", v_3="12 mV", v_4="17.4 mV", phi="0.067 1/ms")
    >>> found = onset(class_1, 0, "1500 pA")
    >>> found.kind, round(found.value)  # 40 uA/cm2
    ('saddle-node', 400)
    """
    place_of(input, tuple(neuron.inputs), "input")
    unit = neuron.inputs[input].unit
    first, last = (float(magnitude(end, unit, input)) for end in (low, high))
    if not first < last:
        raise ModelError(f"{input} goes from {first:g} to {last:g}: the lower end comes first")
    begin = {**(inputs or {}), input: first}
    reached = linearise(neuron, begin, start)
    if not reached.stable:
        raise ModelError(f"{neuron.name!r} does not rest where {input} is {first:g} {unit}: begin lower")
    flow = Flow(neuron, begin)
    value, step = first, (last - first) / 50
    while value < last and step > 1e-10 * (last - first):
        trial = min(value + step, last)
        flow.hold(input, trial)
        found = _follow(flow, reached, input, trial - value)
        if found is None:
            step /= 2
        else:
            value, reached, step = trial, found, 1.5 * step
    if value >= last:
        raise ModelError(f"{neuron.name!r} still rests where {input} is {last:g} {unit}: go higher")
    kind = "Andronov-Hopf" if reached.eigenvalues[0].imag != 0 else "saddle-node"
    if flow.fires(_expected(reached, input, 2 * step) * flow.scales[0]):
        kind = "threshold"
    return Onset(kind, value, reached.rest, reached.eigenvalues)


def _follow(flow: Flow, rest: Linear, input: str, change: float) -> Linear | None:
    """Return the rest after a change of the input, or None if there is none that is stable and near."""
    expected, scales = _expected(rest, input, change), flow.scales[0]
    found = flow.newton(expected * scales)
    if found is None or flow.fires(found):
        return None
    # near a saddle the rest moves as a square root, twice as far as its slope says; what jumps is another fixed point
    if np.linalg.norm(found / scales - rest.rest) > 4 * np.linalg.norm(expected - rest.rest) + 1e-9:
        return None
    reached = to_first_order(flow, found)
    return reached if reached.stable else None


def _expected(rest: Linear, input: str, change: float) -> np.ndarray:
    """Return where the rest should be after a small change of the input, (state,)."""
    return rest.rest - np.linalg.solve(rest.matrix, rest.drive[:, rest.inputs.index(input)]) * change
