"""What all pictures share: colours, axes of their own, tidy spines, a time axis, labels that may hold anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours after Okabe & Ito, which differ for colour-blind readers and in print.
INK, MUTED, FAINT = "#1f2730", "#6b7680", "#d9dee3"
DATA, MODEL, MISSED, EXTRA = INK, "#0a6ca8", "#d55e00", "#cc6ba6"
SERIES = (DATA, MODEL, "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

SECONDS_FROM = 3000.0  # ms: a longer time axis is labelled in s


def own_axes(ax: Axes | None, width: float = 6.4, height: float = 2.4) -> Axes:
    """Return the given axes, or axes of a new figure (in), without pyplot's memory of figures."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def tidy(ax: Axes, left: bool = True, bottom: bool = True) -> Axes:
    """Leave only the spines that carry an axis, in quiet colours."""
    for name, spine in ax.spines.items():
        spine.set_visible({"left": left, "bottom": bottom}.get(name, False))
        spine.set_color(MUTED)
    ax.tick_params(colors=MUTED, labelcolor=INK, left=left, labelleft=left, bottom=bottom, labelbottom=bottom)
    return ax


def time_axis(ax: Axes, window: tuple[float, float], label: bool = True) -> Axes:
    """Label an x axis that is in ms, in s where the window (start, stop in ms) is long."""
    from matplotlib.ticker import FuncFormatter

    start, stop = window
    ax.set_xlim(start, stop if stop > start else start + 1.0)
    seconds = window[1] - window[0] > SECONDS_FROM
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / (1e3 if seconds else 1):.10g}"))
    ax.set_xlabel(("time (s)" if seconds else "time (ms)") if label else "")
    return ax


def from_zero(ax: Axes) -> Axes:
    """Let a y axis begin at 0 and still grow with what is drawn later."""
    for line in ax.lines:
        line.sticky_edges.y[:] = [0.0]
    ax.update_datalim([(0.0, 0.0)], updatex=False)
    ax.autoscale_view(scalex=False)
    return ax


def label(text: Any) -> str:
    r"""Return a text that matplotlib shows as it is: one line, no formulas, only characters that its font has.

    Examples
    --------
    >>> label("cell $1")
    'cell \\$1'
    """
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    line = " ".join(str(text).split())
    return "".join(c if font.get_char_index(ord(c)) else "\N{REPLACEMENT CHARACTER}" for c in line).replace("$", r"\$")


def unit_label(name: str, unit: Any) -> str:
    """Return an axis label: ``v (mV)``, or the name alone for a pure number."""
    return label(name if str(unit) == "1" else f"{name} ({unit})")
