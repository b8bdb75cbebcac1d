"""A thousand Poisson inputs that compete for one cell by STDP: 100 s, steps of 0.1 ms.

The model of Song, Miller and Abbott (2000), doi:10.1038/78829, as Brian2's examples have it. The peers are NEST and
Brian2's C++ standalone mode; the fastest counts. Each side prints the cell's rate in the second half and the share of
the weights in the lowest and in the highest fifth of their range. The rate differs by 7 % from seed to seed, and is a
sixth lower in NEST; where two sides differ by more than a quarter, they are not compared.
"""

import sys

from harness import THREADS, run, variants

BOTH = ("float32", "float64")
OURS = variants("lapicque", "lapicque_song_abbott.py", precisions=BOTH, threads=THREADS)
PEERS = [
    *variants("NEST", "nest_song_abbott.py", "nest", threads=THREADS),
    *variants("Brian2 C++", "brian2_song_abbott.py", "brian2", BOTH, THREADS),
]


def workload(full):
    return {"duration": 100_000.0, "dt": 0.1, "seed": 1}


def work(size):
    return {"run": size["duration"]}


if __name__ == "__main__":
    quick = {"duration": 20_000.0}
    alike = {"rate_hz": 0.25}
    sys.exit(
        run("song_abbott", __doc__, OURS, PEERS, workload, work, "model ms", quick=quick, hopeless=1.5, alike=alike)
    )
