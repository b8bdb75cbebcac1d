"""What spike trains are like, in numbers: for a table, a page, or another program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.spikes.bursting.intervals import bursts
from lapicque.spikes.population import chi, mean_correlation
from lapicque.spikes.statistics import cv, cv2, fano, lv, lvr
from lapicque.spikes.trains import SpikeTrains
from lapicque.units import magnitude

#: Beyond so many neurons their correlations, a square of them, are left out.
MOST_PAIRED = 1000


@dataclass(frozen=True, eq=False)
class SpikeSummary:
    """Statistics of one population's trains.

    Attributes
    ----------
    trials, neurons, spikes, silent, duplicates : int
        Silent are trains without spikes; duplicates are spikes at the time of the one before.
    t_start, t_stop : float
        ms
    measures : name -> (train,) or (neuron,)
        Not a number where it is undefined, as a coefficient of variation of two spikes.
    synchrony : name -> float
        Of the whole population, mean over trials; not a number where it is undefined.
    notes : list of str
        What was left out, and why.
    """

    trials: int
    neurons: int
    spikes: int
    silent: int
    duplicates: int
    t_start: float
    t_stop: float
    measures: dict[str, np.ndarray]
    synchrony: dict[str, float]
    notes: list[str]

    def rows(self) -> list[tuple[str, list[float | None], int]]:
        """Of each measure: name; median, quartiles, least and most of what is defined; how many are undefined."""
        found: list[tuple[str, list[float | None], int]] = []
        for name, values in self.measures.items():
            known = values[np.isfinite(values)]
            spread = np.percentile(known, [50, 25, 75, 0, 100]).tolist() if len(known) else [None] * 5
            found.append((name, spread, len(values) - len(known)))
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything as lists and numbers; null where it is undefined."""
        counted = ("trials", "neurons", "spikes", "silent", "duplicates")
        heads = ("median", "lower_quartile", "upper_quartile", "least", "most")
        return {
            **{name: getattr(self, name) for name in counted},
            "t_start_ms": self.t_start,
            "t_stop_ms": self.t_stop,
            "measures": {
                name: {**dict(zip(heads, spread, strict=True)), "undefined": missing, "values": _listed(values)}
                for (name, spread, missing), values in zip(self.rows(), self.measures.values(), strict=True)
            },
            "synchrony": {name: _or_none(value) for name, value in self.synchrony.items()},
            "notes": self.notes,
        }


def summarize_spikes(trains: SpikeTrains, *, bin: Any = "50 ms", burst_isi: Any = "10 ms") -> SpikeSummary:
    """Rates, variability, bursts and synchrony of a population.

    Parameters
    ----------
    trains : SpikeTrains
        (trial, neuron).
    bin : ms
        For counts in time: the Fano factor of a single trial, correlations and chi.
    burst_isi : ms
        Three spikes or more whose intervals are not longer are a burst.

    Returns
    -------
    SpikeSummary

    Examples
    --------
    >>> from lapicque.spikes import poisson
    >>> found = summarize_spikes(poisson("20 Hz", "20 s", seed=1, trains=30))
    >>> [name for name, _, _ in found.rows()]
    ['rate (Hz)', 'CV', 'CV2', 'LV', 'LvR', 'Fano factor (50 ms)', 'spikes in bursts']
    >>> bool(abs(np.nanmedian(found.measures["CV"]) - 1) < 0.05)
    True
    """
    width = float(magnitude(bin, "ms", "bin"))
    notes: list[str] = []
    measures = {"rate (Hz)": trains.rate(), "CV": cv(trains), "CV2": cv2(trains), "LV": lv(trains), "LvR": lvr(trains)}
    binned = trains.duration >= 2 * width
    if trains.shape[0] > 1:
        measures["Fano factor (trials)"] = fano(trains)
    elif binned:
        measures[f"Fano factor ({width:g} ms)"] = fano(trains, width)
    measures["spikes in bursts"] = bursts(trains, burst_isi).share
    synchrony: dict[str, float] = {}
    if trains.shape[1] > 1 and binned:
        measured: dict[str, Callable[[], Any]] = {"chi": lambda: chi(trains, width)}
        if trains.shape[1] <= MOST_PAIRED:
            measured["mean correlation"] = lambda: mean_correlation(trains, width).values
        else:
            notes.append(f"correlations of more than {MOST_PAIRED} neurons are left out")
        for name, value in measured.items():
            found = np.atleast_1d(np.asarray(value(), float))
            defined = found[np.isfinite(found)]
            synchrony[f"{name} ({width:g} ms)"] = float(defined.mean()) if len(defined) else float("nan")
    if not binned:
        notes.append(f"the window, {trains.duration:g} ms, holds no two bins of {width:g} ms: no counts in time")
    return SpikeSummary(
        *trains.shape, len(trains.times), int(np.sum(trains.counts == 0)), _duplicates(trains), trains.t_start,
        trains.t_stop, measures, synchrony, notes,
    )  # fmt: skip


def _duplicates(trains: SpikeTrains) -> int:
    same = np.diff(trains.times) == 0
    same[trains.offsets[1:-1][(trains.offsets[1:-1] > 0) & (trains.offsets[1:-1] < len(trains.times))] - 1] = False
    return int(same.sum())


def _listed(values: np.ndarray) -> list[float | None]:
    return [_or_none(value) for value in values.tolist()]


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
