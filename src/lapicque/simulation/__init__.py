"""Runs in time: description in, result out."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Batch": "results",
        "EventDriven": "event_driven",
        "Response": "results",
        "Result": "results",
        "Simulation": "stateful",
        "StoredResult": "storage",
        "StoredTrace": "storage",
        "StructureView": "restructuring",
        "Synapses": "rewiring",
        "Trace": "results",
        "View": "acting",
        "grid": "batch",
        "open_result": "storage",
        "connections": "connections",
        "simulate": "run",
    },
)
