"""The adapter to gymnasium: its language, spoken by a small environment, and gymnasium itself where it is installed."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from lapicque.environments import Box as OurBox
from lapicque.environments import Discrete as OurDiscrete
from lapicque.environments import Environment, from_gymnasium, run_episode
from lapicque.errors import SimulationError

with_gymnasium = pytest.mark.skipif(importlib.util.find_spec("gymnasium") is None, reason="gymnasium is not installed")


class Discrete(SimpleNamespace):
    pass


class Box(SimpleNamespace):
    pass


class Text(SimpleNamespace):
    pass


class Walk:
    """A walk on a line, from a random place: actions -1, 0, 1 as numbers 5, 6, 7; the end is at 3 or after 10 steps."""

    def __init__(self, observation_space=None, action_space=None):
        self.observation_space = observation_space or Box(
            low=np.float32([-20]), high=np.float32([20]), shape=(1,), dtype=np.float32
        )
        self.action_space = action_space or Discrete(n=3, start=5)
        self.seeds, self.given = [], []

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        self.place, self.left = np.random.default_rng(seed).integers(-2, 3), 10
        return np.float32([self.place]), {"info": 1}

    def step(self, action):
        self.given.append(action)
        self.place += action - 6
        self.left -= 1
        return np.float32([self.place]), -1, self.place == 3, self.left == 0, {}


def test_episodes_pass_through():
    env = from_gymnasium(Walk())
    assert isinstance(env, Environment)
    state, observation = env.reset(seed=3)
    assert observation.dtype == np.float64
    assert env.env.seeds == [3]
    step = env.step(state, 2)
    assert step.observation == observation + 1
    assert step.reward == -1.0
    assert env.env.given == [7]  # the third choice of those that begin at 5
    assert isinstance(env.action_space, OurDiscrete)
    assert isinstance(env.observation_space, OurBox)


def test_both_kinds_of_end_are_told_apart():
    env = from_gymnasium(Walk())
    up = run_episode(env, lambda at, random: 2, seed=1)
    assert up.terminated
    assert not up.truncated
    still = run_episode(env, lambda at, random: 1, seed=1)
    assert still.truncated
    assert not still.terminated
    assert len(still) == 10


def test_seeds_decide_the_episode():
    env = from_gymnasium(Walk())
    starts = [float(env.reset(seed)[1][0]) for seed in range(20)]
    assert starts == [float(env.reset(seed)[1][0]) for seed in range(20)]
    assert len(set(starts)) > 1
    random = np.random.default_rng(1)
    drawn = [env.reset(random) and env.env.seeds[-1] for _ in range(3)]
    assert len(set(drawn)) == 3  # a generator goes on
    with pytest.raises(SimulationError, match="from_gymnasium: reset needs a seed, not None"):
        env.reset(None)


def test_arrays_are_given_in_the_type_that_is_asked_for():
    space = Box(low=np.float32([-1, -1]), high=np.float32([1, 1]), shape=(2,), dtype=np.float32)
    walk = Walk(action_space=space)
    walk.step = lambda action: (walk.given.append(action), (np.float32([0]), 0.0, False, False, {}))[1]
    env = from_gymnasium(walk)
    env.step(env.reset(1)[0], [0.5, -1])
    assert walk.given[0].dtype == np.float32
    with pytest.raises(SimulationError, match=r"the action at \(1,\) is nan"):
        env.step(env.reset(1)[0], [0.5, np.nan])


def test_the_past_cannot_be_continued_from():
    env = from_gymnasium(Walk())
    state, _ = env.reset(1)
    env.step(state, 1)
    with pytest.raises(SimulationError, match=r"episode=1, steps=0.* is not the newest state, .*episode=1, steps=1"):
        env.step(state, 1)
    env.reset(2)
    with pytest.raises(SimulationError, match="cannot go back"):
        env.step(state, 1)


def test_no_step_follows_the_end():
    env = from_gymnasium(Walk())
    state, _ = env.reset(1)
    while not state.ended:
        state = env.step(state, 2).state
    with pytest.raises(SimulationError, match=f"the episode ended after {state.steps} steps"):
        env.step(state, 2)


@pytest.mark.parametrize("action", [3, 5, -1, 0.5])
def test_impossible_actions_are_refused(action):
    env = from_gymnasium(Walk())
    with pytest.raises(SimulationError, match="from_gymnasium: the action is"):
        env.step(env.reset(1)[0], action)


def test_other_spaces_and_objects_are_refused():
    with pytest.raises(
        SimulationError, match=r"the observation space is Text\(\), but a Discrete or a Box is expected"
    ):
        from_gymnasium(Walk(observation_space=Text()))
    with pytest.raises(SimulationError, match="has no reset"):
        from_gymnasium(7)


@pytest.mark.skipif(importlib.util.find_spec("gymnasium") is not None, reason="gymnasium is installed")
def test_without_gymnasium_a_name_says_what_to_install():
    with pytest.raises(SimulationError, match=r"needs gymnasium: pip install 'lapicque\[gym\]'"):
        from_gymnasium("CartPole-v1")


@with_gymnasium
def test_an_environment_of_gymnasium_runs_by_its_name():
    env = from_gymnasium("CartPole-v1")
    assert "from_gymnasium: CartPole-v1" in repr(env)
    steady = run_episode(env, lambda observation, random: int(observation @ [0.1, 0.3, 4, 1] > 0), seed=1)
    assert (len(steady), steady.truncated) == (500, True)
    grid = from_gymnasium("FrozenLake-v1")
    assert (grid.observation_space.n, grid.action_space.n) == (16, 4)


@with_gymnasium
def test_unknown_names_are_refused():
    with pytest.raises(SimulationError, match="gymnasium cannot make 'Nope-v0'"):
        from_gymnasium("Nope-v0")
