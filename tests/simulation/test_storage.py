"""Recordings in files: the same as in memory, whatever happens to the disk."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.simulation import open_result
from lapicque.simulation.journal import Journal
from lapicque.units import ms


def test_a_file_holds_what_memory_would(network, same, tmp_path):
    path = tmp_path / "run.h5"
    kept = lq.simulate(network, 30 * ms, seed=2)
    with lq.simulate(network, 30 * ms, seed=2, to=path) as stored:
        same(stored.load(), kept)
        assert stored.traces["v"].unit == kept.traces["v"].unit
        assert np.array_equal(stored.traces["v"].neurons, [3, 70, 149])
        assert np.array_equal(stored.traces["rate"].times, kept.traces["rate"].times)
        assert (stored.dt, stored.seed, stored.schemes) == (0.1, 2, kept.schemes)
        shown = repr(stored)
    for part in (
        "StoredResult of 0 to 30 ms",
        "seed 2",
        "spikes['exc']:",
        "StoredTrace(v, 60 samples x 3 neurons, mV)",
    ):
        assert part in shown


def test_windows_are_read(small, tmp_path):
    kept = lq.simulate(small, 60 * ms)
    with lq.simulate(small, 60 * ms, to=tmp_path / "run.h5") as stored:
        part = stored.window(20 * ms, 40 * ms)
        assert np.array_equal(stored.traces["v"].values[10:20, 1], kept.traces["v"].values[10:20, 1])
        with pytest.raises(SimulationError, match="0 to 90 ms are asked for, but the recording goes from 0 to 60 ms"):
            stored.window(0, 90)
        with pytest.raises(KeyError, match="nothing called 'ecx' was recorded; did you mean 'exc'"):
            stored.spikes["ecx"]
    wanted = kept.spikes["exc"].window(20, 40)
    assert np.allclose(part.spikes["exc"].times, wanted.times, rtol=1e-12)
    assert np.array_equal(part.traces["v"].values, kept.traces["v"].values[40:80])
    assert np.array_equal(part.traces["v"].times, kept.traces["v"].times[40:80])
    assert np.array_equal(part.traces["rate"].values, kept.traces["rate"].values[4:8])


def test_runs_that_begin_later_are_stamped(small, tmp_path):
    with lq.Simulation(small) as sim:
        sim.run(7.3 * ms)
        kept_at = sim.time
        sim.snapshot()
        kept = sim.run(11 * ms)
        sim.restore()
        with sim.run(11 * ms, to=tmp_path / "late.h5") as stored:
            assert stored.t_start == pytest.approx(kept_at)
            loaded = stored.load()
    for name in kept.traces:
        assert np.array_equal(loaded.traces[name].times, kept.traces[name].times)
        assert np.array_equal(loaded.traces[name].values, kept.traces[name].values)
    assert np.array_equal(loaded.spikes["inh"].times, kept.spikes["inh"].times)


def test_the_file_says_what_is_in_it(small, tmp_path):
    lq.simulate(small, 10 * ms, to=tmp_path / "run.h5").close()
    with h5py.File(tmp_path / "run.h5") as file:
        assert (file.attrs["kind"], file.attrs["dt_ms"]) == ("lapicque recording", 0.1)
        about = dict(file["samples/2"].attrs)
        assert (about["name"], about["variable"], about["population"], about["unit"]) == ("v", "v", "exc", "mV")
        assert about["columns"].tolist() == ["time", "neuron"]
        assert file["samples/2_neurons"][:].tolist() == [3, 70, 149]
        assert (np.diff(file["events/0"][:, 0]) >= 0).all()


def test_other_files_are_not_replaced(small, tmp_path):
    (tmp_path / "notes.txt").write_text("dear diary")
    with pytest.raises(SimulationError, match=r"notes.txt' exists and is no lapicque recording: remove it"):
        lq.simulate(small, 1 * ms, to=tmp_path / "notes.txt")
    with pytest.raises(SimulationError, match="is a folder: name a file in a folder"):
        lq.simulate(small, 1 * ms, to=tmp_path)
    with pytest.raises(SimulationError, match=r"is no path: write for example 'run.h5'"):
        lq.simulate(small, 1 * ms, to=3)
    with pytest.raises(SimulationError, match="is no recording of a network"):
        open_result(tmp_path / "notes.txt")
    with pytest.raises(SimulationError, match="there is no file"):
        open_result(tmp_path / "nothing.h5")


FULL = """
import resource, sys
import lapicque as lq
from lapicque.errors import SimulationError
net = lq.Network()
cells = net.population(lq.neurons.lif, 100, name="cells")
net.stimulate(cells, "i_ext", "400 pA")
net.record(cells, "spikes"), net.record(cells, "v", name="v")
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
import lapicque.simulation.storage as storage
storage.PATIENCE, storage.MOST = 0.0, 1 << 19
sim = lq.Simulation(net)
try:
    sim.run("3 second", to=sys.argv[1])
except SimulationError as error:
    print(error)
    print(error.result.t_stop, len(error.result.traces["v"].values), error.result.spikes["cells"].times.max())
    with error.result:
        sim.run("1 ms")  # the simulation can go on
"""


def test_a_full_disk_leaves_what_was_recorded(tmp_path):
    path = tmp_path / "run.h5"
    found = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, env={**os.environ})
    assert found.returncode == 0, found.stderr
    message, numbers = found.stdout.strip().splitlines()
    assert "cannot be written any further (File too large): what was recorded until then is in it" in message
    t_stop, samples, last = map(float, numbers.split())
    assert t_stop > 100
    assert samples == pytest.approx(t_stop / 0.1)
    assert t_stop - 60 < last <= t_stop
    with open_result(path) as stored:
        assert stored.t_stop == t_stop
        assert stored.traces["v"].values[-1].min() < -50
        assert stored.final == {}


def test_a_journal_reads_back_what_waits(tmp_path):
    journal = Journal(tmp_path / "file")
    random = np.random.default_rng(1)
    plain = bytearray()
    for _ in range(200):
        at, data = int(random.integers(0, 5000)), random.bytes(int(random.integers(1, 400)))
        journal.seek(at)
        journal.write(data)
        plain.extend(bytes(max(0, at + len(data) - len(plain))))
        plain[at : at + len(data)] = data
        begin = int(random.integers(0, len(plain)))
        journal.seek(begin)
        assert journal.read(300) == bytes(plain[begin : begin + 300])
        if random.random() < 0.1:
            journal.commit()
            assert (tmp_path / "file").read_bytes() == plain
    journal.close()


def test_a_commit_that_does_not_fit_changes_nothing(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "file")
    journal.write(b"whole")
    journal.commit()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    journal.seek(0)
    journal.write(b"overwritten, and longer")
    with pytest.raises(OSError, match="No space"):
        journal.commit()
    journal.write(b"more")
    journal.commit()
    journal.close()
    assert (tmp_path / "file").read_bytes() == b"whole"


MEMORY = """
import resource, sys
import lapicque as lq
net = lq.Network()
exc = net.population(lq.neurons.lif, 800, name="exc", initial=dict(v=lq.uniform("-70 mV", "-50 mV")))
inh = net.population(lq.neurons.lif, 200, name="inh")
for cells in (exc, inh):
    net.stimulate(cells, "i_ext", "210 pA")
    net.connect(exc, cells, on_pre="v += w", where=lq.fixed_probability(0.1), w="0.1 mV", delay="1.5 ms")
    net.connect(inh, cells, on_pre="v -= w", where=lq.fixed_probability(0.1), w="0.5 mV", delay="1.5 ms")
    net.record(cells, "spikes"), net.record(cells, "rate", every="10 ms", name=f"{cells.name} rate")
net.record(exc[:20], "v", every="1 ms", name="v")
sim = lq.Simulation(net, progress=False)
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
sim.run("1 second", to=sys.argv[1]).close()
before, spikes = resident(), 0
stored = sim.run(sys.argv[2], to=sys.argv[1])
print(resident() - before, len(stored._events[0]) + len(stored._events[2]))
"""


def _growth(tmp_path, duration):
    pytest.importorskip("resource")
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("this system does not say how much memory a process has")
    given = [sys.executable, "-c", MEMORY, str(tmp_path / "run.h5"), duration]
    found = subprocess.run(given, capture_output=True, text=True, env={**os.environ})
    assert found.returncode == 0, found.stderr
    growth, spikes = map(float, found.stdout.split())
    return growth, spikes


def test_memory_does_not_grow_with_what_is_recorded(tmp_path):
    growth, spikes = _growth(tmp_path, "20 second")
    assert spikes > 20_000
    assert growth < 60  # MB


@pytest.mark.crosscheck
def test_an_hour_does_not_grow_memory(tmp_path):
    growth, spikes = _growth(tmp_path, "3600 second")
    print(f"one hour of 1,000 neurons: {spikes:.0f} spikes, memory grew by {growth:.1f} MB")
    assert growth < 100
