"""Episodes: one policy in one environment, from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.environments.environment import Environment, generator, limit


@dataclass(frozen=True, eq=False)
class Episode:
    """What happened in an episode.

    Parameters
    ----------
    observations : (step + 1, ...)
        From the first to the last one.
    actions : (step, ...)
    rewards : (step,)
    terminated, truncated : bool
        As of the last `Step`; both False where `run_episode` was told to stop.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool
    truncated: bool

    def __len__(self) -> int:
        return len(self.rewards)

    def __repr__(self) -> str:
        end = "terminated" if self.terminated else "truncated" if self.truncated else "stopped"
        return f"<Episode: {len(self)} steps, return {self.rewards.sum():g}, {end}>"


def run_episode(
    environment: Environment,
    policy: Callable[[Any, np.random.Generator], Any],
    seed: int | np.random.Generator,
    max_steps: int | None = None,
) -> Episode:
    """Act in an environment until an episode ends.

    Parameters
    ----------
    environment : Environment
    policy : callable
        ``policy(observation, random)`` is the action; what it draws, it draws from ``random``.
    seed : int or numpy.random.Generator
        Of the start and of the policy: the same seed gives the same episode.
    max_steps : int, optional
        Stop after so many steps.

    Returns
    -------
    Episode

    Raises
    ------
    SimulationError
        For impossible actions, a seed that is none, and whatever the environment refuses.

    Examples
    --------
    >>> from lapicque.environments import cart_pole
    >>> env = cart_pole()
    >>> run_episode(env, lambda observation, random: env.action_space.sample(random), seed=1)
    <Episode: 19 steps, return 19, terminated>
    >>> run_episode(env, lambda observation, random: int(observation @ [0.1, 0.3, 4, 1] > 0), seed=1)
    <Episode: 500 steps, return 500, truncated>
    """
    random = generator(seed, "run_episode")
    most = limit(max_steps, "run_episode")
    state, observation = environment.reset(random)
    observations: list[Any] = [observation]
    actions: list[Any] = []
    rewards: list[float] = []
    terminated = truncated = False
    while not (terminated or truncated or len(rewards) == most):
        action = policy(observation, random)
        step = environment.step(state, action)
        state, observation, terminated, truncated = step.state, step.observation, step.terminated, step.truncated
        observations.append(observation)
        actions.append(action)
        rewards.append(step.reward)
    return Episode(np.array(observations), np.array(actions), np.array(rewards, dtype=float), terminated, truncated)
