import pickle

import numpy as np
import pytest

from lapicque.errors import RecordingError, UnitError
from lapicque.spikes import SpikeTrains, bursts, network_bursts
from lapicque.units import ms, second


@pytest.fixture
def grid():
    """Two trials of three neurons."""
    lists = [[1, 5, 9], [], [2.5], [4, 4], [10], [0, 10]]
    return SpikeTrains.from_lists(lists, t_stop=10, shape=(2, 3), trials=["one", "two"], neurons="abc")


def test_what_it_holds(grid):
    np.testing.assert_array_equal(grid.times, [1, 5, 9, 2.5, 4, 4, 10, 0, 10])
    np.testing.assert_array_equal(grid.offsets, [0, 3, 3, 4, 6, 7, 9])
    np.testing.assert_array_equal(grid.counts, [3, 0, 1, 2, 1, 2])
    np.testing.assert_allclose(grid.rate(), [300, 0, 100, 200, 100, 200])
    assert (len(grid), grid.shape, grid.duration, grid.unit) == (6, (2, 3), 10.0, "ms")
    assert (grid.trials, grid.neurons) == (("one", "two"), ("a", "b", "c"))
    assert [list(times) for times in grid.to_lists()] == [[1, 5, 9], [], [2.5], [4, 4], [10], [0, 10]]


def test_selection_of_trains(grid):
    assert list(grid[3].times) == [4, 4]
    assert (grid[3].trials, grid[3].neurons) == (("two",), ("a",))
    assert grid[-1] == grid[1, 2] == grid[-1, -1]
    assert grid[1].shape == grid[0, 1].shape == (1, 1)
    assert grid[:, 1].to_lists()[1] == [10]
    assert grid[:, 1].shape == (2, 1)
    some = grid[1, [2, 0]]
    assert (some.shape, some.neurons) == ((1, 3 - 1), ("c", "a"))
    assert [list(times) for times in some.to_lists()] == [[0, 10], [4, 4]]
    assert grid[:, grid.counts[:3] > 0].neurons == ("a", "c")
    assert grid[0, :][1:].neurons == ("b", "c")
    assert grid[:, 0][[True, False]].trials == ("one",)
    assert [list(train.times) for train in grid] == [list(times) for times in grid.to_lists()]
    assert len(grid[:0, :]) == 0


def test_selection_that_does_not_exist(grid):
    with pytest.raises(RecordingError, match="no 6 among 6"):
        grid[6]
    with pytest.raises(RecordingError, match="no 3 among 3"):
        grid[0, 3]
    with pytest.raises(RecordingError, match=r"shape \(2, 3\).*\[trials, neurons\]"):
        grid[1:3]
    with pytest.raises(RecordingError, match="got 3 indices"):
        grid[0, 0, 0]


def test_windows_that_adjoin_share_no_spike(grid):
    parts = [grid.window(0, 4), grid.window(4, 9), grid.window(9, 10)]
    assert sum(len(part.times) for part in parts) == len(grid.times)
    assert [len(part.times) for part in parts] == [3, 3, 3]
    assert parts[1].duration == 5
    assert parts[1].neurons == grid.neurons
    with pytest.raises(RecordingError, match=r"0 to 11 ms reaches beyond the trains' own, 0 to 10 ms"):
        grid.window(0, 11)


def test_shift_moves_the_window_as_well(grid):
    moved = grid.shift(0.002 * second)
    np.testing.assert_array_equal(moved.times, grid.times + 2)
    assert (moved.t_start, moved.t_stop) == (2.0, 12.0)
    assert moved.shift(-2 * ms) == grid


def test_units_of_times():
    expected = SpikeTrains.from_lists([[100.0, 200.0]], t_stop=1000)
    assert SpikeTrains.from_lists([[0.1, 0.2]], t_stop=1, unit="s") == expected
    assert SpikeTrains.from_lists([[100, 200] * ms], t_stop="1 s") == expected
    assert SpikeTrains([100_000, 200_000] * (ms / 1000), [0, 2], 0, 1000) == expected
    assert SpikeTrains.from_lists([[100_000, 200_000]], t_stop=1e6, unit="us") == expected
    with pytest.raises(UnitError, match="spike times"):
        SpikeTrains.from_lists([[1]], t_stop=1, unit="mV")


def test_steps_are_stamped_at_their_beginning():
    trains = SpikeTrains.from_steps(np.array([0, 3, 9_999], np.int32), [0, 2, 3], dt=0.1, t_start=50, t_stop=1050)
    np.testing.assert_allclose(trains.times, [50, 50.3, 1049.9])
    np.testing.assert_array_equal(trains.window(50.1, 1000).steps, [3])
    np.testing.assert_array_equal(trains[1].steps, [9_999])
    assert trains.dt == 0.1
    with pytest.raises(RecordingError, match="integers, not float64; for times use from_lists"):
        SpikeTrains.from_steps([0.5], [0, 1], dt=0.1, t_stop=1)
    with pytest.raises(RecordingError, match="dt must be positive"):
        SpikeTrains.from_steps([1], [0, 1], dt=0, t_stop=1)


def test_its_arrays_cannot_be_written_to():
    times = np.array([1.0, 2.0])
    trains = SpikeTrains(times, [0, 2], 0, 5)
    times[0] = 4.0
    assert list(trains.times) == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        trains.times[0] = 3.0
    with pytest.raises(AttributeError):
        trains.t_stop = 7.0


def test_equality_and_copies(grid):
    assert pickle.loads(pickle.dumps(grid)) == grid
    assert grid != grid.shift(1)
    assert grid != grid.window(0, 9)
    assert grid != SpikeTrains.from_lists(grid.to_lists(), t_stop=10, shape=(2, 3))
    assert grid != "trains"


@pytest.mark.parametrize(
    ("lists", "window", "message"),
    [
        ([[1.0], [3.0, 2.0]], (0, 5), r"spike 1 of train 1 \(2 ms\) comes before its predecessor: .*np.sort"),
        ([[], [1.0, np.nan]], (0, 5), r"spike 1 of train 1 \(nan ms\) is not finite"),
        ([[1.0, 6.0]], (0, 5), r"spike 1 of train 0 \(6 ms\) is outside the window, 0 to 5 ms: set t_start and t_stop"),
        ([[-1.0]], (0, 5), r"spike 0 of train 0 \(-1 ms\) is outside"),
        ([[1.0]], (5, 0), "end after its start: 5.0 to 0.0 ms"),
        ([[1.0]], (0, np.inf), "end after its start: 0.0 to inf ms"),
    ],
)
def test_times_that_cannot_be(lists, window, message):
    with pytest.raises(RecordingError, match=message):
        SpikeTrains.from_lists(lists, t_start=window[0], t_stop=window[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"offsets": [0, 1]}, "offsets must rise from 0 to the number of spikes, 2"),
        ({"offsets": [0, 2, 1, 2]}, "offsets must rise"),
        ({"shape": (2, 2)}, r"shape \(2, 2\) \(trial, neuron\) does not hold 1 trains"),
        ({"neurons": ["a", "b"]}, r"1 trial labels and 2 neuron labels for shape \(1, 1\)"),
        ({"steps": [1]}, "1 steps for 2 spikes"),
        ({"times": [[1.0, 2.0]]}, "one-dimensional; for a list of trains use from_lists"),
    ],
)
def test_parts_that_do_not_fit(arguments, message):
    with pytest.raises(RecordingError, match=message):
        SpikeTrains(**{"times": [1.0, 2.0], "offsets": [0, 2], "t_start": 0, "t_stop": 5, **arguments})


def test_no_train_and_no_spike():
    none = SpikeTrains.from_lists([], t_stop=5)
    assert (len(none), none.shape, repr(none)) == (0, (1, 0), "SpikeTrains(0 spikes in 0 trains, 0 to 5 ms)")
    silent = SpikeTrains.from_lists([[], []], t_stop=5)
    assert list(silent.rate()) == [0, 0]
    moment = SpikeTrains.from_lists([[5.0]], t_start=5, t_stop=5)
    assert not np.isfinite(moment.rate()).any()
    assert repr(moment) == "SpikeTrains(1 spike in 1 train, 5 to 5 ms)"


def test_to_neo_and_back(grid):
    assert SpikeTrains.from_neo(grid.to_neo()) == grid
    segment = grid.to_neo().segments[1]
    assert SpikeTrains.from_neo(segment).to_lists()[0].tolist() == [4, 4]
    assert SpikeTrains.from_neo(list(segment.spiketrains)).neurons == ("a", "b", "c")


def test_neo_in_other_units():
    import neo
    import quantities as pq

    train = neo.SpikeTrain([1.0, 1.5] * pq.s, t_start=0.5 * pq.s, t_stop=2000 * pq.ms)
    found = SpikeTrains.from_neo(train)
    np.testing.assert_allclose(found.times, [1000, 1500])
    assert (found.t_start, found.t_stop, found.neurons) == (500, 2000, (0,))


def test_neo_that_does_not_fit(grid):
    import neo

    block = grid.to_neo()
    block.segments[1].spiketrains.append(block.segments[0].spiketrains[0])
    with pytest.raises(RecordingError, match=r"differ in their number of spike trains, \[3, 4\]"):
        SpikeTrains.from_neo(block)
    trains = [neo.SpikeTrain([1.0], units="ms", t_stop=stop) for stop in (5.0, 6.0)]
    with pytest.raises(RecordingError, match=r"different windows, \[\(0.0, 5.0\), \(0.0, 6.0\)\] ms: cut them"):
        SpikeTrains.from_neo(trains)
    with pytest.raises(RecordingError, match="holds no spike trains"):
        SpikeTrains.from_neo(neo.Segment())


def test_rates_of_a_window_of_no_length_are_undefined():
    trains = SpikeTrains.from_lists([[5, 5, 5], []], t_start=5, t_stop=5)
    found = bursts(trains, max_isi=1)
    for rate in (trains.rate(), found.rate(), network_bursts(found).rate()):
        assert np.isnan(rate).all()


@pytest.mark.parametrize("times", [[10, 40, 70], np.arange(8.0).reshape(2, 2, 2)])
def test_times_that_are_no_list_of_trains_are_refused(times):
    # a flat list would be three trains of one spike
    with pytest.raises(RecordingError, match=r"each train is a list of times: .* write from_lists\(\[times\], ...\)"):
        SpikeTrains.from_lists(times, t_stop=100)


def test_trains_are_no_array(grid):
    for function in (np.asarray, np.mean, lambda x: np.round(x, 1)):
        with pytest.raises(TypeError, match=r"no array: \.times are all of their spikes, \.to_lists\(\) those of each"):
            function(grid)


@pytest.mark.parametrize("broken", [1.7, np.nan])
def test_offsets_and_steps_are_whole_numbers(broken):
    assert SpikeTrains([1, 2, 3], [0.0, 1.0, 3.0], 0, 10).counts.tolist() == [1, 2]
    with pytest.raises(RecordingError, match=f"offsets must be whole numbers, but one is {broken}"):
        SpikeTrains([1, 2, 3], [0, broken, 3], 0, 10)
    with pytest.raises(RecordingError, match=f"steps must be whole numbers, but one is {broken}"):
        SpikeTrains([1, 2, 3], [0, 3], 0, 10, steps=[1, broken, 3], dt=1)


def test_masked_times_are_no_spikes():
    times = np.ma.array([1.0, 2.0], mask=[False, True])
    assert SpikeTrains.from_lists([times.compressed()], t_stop=5).counts.tolist() == [1]
    with pytest.raises(RecordingError, match=r"spike times hide 1 masked values: leave them out by .compressed\(\)"):
        SpikeTrains.from_lists([times], t_stop=5)


@pytest.mark.parametrize("index", [None, True, [[0, 1]], "first", 0.0, 7])
def test_what_is_no_train_is_told(index):
    with pytest.raises(RecordingError, match="among 2 spike trains"):
        SpikeTrains.from_lists([[1], [2]], t_stop=5)[index]


def test_trains_of_neo_in_single_precision():
    neo = pytest.importorskip("neo")
    train = neo.SpikeTrain(np.array([0.1, 0.7], np.float32), units="s", t_stop=np.float32(0.7))
    assert SpikeTrains.from_neo(train).times.tolist() == pytest.approx([100, 700], rel=1e-7)
