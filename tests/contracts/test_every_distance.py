"""What every distance of the catalogue keeps to, whatever it measures."""

import inspect
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import DistanceError, LapicqueError, ThreadsError
from lapicque.spikes import SpikeTrains, poisson

T_START, T_STOP = 10.0, 1010.0


def catalogue():
    """Every exported distance; arguments that it requires are 3 in internal units (ms, 1/ms)."""
    found = []
    for name in lq.distances.PAIRWISE:
        factory = getattr(lq.distances, name)
        required = [p for p in inspect.signature(factory).parameters.values() if p.default is p.empty]
        found.append(pytest.param(factory(*[3.0] * len(required)), id=name))
    return found


@pytest.fixture(params=catalogue())
def distance(request):
    return request.param


def same(distance):
    return 1.0 if distance.similarity else 0.0


def random_trains(n, seed):
    """Trains with ties, repeated spikes, one spike, none, and spikes at both edges."""
    random = np.random.default_rng(seed)
    trains = [np.round(random.uniform(T_START, T_STOP, random.integers(60)), random.integers(-1, 3)) for _ in range(n)]
    trains[:5] = [[], [T_START], [T_STOP], [T_START, T_START, 500.0, T_STOP], [500.0]]
    return SpikeTrains.from_lists([np.sort(t) for t in trains], t_start=T_START, t_stop=T_STOP)


@pytest.fixture(scope="module")
def trains():
    return random_trains(24, seed=1)


def evaluated(distance, candidates, references, **more):
    out = np.full((len(candidates), len(references)), np.nan)
    times, starts, counts = candidates.times, candidates.offsets[:-1], candidates.counts
    given = {"times": times, "starts": starts, "counts": counts, "out": out, "t_start": T_START, "t_stop": T_STOP}
    given.update(reference_times=references.times, reference_offsets=references.offsets)
    returned = distance.evaluate(**{**given, **more})
    assert returned is given["out"] or "out" in more
    return returned


def test_the_same_train_is_at_no_distance(distance, trains):
    for train in trains:
        assert distance(train, train) == pytest.approx(same(distance), abs=1e-12)


def test_values_are_finite_and_on_one_side(distance, trains):
    values = evaluated(distance, trains, trains)
    assert np.isfinite(values).all()
    assert (values > -1e-12).all()


def test_symmetry_is_as_declared(distance, trains):
    matrix = distance.matrix(trains)
    assert np.array_equal(matrix, matrix.T) == distance.symmetric
    np.testing.assert_array_equal(np.diag(matrix), same(distance))


def test_matrix_batch_and_pairs_agree_to_the_bit(distance, trains):
    matrix, batch = distance.matrix(trains), distance.batch(trains, trains)
    pairs = np.array([[distance(a, b) for b in trains] for a in trains])
    np.testing.assert_array_equal(batch, pairs)
    off_diagonal = ~np.eye(len(trains), dtype=bool)
    if distance.symmetric:  # the matrix takes each pair once: sums may round otherwise the other way round
        np.testing.assert_allclose(matrix, pairs, rtol=1e-12, atol=1e-12)
        off_diagonal = np.triu(off_diagonal)
    np.testing.assert_array_equal(matrix[off_diagonal], pairs[off_diagonal])


def test_evaluate_is_a_distance(distance, trains):
    batch = distance.batch(trains, trains[:3])
    np.testing.assert_array_equal(
        evaluated(distance, trains, trains[:3]), 1.0 - batch if distance.similarity else batch
    )


def test_evaluate_takes_any_layout_and_passes_over_spikes_outside(distance, trains):
    gap = np.array([-50.0, T_START - 1e-6])
    rows = [np.concatenate([gap, train.times, [T_STOP + 1e-6, 2e4]]) for train in trains]
    width = max(map(len, rows)) + 3
    arena = np.full((len(rows), width), np.nan)
    for row, times in zip(arena, rows, strict=True):
        row[1 : 1 + len(times)] = times
    found = evaluated(
        distance, trains, trains, times=arena.ravel(), starts=np.arange(len(rows)) * width + 1,
        counts=np.array(list(map(len, rows))), reference_times=np.concatenate(rows),
        reference_offsets=np.concatenate([[0], np.cumsum(list(map(len, rows)))]),
    )  # fmt: skip
    np.testing.assert_array_equal(found, evaluated(distance, trains, trains))


def test_no_candidate_and_no_reference(distance, trains):
    assert evaluated(distance, trains[:0], trains).shape == (0, len(trains))
    assert evaluated(distance, trains, trains[:0]).shape == (len(trains), 0)
    assert distance.matrix(trains[:0]).shape == (0, 0)


def test_train_by_train_is_the_diagonal(distance, trains):
    a, b = random_trains(200, seed=2), random_trains(200, seed=3)
    found = distance.pairs(a, b, threads=1)
    np.testing.assert_array_equal(found[:30], np.diag(distance.batch(a[:30], b[:30])))
    for threads in (2, 3, 7):
        np.testing.assert_array_equal(distance.pairs(a, b, threads=threads), found)
    assert distance.pairs(a[:0], b[:0]).shape == (0,)
    with pytest.raises(DistanceError, match="24 and 23: batch compares each with each"):
        distance.pairs(trains, trains[:-1])
    with pytest.raises(DistanceError, match="window"):
        distance.pairs(trains, trains.window(T_START, T_STOP - 10))


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_values_do_not_depend_on_threads(distance, trains, threads):
    np.testing.assert_array_equal(distance.matrix(trains, threads=threads), distance.matrix(trains, threads=1))
    np.testing.assert_array_equal(
        distance.batch(trains, trains[:5], threads=threads), distance.batch(trains, trains[:5], threads=1)
    )


def test_evaluate_in_several_threads_at_once(distance, trains):
    expected = evaluated(distance, trains, trains)
    found = [None] * 8

    def work(k):
        found[k] = evaluated(distance, trains, trains)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(len(found))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for values in found:
        np.testing.assert_array_equal(values, expected)


def test_only_differences_of_time_count(distance, trains):
    by = 2.0**20  # exact in binary
    rounded = SpikeTrains(np.sort(np.round(trains.times)), [0, len(trains.times)], T_START, T_STOP)
    pair = rounded, trains.window(T_START, T_STOP)[7]
    moved = [train.shift(by) for train in pair]
    assert distance(*moved) == pytest.approx(distance(*pair), rel=1e-8, abs=1e-8)


def test_a_time_scale_scales_with_time(distance, trains):
    for factor in (0.25, 8.0):
        stretched = SpikeTrains(trains.times * factor, trains.offsets, T_START * factor, T_STOP * factor)
        scaled = distance.rescaled(factor)
        assert type(scaled) is type(distance)
        np.testing.assert_allclose(scaled.matrix(stretched), distance.matrix(trains), rtol=1e-9, atol=1e-9)


def test_more_jitter_is_further(distance):
    data = poisson(20, 5000, seed=3, refractory=10)
    random = np.random.default_rng(4)
    noise = random.normal(size=len(data.times))
    values = []
    for sd in (0.0, 0.5, 2.0, 8.0):
        times = np.sort(np.clip(data.times + sd * noise, 0, 5000))
        model = SpikeTrains.from_lists([times], t_stop=5000)
        values.append(1 - distance(model, data) if distance.similarity else distance(model, data))
    assert values[0] == pytest.approx(0, abs=1e-12)
    assert np.all(np.diff(values) >= 0)
    assert values[-1] > values[0]


def test_it_is_a_value(distance):
    assert pickle.loads(pickle.dumps(distance)) == distance
    assert hash(pickle.loads(pickle.dumps(distance))) == hash(distance)
    assert eval(repr(distance), {n: getattr(lq.distances, n) for n in lq.distances.__all__}) == distance
    third = distance.rescaled(1 / 3)
    assert eval(repr(third), {n: getattr(lq.distances, n) for n in lq.distances.__all__}) == third
    with pytest.raises(AttributeError):
        distance.kernels = None


def test_trains_that_cannot_be_compared(distance, trains):
    one = trains[7]
    with pytest.raises(DistanceError, match=r"holds 24.*select one.*matrix or batch"):
        distance(one, trains)
    with pytest.raises(DistanceError, match=r"10 to 1010 ms and 10 to 1000 ms.*window"):
        distance(one, one.window(T_START, T_STOP - 10))
    moment = SpikeTrains.from_lists([[]], t_start=5, t_stop=5)
    with pytest.raises(DistanceError, match="a length"):
        distance(moment, moment)
    with pytest.raises(ThreadsError, match="at least 1, not 0"):
        distance.matrix(trains, threads=0)


@pytest.mark.parametrize("value", [-1.0, np.nan, "3 mV", "no number"])
def test_parameters_that_make_no_sense(distance, value):
    factory = getattr(lq.distances, type(distance).__module__.rpartition(".")[2])
    for name in inspect.signature(factory).parameters:
        required = [p for p in inspect.signature(factory).parameters.values() if p.default is p.empty]
        with pytest.raises(LapicqueError):
            factory(**{p.name: 3.0 for p in required} | {name: value})


PROGRAM = """
import sys
from numba.core import event
import lapicque as lq
from lapicque.spikes import SpikeTrains

trains = SpikeTrains.from_lists([[1.0], [2.0, 3.0]], t_stop=40.0)
with event.install_recorder("numba:run_pass") as compiled:
    for name in sys.argv[1:]:
        factory = getattr(lq.distances, name)
        try:
            distance = factory()
        except TypeError:
            distance = factory(1.0)
        distance.matrix(trains)
        distance(trains[0], trains[1])
print(len(compiled.buffer))
"""


def test_a_second_process_compiles_nothing(tmp_path):
    names = list(lq.distances.PAIRWISE)
    counts = []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, *names],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        counts.append(int(run.stdout))
    assert counts[0] > 0
    assert counts[1] == 0
