"""Tabular actor-critic: its rule, and what it learns."""

import numpy as np
import pytest

from lapicque.environments import cart_pole, grid_world, tabular_actor_critic
from lapicque.errors import SimulationError


def test_one_step_by_hand():
    """delta = 1 + 0.9*0.5 - 0.2 = 1.25."""
    learner = tabular_actor_critic(critic_rate=0.1, actor_rate=0.4, discount=0.9)
    before = learner.start(3, 2)
    before.values[:] = [0.2, 0.5, 0.0]
    after, delta = learner.update(before, state=0, action=1, reward=1.0, following=1)
    assert delta == pytest.approx(1.25)
    np.testing.assert_allclose(after.values, [0.325, 0.5, 0])
    np.testing.assert_allclose(after.preferences, [[0, 0.5], [0, 0], [0, 0]])
    assert before.values[0] == 0.2  # what was known before is not touched
    _, last = learner.update(before, state=0, action=1, reward=1.0, following=None)
    assert last == pytest.approx(0.8)


def test_actions_are_drawn_by_a_softmax_of_any_size():
    learner = tabular_actor_critic()
    tables = learner.start(1, 3)
    tables.preferences[0] = [1000, 1000 + np.log(2), -np.inf]
    np.testing.assert_allclose(learner.probabilities(tables, 0), [1 / 3, 2 / 3, 0])


def test_values_of_a_corridor_without_choice_are_those_of_the_discounted_reward():
    """A place beside the goal, reached by one of four actions: V = p + (1 - p) discount V, with p = 1/4 kept fixed."""
    learner = tabular_actor_critic(critic_rate=0.002, actor_rate=0.0, discount=0.8)
    learned = learner.learn(grid_world(size=(1, 2), start=(0, 0)), trials=4000, seed=1)
    assert learned.tables.values[0] == pytest.approx(0.25 / (1 - 0.75 * 0.8), abs=0.05)
    assert learned.steps.mean() == pytest.approx(4, abs=0.3)


def test_the_grid_is_learned_to_within_a_step_of_the_shortest_ways():
    env = grid_world(size=5)
    for seed in range(3):
        learned = tabular_actor_critic().learn(env, trials=200, seed=seed)
        excess = learned.steps - env.distances[learned.starts]
        assert (excess >= 0).all()
        assert excess[:20].mean() > 10
        assert excess[-50:].mean() < 2
        # values rise towards the goal, whose own is never asked for
        assert np.corrcoef(learned.tables.values[:-1], env.distances[:-1])[0, 1] < -0.9


def test_learning_can_go_on_from_what_is_known():
    env, learner = grid_world(), tabular_actor_critic()
    first = learner.learn(env, trials=150, seed=1)
    more = learner.learn(env, trials=20, seed=2, tables=first.tables)
    assert more.steps.mean() < 0.5 * first.steps[:20].mean()


def test_the_same_seed_learns_the_same():
    one, same = (tabular_actor_critic().learn(grid_world(), trials=20, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.steps, same.steps)
    np.testing.assert_array_equal(one.tables.preferences, same.tables.preferences)


def test_costs_alone_can_be_learned_from():
    """With a cost a step and no reward, short ways are still the best."""
    env = grid_world(size=4, reward=0, step_reward=-1)
    learned = tabular_actor_critic(actor_rate=0.5).learn(env, trials=200, seed=1)
    assert (learned.steps - env.distances[learned.starts])[-50:].mean() < 2
    np.testing.assert_array_equal(learned.returns, 1 - learned.steps)


def test_a_task_that_is_truncated_is_not_over():
    """The value of the last place counts where the limit of steps came first."""
    env = grid_world(size=(1, 3), start=(0, 0), max_steps=1)
    learner = tabular_actor_critic(critic_rate=1.0, discount=0.5, initial_value=8.0)
    learned = learner.learn(env, trials=1, seed=1)
    assert learned.tables.values[0] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(critic_rate=-0.1), "critic_rate is -0.1"),
        (dict(actor_rate=np.nan), "actor_rate is nan"),
        (dict(discount=1.5), "discount is 1.5, not within 0 to 1"),
        (dict(initial_value=np.inf), "initial_value is inf"),
    ],
)
def test_impossible_rates_are_refused(given, message):
    with pytest.raises(SimulationError, match=message):
        tabular_actor_critic(**given)


def test_numbers_that_are_not_whole_need_another_learner():
    with pytest.raises(SimulationError, match=r"observations and actions must be whole numbers, not Box"):
        tabular_actor_critic().learn(cart_pole(), trials=1, seed=1)
    with pytest.raises(SimulationError, match="trials is 0"):
        tabular_actor_critic().learn(grid_world(), trials=0, seed=1)
