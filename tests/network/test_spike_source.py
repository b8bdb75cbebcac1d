"""Lists of spikes as a population."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import SimulationError
from lapicque.network import SpikeSource
from lapicque.spikes import SpikeTrains
from lapicque.units import second


def test_from_lists_of_times():
    source = SpikeSource.of([[2.5, 1.0], [], [0.3]])
    assert len(source) == 3
    assert source.trains.to_lists()[0].tolist() == [1.0, 2.5]  # in order of time


def test_from_quantities():
    source = SpikeSource.of([np.array([0.001, 0.002]) * second])
    assert source.trains.times.tolist() == [1.0, 2.0]


def test_from_spike_trains():
    trains = SpikeTrains.from_lists([[10, 40], [20]], t_stop=100)
    population = lq.Network().spikes(trains, "input")
    assert population.size == 2
    assert population.neuron.trains is trains
    assert population.model is None
    assert repr(population) == "Population(input: 2 x spikes)"


def test_a_time_belongs_to_the_nearest_step():
    steps, offsets = SpikeSource.of([[0.0, 0.149, 0.16, 0.3]]).steps(0.1)
    assert steps.tolist() == [0, 1, 2, 3]
    assert offsets.tolist() == [0, 4]


def test_steps_of_a_simulation_are_kept():
    trains = SpikeTrains.from_steps([1, 5, 3], [0, 2, 3], dt=0.1, t_stop=1)
    assert SpikeSource.of(trains).steps(0.1)[0].tolist() == [1, 5, 3]
    assert SpikeSource.of(trains).steps(0.05)[0].tolist() == [2, 10, 6]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[-1.0]], "a spike at -1 ms: a simulation begins at 0, shift the trains"),
        (5, "spikes are SpikeTrains, or a list with the times (ms) of each neuron, not 5"),
        ("abc", "spikes are SpikeTrains, or a list with the times (ms) of each neuron, not 'abc'"),
        ([], "the spike source has no neurons: give a list for each, which may be empty"),
        ([[np.nan]], "a spike time is not finite: leave such spikes out"),
        (
            SpikeTrains.from_lists([[1], [2]], t_stop=5, shape=(2, 1)),
            "the spike trains have 2 trials: choose one, trains[0, :]",
        ),
    ],
)
def test_refused(given, message):
    with pytest.raises(SimulationError) as found:
        SpikeSource.of(given)
    assert str(found.value) == message


def test_texts_among_the_times_are_refused():
    with pytest.raises(SimulationError, match=r"the times \(ms\) of each neuron: 'a' is not a quantity"):
        SpikeSource.of([["a"]])


@pytest.mark.parametrize("times", [[1.0, 2.5], np.array([1.0, 2.5]), np.array([0.001, 0.0025]) * second])
def test_a_flat_list_could_be_one_neuron_or_many_and_is_refused(times):
    message = r"neuron 0 has the single time 1 ms: for one neuron with all times write \[times\]"
    with pytest.raises(SimulationError, match=message):
        SpikeSource.of(times)
    assert len(SpikeSource.of([times])) == 1


def test_lists_in_lists_of_times_are_refused():
    with pytest.raises(SimulationError, match=r"neuron 1 has an array of shape \(1, 2\)"):
        SpikeSource.of([[1.0], [[1.0, 2.0]]])


def test_two_spikes_of_a_neuron_in_one_step_are_refused():
    message = r"two spikes of neuron 1, at 1 and 1.01 ms, fall into one step of 0.1 ms"
    with pytest.raises(SimulationError, match=message):
        SpikeSource.of([[1.0], [1.0, 1.01]]).steps(0.1)
