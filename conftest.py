"""Settings of every test and doctest: where kernels are cached, how figures are drawn, which examples are tried."""

import os

import pytest
from hypothesis import settings

settings.register_profile("lapicque", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("lapicque")


def pytest_configure(config: pytest.Config) -> None:
    """Keep generated kernels in pytest's own cache folder: the user's is left alone, a second run starts warm."""
    kernels = config.cache.mkdir("kernels")
    kernels.chmod(0o700)  # whatever the umask: a folder to which others can write is refused
    os.environ.setdefault("LAPICQUE_CACHE", str(kernels))
    os.environ.setdefault("MPLBACKEND", "Agg")
