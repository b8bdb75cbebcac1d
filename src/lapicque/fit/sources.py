"""From what a user types to what a fit needs: models, distances, bounds, the demonstration's files."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lapicque.distances.distance import Distance
from lapicque.errors import FitError, suggest
from lapicque.fit.free import NUISANCES
from lapicque.fit.recording import Recording
from lapicque.model.neuron import Neuron
from lapicque.units import magnitude, parse_unit
from lapicque.user_file import find_in_file, split_name

PA = parse_unit("pA")


def find_model(text: str) -> Neuron:
    """Return the model of a catalogue's name, or of ``FILE.py:NAME``; ``FILE.py`` alone where the file has one model.

    Raises
    ------
    FitError
        If there is no such model, with the nearest name, or the file cannot be run, with the line.

    Examples
    --------
    >>> find_model("adex").name
    'adex'
    """
    from lapicque import neurons

    path, name = split_name(text)
    if path:
        return find_in_file(path, name, Neuron, "neuron", FitError)
    if name not in neurons.__all__:
        hint = suggest(text, neurons.__all__) or ";"
        raise FitError(f"unknown model {text!r}{hint} 'lapicque models' lists them, FILE.py:NAME is one of your own")
    return getattr(neurons, name)


def find_distance(text: str) -> Distance:
    """Return the distance that a text means: ``"coincidence:4ms"``, ``"victor_purpura:0.25/ms"``, ``"spike"``.

    Raises
    ------
    FitError
        For an unknown name, with the nearest one, and for a scale that is missing or too much.

    Examples
    --------
    >>> find_distance("coincidence:4ms").precision
    4.0
    """
    from lapicque import distances

    name, _, scale = text.partition(":")
    known = sorted(distances.PAIRWISE)
    if name not in known:
        raise FitError(f"unknown distance {name!r}{suggest(name, known)} Known are {', '.join(known)}")
    make = getattr(distances, name)
    needed = [p.name for p in inspect.signature(make).parameters.values() if p.default is p.empty]
    if scale and not needed:
        raise FitError(f"the distance {name!r} has no scale: write {name} instead of {text}")
    if needed and not scale:
        raise FitError(f"the distance {name!r} needs its {needed[0]}: write {name}:{_EXAMPLES.get(needed[0], '4ms')}")
    return make(scale) if scale else make()


_EXAMPLES = {"cost": "0.25/ms"}


def read_pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE texts as a dictionary.

    Raises
    ------
    FitError
        If a text has no ``=``, or a name comes twice.

    Examples
    --------
    >>> read_pairs(["c_m=50:400pF"], "--free")
    {'c_m': '50:400pF'}
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise FitError(f"{option} {text!r}: write NAME=VALUE, such as {_PAIRS.get(option, 'c_m=50:400pF')}")
        if name in found:
            raise FitError(f"{option} names {name!r} twice: {found[name]} and {value}")
        found[name] = value
    return found


_PAIRS = {"--fix": "e_l=-65mV", "--unit": "current=pA"}


def default_free(
    neuron: Neuron, recording: Recording, given: Mapping[str, Any], fixed: Collection[str], only: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """Return what is free if the user does not say more, and notices about it.

    The model's own ranges, a delay of up to 5 ms, and, where the stimulus has no physical unit, its scale and offset:
    the scale may turn the stimulus' standard deviation into 10 pA to 3 nA.

    Parameters
    ----------
    given : name -> bounds
        They go first.
    fixed : names
        They are left out.
    only : bool
        Whether nothing but ``given`` is free.

    Raises
    ------
    FitError
        If nothing of the model would be free, a name is both fixed and free, or a stimulus without a unit meets an
        input that is no current.
    """
    for name in given:
        if name in fixed:
            raise FitError(f"{name!r} is both fixed and free: leave out one of them")
    free: dict[str, Any] = {} if only else {**neuron.ranges, "delay": ("0 ms", "5 ms")}
    notices = []
    if recording.stimulus_unit == "1" and not only and not {"input_scale", "input_offset"} & {*given, *fixed}:
        inputs = {name: v.unit for name, v in neuron.inputs.items() if not v.unit.dimensionless}
        spread = float(np.std(np.concatenate([sweep.stimulus for sweep in recording]))) or 1.0
        for name, unit in inputs.items():
            if unit.dimension != PA.dimension:
                raise FitError(
                    f"the stimulus has no physical unit, and the input {name!r} is in {unit}: say which scale and "
                    "offset may turn one into the other, input_scale=LOW:HIGH and input_offset=LOW:HIGH"
                )
            free["input_scale"] = tuple(magnitude(f"{current} pA", unit) / spread for current in (10, 3000))
            free["input_offset"] = ("-500 pA", "1000 pA")
        if inputs:
            notices.append("the stimulus has no physical unit, so its scale and offset are fitted as well")
    free = {name: bounds for name, bounds in {**free, **given}.items() if name not in fixed}
    if not any(name in neuron.constants or name not in NUISANCES for name in free):
        why = "has no ranges of its own" if not neuron.ranges else "has nothing left that is not fixed"
        raise FitError(f"no parameter of {neuron.name!r} is free: it {why}, so say what to fit, as in c_m=50:400pF")
    return free, notices


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
