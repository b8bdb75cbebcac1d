"""A water maze: a circular pool with a platform that cannot be seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Any, NamedTuple

import numpy as np

from lapicque.environments.environment import Step, finite, generator, going_on, limit, quantity
from lapicque.environments.spaces import Box, Discrete
from lapicque.errors import SimulationError
from lapicque.units import magnitude

_COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")
_GRAZING = 1e-3  # chords shorter than this part of the radius are swum along the wall


class MazeState(NamedTuple):
    """Where a swimmer is, and where it is heading.

    Parameters
    ----------
    x, y : m
        From the middle of the pool, to the east and to the north.
    heading : radian, optional
        From the east, counterclockwise; None before the first stroke.
    steps : int
        Since the episode began.
    ended : bool
    """

    x: float
    y: float
    heading: float | None = None
    steps: int = 0
    ended: bool = False


@dataclass(frozen=True)
class water_maze:  # noqa: N801  (a value that reads as it is written: water_maze(radius="75 cm"))
    """Swim to the platform of a circular pool, from a different side in every trial.

    The swimmer moves at constant speed in the direction of the action, and is reflected where it meets the wall, as
    light from a mirror. Getting onto the platform, even in passing, earns the reward and ends the episode. Sizes and
    speed are those of Foster, Morris & Dayan.

    Parameters
    ----------
    radius : m
        Of the pool.
    platform : (x, y), m
        Middle of the platform, from the middle of the pool; by default halfway to the wall, north-east.
    platform_radius : m
    speed : m/second
    dt : ms
        Length of a step.
    starts : sequence of (x, y), m, optional
        Where trials begin, each equally likely; by default the ends of the pool in the east, north, west and south.
    directions : int, optional
        Number of directions to choose from, counterclockwise from the east; None: any angle, radian.
    momentum : float
        Share of the last direction in the next one, from 0 to below 1: the two unit vectors are averaged with weights
        momentum and 1 - momentum.
    reward : float
        For the platform.
    wall_reward : float
        For a step that meets the wall; below 0, a punishment.
    max_steps : int, optional
        The episode is truncated after so many steps, by default 1200, two minutes; None: never.

    Raises
    ------
    SimulationError
        For sizes and speeds that are not positive, a platform or start outside the pool, a start on the platform; in
        `step` for impossible actions and after the end.
    UnitError
        For quantities of another dimension.

    References
    ----------
    .. [1] Morris 1984, "Developments of a water-maze procedure for studying spatial learning in the rat",
       doi:10.1016/0165-0270(84)90007-4
    .. [2] Foster, Morris & Dayan 2000, "A model of hippocampally dependent navigation, using the temporal difference
       learning rule", doi:10.1002/(SICI)1098-1063(2000)10:1<1::AID-HIPO1>3.0.CO;2-1
    .. [3] Vasilaki, Fremaux, Urbanczik, Senn & Gerstner 2009, "Spike-based reinforcement learning in continuous state
       and action space: when policy gradient methods fail", doi:10.1371/journal.pcbi.1000586

    Examples
    --------
    >>> env = water_maze(platform=("50 cm", "0 cm"), starts=[(-1, 0)])
    >>> env
    water_maze: 1 m, platform of 0.05 m at (0.5, 0) m, 0.3 m/second, steps of 100 ms, at most 1200
      action:      Discrete(8: east, north-east, north, north-west, west, south-west, south, south-east)
      observation: Box(x (m) -1 to 1, y (m) -1 to 1)
    >>> state, position = env.reset(seed=1)
    >>> position
    array([-1.,  0.])
    >>> while not state.ended:
    ...     step = env.step(state, 0)  # east
    ...     state = step.state
    >>> step.observation.round(3), step.reward, state.steps
    (array([0.47, 0.  ]), 1.0, 49)
    """

    radius: Any = 1.0
    platform: Any = None
    platform_radius: Any = 0.05
    speed: Any = 0.3
    dt: Any = 100.0
    starts: Any = None
    directions: int | None = 8
    momentum: float = 0.0
    reward: float = 1.0
    wall_reward: float = 0.0
    max_steps: int | None = 1200

    def __post_init__(self) -> None:
        for name, unit in dict(radius="m", platform_radius="m", speed="m/second", dt="ms").items():
            self._set(name, quantity(getattr(self, name), unit, f"water_maze: {name}"))
        halfway = self.radius / 2 / sqrt(2)
        self._set("platform", self._point((halfway, halfway) if self.platform is None else self.platform, "platform"))
        if hypot(*self.platform) + self.platform_radius > self.radius:
            raise SimulationError(
                f"water_maze: the platform at {self._shown(self.platform)} m with radius {self.platform_radius:g} m "
                f"reaches beyond the pool, whose radius is {self.radius:g} m"
            )
        ends = [(self.radius, 0.0), (0.0, self.radius), (-self.radius, 0.0), (0.0, -self.radius)]
        starts = tuple(self._point(start, "a start") for start in (ends if self.starts is None else self.starts))
        if not starts:
            raise SimulationError("water_maze: starts is empty; give at least one (x, y)")
        for start in starts:
            if hypot(*start) > self.radius * (1 + 1e-9):
                raise SimulationError(
                    f"water_maze: the start {self._shown(start)} m is outside the pool, whose radius is "
                    f"{self.radius:g} m"
                )
            if self._apart(start, self.platform) <= self.platform_radius:
                raise SimulationError(f"water_maze: the start {self._shown(start)} m is on the platform")
        self._set("starts", starts)
        if self.directions is not None:
            self._set("directions", Discrete(self.directions).n)
        self._set("momentum", finite(self.momentum, "water_maze: momentum"))
        if not 0 <= self.momentum < 1:
            raise SimulationError(
                f"water_maze: momentum is {self.momentum:g}, but a number from 0 to below 1 is expected"
            )
        if 1e-3 * self.dt * self.speed > self.radius:
            raise SimulationError(
                f"water_maze: in a step of {self.dt:g} ms the swimmer covers {1e-3 * self.dt * self.speed:g} m, more "
                f"than the radius of the pool, {self.radius:g} m; take a shorter dt"
            )
        self._set("reward", finite(self.reward, "water_maze: reward"))
        self._set("wall_reward", finite(self.wall_reward, "water_maze: wall_reward"))
        self._set("max_steps", limit(self.max_steps, "water_maze"))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _point(self, at: Any, what: str) -> tuple[float, float]:
        if not isinstance(at, (str, bytes)) and isinstance(at, (tuple, list)):
            point = np.array([magnitude(number, "m", f"water_maze: {what}") for number in at], dtype=np.float64)
        else:
            point = np.asarray(magnitude(at, "m", f"water_maze: {what}"), dtype=np.float64)
        if point.shape != (2,) or not np.isfinite(point).all():
            raise SimulationError(f"water_maze: {what} is {at!r}, but (x, y) is expected, two finite numbers in m")
        return float(point[0]), float(point[1])

    @staticmethod
    def _apart(a: tuple[float, float], b: tuple[float, float]) -> float:
        return hypot(a[0] - b[0], a[1] - b[1])

    @staticmethod
    def _shown(point: tuple[float, float]) -> str:
        return f"({point[0]:g}, {point[1]:g})"

    def __repr__(self) -> str:
        most = "" if self.max_steps is None else f", at most {self.max_steps}"
        return (
            f"water_maze: {self.radius:g} m, platform of {self.platform_radius:g} m at {self._shown(self.platform)} m, "
            f"{self.speed:g} m/second, steps of {self.dt:g} ms{most}\n"
            f"  action:      {self.action_space}\n  observation: {self.observation_space}"
        )

    @property
    def action_space(self) -> Discrete | Box:
        """A direction: the number of one, or an angle in radian."""
        if self.directions is None:
            return Box(np.array(-np.inf), np.array(np.inf))
        return Discrete(self.directions, _COMPASS if self.directions == len(_COMPASS) else ())

    @property
    def observation_space(self) -> Box:
        """Position, which is all that the swimmer is told; the platform cannot be seen."""
        high = np.array([self.radius, self.radius])
        return Box(-high, high, ("x", "y"), ("m", "m"))

    def reset(self, seed: int | np.random.Generator) -> tuple[MazeState, np.ndarray]:
        """One of the starts.

        Parameters
        ----------
        seed : int or numpy.random.Generator

        Returns
        -------
        tuple
            `MazeState` and the position, (2,), m.
        """
        random = generator(seed, "water_maze: reset")
        start = self.starts[int(random.integers(len(self.starts)))]
        return MazeState(*start), np.array(start)

    def step(self, state: MazeState, action: Any) -> Step:
        """Swim for one step.

        Parameters
        ----------
        state : MazeState
        action : int or float
            Number of the direction, or without ``directions`` an angle in radian.

        Raises
        ------
        SimulationError
            For another action, one that is not finite, a state that cannot be, and after the end of the episode.
        """
        going_on(state, MazeState, "water_maze")
        if not hypot(state.x, state.y) <= self.radius * (1 + 1e-9):
            raise SimulationError(f"water_maze: no episode can be at {state}, outside the pool of {self.radius:g} m")
        x, y, heading = state.x, state.y, self._turned(state.heading, action)
        left, bumped, found = 1e-3 * self.dt * self.speed, False, False
        while not found:
            way = self._to_wall(x, y, heading)
            free = min(left, way)
            at = (x + free * cos(heading), y + free * sin(heading))
            found = self._meets_platform((x, y), at)
            (x, y), left = at, left - free
            if found or left <= 0:
                break
            bumped = True
            normal = atan2(y, x)
            heading = (2 * normal + pi - heading) % (2 * pi)
            if self._to_wall(x, y, heading) < _GRAZING * self.radius:
                turn = 1.0 if sin(heading - normal) >= 0 else -1.0
                end = normal + turn * left / self.radius
                x, y, heading = self.radius * cos(end), self.radius * sin(end), (end + turn * pi / 2) % (2 * pi)
                found = self._apart((x, y), self.platform) <= self.platform_radius
                break
        excess = hypot(x, y) / self.radius
        if excess > 1:  # by rounding
            x, y = x / excess, y / excess
        steps = state.steps + 1
        truncated = not found and steps == self.max_steps
        reward = (self.reward if found else 0.0) + (self.wall_reward if bumped else 0.0)
        return Step(MazeState(x, y, heading, steps, found or truncated), np.array([x, y]), reward, found, truncated)

    def _turned(self, heading: float | None, action: Any) -> float:
        chosen = self.action_space.checked(action, "water_maze: the action")
        if self.directions is None:
            angle = float(chosen)
            if not np.isfinite(angle):
                raise SimulationError(f"water_maze: the action is {angle:g}, but a finite angle is expected")
        else:
            angle = 2 * pi * int(chosen) / self.directions
        if heading is None or self.momentum == 0:
            return angle
        keep = self.momentum
        along = keep * cos(heading) + (1 - keep) * cos(angle)
        across = keep * sin(heading) + (1 - keep) * sin(angle)
        # opposite directions of equal weight cancel: the chosen one counts
        return atan2(across, along) if hypot(along, across) > 1e-12 else angle

    def _to_wall(self, x: float, y: float, heading: float) -> float:
        """Distance from inside the pool to its wall: the larger root of |p + s d| = R."""
        along = x * cos(heading) + y * sin(heading)
        inside = max(self.radius**2 - x**2 - y**2, 0.0)
        root = sqrt(along**2 + inside)
        # the form without cancellation
        return inside / (along + root) if along > 0 else root - along

    def _meets_platform(self, a: tuple[float, float], b: tuple[float, float]) -> bool:
        """Whether the way from a to b passes over the platform."""
        dx, dy = b[0] - a[0], b[1] - a[1]
        px, py = self.platform[0] - a[0], self.platform[1] - a[1]
        length = dx * dx + dy * dy
        nearest = min(max((px * dx + py * dy) / length, 0.0), 1.0) if length > 0 else 0.0
        return hypot(px - nearest * dx, py - nearest * dy) <= self.platform_radius
