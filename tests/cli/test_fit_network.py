"""``lapicque fit NETWORK.py DATA``: from a file and spikes to a validation."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import lapicque as lq
from lapicque.cli import main
from lapicque.cli.networks import parts, read_data

NETWORK = """
import lapicque as lq
from lapicque.units import mV, pA

network = lq.Network()
exc = network.population(lq.neurons.izhikevich, 20, name="exc")
inh = network.population(lq.neurons.izhikevich, 5, name="inh", a="0.1 1/ms", d=2)
network.connect(exc, inh, on_pre="v += w", where=lq.fixed_probability(0.5), w=3 * mV, delay="1 ms")
network.connect(inh, exc, on_pre="v += w", where=lq.fixed_in_degree(2), w=-2 * mV, delay="1 ms")
for population in (exc, inh):
    noise = lq.stimuli.white_noise(2 * pA, 6 * pA, tau="1 ms")
    network.stimulate(population, "i_ext", noise, name=f"{population.name}_noise")
    network.record(population, "spikes")
free = {"exc->inh.w": ("0 mV", "8 mV")}
dt, method = "0.5 ms", "euler"
"""


def run(*arguments):
    return CliRunner().invoke(main, ["fit", *map(str, arguments)])


@pytest.fixture
def files(tmp_path, data):
    (tmp_path / "net.py").write_text(NETWORK)
    for name, trains in data.items():
        np.savez(tmp_path / f"{name}.npz", times_ms=trains.times, offsets=trains.offsets, t_stop_ms=trains.t_stop)
    return tmp_path


@pytest.fixture
def data():
    space = {}
    exec(NETWORK, space)
    return lq.simulate(space["network"], "500 ms", dt="0.5 ms", method="euler", seed=7).spikes


def test_a_network_is_fitted_validated_and_written(files):
    result = run(files / "net.py", f"exc={files / 'exc.npz'}", f"inh={files / 'inh.npz'}", "--budget", 48, "--seed", 1,
                 "--out", files / "out")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "fitting 1 numbers of a network of exc and inh" in result.output
    assert "Validation:" in result.output
    found = json.loads((files / "out" / "fit.json").read_text())
    assert 0 <= found["parameters"]["exc->inh.w"]["value"] <= 8
    assert found["parameters"]["exc->inh.w"]["unit"] == "mV"
    assert found["validation"]["rows"]
    assert (files / "out" / "report.html").stat().st_size > 1000
    again = run(files / "net.py", f"exc={files / 'exc.npz'}", f"inh={files / 'inh.npz'}", "--budget", 48, "--seed", 1,
                "--out", files / "out", "--resume")  # fmt: skip
    assert again.exit_code == 0, again.output
    assert json.loads((files / "out" / "fit.json").read_text())["parameters"] == found["parameters"]


SEVERAL = (
    NETWORK
    + """
free = {"exc_noise.mean": (0, 8), "exc->inh.w": ("0 mV", "8 mV")}
objective = [
    lq.fit.PopulationStatistics((lq.fit.features.rate(),)), lq.fit.PopulationStatistics((lq.fit.features.cv(),))
]
"""
)


def test_several_objectives_end_in_a_front(files, monkeypatch):
    (files / "net.py").write_text(SEVERAL)
    monkeypatch.setattr("lapicque.reports.searched.FRAMES", 2)
    result = run(files / "net.py", f"exc={files / 'exc.npz'}", f"inh={files / 'inh.npz'}", "--budget", 128, "--seed", 1,
                 "--out", files / "out")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "ParetoFront of 'network of exc and inh'" in result.output
    assert "Validation:" in result.output
    found = json.loads((files / "out" / "front.json").read_text())
    assert set(found["knee"]) == {"rate", "cv"}
    assert found["knee"] in [one["losses"] for one in found["front"]]
    assert found["units"] == {"exc_noise.mean": "pA", "exc->inh.w": "mV"}
    assert "Choose a candidate" in (files / "out" / "report.html").read_text()
    refused = run(files / "net.py", f"exc={files / 'exc.npz'}", f"inh={files / 'inh.npz'}", "--optimizer", "cma_es",
                  "--out", files / "o")  # fmt: skip
    assert refused.exit_code == 1
    assert "cma_es minimises one objective" in refused.output


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("free = {}", [], "does not define 'network'"),
        ("netwrk = 1\nfree = {}", [], "does not define 'network'; did you mean 'netwrk'"),
        ("import lapicque as lq\nnetwork = lq.Network()", [], "does not define 'free'"),
        ("1/0", [], "line 1: ZeroDivisionError"),
        (NETWORK, [], "there are no data"),
        (NETWORK, ["a.npz", "b.npz"], "which recorder is each file of"),
        (NETWORK, ["--model", "adex"], "--model is for single cells"),
        (NETWORK.replace('dt, method = "0.5 ms", "euler"', ""), ["exc=EXC"], "has no dt"),
        (NETWORK, ["ex=EXC"], "records no spikes as 'ex'"),
        (NETWORK, ["exc=EXC", "--split", "0"], "--split is 0"),
    ],
)
def test_mistakes_are_named(files, text, arguments, message):
    (files / "net.py").write_text(text)
    result = run(files / "net.py", *(a.replace("EXC", str(files / "exc.npz")) for a in arguments), "--out", files / "o")
    assert result.exit_code == 1, result.output
    assert message in " ".join(result.output.split())


def test_processes_are_for_networks(files):
    result = run(files / "exc.npz", "--workers", 2)
    assert result.exit_code == 1
    assert "--workers is for networks" in result.output


def test_the_rest_of_the_time_is_kept_for_the_test(data):
    train, test = parts(data, 0.6)
    assert {(t.t_start, t.t_stop) for t in train.values()} == {(0, 300)}
    assert {(t.t_start, t.t_stop) for t in test.values()} == {(300, 500)}
    assert parts(data, 1.0)[1] is None


def test_one_file_can_hold_all(files, data):
    saved = files / "all.npz"
    arrays = {
        f"{name}_{key}": value for name, t in data.items() for key, value in (("ms", t.times), ("offsets", t.offsets))
    }
    np.savez(saved, **arrays, t_stop_ms=500.0)
    found = read_data([str(saved)], {})
    assert set(found) == {"exc", "inh"}
    np.testing.assert_allclose(found["exc"].times, data["exc"].times)
