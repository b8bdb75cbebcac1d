"""Reports: what a fit found, as one HTML page; what a reproduction reaches beside what was published, as a table."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"Merit": "merit", "merit_table": "merit", "report": "page"})
