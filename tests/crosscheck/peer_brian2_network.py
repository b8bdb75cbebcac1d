"""Brian2's side: networks from a description. Arguments: file of the networks (npz), file for what they did (npz).

Run by the interpreter of Brian2's own environment; the description is the one of conftest.py, whose arrays lie beside
the JSON of the rest. Populations without equations are lists of spikes.
"""

import json
import sys

import brian2
import numpy as np
from brian2 import (
    BrianLogger,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    prefs,
    start_scope,
)

BrianLogger.log_level_error()  # code whose order matters is what some of the networks are about
prefs.codegen.target = "numpy"
prefs.core.default_float_dtype = np.float64

KINDS = {"mV": "volt", "pA": "amp", "nS": "siemens", "ms": "second", "1": "1"}


def unit(text):
    """The unit of a text such as "mV" or "mV/ms"."""
    return eval(text, vars(brian2))


def quantities(parameters):
    return {name: value * unit(text) for name, (value, text) in parameters.items()}


def population(name, given, dt):
    if "equations" not in given:
        return SpikeGeneratorGroup(given["size"], given["neurons"], given["steps"] * dt * ms, name=name)
    namespace, equations = quantities(given["parameters"]), given["equations"]
    for stimulus, (values, text) in given["stimuli"].items():
        namespace[f"{stimulus}_samples"] = TimedArray(values * unit(text), dt=dt * ms)
        equations += f"\n{stimulus} : {KINDS[text]}"
    equations += "".join(f"\n{name} : {KINDS[text]}" for name, text in given["inputs"].items())
    group = NeuronGroup(
        given["size"],
        equations,
        threshold=given["threshold"],
        reset=given["reset"] if given["threshold"] else None,
        refractory=given["refractory"],
        events={event: threshold for event, (threshold, _) in given["events"].items()},
        method=given["method"],
        namespace=namespace,
        name=name,
    )
    for stimulus in given["stimuli"]:  # held for a step, whose Runge-Kutta stages would see samples(t) change
        group.run_regularly(f"{stimulus} = {stimulus}_samples(t, i)", when="start")
    for number, (event, (_, code)) in enumerate(given["events"].items()):
        group.run_on_event(event, code, order=number)
    for variable, (values, text) in (given["varied"] | given["initial"]).items():
        setattr(group, variable, values * unit(text))
    return group


def projection(number, given, groups):
    flags = {name: "" if name in given["learned"] else "(constant)" for name in given["values"]}
    own = "".join(f"{name} : {KINDS[text]} {flags[name]}\n" for name, (_, text) in given["values"].items())
    synapses = Synapses(
        groups[given["source"]],
        groups[given["target"]],
        given["equations"] + "\n" + own,
        on_pre=given["on_pre"],
        on_post=given["on_post"],
        namespace=quantities(given["parameters"]),
        name=f"projection_{number:02d}",  # objects of one slot run in the order of their names
    )
    synapses.connect(i=given["sources"], j=given["targets"])
    for name, (values, text) in given["values"].items():
        setattr(synapses, name, values * unit(text))
    if given["on_pre"]:
        synapses.pre.delay = given["delay"] * ms
    if given["on_post"]:
        synapses.post.delay = given["post_delay"] * ms
    return synapses


def simulate(case):
    start_scope()
    dt = case["dt"]
    defaultclock.dt = dt * ms
    groups = {name: population(name, given, dt) for name, given in case["populations"].items()}
    synapses = [projection(number, given, groups) for number, given in enumerate(case["projections"])]
    silent = {name for name, given in case["populations"].items() if given.get("threshold", "spikes") is None}
    spikes = {name: SpikeMonitor(group) for name, group in groups.items() if name not in silent}
    traces = {name: StateMonitor(groups[name], list(units), record=True) for name, units in case["traces"].items()}
    Network(*groups.values(), synapses, *spikes.values(), *traces.values()).run(case["duration"] * ms, namespace={})
    found = {}
    for name, monitor in spikes.items():
        found[f"{name}/steps"] = np.rint(monitor.t / ms / dt).astype(int)
        found[f"{name}/neurons"] = np.asarray(monitor.i)
    for name, units in case["traces"].items():
        for variable, text in units.items():
            found[f"{name}/{variable}"] = np.asarray(getattr(traces[name], variable) / unit(text)).T
    for number, given in enumerate(case["projections"]):
        for variable, text in given["learned"].items():
            found[f"projection_{number}/{variable}"] = np.asarray(getattr(synapses[number], variable)[:] / unit(text))
    return found


def restored(value, arrays):
    """Put the arrays back in their places, where the JSON names them."""
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays[value["array"]]
        return {key: restored(item, arrays) for key, item in value.items()}
    return [restored(item, arrays) for item in value] if isinstance(value, list) else value


def main():
    given, written = sys.argv[1:]
    arrays = dict(np.load(given))
    cases = restored(json.loads(str(arrays["cases"])), arrays)
    found = {f"{name}/{key}": values for name, case in cases.items() for key, values in simulate(case).items()}
    np.savez(written, **found)


if __name__ == "__main__":
    main()
