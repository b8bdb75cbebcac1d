"""Versions of what results depend on, for records and reports."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version


def versions_of(*packages: str) -> dict[str, str]:
    """Return versions of Python, of packages, and the machine.

    Examples
    --------
    >>> list(versions_of("numpy")), versions_of("no-such-package")["no-such-package"]
    (['python', 'numpy', 'platform'], 'not installed')
    """
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a source tree
            found[package] = "not installed"
    return {**found, "platform": f"{platform.system()} {platform.machine()}"}
