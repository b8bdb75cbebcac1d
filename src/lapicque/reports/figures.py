"""The figures of a report, section by section."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque import plot
from lapicque.plot.style import DATA, MODEL, MUTED
from lapicque.reports.drawing import PARTS, WIDTH, Drawn, figure_of, settings
from lapicque.reports.material import Material
from lapicque.reports.responses import responses
from lapicque.spikes.trains import SpikeTrains


def draw(material: Material) -> dict[str, list[Drawn]]:
    """Draw every figure: section of the report -> figures."""
    with settings():
        return {
            "responses": list(responses(material)),
            "agreement": [_agreement(material)],
            "convergence": [_convergence(material)],
            "profiles": [_profiles(material)],
            "intervals": [_intervals(material)],
        }


def _agreement(material: Material) -> Drawn:
    figure = figure_of(3.3, 4.4)
    scores: dict[str, tuple[Any, Any]] = {}
    for part in material.parts:
        heard = [a for a in part.agreements if a.data.times.size]
        repeated = [a for a in heard if a.reliabilities is not None]
        if repeated:
            gammas, reliabilities = ([getattr(a, what) for a in repeated] for what in ("gammas", "reliabilities"))
            scores[PARTS[part.name]] = np.concatenate(gammas), np.concatenate(reliabilities)
        elif heard:
            scores[PARTS[part.name]] = np.concatenate([a.gammas for a in heard]), None
    ax = plot.gamma_against_reliability(scores, figure.add_subplot(), colors=[MUTED, MODEL])
    alone = all(r is None for _, r in scores.values())
    if alone:
        figure.set_size_inches(4.4, 1.7)
        caption = "Gamma of the model with the data; a single trial has no reliability to compare it with."
    else:
        caption = (
            "Gamma of the model with each trial against that of the trial with the other trials of the same stimulus. "
            "On the line the model predicts a trial as well as the other trials do."
        )
    ax.set_ylabel("" if alone else "Γ of model and trial")
    ax.set_xlabel("Γ of model and data" if alone else "reliability of the trial")
    return Drawn("agreement", figure, caption, "Gamma of model and data against the reliability of each trial.")


def _convergence(material: Material) -> Drawn:
    figure = figure_of(2.7, 4.4)
    plot.convergence(material.fit, figure.add_subplot())
    return Drawn(
        "convergence",
        figure,
        "Loss of the best candidate so far and of the median candidate of each generation; jumps of the median are "
        "restarts.",
        "Best and median loss against the number of evaluations.",
    )


def _profiles(material: Material) -> Drawn:
    names = list(material.profiles)
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure = figure_of(1.45 * rows + 0.15, WIDTH if columns == 4 else 2.3 * columns + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for ax, name in zip(grid.flat, names, strict=False):
        plot.objective_profile(material.fit, name, ax, profile=material.profiles[name])
        if ax not in grid[:, 0]:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
    top = profile_ceiling(material)
    grid[0, 0].set_ylim(material.fit.loss - 0.06 * (top - material.fit.loss), top)
    for ax in grid.flat[len(names) :]:
        ax.set_axis_off()
    return Drawn(
        "profiles",
        figure,
        "The loss along each parameter through the optimum, the others fixed, over the whole range of the search.",
        "Profiles of the objective: loss against the value of each free parameter.",
    )


def profile_ceiling(material: Material) -> float:
    """Return up to which loss profiles are drawn, the same for all of them."""
    highest = max(float(np.max(losses)) for _, losses in material.profiles.values())
    best = material.fit.loss
    return best + max(min(highest - best, 1.0), 1e-3)


def _intervals(material: Material) -> Drawn:
    count = len(material.parts)
    figure = figure_of(2.4, WIDTH if count == 2 else WIDTH * 0.6)
    grid = figure.subplots(1, count, squeeze=False, sharex=True, sharey=True)[0]
    everything = [
        np.diff(times)
        for part in material.parts
        for a in part.agreements
        for t in (a.data, a.model)
        for times in t.to_lists()
    ]
    pooled = np.concatenate([np.empty(0), *everything])
    pooled = pooled[pooled > 0]
    edges = np.geomspace(pooled.min() * 0.9, pooled.max() * 1.1, 36) if pooled.size else np.geomspace(1, 100, 36)
    for ax, part in zip(grid, material.parts, strict=True):
        data = _pooled([a.data for a in part.agreements])
        model = _pooled([a.model for a in part.agreements])
        plot.isi_histogram({"data": data, "model": model}, ax, bins=edges, colors=[DATA, MODEL])
        ax.set_title(PARTS[part.name], loc="left", color=MUTED)
        if ax is not grid[0]:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
    grid[0].legend(frameon=False, loc="upper right")
    return Drawn(
        "intervals",
        figure,
        "Interspike intervals of all trials, on a logarithmic axis; equal areas are equal numbers of intervals.",
        "Histograms of the interspike intervals of data and model.",
    )


def _pooled(trains: list[SpikeTrains]) -> SpikeTrains:
    lists = [times for each in trains for times in each.to_lists()]
    return SpikeTrains.from_lists(lists, t_stop=max((each.t_stop for each in trains), default=0.0))
