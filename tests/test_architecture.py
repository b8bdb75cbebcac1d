"""The shape of the package: layers, independent leaves, exports, and what `import lapicque` loads."""

import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys

import grimp
import pytest
from importlinter.cli import lint_imports

import lapicque

CATALOGUES = ["neurons", "synapses", "optimizers", "distances", "io", "environments"]
HEAVY = {"torch", "matplotlib", "neo", "pint", "numba", "scipy", "sympy", "h5py", "jinja2", "rich"}


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph("lapicque", cache_dir=None, exclude_type_checking_imports=True)


def modules(package):
    """Names of the modules of a catalogue, without the package's own."""
    found = importlib.import_module(f"lapicque.{package}")
    return {info.name for info in pkgutil.iter_modules(found.__path__)}


def present():
    """Catalogues that this version has."""
    names = {info.name for info in pkgutil.iter_modules(lapicque.__path__)}
    return [name for name in CATALOGUES if name in names]


def leaves(package):
    """Modules that define an exported value or function (in lower case), or are exported themselves."""
    found = importlib.import_module(f"lapicque.{package}")
    exports = found.__getattr__.exports
    return {module for name, module in exports.items() if name[0].islower()} | (set(found.__all__) - set(exports))


def test_imports_point_down_only(monkeypatch, pytestconfig, capsys):
    monkeypatch.chdir(pytestconfig.rootpath)
    assert lint_imports(no_cache=True) == 0, capsys.readouterr().out


@pytest.mark.parametrize("package", present())
def test_leaves_are_independent(imports, package):
    for leaf in sorted(leaves(package)):
        users = imports.find_modules_that_directly_import(f"lapicque.{package}.{leaf}")
        inside = {user for user in users if user.startswith(f"lapicque.{package}.")}
        assert not inside, f"lapicque.{package}.{leaf} is a leaf, but is imported by {sorted(inside)}"


@pytest.mark.parametrize("package", present())
def test_every_leaf_is_exported(imports, package):
    for name in sorted(modules(package) - leaves(package)):
        users = imports.find_modules_that_directly_import(f"lapicque.{package}.{name}")
        assert any(user.startswith(f"lapicque.{package}.") for user in users), (
            f"lapicque.{package}.{name} is neither exported by lapicque/{package}/__init__.py nor used by a leaf"
        )


@pytest.mark.parametrize("package", ["", *(f".{name}" for name in present())])
def test_every_public_name_exists(package):
    found = importlib.import_module(f"lapicque{package}")
    for name in found.__all__:
        assert getattr(found, name) is not None, name


def test_import_loads_nothing_heavy():
    program = "import sys, lapicque; dir(lapicque); print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())
    assert "lapicque" in run.stdout.split()


def test_version_is_that_of_the_distribution():
    assert lapicque.__version__ == importlib.metadata.version("lapicque")
