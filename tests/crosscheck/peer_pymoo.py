"""pymoo's side: ranks, hypervolumes and fronts; reads losses from an .npz, writes what it finds to another."""

import sys

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.indicators.hv import HV
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting


def main(given, written):
    said = np.load(given)
    found = {}
    for name in said:
        losses = said[name]
        if name.startswith("losses"):
            _, found[f"{name} ranks"] = NonDominatedSorting().do(losses, return_rank=True)
            found[f"{name} volume"] = HV(ref_point=np.full(losses.shape[1], 0.9))(losses)
    for name in ("zdt1", "zdt2", "zdt3"):
        volumes = []
        for seed in range(10):
            answer = minimize(get_problem(name, n_var=10), NSGA2(pop_size=100), ("n_gen", 60), seed=seed)
            volumes.append(HV(ref_point=np.array([1.1, 1.1]))(answer.F))
        found[name] = volumes
    np.savez(written, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
