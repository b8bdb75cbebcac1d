"""Reports: one HTML page that says what a fit found and how good it is, without anything from the network."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"report": "page"})
