"""NumPy archives (.npz) with units in the names of their arrays."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Unpack

import numpy as np

from lapicque.errors import RecordingError, suggest
from lapicque.fit.recording import Recording
from lapicque.io.assembly import Options, assemble
from lapicque.io.channels import Channel, RawSweep
from lapicque.io.files import damaged, require
from lapicque.io.names import refuse_alike, split_name, unit_kind
from lapicque.units import magnitude

NAME = "a NumPy .npz archive"
EXTENSIONS = (".npz",)
_STIMULI, _VOLTAGE = ("current", "stimulus"), "voltage"


def recognises(head: bytes) -> bool:
    r"""Whether a file that begins with these bytes is one, as far as they tell: it is a zip archive.

    Examples
    --------
    >>> recognises(b"PK\x03\x04..."), recognises(b"ABF2")
    (True, False)
    """
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read(path: str | os.PathLike[str], **options: Unpack[Options]) -> Recording:
    """Read an archive whose arrays say what they are, and in which unit, by their names.

    ========================= ============================================== =========================================
    array                     shape                                          meaning
    ========================= ============================================== =========================================
    ``current_pA``            (sample,), (sweep, sample), (set, trial,       what was injected; ``stimulus``, with
                              sample)                                        ``units={"stimulus": "1"}``, for a number
    ``voltage_mV``            as the current                                 membrane potential; optional with spikes
    ``dt_ms``                 ()                                             sampling interval, or ``sampling_rate_Hz``
    ``spike_times_ms``        (spike,)                                       of all trains, one behind the other, in
                                                                             the order of the sweeps; optional
    ``spike_offsets``         (train + 1,)                                   where each train begins; needed for several
    ``set_names``             (set,) or (sweep,), text                       labels, for ``select=``
    ========================= ============================================== =========================================

    Any unit of the right kind may end a name (``current_nA``, ``dt_s``), or be stated in ``units=``. A current with
    fewer dimensions than the voltage, or one current and several spike trains, means repeats of it. Other arrays
    are left alone, unless ``current=`` or ``voltage=`` names them.

    Parameters
    ----------
    path : path
    **options
        See `lapicque.io.read`.

    Returns
    -------
    Recording
        Sets are labelled by their names, else by their numbers; the trials of a set share its label.

    Raises
    ------
    RecordingError
        If the file is no archive, is cut short, or lacks an array, a unit or the right shape.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cell.npz"
    >>> np.savez(
    ...     path,
    ...     current_nA=np.full((2, 1, 5), [[[0.1]], [[0.2]]]),
    ...     dt_ms=0.5,
    ...     spike_times_s=[0.001, 0.002],
    ...     spike_offsets=[0, 0, 2],
    ...     set_names=["low", "high"],
    ... )
    >>> read(path, select="high")
    Recording 'cell': 1 sweep, 1 stimulus, dt 0.5 ms, stimulus in pA
      0  'high' sweep 0: 5 samples (2.5 ms), spikes 2, no voltage
    """
    require(path, recognises, NAME)
    source = os.fspath(path)
    arrays = load_arrays(path)
    try:
        return assemble(_sweeps(arrays, options), source, **options)
    except RecordingError as error:
        raise RecordingError(f"{source}: {error}" if source not in str(error) else str(error)) from None


def load_arrays(
    path: str | os.PathLike[str], split: Callable[[str], tuple[str, str | None]] = split_name
) -> dict[str, tuple[str | None, np.ndarray]]:
    """Arrays of an archive: name without its unit, as ``split`` finds it -> unit, values.

    Raises
    ------
    RecordingError
        If the file is cut short, damaged, or holds Python objects, or two arrays of one name.
    """
    try:
        # NumPy leaves a damaged file open unless it is given an open one
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            loaded = {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError) as error:
        raise damaged(path, NAME, error) from None
    except ValueError:
        raise RecordingError(
            f"{os.fspath(path)!r} holds Python objects, which are not read: save plain arrays"
        ) from None
    arrays: dict[str, tuple[str | None, np.ndarray]] = {}
    names: dict[str, str] = {}
    for name, values in loaded.items():
        stem, unit = split(name)
        refuse_alike(name, names, stem)
        names[stem] = name
        arrays[stem] = (unit, values)
    return arrays


def _sweeps(arrays: Mapping[str, tuple[str | None, np.ndarray]], options: Options) -> list[RawSweep]:
    units = options.get("units") or {}
    signals = _signals(arrays, options)
    if not signals:
        raise RecordingError(
            f"there is no array 'current' or 'stimulus'{suggest('current', arrays)}; there are "
            + ", ".join(map(repr, arrays))
        )
    lead = max((values.shape[:-1] for _, values in signals.values()), key=len)
    dt = _interval(arrays, units)
    trains = _trains(arrays, units, int(np.prod(lead)))
    if not lead and len(trains) > 1:
        lead = (len(trains),)
    columns = {name: _spread(name, values, lead) for name, (_, values) in signals.items()}
    return [
        RawSweep(
            tuple(Channel(name, signals[name][0], rows[k], dt) for name, rows in columns.items()),
            label,
            trains[k] if trains else None,
        )
        for k, label in enumerate(_labels(arrays, lead))
    ]


def _signals(
    arrays: Mapping[str, tuple[str | None, np.ndarray]], options: Options
) -> dict[str, tuple[str | None, Any]]:
    wanted = [options.get("current"), options.get("voltage")]
    return {
        name: (unit, values)
        for name, (unit, values) in arrays.items()
        if values.ndim and values.dtype.kind in "fiu" and (name in (*_STIMULI, _VOLTAGE) or name in wanted)
    }


def _interval(arrays: Mapping[str, tuple[str | None, np.ndarray]], units: Mapping[str, str]) -> float | None:
    for name, kind in (("dt", "time"), ("sampling_rate", "rate")):
        if name not in arrays:
            continue
        stated, values = arrays[name]
        unit = units.get(name, stated)
        if unit is None or unit_kind(unit) != kind or values.size != 1:
            raise RecordingError(
                f"array {name!r} must be one number with a unit of {kind}: name it "
                f"{'dt_ms' if kind == 'time' else 'sampling_rate_Hz'}"
            )
        number = float(values.ravel()[0])
        if not (np.isfinite(number) and number > 0):
            raise RecordingError(f"array {name!r} is {number:g}, but must be positive")
        in_ms = magnitude(f"{number!r} {unit}", "ms" if kind == "time" else "kHz")
        return float(f"{float(in_ms if kind == 'time' else 1 / in_ms):.12g}")
    return None


def _trains(
    arrays: Mapping[str, tuple[str | None, np.ndarray]], units: Mapping[str, str], sweeps: int
) -> list[np.ndarray]:
    if "spike_times" not in arrays:
        return []
    stated, times = arrays["spike_times"]
    unit = units.get("spikes", units.get("spike_times", stated))
    if unit_kind(unit) != "time":
        raise RecordingError(
            "array 'spike_times' has no unit: name it 'spike_times_ms', or state units={'spikes': 'ms'}"
        )
    offsets = arrays.get("spike_offsets", (None, np.array([0, times.size])))[1]
    fits = offsets.ndim == 1 and offsets.size > 1 and offsets[0] == 0 and offsets[-1] == times.size
    if times.ndim != 1 or not fits or np.any(np.diff(offsets) < 0):
        raise RecordingError(
            f"array 'spike_offsets' must rise from 0 to the number of spike times, {times.size}, with one entry more "
            "than there are trains"
        )
    if offsets.size - 1 != sweeps and sweeps > 1:
        raise RecordingError(
            f"'spike_times' holds {offsets.size - 1} trains for {sweeps} sweeps: store 'spike_offsets'"
        )
    in_ms = float(magnitude(f"1 {unit}", "ms"))
    return [np.asarray(train, dtype=float) * in_ms for train in np.split(times, offsets[1:-1])]


def _spread(name: str, values: np.ndarray, lead: tuple[int, ...]) -> np.ndarray:
    own = values.shape[:-1]
    if own != lead[: len(own)]:
        raise RecordingError(f"array {name!r} has shape {values.shape}, which does not fit {lead} (set, trial) sweeps")
    missing = lead[len(own) :]
    spread = np.broadcast_to(values.reshape(*own, *([1] * len(missing)), values.shape[-1]), (*lead, values.shape[-1]))
    return spread.reshape(-1, values.shape[-1])


def _labels(arrays: Mapping[str, tuple[str | None, np.ndarray]], lead: tuple[int, ...]) -> list[str]:
    sets = lead[0] if lead else 1
    names = [str(k) for k in range(sets)]
    if "set_names" in arrays:
        names = [str(name) for name in np.atleast_1d(arrays["set_names"][1])]
        if len(names) != sets:
            raise RecordingError(f"array 'set_names' holds {len(names)} names for {sets} sets")
    return [name for name in names for _ in range(int(np.prod(lead[1:])))]
