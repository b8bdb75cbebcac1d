"""Address events: what is refused, and that every form of them holds the same events."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lapicque.errors import RecordingError
from lapicque.spikes import Events, SpikeTrains
from lapicque.units import ms, second


@st.composite
def pixels(draw):
    """Events of a small camera, at whole microseconds."""
    shape = draw(st.tuples(st.integers(1, 2), st.integers(1, 6), st.integers(1, 6)))
    times = sorted(draw(st.lists(st.integers(0, 20_000), max_size=30)))
    size = int(np.prod(shape))
    channels = draw(st.lists(st.integers(0, size - 1), min_size=len(times), max_size=len(times)))
    return Events(np.array(times) / 1e3, np.array(channels, int), shape, 20.5 + draw(st.integers(0, 10)))


@given(pixels(), st.sampled_from([0.1, 1.0, 3.0, 100.0]))
def test_counts_are_those_of_a_loop(events, dt):
    counts = events.counts(dt)
    expected = np.zeros_like(counts)
    for t, c in zip(events.microseconds, events.channels, strict=True):
        step = min(int(t) // round(dt * 1e3), len(counts) - 1)
        expected[(step, *np.unravel_index(c, events.shape))] += 1
    assert len(counts) == int(np.ceil(events.duration / dt - 1e-6))
    assert np.array_equal(counts, expected)
    assert np.array_equal(events.to_spike_array(dt), expected > 0)


@given(pixels())
def test_every_form_gives_the_events_back(events):
    again = Events.from_pixels(
        events.times, events.x, events.y, events.polarity, shape=events.shape, duration=events.duration
    )
    assert again == events
    assert np.array_equal(np.array(events.microseconds) / 1e3, events.times)
    trains = events.to_trains()
    assert (len(trains), trains.counts.sum()) == (events.size, len(events))
    there = Events.from_trains(trains, events.shape)
    order = np.lexsort((events.channels, events.times))
    back = np.lexsort((there.channels, there.times))
    assert np.array_equal(there.channels[back], events.channels[order])
    assert np.array_equal(there.times[back], events.times[order])


@given(pixels(), st.integers(1, 4))
def test_downsampling_keeps_every_event(events, factor):
    less = events.downsample(factor)
    assert np.array_equal(less.times, events.times)
    assert np.array_equal(less.x, events.x // factor)
    assert np.array_equal(less.y, events.y // factor)
    assert np.array_equal(less.polarity, events.polarity)
    assert less.shape == (events.shape[0], -(-events.shape[1] // factor), -(-events.shape[2] // factor))


@given(pixels())
def test_windows_that_adjoin_share_no_event_and_lose_none(events):
    parts = [events.window(0, 7), events.window(7, 20), events.window(20, events.duration)]
    assert sum(map(len, parts)) == len(events)
    assert np.allclose(np.concatenate([p.times + b for p, b in zip(parts, (0, 7, 20), strict=True)]), events.times)


def test_a_part_of_the_picture():
    events = Events.from_pixels([1, 2, 3], x=[0, 2, 3], y=[1, 2, 2], polarity=[0, 1, 1], shape=(2, 4, 4))
    part = events.crop(y=(2, 4), x=(1, 4))
    assert (part.shape, part.duration) == ((2, 2, 3), 3)
    assert (part.x.tolist(), part.y.tolist(), part.polarity.tolist()) == ([1, 2], [0, 0], [1, 1])
    assert part.unsigned().shape == (2, 3)
    with pytest.raises(RecordingError, match="x from 2 to 5 is not within 0 to 4"):
        events.crop(y=(0, 4), x=(2, 5))


def test_arrays_of_spikes_become_events_and_back():
    counts = np.random.default_rng(1).poisson(0.3, (20, 2, 3, 4))
    events = Events.from_array(counts, dt=0.1)
    assert (len(events), events.shape, events.duration) == (counts.sum(), (2, 3, 4), 2.0)
    assert np.array_equal(events.counts(0.1), counts)
    assert Events.from_array(np.zeros((5, 2), bool), dt=1).duration == 5
    for dtype in (torch.float32, torch.bfloat16):  # of a layer, with gradients
        spikes = torch.tensor([[0, 1], [1, 0]], dtype=dtype, requires_grad=True)
        assert Events.from_array(spikes, dt=1) == Events([0, 1], [1, 0], 2, 2)
    with pytest.raises(RecordingError, match="whole numbers from 0 on"):
        Events.from_array([[0.5]], dt=1)
    with pytest.raises(RecordingError, match="whole numbers from 0 on"):
        Events.from_array([[np.nan]], dt=1)
    with pytest.raises(RecordingError, match=r"\(step, \*shape\) is expected"):
        Events.from_array([1, 0], dt=1)


def test_units_and_defaults():
    events = Events([0.001, 0.002] * second, [0, 1], shape=2)
    assert events.times.tolist() == [1, 2]
    assert events.duration == 2
    assert events.window("1 ms", 2 * ms).times.tolist() == [0, 1]
    assert Events([], [], shape=3).duration == 0
    assert Events([], [], shape=3, duration=4).counts(1).shape == (4, 3)
    assert Events([0.0], [1], shape=3).counts(1).tolist() == [[0, 1, 0]]  # an event at 0 needs a step
    assert repr(Events([0], [0], 1)) == "Events(1 event on 1 channel, 0 ms)"
    assert Events([1], [0], 1) != Events([1], [0], 1, 2)


def test_arrays_cannot_be_written_to_and_are_no_views():
    times, channels = np.array([1.0, 2.0]), np.array([0, 1])
    events = Events(times, channels, 2)
    times[0] = channels[0] = 5
    assert (events.times[0], events.channels[0]) == (1, 0)
    with pytest.raises(ValueError, match="read-only"):
        events.times[0] = 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([2.0, 1.0], [0, 0], 1), r"event 1 \(1 ms\) comes before its predecessor: sort .*argsort"),
        (([-1.0, 1.0], [0, 0], 1), r"event 0 \(-1 ms\) is before 0: subtract"),
        (([1.0, np.nan], [0, 0], 1, 5), r"event 1 \(nan ms\) is not finite"),
        (([1.0, 9.0], [0, 0], 1, 5), r"event 1 \(9 ms\) is after the recording's end at 5 ms"),
        (([1.0], [3], (1, 3)), r"event 0 is on channel 3, but shape \(1, 3\) has channels 0 to 2"),
        (([1.0], [-1], 3), "event 0 is on channel -1"),
        (([1.0], [0.0], 3), "channels of events must be integers, not float64"),
        (([1.0, 2.0], [0], 3), "must be rows as long"),
        (([1.0], [0], (0, 3)), "holds no channel"),
        (([1.0], [0], 3, np.inf), "duration of events is inf ms"),
        (([1.0], [0], 3, -1), "duration of events is -1 ms"),
    ],
)
def test_bad_events_are_refused(arguments, words):
    with pytest.raises(RecordingError, match=words):
        Events(*arguments)


def test_bad_pixels_are_refused():
    with pytest.raises(RecordingError, match=r"event 1 has x 4, but shape \(2, 2, 4\) has 0 to 3"):
        Events.from_pixels([1, 2], x=[0, 4], y=[0, 0], polarity=[0, 0], shape=(2, 2, 4))
    with pytest.raises(RecordingError, match=r"event 1 has y 0\.5, but pixels have whole numbers"):
        Events.from_pixels([1, 2], x=[0, 3], y=[0, 0.5], shape=(2, 4))
    with pytest.raises(RecordingError, match="event 0 has x nan, but pixels have whole numbers"):
        Events.from_pixels([1], x=[np.nan], y=[0], shape=(2, 4))
    with pytest.raises(RecordingError, match=r"that have \(y, x\) must have 2 axes"):
        Events.from_pixels([1], x=[0], y=[0], shape=(2, 2, 4))
    with pytest.raises(RecordingError, match="as long as each other"):
        Events.from_pixels([1], x=[0, 1], y=[0], shape=(2, 4))


def test_requests_that_make_no_sense_are_refused():
    events = Events([1.0], [0], 3, 5)
    for call, words in (
        (lambda: events.counts(0), "dt must be positive, not 0 ms"),
        (lambda: events.window(2, 9), "2 to 9 ms is not within the recording, 0 to 5 ms"),
        (lambda: events.y, r"events of shape \(3,\) have no y"),
        (lambda: events.downsample(2), "have no rows and columns"),
        (lambda: Events([1.0], [0], (2, 2)).downsample(1.5), "factor is 1.5, but a positive integer"),
    ):
        with pytest.raises(RecordingError, match=words):
            call()
    with pytest.raises(RecordingError, match="2 trials are as many recordings"):
        Events.from_trains(SpikeTrains.from_lists([[1], [2]], t_stop=5, shape=(2, 1)))
    with pytest.raises(RecordingError, match="does not hold 2 trains"):
        Events.from_trains(SpikeTrains.from_lists([[1], [2]], t_stop=5), shape=3)


def test_an_array_of_no_steps_has_no_events():
    events = Events.from_array(np.zeros((0, 2, 3)), dt=1)
    assert (len(events), events.shape, events.duration) == (0, (2, 3), 0)


def test_masked_times_are_no_events():
    with pytest.raises(RecordingError, match="times of events hide 1 masked values"):
        Events(np.ma.array([1.0, 2.0], mask=[False, True]), [0, 0], shape=1)
