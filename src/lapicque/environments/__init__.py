"""Worlds to act in, for closed loops: a grid, a cart with a pole, a water maze, whatever gymnasium has, and codes.

An environment is a frozen description, and where an episode stands is a value that the caller keeps: ``reset`` makes
the first state, ``step`` the next one from a state and an action. There is no hidden randomness: ``reset`` is given a
seed, and the three worlds here follow from it and from the actions.

Examples
--------
>>> from lapicque import environments
>>> maze = environments.water_maze(starts=[(0, -1)])
>>> state, position = maze.reset(seed=1)
>>> step = maze.step(state, 2)  # swim north for 100 ms
>>> step.observation.round(3), step.reward, step.ended
(array([ 0.  , -0.97]), 0.0, False)
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Box": "spaces",
        "CartPoleState": "cart_pole",
        "Discrete": "spaces",
        "Environment": "environment",
        "Episode": "episode",
        "GaussianCode": "gaussian",
        "GridState": "grid_world",
        "MazeState": "water_maze",
        "Step": "environment",
        "cart_pole": "cart_pole",
        "from_gymnasium": "from_gymnasium",
        "grid_world": "grid_world",
        "place_cells": "place_cells",
        "population_code": "population_code",
        "run_episode": "episode",
        "state_cells": "state_cells",
        "tabular_actor_critic": "tabular_actor_critic",
        "water_maze": "water_maze",
    },
)
