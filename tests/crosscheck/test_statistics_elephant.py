"""Statistics of real recordings against elephant: equal to 1e-9 but where a difference of convention is stated."""

import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

import lapicque as lq
from lapicque.spikes import SpikeTrains

pytestmark = pytest.mark.crosscheck

#: Of no common measure with the grids that spikes were sampled on, so that none lies on the edge of a bin.
BIN, TILING = 7.123456, 11.0234567
DT, WIDTH, LAGS, SEGMENT, FEW = 1.0, 10.0, 25, 128, 8


def pyspike(folder):
    lines = (folder / "pyspike/PySpike_testdata.txt").read_text().splitlines()
    return [np.array(line.split(), float) for line in lines if line.strip() and not line.startswith("#")], 0, 4000


def locust(folder):
    files = sorted((folder / "locust20010214").glob("*Spontaneous*.txt"))
    return [np.sort(np.loadtxt(file)) / 15 for file in files], 0, 60_000  # samples at 15 kHz


def citral(folder):
    files = sorted((folder / "locust20010214").glob("*Citral*.txt"))
    return [np.sort(np.loadtxt(file)) / 15 for file in files], 0, 60_000


def retina(folder):
    part = np.load(folder / "rgc_lgn/rgc_lgn.npz")
    return np.split(part["pre_ms"], part["pre_offsets"][1:-1]), 0, 10_000


def thalamus(folder):
    part = np.load(folder / "rgc_lgn/rgc_lgn.npz")
    return np.split(part["post_ms"], part["post_offsets"][1:-1]), 0, 10_000


def waves(folder):
    with h5py.File(folder / "retinal_waves/Xu2011_19NOV2007R3-31.h5") as file:
        return np.split(file["spikes"][:] * 1e3, np.cumsum(file["sCount"][:].astype(int))[:-1]), 0, 300_000


def mouse(folder):
    with h5py.File(folder / "pynapple/A8604-211122.nwb") as file:
        times, ends = file["units/spike_times"][:] * 1e3, file["units/spike_times_index"][:].astype(int)
    return np.split(times, ends[:-1]), times.min(), times.min() + 60_000


RECORDINGS = (pyspike, locust, citral, retina, thalamus, waves, mouse)


@pytest.fixture(scope="module", params=RECORDINGS, ids=lambda load: load.__name__)
def recording(request, data):
    lists, start, stop = request.param(data("spiketrains"))
    start = float(np.floor(start))
    stop = start + BIN * np.floor((stop - start) / BIN)
    kept = [t[(t >= start) & (t < stop - DT)] for t in lists]  # the last step is not a whole one
    return SpikeTrains.from_lists(kept, t_start=start, t_stop=stop)


@pytest.fixture(scope="module")
def sample(recording):
    """Which step of DT each spike falls into."""
    return np.floor((recording.times - recording.t_start) / DT)


@pytest.fixture(scope="module")
def signal(recording):
    return np.random.default_rng(1).normal(size=int(recording.duration / DT) + 100)


@pytest.fixture(scope="module")
def elephant(peer, recording, sample, signal, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elephant")
    settings = dict(bin=BIN, dt=DT, width=WIDTH, lags=LAGS, segment=SEGMENT, few=FEW, tiling=TILING)
    np.savez(
        folder / "given.npz", times=recording.times, offsets=recording.offsets, t_start=recording.t_start,
        t_stop=recording.t_stop, middles=recording.t_start + (sample + 0.5) * DT, signal=signal, **settings,
    )  # fmt: skip
    script = Path(__file__).with_name("peer_elephant_statistics.py")
    subprocess.run([peer("elephant"), script, folder / "given.npz", folder / "written.npz"], check=True)
    return dict(np.load(folder / "written.npz"))


@pytest.fixture(scope="module")
def few(recording):
    return recording[: min(FEW, len(recording))]


def at(recording, times):
    return SpikeTrains(times, recording.offsets, recording.t_start, recording.t_stop)


def test_rates_and_variability(recording, elephant):
    np.testing.assert_allclose(recording.rate(), elephant["rate"], rtol=1e-9)
    long = recording[recording.counts > 3]
    for name in ("cv", "cv2", "lv", "lvr"):
        np.testing.assert_allclose(getattr(lq.spikes, name)(long), elephant[name], rtol=1e-9)
    trials = SpikeTrains(recording.times, recording.offsets, recording.t_start, recording.t_stop, (len(recording), 1))
    assert lq.spikes.fano(trials)[0] == pytest.approx(float(elephant["fano"]), rel=1e-9)
    np.testing.assert_allclose(lq.spikes.psth(trials, BIN).values[0], elephant["psth"], rtol=1e-9)


def test_counts_and_their_correlation(recording, elephant):
    np.testing.assert_array_equal(lq.spikes.bin_counts(recording, BIN).values, elephant["counts"])
    np.testing.assert_allclose(lq.spikes.covariance(recording, BIN), elephant["covariance"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(lq.spikes.correlation(recording, BIN), elephant["correlation"], rtol=1e-9, atol=1e-12)


def test_correlation_over_lags(few, elephant):
    first, second = few[:-1], few[1:]
    for name, edges in (("plain", False), ("edges", True)):
        found = lq.spikes.crosscorrelation(first, second, BIN, LAGS * BIN, edges=edges).values
        np.testing.assert_allclose(found, elephant[f"crosscorrelation {name}"], rtol=1e-9, atol=1e-11)
    found = lq.spikes.correlation_time(few, BIN, LAGS * BIN)
    np.testing.assert_allclose(found, elephant["correlation_time"], rtol=1e-9)


def test_tiling_and_contrast(few, elephant):
    np.testing.assert_allclose(lq.spikes.tiling(few, TILING), elephant["tiling"], rtol=1e-9, atol=1e-12)
    active = few[few.counts > 0]
    assert lq.spikes.spike_contrast(active).synchrony == pytest.approx(float(elephant["spike_contrast"]), rel=1e-9)


@pytest.mark.parametrize("name", ["gaussian", "exponential", "alpha"])
def test_rates_by_kernels(name, recording, sample, elephant):
    # elephant counts spikes in steps, and takes the kernel from the beginning of one: so do we with spikes put there;
    # its width is a standard deviation, which is sqrt(2) tau of an alpha function
    width = WIDTH / np.sqrt(2) if name == "alpha" else WIDTH
    trains = at(recording, recording.t_start + sample * DT)[: min(FEW, len(recording))]
    found = lq.spikes.kernel_rate(trains, getattr(lq.spikes.kernels, name)(width), DT).values
    np.testing.assert_allclose(found, elephant[f"rate {name}"], rtol=1e-9, atol=1e-7)


def cost(times, width):
    """What both minimise over the width of a Gaussian kernel; Shimazaki & Shinomoto 2010."""
    distance = np.abs(np.subtract.outer(times, times))
    wide, narrow = (np.exp(-0.5 * (distance / sd) ** 2).sum() / sd for sd in (np.sqrt(2) * width, width))
    return wide - 2 * (narrow - len(times) / width)


def test_no_width_of_elephant_is_better(recording, elephant):
    # its search halves an interval as if there were one minimum, and finds one of many
    if np.isnan(elephant["optimal"]):
        pytest.skip("too many spikes for the sum over all pairs")
    span = np.ptp(recording.times)
    found = lq.spikes.optimal_gaussian(recording, between=(2 * span / 1000, span)).width
    theirs = cost(recording.times, float(elephant["optimal"]))
    assert cost(recording.times, found) <= theirs + 1e-4 * abs(theirs)  # spikes are resolved to an eighth of a width


def test_spectra_and_coherence(few, elephant):
    # elephant's are one-sided, and of counts a bin: twice, and the square of bins a second less
    found = lq.spikes.power_spectrum(few, lq.spikes.welch(SEGMENT * BIN), bin=BIN)
    sides = np.r_[1, np.full(SEGMENT // 2 - 1, 2), 1]
    expected = elephant["welch"] / sides / (BIN * 1e-3) ** 2
    active = np.isfinite(found.values[:, 0])
    np.testing.assert_allclose(found.values[active], expected[active], rtol=1e-9, atol=1e-12)
    assert not expected[~active].any()
    between = lq.spikes.coherence(few[:-1], few[1:], lq.spikes.welch(SEGMENT * BIN), bin=BIN)
    both = np.isfinite(between.values[:, 0])
    np.testing.assert_allclose(between.values[both], elephant["coherence"][both], rtol=1e-9, atol=1e-12)
    # where b is late, ours is positive and theirs negative
    turned = np.exp(1j * between.phase[both]) * np.exp(1j * elephant["phase"][both])
    np.testing.assert_allclose(turned, 1, atol=1e-6)


def test_multitaper_spectra_are_near(few, elephant):
    # elephant's tapers are those of a window that is one sample longer, and it leaves the mean in
    window = few.window(few.t_start, few.t_start + BIN * min(4000, int(few.duration / BIN + 0.5)))
    found = lq.spikes.power_spectrum(window, lq.spikes.multitaper(4), bin=BIN).values[:, 20:-1]
    expected = elephant["multitaper"][:, 20:-1] / 2 / (BIN * 1e-3) ** 2
    active = np.isfinite(found[:, 0])
    np.testing.assert_allclose(found[active].mean(axis=1), expected[active].mean(axis=1), rtol=0.01)
    error = np.abs(found - expected)[active].mean(axis=1) / expected[active].mean(axis=1)
    assert np.all(error < 0.03)


def test_spike_triggered_average(recording, sample, signal, elephant):
    trains = at(recording, recording.t_start + (sample + 0.5) * DT)[: min(FEW, len(recording))]
    found = lq.spikes.spike_triggered_average(
        trains, signal, DT, (-20 * DT, 10 * DT), t_start=recording.t_start - 30 * DT
    )
    np.testing.assert_allclose(found.values[trains.counts > 0], elephant["sta"], rtol=1e-9, atol=1e-12)
