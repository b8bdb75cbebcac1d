"""NWB: small current-clamp files made with pynwb, and a real one of 16 steps."""

import importlib.util
import warnings
from datetime import UTC, datetime

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import LapicqueNotice, RecordingError

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pynwb") is None, reason="pynwb is not installed: lapicque[nwb]"
)


def write_sample(folder, current, voltage, dt):
    """Series in volts and amperes with a conversion factor, as amplifiers' software writes them."""
    if importlib.util.find_spec("pynwb") is None:
        pytest.skip("pynwb is not installed: lapicque[nwb]")
    return write_nwb(folder / "cell.nwb", current, voltage, dt, starts=[0.0, 1.0]), {}


def write_nwb(path, current, voltage, dt, starts):
    with warnings.catch_warnings():
        # what pynwb deprecates is not under test
        warnings.filterwarnings("ignore", module=r"(pynwb|hdmf)\b")
        import pynwb
        from pynwb.icephys import CurrentClampSeries, CurrentClampStimulusSeries

        file = pynwb.NWBFile("two steps", "cell 1", datetime(2024, 1, 1, tzinfo=UTC))
        device = file.create_device("amplifier")
        electrode = file.create_icephys_electrode(name="electrode", description="glass", device=device)
        for k, (v, start) in enumerate(zip(voltage, starts, strict=False)):
            series = {"electrode": electrode, "gain": 1.0, "rate": 1e3 / dt, "starting_time": start}
            file.add_acquisition(CurrentClampSeries(name=f"v_{k + 9}", data=v, conversion=1e-3, **series))
        for k, (i, start) in enumerate(zip(current, starts, strict=False)):
            series = {"electrode": electrode, "gain": 1.0, "rate": 1e3 / dt, "starting_time": start}
            file.add_stimulus(CurrentClampStimulusSeries(name=f"i_{k + 9}", data=i, conversion=1e-12, **series))
        with pynwb.NWBHDF5IO(str(path), "w") as out:
            out.write(file)
    return path


def test_sweeps_without_starts_pair_by_their_numbers(tmp_path):
    current = np.arange(3)[:, None] * np.ones((3, 20))
    path = write_nwb(tmp_path / "cell.nwb", current, -current, 0.1, starts=[0.0, 0.0, 0.0])
    recording = lq.io.read(path, spikes=[[0.1], [], []])
    assert [s.label for s in recording] == ["v_9", "v_10", "v_11"]
    assert [s.stimulus[0] for s in recording] == pytest.approx([0.0, 1.0, 2.0])
    assert [s.voltage[0] for s in recording] == pytest.approx([0.0, -1.0, -2.0])


def test_series_that_do_not_pair(tmp_path):
    path = write_nwb(tmp_path / "cell.nwb", np.zeros((1, 20)), np.zeros((2, 20)), 0.1, starts=[0.0, 1.0])
    with pytest.raises(RecordingError, match=r"currents .1. and voltages .2. do not pair.*with \* for any text"):
        lq.io.read(path)
    assert len(lq.io.read(path, voltage="*_9", spikes=[0.1])) == 1


def test_starts_that_differ(tmp_path):
    path = write_nwb(tmp_path / "cell.nwb", np.zeros((1, 20)), np.zeros((2, 20)), 0.1, starts=[0.0, 1.0])
    with pytest.raises(RecordingError, match=r"current 'i_9' starts at 0 ms, the voltage 'v_10' at 1000 ms"):
        lq.io.read(path, voltage="v_10")


def test_hdf5_that_is_no_nwb(tmp_path):
    import h5py

    with h5py.File(tmp_path / "cell.nwb", "w") as file:
        file["v"] = np.zeros(5)
    with pytest.raises(RecordingError, match=r"cell.nwb' begins as an NWB \(HDF5\) file, but is cut short or damaged"):
        lq.io.read(tmp_path / "cell.nwb")


def test_missing_pynwb_names_the_extra(tmp_path, monkeypatch):
    path, _ = write_sample(tmp_path, np.zeros((1, 20)), np.zeros((1, 20)), 0.1)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RecordingError, match=r"needs pynwb: pip install 'lapicque\[nwb\]'"):
        lq.io.read(path)


def test_real_cell(data):
    recording = lq.io.read(data("intracellular/bluepyefe/99111002.nwb"))
    assert [s.label for s in recording] == [f"ic__Step__{k}" for k in range(1, 17)]
    assert (recording.dt, recording.stimulus_unit) == (0.1, "pA")
    assert {s.stimulus.size for s in recording} == {7168}
    assert len(recording.stimuli()) == 16
    heights = [float(s.stimulus[np.argmax(np.abs(s.stimulus))]) for s in recording]
    np.testing.assert_allclose(heights, np.arange(-2000, 1200, 200), atol=0.1)


def test_artefacts_of_a_real_cell(data):
    # The voltage's offset is not corrected (rest at -15 mV); 346 ms into steps 2, 11 and 14 there is a pulse of one
    # sample.
    path = data("intracellular/bluepyefe/99111002.nwb")
    plain = lq.io.read(path, detect={"threshold": 30})
    assert [s.spikes.times.size for s in plain] == [0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 1, 11, 8, 13, 22, 29]
    with pytest.warns(
        LapicqueNotice, match=r"1 crossing is an electrode artefact and no spike in sweep 'ic__Step__(2|11|14)'"
    ) as given:
        clean = lq.io.read(path, detect={"threshold": 30, "min_width": "0.15 ms"})
    assert [s.spikes.times.size for s in clean] == [0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 11, 8, 12, 22, 29]
    assert len(given) == len(clean.notices) == 3
