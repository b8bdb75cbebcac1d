"""Results of networks for Neo and xarray."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import RecordingError
from lapicque.simulation.results import Result, Trace

if TYPE_CHECKING:
    import neo


def to_neo(result: Result) -> neo.Block:
    """Neo's Block of a result: one Segment a member of a batch, trains and signals named by their recorders."""
    import neo

    about = {"dt_ms": result.dt, "precision": result.precision, "seed": result.seed,
             "wiring_seed": result.wiring_seed}  # fmt: skip
    block = neo.Block(name="lapicque", **about)
    count = 1 if result.batch is None else len(result.batch)
    for member in range(count):
        told = {"trial": result.trial} if result.batch is None else result.batch[member]
        segment = neo.Segment(name=str(member), index=member, **{k: _plain(v) for k, v in told.items()})
        for name, trains in result.spikes.items():
            for place, neuron in enumerate(trains.neurons):
                times = trains[member, place].times.copy()
                train = neo.SpikeTrain(times, units="ms", t_start=trains.t_start, t_stop=trains.t_stop,
                                       name=f"{name}[{neuron}]", recorder=name, neuron=int(neuron))  # fmt: skip
                segment.spiketrains.append(train)
        for name, trace in result.traces.items():
            if len(trace.times):
                segment.analogsignals.append(_signal(name, trace, member, result.dt))
        block.segments.append(segment)
    return block


def _signal(name: str, trace: Trace, member: int, dt: float) -> Any:
    import neo
    import quantities as pq

    values = trace.values[:, member] if trace.values.ndim == 3 else trace.values
    period = trace.times[1] - trace.times[0] if len(trace.times) > 1 else dt
    signal = neo.AnalogSignal(values, units=_quantity(str(trace.unit)), sampling_period=period * pq.ms,
                              t_start=trace.times[0] * pq.ms, name=name)  # fmt: skip
    if trace.neurons is not None and len(trace.neurons) == values.shape[1]:
        signal.array_annotate(neuron=np.asarray(trace.neurons))
    return signal


def _quantity(unit: str) -> str:
    """Return a unit as the package ``quantities`` spells it."""
    return "dimensionless" if unit == "1" else re.sub(r"\b([A-Za-zµμ]+)([23])\b", r"\1**\2", unit)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) else str(value)


def to_xarray(result: Result) -> Any:
    """Return an xarray Dataset of a result.

    A trace ``v`` has the dimensions ``v.time``, ``member`` (of a batch) and ``v.neuron``, with times in ms and the
    numbers of the neurons as coordinates. The spikes of ``exc`` are times along ``exc.spike``, with the coordinates
    ``exc.spike_neuron`` and, of a batch, ``exc.spike_member``. Units are attributes.

    Raises
    ------
    RecordingError
        If xarray is not installed.
    """
    if importlib.util.find_spec("xarray") is None:
        raise RecordingError("to_xarray needs xarray, which is not installed: pip install xarray")
    import xarray

    made = xarray.Dataset(attrs={"dt_ms": result.dt, "precision": result.precision, "seed": result.seed,
                                 "wiring_seed": result.wiring_seed, "trial": result.trial})  # fmt: skip
    if result.batch is not None:
        made = made.assign_coords(member=np.arange(len(result.batch)), trial=("member", result.batch.trials))
        for name, values in result.batch.values.items():
            made = made.assign_coords({name: ("member", [_plain(value) for value in values])})
    for name, trace in result.traces.items():
        middle = ("member",) if trace.values.ndim == 3 else ()
        neurons = trace.neurons if trace.neurons is not None else ()
        made[name] = (f"{name}.time", *middle, f"{name}.neuron"), trace.values, {"unit": str(trace.unit)}
        made = made.assign_coords({f"{name}.time": (f"{name}.time", trace.times, {"unit": "ms"})})
        if len(neurons) == trace.values.shape[-1]:
            made = made.assign_coords({f"{name}.neuron": np.asarray(neurons)})
    for name, trains in result.spikes.items():
        where = np.repeat(np.arange(len(trains)), trains.counts)
        made[f"{name}.spikes"] = (f"{name}.spike",), trains.times, {"unit": "ms", "t_start": trains.t_start,
                                                                    "t_stop": trains.t_stop}  # fmt: skip
        neurons = np.asarray(trains.neurons)[where % trains.shape[1]]
        made = made.assign_coords({f"{name}.spike_neuron": (f"{name}.spike", neurons)})
        if result.batch is not None:
            made = made.assign_coords({f"{name}.spike_member": (f"{name}.spike", where // trains.shape[1])})
    return made
