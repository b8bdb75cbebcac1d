"""What a user waits for: importing, showing a model, the first and the second fit, the first and the second network.

Every time is that of a fresh process, from its start to its end. "First" starts with an empty cache of compiled
kernels, "second" with what the first has left. The peer is Brian2, whose C++ standalone mode compiles each time.
"""

import sys

from harness import Side, run

OURS = Side(
    "lapicque",
    "processes.py",
    options={
        "packages": ["lapicque", "numba", "numpy", "sympy"],
        "commands": {
            "python alone": ["-c", "pass"],
            "import": ["-c", "import lapicque"],
            "show adex, first": ["-m", "lapicque", "show", "adex"],
            "show adex, second": ["-m", "lapicque", "show", "adex"],
            "fit a new model, first": ["small_fit.py"],
            "fit a new model, second": ["small_fit.py"],
            "CUBA, first": ["cuba_start.py"],
            "CUBA, second": ["cuba_start.py"],
        },
        "cold": ["show adex, first", "fit a new model, first", "CUBA, first"],
    },
)
BRIAN2 = Side(
    "Brian2",
    "processes.py",
    peer="brian2",
    options={
        "packages": ["brian2", "numpy", "sympy"],
        "commands": {
            "import": ["-c", "import brian2"],
            "CUBA, first": ["brian2_cuba_start.py"],
            "CUBA, second": ["brian2_cuba_start.py"],
        },
    },
)

if __name__ == "__main__":
    sys.exit(run("startup", __doc__, ours=[OURS], peers=[BRIAN2], workload=lambda full: {}))
