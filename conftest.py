"""Settings of every test and doctest: where kernels are cached, how figures are drawn, which examples are tried."""

import os

import pytest
from hypothesis import settings

settings.register_profile("lapicque", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("lapicque")


def pytest_configure(config: pytest.Config) -> None:
    """Keep generated kernels in pytest's own cache folder: the user's is left alone, a second run starts warm."""
    os.environ.setdefault("LAPICQUE_CACHE", str(config.cache.mkdir("kernels")))
    os.environ.setdefault("MPLBACKEND", "Agg")
