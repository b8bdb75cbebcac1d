"""Results as Neo's and xarray's objects."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError
from lapicque.units import ms


def test_neo_has_spikes_and_signals_with_units(small):
    result = lq.simulate(small, 20 * ms)
    [segment] = result.to_neo().segments
    assert len(segment.spiketrains) == 270
    train = segment.spiketrains[203]
    assert (train.annotations["recorder"], train.annotations["neuron"]) == ("inh", 3)
    assert np.array_equal(train.magnitude, result.spikes["inh"][3].times)
    v, rate = segment.analogsignals
    assert np.array_equal(v.magnitude, result.traces["v"].values)
    assert (str(v.dimensionality), str(rate.dimensionality)) == ("mV", "Hz")
    assert np.allclose(v.times.rescale("ms").magnitude, result.traces["v"].times)
    assert v.array_annotations["neuron"].tolist() == [3, 70, 149]


def test_each_member_of_a_batch_is_a_segment(small):
    batch = lq.simulate(small, 5 * ms, sweep={"exc.tau_m": [10, 20] * ms}, trials=2)
    segments = batch.to_neo().segments
    assert [s.annotations["trial"] for s in segments] == [0, 1, 0, 1]
    assert segments[3].annotations["exc.tau_m"] == "20 millisecond"
    assert np.array_equal(segments[2].analogsignals[0].magnitude, batch.traces["v"].values[:, 2])


def test_xarray_has_coordinates(small):
    pytest.importorskip("xarray")
    result = lq.simulate(small, 20 * ms)
    made = result.to_xarray()
    assert np.array_equal(made["v"].sel({"v.neuron": 70}), result.traces["v"].values[:, 1])
    assert made["v"].attrs["unit"] == "mV"
    mine = made["exc.spikes"].where(made["exc.spike_neuron"] == 5, drop=True)
    assert np.array_equal(mine, result.spikes["exc"][5].times)
    batch = lq.simulate(small, 5 * ms, trials=3).to_xarray()
    assert batch["v"].dims == ("v.time", "member", "v.neuron")
    assert batch["trial"].values.tolist() == [0, 1, 2]


def test_without_xarray_it_is_said_what_to_install(small, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RecordingError, match="needs xarray, which is not installed: pip install xarray"):
        lq.simulate(small, 1 * ms).to_xarray()
