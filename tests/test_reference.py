"""The reference: every public name has its place in it."""

import re
from importlib import import_module
from pathlib import Path

import pytest

INDEX = Path(__file__).parents[1] / "docs" / "api" / "index.md"


@pytest.mark.parametrize("package", ["lapicque", "lapicque.train", "lapicque.reports"])
def test_every_public_name_is_listed(package):
    listed = set(re.findall(r"^   (lapicque[\w.]*)$", INDEX.read_text(), re.MULTILINE))
    named = {f"{package}.{name}" for name in import_module(package).__all__}
    described = {"lapicque.neurons", "lapicque.schemes"}  # pages of their own: the neurons, the language
    described |= {"lapicque.train"}  # by what it holds
    described |= {"lapicque.structure", "lapicque.reports.report", "lapicque.train.EProp"}  # by another name
    missing = sorted(named - listed - described)
    assert not missing, f"list them in docs/api/index.md: {', '.join(missing)}"


def test_every_name_that_is_listed_exists():
    listed = re.findall(r"^   (lapicque\.[\w.]*)$", INDEX.read_text(), re.MULTILINE)
    assert len(listed) > 100
    for name in listed:
        package, _, own = name.rpartition(".")
        assert hasattr(import_module(package), own), name
