"""How functions inside a kernel are compiled."""

from typing import Any

#: For other compiled functions alone, and without counting references to arrays, which the caller holds anyway: a
#: kernel is then compiled in half the time. Functions that make arrays need ``_nrt``.
OPTIONS: Any = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
