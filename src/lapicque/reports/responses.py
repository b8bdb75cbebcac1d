"""Figures of a stimulus and what data and model answer to it: all of it, and typical stretches closely."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lapicque import plot
from lapicque.fit.membrane import predicted_voltage
from lapicque.fit.trial import Trial
from lapicque.plot.matching import coincidences
from lapicque.plot.style import DATA, MODEL, MUTED, tidy, time_axis
from lapicque.plot.trains import name_rows, ticks
from lapicque.reports.drawing import PARTS, Drawn, figure_of
from lapicque.reports.material import Material, Part, Stimulus
from lapicque.reports.windows import typical_window
from lapicque.spikes.trains import SpikeTrains

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Of a recording with more stimuli, so many are drawn; all are in the table of scores.
STIMULI = 4
#: Colours behind the parts, of the bars that mark what is shown closely, and of further trials.
SHADES, BAR, OTHERS = {"train": "#f1f3f5", "test": "#e4f0f8"}, "#e69f00", "#c3cad0"


def responses(material: Material) -> Iterator[Drawn]:
    """Draw the first stimuli."""
    shown = material.stimuli[:STIMULI]
    for number, stimulus in enumerate(shown, 1):
        closeups = {
            part.name: typical_window(stimulus.trial.spikes, stimulus.model, material.precision, stimulus.window(part))
            for part, _ in stimulus.places
        }
        behind = f"-{number}" if len(shown) > 1 else ""
        named = f" Stimulus: {stimulus.label}." if len(material.stimuli) > 1 else ""
        yield _overview(stimulus, closeups, f"overview{behind}", named)
        for part, place in stimulus.places:
            yield _closeup(material, stimulus, part, place, closeups[part.name], f"{part.name}{behind}", named)


def _overview(stimulus: Stimulus, closeups: dict[str, tuple[float, float]], name: str, named: str) -> Drawn:
    trial, model = stimulus.trial, stimulus.model
    data = trial.spikes
    rows = len(data) + len(model)
    heights = [0.55, 0.8, max(0.12 * rows, 0.45)]
    figure = figure_of(0.6 + sum(heights))
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    _stimulus(top, trial, (0.0, trial.duration))
    sigma = _smoothing(data)
    plot.rate(data, middle, sigma=sigma, color=DATA, name="data")
    plot.rate(model, middle, sigma=sigma, color=MODEL, name="model")
    middle.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.97), borderaxespad=0)
    both = SpikeTrains.from_lists([*data.to_lists(), *model.to_lists()], t_stop=max(data.t_stop, model.t_stop))
    _rows(bottom, both, len(data))
    span = (0.0, trial.duration)
    for ax in (top, middle, bottom):
        for part, _ in stimulus.places:
            ax.axvspan(*stimulus.window(part), color=SHADES[part.name], linewidth=0, zorder=-2)
        time_axis(ax, span, label=ax is bottom)
        ax.set_ylabel(ax.get_ylabel(), labelpad=3)
        if ax is not bottom:
            tidy(ax, bottom=False)
    for part, _ in stimulus.places:
        start, stop = stimulus.window(part)
        top.text((start + stop) / 2, 1.04, PARTS[part.name], color=MUTED, ha="center", va="bottom",
                 transform=top.get_xaxis_transform())  # fmt: skip
        bottom.plot(closeups[part.name], [rows - 0.2] * 2, color=BAR, linewidth=2.5, solid_capstyle="butt")
    figure.align_ylabels()
    return Drawn(
        name,
        figure,
        f"The whole stimulus, the rate (Gaussian of {sigma:.3g} ms) and every spike: data black, model blue. "
        f"Orange bars are the stretches shown closely below.{named}",
        f"Stimulus, firing rate and spike rasters of {len(data)} trials of the data and of the model over "
        f"{trial.duration / 1e3:.3g} s.",
    )


def _smoothing(data: SpikeTrains) -> float:
    """Return a width in ms over which a rate is a number: about three spikes, in steps of 1, 2, 5."""
    rate = float(data.rate().mean())
    wanted = np.clip(1.5e3 / rate if rate > 0 else 100.0, 5.0, data.duration / 20)
    steps = np.array([5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000])
    return float(steps[np.argmin(np.abs(np.log(steps / wanted)))])


def _rows(ax: Axes, trains: SpikeTrains, repeats: int) -> None:
    width = float(np.clip(300 / max(trains.counts.max(initial=1), 1), 0.35, 0.8))
    for row, times in enumerate(trains.to_lists()):
        ticks(ax, times, row, DATA if row < repeats else MODEL, width=width)
    names, colors = ["data", "model"], [DATA, MODEL]
    middle = [(repeats - 1) / 2, repeats + (len(trains) - repeats - 1) / 2]
    tidy(ax, left=False)
    name_rows(ax, names, colors, middle)
    ax.set_ylim(len(trains) - 0.1, -0.6)


def _stimulus(ax: Axes, trial: Trial, window: tuple[float, float]) -> None:
    values = next(iter(trial.inputs.values()))
    plot.stimulus(values, trial.dt, ax, window=window, unit=trial.unit, color=MUTED)
    ax.set_ylabel("stimulus" if trial.unit == "1" else f"stimulus\n({trial.unit})")
    ax.locator_params(axis="y", nbins=3)


def _closeup(
    material: Material, stimulus: Stimulus, part: Part, place: int, window: tuple[float, float], name: str, named: str
) -> Drawn:
    trial, model = stimulus.trial, stimulus.model
    has_voltage = trial.voltage is not None
    rows = len(trial.spikes) + len(model)
    heights = [0.5, *([1.5] if has_voltage else []), max(0.19 * rows, 0.5)]
    figure = figure_of(0.75 + sum(heights))
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    _stimulus(axes[0], trial, window)
    voltage_shown = has_voltage and _voltages(axes[1], material, stimulus, part, place, window)
    coincidences(trial.spikes, model, material.precision, axes[-1], window=window, legend=True)
    for ax in axes:
        time_axis(ax, window, label=ax is axes[-1])
        if ax is not axes[-1]:
            tidy(ax, bottom=False)
    figure.align_ylabels()
    what = {"train": "the fitted part", "test": "the held-out part"}[part.name]
    potential = ""
    if has_voltage:
        potential = " Black: the first trial's voltage, grey: the other trials'."
        if voltage_shown:
            potential += " Blue: the model's, its spikes drawn as lines."
            if fits_spikes_alone(material):
                potential += " The fit saw the spikes alone, which leave the scale of the model's voltage open."
    return Drawn(
        name,
        figure,
        f"A typical stretch of {what}: its share of coincident spikes is the one nearest to that of the whole part. "
        f"A spike without a partner within {material.precision:g} ms is ringed.{potential}{named}",
        f"Spikes of data and model from {window[0]:.0f} to {window[1]:.0f} ms; those without a partner are marked.",
    )


def fits_spikes_alone(material: Material) -> bool:
    """Whether the objective has seen spikes and no voltage."""
    objective = material.fit.cell.objective
    return objective is not None and objective.records is None


def _voltages(
    ax: Axes, material: Material, stimulus: Stimulus, part: Part, place: int, window: tuple[float, float]
) -> bool:
    trial = stimulus.trial
    assert trial.voltage is not None
    times = np.arange(trial.samples) * trial.dt
    times_in = slice(*np.searchsorted(times, window))
    for n, row in reversed(list(enumerate(trial.voltage))):
        plot.voltage(times[times_in], row[times_in], ax, color=DATA if n == 0 else OTHERS)
    found = predicted_voltage(material.fit, part.trials, place)
    if found is not None:
        at, values = found
        shown = slice(*np.searchsorted(at, window))
        spikes = part.spikes[place].to_lists()[0]
        spikes = spikes[(spikes >= window[0]) & (spikes < window[1])]
        low, high = ax.get_ylim()
        peak = float(trial.voltage[0][times_in].max())
        plot.voltage(at[shown], np.minimum(values[shown], peak), ax, spikes=spikes, peak=peak, color=MODEL)
        # a model that was fitted to spikes may have a potential of another size: the data's stays readable
        ax.set_ylim(max(ax.get_ylim()[0], low - 0.4 * (high - low)), high)
    ax.set_xlim(*window)
    ax.locator_params(axis="y", nbins=5)
    return found is not None
