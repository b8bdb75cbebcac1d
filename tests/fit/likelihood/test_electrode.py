"""The electrode's kernel, on an electrode and a membrane that are known."""

import dataclasses

import numpy as np
import pytest
from scipy.signal import lfilter

import lapicque as lq
from lapicque.errors import FitError, RecordingError
from lapicque.fit.recording import Recording
from lapicque.fit.sweep import Sweep
from lapicque.spikes import SpikeTrains

DT = 0.1


def filtered(x, r, tau):
    return lfilter([r * -np.expm1(-DT / tau)], [1, -np.exp(-DT / tau)], x) / 1e3


def recording(samples=100_000, seed=1, resistance=30.0, noise=0.05, spikes=(), **more):
    rng = np.random.default_rng(seed)
    current = 20 + lfilter([1], [1, -0.8], rng.normal(0, 20, samples))
    membrane = -65 + filtered(current, 200, 25)
    voltage = membrane + filtered(current, resistance, 0.3) + noise * rng.normal(size=samples)
    sweep = Sweep(current, SpikeTrains.from_lists([spikes], t_stop=samples * DT), voltage)
    return Recording([sweep], DT, "pA", **more), membrane


@pytest.fixture(scope="module")
def electrode():
    return lq.fit.electrode_kernel(recording()[0])


def test_kernel_and_membrane_are_found(electrode):
    for found, true in (
        (electrode.resistance, 30.0), (electrode.membrane_resistance, 200.0), (electrode.membrane_tau, 25.0),
    ):  # fmt: skip
        assert abs(found.value - true) < 4 * found.standard_error + 0.02 * true
        assert found.standard_error < 0.1 * true
    lags = np.arange(30) * DT
    true = 30 * -np.expm1(-DT / 0.3) * np.exp(-lags / 0.3) / DT
    np.testing.assert_allclose(electrode.kernel, true, atol=0.05 * true[0])
    assert electrode.explained > 0.99


def test_membrane_of_another_recording_is_uncovered(electrode):
    other, membrane = recording(30_000, seed=2, noise=0.0)
    clean = electrode.compensate(other)
    settled = slice(3000, None)
    before, after = (np.std((r[0].voltage - membrane)[settled]) for r in (other, clean))
    assert after < 0.06 * before
    assert clean[0].spikes is other[0].spikes
    assert "electrode" in clean.notices[-1]


def test_drop_of_a_constant_current_is_ohms_law(electrode):
    np.testing.assert_allclose(electrode.drop(np.full(50, 100.0), DT), 100 * electrode.resistance.value / 1e3)


def test_without_an_electrode_there_is_none():
    found = lq.fit.electrode_kernel(recording(resistance=0.0)[0])
    assert abs(found.resistance.value) < 4 * found.resistance.standard_error + 0.5


def test_times_around_spikes_are_left_out():
    """A spike is ten times what the current does; without its time the kernel is what it was."""
    clean, _ = recording()
    at = np.arange(1000.0, 10_000.0, 1500.0)
    voltage = clean[0].voltage.copy()
    for time in at:
        voltage[round(time / DT) : round(time / DT) + 20] += 80
    spikes = SpikeTrains.from_lists([at], t_stop=10_000)
    spiky = dataclasses.replace(clean, sweeps=(Sweep(clean[0].stimulus, spikes, voltage),))
    found = lq.fit.electrode_kernel(spiky)
    assert abs(found.resistance.value - 30) < 4 * found.resistance.standard_error + 0.6


def test_gif_takes_the_electrode(electrode, noisy_current):
    """The membrane is found behind the electrode; with its drop in the voltage it is not."""
    cell = lq.neurons.gif.with_(v_th="-50 mV", delta_v="2 mV")
    current = noisy_current(100_000, seed=2, mean=100.0, sd=100.0, tau=2.0)
    answer = lq.simulate(cell, "10 s", inputs={"i_ext": current}, record="v", seed=1, progress=False)
    voltage = answer.traces["v"].values[:, 0] + electrode.drop(current, DT)
    spikes = SpikeTrains.from_lists([answer.spikes.times], t_stop=10_000)
    data = Recording([Sweep(current, spikes, voltage)], DT, "pA")
    bases = dict(current=lq.fit.exponentials("57.8 ms", "218.2 ms"), threshold=lq.fit.exponentials("53.8 ms", "640 ms"))
    with_it, without = (lq.fit.gif(data, electrode=e, **bases).parameters["c_m"].value for e in (electrode, None))
    assert abs(with_it - 83.1) < 0.05 * 83.1
    assert abs(without - 83.1) > 2 * abs(with_it - 83.1)
    again = lq.fit.gif(lq.fit.trials_of(data), electrode=electrode, **bases)
    assert again.parameters["c_m"].value == with_it


def test_impossible_recordings_are_refused(electrode):
    clean, _ = recording(5000)
    (sweep,) = clean.sweeps

    def changed(unit="pA", **changes):
        return Recording([dataclasses.replace(sweep, **changes)], DT, unit)

    for bad, what in (
        (changed(voltage=None), "has no voltage"),
        (changed(stimulus=np.full(5000, 3.0)), "does not vary"),
        (changed(unit="mV"), "follows from a current"),
        (changed(spikes=SpikeTrains.from_lists([np.arange(10.0, 500.0, 50.0)], t_stop=500)), "far enough from spikes"),
    ):
        with pytest.raises(FitError, match=what):
            lq.fit.electrode_kernel(bad)
    for length in ("0.05 ms", "60 ms"):
        with pytest.raises(FitError, match="at least one sample"):
            lq.fit.electrode_kernel(clean, length=length)
    with pytest.raises(FitError, match="does not decay"):
        lq.fit.electrode_kernel(
            Recording([dataclasses.replace(recording()[0][0], voltage=-recording()[0][0].voltage)], DT, "pA")
        )
    with pytest.raises(RecordingError, match="no voltage to compensate"):
        electrode.compensate(changed(voltage=None))
    with pytest.raises(RecordingError, match="follows from a current"):
        electrode.compensate(changed(unit="mV"))
    with pytest.raises(FitError, match=r"dt 0.1 ms, the current 0.2 ms"):
        electrode.drop(np.zeros(5), 0.2)
