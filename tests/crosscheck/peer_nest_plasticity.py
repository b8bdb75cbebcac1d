"""NEST's side of synapses that learn: given spikes on both sides. Arguments: file of the cases, file for the weights.

Run by the interpreter of NEST's own environment, see test_plasticity_nest.py: of each case JSON with the synapse's
model, its parameters, those of the targets and the delay in ms, and the steps of the spikes. Parrots repeat the spikes,
one step later; a plastic synapse ends at a parrot's second port, which does not repeat. The answer is the weight that
every spike of a source has carried: (target, source, spike) in this order.
"""

import json
import os
import sys

import numpy as np

os.environ["PYNEST_QUIET"] = "1"
import nest

nest.verbosity = nest.VerbosityLevel.ERROR


def simulate(case, weights):
    nest.ResetKernel()
    nest.set(resolution=case["dt"], rng_seed=1)
    sources, targets = parrots(case["sources"], case["dt"]), parrots(case["targets"], case["dt"])
    targets.set(case["target_parameters"])
    recorder = nest.Create("weight_recorder", params={"time_in_steps": True})
    nest.CopyModel(case["model"], "recorded", {"weight_recorder": recorder})
    fixed = {"synapse_model": "recorded", "delay": case["delay"], "receptor_type": 1, **case["parameters"]}
    nest.Connect(sources, targets, "all_to_all", {**fixed, "weight": weights})
    nest.Simulate(case["duration"])
    events = recorder.events
    order = np.lexsort((events["times"], events["senders"], events["targets"]))
    return events["weights"][order]


def parrots(trains, dt):
    made = nest.Create("parrot_neuron", len(trains))
    times = [{"spike_times": np.round(np.asarray(train) * dt, 1)} for train in trains]
    generators = nest.Create("spike_generator", len(trains), params=times)
    nest.Connect(generators, made, "one_to_one", {"delay": dt})
    return made


def main():
    given, written = sys.argv[1:]
    arrays = dict(np.load(given))
    cases = json.loads(str(arrays["cases"]))
    np.savez(written, **{name: simulate(case, arrays[name]) for name, case in cases.items()})


if __name__ == "__main__":
    main()
