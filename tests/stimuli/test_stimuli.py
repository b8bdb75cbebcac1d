"""What each stimulus gives, as the reference interpreter reads it, against the formula; and what is refused."""

import re

import numpy as np
import pytest

import lapicque as lq
from lapicque import stimuli
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model.stimulus import Callback, Drive, PoissonInput, Samples
from lapicque.units import Hz, ms, mV, nA, pA

DT = 0.1
CELL = lq.Neuron("dv/dt = i_ext/(1000*pF) : mV\ni_ext : pA (input)", name="cell")


def given(stimulus, n=1, duration=100, part=slice(None), **options):
    """Times and the values of the input, (time, neuron)."""
    net = lq.Network()
    cells = net.population(CELL, n, name="cells")
    net.stimulate(cells[part], "i_ext", stimulus)
    net.record(cells, "i_ext", name="trace")
    trace = next(iter(lq.simulate(net, duration, dt=DT, reference=True, **options).traces.values()))
    return np.asarray(trace.times), np.asarray(trace.values)


def test_constant_of_each_neuron():
    _, found = given([1, 2, 3] * pA, n=3, duration=1)
    np.testing.assert_array_equal(found[-1], [1, 2, 3])
    _, found = given(2 * nA, n=3, duration=1, part=slice(1, None))
    np.testing.assert_array_equal(found[-1], [0, 2000, 2000])


def test_step_is_there_from_its_start_until_its_stop():
    t, found = given(stimuli.step("100 pA", start="20 ms", stop=50.7))
    np.testing.assert_array_equal(found[:, 0], np.where((t > 19.95) & (t < 50.65), 100, 0))
    t, found = given(stimuli.step("100 pA", start=0.3))
    np.testing.assert_array_equal(found[:, 0], np.where(t > 0.25, 100, 0))


@pytest.mark.parametrize("start", [0.3, 0.7, 5.7, 8.2, 16.1])
def test_times_that_are_multiples_of_the_step_fall_into_it(start):
    """0.3 is not 3 times 0.1 in floating point."""
    _, found = given(stimuli.step(1, start=start, stop=start + 1.1), duration=20)
    assert np.flatnonzero(found[:, 0]).tolist() == list(range(round(start / DT), round(start / DT) + 11))


def test_pulses():
    t, found = given(stimuli.pulse("1 nA", start=10, duration=2, period=25, n=3))
    on = np.zeros(len(t), bool)
    for first in (10, 35, 60):
        on |= (t > first - 0.05) & (t < first + 1.95)
    np.testing.assert_array_equal(found[:, 0], np.where(on, 1000, 0))
    _, found = given(stimuli.pulse("1 nA", start=10, duration=2))
    assert np.count_nonzero(found) == 20


def test_ramp():
    t, found = given(stimuli.ramp("10 pA", "110 pA", start=20, stop=70))
    np.testing.assert_allclose(found[:, 0], np.interp(t, [20, 70], [10, 110]), atol=1e-10)


def test_sine():
    t, found = given(stimuli.sine("50 pA", 10 * Hz, phase=0.5, offset="20 pA"))
    np.testing.assert_allclose(found[:, 0], 20 + 50 * np.sin(2 * np.pi * 0.01 * t + 0.5), atol=1e-10)


def test_the_frequency_of_a_chirp_rises_evenly():
    t, found = given(stimuli.chirp(2, "10 Hz", "50 Hz", start=10, stop=90, offset=1))
    s = t - 10
    wave = 2 * np.sin(2 * np.pi * (0.010 * s + 0.040 * s**2 / (2 * 80)))
    np.testing.assert_allclose(found[:, 0], 1 + np.where((t > 9.95) & (t < 89.95), wave, 0), atol=1e-9)


def test_function_of_time_and_parameters():
    t, found = given(stimuli.function("a*t/tau", a=[1, 2] * pA, tau="5 ms"), n=2)
    np.testing.assert_allclose(found, t[:, None] / 5 * [1, 2], atol=1e-10)


def test_function_reads_the_target():
    _, found = given(stimuli.function("g*(0*mV - v)", g="2 nS"), duration=1)
    assert found[0] == 0.0


def test_samples_hold_until_the_next():
    _, found = given(stimuli.array([1, 2, 3], dt=0.2, start=0.1, after="zero"), duration=1)
    assert found[:, 0].tolist() == [0, 1, 1, 2, 2, 3, 3, 0, 0, 0]
    _, found = given(stimuli.array([[1, 10], [2, 20]] * nA, dt=0.2, after="hold"), n=2, duration=0.6)
    assert found.tolist() == [[1000, 10000]] * 2 + [[2000, 20000]] * 4


@pytest.mark.parametrize(("after", "wanted"), [("zero", [0, 0]), ("hold", [2, 2]), ("repeat", [1, 1])])
def test_what_comes_after_the_samples(after, wanted):
    samples = stimuli.array([1, 2], dt=0.2, after=after)
    assert samples.rows(np.arange(4, 6), 0.1, pA)[:, 0].tolist() == wanted


def test_noise_has_the_moments_that_it_says():
    n, mean, sd, tau = 500, 300.0, 100.0, 3.0
    t, found = given(stimuli.ornstein_uhlenbeck(mean * pA, sd * pA, tau * ms), n=n, duration=60, seed=1)
    assert (found[0] == mean).all()
    late = found[t > 20]
    assert abs(late.mean() - mean) < 5 * sd / np.sqrt(n)
    assert abs(late.std() - sd) < 0.05 * sd
    lag = round(tau / DT)
    correlation = ((late[:-lag] - mean) * (late[lag:] - mean)).mean() / sd**2
    assert abs(correlation - np.exp(-1)) < 0.05


def test_white_noise_does_not_depend_on_the_step():
    noise = stimuli.white_noise("10 pA", "5 pA", tau="2 ms")
    _, found = given(noise, n=400, duration=20, seed=2)
    assert abs(found.mean() - 10) < 0.3
    assert abs(found.std() - 5 * np.sqrt(2 * 2 / DT)) < 0.2
    assert abs((found[1:] * found[:-1]).mean() - 100) < 5


def test_each_neuron_has_mean_and_spread_of_its_own():
    noise = stimuli.ornstein_uhlenbeck([0, 100] * pA, [0, 0] * pA, 3 * ms)
    _, found = given(noise, n=2, duration=1)
    assert found[-1].tolist() == [0, 100]


# -- Poisson ---------------------------------------------------------------------------------------------------------


def test_rates_of_a_poisson_input():
    steps = np.arange(4)
    constant = stimuli.poisson("20 Hz", "1 mV", n=10)
    np.testing.assert_allclose(constant.rates(steps, 0.1), np.full((4, 1), 0.2))
    assert constant.constant
    each = stimuli.poisson([10, 20], 1)
    np.testing.assert_allclose(each.rates(steps, 0.1), [[0.01, 0.02]] * 4)
    sampled = stimuli.poisson([10, 20], 1, dt=0.2, after="hold")
    np.testing.assert_allclose(sampled.rates(steps, 0.1)[:, 0], [0.01, 0.01, 0.02, 0.02])
    assert not sampled.constant
    moving = stimuli.poisson("20*Hz*(1 + t/(0.1*ms))", 1)
    np.testing.assert_allclose(moving.rates(steps, 0.1)[:, 0], [0.02, 0.04, 0.06, 0.08])
    flat = stimuli.poisson("2*10*Hz", 1)
    np.testing.assert_allclose(flat.rates(steps, 0.1)[:, 0], [0.02] * 4)


def test_a_rate_that_becomes_negative_is_refused():
    falling = stimuli.poisson("20*Hz*(1 - t/(0.1*ms))", 1)
    with pytest.raises(SimulationError, match=r"the rate of the Poisson input is -20 Hz at 0.2 ms"):
        falling.rates(np.arange(4), 0.1)


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "kind", "shown"),
    [
        (stimuli.array([1, 2] * pA, dt=1, start=5), Samples, "array(<2 values> in pA, dt=1 ms, start=5 ms)"),
        (stimuli.callable(abs), Callback, "callable(abs)"),
        (stimuli.function("a*t/ms", a="5 pA"), Drive, "function('a*t/ms', a=5 pA)"),
        (stimuli.poisson("20*Hz*sin(t/ms)**2", "1 mV"), PoissonInput, "poisson('20*Hz*sin(t/ms)**2', w=1 mV)"),
        (stimuli.poisson([1, 2], 1, n=3), PoissonInput, "poisson(<2 values> Hz, w=1, n=3)"),
        (stimuli.poisson([1, 2], 1, dt=1), PoissonInput, "poisson(array(<2 values> in Hz, dt=1 ms), w=1)"),
        (stimuli.step(1 * pA, 5), Drive, "step(amplitude=1 pA, start=5)"),
    ],
)
def test_repr(made, kind, shown):
    assert isinstance(made, kind)
    assert repr(made) == shown


WRONG = [
    (lambda: stimuli.poisson(-1, 1), "the rate is -1 Hz, but it must be finite and not negative"),
    (lambda: stimuli.poisson([1, -1], 1, dt=1), "the rate is -1 Hz, but it cannot be negative"),
    (
        lambda: stimuli.poisson(1, 1, n=0),
        "n, the number of sources, is 0, but a whole number from 1 upward is expected",
    ),
    (
        lambda: stimuli.poisson([[1]], 1),
        "the rate has shape (1, 1): give one value, one a neuron, or samples over time with their dt",
    ),
    (lambda: stimuli.poisson("20*Hz*rand()", 1), "rand() has no meaning in a rate"),
    (
        lambda: stimuli.poisson("20*Hz*i", 1),
        "'i' has no meaning in a rate: give an array with one value a neuron",
    ),
    (lambda: stimuli.poisson(1, float("inf")), "w of poisson() is not finite"),
    (lambda: stimuli.array([1, float("nan")]), "the array is nan at [1]: finite numbers are expected"),
    (lambda: stimuli.array([1], dt=0), "dt is 0 ms: a positive time is expected"),
    (lambda: stimuli.array([1], after="x"), "after is 'x', but 'error', 'zero', 'hold' or 'repeat' is expected"),
    (
        lambda: stimuli.array(5),
        "the array has shape (): one value a time, (time,), or a matrix (time, neuron) is expected",
    ),
    (lambda: stimuli.function("a +"), "the expression ends with '+'"),
    (lambda: stimuli.function(5), "an expression of t is a text, not int"),
    (lambda: stimuli.callable(5), "a function of the time is expected, not 5: for an expression use function()"),
    (lambda: stimuli.pulse(1, 1, 1, n=2), "2 pulses need a period: from the beginning of one to that of the next"),
    (lambda: stimuli.pulse(1, 1, 2, 1, n=2), "the period of the pulses, 1, is not longer than they are, 2"),
    (
        lambda: stimuli.pulse(1, 1, 2, n=1.5),
        "n, the number of pulses, is 1.5, but a whole number from 1 upward is expected",
    ),
    (lambda: stimuli.ramp(1, 2, 5, 5), "the ramp stops at 5, which is not after its start, 5"),
    (lambda: stimuli.chirp(1, 2, 5, 5, 5), "the chirp stops at 5, which is not after its start, 5"),
    (lambda: stimuli.step(float("inf"), 1), "amplitude of step() is not finite"),
]


@pytest.mark.parametrize(("make", "message"), WRONG)
def test_refused(make, message):
    with pytest.raises(ModelError, match=re.escape(message)):
        make()


def test_units_are_checked():
    for make in (
        lambda: stimuli.poisson("1 mV", 1),
        lambda: stimuli.poisson("20*mV*t", 1),
        lambda: stimuli.array([1], start="1 mV"),
        lambda: stimuli.array("abc"),
        lambda: stimuli.ornstein_uhlenbeck("x", 1, 1),
        lambda: stimuli.ramp(1, 2, 1 * mV, 2),
    ):
        with pytest.raises(UnitError):
            make()


def test_the_times_of_an_array_fit_the_run():
    with pytest.raises(SimulationError, match=r"the dt of the array is 0.25 ms, no multiple of the run's dt of 0.1 ms"):
        stimuli.array([1, 2], dt=0.25).steps(0.1)
    with pytest.raises(SimulationError, match=r"the dt of the array is 0.01 ms, no multiple of the run's dt of 0.1 ms"):
        stimuli.array([1, 2], dt=0.01).steps(0.1)
    with pytest.raises(SimulationError, match=r"ends at 0.4 ms, but the run lasts 1 ms: give more samples, or say"):
        stimuli.array([1, 2], dt=0.2).check_length(10, 0.1)
    stimuli.array([1, 2], dt=0.2).check_length(4, 0.1)
    assert stimuli.array([1, 2]).steps(0.1) == (1, 0)
