"""How a report's figures are drawn: matplotlib's settings, sizes, and what belongs to a figure beside itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 9.2  # in
#: What the parts are called in figures.
PARTS = {"train": "fitted", "test": "held out"}

#: What the figures are drawn with, whatever the user's own settings are: reports look the same everywhere.
SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.facecolor": "white",
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "legend.fontsize": 8,
    "savefig.facecolor": "white",
    "savefig.bbox": None,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "lapicque",
    "text.usetex": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
}


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure with its file name, caption and text for readers who do not see it."""

    name: str
    figure: Figure
    caption: str
    alt: str


def settings() -> AbstractContextManager[None]:
    """Return a context in which matplotlib has its own defaults and `SETTINGS`; the backend of pyplot is left alone."""
    import matplotlib

    kept = ("backend", "backend_fallback", "interactive", "toolbar")
    defaults: dict[str, Any] = {n: value for n, value in matplotlib.rcParamsDefault.items() if n not in kept}
    return matplotlib.rc_context(defaults | SETTINGS)  # type: ignore[arg-type]


def figure_of(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure (in) that lays itself out, outside pyplot."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def name_above(ax: Axes) -> None:
    """Put the name of small axes above them, where a long one has room."""
    ax.set_title(ax.get_ylabel(), loc="left", fontsize=8)
    ax.set_ylabel("")
