"""A page, or a picture, of spike trains: a raster, rates in time, intervals, and their statistics."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapicque.errors import RecordingError
from lapicque.reports.drawing import WIDTH, Drawn, settings
from lapicque.reports.spike_summary import SpikeSummary, summarize_spikes
from lapicque.reports.tables import number
from lapicque.reports.writing import file_of, write
from lapicque.spikes.trains import SpikeTrains

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def spike_report(
    populations: SpikeTrains | Mapping[str, SpikeTrains],
    path: str | os.PathLike[str],
    *,
    title: str = "Spike trains",
    summaries: Mapping[str, SpikeSummary] | None = None,
) -> Path:
    """Write a page (.html) with a raster and statistics, or the picture alone (.png, .svg, .pdf).

    Parameters
    ----------
    populations : SpikeTrains, or name -> SpikeTrains
    path : path
    title : str
    summaries : name -> SpikeSummary, optional
        Of the populations, where they are there already.

    Returns
    -------
    Path

    Raises
    ------
    RecordingError
        If the path is a folder, or ends in something else, or the trains' window has no length.

    Examples
    --------
    >>> import tempfile
    >>> from lapicque.spikes import poisson
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spike_report(poisson("20 Hz", "2 s", seed=1, trains=5), f"{folder}/spikes.html").name
    'spikes.html'
    """
    named = {"neurons": populations} if isinstance(populations, SpikeTrains) else dict(populations)
    target = file_of(path, RecordingError)
    kind = target.suffix.lower()
    if kind not in (".html", ".png", ".svg", ".pdf"):
        raise RecordingError(
            f"{os.fspath(path)!r} ends in {kind or 'nothing'!r}: .html, .png, .svg or .pdf is expected"
        )
    for name, trains in named.items():
        if not trains.duration > 0:
            raise RecordingError(f"{name!r} cannot be drawn: its window has no length, state t_stop='1 s' or the like")
    with settings():
        figure = spike_figure(named)
        if kind != ".html":
            figure.savefig(target)
            return target
    found = summaries if summaries is not None else {name: summarize_spikes(each) for name, each in named.items()}
    drawn = Drawn(
        "spikes", figure, "Spikes, and the rate per neuron in time.", "A raster of spikes above rates in time"
    )
    sections = [{"name": name, **_section(summary)} for name, summary in found.items()]
    return write("spikes.html.j2", target, {"spikes": [drawn]}, {"title": title, "sections": sections})


def spike_figure(populations: Mapping[str, SpikeTrains]) -> Figure:
    """Draw a raster above rates in time."""
    from matplotlib.figure import Figure

    from lapicque import plot
    from lapicque.plot.style import SERIES, time_axis
    from lapicque.plot.trains import edges_of

    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    top, below = figure.subplots(2, 1, height_ratios=[3, 1])
    window = edges_of(populations.values(), None)
    plot.population_raster(populations, top, window=window)
    for (name, trains), color in zip(populations.items(), SERIES * len(populations), strict=False):
        if trains.duration > 0 and len(trains):
            sigma = max(trains.duration / 200, 1e-3)
            plot.rate(trains, below, sigma=sigma, color=color, name=name if len(populations) > 1 else "")
    time_axis(below, window)
    return figure


def _section(summary: SpikeSummary) -> dict[str, Any]:
    counted = [
        f"{summary.spikes} spikes of {summary.neurons} neurons in {summary.trials} trial{'s' * (summary.trials != 1)}, "
        f"{summary.t_start:g} to {summary.t_stop:g} ms",
        f"{summary.silent} of {summary.trials * summary.neurons} trains without a spike, "
        f"{summary.duplicates} spikes at the time of the one before",
        *(f"{name}: {number(value)}" for name, value in summary.synchrony.items()),
        *summary.notes,
    ]
    rows = [
        {"name": name, "cells": [number(value) for value in spread], "undefined": missing}
        for name, spread, missing in summary.rows()
    ]
    return {"counted": counted, "rows": rows}
