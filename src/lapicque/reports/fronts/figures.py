"""The figures of a front's page."""

from __future__ import annotations

from itertools import combinations

from lapicque import plot
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.problem import Problem
from lapicque.plot.style import DATA, MODEL, SERIES, label, tidy, time_axis
from lapicque.plot.trains import name_rows, ticks
from lapicque.reports.drawing import WIDTH, Drawn, figure_of, name_above

#: Pairs of objectives that are drawn; of five objectives there are ten.
PAIRS = 6


def front_figure(front: ParetoFront) -> Drawn:
    """Draw the front in every plane of two objectives, and how its hypervolume grew."""
    pairs = list(combinations(range(len(front.objectives)), 2))[:PAIRS]
    columns = min(3, len(pairs) + 1)
    rows = -(-(len(pairs) + 1) // columns)
    figure = figure_of(2.7 * rows, WIDTH if columns == 3 else 7.6)
    grid = figure.subplots(rows, columns, squeeze=False)
    for number, (ax, pair) in enumerate(zip(grid.flat, pairs, strict=False)):
        plot.pareto_front(front, ax, objectives=pair)
        if number:
            ax.get_legend().remove()
    plot.hypervolume(front, grid.flat[len(pairs)])
    for ax in grid.flat[len(pairs) + 1 :]:
        ax.set_axis_off()
    more = "" if len(pairs) < 2 else " A candidate that looks beaten in one plane is better in another objective."
    return Drawn(
        "front",
        figure,
        "Losses of the front's candidates, of which none is better in everything; the diamond is the knee, where the "
        f"sum of the losses, each on the scale of the front's extent, is smallest.{more} Grey: what the search has "
        "tried. Last, the hypervolume: how much of the space up to the reference the front beats, while it was found.",
        "The front in objective space, and its hypervolume against the number of evaluations.",
    )


def along(front: ParetoFront) -> Drawn:
    """Draw each free parameter along the front."""
    names = [f.name for f in front.problem.free]
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure = figure_of(1.6 * rows + 0.1, WIDTH if columns == 4 else 2.3 * columns + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False)
    for ax, name in zip(grid.flat, names, strict=False):
        plot.along_front(front, name, ax)
        name_above(ax)
    for ax in grid.flat[len(names) :]:
        ax.set_axis_off()
    return Drawn(
        "along",
        figure,
        f"Each parameter of the front's candidates between its bounds, against {front.objectives[0]}. One that runs "
        "from end to end is what the objectives disagree about; one that stays, all of them fix; one that scatters, "
        "none does.",
        "Free parameters of the candidates along the front.",
    )


def cell_spikes(front: ParetoFront) -> Drawn:
    """Draw the first trial of a cell: its data, the ends of the front, and its knee."""
    problem = front.problem
    assert isinstance(problem, Problem)
    trial = problem.trials[0]
    chosen = {f"best {name}": front.best(name) for name in front.objectives} | {"knee": front.knee()}
    rows = [(DATA, times) for times in trial.spikes.to_lists()]
    middles, names, colors = [(len(rows) - 1) / 2], ["data"], [DATA]
    for number, (name, candidate) in enumerate(chosen.items()):
        color = MODEL if name == "knee" else SERIES[2 + number % (len(SERIES) - 2)]
        middles.append(float(len(rows)))
        names.append(label(name))
        colors.append(color)
        rows.append((color, problem.respond(candidate.point[None], 0).to_lists()[0]))
    figure = figure_of(0.55 + 0.17 * len(rows))
    ax = figure.add_subplot()
    for row, (color, times) in enumerate(rows):
        ticks(ax, times, row, color, width=0.6)
    tidy(ax, left=False)
    name_rows(ax, names, colors, middles)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    time_axis(ax, (0.0, trial.duration))
    return Drawn(
        "rasters",
        figure,
        "Spikes of the first trial: the data, the candidates at the ends of the front, and the one at its knee.",
        "Spike rasters of the data and of some candidates of the front.",
    )
