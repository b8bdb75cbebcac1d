"""What is stored in the repository: small files, and a figure for every example of the gallery."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "gallery").glob("[a-z]*.py"))


def tracked():
    """Files under version control, as they are in the working tree."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a working tree of git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_files_are_small():
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked() if path.stat().st_size > 1_000_000}
    assert large == {}


def test_stored_figures_are_small_and_belong_to_an_example():
    figures = sorted((ROOT / "docs" / "gallery_figures").glob("*"))
    assert {figure.stem for figure in figures} == {example.stem for example in EXAMPLES}
    assert {figure.name: figure.stat().st_size for figure in figures if figure.stat().st_size > 100_000} == {}
