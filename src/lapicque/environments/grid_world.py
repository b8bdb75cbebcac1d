"""A grid world: one step at a time to a rewarded place."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lapicque.environments.environment import Step, finite, generator, going_on, limit
from lapicque.environments.spaces import Discrete
from lapicque.errors import SimulationError

_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


class GridState(NamedTuple):
    """Where an agent is.

    Parameters
    ----------
    place : int
        Number of the place: row times columns, plus column.
    steps : int
        Since the episode began.
    ended : bool
    """

    place: int
    steps: int = 0
    ended: bool = False


@dataclass(frozen=True)
class grid_world:  # noqa: N801  (a value that reads as it is written: grid_world(size=5))
    """Find the rewarded place of a grid, one step north, east, south or west at a time.

    Rows are counted from the north, columns from the west. A step against a wall or the edge leaves the agent where it
    is. Places are numbered row by row, and the number is what the agent observes. Reaching the goal ends the episode.

    Parameters
    ----------
    size : int or (rows, columns)
    goal : (row, column), optional
        The rewarded place; by default the last one, south-east.
    start : (row, column), optional
        Where every episode begins; by default any place but the goal, each equally likely.
    walls : sequence of (row, column)
        Places that cannot be entered.
    reward : float
        For reaching the goal.
    step_reward : float
        For every other step: below 0, a cost.
    rewards : mapping of (row, column) to float
        What entering further places earns in addition; below 0, a punishment.
    max_steps : int, optional
        The episode is truncated after so many steps; None: never.

    Raises
    ------
    SimulationError
        For a goal or start on a wall, outside or on each other, a start that the goal cannot be reached from, numbers
        that are not finite; in `step` for impossible actions and after the end.

    References
    ----------
    .. [1] Potjans, Morrison & Diesmann 2009, "A spiking neural network model of an actor-critic learning agent",
       doi:10.1162/neco.2008.08-07-593
    .. [2] Potjans, Diesmann & Morrison 2011, "An imperfect dopaminergic error signal can drive temporal-difference
       learning", doi:10.1371/journal.pcbi.1001133

    Examples
    --------
    >>> env = grid_world(size=3, goal=(0, 2), start=(2, 0), walls=[(1, 1)])
    >>> env
    grid_world: 3 x 3 places, at most 1000 steps
      . . G
      . # .
      S . .
      action:      Discrete(4: north, east, south, west)
      observation: Discrete(9)
    >>> state, place = env.reset(seed=1)
    >>> for action in (0, 1, 0, 1, 1):  # the second one meets the wall
    ...     step = env.step(state, action)
    ...     state = step.state
    ...     print(step.observation, step.reward, step.terminated)
    3 0.0 False
    3 0.0 False
    0 0.0 False
    1 0.0 False
    2 1.0 True
    """

    size: int | tuple[int, int] = 5
    goal: tuple[int, int] | None = None
    start: tuple[int, int] | None = None
    walls: Collection[tuple[int, int]] = ()
    reward: float = 1.0
    step_reward: float = 0.0
    rewards: Mapping[tuple[int, int], float] = field(default_factory=dict, hash=False)
    max_steps: int | None = 1000

    def __post_init__(self) -> None:
        rows, columns = self._set("size", _shape(self.size))
        self._set("goal", self._place((rows - 1, columns - 1) if self.goal is None else self.goal, "goal"))
        self._set("walls", frozenset(self._place(wall, "a wall") for wall in self.walls))
        if self.start is not None:
            self._set("start", self._place(self.start, "start"))
        self._set("reward", finite(self.reward, "grid_world: reward"))
        self._set("step_reward", finite(self.step_reward, "grid_world: step_reward"))
        extra = {self._place(at, "a place of rewards"): value for at, value in dict(self.rewards).items()}
        self._set("rewards", {at: finite(value, f"grid_world: the reward at {at}") for at, value in extra.items()})
        self._set("max_steps", limit(self.max_steps, "grid_world"))
        self._check_layout()

    def _set(self, name: str, value: Any) -> Any:
        object.__setattr__(self, name, value)
        return value

    def _place(self, at: Any, what: str) -> tuple[int, int]:
        rows, columns = self.shape
        try:
            row, column = (operator.index(number) for number in at)
        except (TypeError, ValueError):
            raise SimulationError(f"grid_world: {what} is {at!r}, but (row, column) is expected") from None
        if not (0 <= row < rows and 0 <= column < columns):
            raise SimulationError(f"grid_world: {what} is {(row, column)}, outside the {rows} x {columns} places")
        return row, column

    def _check_layout(self) -> None:
        for place, what in ((self.goal, "the goal"), (self.start, "the start")):
            if place in self.walls:
                raise SimulationError(f"grid_world: {what}, {place}, is on a wall; take the wall away or move {what}")
        if self.start == self.goal:
            raise SimulationError(f"grid_world: start and goal are both {self.goal}; an episode would end as it begins")
        distances = self.distances
        if self.start is not None and distances[self.number(self.start)] < 0:
            raise SimulationError(f"grid_world: walls separate the start, {self.start}, from the goal, {self.goal}")
        if self.start is None and not (distances > 0).any():
            raise SimulationError(f"grid_world: no place leads to the goal, {self.goal}; leave a way through the walls")

    def __repr__(self) -> str:
        rows, columns = self.shape
        most = "" if self.max_steps is None else f", at most {self.max_steps} steps"
        marks = dict.fromkeys(self.rewards, "!") | dict.fromkeys(self.walls, "#")
        marks |= {at: mark for at, mark in ((self.goal, "G"), (self.start, "S")) if at is not None}
        drawn = "\n".join("  " + " ".join(marks.get((r, c), ".") for c in range(columns)) for r in range(rows))
        return (
            f"grid_world: {rows} x {columns} places{most}\n{drawn}\n"
            f"  action:      {self.action_space}\n  observation: {self.observation_space}"
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.size  # type: ignore[return-value]

    @property
    def action_space(self) -> Discrete:
        """Four directions, clockwise from the north."""
        return Discrete(4, ("north", "east", "south", "west"))

    @property
    def observation_space(self) -> Discrete:
        """The number of the place; those of walls are counted, but never seen."""
        return Discrete(self.shape[0] * self.shape[1])

    @cached_property
    def distances(self) -> np.ndarray:
        """(place,) steps of the shortest way to the goal; -1 where there is none, and on walls.

        Examples
        --------
        >>> grid_world(size=(2, 3)).distances.reshape(2, 3)
        array([[3, 2, 1],
               [2, 1, 0]])
        """
        found = np.full(self.shape[0] * self.shape[1], -1)
        goal = self.number(self.goal)
        found[goal], front = 0, [goal]
        while front:
            # moves can be made backwards: a neighbour that is free leads back here
            reached = {self._moved(place, action) for place in front for action in range(4)}
            nearest = [place for place in sorted(reached) if found[place] < 0]
            found[nearest] = found[front[0]] + 1
            front = nearest
        found.flags.writeable = False
        return found

    def number(self, at: Any) -> int:
        """Number of the place at (row, column).

        Examples
        --------
        >>> grid_world().number((1, 2)), grid_world().position(7)
        (7, (1, 2))
        """
        row, column = self._place(at, "a place")
        return row * self.shape[1] + column

    def position(self, place: int) -> tuple[int, int]:
        """(row, column) of a place."""
        return divmod(self.observation_space.checked(place, "grid_world: the place"), self.shape[1])

    def reset(self, seed: int | np.random.Generator) -> tuple[GridState, int]:
        """The start, or a random place from which the goal can be reached.

        Parameters
        ----------
        seed : int or numpy.random.Generator

        Returns
        -------
        tuple
            `GridState` and the number of the place.
        """
        random = generator(seed, "grid_world: reset")
        if self.start is not None:
            place = self.number(self.start)
        else:
            place = int(random.choice(np.flatnonzero(self.distances > 0)))
        return GridState(place), place

    def step(self, state: GridState, action: int) -> Step:
        """Go to the next place.

        Parameters
        ----------
        state : GridState
        action : int
            0 north, 1 east, 2 south, 3 west.

        Raises
        ------
        SimulationError
            For another action, a state that cannot be, and after the end of the episode.
        """
        going_on(state, GridState, "grid_world")
        if self.position(state.place) in self.walls:
            raise SimulationError(f"grid_world: no episode can be at {state}, on a wall")
        place = self._moved(state.place, self.action_space.checked(action, "grid_world: the action"))
        terminated = place == self.number(self.goal)
        reward = self.reward if terminated else self.step_reward
        if place != state.place:
            reward += self.rewards.get(self.position(place), 0.0)
        steps = state.steps + 1
        truncated = not terminated and steps == self.max_steps
        return Step(GridState(place, steps, terminated or truncated), place, reward, terminated, truncated)

    def _moved(self, place: int, action: int) -> int:
        rows, columns = self.shape
        row, column = divmod(place, columns)
        down, right = _MOVES[action]
        row, column = row + down, column + right
        if 0 <= row < rows and 0 <= column < columns and (row, column) not in self.walls:
            return row * columns + column
        return place


def _shape(size: Any) -> tuple[int, int]:
    try:
        rows, columns = map(operator.index, size if isinstance(size, (tuple, list)) else (size, size))
    except (TypeError, ValueError):
        rows, columns = 0, 0
    if rows < 1 or columns < 1 or rows * columns < 2 or isinstance(size, bool):
        raise SimulationError(
            f"grid_world: size is {size!r}, but a whole number, or (rows, columns), of at least 2 places is expected"
        )
    return rows, columns
