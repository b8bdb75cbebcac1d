"""How long it takes to change synapses while a network runs: ours alone, one of a hundred of 10^4 to 10^7.

Cells with 100 plastic synapses each, as in `stdp.py`; 1 % of the synapses are removed and as many are added, five
times. What is quoted is the median, in seconds, and how long the processors worked for it; the first change is left
out, which loads what the others find. Beside it, what laying out the whole network took.
"""

import argparse
import json
import statistics
import sys
from time import perf_counter, process_time

import numpy as np
from harness import machine
from rich.console import Console
from rich.table import Table

import lapicque as lq
from lapicque.units import ms, mV, pA

SIZES = (100, 1_000, 10_000, 100_000)
STDP = lq.Synapse(
    "dapre/dt = -apre/(20*ms) : 1\ndapost/dt = -apost/(20*ms) : 1\nw : 1",
    on_pre="apre += 0.01; w -= apost; v_post += w*mV",
    on_post="apost += 0.0105; w += apre",
    bounds={"w": (0, 1)},
)


def measured(cells, times):
    """Seconds of one size."""
    net = lq.Network()
    exc = net.population(lq.neurons.lif, cells, name="exc", initial={"v": lq.uniform(-70 * mV, -50 * mV)})
    net.stimulate(exc, "i_ext", 300 * pA)
    net.connect(exc, exc, STDP, where=lq.fixed_in_degree(100), w=0.02, delay=1.5 * ms)
    random, count = np.random.default_rng(1), 100 * cells
    before = perf_counter()
    with lq.Simulation(net, progress=False) as sim:
        built, walls, works = perf_counter() - before, [], []
        for _ in range(times + 1):
            sim.run(1 * ms)
            gone = random.choice(count, count // 100, replace=False)
            pairs = random.integers(cells, size=(2, count // 100))
            begun = perf_counter(), process_time()
            sim.rewire("exc->exc", remove=gone, add=tuple(pairs), in_flight="drop", w=0.02)
            walls.append(perf_counter() - begun[0])
            works.append(process_time() - begun[1])
    seconds, work = statistics.median(walls[1:]), statistics.median(works[1:])
    return {"synapses": count, "build": built, "rewire": seconds, "processor": work}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the line of JSON alone")
    parser.add_argument("--quick", action="store_true", help="small sizes: no figures to be quoted")
    given = parser.parse_args()
    before = machine.load()
    rows = [measured(cells, 5) for cells in (SIZES[:2] if given.quick else SIZES)]
    report = {"benchmark": "rewiring", "rows": rows}
    report["machine"] = {**machine.describe(), "load_start": before, "load_end": machine.load()}
    if not given.json:
        table = Table("synapses", "laid out (s)", "1 % changed (s)", "work of processors (s)")
        for row in rows:
            table.add_row(f"{row['synapses']:,}", *(f"{row[key]:.3g}" for key in ("build", "rewire", "processor")))
        Console().print(table)
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    sys.exit(main())
