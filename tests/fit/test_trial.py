"""Trials: what a stimulus, a window and a voltage may be; splits by time and by stimulus; another step."""

import numpy as np
import pint
import pytest
import quantities as pq

import lapicque as lq
from lapicque.errors import FitError, UnitError
from lapicque.fit import Trial, split_by_stimulus, split_by_time, trials_of
from lapicque.spikes import SpikeTrains
from lapicque.units import nS, pA

SPIKES = SpikeTrains.from_lists([[20.0, 50.0, 99.9], [21.0]], t_stop=100, shape=(2, 1))
CURRENT = np.linspace(0, 300, 1000)


def test_what_is_given_is_kept():
    trial = Trial(CURRENT, SPIKES, window=(10, "0.09 second"), dt="100 usecond", weight=2, label="step")
    assert (trial.dt, trial.duration, trial.samples, trial.window) == (0.1, 100.0, 1000, (10.0, 90.0))
    assert repr(trial) == "Trial('step', 100 ms of stimulus, 2 repeats, scored from 10 to 90 ms)"
    assert trial.scored.to_lists()[0].tolist() == [20, 50]
    assert Trial(CURRENT, SPIKES).scored.to_lists()[0].tolist() == [20, 50, 99.9]
    assert trial.within(0, 30).scored.times.tolist() == [20, 21]


@pytest.mark.parametrize(
    "stimulus",
    [CURRENT, CURRENT * 1e-3 * lq.units.nA, pint.Quantity(CURRENT * 1e-12, "A"), CURRENT * pq.pA, list(CURRENT)],
)
def test_stimuli_are_numbers_in_pa_or_quantities(stimulus):
    trial = Trial(stimulus, SPIKES)
    np.testing.assert_allclose(trial.inputs[""], CURRENT, rtol=1e-12)
    assert trial.units == {"": "pA"}


def test_inputs_by_name_keep_units_of_their_own():
    trial = Trial({"i_ext": CURRENT, "g_e": CURRENT * 0.1 * nS}, SPIKES)
    assert trial.units == {"i_ext": "pA", "g_e": "nS"}
    np.testing.assert_allclose(trial.inputs["g_e"], CURRENT * 0.1)
    coarse = trial.resampled(0.2)
    assert coarse.units == trial.units
    np.testing.assert_allclose(coarse.inputs["g_e"], (CURRENT * 0.1).reshape(-1, 2).mean(axis=1))


def test_sums_of_rounded_steps_are_no_mistake():
    """3 * 0.1 is above 0.3."""
    trial = Trial(np.zeros(3), SpikeTrains.from_lists([[0.25, 0.3]], t_stop=0.3), dt=0.1)
    assert trial.window == (0.0, 0.3)
    assert trial.scored.times.tolist() == [0.25, 0.3]


def test_another_step():
    spikes = SpikeTrains.from_lists([[0.25]], t_stop=0.6)
    trial = Trial(np.array([1.0, 2.0, 6.0]), spikes, dt=0.2, voltage=[[0.0, 1.0, 4.0]], window=(0.1, 0.6), label="a")
    fine = trial.resampled("0.1 ms")
    assert fine.inputs[""].tolist() == [1, 1, 2, 2, 6, 6]
    np.testing.assert_allclose(fine.voltage, [[0, 0.5, 1, 2.5, 4, 4]])
    assert (fine.dt, fine.window, fine.label, fine.spikes) == (0.1, (0.1, 0.6), "a", spikes)
    coarse = trial.resampled(0.4)
    assert coarse.inputs[""].tolist() == [1.5]
    assert coarse.window == (0.1, 0.4)
    assert trial.resampled(0.2) is trial
    with pytest.raises(FitError, match=r"'a' cannot be brought to dt 1 ms: its stimulus lasts 0.6 ms"):
        trial.resampled(1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(stimulus=[]), r"the stimulus of a trial has shape \(0,\): \(sample,\) is expected"),
        (dict(stimulus=np.zeros((2, 3)), label="x"), r"the stimulus of trial 'x' has shape \(2, 3\)"),
        (dict(stimulus={}), "has no stimulus: give an array"),
        (dict(stimulus=[0, np.nan, np.inf]), r"not finite \(NaN or infinite\) in 2 samples \(first: sample 1\)"),
        (dict(stimulus={"a": np.zeros(3), "b": np.zeros(4)}), r"differ in their number of samples: {'a': 3, 'b': 4}"),
        (dict(dt=0), "dt of a trial is 0 ms: a positive time"),
        (dict(dt=float("nan")), "dt of a trial is nan ms"),
        (dict(spikes=[1.0, 2.0]), r"the spikes of a trial are \[1.0, 2.0\]: SpikeTrains"),
        (dict(spikes=SpikeTrains.from_lists([], t_stop=100)), "SpikeTrains with one train or more is expected"),
        (dict(window=(50, 20)), "the window of a trial, 50 to 20 ms, is not inside the stimulus, 0 to 100 ms"),
        (dict(window=(0, 101)), "0 to 101 ms, is not inside the stimulus"),
        (dict(window=5), r"the window of a trial is 5: \(start, stop\) is expected"),
        (dict(window=(1, 2, 3)), r"is \(1, 2, 3\): \(start, stop\) is expected"),
        (dict(spikes=SpikeTrains.from_lists([[]], t_stop=80)), "known from 0 to 80 ms only: its window, 0 to 100 ms"),
        (dict(voltage=np.zeros((1, 999))), r"the voltage of a trial has shape \(1, 999\): \(repeat, 1000\)"),
        (dict(voltage=np.full(1000, np.nan)), "the voltage of a trial is not finite"),
        (dict(weight=-1), "the weight of a trial is -1"),
        (dict(weight=float("inf")), "the weight of a trial is inf"),
    ],
)
def test_mistakes_are_named(given, message):
    with pytest.raises(FitError, match=message):
        Trial(**{"stimulus": CURRENT, "spikes": SPIKES, **given})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(dt="1 mV"), "dt is given in mV, but a time"),
        (dict(window=("0 mV", 5)), "window is given in mV, but a time"),
        (dict(voltage=np.zeros(1000) * pA), "voltage is given in pA, but a voltage"),
        (dict(unit="pa"), "unknown unit 'pa'"),
        (dict(stimulus=["a", "b"]), "a number"),
    ],
)
def test_units_that_do_not_fit_are_named(given, message):
    with pytest.raises(UnitError, match=message):
        Trial(**{"stimulus": CURRENT, "spikes": SPIKES, **given})


# -- splits -----------------------------------------------------------------------------------------------------------


def test_split_by_time_cuts_the_window():
    trials = [Trial(CURRENT, SPIKES), Trial(CURRENT, SPIKES, window=(20, 70))]
    train, validation, test = split_by_time(trials, 0.5, 0.8)
    assert [t.window for t in train] == [(0, 50), (20, 45)]
    assert [t.window for t in validation] == [(50, 80), (45, 60)]
    assert [t.window for t in test] == [(80, 100), (60, 70)]


def test_no_spike_is_lost_or_used_twice():
    times = np.arange(0, 100.5, 2.5)
    trial = Trial(CURRENT, SpikeTrains.from_lists([times], t_stop=100))
    parts = [part[0].scored.times for part in split_by_time([trial], 0.1, 0.25, 0.5)]
    np.testing.assert_array_equal(np.concatenate(parts), times)


@pytest.mark.parametrize("fractions", [(), (0,), (1,), (60,), (0.6, 0.5), (0.5, 0.5), (float("nan"),), (-0.1,)])
def test_fractions_must_rise(fractions):
    with pytest.raises(FitError, match="numbers that rise between 0 and 1"):
        split_by_time([Trial(CURRENT, SPIKES)], *fractions)


def test_split_by_stimulus_takes_labels_and_positions():
    trials = [Trial(CURRENT, SPIKES, label=label) for label in "abca"]
    for wanted, expected in ((["a"], "aa"), ("b", "b"), ([2, "b"], "bc"), ([-1], "a")):
        train, test = split_by_stimulus(trials, wanted)
        assert "".join(t.label for t in test) == expected
        assert len(train) == 4 - len(test)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["step 12"], r"there is no stimulus 'step 12'; did you mean 'step [12]'\?; there are 2: 'step 1', 'step 2'"),
        ([5], "there is no stimulus 5; there are 2"),
        ([], "of 2 stimuli, 0 would be held out"),
        ([0, 1], "of 2 stimuli, 2 would be held out: keep at least one on each side"),
    ],
)
def test_a_split_keeps_something_on_each_side(wanted, message):
    trials = [Trial(CURRENT, SPIKES, label=f"step {n}") for n in (1, 2)]
    with pytest.raises(FitError, match=message):
        split_by_stimulus(trials, wanted)


def test_sweeps_with_the_same_current_are_repeats():
    def sweep(current, *times, label=""):
        voltage = np.full(len(current), -60.0)
        return lq.fit.Sweep(current, SpikeTrains.from_lists([times], t_stop=100), voltage=voltage, label=label)

    recording = lq.fit.Recording([sweep(CURRENT, 1), sweep(2 * CURRENT, 2, label="big"), sweep(CURRENT, 3)], 0.1, "pA")
    first, second = trials_of(recording)
    assert (first.label, second.label) == ("stimulus 0", "big")
    assert [t.tolist() for t in first.spikes.to_lists()] == [[1], [3]]
    assert first.voltage.shape == (2, 1000)
    assert (first.unit, first.dt) == ("pA", 0.1)
