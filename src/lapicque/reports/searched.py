"""What a page shows of a search: how its candidates spread over the bounds, and a film beside the page."""

from __future__ import annotations

from pathlib import Path

from lapicque.errors import FitError
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.search import Fit
from lapicque.plot.spread import candidate_spread
from lapicque.reports.drawing import WIDTH, Drawn, figure_of, name_above

#: Frames of a film beside a page.
FRAMES = 16


def spread(found: Fit | ParetoFront) -> list[Drawn]:
    """Draw how the candidates spread over the bounds of each free parameter; nothing where no generations were kept."""
    if not found.generations:
        return []
    names = [f.name for f in found.problem.free]
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure = figure_of(1.5 * rows + 0.15, WIDTH if columns == 4 else 2.3 * columns + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False)
    for number, (ax, name) in enumerate(zip(grid.flat, names, strict=False)):
        candidate_spread(found, name, ax)
        name_above(ax)
        if number + columns < len(names):
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    for ax in grid.flat[len(names) :]:
        ax.set_axis_off()
    best = "the best one of all" if isinstance(found, Fit) else "the knee of the front"
    return [
        Drawn(
            "spread",
            figure,
            "Candidates of each generation between the bounds: their median, half of them (dark) and four fifths of "
            f"them (light); the diamond is {best}. Where the last ones are still spread, the parameter hardly matters "
            "or others make up for it.",
            "Spread of the candidates' parameters against the number of evaluations.",
        )
    ]


def check_animation(animation: str | None, found: Fit | ParetoFront) -> None:
    """Refuse a film that cannot be.

    Raises
    ------
    FitError
    """
    if animation not in ("html", "gif", None):
        raise FitError(f"animation is {animation!r}: write 'html', 'gif' or None")
    if animation is not None and not found.generations:
        raise FitError(
            "there is no film of this search, since it kept no generations: write animation=None, or search again by "
            "lq.fit.minimize or lq.fit.pareto, which keep them"
        )


def film(found: Fit | ParetoFront, path: Path, animation: str | None) -> str:
    """Write the film of a search beside a page; return its name, empty where none is wanted."""
    if animation is None:
        return ""
    from lapicque.plot.searching import animate_search

    return animate_search(found, path.with_name(f"{path.stem}-search.{animation}"), frames=FRAMES).name
