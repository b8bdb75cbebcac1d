"""NSGA-II and its parts against pymoo: the same ranks and volumes, fronts that are as good."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from lapicque.optimizers import nsga2
from lapicque.optimizers.fronts import hypervolume, ranks

pytestmark = pytest.mark.crosscheck


def zdt(number):
    def losses(x):
        f, g = x[:, 0], 1 + 9 * x[:, 1:].mean(axis=1)
        shape = {1: 1 - np.sqrt(f / g), 2: 1 - (f / g) ** 2, 3: 1 - np.sqrt(f / g) - f / g * np.sin(10 * np.pi * f)}
        return np.stack([f, g * shape[number]], axis=1)

    return losses


@pytest.fixture(scope="module")
def theirs(peer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pymoo")
    random = np.random.default_rng(1)
    losses = {f"losses {k}": random.random((120, k)).round(k % 3 + 1) for k in (2, 3, 4)}
    np.savez(folder / "losses.npz", **losses)
    script = Path(__file__).with_name("peer_pymoo.py")
    subprocess.run([peer("pymoo"), script, folder / "losses.npz", folder / "found.npz"], check=True)
    return losses, dict(np.load(folder / "found.npz"))


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_ranks_and_volumes(theirs, objectives):
    name = f"losses {objectives}"
    losses, found = theirs[0][name], theirs[1]
    np.testing.assert_array_equal(ranks(losses), found[f"{name} ranks"])
    assert hypervolume(losses, np.full(objectives, 0.9)) == pytest.approx(float(found[f"{name} volume"]), abs=1e-12)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_fronts_are_as_good(theirs, number):
    """Ten coordinates, 100 candidates, 60 generations, ten seeds: our median is at least 99 % of theirs."""
    mine = []
    for seed in range(10):
        search = nsga2(population=100, reference=(1.1, 1.1)).start(10, seed)
        for _ in range(60):
            points = search.ask()
            search.tell(points, zdt(number)(points))
        mine.append(search.hypervolume)
    print(f"zdt{number}: ours {np.median(mine):.4f}, pymoo's {np.median(theirs[1][f'zdt{number}']):.4f}")
    assert np.median(mine) > 0.99 * np.median(theirs[1][f"zdt{number}"])
