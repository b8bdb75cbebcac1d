"""Spike trains to and from Neo: units are read from its quantities, labels from its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lapicque.errors import RecordingError
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

if TYPE_CHECKING:
    import neo


def from_neo(source: Any) -> SpikeTrains:
    """Spike trains from a Neo Block, Segment, SpikeTrain, or a sequence of SpikeTrains.

    Parameters
    ----------
    source : neo.Block, neo.Segment, neo.SpikeTrain or sequence of neo.SpikeTrain
        The segments of a block are trials; the trains of a segment are neurons.

    Returns
    -------
    SpikeTrains

    Raises
    ------
    RecordingError
        If the segments hold different numbers of trains, or the trains have different windows.
    """
    segments = [_trains_of(segment) for segment in getattr(source, "segments", [source])]
    widths = {len(trains) for trains in segments}
    if len(widths) > 1:
        raise RecordingError(
            f"the segments differ in their number of spike trains, {sorted(widths)}: convert them apart"
        )
    trains = [train for segment in segments for train in segment]
    windows = {(float(magnitude(t.t_start, "ms")), float(magnitude(t.t_stop, "ms"))) for t in trains}
    if len(windows) != 1:
        what = f"different windows, {sorted(windows)} ms: cut them by time_slice" if windows else "no spike trains"
        raise RecordingError(f"a container of spike trains has one window; Neo's object holds {what}")
    [(t_start, t_stop)] = windows
    return SpikeTrains.from_lists(
        # converted in double precision, whatever they are held in
        [magnitude(train.magnitude.astype(float) * train.units, "ms") for train in trains],
        t_start=t_start,
        t_stop=t_stop,
        shape=(len(segments), widths.pop()),
        trials=_labels(getattr(source, "segments", [])),
        neurons=_labels(segments[0]),
    )


def to_neo(trains: SpikeTrains) -> neo.Block:
    """Neo's Block of spike trains: one Segment a trial, one SpikeTrain a neuron, in ms, named by their labels."""
    import neo

    block = neo.Block()
    for trial, label in enumerate(trains.trials):
        segment = neo.Segment(name=str(label), index=trial)
        for neuron, name in enumerate(trains.neurons):
            times = trains[trial, neuron].times.copy()
            train = neo.SpikeTrain(times, units="ms", t_start=trains.t_start, t_stop=trains.t_stop, name=str(name))
            segment.spiketrains.append(train)
        block.segments.append(segment)
    return block


def _trains_of(source: Any) -> list[Any]:
    if hasattr(source, "spiketrains"):
        return list(source.spiketrains)
    return [source] if hasattr(source, "t_stop") else list(source)


def _labels(named: Sequence[Any]) -> list[str] | None:
    names = [getattr(thing, "name", None) for thing in named]
    return [str(name) for name in names] if names and all(names) else None
