"""Matrices, profiles of many trains and adaptive measures against PySpike and elephant, on recordings."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

import lapicque as lq
from lapicque.distances import (
    isi,
    relevant_time_scale,
    spike,
    spike_synchronization,
    van_rossum,
    victor_purpura,
)  # fmt: skip
from lapicque.spikes import SpikeTrains

pytestmark = pytest.mark.crosscheck

MRTS = 60.0
TAUS, COSTS = (2.0, 50.0), (0.02, 0.5)


def pyspike_example(path):
    """Times of three decimals, in units of 1.024 ms in which they are exact.

    Spikes at just half an interval are frequent in them, and coincide or not by rounding: with PySpike they do, or not.
    """
    trains = [np.array(line.split(), float) for line in path.read_text().splitlines() if line.strip("# ")[:1].isdigit()]
    return SpikeTrains.from_lists([np.rint(1000 * train) / 1024 for train in trains], t_stop=4_000_000 / 1024)


def retinal_and_thalamic(path):
    arrays = np.load(path)
    window = {"t_start": 0.0, "t_stop": 2000.0}
    trains = np.split(arrays["pre_ms"], arrays["pre_offsets"][1:-1])[:12]
    return SpikeTrains.from_lists([np.unique(train[train < 2000]) for train in trains], **window)


RECORDINGS = {
    "spiketrains/pyspike/PySpike_testdata.txt": pyspike_example,
    "spiketrains/pyspike/SPIKE_Sync_Test.txt": pyspike_example,
    "spiketrains/rgc_lgn/rgc_lgn.npz": retinal_and_thalamic,
}


@pytest.fixture(scope="module", params=RECORDINGS)
def case(request, data, peer, tmp_path_factory):
    trains = RECORDINGS[request.param](data(request.param))
    stop = trains.t_stop
    intervals = [(0.11 * stop + 0.123, 0.37 * stop + 0.123), (0.5 * stop + 0.123, 0.9 * stop + 0.123)]
    at = np.linspace(0, stop, 1013)[1:-1] + 0.0137
    folder = tmp_path_factory.mktemp("pyspike")
    np.savez(
        folder / "trains.npz", times=trains.times, offsets=trains.offsets, t_start=0.0, t_stop=stop, at=at,
        intervals=intervals, mrts=MRTS,
    )  # fmt: skip
    script = Path(__file__).with_name("peer_pyspike_recordings.py")
    subprocess.run([peer("pyspike"), script, folder / "trains.npz", folder / "found.npz"], check=True)
    return trains, intervals, at, dict(np.load(folder / "found.npz"))


def close(mine, theirs):
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["isi", "spike", "spike_synchronization"])
@pytest.mark.parametrize("kind", ["", " mrts", " independent", " both"])
def test_matrices(case, name, kind):
    trains, _, _, theirs = case
    if name != "spike" and kind in (" independent", " both"):
        assert name + kind not in theirs
        return
    options = {"mrts": MRTS} if kind in (" mrts", " both") else {}
    if kind in (" independent", " both"):
        options["rate"] = "independent"
    mine = getattr(lq.distances, name)(**options).matrix(trains)
    if name == "spike_synchronization":
        np.fill_diagonal(mine, theirs[name + kind][0, 0])  # PySpike leaves it 0 or makes it 1
    close(mine, theirs[name + kind])


@pytest.mark.parametrize("distance", [isi(), spike(), spike_synchronization()])
def test_intervals(case, distance):
    trains, intervals, _, theirs = case
    name = type(distance).__module__.rpartition(".")[2]
    upper = np.triu_indices(len(trains), 1)
    close(distance.during(trains, intervals[0])[upper], theirs[f"{name} during"][upper])


@pytest.mark.parametrize("distance", [isi(), spike()])
def test_profiles_of_many_trains(case, distance):
    trains, intervals, at, theirs = case
    name = type(distance).__module__.rpartition(".")[2]
    profile = distance.profile(trains)
    close(profile(at), theirs[f"{name} profile"])
    close(profile.during(*intervals), theirs[f"{name} mean"])


@pytest.mark.parametrize("name", ["synchronization", "order"])
def test_profiles_at_spikes(case, name):
    trains, _, _, theirs = case
    sync = spike_synchronization()
    profile = sync.profile(trains) if name == "synchronization" else sync.order(trains)
    times, first, counts = np.unique(profile.times, return_index=True, return_counts=True)
    close(times, theirs[f"{name} times"])
    np.testing.assert_array_equal(counts * (len(trains) - 1), theirs[f"{name} pairs"])
    close(profile.values[first], theirs[f"{name} values"] / theirs[f"{name} pairs"])
    close(profile.mean(), theirs[f"{name} mean"])


def test_directionality(case):
    trains, _, _, theirs = case
    counts = trains.counts
    close(spike_synchronization().directionality(trains) * (counts[:, None] + counts) / 2, theirs["directionality"])


def test_relevant_time_scale(case):
    trains, _, _, theirs = case
    assert relevant_time_scale(trains) == pytest.approx(float(theirs["scale"]), rel=1e-12)


@pytest.fixture(scope="module")
def elephant(case, peer, tmp_path_factory):
    trains = case[0]
    folder = tmp_path_factory.mktemp("elephant")
    np.savez(
        folder / "trains.npz", times=trains.times, offsets=trains.offsets, t_start=0.0, t_stop=trains.t_stop,
        tau=TAUS, cost=COSTS,
    )  # fmt: skip
    script = Path(__file__).with_name("peer_elephant.py")
    subprocess.run([peer("elephant"), script, folder / "trains.npz", folder / "found.npz"], check=True)
    return dict(np.load(folder / "found.npz"))


def neighbours(trains):
    """The first train and the second, the third and the fourth ..."""
    return trains[:, ::2], trains[:, 1::2]


@pytest.mark.parametrize("tau", TAUS)
def test_van_rossum_of_recordings(case, elephant, tau):
    mine, theirs = van_rossum(tau).pairs(*neighbours(case[0])), elephant[f"van_rossum {tau}"]
    # squares, as elephant takes the root of a difference of large sums
    np.testing.assert_allclose(mine**2, theirs**2, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cost", COSTS)
def test_victor_purpura_of_recordings(case, elephant, cost):
    mine = victor_purpura(cost).pairs(*neighbours(case[0]))
    np.testing.assert_allclose(mine, elephant[f"victor_purpura {cost}"], rtol=0, atol=1e-9)
