"""Rates of populations of leaky integrate-and-fire neurons that are connected at random: a fixed point of theory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import root

from lapicque.errors import ModelError
from lapicque.theory.siegert import siegert, siegert_cv
from lapicque.units import magnitude

#: In Hz; rates that become as high have run away.
_AWAY = 1e9


@dataclass(frozen=True)
class MeanField:
    """A stationary state of a network of leaky integrate-and-fire neurons, in mean-field theory.

    Attributes
    ----------
    rates : (population,), Hz
    means, sigmas : (population,), mV
        Of the input of a cell, as `siegert` takes them.
    cv : (population,)
        Of the intervals of a cell.
    gain : (population, population)
        How much the rate of one changes with that of another through the synapses, all else held.
    """

    rates: np.ndarray
    means: np.ndarray
    sigmas: np.ndarray
    cv: np.ndarray
    gain: np.ndarray

    @property
    def stable(self) -> bool:
        """Whether rates return to the state, if each follows its input with one and the same time constant."""
        return bool(np.linalg.eigvals(self.gain).real.max() < 1)

    @property
    def inhibition_stabilised(self) -> bool:
        """Whether the first population, alone, would run away: with the others' rates held its own gain exceeds 1.

        References
        ----------
        .. [1] Tsodyks, Skaggs, Sejnowski & McNaughton 1997, Paradoxical effects of external modulation of inhibitory
           interneurons, https://doi.org/10.1523/JNEUROSCI.17-11-04382.1997
        """
        return bool(self.gain[0, 0] > 1)

    def response(self, drive: Any) -> np.ndarray:
        """Return by how much rates change, (population,) in Hz, with small changes of what theory calls the own drive.

        Parameters
        ----------
        drive : Hz, a number or one for each population
            By how much the rate of each population would change if no other followed.
        """
        n = len(self.rates)
        return np.linalg.solve(np.eye(n) - self.gain, _each(drive, "Hz", "drive", n))


def mean_field(
    w: Any,
    in_degree: Any,
    external: Any = (),
    *,
    tau_m: Any,
    v_th: Any,
    v_reset: Any = 0.0,
    t_ref: Any = 0.0,
    mean: Any = 0.0,
    start: Any = 0.0,
) -> MeanField:
    """Return the stationary state of a sparse random network of leaky integrate-and-fire neurons with delta synapses.

    The input of a cell is taken for white noise with the mean and the variance of that many independent Poisson trains,
    at the rates that follow from it. Delays do not matter, nor does the shape of synapses that are short against the
    membrane's time constant. Of several states, that is found to which rates go from ``start``. Where they go on to
    oscillate, it is a state within, which is not stable, or none is found and that is said.

    Parameters
    ----------
    w : (population, population + external), mV
        Weight of a synapse, a row for each target; those from external trains come last.
    in_degree : (population, population + external)
        How many synapses a cell receives.
    external : (external,), Hz
        Rates of the Poisson trains that come from outside.
    tau_m, v_th, v_reset, t_ref
        As in `siegert`; a number or one for each population.
    mean : mV
        Constant input, a number or one for each population.
    start : Hz
        Rates to begin from, a number or one for each population.

    Returns
    -------
    MeanField

    Raises
    ------
    ModelError
        If shapes do not fit, or rates run away or do not come to rest.

    References
    ----------
    .. [1] Amit & Brunel 1997, Model of global spontaneous activity and local structured activity during delay periods
       in the cerebral cortex, https://doi.org/10.1093/cercor/7.3.237
    .. [2] Brunel 2000, Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons,
       https://doi.org/10.1023/A:1008925309027

    Examples
    --------
    Brunel's network of one excitatory and one inhibitory population, which receive the same: g = 5, twice the drive
    that would just hold a cell at threshold (20 Hz from each of 1000 trains).

    >>> found = mean_field([[0.1, -0.5, 0.1]] * 2, [[1000, 250, 1000]] * 2, [20],
    ...                    tau_m="20 ms", v_th="20 mV", v_reset="10 mV", t_ref="2 ms")
    >>> found.rates.round(1), found.stable, found.inhibition_stabilised
    (array([37.9, 37.9]), True, True)
    """  # fmt: skip
    weights, degrees, outside = _connections(w, in_degree, external)
    n = len(weights)
    given = dict(tau_m=(tau_m, "ms"), v_th=(v_th, "mV"), v_reset=(v_reset, "mV"), t_ref=(t_ref, "ms"))
    cell = {name: _each(value, unit, name, n) for name, (value, unit) in given.items()}
    tau = cell["tau_m"] / 1000  # seconds, as rates are in Hz
    constant, first = _each(mean, "mV", "mean", n), _each(start, "Hz", "start", n)

    def input_of(rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spikes = degrees * np.concatenate([rates, outside])
        variance = tau * (weights**2 * spikes).sum(1)
        return constant + tau * (weights * spikes).sum(1), np.sqrt(np.maximum(variance, 0.0))

    def surplus(rates: np.ndarray) -> np.ndarray:
        return np.asarray(siegert(*input_of(rates), **cell)) - rates

    def runs_away(_: float, rates: np.ndarray) -> float:
        return float(rates.max()) - _AWAY

    runs_away.terminal = True  # type: ignore[attr-defined]
    # rates relax towards what their input asks for, then Newton's method takes the last step
    path = solve_ivp(lambda _, r: surplus(np.maximum(r, 0.0)), (0, 200), first, method="LSODA", events=runs_away)
    if path.status == 1:
        raise ModelError(
            f"rates run away: from {first} Hz they reach {_AWAY:g} Hz. A refractory period holds them, t_ref=..."
        )
    relaxed = path.y[:, -1]
    found = root(surplus, np.maximum(relaxed, 0.0), tol=1e-12)
    rates, left = found.x, np.abs(surplus(np.maximum(found.x, 0.0)))
    if not np.all(left <= 1e-6 * (1 + np.abs(rates))) or np.any(rates < -1e-9):
        raise ModelError(
            f"rates do not come to rest: from {first} Hz they are at {relaxed.round(3)} Hz and still change. Begin "
            "elsewhere, start=..., or look at the network's oscillations in a simulation"
        )
    rates = np.maximum(rates, 0.0)
    means, sigmas = input_of(rates)
    gain = np.empty((n, n))
    for source in range(n):
        step = 1e-4 * max(rates[source], 1.0) * np.eye(n)[source]
        ends = [np.asarray(siegert(*input_of(rates + way * step), **cell)) for way in (0, 1, 2)]
        gain[:, source] = (-3 * ends[0] + 4 * ends[1] - ends[2]) / (2 * step[source])  # no rate goes below 0
    return MeanField(rates, means, sigmas, np.asarray(siegert_cv(means, sigmas, **cell)), gain)


def _each(value: Any, unit: str, name: str, populations: int) -> np.ndarray:
    """Return finite numbers, one for each population."""
    plain = np.asarray(magnitude(value, unit, name), float)
    if plain.shape not in ((), (1,), (populations,)):
        raise ModelError(f"{name} is {plain.shape}: give one number, or one for each of {populations} populations")
    if not np.all(np.isfinite(plain)):
        raise ModelError(f"{name} must be finite")
    return np.broadcast_to(plain, populations)


def _connections(w: Any, in_degree: Any, external: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = np.atleast_2d(np.asarray(magnitude(w, "mV", "w"), float))
    degrees = np.atleast_2d(np.asarray(in_degree, float))
    outside = np.atleast_1d(np.asarray(magnitude(external, "Hz", "external"), float))
    if weights.ndim > 2:
        raise ModelError(f"weights are {weights.shape}: a row for each population, with one weight for each source")
    if outside.ndim > 1:
        raise ModelError(f"external rates are {outside.shape}: one number for each external train")
    if weights.shape != degrees.shape:
        raise ModelError(f"weights are {weights.shape}, in-degrees {degrees.shape}: one number for each pair in both")
    if weights.shape[1] != len(weights) + len(outside):
        raise ModelError(
            f"weights are {weights.shape} and there are {len(outside)} external rates: a row has one weight for each "
            f"of {len(weights)} populations, and one for each external rate"
        )
    for name, values in (("weights", weights), ("in-degrees", degrees), ("external rates", outside)):
        if not np.all(np.isfinite(values)):
            raise ModelError(f"{name} must be finite numbers")
    if np.any(degrees < 0) or np.any(outside < 0):
        raise ModelError("in-degrees and rates must not be negative")
    return weights, degrees, outside
