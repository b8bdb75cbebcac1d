"""Environments of gymnasium."""

from __future__ import annotations

import importlib.util
from typing import Any, NamedTuple

import numpy as np

from lapicque.environments.environment import Step, generator, going_on
from lapicque.environments.spaces import Box, Discrete
from lapicque.errors import SimulationError


class GymnasiumState(NamedTuple):
    """Where an episode of a gymnasium environment is; the rest of the state is inside that environment.

    Parameters
    ----------
    episode : int
        Counted from 1.
    steps : int
        Since the episode began.
    ended : bool
    """

    episode: int
    steps: int = 0
    ended: bool = False


class from_gymnasium:  # noqa: N801  (a value that reads as it is written: from_gymnasium("CartPole-v1"))
    """An environment of gymnasium, spoken to as to all others.

    It keeps its state inside, so that only the newest state can be continued from, and one adapter runs one episode at
    a time. Observations and actions are whole numbers or arrays; of anything else (dictionaries, tuples, text),
    gymnasium's own wrappers, ``FlattenObservation`` for instance, make arrays.

    Parameters
    ----------
    env : gymnasium.Env or str
        An environment, or the name of one. It needs the extra ``gym``: pip install 'lapicque[gym]'.

    Raises
    ------
    SimulationError
        If gymnasium is not installed, the name unknown, or a space neither Discrete nor Box; in `step` for impossible
        actions, after the end of the episode, and for a state that is not the newest.

    References
    ----------
    .. [1] Towers et al. 2024, "Gymnasium: a standard interface for reinforcement learning environments",
       https://arxiv.org/abs/2407.17032

    Examples
    --------
    Whatever speaks gymnasium's language will do:

    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> class Discrete(SimpleNamespace): ...
    >>> class Countdown:
    ...     action_space, observation_space = Discrete(n=1, start=0), Discrete(n=4, start=0)
    ...
    ...     def reset(self, *, seed=None, options=None):
    ...         self.left = 3
    ...         return self.left, {}
    ...
    ...     def step(self, action):
    ...         self.left -= 1
    ...         return self.left, 1.0, self.left == 0, False, {}
    >>> env = from_gymnasium(Countdown())
    >>> env
    from_gymnasium: Countdown
      action:      Discrete(1)
      observation: Discrete(4)
    >>> state, observation = env.reset(seed=1)
    >>> env.step(state, 0)
    Step(state=GymnasiumState(episode=1, steps=1, ended=False), observation=2, reward=1.0, terminated=False,
    truncated=False)
    """

    def __init__(self, env: Any) -> None:
        if isinstance(env, str):
            env = _made(env)
        for name in ("reset", "step", "action_space", "observation_space"):
            if not hasattr(env, name):
                raise SimulationError(
                    f"from_gymnasium: {env!r} has no {name}; give a gymnasium environment or the name of one, as "
                    "from_gymnasium('CartPole-v1')"
                )
        self.env = env
        self.action_space, self._first_action = _space(env.action_space, "action")
        self.observation_space, self._first_observation = _space(env.observation_space, "observation")
        self._newest = GymnasiumState(0)

    def __repr__(self) -> str:
        spec = getattr(self.env, "spec", None)
        name = type(self.env).__name__ if spec is None else spec.id
        return f"from_gymnasium: {name}\n  action:      {self.action_space}\n  observation: {self.observation_space}"

    def reset(self, seed: int | np.random.Generator) -> tuple[GymnasiumState, Any]:
        """Begin an episode; one that was running is given up.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            Gymnasium's own seed; a generator draws one.

        Returns
        -------
        tuple
            `GymnasiumState` and the observation.
        """
        random = generator(seed, "from_gymnasium: reset")
        number = int(random.integers(2**31)) if random is seed else int(seed)  # type: ignore[arg-type]
        observation, _ = self.env.reset(seed=number)
        self._newest = GymnasiumState(self._newest.episode + 1)
        return self._newest, self._seen(observation)

    def step(self, state: GymnasiumState, action: Any) -> Step:
        """Act.

        Parameters
        ----------
        state : GymnasiumState
            The newest.
        action : int or array

        Raises
        ------
        SimulationError
            For an impossible action, a state that is not the newest, and after the end of the episode.
        """
        going_on(state, GymnasiumState, "from_gymnasium")
        if state != self._newest:
            raise SimulationError(
                f"from_gymnasium: {state} is not the newest state, {self._newest}; environments of gymnasium cannot go "
                "back"
            )
        checked = self.action_space.checked(action, "from_gymnasium: the action")
        if isinstance(self.action_space, Discrete):
            given = checked + self._first_action
        else:
            given = np.asarray(checked, dtype=self.env.action_space.dtype)
        observation, reward, terminated, truncated, _ = self.env.step(given)
        ended = bool(terminated or truncated)
        self._newest = GymnasiumState(state.episode, state.steps + 1, ended)
        return Step(self._newest, self._seen(observation), float(reward), bool(terminated), bool(truncated))

    def _seen(self, observation: Any) -> Any:
        if isinstance(self.observation_space, Discrete):
            return int(observation) - self._first_observation
        return np.array(observation, dtype=np.float64)


def _made(name: str) -> Any:
    if importlib.util.find_spec("gymnasium") is None:
        raise SimulationError(f"from_gymnasium({name!r}) needs gymnasium: pip install 'lapicque[gym]'")
    import gymnasium

    try:
        return gymnasium.make(name)
    except gymnasium.error.Error as error:
        raise SimulationError(f"from_gymnasium: gymnasium cannot make {name!r}: {error}") from error


def _space(space: Any, what: str) -> tuple[Discrete | Box, int]:
    """Our space, and the number that gymnasium's first choice has."""
    kind = type(space).__name__
    if kind == "Discrete":
        return Discrete(int(space.n)), int(getattr(space, "start", 0))
    if kind == "Box":
        return Box(space.low, space.high), 0
    raise SimulationError(
        f"from_gymnasium: the {what} space is {space!r}, but a Discrete or a Box is expected; gymnasium's wrappers "
        "(gymnasium.wrappers.FlattenObservation, for instance) make one of it"
    )
