"""CartPole: the equations of Barto, Sutton & Anderson 1983, and the numbers of gymnasium's CartPole-v1."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapicque.environments import CartPoleState, cart_pole, run_episode
from lapicque.errors import SimulationError, UnitError

number = st.floats(-3, 3)


def steadying(observation, random):
    return int(observation @ [0.1, 0.3, 4, 1] > 0)


def at_random(observation, random):
    return int(random.integers(2))


@given(v=number, theta=number, omega=number, force=st.floats(-20, 20), friction=st.booleans())
def test_energy_changes_by_the_work_of_the_force_less_friction(v, theta, omega, force, friction):
    """E = (M + m) v^2/2 + m l v omega cos(theta) + (4/3) m l^2 omega^2/2 + m g l cos(theta)."""
    cart, joint = (0.5, 0.002) if friction else (0.0, 0.0)
    env = cart_pole(cart_friction=cart, pole_friction=joint)
    M, m, l, g = env.cart_mass, env.pole_mass, env.half_length, env.gravity
    a, alpha = env.accelerations(CartPoleState(0.0, v, theta, omega), force)
    of_v = (M + m) * v + m * l * omega * np.cos(theta)
    of_omega = m * l * v * np.cos(theta) + 4 / 3 * m * l**2 * omega
    of_theta = -m * l * v * omega * np.sin(theta) - m * g * l * np.sin(theta)
    power = of_v * a + of_omega * alpha + of_theta * omega
    assert power == pytest.approx(force * v - cart * abs(v) - joint * omega**2, abs=1e-10)


def test_without_force_energy_is_conserved_to_the_order_of_the_step():
    """Euler's rule is of first order: a tenth of the step leaves a tenth of the drift."""

    def drift(dt):
        env = cart_pole(force=0, dt=dt, max_steps=None)
        state = CartPoleState(0.0, 0.1, 0.02, -0.1)

        def energy(s):
            kinetic = 1.1 * s.v**2 / 2 + 0.05 * s.v * s.omega * np.cos(s.theta) + 0.1 / 3 * s.omega**2 / 2
            return kinetic + 0.1 * 9.8 * 0.5 * np.cos(s.theta)

        begun = energy(state)
        for _ in range(round(500 / dt)):
            state = env.step(state, 0).state
        return abs(energy(state) - begun)

    assert drift(1.0) > 0
    assert drift(0.1) == pytest.approx(0.1 * drift(1.0), rel=0.1)


def test_near_the_vertical_the_pole_falls_at_the_rate_of_the_linearised_equations():
    """theta'' = lambda^2 theta with lambda^2 = g/(l (4/3 - m/(M + m))); Euler's factor of a step is 1 + lambda dt."""
    rate = np.sqrt(9.8 / (0.5 * (4 / 3 - 0.1 / 1.1)))
    env = cart_pole(force=0)
    state = CartPoleState(0.0, 0.0, 1e-5, 1e-5 * rate)
    for _ in range(50):
        state = env.step(state, 0).state
    assert state.theta == pytest.approx(1e-5 * (1 + 0.02 * rate) ** 50, rel=1e-4)
    assert state.omega == pytest.approx(rate * state.theta, rel=1e-4)


def test_a_push_accelerates_the_cart_and_tilts_the_pole_against_it():
    """Upright at rest: theta'' = -F/(l (4/3 (M + m) - m)), and the cart feels (M + m) x'' + m l theta'' = F."""
    a, alpha = cart_pole().accelerations(CartPoleState(0.0, 0.0, 0.0, 0.0), 10.0)
    assert alpha == pytest.approx(-10 / (0.5 * (4 / 3 * 1.1 - 0.1)))
    assert 1.1 * a + 0.05 * alpha == pytest.approx(10)


@given(seed=st.integers(0, 1000))
def test_left_and_right_are_mirror_images(seed):
    env = cart_pole(cart_friction=0.01, pole_friction=0.001)
    state, _ = env.reset(seed)
    mirrored = CartPoleState(-state.x, -state.v, -state.theta, -state.omega)
    actions = np.random.default_rng(seed)
    while not state.ended:
        action = int(actions.integers(2))
        state, mirrored = env.step(state, action).state, env.step(mirrored, 1 - action).state
        np.testing.assert_array_equal(np.array(state[:4]), -np.array(mirrored[:4]))
    assert mirrored.ended


def test_an_episode_ends_at_the_limits_of_angle_and_track():
    env = cart_pole()
    for state in (
        CartPoleState(0.0, 0.0, 0.2094, 1.0),
        CartPoleState(0.0, 0.0, -0.2094, -1.0),
        CartPoleState(2.399, 1.0, 0.0, 0.0),
        CartPoleState(-2.399, -1.0, 0.0, 0.0),
    ):
        step = env.step(state, 1)
        assert step.terminated
        assert not step.truncated
        assert step.reward == 1
        assert step.ended
        assert step.state.ended
    assert not env.step(CartPoleState(2.399, 0.0, 0.2094, 0.0), 1).ended


def test_five_hundred_steps_are_the_most():
    episode = run_episode(cart_pole(), steadying, seed=3)
    assert len(episode) == 500
    assert episode.truncated
    assert not episode.terminated
    assert episode.rewards.sum() == 500
    assert len(run_episode(cart_pole(max_steps=None), steadying, seed=3, max_steps=600)) == 600


def test_pushes_at_random_keep_the_pole_up_for_about_22_steps():
    random = np.random.default_rng(1)
    lengths = [len(run_episode(cart_pole(), at_random, random)) for _ in range(400)]
    assert np.mean(lengths) == pytest.approx(22.3, abs=2)


def test_beginnings_are_uniform_and_belong_to_the_seed():
    env = cart_pole(spread=0.02)
    started = np.array([env.reset(seed)[1] for seed in range(300)])
    assert abs(started).max() <= 0.02
    np.testing.assert_allclose(started.std(axis=0), 0.02 / np.sqrt(3), rtol=0.15)
    np.testing.assert_array_equal(env.reset(7)[1], started[7])
    assert env.reset(7)[0][:4] == tuple(started[7])


def test_a_kept_state_can_be_continued_from_twice():
    env = cart_pole()
    state, _ = env.reset(1)
    left, right = env.step(state, 0), env.step(state, 1)
    assert left.state.v < right.state.v
    np.testing.assert_array_equal(env.step(state, 0).observation, left.observation)


def test_quantities_are_converted():
    env = cart_pole(pole_mass="100 gram", half_length="50 cm", dt="0.02 second", force="0.01 kN")
    assert env == cart_pole()
    assert "half_length=0.4 m" in repr(cart_pole(half_length="40 cm"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(cart_mass=-1), "cart_pole: cart_mass is -1 kg, but a positive number is expected"),
        (dict(half_length=0), "cart_pole: half_length is 0 m, but a positive number is expected"),
        (dict(gravity=np.nan), "cart_pole: gravity is nan m/second"),
        (dict(dt=0), "cart_pole: dt is 0 ms, but a positive number is expected"),
        (dict(force=[1, 2]), "cart_pole: force has shape"),
        (dict(spread=0.5), "an episode could end where it begins"),
        (dict(max_steps=0), "cart_pole: max_steps is 0, but a whole number from 1 upward, or None, is expected"),
    ],
)
def test_impossible_carts_are_refused(given, message):
    with pytest.raises(SimulationError, match=message):
        cart_pole(**given)


def test_a_length_in_seconds_is_refused():
    with pytest.raises(UnitError, match="cart_pole: half_length is given in second"):
        cart_pole(half_length="1 second")


@pytest.mark.parametrize("action", [2, -1, np.nan, 0.5])
def test_impossible_actions_are_refused(action):
    env = cart_pole()
    with pytest.raises(SimulationError, match=r"cart_pole: the action is .* 0 to 1 \(push left, push right\)"):
        env.step(env.reset(1)[0], action)


def test_no_step_follows_the_end():
    env = cart_pole()
    state = env.reset(1)[0]
    while not state.ended:
        state = env.step(state, 0).state
    with pytest.raises(SimulationError, match=rf"ended after {state.steps} steps; begin another with reset\(seed\)"):
        env.step(state, 0)


@pytest.mark.parametrize(
    "state", [(3, 0, 0, 0), (0, 0, -0.3, 0), (0, np.nan, 0, 0), (0, 0, np.nan, 0), (0, 0, 0, np.inf)]
)
def test_states_that_cannot_be_are_refused(state):
    with pytest.raises(SimulationError, match="cart_pole: no episode can be at"):
        cart_pole().step(CartPoleState(*state), 0)


def test_an_observation_is_no_state():
    env = cart_pole()
    with pytest.raises(SimulationError, match=r"needs a state from reset\(\).* a CartPoleState, not ndarray"):
        env.step(env.reset(1)[1], 0)


@pytest.mark.parametrize("seed", [None, True, -1, 1.5, "1"])
def test_a_seed_is_needed(seed):
    with pytest.raises(
        SimulationError, match=r"cart_pole: reset needs a seed, not .*write for example reset\(seed=1\)"
    ):
        cart_pole().reset(seed)


@pytest.mark.skipif(importlib.util.find_spec("gymnasium") is None, reason="gymnasium is not installed")
@pytest.mark.parametrize("policy", [steadying, at_random])
def test_trajectories_are_those_of_gymnasium(policy):
    import gymnasium

    theirs, ours = gymnasium.make("CartPole-v1"), cart_pole()
    for seed in range(20):
        random = np.random.default_rng(seed)
        state, observation = ours.reset(seed)
        theirs.reset(seed=seed)
        np.testing.assert_array_equal(observation, theirs.unwrapped.state)
        while not state.ended:
            action = policy(observation, random)
            step = ours.step(state, action)
            _, reward, terminated, truncated, _ = theirs.step(action)
            assert (step.reward, step.terminated, step.truncated) == (reward, terminated, truncated)
            np.testing.assert_allclose(step.observation, theirs.unwrapped.state, rtol=0, atol=1e-13)
            state, observation = step.state, step.observation
