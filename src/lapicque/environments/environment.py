"""What every environment promises, and the parts that all need: steps, seeds, episodes that have ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from lapicque.environments.spaces import Box, Discrete
from lapicque.errors import SimulationError
from lapicque.units import magnitude


@dataclass(frozen=True, eq=False)
class Step:
    """What an action led to.

    Parameters
    ----------
    state : Any
        Where the episode stands, for the next `Environment.step`.
    observation : Any
        What the agent sees of it, of the environment's ``observation_space``.
    reward : float
    terminated : bool
        Whether the task is over: the goal reached, the pole fallen. Nothing can be gained afterwards.
    truncated : bool
        Whether the limit of steps came first: the task could have gone on.
    """

    state: Any
    observation: Any
    reward: float
    terminated: bool
    truncated: bool

    @property
    def ended(self) -> bool:
        """Whether the episode is over, for either reason."""
        return self.terminated or self.truncated


@runtime_checkable
class Environment(Protocol):
    """A world that answers actions with observations and rewards.

    A description: what changes is in the states, so that one environment serves any number of episodes, and a state
    that was kept can be continued from twice.
    """

    @property
    def action_space(self) -> Discrete | Box:
        """What an action can be."""

    @property
    def observation_space(self) -> Discrete | Box:
        """What an observation can be."""

    def reset(self, seed: int | np.random.Generator) -> tuple[Any, Any]:
        """The first state of an episode, and its observation."""

    def step(self, state: Any, action: Any) -> Step:
        """What an action in a state leads to."""


def generator(seed: int | np.random.Generator, what: str) -> np.random.Generator:
    """Random generator of an episode.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        A generator goes on from where it stands.
    what : str
        Who asks, for the message.

    Raises
    ------
    SimulationError
        If it is neither: nothing is random without a seed.

    Examples
    --------
    >>> generator(None, "grid_world: reset")
    Traceback (most recent call last):
    lapicque.errors.SimulationError: grid_world: reset needs a seed, not None; write for example reset(seed=1)
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise SimulationError(f"{what} needs a seed, not {seed!r}; write for example reset(seed=1)")
    return np.random.default_rng(seed)


def going_on(state: Any, kind: type, what: str) -> None:
    """Refuse a step from a state that is none of this environment's, or after the end of its episode.

    Raises
    ------
    SimulationError
    """
    if not isinstance(state, kind):
        raise SimulationError(
            f"{what}: step() needs a state from reset() or from the last step, a {kind.__name__}, not "
            f"{type(state).__name__}"
        )
    if state.ended:  # type: ignore[attr-defined]
        raise SimulationError(
            f"{what}: the episode ended after {state.steps} steps; begin another with reset(seed)"  # type: ignore[attr-defined]
        )


def quantity(value: Any, unit: str, what: str, *, zero: bool = False) -> float:
    """A positive, finite number in a unit.

    Parameters
    ----------
    value : quantity
        Bare numbers are in the unit.
    unit, what : str
        The unit, and whose value this is.
    zero : bool
        Whether 0 will do.

    Raises
    ------
    SimulationError
        If it is negative, or 0, or not finite.
    UnitError
        If its dimension differs.

    Examples
    --------
    >>> quantity("30 cm/second", "m/second", "water_maze: speed")
    0.3
    >>> quantity(-1, "m", "water_maze: radius")
    Traceback (most recent call last):
    lapicque.errors.SimulationError: water_maze: radius is -1 m, but a positive number is expected
    """
    number = np.asarray(magnitude(value, unit, what), dtype=np.float64)
    if number.ndim:
        raise SimulationError(f"{what} has shape {number.shape}, but one number is expected")
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero):
        shown = f"{float(number):g}{'' if unit == '1' else f' {unit}'}"
        raise SimulationError(f"{what} is {shown}, but {'0 or ' if zero else ''}a positive number is expected")
    return float(number)


def limit(steps: Any, what: str) -> int | None:
    """The largest number of steps of an episode, or None where there is no end to it.

    Raises
    ------
    SimulationError
        If it is not a whole number from 1 upward.
    """
    if steps is None:
        return None
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise SimulationError(f"{what}: max_steps is {steps!r}, but a whole number from 1 upward, or None, is expected")
    return int(steps)


def finite(value: Any, what: str) -> float:
    """A reward: any finite number.

    Raises
    ------
    SimulationError
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise SimulationError(f"{what} is {value!r}, but a finite number is expected")
    return number
