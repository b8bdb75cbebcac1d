"""Neo's objects to recordings and back; through them, every file that Neo reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from lapicque.errors import RecordingError
from lapicque.fit.recording import Recording
from lapicque.io.assembly import Options, assemble
from lapicque.io.channels import RawSweep
from lapicque.io.files import file_head
from lapicque.io.neo_signals import channels_of, close_files
from lapicque.units import magnitude

if TYPE_CHECKING:
    import neo

NAME = "a file that Neo reads"
#: None: files are read through this leaf on demand only, since Neo claims nearly every extension.
EXTENSIONS: tuple[str, ...] = ()


def recognises(head: bytes) -> bool:
    """Never: see `EXTENSIONS`.

    Examples
    --------
    >>> recognises(b"anything")
    False
    """
    return False


def read(path: str | os.PathLike[str], **options: Unpack[Options]) -> Recording:
    """Read a file of any format that Neo knows by its extension (Spike2, AxoGraph, WinWCP ...): a segment is a sweep.

    Parameters
    ----------
    path : path
    **options
        See `lapicque.io.read`.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        If Neo does not know the extension (pickles are refused) or cannot read the file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cell.xyz"
    >>> _ = path.write_text("?")
    >>> read(path)
    Traceback (most recent call last):
    ...
    lapicque.errors.RecordingError: Neo knows no format with the extension '.xyz' of '...cell.xyz'
    """
    return from_neo(read_block(path), source=os.fspath(path), **options)


def formats_of(path: str | os.PathLike[str]) -> list[Any]:
    """Neo's readers of files with this extension, but for pickles, which run whatever code they hold.

    Examples
    --------
    >>> "Spike2IO" in [kind.__name__ for kind in formats_of("cell.smr")], formats_of("cell.xyz")
    (True, [])
    """
    import neo

    extension = os.path.splitext(os.fspath(path))[1][1:].lower()
    known = [kind for kind in neo.io.iolist if extension and extension in getattr(kind, "extensions", ())]
    return [kind for kind in known if kind is not neo.io.PickleIO]


def read_block(path: str | os.PathLike[str]) -> neo.Block:
    """Read a file by Neo's reader for its extension.

    Raises
    ------
    RecordingError
        If Neo does not know the extension (pickles are refused) or cannot read the file.
    """
    file_head(path)
    source = os.fspath(path)
    extension = os.path.splitext(source)[1]
    formats = formats_of(path)
    if not formats:
        raise RecordingError(f"Neo knows no format with the extension {extension!r} of {source!r}")
    reader = None
    try:
        reader = formats[0](source)
        return reader.read_block()
    except Exception as error:  # every reader of Neo's has errors of its own
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise RecordingError(
            f"{source!r} cannot be read by Neo's {formats[0].__name__} ({reason}): is it complete, and what "
            "its name says?"
        ) from None
    finally:
        close_files(reader)


def from_neo(source_object: Any, *, source: str = "", **options: Unpack[Options]) -> Recording:
    """Recording of a Neo Block or Segment: each segment is a sweep, its signals are channels with units.

    The current is the signal in amperes, the voltage the one in volts, the spikes the segment's spike train, where it
    has one and `detect` is not given. Times count from the start of the signals.

    Parameters
    ----------
    source_object : neo.Block or neo.Segment
    source : str
        Where it came from.
    **options
        See `lapicque.io.read`.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        If it is neither, or a segment has no or several possible currents, or several spike trains.

    Examples
    --------
    >>> import neo, quantities as pq
    >>> segment = neo.Segment(name="step")
    >>> segment.analogsignals.append(neo.AnalogSignal([[0.1]] * 4, units="nA", sampling_rate=10 * pq.kHz, name="I"))
    >>> segment.spiketrains.append(neo.SpikeTrain([0.2], units="ms", t_stop=0.4))
    >>> from_neo(segment)[0]
    Sweep('step': 4 samples, 1 spike, no voltage)
    """
    segments = getattr(source_object, "segments", [source_object])
    if not all(hasattr(segment, "analogsignals") for segment in segments):
        raise RecordingError(
            f"a Neo Block or Segment is expected, not {type(source_object).__name__}: spike trains alone are "
            "lq.spikes.SpikeTrains.from_neo(...)"
        )
    title = source or str(source_object.name or "the Neo object")
    notes = dict(source_object.annotations)
    if options.get("units") is None and notes.get("stimulus_unit") == "1":
        options["units"] = {"stimulus": "1"}
    if options.get("name") is None and isinstance(source_object.name, str) and source_object.name:
        options["name"] = source_object.name
    return assemble([_raw(segment, k, title) for k, segment in enumerate(segments)], title, **options)


def _raw(segment: Any, k: int, title: str) -> RawSweep:
    channels = tuple(channel for signal in segment.analogsignals for channel in channels_of(signal))
    label = segment.name if isinstance(segment.name, str) else str(k)
    if len(segment.spiketrains) > 1:
        raise RecordingError(
            f"{title}: segment {label!r} holds {len(segment.spiketrains)} spike trains: keep the one of the recorded "
            "cell in segment.spiketrains; for the spikes of many cells write lq.spikes.SpikeTrains.from_neo(...)"
        )
    spikes = None
    if len(segment.spiketrains) == 1:
        start = channels[0].t_start if channels else 0.0
        spikes = np.asarray(magnitude(segment.spiketrains[0], "ms"), dtype=float) - start
    return RawSweep(channels, label, spikes)


def to_neo(recording: Recording) -> neo.Block:
    """Neo's Block of a recording: a segment per sweep, with its stimulus, its voltage and its spikes.

    Examples
    --------
    >>> from lapicque.fit.recording import Recording, Sweep
    >>> from lapicque.spikes.trains import SpikeTrains
    >>> sweep = Sweep([0.0, 100.0], SpikeTrains.from_lists([[0.1]], t_stop=0.2), label="step")
    >>> block = to_neo(Recording([sweep], 0.1, "pA", name="cell 1"))
    >>> block.segments[0].analogsignals[0].units
    array(1.) * pA
    """
    import neo
    import quantities as pq

    block = neo.Block(name=recording.name, file_origin=recording.source, stimulus_unit=recording.stimulus_unit)
    period = recording.dt * pq.ms
    stimulus_unit = "dimensionless" if recording.stimulus_unit == "1" else recording.stimulus_unit
    for k, sweep in enumerate(recording.sweeps):
        segment = neo.Segment(name=sweep.label, index=k)
        signals = [("stimulus", sweep.stimulus, stimulus_unit)]
        if sweep.voltage is not None:
            signals.append(("voltage", sweep.voltage, "mV"))
        for name, values, unit in signals:
            segment.analogsignals.append(
                neo.AnalogSignal(values[:, None], units=unit, sampling_period=period, t_start=0 * pq.ms, name=name)
            )
        stop = sweep.spikes.t_stop * pq.ms
        segment.spiketrains.append(
            neo.SpikeTrain(sweep.spikes.times.copy(), units="ms", t_start=0 * pq.ms, t_stop=stop)
        )
        block.segments.append(segment)
    return block
