"""Particle swarm: one step by its formula, the ring, mistakes."""

import numpy as np
import pytest

from lapicque.errors import FitError
from lapicque.optimizers import particle_swarm
from lapicque.optimizers.asktell import load_generator, save_generator


def test_a_step_is_the_formula():
    description = particle_swarm(population=8, neighbours=2)
    search = description.start(3, 5)
    target = np.array([0.2, 0.5, 0.8])
    for _ in range(6):
        points = search.ask()
        search.tell(points, np.abs(points - target).sum(axis=1))
    random = load_generator(save_generator(search.random))
    x, v, places, values = search.points.copy(), search.speeds.copy(), search.places.copy(), search.values.copy()
    own, other = random.uniform(0, description.attraction, (2, 8, 3))
    expected = np.empty((8, 3))
    for k in range(8):
        ring = [(k + step) % 8 for step in (-2, -1, 0, 1, 2)]
        leader = min(ring, key=lambda n: values[n])
        for d in range(3):
            speed = (
                description.inertia * v[k, d]
                + own[k, d] * (places[k, d] - x[k, d])
                + other[k, d] * (places[leader, d] - x[k, d])
            )
            place = x[k, d] + speed
            expected[k, d] = -place if place < 0 else 2 - place if place > 1 else place
    np.testing.assert_allclose(search.ask(), expected, rtol=0, atol=1e-15)


def test_places_are_the_best_seen():
    search = particle_swarm(population=6).start(2, 1)
    seen, found = [], []
    for _ in range(9):
        points = search.ask()
        values = np.abs(points - 0.4).sum(axis=1)
        seen.append(points)
        found.append(values)
        search.tell(points, values)
    best = np.argmin(found, axis=0)
    np.testing.assert_array_equal(search.values, np.min(found, axis=0))
    np.testing.assert_array_equal(search.places, [seen[best[k]][k] for k in range(6)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(inertia=1.0), "inertia is 1.0: from 1 on the swarm explodes"),
        (dict(attraction=0), "attraction is 0"),
        (dict(inertia=0.5, attraction=3), "attraction is 3: .* explodes from 3 on"),
        (dict(neighbours=0), "neighbours is 0"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(FitError, match=f"particle_swarm: {message}"):
        particle_swarm(**options)
