"""Distances and statistics against PySpike and elephant.

On 1,000 random pairs of trains with ties, empty trains and spikes at the edges.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest

import lapicque as lq
from lapicque.spikes import SpikeTrains

PAIRS, T_START, T_STOP = 1000, 5.0, 105.0
TAUS, COSTS = (0.5, 10.0, 300.0), (0.0, 0.02, 0.5, 20.0)

pytestmark = pytest.mark.crosscheck


def random_train(random):
    kind = random.integers(8)
    if kind == 0:
        return np.empty(0)
    if kind == 1:
        return np.array([random.choice([T_START, T_STOP, random.uniform(T_START, T_STOP)])])
    times = random.uniform(T_START, T_STOP, random.integers(1, 40))
    if kind >= 5:  # on a coarse grid: ties between the trains
        times = np.round(times)
    if kind == 7:  # and within one
        times = np.concatenate([times, times[::3]])
    edges = [T_START] * random.integers(2) + [T_STOP] * random.integers(2)
    return np.sort(np.concatenate([times, edges]))


@pytest.fixture(scope="module")
def trains():
    random = np.random.default_rng(20240911)
    found = []
    for _ in range(PAIRS):
        a, b = random_train(random), random_train(random)
        if random.random() < 0.3:  # part of the one is in the other
            b = np.sort(np.concatenate([b, a[random.random(len(a)) < 0.5]]))
        found += [a, a.copy() if random.random() < 0.03 else b]
    return SpikeTrains.from_lists(found, t_start=T_START, t_stop=T_STOP)


def ask(python: Path, script: str, trains: SpikeTrains, folder: Path, **more) -> dict:
    given, written = folder / "pairs.npz", folder / "distances.npz"
    np.savez(given, times=trains.times, offsets=trains.offsets, t_start=T_START, t_stop=T_STOP, **more)
    subprocess.run([python, Path(__file__).with_name(script), given, written], check=True)
    return dict(np.load(written))


@pytest.fixture(scope="module")
def pyspike(peer, trains, tmp_path_factory):
    return ask(peer("pyspike"), "peer_pyspike.py", trains, tmp_path_factory.mktemp("pyspike"), profile=17)


@pytest.fixture(scope="module")
def elephant(peer, trains, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elephant")
    return ask(peer("elephant"), "peer_elephant.py", trains, folder, tau=TAUS, cost=COSTS)


def ours(distance, trains):
    return np.array([distance(trains[k], trains[k + 1]) for k in range(0, len(trains), 2)])


def test_the_pairs_hold_the_hard_cases(trains):
    a, b = trains.to_lists()[::2], trains.to_lists()[1::2]
    assert sum(len(x) == len(y) == 0 for x, y in zip(a, b, strict=True)) > 3
    assert sum((len(x) == 0) != (len(y) == 0) for x, y in zip(a, b, strict=True)) > 100
    assert sum(bool(set(x) & set(y)) for x, y in zip(a, b, strict=True)) > 200
    assert sum(len(set(x)) < len(x) for x in a) > 50
    assert sum(T_START in x for x in a) > 100
    assert sum(T_STOP in x for x in a) > 100
    assert sum(np.array_equal(x, [T_STOP]) for x in a) > 10


@pytest.mark.parametrize("name", ["isi", "spike"])
def test_interval_measures_equal_to_pyspike(name, trains, pyspike):
    mine, theirs = ours(getattr(lq.distances, name)(), trains), pyspike[name]
    # PySpike's 0/0 in an interval of no length, behind the only spike of both trains at the very end
    undefined = np.isnan(theirs)
    last_only = np.array([np.array_equal(np.unique(train.times), [T_STOP]) for train in trains])
    np.testing.assert_array_equal(undefined, last_only[::2] & last_only[1::2])
    assert np.all(mine[undefined] == 0.0)
    np.testing.assert_allclose(mine[~undefined], theirs[~undefined], rtol=0, atol=1e-9)


def test_spike_synchronization_equal_to_pyspike(trains, pyspike):
    mine = ours(lq.distances.spike_synchronization(), trains)
    np.testing.assert_allclose(mine, pyspike["spike_synchronization"], rtol=0, atol=1e-9)


def test_profile_equal_to_pyspike(trains, pyspike):
    profile = lq.distances.spike().profile(trains[34], trains[35])
    np.testing.assert_allclose(profile.times, pyspike["profile_times"])
    np.testing.assert_allclose(profile.after, pyspike["profile_after"], atol=1e-9)
    np.testing.assert_allclose(profile.before, pyspike["profile_before"], atol=1e-9)


@pytest.mark.parametrize("tau", TAUS)
def test_van_rossum_equal_to_elephant(tau, trains, elephant):
    mine, theirs = ours(lq.distances.van_rossum(tau), trains), elephant[f"van_rossum {tau}"]
    # squares, as elephant takes the root of a difference of large sums
    np.testing.assert_allclose(mine**2, theirs**2, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cost", COSTS)
def test_victor_purpura_equal_to_elephant(cost, trains, elephant):
    mine = ours(lq.distances.victor_purpura(cost), trains)
    np.testing.assert_allclose(mine, elephant[f"victor_purpura {cost}"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["cv", "cv2", "lv", "lvr"])
def test_variability_equal_to_elephant(name, trains, elephant):
    mine = getattr(lq.spikes, name)(trains[trains.counts > 3])
    defined = np.isfinite(elephant[name])  # 0/0 where a train holds a spike three times
    assert np.mean(defined) > 0.8
    np.testing.assert_allclose(mine[defined], elephant[name][defined], rtol=1e-9, atol=1e-12)


def test_fano_factor_equal_to_elephant(trains, elephant):
    long = trains[trains.counts > 3]
    trials = SpikeTrains(long.times, long.offsets, T_START, T_STOP, shape=(len(long), 1))
    assert lq.spikes.fano(trials)[0] == pytest.approx(float(elephant["fano"]), rel=1e-12)
