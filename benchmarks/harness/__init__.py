"""Side-by-side benchmarks: each side in a process of its own, runs interleaved, medians compared.

A benchmark is a script that names its sides and calls :func:`run`; ``benchmarks/fit_round.py`` is an example. A side
is a script in ``benchmarks/sides`` that prepares its work once and then runs a case whenever it is asked to; see
``benchmarks/sides/serve.py``. A peer's side runs in ``.peers/NAME``, made from ``requirements-NAME.txt`` when missing.
"""

from . import machine
from .environments import SideError, environment
from .report import run
from .side import Side
from .variants import THREADS, variants

__all__ = ["THREADS", "Side", "SideError", "environment", "machine", "run", "variants"]
