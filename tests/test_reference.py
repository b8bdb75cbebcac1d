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
    described |= {"lapicque.train", "lapicque.train.eprop"}  # by what they hold
    described |= {"lapicque.structure", "lapicque.reports.report"}  # by another name
    assert named - listed - described == set()


def test_every_name_that_is_listed_exists():
    listed = re.findall(r"^   (lapicque\.[\w.]*)$", INDEX.read_text(), re.MULTILINE)
    assert len(listed) > 100
    for name in listed:
        package, _, own = name.rpartition(".")
        assert hasattr(import_module(package), own), name
