"""What a user types: models, distances, pairs, and what is free without a wish."""

import sys

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, UnitError
from lapicque.fit.free import read_free
from lapicque.fit.sources import default_free, find_distance, find_model, grasshopper_files, read_pairs
from lapicque.spikes import SpikeTrains

# -- models -----------------------------------------------------------------------------------------------------------


def test_models_of_the_catalogue():
    for name in lq.neurons.__all__:
        assert find_model(name) is getattr(lq.neurons, name)


def test_a_model_of_a_file(user_file):
    bursty = find_model(f"{user_file}:bursty")
    assert bursty.name == "bursty"
    assert [event.name for event in bursty.parsed_events] == ["spike", "plateau"]


def test_the_only_model_of_a_file_needs_no_name(tmp_path):
    path = tmp_path / "cell.py"
    path.write_text("from lapicque.neurons import adex\nmy_cell = adex.with_(c_m='99 pF')\ndel adex\n")
    assert find_model(str(path)).constants["c_m"].value == 99


def test_a_file_finds_what_lies_beside_it(tmp_path):
    (tmp_path / "values_of_my_cell.py").write_text("C = 77\n")
    (tmp_path / "cell.py").write_text(
        "import lapicque as lq\nimport values_of_my_cell\nc = lq.neurons.lif.with_(c_m=values_of_my_cell.C)\n"
    )
    before = list(sys.path)
    assert find_model(f"{tmp_path / 'cell.py'}:c").constants["c_m"].value == 77
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adx", "unknown model 'adx'; did you mean 'adex'.* 'lapicque models' lists them"),
        ("banana", "unknown model 'banana'; 'lapicque models' lists them, FILE.py:NAME is one of your own"),
        ("nowhere.py:cell", "there is no file nowhere.py"),
        ("nowhere.py", "there is no file nowhere.py"),
        ("{file}:burst", r"has no neuron 'burst'; did you mean 'bursty'\? It has bursty, silent: write .*:NAME"),
        ("{file}:a_number", "has no neuron 'a_number'"),
        ("{file}", r"which neuron of .*my_cells.py\? It has bursty, silent: write"),
    ],
)
def test_models_that_are_not_there(user_file, text, message):
    with pytest.raises(FitError, match=message):
        find_model(text.format(file=user_file))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\ndef f(:\n", r"cell.py, line 2: SyntaxError: invalid syntax$"),
        ("\nimport nothing_of_this_name\n", "cell.py, line 2: ModuleNotFoundError: No module named"),
        ("def f():\n    return 1 / 0\nf()\n", "cell.py, line 2: ZeroDivisionError"),
        (
            "import lapicque as lq\nc = lq.Neuron('dv/dt = -v/tau : mV')\n",
            r"cell.py, line 2: unknown name 'tau'[^^]*\^",
        ),
        ("x = 3\n", "It has none: write"),
    ],
)
def test_files_that_cannot_be_run(tmp_path, code, message):
    (tmp_path / "cell.py").write_text(code)
    with pytest.raises(FitError, match=message):
        find_model(f"{tmp_path / 'cell.py'}:c")


# -- distances --------------------------------------------------------------------------------------------------------


def test_every_distance_can_be_written():
    from lapicque import distances

    for name in distances.PAIRWISE:
        example = "0.25/ms" if name == "victor_purpura" else "4ms"
        scaled = name in ("coincidence", "van_rossum", "victor_purpura")
        assert type(find_distance(f"{name}:{example}" if scaled else name)).__module__.endswith(name)


@pytest.mark.parametrize("text", ["coincidence:4ms", "coincidence:4 ms", "coincidence:0.004 second", "coincidence:4"])
def test_scales_with_and_without_a_unit(text):
    assert find_distance(text) == lq.distances.coincidence("4 ms")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "coincidense:4ms",
            r"unknown distance 'coincidense'; did you mean 'coincidence'\? Known are coincidence, isi,",
        ),
        ("", "unknown distance ''"),
        ("Distance", "unknown distance 'Distance'"),
        ("coincidence", "'coincidence' needs its precision: write coincidence:4ms"),
        ("victor_purpura", "needs its cost: write victor_purpura:0.25/ms"),
        ("isi:4ms", "'isi' has no scale: write isi instead of isi:4ms"),
    ],
)
def test_distances_that_do_not_exist(text, message):
    with pytest.raises(FitError, match=message):
        find_distance(text)


def test_scales_in_a_wrong_unit():
    with pytest.raises(UnitError, match="is given in mV, but a time"):
        find_distance("coincidence:4mV")


# -- pairs ------------------------------------------------------------------------------------------------------------


def test_pairs():
    assert read_pairs(["c_m = 50:400pF", "v_reset=-90:-45mV"], "--free") == {"c_m": "50:400pF", "v_reset": "-90:-45mV"}
    assert read_pairs([], "--free") == {}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["c_m"], "--fix 'c_m': write NAME=VALUE, such as e_l=-65mV"),
        (["=5"], "write NAME=VALUE"),
        (["c_m="], "write NAME=VALUE"),
        (["c_m=1pF", "c_m=2pF"], "--fix names 'c_m' twice: 1pF and 2pF"),
    ],
)
def test_pairs_that_are_none(texts, message):
    with pytest.raises(FitError, match=message):
        read_pairs(texts, "--fix")


# -- what is free -----------------------------------------------------------------------------------------------------


def recording(unit="pA", sd=1.0):
    values = sd * np.tile([1.0, -1.0], 500)
    return lq.fit.Recording([lq.fit.Sweep(values, SpikeTrains.from_lists([[50.0]], t_stop=100))], 0.1, unit)


def test_the_models_ranges_and_a_delay_are_free():
    free, notices = default_free(lq.neurons.lif, recording(), {"c_m": "50:60pF"}, {"t_ref"})
    assert set(free) == ({*lq.neurons.lif.ranges} - {"t_ref"}) | {"delay"}
    assert (free["c_m"], free["delay"], notices) == ("50:60pF", ("0 ms", "5 ms"), [])


def test_only_what_is_asked_for():
    assert default_free(lq.neurons.lif, recording(), {"c_m": "50:60pF"}, set(), only=True)[0] == {"c_m": "50:60pF"}
    assert "delay" not in default_free(lq.neurons.lif, recording(), {}, {"delay"})[0]


def test_a_stimulus_without_a_unit_frees_its_scale_and_offset():
    free, (notice,) = default_free(lq.neurons.lif, recording("1", sd=0.5), {}, set())
    assert "the stimulus has no physical unit" in notice
    scale, offset = (f for f in read_free(lq.neurons.lif, free, "i_ext") if f.name.startswith("input_"))
    assert (scale.low, scale.high, scale.scale) == (20, 6000, "log")
    assert (offset.low, offset.high, str(offset.unit)) == (-500, 1000, "pA")


def test_scale_and_offset_are_in_the_inputs_unit():
    neuron = lq.Neuron(
        "dv/dt = i*r/(10*ms) : mV\ni : nA (input)\nr : Mohm",
        threshold="v > 1*mV", reset="v = 0*mV", parameters=dict(r="1 Mohm"), ranges=dict(r=("1 Mohm", "2 Mohm")),
    )  # fmt: skip
    free, _ = default_free(neuron, recording("1", sd=0.5), {}, set())
    found = {f.name: (f.low, f.high) for f in read_free(neuron, free, "i")}
    assert found["input_scale"] == pytest.approx((0.02, 6))
    assert found["input_offset"] == pytest.approx((-0.5, 1))


def test_a_pure_number_needs_no_scale():
    neuron = lq.Neuron(
        "dx/dt = (i - x)/tau : 1\ni : 1 (input)\ntau : ms",
        threshold="x > 1", reset="x = 0", parameters=dict(tau="9 ms"), ranges=dict(tau=("1 ms", "20 ms")),
    )  # fmt: skip
    free, notices = default_free(neuron, recording("1"), {}, set())
    assert (set(free), notices) == ({"tau", "delay"}, [])


@pytest.mark.parametrize(
    ("neuron", "given", "fixed", "message"),
    [
        (lq.neurons.lif, {"c_m": "1:2pF"}, {"c_m"}, "'c_m' is both fixed and free"),
        (lq.neurons.lif.with_(ranges={}), {}, (), "no parameter of 'lif' is free: it has no ranges of its own, so say"),
        (lq.neurons.lif, {}, lq.neurons.lif.ranges, "no parameter of 'lif' is free: it has nothing left"),
    ],
)
def test_something_of_the_model_is_free(neuron, given, fixed, message):
    with pytest.raises(FitError, match=message):
        default_free(neuron, recording(), given, fixed)


def test_an_input_that_is_no_current_is_asked_for():
    neuron = lq.Neuron(
        "dv/dt = -g*v/c : mV\ng : nS (input)\nc : pF",
        threshold="v > 1*mV", reset="v = 0*mV", parameters=dict(c="1 pF"), ranges=dict(c=("1 pF", "2 pF")),
    )  # fmt: skip
    with pytest.raises(FitError, match="no physical unit, and the input 'g' is in nS: say which scale and offset"):
        default_free(neuron, recording("1"), {}, set())
    free, _ = default_free(neuron, recording("1"), {"input_scale": (1, 5)}, set())
    assert set(free) == {"c", "delay", "input_scale"}


def test_the_demonstrations_files():
    pytest.importorskip("nitime", reason="the grasshopper recordings come with nitime")
    for number in (1, 2):
        assert all(path.is_file() for path in grasshopper_files(number))


def test_the_demonstrations_files_are_asked_for(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FitError, match=r"come with nitime: pip install 'lapicque\[demo\]'"):
        grasshopper_files(1)
