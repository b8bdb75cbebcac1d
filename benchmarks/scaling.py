"""How time and memory grow: ours alone, from 1,000 to a million cells and from 10^5 to 3*10^8 synapses.

Two series: cells with 100 synapses each, and 100,000 cells with more and more synapses. Every cell fires at about
10 Hz. The exponent is the slope in logarithms: 1 is proportional. In the second series it is that of what the further
synapses take, beyond one a cell. Sizes that do not fit into memory are left out.
"""

import argparse
import json
import math
import statistics
import sys

from harness import Side, machine
from rich.console import Console
from rich.table import Table

CELLS = (1_000, 10_000, 100_000, 1_000_000)
IN_DEGREES = (1, 3, 30, 300, 3_000)
BYTES = 20  # a synapse, while it is made
QUANTITIES = ("build", "run", "memory")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the line of JSON alone")
    parser.add_argument("--quick", action="store_true", help="small sizes, run once: no figures to be quoted")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each size")
    given = parser.parse_args()
    cells, in_degrees, repeats = CELLS, IN_DEGREES, given.repeats
    if given.quick:
        cells, in_degrees, repeats = CELLS[:3], IN_DEGREES[:3], 1
    before = machine.load()
    sizes = [measured(n, 100, repeats) for n in cells]
    synapses = [measured(100_000, k, repeats) for k in in_degrees]
    report = {
        "benchmark": "scaling",
        "cells": [row for row in sizes if row],
        "synapses": [row for row in synapses if row],
        "machine": {**machine.describe(), "load_start": before, "load_end": machine.load()},
    }
    report["exponents"] = {"cells": exponents(report["cells"]), "synapses": exponents(further(report["synapses"]))}
    if not given.json:
        show(report)
    print(json.dumps(report), flush=True)


def measured(neurons, in_degree, repeats):
    """Medians of one size, or None where it does not fit into memory."""
    if neurons * in_degree * BYTES > machine.free_memory():
        return None
    duration = 10.0 * max(10, min(1_000, 20_000_000 // (neurons * (1 + in_degree // 100))))  # ms
    options = {"neurons": neurons, "in_degree": in_degree, "duration": duration}
    process = Side(f"{neurons} x {in_degree}", "lapicque_scaling.py", options=options).start({}, 600.0)
    try:
        answers = [process.run("run") for _ in range(repeats)]
    finally:
        process.close()
    results = [answer["result"] for answer in answers]
    return {
        "neurons": neurons,
        "synapses": neurons * in_degree,
        "build": statistics.median(result["build"] for result in results),
        "run": statistics.median(answer["seconds"] for answer in answers) / duration * 1000,
        "memory": results[0]["gib"],
        "rate_hz": results[0]["rate_hz"],
    }


def further(rows):
    """What rows have more of than the first."""
    return [{key: row[key] - rows[0][key] for key in ("synapses", *QUANTITIES)} for row in rows[1:]]


def exponents(rows):
    """Slopes of the logarithms against that of the number of synapses; None where a quantity does not grow at all."""
    found = {}
    for key in QUANTITIES:
        points = [(math.log(row["synapses"]), math.log(row[key])) for row in rows if row[key] > 0]
        found[key] = round(statistics.linear_regression(*zip(*points, strict=True)).slope, 3) if points[1:] else None
    return found


def show(report):
    console = Console(width=None if sys.stdout.isatty() else 120)
    for series in ("cells", "synapses"):
        slopes = ", ".join(f"{key} {slope}" for key, slope in report["exponents"][series].items())
        table = Table(title=f"more {series}: exponents {slopes}")
        for heading in ("cells", "synapses", "build", "run, per model second", "memory", "rate"):
            table.add_column(heading, justify="right")
        for row in report[series]:
            texts = (
                f"{row['build']:.3g} s",
                f"{row['run']:.3g} s",
                f"{row['memory']:.3g} GiB",
                f"{row['rate_hz']:.1f}",
            )
            table.add_row(f"{row['neurons']:,}", f"{row['synapses']:,}", *texts)
        console.print(table)
    host = report["machine"]
    console.print(
        f"{host['cpu']}, {host['cores']} cores, load {host['load_start']} to {host['load_end']}", markup=False
    )


if __name__ == "__main__":
    sys.exit(main())
