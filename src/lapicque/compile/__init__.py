"""From equations to code: schemes, the step as data, the interpreter that defines it, and compiled kernels."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {}, submodules=["schemes"])
