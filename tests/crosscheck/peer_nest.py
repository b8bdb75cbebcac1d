"""NEST's side: networks of one population with explicit synapses. Arguments: file of the networks, file for the spikes.

Run by the interpreter of NEST's own environment, see test_nest.py: of each case JSON with the model, its parameters in
NEST's names, the duration in ms and the rate and weight of a Poisson drive, and the arrays of the synapses and of what
differs between cells.
"""

import json
import os
import sys

import numpy as np

os.environ["PYNEST_QUIET"] = "1"
import nest

nest.verbosity = nest.VerbosityLevel.ERROR


def simulate(case, arrays):
    nest.ResetKernel()
    nest.set(resolution=case["dt"], rng_seed=1)
    cells = nest.Create(case["model"], case["size"], params=case["parameters"])
    cells.set({name: arrays[name] for name in case["varied"]})
    ids = np.asarray(cells.tolist())
    for number in range(case["projections"]):
        sources, targets, weights, delays = (
            arrays[f"{number}/{name}"] for name in ("sources", "targets", "weights", "delays")
        )
        synapses = {"synapse_model": "static_synapse", "weight": weights, "delay": delays}
        nest.Connect(ids[sources], ids[targets], "one_to_one", synapses)
    if case["drive"]:
        rate, weight = case["drive"]
        nest.Connect(nest.Create("poisson_generator", params={"rate": rate}), cells, syn_spec={"weight": weight})
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(cells, recorder)
    nest.Simulate(case["duration"])
    # NEST stamps a spike with the end of the step in which it happens
    return {"steps": recorder.events["times"] - 1, "neurons": recorder.events["senders"] - ids[0]}


def main():
    given, written = sys.argv[1:]
    arrays, found = dict(np.load(given)), {}
    for name, case in json.loads(str(arrays["cases"])).items():
        mine = {key.removeprefix(f"{name}/"): arrays[key] for key in arrays if key.startswith(f"{name}/")}
        found |= {f"{name}/{key}": values for key, values in simulate(case, mine).items()}
    np.savez(written, **found)


if __name__ == "__main__":
    main()
