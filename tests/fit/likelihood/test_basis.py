"""Bases of kernels: by their definition, and as the states of a neuron."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError

DT = 0.5
BASES = [
    lq.fit.exponentials("3 ms", "20 ms"),
    lq.fit.raised_cosines(3, "2 ms", "20 ms"),
    lq.fit.rectangles(0, 2, 5, 20),
]


@pytest.mark.parametrize("basis", BASES, ids=repr)
def test_events_are_seen_later_by_their_lag(basis):
    steps, samples = np.array([3, 4, 4, 60]), 100
    naive = np.zeros((samples, len(basis)))
    for k in range(samples):
        for s in steps:
            if k > s:
                naive[k] += basis.values([(k - s) * DT])[0]
    np.testing.assert_allclose(basis.of_events(steps, samples, DT), naive, atol=2e-6)


@pytest.mark.parametrize("basis", BASES, ids=repr)
def test_signals_are_convolved_from_their_own_sample_on(basis):
    signal = np.random.default_rng(1).normal(size=300)
    fine = np.linspace(0, 150, 300 * 200 + 1)
    middles = (fine[1:] + fine[:-1]) / 2
    areas = basis.values(middles).reshape(300, 200, len(basis)).mean(axis=1) * DT
    naive = np.array([np.convolve(signal, column)[:300] for column in areas.T]).T
    found = basis.of_signal(signal, DT)
    assert found.shape == (300, len(basis))
    np.testing.assert_allclose(found, naive, atol=2e-3 * np.abs(naive).max())


def test_exponentials_are_the_states_of_a_neuron():
    """Low-passed inputs and traces of spikes, in the steps in which a threshold is tested."""
    cell = lq.Neuron(
        """
        dx/dt = i_ext - x/tau : pA*ms
        dh/dt = -h/tau : 1
        i_ext : pA (input)
        """,
        threshold="hazard(40*Hz)",
        reset="h += 1",
        parameters=dict(tau="7 ms"),
    )
    current = np.random.default_rng(2).normal(0, 10, 2000)
    answer = lq.simulate(cell, 2000 * DT, dt=DT, inputs={"i_ext": current}, record=["x", "h"], seed=3)
    basis = lq.fit.exponentials("7 ms")
    steps = answer.spikes.steps
    assert len(steps) > 20
    spiked = np.isin(np.arange(2000), steps)
    # recorded at the beginning of the next step, which is after the jump where there was a spike
    np.testing.assert_allclose(basis.of_signal(current, DT)[:-1, 0], answer.traces["x"].values[1:, 0], atol=1e-9)
    np.testing.assert_allclose(
        (basis.of_events(steps, 2000, DT)[:, 0] + spiked)[:-1], answer.traces["h"].values[1:, 0], atol=1e-9
    )


def test_raised_cosines_add_up_to_a_constant_between_the_inner_peaks():
    basis = lq.fit.raised_cosines(6, "1 ms", "100 ms", offset="3 ms")
    peaks = np.array([float(label.split()[0]) for label in basis.labels])
    np.testing.assert_allclose(basis.values(peaks).max(axis=1), 1, atol=1e-4)
    inner = np.linspace(peaks[1], peaks[-2], 50)
    np.testing.assert_allclose(basis.values(inner).sum(axis=1), 2, atol=1e-9)
    assert not basis.values([basis.length + 0.1, -1.0]).any()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: lq.fit.exponentials(), "at least 1"),
        (lambda: lq.fit.exponentials(10, 10), "rise"),
        (lambda: lq.fit.exponentials(0), "positive"),
        (lambda: lq.fit.exponentials(np.nan), "positive"),
        (lambda: lq.fit.raised_cosines(1, 1, 10), "at least 2"),
        (lambda: lq.fit.raised_cosines(3, 10, 1), "rise"),
        (lambda: lq.fit.raised_cosines(3, 1, 10, offset=0), "offset"),
        (lambda: lq.fit.rectangles(0), "at least 2"),
        (lambda: lq.fit.rectangles(-1, 3), "positive"),
    ],
)
def test_impossible_bases_are_refused(make, what):
    with pytest.raises(FitError, match=what):
        make()


def test_times_have_units():
    with pytest.raises(lq.errors.UnitError):
        lq.fit.exponentials("10 mV")
