"""Water maze: swimming, the wall as a mirror, the platform."""

from math import cos, hypot, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapicque.environments import Environment, MazeState, run_episode, water_maze
from lapicque.errors import SimulationError, UnitError

FREE = water_maze(directions=None, platform=(0, 0), platform_radius=1e-9, max_steps=None)
angle = st.floats(-pi, pi)
inside = st.tuples(st.floats(0.01, 0.999), angle).map(lambda p: (p[0] * cos(p[1]), p[0] * sin(p[1])))


def test_a_free_swimmer_covers_speed_times_time_in_its_direction():
    env = water_maze(speed="20 cm/second", dt=50)
    for action in range(8):
        step = env.step(MazeState(-0.2, 0.1), action)
        way = step.observation - [-0.2, 0.1]
        np.testing.assert_allclose(way, 0.01 * np.array([cos(action * pi / 4), sin(action * pi / 4)]), atol=1e-15)


def test_an_angle_is_a_direction_where_directions_are_not_counted():
    step = FREE.step(MazeState(0.3, 0.1), 1.0)
    np.testing.assert_allclose(step.observation, [0.3 + 0.03 * cos(1.0), 0.1 + 0.03 * sin(1.0)], rtol=1e-14)
    assert step.state.heading == 1.0


@given(place=inside, heading=angle)
def test_nobody_leaves_the_pool_nor_swims_faster(place, heading):
    state = MazeState(*place)
    for _ in range(30):
        step = FREE.step(state, heading)
        moved = hypot(step.state.x - state.x, step.state.y - state.y)
        assert hypot(*step.observation) <= 1 + 1e-12
        assert moved <= 0.03 * (1 + 1e-9)
        state, heading = MazeState(*step.state[:2]), step.state.heading


@given(place=inside, heading=angle)
def test_the_wall_is_a_mirror(place, heading):
    """In a round mirror p x d, the distance of the ray from the middle, stays as it is."""
    env = water_maze(directions=None, platform=(0, 0), platform_radius=1e-9, speed=5, max_steps=None)
    state = MazeState(*place, heading)
    turned = state.x * sin(heading) - state.y * cos(heading)
    for _ in range(20):
        state = MazeState(*env.step(state, state.heading).state[:3])  # whether or not the platform was met
        assert state.x * sin(state.heading) - state.y * cos(state.heading) == pytest.approx(turned, abs=2e-3)


def test_a_swimmer_that_meets_the_wall_head_on_comes_back():
    state = FREE.step(MazeState(0.99, 0.0), 0.0).state
    assert state.x == pytest.approx(0.98)  # 1 cm to the wall, 2 cm back
    assert abs(state.y) < 1e-15
    assert cos(state.heading) == pytest.approx(-1)


def test_a_swimmer_along_the_wall_follows_it():
    step = FREE.step(MazeState(1.0, 0.0), pi / 2)
    np.testing.assert_allclose(step.observation, [cos(0.03), sin(0.03)], atol=1e-6)
    assert step.state.heading == pytest.approx(pi / 2 + 0.03, abs=1e-6)


def test_meeting_the_wall_can_be_punished():
    env = water_maze(wall_reward=-0.5)
    assert env.step(MazeState(0.99, 0.0), 0).reward == -0.5
    assert env.step(MazeState(0.9, 0.0), 0).reward == 0


def test_the_platform_ends_the_trial_even_in_passing():
    env = water_maze(platform=(0, 0), platform_radius="2 cm", speed=2)  # 20 cm a step
    step = env.step(MazeState(-0.1, 0.015), 0)
    assert step.terminated
    assert step.reward == 1
    assert hypot(*step.observation) > 0.02
    assert not env.step(MazeState(-0.1, 0.025), 0).terminated
    assert not env.step(MazeState(-0.1, 0.015), 4).terminated  # it lies behind


def test_momentum_turns_gradually():
    env = water_maze(momentum=0.75)
    first = env.step(MazeState(0.0, 0.0), 0)
    assert first.state.heading == 0
    second = env.step(first.state, 2)
    assert np.tan(second.state.heading) == pytest.approx(0.25 / 0.75)
    back = water_maze(momentum=0.5)
    assert back.step(MazeState(0.0, 0.0, 0.0), 4).state.heading == pi  # opposite directions cancel


def test_trials_begin_on_all_four_sides():
    env = water_maze(radius="75 cm")
    started = {tuple(env.reset(seed)[1].tolist()) for seed in range(60)}
    assert started == {(0.75, 0), (0, 0.75), (-0.75, 0), (0, -0.75)}


def test_swimming_straight_to_the_platform_takes_the_distance_over_the_speed():
    env = water_maze(directions=None)
    episode = run_episode(env, lambda at, random: np.arctan2(*(np.array(env.platform) - at)[::-1]), seed=1)
    far = np.linalg.norm(np.array(env.platform) - episode.observations[0]) - env.platform_radius
    assert episode.terminated
    assert len(episode) == int(np.ceil(far / 0.03))


def test_a_random_walk_finds_the_platform_later_than_a_straight_one_or_never():
    env = water_maze()
    episode = run_episode(env, lambda at, random: env.action_space.sample(random), seed=2)
    assert episode.truncated
    assert len(episode) == 1200
    assert isinstance(env, Environment)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(radius=-1), "water_maze: radius is -1 m, but a positive number is expected"),
        (dict(platform_radius=0), "water_maze: platform_radius is 0 m"),
        (dict(speed=np.inf), "water_maze: speed is inf m/second"),
        (dict(speed=20), "the swimmer covers 2 m, more than the radius"),
        (dict(platform=(0.99, 0)), r"the platform at \(0.99, 0\) m with radius 0.05 m reaches beyond the pool"),
        (dict(platform=0.5), r"platform is 0.5, but \(x, y\) is expected"),
        (dict(platform=(0.5, np.nan)), r"platform is .*, but \(x, y\) is expected"),
        (dict(starts=[(1, 1)]), r"the start \(1, 1\) m is outside the pool"),
        (dict(starts=[(0.35, 0.35)]), r"the start \(0.35, 0.35\) m is on the platform"),
        (dict(starts=[]), "starts is empty"),
        (dict(directions=0), "Discrete: n is 0"),
        (dict(momentum=1), "momentum is 1, but a number from 0 to below 1 is expected"),
        (dict(reward=np.nan), "water_maze: reward is nan"),
        (dict(max_steps=-1), "water_maze: max_steps is -1"),
    ],
)
def test_impossible_mazes_are_refused(given, message):
    with pytest.raises(SimulationError, match=message):
        water_maze(**given)


def test_a_radius_in_seconds_is_refused():
    with pytest.raises(UnitError, match="water_maze: radius is given in second"):
        water_maze(radius="1 second")


@pytest.mark.parametrize(("env", "action"), [(water_maze(), 8), (water_maze(), np.nan), (FREE, np.nan), (FREE, np.inf)])
def test_impossible_actions_are_refused(env, action):
    with pytest.raises(SimulationError, match="water_maze: the action is"):
        env.step(env.reset(1)[0], action)


@pytest.mark.parametrize("x", [1.1, np.nan])
def test_states_outside_the_pool_are_refused(x):
    with pytest.raises(SimulationError, match=r"water_maze: no episode can be at .* outside the pool of 1 m"):
        water_maze().step(MazeState(x, 0.0), 0)


def test_no_step_follows_the_end():
    env = water_maze(max_steps=1)
    state = env.step(env.reset(1)[0], 0).state
    with pytest.raises(SimulationError, match="water_maze: the episode ended after 1 steps"):
        env.step(state, 0)
