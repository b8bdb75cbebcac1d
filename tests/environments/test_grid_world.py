"""Grid world: ways, walls, rewards."""

import re

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapicque.environments import GridState, grid_world, run_episode
from lapicque.errors import SimulationError


def at_random(observation, random):
    return int(random.integers(4))


def test_four_directions_lead_to_the_four_neighbours():
    env = grid_world(size=(4, 6))
    middle = GridState(env.number((2, 3)))
    reached = [env.position(env.step(middle, action).observation) for action in range(4)]
    assert reached == [(1, 3), (2, 4), (3, 3), (2, 2)]
    assert env.action_space.names == ("north", "east", "south", "west")


def test_edges_and_walls_stop_the_agent():
    env = grid_world(size=3, walls=[(0, 1)])
    corner = GridState(0)
    assert [env.step(corner, action).observation for action in range(4)] == [0, 0, 3, 0]


@given(seed=st.integers(0, 10**6), rows=st.integers(2, 6), columns=st.integers(2, 6))
def test_distances_are_those_of_a_graph(seed, rows, columns):
    random = np.random.default_rng(seed)
    places = [(r, c) for r in range(rows) for c in range(columns)]
    goal = places[random.integers(len(places))]
    walls = [place for place in places if place != goal and random.random() < 0.3]
    lattice = networkx.grid_2d_graph(rows, columns)
    lattice.remove_nodes_from(walls)
    expected = networkx.single_source_shortest_path_length(lattice, goal)
    if len(expected) == 1:
        with pytest.raises(SimulationError, match="no place leads to the goal"):
            grid_world(size=(rows, columns), goal=goal, walls=walls)
    else:
        env = grid_world(size=(rows, columns), goal=goal, walls=walls)
        assert [expected.get(place, -1) for place in places] == env.distances.tolist()


def test_walking_downhill_reaches_the_goal_in_as_many_steps_as_the_distance():
    env = grid_world(size=6, goal=(2, 3), walls=[(1, 3), (2, 2), (3, 3), (1, 4), (4, 1)])
    for seed in range(20):
        state, place = env.reset(seed)
        far = env.distances[place]
        while not state.ended:
            step = min((env.step(state, action) for action in range(4)), key=lambda s: env.distances[s.observation])
            state = step.state
        assert state.steps == far
        assert step.terminated
        assert step.reward == 1


def test_starts_are_all_places_from_which_the_goal_can_be_reached():
    env = grid_world(size=3, goal=(0, 0), walls=[(1, 2), (2, 1)])  # the last place is walled in
    started = {env.reset(seed)[1] for seed in range(200)}
    assert started == {1, 2, 3, 4, 6}


def test_a_given_start_is_every_start():
    env = grid_world(start=(1, 2))
    assert {env.reset(seed)[1] for seed in range(20)} == {7}


def test_rewards_are_paid_on_entering():
    env = grid_world(size=(1, 4), start=(0, 1), reward=5, step_reward=-1, rewards={(0, 0): -10, (0, 3): 2})
    state = env.reset(1)[0]
    earned = []
    for action in (3, 3, 1, 1, 1):
        step = env.step(state, action)
        state = step.state
        earned.append(step.reward)
    assert earned == [-11, -1, -1, -1, 7]  # the second step meets the edge: nothing is entered


def test_the_limit_truncates_and_the_goal_comes_first():
    env = grid_world(size=(1, 3), start=(0, 0), max_steps=2)
    idle = run_episode(env, lambda place, random: 0, seed=1)
    assert (len(idle), idle.terminated, idle.truncated, idle.rewards.sum()) == (2, False, True, 0)
    quick = run_episode(env, lambda place, random: 1, seed=1)
    assert (len(quick), quick.terminated, quick.truncated, quick.rewards.sum()) == (2, True, False, 1)


def test_the_same_seed_gives_the_same_episode():
    one, same, other = (run_episode(grid_world(), at_random, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one.observations, same.observations)
    np.testing.assert_array_equal(one.actions, same.actions)
    assert one.observations.tolist() != other.observations.tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(start=(4, 4)), "start and goal are both (4, 4); an episode would end as it begins"),
        (dict(goal=(1, 1), walls=[(1, 1)]), "the goal, (1, 1), is on a wall"),
        (dict(start=(1, 1), walls=[(1, 1)]), "the start, (1, 1), is on a wall"),
        (dict(goal=(5, 0)), "goal is (5, 0), outside the 5 x 5 places"),
        (dict(goal=(-1, 0)), "goal is (-1, 0), outside the 5 x 5 places"),
        (dict(walls=[(0, 9)]), "a wall is (0, 9), outside the 5 x 5 places"),
        (dict(walls=[3]), "a wall is 3, but (row, column) is expected"),
        (dict(start=(0, 0), walls=[(0, 1), (1, 0)]), "walls separate the start, (0, 0), from the goal, (4, 4)"),
        (dict(size=1), "size is 1, but a whole number, or (rows, columns), of at least 2 places is expected"),
        (dict(size=(5, 0)), "size is (5, 0), but"),
        (dict(size=2.5), "size is 2.5, but"),
        (dict(reward=np.nan), "grid_world: reward is nan, but a finite number is expected"),
        (dict(rewards={(0, 0): "much"}), "grid_world: the reward at (0, 0) is 'much'"),
        (dict(max_steps=2.5), "grid_world: max_steps is 2.5"),
    ],
)
def test_impossible_grids_are_refused(given, message):
    with pytest.raises(SimulationError, match=re.escape(message)):
        grid_world(**given)


@pytest.mark.parametrize("action", [4, -1, np.nan, "north"])
def test_impossible_actions_are_refused(action):
    env = grid_world()
    with pytest.raises(SimulationError, match=r"grid_world: the action is .* 0 to 3 \(north, east, south, west\)"):
        env.step(env.reset(1)[0], action)


def test_states_that_cannot_be_are_refused():
    env = grid_world(walls=[(0, 1)])
    with pytest.raises(SimulationError, match=r"no episode can be at .*place=1.*, on a wall"):
        env.step(GridState(1), 0)
    with pytest.raises(SimulationError, match="grid_world: the place is 25, but a whole number from 0 to 24"):
        env.step(GridState(25), 0)


def test_no_step_follows_the_end():
    env = grid_world(size=(1, 2), start=(0, 0))
    state = env.step(env.reset(1)[0], 1).state
    with pytest.raises(SimulationError, match="grid_world: the episode ended after 1 steps"):
        env.step(state, 3)


def test_a_grid_is_a_value():
    assert grid_world(walls=[(1, 1), (2, 2)]) == grid_world(walls=[(2, 2), (1, 1)])
    assert hash(grid_world(rewards={(1, 1): 2})) == hash(grid_world(rewards={(1, 1): 2}))
    assert grid_world() != grid_world(size=4)
