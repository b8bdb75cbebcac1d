"""How a search converged, as a film: candidates among the bounds, losses, spikes of the best one beside the data's."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.errors import FitError
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.generations import Generation
from lapicque.fit.networks.problem import NetworkProblem
from lapicque.fit.problem import Problem
from lapicque.fit.search import Fit
from lapicque.plot.fits import convergence
from lapicque.plot.slider import write_slider
from lapicque.plot.style import DATA, FAINT, INK, MODEL, MUTED, label, tidy, time_axis, unit_label
from lapicque.plot.trains import ticks
from lapicque.progress import bar
from lapicque.simulation.variants import ExplodedError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES, DPI = (7.6, 4.4), 100
#: Neurons or repeats of each side that are drawn.
ROWS = 40


def animate_search(
    found: Fit | ParetoFront, path: str | os.PathLike[str], *, frames: int = 48, trial: int = 0, fps: float = 8.0
) -> Path:
    """Write a film of a search: a page with a slider, or a GIF.

    On the left each candidate of a generation is a point in the row of each free parameter, between its bounds, the
    darker the better, with the best one so far as a line. On the right are the losses against evaluations (of several
    objectives the candidates in the plane of the first two), and below the spikes of the best candidate so far beside
    the data's.

    Parameters
    ----------
    found : Fit or ParetoFront
    path : path
        ``"search.html"`` for the page, which is one file that needs no other; ``"search.gif"`` for a GIF.
    frames : int
        At most so many generations, evenly spaced, the last one among them.
    trial : int
        Which trial of a cell, or repeat of a network, is drawn.
    fps : float
        Frames per second when it plays.

    Returns
    -------
    Path

    Raises
    ------
    FitError
        If the search has no generations, the path is neither a page nor a GIF, or there is no such trial.

    Examples
    --------
    >>> import tempfile, lapicque as lq
    >>> data = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": "600 pA"}).spikes
    >>> problem = lq.fit.Problem(
    ...     lq.neurons.lif,
    ...     [lq.fit.Trial(np.full(2000, 600.0), data)],
    ...     free=dict(c_m=("50 pF", "900 pF")),
    ...     distance=lq.distances.coincidence("4 ms"),
    ... )
    >>> fit = lq.fit.minimize(problem, budget=300, seed=1)
    >>> animate_search(fit, Path(tempfile.mkdtemp()) / "search.html", frames=2).name
    'search.html'
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".gif"):
        raise FitError(f"{path.name} is neither a page nor a GIF: name it search.html or search.gif")
    if not path.parent.is_dir():
        raise FitError(f"there is no folder {path.parent} for {path.name}")
    if frames < 1 or not 0 < fps < np.inf:
        raise FitError(f"frames is {frames} and fps {fps:g}: both must be positive")
    if not found.generations:
        raise FitError("the search has no generations to show: it ended before the first one")
    film = _Film(found, frames, trial)
    pictures, captions = [], []
    with bar("film", len(film), show=True) as tick:
        for number in range(len(film)):
            captions.append(film.show(number))
            pictures.append(film.picture())
            tick(1)
    if path.suffix.lower() == ".gif":
        _write_gif(path, pictures, fps)
        return path
    alt = f"candidates, losses and spikes of a search for {found.problem.name}, generation by generation"
    title = f"Search for {found.problem.name}: {', '.join(found.problem.objectives)}"
    return write_slider(
        path, pictures, captions, title=title, alt=alt, width=int(INCHES[0] * DPI) + 60, interval=round(1000 / fps)
    )


class _Film:
    """A figure that is drawn once, and what moves in it."""

    def __init__(self, found: Fit | ParetoFront, frames: int, trial: int):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        generations = found.generations
        chosen = np.unique(np.linspace(len(generations) - 1, 0, min(frames, len(generations))).round().astype(int))
        self.found, self.generations = found, [generations[n] for n in chosen]
        self.best = _best_so_far(found, generations)[chosen]
        self.trains = _Trains.of(found.problem, trial)
        self.figure: Figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
        heights = [1.2, 1.0] if self.trains else [1.0]
        cells = self.figure.add_gridspec(len(heights), 2, width_ratios=[1.05, 1.0], height_ratios=heights)
        self._draw_candidates(self.figure.add_subplot(cells[:, 0]))
        if isinstance(found, Fit):
            self._draw_losses(self.figure.add_subplot(cells[0, 1]), found)
        else:
            self._draw_front(self.figure.add_subplot(cells[0, 1]), found)
        if self.trains:
            self.raster = self.figure.add_subplot(cells[1, 1])
        self.canvas = FigureCanvasAgg(self.figure)
        self.show(0)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # nothing moves but what is shown

    def __len__(self) -> int:
        return len(self.generations)

    def show(self, number: int) -> str:
        """Draw a generation; return what it is."""
        now, best = self.generations[number], self.best[number]
        rows = len(self.found.problem.free)
        shades = self._shades(now)
        spread = (np.arange(len(now.points)) * 0.618) % 1 * 0.5 - 0.25  # next to each other, the same in every frame
        places = np.stack([now.points, np.arange(rows) + spread[:, None]], axis=2)
        order = np.argsort(-shades, kind="stable")  # the best on top
        self.dots.set_offsets(places[order].reshape(-1, 2))
        self.dots.set_array(np.repeat(shades[order], rows))
        self.marks.set_segments([[(x, row - 0.38), (x, row + 0.38)] for row, x in enumerate(best)])
        if isinstance(self.found, Fit):
            done = self.found.history[self.found.history[:, 0] <= now.evaluations]
            self.here.set_data(done[-1:, 0], done[-1:, 1])
        else:
            self.here.set_data(*now.losses[:, :2].T)
        if self.trains:
            self.trains.draw(self.raster, best)
        return f"generation {now.number + 1}, {now.evaluations:,} evaluations"

    def picture(self) -> bytes:
        """Return the figure as a PNG of 64 colours."""
        from PIL import Image

        self.canvas.draw()
        small = io.BytesIO()
        Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB").quantize(64).save(small, format="png")
        return small.getvalue()

    def _shades(self, generation: Generation) -> np.ndarray:
        """Return 0 for the generation's best candidate, 1 for its worst."""
        losses = generation.losses if generation.losses.ndim == 1 else _scaled(generation.losses).sum(axis=1)
        return np.argsort(np.argsort(losses, kind="stable"), kind="stable") / max(len(losses) - 1, 1)

    def _draw_candidates(self, ax: Axes) -> None:
        from matplotlib.collections import LineCollection

        free = self.found.problem.free
        names = [unit_label(f.name, f.unit) for f in free]
        for row in range(len(free)):
            ax.axhline(row, color=FAINT, linewidth=0.8, zorder=0)
        for row, f in enumerate(free):
            ax.text(0.0, row + 0.47, f"{f.low:g}", fontsize=6, color=MUTED, ha="left", va="center")
            ax.text(1.0, row + 0.47, f"{f.high:g}", fontsize=6, color=MUTED, ha="right", va="center")
        self.dots = ax.scatter([], [], c=[], s=9, cmap="Blues_r", vmin=-0.15, vmax=1.25, linewidths=0)
        self.marks = LineCollection([], colors="#d55e00", linewidths=2.0, zorder=3)
        ax.add_collection(self.marks)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(len(free) - 0.4, -0.5)
        tidy(ax, left=False, bottom=False)
        ax.set_yticks(range(len(free)), names)
        ax.tick_params(labelleft=True)
        ax.set_title("candidates, between the bounds", fontsize="small", loc="left")

    def _draw_losses(self, ax: Axes, fit: Fit) -> None:
        convergence(fit, ax)
        (self.here,) = ax.plot([], [], "o", color="#d55e00", markersize=6, zorder=4)

    def _draw_front(self, ax: Axes, front: ParetoFront) -> None:
        ax.plot(*front.losses[:, :2].T, "o", color=FAINT, markersize=4, label="front that was found")
        (self.here,) = ax.plot([], [], "o", color=MODEL, markersize=3, label="generation")
        ends = np.concatenate([generation.losses[:, :2] for generation in self.generations])
        low, high = np.minimum(ends.min(axis=0), 0), np.quantile(ends, 0.9, axis=0)
        high = np.maximum(high, front.losses[:, :2].max(axis=0))
        room = 0.05 * np.maximum(high - low, 1e-9)
        ax.set_xlim(low[0] - room[0], high[0] + room[0])
        ax.set_ylim(low[1] - room[1], high[1] + room[1])
        first, second = front.objectives[:2]
        ax.set_xlabel(label(first))
        ax.set_ylabel(label(second))
        ax.legend(frameon=False, fontsize="small", loc="upper right")
        tidy(ax)


class _Trains:
    """The data's spike trains, and how those of a candidate are had."""

    def __init__(self, problem: Any, data: list[np.ndarray], window: tuple[float, float], which: Any):
        self.problem, self.data, self.window, self.which = problem, data, window, which

    @classmethod
    def of(cls, problem: Any, trial: int) -> _Trains | None:
        """Return the trains of a cell's or a network's problem; None of another one, which has no spikes to show."""
        if isinstance(problem, Problem):
            _check_trial(trial, len(problem.trials))
            shown = problem.trials[trial]
            return cls(problem, shown.spikes.to_lists()[:ROWS], (0.0, shown.duration), trial)
        if isinstance(problem, NetworkProblem):
            name = next(iter(problem.data))
            trains = problem.data[name]
            _check_trial(trial, trains.shape[0])
            rows = trains.to_lists()[trial * trains.shape[1] :][: min(ROWS, trains.shape[1])]
            return cls(problem, rows, problem.window, name)
        return None

    def of_model(self, point: np.ndarray) -> list[np.ndarray]:
        """Return the trains of a candidate."""
        if isinstance(self.problem, Problem):
            repeats = range(min(self.problem.repeats, ROWS))
            return [self.problem.respond(point[None], self.which, n).to_lists()[0] for n in repeats]
        trains = self.problem.respond(point, trials=1)[self.which]
        return trains.to_lists()[: min(ROWS, trains.shape[1])]

    def draw(self, ax: Axes, point: np.ndarray) -> None:
        """Draw the data above the candidate."""
        ax.clear()
        name = "best\nso far"
        try:
            model = self.of_model(point)
        except ExplodedError:
            model, name = [np.empty(0)], "(exploded)"
        for row, times in enumerate(self.data):
            ticks(ax, times, row, DATA, width=0.8)
        gap = len(self.data) + 0.6
        for row, times in enumerate(model):
            ticks(ax, times, gap + row, MODEL, width=0.8)
        ax.set_ylim(gap + len(model) - 0.4, -0.6)
        tidy(ax, left=False)
        middles = [(len(self.data) - 1) / 2, gap + (len(model) - 1) / 2]
        ax.set_yticks(middles, ["data", name])
        ax.tick_params(left=False, labelleft=True)
        for text, color in zip(ax.get_yticklabels(), (INK, MODEL), strict=True):
            text.set_color(color)
        time_axis(ax, self.window)


def _check_trial(trial: int, count: int) -> None:
    if not 0 <= trial < count:
        raise FitError(f"there is no trial {trial}: there are {count}, from 0 on")


def _best_so_far(found: Fit | ParetoFront, generations: tuple[Generation, ...]) -> np.ndarray:
    """Return the best point up to each generation that was kept, the last the one that was found."""
    best = np.inf
    points: list[np.ndarray] = []
    scale = None if isinstance(found, Fit) else (found.losses.min(axis=0), np.ptp(found.losses, axis=0))
    for generation in generations:
        losses = generation.losses if scale is None else _scaled(generation.losses, *scale).sum(axis=1)
        leader = int(np.argmin(losses))
        points.append(generation.points[leader] if losses[leader] < best else points[-1])
        best = min(best, float(losses[leader]))
    points[-1] = found.point if isinstance(found, Fit) else found.knee().point
    return np.array(points)


def _scaled(losses: np.ndarray, low: np.ndarray | None = None, extent: np.ndarray | None = None) -> np.ndarray:
    """Return losses on the scale of a front, or of their own extent."""
    low = losses.min(axis=0) if low is None else low
    extent = np.ptp(losses, axis=0) if extent is None else extent
    return (losses - low) / np.where(extent > 0, extent, 1.0)


def _write_gif(path: Path, pictures: list[bytes], fps: float) -> None:
    from PIL import Image

    images = [Image.open(io.BytesIO(picture)) for picture in pictures]
    durations = [round(1000 / fps)] * (len(images) - 1) + [2000]  # it stays at the end
    temporary = path.with_name(path.name + ".writing")
    images[0].save(temporary, format="gif", save_all=True, append_images=images[1:], duration=durations, loop=0)
    os.replace(temporary, path)
