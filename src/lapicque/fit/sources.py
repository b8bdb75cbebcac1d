"""From what a user types to what a fit needs: models, distances, bounds, the demonstration's files."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError, suggest
from lapicque.fit.recording import Recording
from lapicque.model.neuron import Neuron


def find_model(text: str) -> Neuron:
    """Return the model of a catalogue's name, or of ``FILE.py:NAME``.

    Raises
    ------
    FitError
        If there is no such model, with the nearest name.

    Examples
    --------
    >>> find_model("adex").name
    'adex'
    """
    from lapicque import neurons

    path, _, name = text.rpartition(":")
    if not path.endswith(".py"):
        if text.endswith(".py"):
            raise FitError(f"{text}: which model of the file? Write {text}:NAME")
        if text not in neurons.__all__:
            raise FitError(f"unknown model {text!r}{suggest(text, neurons.__all__)}: see 'lapicque models', or write FILE.py:NAME")
        return getattr(neurons, text)
    module = _import(Path(path))
    found = {n: v for n, v in vars(module).items() if isinstance(v, Neuron)}
    if name not in found:
        raise FitError(f"{path} has no neuron {name!r}{suggest(name, found)}; it has {', '.join(found) or 'none'}")
    return found[name]


def _import(path: Path) -> Any:
    if not path.is_file():
        raise FitError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"lapicque_model_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def find_distance(text: str) -> Distance:
    """Return the distance that a text means: ``"coincidence:4ms"``, ``"van_rossum:10ms"``, ``"spike"``.

    Raises
    ------
    FitError
        For an unknown name, with the nearest one.

    Examples
    --------
    >>> find_distance("coincidence:4ms").precision
    4.0
    """
    from lapicque import distances

    name, _, scale = text.partition(":")
    known = [n for n in distances.__all__ if n.islower()]
    if name not in known:
        raise FitError(f"unknown distance {name!r}{suggest(name, known)}. Known: {', '.join(known)}")
    make = getattr(distances, name)
    try:
        return make(scale) if scale else make()
    except TypeError:
        need = "needs a time scale" if not scale else "takes no time scale"
        raise FitError(f"the distance {name} {need}: write {name if scale else name + ':4ms'}") from None


def read_pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE texts as a dictionary.

    Raises
    ------
    FitError
        If a text has no ``=``.

    Examples
    --------
    >>> read_pairs(["c_m=50:400pF"], "--free")
    {'c_m': '50:400pF'}
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise FitError(f"{option} {text!r}: write NAME=VALUE, such as c_m=50:400pF")
        found[name.strip()] = value.strip()
    return found


def default_free(
    neuron: Neuron, recording: Recording, given: dict[str, Any], fixed: set[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return what is free if the user does not say more, and notices about it.

    The model's own ranges, a delay of up to 5 ms, and, where the stimulus has no physical unit, its scale and offset:
    the scale may turn the stimulus' standard deviation into 10 pA to 3 nA.
    """
    free: dict[str, Any] = {name: bounds for name, bounds in neuron.ranges.items() if name not in fixed}
    free["delay"] = ("0 ms", "5 ms")
    notices = []
    if recording.stimulus_unit == "1":
        spread = float(np.std(np.concatenate([sweep.stimulus for sweep in recording]))) or 1.0
        free["input_scale"] = (10.0 / spread, 3000.0 / spread)
        free["input_offset"] = (-500.0, 1000.0)
        notices.append("the stimulus has no physical unit, so its scale and offset are fitted as well")
    return {**free, **given}, notices


def grasshopper_files(number: int) -> tuple[Path, Path]:
    """Return the stimulus and spike files of one of nitime's two grasshopper recordings.

    Raises
    ------
    FitError
        If nitime is not installed.
    """
    spec = importlib.util.find_spec("nitime")
    if spec is None or not spec.submodule_search_locations:
        raise FitError("the demonstration's recordings come with nitime: pip install 'lapicque[demo]'")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    return folder / f"grasshopper_stimulus{number}.txt", folder / f"grasshopper_spike_times{number}.txt"
