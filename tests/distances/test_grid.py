"""Spikes on a grid of steps: which coincide does not depend on the rounding of times."""

import numpy as np
import pytest

from lapicque.distances import coincidence, ensemble_similarity, relevant_time_scale, spike_synchronization
from lapicque.spikes import SpikeTrains

STEPS = [np.sort(np.random.default_rng(k).choice(4000, 150, replace=False)) for k in range(4)]

#: Functions of trains and the length of a step.
MEASURES = {
    "spike_synchronization": lambda t, dt: spike_synchronization().matrix(t),
    "spike_synchronization, mrts": lambda t, dt: spike_synchronization(mrts=40 * dt).matrix(t),
    "spike_synchronization, longest": lambda t, dt: spike_synchronization(7 * dt).matrix(t),
    "spike_synchronization, in time": lambda t, dt: spike_synchronization().profile(t).values,
    "spike_synchronization, order": lambda t, dt: spike_synchronization().order(t).values,
    "spike_synchronization, directions": lambda t, dt: spike_synchronization().directionality(t),
    "coincidence": lambda t, dt: coincidence(7 * dt).matrix(t),
    "coincidence, inclusive": lambda t, dt: coincidence(3 * dt, counting="inclusive").matrix(t),
    "ensemble_similarity": lambda t, dt: ensemble_similarity(t[:, :2], t[:, 2:], 7 * dt),
    "relevant_time_scale": lambda t, dt: relevant_time_scale(t) / dt,
}


@pytest.mark.parametrize("hours", [0, 0.001, 30])
@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_grid_of_tenths_is_one_of_whole_numbers(measure, hours):
    def on_grid(dt, before=0):
        lists = [(steps + before) * dt for steps in STEPS]
        return SpikeTrains.from_lists(lists, t_start=before * dt, t_stop=(before + 4000) * dt)

    exact = measure(on_grid(1.0), 1.0)
    found = measure(on_grid(0.1, before=int(hours * 36_000_000 + 7)), 0.1)
    np.testing.assert_allclose(found, exact, rtol=1e-6)


def test_nobody_leads_by_rounding():
    # as a file says it, and as a simulation does: 0.3 and 3 * 0.1 ms
    said, made = np.array([0.3, 1.2]), np.array([3, 12]) * 0.1
    assert (said != made).all()
    trains = SpikeTrains.from_lists([said, made], t_stop=2)
    np.testing.assert_array_equal(spike_synchronization().order(trains).values, 0)
    np.testing.assert_array_equal(spike_synchronization().directionality(trains), 0)
