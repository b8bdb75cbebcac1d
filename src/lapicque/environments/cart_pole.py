"""CartPole: a pole on a cart that is pushed to the left or to the right."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import copysign, cos, isfinite, pi, sin
from typing import Any, NamedTuple

import numpy as np

from lapicque.environments.environment import Step, generator, going_on, limit, quantity
from lapicque.environments.spaces import Box, Discrete
from lapicque.errors import SimulationError

_POSITIVE = {
    "cart_mass": "kg", "pole_mass": "kg", "half_length": "m", "dt": "ms", "x_limit": "m", "theta_limit": "1",
}  # fmt: skip
_NOT_NEGATIVE = {
    "gravity": "m/second**2", "force": "N", "cart_friction": "N", "pole_friction": "kg*m**2/second", "spread": "1",
}  # fmt: skip


class CartPoleState(NamedTuple):
    """Where a cart and its pole are.

    Parameters
    ----------
    x, v : m, m/second
        Position and velocity of the cart, to the right.
    theta, omega : radian, radian/second
        Angle of the pole from the vertical, clockwise, and its velocity.
    steps : int
        Since the episode began.
    ended : bool
    """

    x: float
    v: float
    theta: float
    omega: float
    steps: int = 0
    ended: bool = False


@dataclass(frozen=True)
class cart_pole:  # noqa: N801  (a value that reads as it is written: cart_pole(force="5 N"))
    """Balance a pole by pushing its cart: every step earns 1, until the pole falls or the cart leaves the track.

    With M and m the masses of cart and pole, l half the length of the pole, and F the force, +-10 N::

        theta'' = (g sin(theta) - cos(theta) u - mu_p omega/(m l)) / (l (4/3 - m cos(theta)^2/(M + m)))
        x'' = u - m l cos(theta) theta''/(M + m),    u = (F - mu_c sign(v) + m l omega^2 sin(theta))/(M + m)

    advanced by Euler's forward rule. The numbers are those of gymnasium's ``CartPole-v1``; the friction of the paper,
    0.0005 N on the track and 2e-6 kg m^2/s in the joint, is left out there and here unless asked for.

    Parameters
    ----------
    gravity : m/second**2
    cart_mass, pole_mass : kg
    half_length : m
        Half the length of the pole.
    force : N
        What a push is.
    cart_friction : N
        Of the cart on its track.
    pole_friction : kg*m**2/second
        Of the joint.
    dt : ms
        Length of a step.
    x_limit : m
        The cart must stay within this distance of the middle.
    theta_limit : radian
        The pole must stay within this angle of the vertical.
    spread : float
        Each of the four variables (m, m/second, radian, radian/second) begins uniformly between -spread and spread.
    max_steps : int, optional
        The episode is truncated after so many steps; None: never.

    Raises
    ------
    SimulationError
        For masses, lengths, limits and dt that are not positive; in `step` for impossible actions and after the end.
    UnitError
        For quantities of another dimension.

    References
    ----------
    .. [1] Barto, Sutton & Anderson 1983, "Neuronlike adaptive elements that can solve difficult learning control
       problems", doi:10.1109/TSMC.1983.6313077

    Examples
    --------
    >>> env = cart_pole()
    >>> env
    cart_pole: steps of 20 ms, at most 500
      action:      Discrete(2: push left, push right)
      observation: Box(x (m) -2.4 to 2.4, v (m/second) -inf to inf, theta -0.2094 to 0.2094,
                       omega (1/second) -inf to inf)
    >>> state, observation = env.reset(seed=1)
    >>> while not state.ended:  # push to where the pole leans
    ...     step = env.step(state, 1 if state.theta > 0 else 0)
    ...     state = step.state
    >>> state.steps, step.terminated
    (51, True)
    """

    gravity: Any = 9.8
    cart_mass: Any = 1.0
    pole_mass: Any = 0.1
    half_length: Any = 0.5
    force: Any = 10.0
    cart_friction: Any = 0.0
    pole_friction: Any = 0.0
    dt: Any = 20.0
    x_limit: Any = 2.4
    theta_limit: Any = 12 * pi / 180
    spread: Any = 0.05
    max_steps: int | None = 500

    def __post_init__(self) -> None:
        for name, unit in (_POSITIVE | _NOT_NEGATIVE).items():
            value = quantity(getattr(self, name), unit, f"cart_pole: {name}", zero=name in _NOT_NEGATIVE)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "max_steps", limit(self.max_steps, "cart_pole"))
        if self.spread > min(self.x_limit, self.theta_limit):
            raise SimulationError(
                f"cart_pole: spread is {self.spread:g}, but with limits of {self.x_limit:g} m and {self.theta_limit:g} "
                "an episode could end where it begins; make it smaller"
            )

    def __repr__(self) -> str:
        most = "" if self.max_steps is None else f", at most {self.max_steps}"
        changed = [
            f"{field.name}={value:g}{'' if unit == '1' else f' {unit}'}"
            for field in fields(self)
            if (unit := (_POSITIVE | _NOT_NEGATIVE).get(field.name)) and field.name != "dt"
            and (value := getattr(self, field.name)) != field.default
        ]  # fmt: skip
        return (
            f"cart_pole: steps of {self.dt:g} ms{most}{''.join(f', {text}' for text in changed)}\n"
            f"  action:      {self.action_space}\n  observation: {self.observation_space}"
        )

    @property
    def action_space(self) -> Discrete:
        """Two pushes: 0 to the left, 1 to the right."""
        return Discrete(2, ("push left", "push right"))

    @property
    def observation_space(self) -> Box:
        """Position, velocity, angle and its velocity; the last observation of an episode may lie beyond the bounds."""
        high = np.array([self.x_limit, np.inf, self.theta_limit, np.inf])
        return Box(-high, high, ("x", "v", "theta", "omega"), ("m", "m/second", "1", "1/second"))

    def reset(self, seed: int | np.random.Generator) -> tuple[CartPoleState, np.ndarray]:
        """A pole that is nearly upright, near the middle of the track.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            The same integer begins as it does in gymnasium.

        Returns
        -------
        tuple
            `CartPoleState` and the observation, (4,).
        """
        start = generator(seed, "cart_pole: reset").uniform(-self.spread, self.spread, 4)
        return CartPoleState(*start.tolist()), start

    def step(self, state: CartPoleState, action: int) -> Step:
        """Push for one step.

        Parameters
        ----------
        state : CartPoleState
        action : int
            0: to the left, 1: to the right.

        Raises
        ------
        SimulationError
            For another action, a state that cannot be, and after the end of the episode.
        """
        going_on(state, CartPoleState, "cart_pole")
        push = self.force * (2 * self.action_space.checked(action, "cart_pole: the action") - 1)
        x, v, theta, omega = state[:4]
        if not (abs(x) <= self.x_limit and abs(theta) <= self.theta_limit and isfinite(v) and isfinite(omega)):
            raise SimulationError(f"cart_pole: no episode can be at {state}, beyond the limits or not finite")
        pull, turn = self.accelerations(state, push)
        dt = 1e-3 * self.dt
        moved = (x + dt * v, v + dt * pull, theta + dt * omega, omega + dt * turn)
        terminated = not (abs(moved[0]) <= self.x_limit and abs(moved[2]) <= self.theta_limit)
        steps = state.steps + 1
        truncated = not terminated and steps == self.max_steps
        following = CartPoleState(*moved, steps, terminated or truncated)
        return Step(following, np.array(moved), 1.0, terminated, truncated)

    def accelerations(self, state: CartPoleState, force: float) -> tuple[float, float]:
        """Acceleration of the cart and of the angle: the equations of motion.

        Parameters
        ----------
        state : CartPoleState
        force : N
            On the cart, to the right.

        Returns
        -------
        tuple of float
            m/second**2, and radian/second**2.

        Examples
        --------
        >>> cart_pole().accelerations(CartPoleState(0.0, 0.0, 0.0, 0.0), 0.0)  # upright: an equilibrium
        (0.0, 0.0)
        """
        mass = self.cart_mass + self.pole_mass
        moment = self.pole_mass * self.half_length
        c, s = cos(state.theta), sin(state.theta)
        drag = 0.0 if state.v == 0 else copysign(self.cart_friction, state.v)
        u = (force - drag + moment * state.omega**2 * s) / mass
        turn = (self.gravity * s - c * u - self.pole_friction * state.omega / moment) / (
            self.half_length * (4 / 3 - self.pole_mass * c**2 / mass)
        )
        return u - moment * turn * c / mass, turn
