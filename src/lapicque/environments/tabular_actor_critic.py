"""The actor-critic with tables and TD(0): what spiking ones are measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapicque.environments.environment import Environment, generator, quantity
from lapicque.environments.rates import whole
from lapicque.environments.spaces import Discrete
from lapicque.errors import SimulationError


@dataclass(frozen=True, eq=False)
class Tables:
    """What an actor-critic knows.

    Parameters
    ----------
    values : (state,)
        The critic: the discounted reward that is expected from each state on.
    preferences : (state, action)
        The actor: an action is taken with a probability proportional to exp(preference).
    """

    values: np.ndarray
    preferences: np.ndarray


@dataclass(frozen=True, eq=False)
class Learning:
    """How an actor-critic learned.

    Parameters
    ----------
    tables : Tables
        What it knows in the end.
    starts : (trial,)
        Where each trial began.
    steps : (trial,)
        How long it took.
    returns : (trial,)
        The sum of its rewards, not discounted.
    """

    tables: Tables
    starts: np.ndarray
    steps: np.ndarray
    returns: np.ndarray

    def __repr__(self) -> str:
        tenth = max(1, len(self.steps) // 10)
        return (
            f"<Learning: {len(self.steps)} trials, {self.steps[:tenth].mean():.3g} steps in the first tenth, "
            f"{self.steps[-tenth:].mean():.3g} in the last>"
        )


@dataclass(frozen=True)
class tabular_actor_critic:  # noqa: N801  (a value that reads as it is written: tabular_actor_critic(discount=0.9))
    """An actor-critic that learns by the temporal-difference error of one step, TD(0).

    After an action a that led from state s to s' and earned r::

        delta = r + discount V(s') - V(s),    V(s) += critic_rate delta,    p(s, a) += actor_rate delta

    with V(s') = 0 where the task is over; actions are drawn with probabilities exp(p)/sum(exp(p)).

    Parameters
    ----------
    critic_rate, actor_rate : float
        Learning rates of values and preferences.
    discount : float
        Of a reward a step later, 0 to 1.
    initial_value : float
        Of every state.

    Raises
    ------
    SimulationError
        For impossible rates; in `learn` where actions or observations of the environment are not whole numbers.

    References
    ----------
    .. [1] Sutton & Barto 1998, Reinforcement Learning, section 6.6, MIT Press.
    .. [2] Barto, Sutton & Anderson 1983, doi:10.1109/TSMC.1983.6313077
    .. [3] Potjans, Morrison & Diesmann 2009, doi:10.1162/neco.2008.08-07-593

    Examples
    --------
    >>> from lapicque.environments import grid_world
    >>> env = grid_world(size=5)
    >>> learned = tabular_actor_critic().learn(env, trials=300, seed=1)
    >>> learned
    <Learning: 300 trials, 26.8 steps in the first tenth, 3.83 in the last>
    >>> round(float(env.distances[learned.starts[-30:]].mean()), 2)  # the fewest possible, from the same starts
    3.43
    """

    critic_rate: float = 0.4
    actor_rate: float = 1.0
    discount: float = 0.9
    initial_value: float = 0.0

    def __post_init__(self) -> None:
        for name in ("critic_rate", "actor_rate"):
            quantity(getattr(self, name), "1", f"tabular_actor_critic: {name}", zero=True)
        if not 0 <= self.discount <= 1:
            raise SimulationError(f"tabular_actor_critic: discount is {self.discount!r}, not within 0 to 1")
        if not np.isfinite(self.initial_value):
            raise SimulationError(f"tabular_actor_critic: initial_value is {self.initial_value!r}, not a finite number")

    def start(self, states: int, actions: int) -> Tables:
        """Tables before any experience: all actions are equally likely.

        Parameters
        ----------
        states, actions : int
            How many.
        """
        shape = whole(states, "tabular_actor_critic: states"), whole(actions, "tabular_actor_critic: actions")
        return Tables(np.full(shape[0], float(self.initial_value)), np.zeros(shape))

    def probabilities(self, tables: Tables, state: int) -> np.ndarray:
        """(action,) probability of each action in a state.

        Examples
        --------
        >>> critic = tabular_actor_critic()
        >>> critic.probabilities(critic.start(3, 4), state=0)
        array([0.25, 0.25, 0.25, 0.25])
        """
        preferences = tables.preferences[state]
        grown = np.exp(preferences - preferences.max())
        return grown / grown.sum()

    def update(
        self, tables: Tables, state: int, action: int, reward: float, following: int | None
    ) -> tuple[Tables, float]:
        """Learn from one step.

        Parameters
        ----------
        tables : Tables
        state, action : int
        reward : float
        following : int or None
            The state that it led to; None: the task is over.

        Returns
        -------
        tuple
            New tables, and the error delta.

        Examples
        --------
        >>> critic = tabular_actor_critic(critic_rate=0.5, actor_rate=0.1)
        >>> tables, delta = critic.update(critic.start(2, 2), state=0, action=1, reward=1.0, following=None)
        >>> delta, tables.values, tables.preferences[0]
        (1.0, array([0.5, 0. ]), array([0. , 0.1]))
        """
        expected = 0.0 if following is None else self.discount * tables.values[following]
        delta = float(reward + expected - tables.values[state])
        values, preferences = tables.values.copy(), tables.preferences.copy()
        values[state] += self.critic_rate * delta
        preferences[state, action] += self.actor_rate * delta
        return Tables(values, preferences), delta

    def learn(
        self,
        environment: Environment,
        trials: int,
        seed: int | np.random.Generator,
        tables: Tables | None = None,
    ) -> Learning:
        """Learn for a number of episodes.

        Parameters
        ----------
        environment : Environment
            Observations and actions are whole numbers, as in `grid_world`.
        trials : int
            How many episodes.
        seed : int or numpy.random.Generator
            Of starts and actions.
        tables : Tables, optional
            What is known before; by default nothing.

        Returns
        -------
        Learning
        """
        spaces = environment.observation_space, environment.action_space
        if not (isinstance(spaces[0], Discrete) and isinstance(spaces[1], Discrete)):
            raise SimulationError(
                f"tabular_actor_critic: observations and actions must be whole numbers, not {spaces[0]} and {spaces[1]}"
            )
        random, number = generator(seed, "tabular_actor_critic: learn"), whole(trials, "tabular_actor_critic: trials")
        known = self.start(spaces[0].n, spaces[1].n) if tables is None else tables
        starts, steps, returns = np.zeros(number, int), np.zeros(number, int), np.zeros(number)
        for trial in range(number):
            state, place = environment.reset(random)
            starts[trial], ended = place, False
            while not ended:
                action = int(random.choice(spaces[1].n, p=self.probabilities(known, place)))
                step = environment.step(state, action)
                following = None if step.terminated else step.observation
                known, _ = self.update(known, place, action, step.reward, following)
                state, place, ended = step.state, step.observation, step.ended
                steps[trial] += 1
                returns[trial] += step.reward
        return Learning(known, starts, steps, returns)
