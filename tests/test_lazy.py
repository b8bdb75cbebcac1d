"""Exports that load at first access."""

import sys
import textwrap

import pytest


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A catalogue of two leaves, one of which is named like its file, imported anew."""
    folder = tmp_path / "lazy_catalogue"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        textwrap.dedent("""
        from lapicque._lazy import attach
        __getattr__, __dir__, __all__ = attach(__name__, {"lif": "lif", "Shape": "shapes"}, submodules=["tools"])
        """)
    )
    (folder / "lif.py").write_text("lif = 'a neuron'\n")
    (folder / "shapes.py").write_text("class Shape: pass\n")
    (folder / "tools.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield __import__("lazy_catalogue")
    for name in [name for name in sys.modules if name.split(".")[0] == "lazy_catalogue"]:
        del sys.modules[name]


def test_nothing_is_loaded_before_it_is_asked_for(package):
    assert not [name for name in sys.modules if name.startswith("lazy_catalogue.")]
    assert package.Shape.__module__ == "lazy_catalogue.shapes"
    assert "lazy_catalogue.lif" not in sys.modules


def test_public_names_are_listed(package):
    assert package.__all__ == [name for name in dir(package) if name[:2] != "__"] == ["Shape", "lif", "tools"]
    assert "__all__" in dir(package)


def test_submodule(package):
    assert package.tools is sys.modules["lazy_catalogue.tools"]


def test_export_wins_over_its_file_whoever_imports_first(package):
    __import__("lazy_catalogue.lif")
    assert package.lif == "a neuron"
    __import__("lazy_catalogue.lif")
    assert package.lif == "a neuron"
    from lazy_catalogue.lif import lif  # the file is still reached by its path

    assert lif == "a neuron"


def test_other_attributes_are_set_as_usual(package):
    package.note = 3
    assert package.note == 3


def test_unknown_name(package):
    with pytest.raises(AttributeError, match="module 'lazy_catalogue' has no attribute 'lief'; did you mean 'lif'"):
        _ = package.lief
    with pytest.raises(AttributeError, match=r"no attribute 'banana'$"):
        _ = package.banana
