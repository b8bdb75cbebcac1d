"""The same small description of a network, run by Brian2 in its own environment and by us."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import lapicque as lq

KINDS = {"mV": "volt", "pA": "amp", "nS": "siemens", "ms": "second", "1": "1"}
NEURON = dict(
    threshold=None,
    reset="",
    refractory=False,
    method="euler",
    events={},
    parameters={},
    varied={},
    initial={},
    stimuli={},
    inputs={},
)
PROJECTION = dict(
    equations="", on_pre=None, on_post=None, post_delay=0.0, parameters={}, values={}, learned={}, ours={}
)


@pytest.fixture(scope="session")
def both_sides(peer, tmp_path_factory):
    """Run networks on both sides: name of the case to (ours, Brian2's), each a dict of arrays.

    A case has ``populations`` (name to a neuron or a list of spikes), ``projections`` with explicit synapses sorted by
    target, ``duration`` and ``dt`` in ms, ``traces`` (population to the units of what is recorded). A value is
    a pair of a number or an array and its unit; ``learned`` names those of a projection that change, with their units.
    The arrays of the answer are "POPULATION/steps" and "POPULATION/neurons" of the spikes, in that order,
    "POPULATION/VARIABLE", (step, neuron), and "projection_NUMBER/VARIABLE", (synapse,), at the end.
    """
    python = peer("brian2")

    def run(cases):
        cases = {name: complete(case) for name, case in cases.items()}
        folder = tmp_path_factory.mktemp("brian2")
        arrays = {}
        text = json.dumps(without_arrays(cases, arrays))
        np.savez(folder / "networks.npz", cases=text, **arrays)
        script = Path(__file__).with_name("peer_brian2_network.py")
        subprocess.run([python, script, folder / "networks.npz", folder / "answers.npz"], check=True)
        answers = dict(np.load(folder / "answers.npz"))
        theirs = {
            name: {key.removeprefix(f"{name}/"): answers[key] for key in answers if key.startswith(f"{name}/")}
            for name in cases
        }
        return {name: (simulated(cases[name]), theirs[name]) for name in cases}

    return run


def complete(case):
    """Fill in what a case leaves out."""
    populations = {
        name: NEURON | given if "equations" in given else given for name, given in case["populations"].items()
    }
    projections = [PROJECTION | dict(delay=np.zeros(len(given["targets"]))) | given for given in case["projections"]]
    return dict(dt=0.1, traces={}) | case | dict(populations=populations, projections=projections)


def without_arrays(value, arrays):
    """Move the arrays out of the way of JSON, into `arrays`, and name them where they were."""
    if isinstance(value, np.ndarray):
        name = f"array {len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {key: without_arrays(item, arrays) for key, item in value.items()}
    return [without_arrays(item, arrays) for item in value] if isinstance(value, list | tuple) else value


def simulated(case):
    """What we make of a case."""
    net = lq.Network()
    for name, given in case["populations"].items():
        if "equations" not in given:
            times = [given["steps"][given["neurons"] == k] * case["dt"] for k in range(given["size"])]
            net.spikes(times, name=name)
        else:
            population(net, name, given, case["dt"])
        if given.get("threshold", "spikes") is not None:
            net.record(net[name], "spikes")
    for number, given in enumerate(case["projections"]):
        projection(net, number, given)
    for name, units in case["traces"].items():
        for variable in units:
            net.record(net[name], variable, name=f"{name}/{variable}")
    methods = {name: given["method"] for name, given in case["populations"].items() if "method" in given}
    answer = lq.simulate(net, case["duration"], dt=case["dt"], method=methods, progress=False)
    found = {
        f"{name}/{variable}": in_unit(answer.traces[f"{name}/{variable}"], unit)
        for name, units in case["traces"].items()
        for variable, unit in units.items()
    }
    for name, trains in answer.spikes.items():
        neurons = np.repeat(np.arange(len(trains.offsets) - 1), np.diff(trains.offsets))
        order = np.lexsort((neurons, trains.steps))
        found |= {f"{name}/steps": trains.steps[order], f"{name}/neurons": neurons[order]}
    for number, given in enumerate(case["projections"]):
        name = f"projection_{number}"
        found |= {f"{name}/{variable}": answer.final[name][variable] for variable in given["learned"]}
    return found


def population(net, name, given, dt):
    inputs = {**given["inputs"], **{stimulus: unit for stimulus, (_, unit) in given["stimuli"].items()}}
    cell = lq.Neuron(
        given["equations"] + "".join(f"\n{variable} : {KINDS[unit]} (input)" for variable, unit in inputs.items()),
        threshold=given["threshold"],
        reset=given["reset"] or None,
        refractory=given["refractory"] or None,
        events={event: lq.Event(threshold, code) for event, (threshold, code) in given["events"].items()},
        parameters=with_units(given["parameters"]) | dict.fromkeys(given["varied"], 0.0),
    )
    made = net.population(
        cell, given["size"], name=name, initial=with_units(given["initial"]), **with_units(given["varied"])
    )
    for variable, (samples, unit) in given["stimuli"].items():
        net.stimulate(made, variable, lq.stimuli.array(samples * quantity(unit), dt=dt))


def projection(net, number, given):
    own = "".join(f"\n{variable} : {unit}" for variable, unit in given["learned"].items())
    synapse = dict(equations=given["equations"] + own, on_pre=given["on_pre"])
    if given["on_post"] and "on_post" not in given["ours"]:
        synapse["on"] = dict(after=lq.On("post", given["on_post"], delay=given["post_delay"] * quantity("ms")))
    synapse |= given["ours"]
    into = synapse.pop("into", None)
    net.connect(
        net[given["source"]],
        net[given["target"]],
        lq.Synapse(**synapse, parameters=with_units(given["parameters"])),
        into=into,
        where=lq.edges(given["sources"], given["targets"]),
        delay=given["delay"] * quantity("ms"),
        name=f"projection_{number}",
        **with_units(given["values"]),
    )


def with_units(values):
    return {name: value * quantity(unit) for name, (value, unit) in values.items()}


def in_unit(trace, unit):
    return trace.values * (trace.unit.scale if unit == "1" else trace.unit.scale / lq.units.parse_unit(unit).scale)


def quantity(unit):
    """One of a unit, from a text such as "mV" or "mV/ms"."""
    return 1.0 if unit == "1" else 1.0 * lq.units.parse_unit(unit)
