"""Neo's objects: to and fro, and files that only Neo reads."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError
from lapicque.fit.recording import Recording, Sweep
from lapicque.spikes import SpikeTrains

DT = 0.1


def write_sample(folder, current, voltage, dt):
    """A .mat file of Neo's own layout."""
    import neo

    empty = SpikeTrains.from_lists([[]], t_stop=current.shape[1] * dt)
    sweeps = [Sweep(i, empty, v) for i, v in zip(current, voltage, strict=True)]
    block = lq.io.to_neo(Recording(sweeps, dt, "pA"))
    for segment in block.segments:
        segment.spiketrains.clear()
    path = folder / "cell.mat"
    neo.io.NeoMatlabIO(str(path)).write_block(block)
    return path, {}


def recording(unit="pA", voltage=True):
    rng = np.random.default_rng(0)
    sweeps = [
        Sweep(
            rng.normal(size=50),
            SpikeTrains.from_lists([times], t_stop=5.0),
            rng.normal(-60, 1, 50) if voltage else None,
            label,
        )
        for label, times in (("a", [0.05, 1.0]), ("b", []), ("b", [5.0]))
    ]
    return Recording(sweeps, DT, unit, name="cell 1")


def test_spike_trains_alone_are_sent_on():
    import neo

    trains = [neo.SpikeTrain([1.0, 2.0], units="ms", t_stop=5.0), neo.SpikeTrain([3.0], units="ms", t_stop=5.0)]
    for given, kind in ((trains, "list"), (trains[0], "SpikeTrain")):
        with pytest.raises(RecordingError, match=rf"Segment is expected, not {kind}: .*SpikeTrains\.from_neo"):
            lq.io.from_neo(given)
    segment = neo.Segment()
    segment.spiketrains.extend(trains)
    with pytest.raises(RecordingError, match=r"for the spikes of many cells write lq\.spikes\.SpikeTrains\.from_neo"):
        lq.io.from_neo(segment)
    assert SpikeTrains.from_neo(segment).counts.tolist() == [2, 1]


@pytest.mark.parametrize("unit", ["pA", "1"])
@pytest.mark.parametrize("voltage", [True, False])
def test_there_and_back(unit, voltage):
    original = recording(unit, voltage)
    copy = lq.io.from_neo(lq.io.to_neo(original))
    assert (copy.dt, copy.stimulus_unit, copy.name) == (DT, unit, "cell 1")
    for old, new in zip(original, copy, strict=True):
        assert new.label == old.label
        np.testing.assert_array_equal(new.stimulus, old.stimulus)
        np.testing.assert_array_equal(new.spikes.times, old.spikes.times)
        assert (new.voltage is None) == (old.voltage is None)
        if voltage:
            np.testing.assert_array_equal(new.voltage, old.voltage)


def test_units_of_neos_objects():
    block = lq.io.to_neo(recording())
    stimulus, voltage = block.segments[0].analogsignals
    assert (str(stimulus.units.dimensionality), str(voltage.units.dimensionality)) == ("pA", "mV")
    assert str(block.segments[0].spiketrains[0].units.dimensionality) == "ms"
    assert block.annotations["stimulus_unit"] == "pA"


def test_segment_in_other_units_that_starts_late():
    import neo
    import quantities as pq

    segment = neo.Segment()
    signals = np.array([[0.1, -0.07], [0.1, 0.02], [0.1, -0.07]])
    for k, unit in enumerate((pq.nA, pq.V)):
        signal = neo.AnalogSignal(signals[:, k : k + 1], units=unit, sampling_rate=2 * pq.kHz, t_start=3 * pq.s)
        segment.analogsignals.append(signal)
    segment.spiketrains.append(neo.SpikeTrain([3.0005], units="s", t_start=3.0, t_stop=3.0015))
    one = lq.io.from_neo(segment)
    assert one.dt == 0.5
    assert one[0].stimulus == pytest.approx([100.0] * 3)
    assert one[0].voltage == pytest.approx([-70.0, 20.0, -70.0])
    assert one[0].spikes.times == pytest.approx([0.5])


def test_channels_of_one_signal():
    import neo
    import quantities as pq

    segment = neo.Segment()
    both = neo.AnalogSignal([[1.0, 2.0]] * 3, units="pA", sampling_rate=10 * pq.kHz, name="I")
    segment.analogsignals.append(both)
    with pytest.raises(RecordingError, match=r"2 channels hold a current.*'I 0' \(pA\), 'I 1' \(pA\)"):
        lq.io.from_neo(segment, spikes=[0.1])
    assert lq.io.from_neo(segment, spikes=[0.1], current="I 1")[0].stimulus.tolist() == [2.0] * 3


def test_several_spike_trains_are_not_guessed():
    block = lq.io.to_neo(recording())
    block.segments[1].spiketrains.append(block.segments[0].spiketrains[0])
    with pytest.raises(RecordingError, match="segment 'b' holds 2 spike trains: keep the one of the recorded cell"):
        lq.io.from_neo(block)


@pytest.mark.parametrize("name", ["cell.xyz", "cell", "cell.pkl"])
def test_files_that_neo_does_not_read(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x80\x04.")
    with pytest.raises(RecordingError, match="Neo knows no format with the extension"):
        lq.io.neo.read(path)
