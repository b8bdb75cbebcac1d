"""Every example of the gallery runs: a short version here, at full length by `make gallery`, which stores a figure."""

import runpy
import time
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "gallery").glob("[a-z]*.py"))


@pytest.fixture(autouse=True)
def _figures_are_closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_short_version_shows_the_mechanism(example, monkeypatch):
    monkeypatch.setenv("LAPICQUE_SMOKE", "1")
    source = example.read_text()
    assert "\nassert " in source, f"{example.name} asserts nothing: say what the system must show"
    runpy.run_path(str(example), run_name="__main__")


@pytest.mark.gallery
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_full_length_and_store_the_figure(example, monkeypatch, record_property):
    import matplotlib.pyplot as plt

    monkeypatch.delenv("LAPICQUE_SMOKE", raising=False)
    started = time.monotonic()
    try:
        left = runpy.run_path(str(example), run_name="__main__")
    except BaseException as error:
        record_property("merit", (example.stem, "failed", type(error).__name__, "", "", "no", ""))
        raise
    seconds = f"{time.monotonic() - started:.0f}"
    for row in [merit.row for merit in left.get("merits", ())] or [("",) * 5]:
        record_property("merit", (example.stem, *row, seconds))
    assert plt.get_fignums(), f"{example.name} draws no figure"
    stored = ROOT / "docs" / "gallery_figures" / f"{example.stem}.png"
    stored.parent.mkdir(exist_ok=True)
    plt.figure(plt.get_fignums()[-1]).savefig(stored, dpi=100, bbox_inches="tight")
    Image.open(stored).convert("RGB").quantize(128).save(stored, optimize=True)  # a third of the size
    assert stored.stat().st_size <= 100_000, f"{stored.name} has more than 100 kB: draw less, or a smaller figure"
