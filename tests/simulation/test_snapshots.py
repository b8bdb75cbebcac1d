"""Snapshots and checkpoints: what comes back, what is refused, what an interrupted write leaves."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.units import ms, mV, pA


def test_what_follows_a_snapshot_happens_again(network, same):
    with lq.Simulation(network, seed=1) as sim:
        sim.run(10 * ms)
        sim.snapshot("middle")
        first = sim.run(10 * ms)
        assert all(dict(states) for states in first.final.values())  # what synapses learned is read before going on
        sim.restore("middle")
        assert sim.time == pytest.approx(10)
        same(sim.run(10 * ms), first)


def test_a_snapshot_has_the_values_that_were_set(small, same):
    with lq.Simulation(small) as sim:
        sim.snapshot("begin")
        sim.set("exc.tau_m", 10 * ms)
        sim.set("exc->inh.w", 3 * mV)
        sim.run(5 * ms)
        sim.snapshot("changed")
        sim.restore("begin")
        assert sim.get("exc.tau_m")[0] == 20
        same(sim.run(20 * ms), lq.simulate(small, 20 * ms))
        sim.restore("changed")
        assert sim.get("exc.tau_m")[0] == 10
        assert sim.network["exc->inh"].values["w"] == "3.0 mV"


SECOND = """
import sys, pickle, numpy as np
import lapicque as lq
net = pickle.load(open(sys.argv[1], "rb"))
with lq.Simulation.load(sys.argv[2], net, threads=3) as sim:
    found = sim.run("10 ms")
np.savez(sys.argv[3], v=found.final["exc"]["v"], steps=found.spikes["exc"].steps)
"""


def test_another_process_goes_on(small, same, tmp_path):
    import pickle

    (tmp_path / "net").write_bytes(pickle.dumps(small))
    with lq.Simulation(small, threads=1) as sim:
        sim.run(10 * ms)
        sim.set("exc.v_rest", -47 * mV)
        sim.set("inh.v", np.linspace(-60, -50, 70))
        sim.save(tmp_path / "state.h5")
        here = sim.run(10 * ms)
    files = [str(tmp_path / name) for name in ("net", "state.h5", "out.npz")]
    subprocess.run([sys.executable, "-c", SECOND, *files], check=True, env={**os.environ})
    there = np.load(tmp_path / "out.npz")
    assert np.array_equal(there["v"], here.final["exc"]["v"])
    assert np.array_equal(there["steps"], here.spikes["exc"].steps)


def _saved(net, path, **options):
    with lq.Simulation(net, **options) as sim:
        sim.run(1 * ms)
        sim.save(path)
    return path


def _net(w=1 * mV, size=10, tau=20 * ms, extra=False):
    net = lq.Network()
    cells = net.population(lq.neurons.lif, size, name="cells", c_m=100)
    net.connect(cells, cells, lq.synapses.exponential(tau=tau), into="i_ext", w=w * 10 * pA / mV, delay=1 * ms)
    net.stimulate(cells, "i_ext", 300 * pA)
    if extra:
        net.population(lq.neurons.lif, 3, name="more")
    return net


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (dict(w=2 * mV), r"another network: the projection 'cells->cells' is another one\. Describe the network as it"),
        (dict(size=11), r"the population 'cells' is another one"),
        (dict(tau=21 * ms), r"the projection 'cells->cells' is another one"),
        (dict(extra=True), r"the population 'more' is new"),
    ],
)
def test_another_network_is_refused(tmp_path, other, message):
    path = _saved(_net(), tmp_path / "state.h5")
    lq.Simulation.load(path, _net()).close()
    with pytest.raises(SimulationError, match=message):
        lq.Simulation.load(path, _net(**other))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(dt=0.05), r"it has a dt \(ms\) of 0.1, but 0.05 is asked for\. .* leave out dt="),
        (dict(precision="float32"), r"it has the precision float64, but float32 is asked for"),
    ],
)
def test_another_step_or_precision_is_refused(tmp_path, options, message):
    path = _saved(_net(), tmp_path / "state.h5")
    with pytest.raises(SimulationError, match=message):
        lq.Simulation.load(path, _net(), **options)


def test_another_version_is_refused(tmp_path, monkeypatch):
    path = _saved(_net(), tmp_path / "state.h5")
    monkeypatch.setattr(lq, "__version__", "99.0")
    with pytest.raises(SimulationError, match=r"it has version .*, but 99.0 is asked for\. Load it with the version"):
        lq.Simulation.load(path, _net())
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 7
    with pytest.raises(SimulationError, match=r"in a form that this version does not read"):
        lq.Simulation.load(path, _net())


def test_what_is_no_snapshot_is_refused(tmp_path):
    with pytest.raises(SimulationError, match=r"there is no file '.*nothing.h5'"):
        lq.Simulation.load(tmp_path / "nothing.h5", _net())
    (tmp_path / "text.h5").write_text("v = 3")
    with pytest.raises(SimulationError, match=r"'.*text.h5' is no snapshot of a simulation, or it is damaged"):
        lq.Simulation.load(tmp_path / "text.h5", _net())
    lq.simulate(_net(), 1 * ms, to=tmp_path / "run.h5").close()
    with pytest.raises(SimulationError, match=r"run.h5' is no snapshot of a simulation: sim.save\(path\) writes"):
        lq.Simulation.load(tmp_path / "run.h5", _net())
    with pytest.raises(SimulationError, match=r"exists and is no lapicque snapshot: remove it"):
        _saved(_net(), tmp_path / "run.h5")
    half = tmp_path / "half.h5"
    half.write_bytes(_saved(_net(), tmp_path / "state.h5").read_bytes()[:3000])
    with pytest.raises(SimulationError, match="is no snapshot of a simulation, or it is damaged"):
        lq.Simulation.load(half, _net())
    with lq.Simulation(_net()) as sim:
        sim.snapshot("before")
        with pytest.raises(SimulationError, match="no snapshot 'befor'; did you mean 'before'"):
            sim.restore("befor")
        with pytest.raises(SimulationError, match="lies in no folder that exists"):
            sim.save(tmp_path / "no" / "state.h5")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = _saved(_net(), tmp_path / "state.h5")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    with lq.Simulation(_net()) as sim:
        sim.run(5 * ms)
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(SimulationError, match=r"cannot be written .No space left on device.: what it was before"):
            sim.save(path)
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["state.h5"]
        sim.save(path)
    assert lq.Simulation.load(path, _net()).time == pytest.approx(5)
