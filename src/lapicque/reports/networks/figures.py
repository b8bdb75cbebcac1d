"""The figures of a fitted network's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lapicque.fit.features import Feature
from lapicque.fit.search import Fit
from lapicque.plot.fits import convergence
from lapicque.plot.populations import population_raster
from lapicque.reports.drawing import Drawn, figure_of
from lapicque.spikes.trains import SpikeTrains

#: So much of the time is shown as a raster, ms.
SHOWN = 1000.0


def rasters(data: Mapping[str, SpikeTrains], model: Mapping[str, SpikeTrains], of: str = "best candidate") -> Drawn:
    """Draw the spikes of the data beside the model's."""
    figure = figure_of(3.0)
    for ax, trains, title in zip(figure.subplots(1, 2), (data, model), ("data", "model, fresh noise"), strict=True):
        first = next(iter(trains.values()))
        stop = min(first.t_stop, first.t_start + SHOWN)
        population_raster({name: one[0, :].window(one.t_start, stop) for name, one in trains.items()}, ax)
        ax.set_title(title)
    return Drawn(
        "rasters", figure, f"Spikes of the data's first trial, and of the {of} with noise that no other had.",
        "Rasters of the data and of the model side by side.",
    )  # fmt: skip


def distributions(
    data: Mapping[str, SpikeTrains], model: Mapping[str, SpikeTrains], compared: Sequence[Feature]
) -> Drawn:
    """Draw the cumulative distribution of each statistic over neurons, or pairs, of both sides."""
    figure = figure_of(2.6)
    for ax, feature in zip(np.atleast_1d(figure.subplots(1, len(compared))), compared, strict=True):
        for n, name in enumerate(data):
            for trains, style, side in ((data[name], "-", "data"), (model[name], "--", "model")):
                values = feature(trains)
                values = np.sort(values[np.isfinite(values)])
                share = np.arange(1, len(values) + 1) / max(len(values), 1)
                ax.step(values, share, style, where="post", color=f"C{n}", label=f"{name}, {side}")
        ax.set_xlabel(f"{feature}" + ("" if feature.unit == "1" else f" ({feature.unit})"))
    figure.axes[0].set_ylabel("share")
    figure.axes[0].legend(fontsize=7)
    return Drawn(
        "distributions", figure, "What share of neurons (or pairs) has at most such a value; who has none is left out.",
        "Cumulative distributions of statistics, data solid and model dashed.",
    )  # fmt: skip


def search(fit: Fit) -> Drawn:
    """Draw how the loss fell, and where the candidates of the first, a middle and the last generation were."""
    figure = figure_of(2.8)
    left, right = figure.subplots(1, 2)
    convergence(fit, left)
    names = [f.name for f in fit.problem.free]
    kept = fit.generations
    chosen = [kept[0], kept[len(kept) // 2], kept[-1]] if kept else []
    for shift, generation, grey in zip((-0.2, 0.0, 0.2), chosen, ("0.75", "0.5", "0.2"), strict=False):
        for n in range(len(names)):
            places = np.full(len(generation.points), n + shift)
            label = f"after {generation.evaluations}" if n == 0 else None
            right.plot(generation.points[:, n], places, ".", color=grey, markersize=3, label=label)
    right.plot(fit.point, np.arange(len(names)), "x", color="C3", label="best")
    right.set_yticks(np.arange(len(names)), names)
    right.set(xlim=(0, 1), xlabel="between the bounds")
    right.invert_yaxis()
    right.legend(fontsize=7)
    return Drawn(
        "search", figure, "Left, the loss against evaluations. Right, candidates of the first, the middle and the last "
        "generation between the bounds: what is still spread at the end is not known well.",
        "Convergence of the loss, and spread of the candidates' parameters.",
    )  # fmt: skip
