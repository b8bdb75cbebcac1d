"""The tables of numbers that network kernels read: their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

#: Of populations.
POPULATION = ("MODEL", "START", "BLOCKS", "SIZE", "FIRST", "AT_C", "AT_KEYS", "AT_PLACES", "AT_DRIVES", "STREAM",
              "WATCHED", "LEVEL", "AT_NOW", "COPIES")  # fmt: skip
#: Of drives: Poisson counts that are added to a variable.
DRIVE = ("AT_THRESHOLDS", "THRESHOLDS", "BEGIN", "ROWS", "KEY", "STRIDE")
#: Of bundles: rows of synapses with one source population. From CODE on they are for pathways with code: EVENTS is the
#: population whose events run it, PRE and POST are the hidden ones of traces.
BUNDLE = ("KIND", "SOURCE", "DELAYS", "STARTS", "TARGETS", "WEIGHTS", "OFFSETS", "LAGS", "SYNAPSES", "SOURCES", "BASE",
          "BUCKETS", "IMMEDIATE", "CODE", "TARGET", "AT_G", "AT_POINTERS", "NUMBERS", "AT_STREAMS",
          "CLEARS", "EVENTS", "LAG", "INTERVAL", "PRE", "POST", "TOUCHED", "COLUMNS", "PLACES", "ORIGINS", "THIRD",
          "THIRDS", "AT_BACK", "BACKS")  # fmt: skip
#: When code runs: the KIND of its row.
TRIGGERS = ("pre", "post", "third", "every", "flow", "sum")
#: Of what is published: variables that synapses read of their sources.
PUBLISHED = ("WHOSE", "SLOT", "BLOCK", "OUT")


def table(columns: Sequence[str], rows: Sequence[Mapping[str, int]]) -> np.ndarray:
    """Return a table of numbers, (row, column) int64; columns that a row does not name are 0."""
    made = np.zeros((len(rows), len(columns)), np.int64)
    for n, row in enumerate(rows):
        for name, value in row.items():
            made[n, columns.index(name)] = value
    return made
