"""What a fit minimises: spike distances, voltage errors, features of a step response, and weighted sums of them.

An objective is a value; ``prepare`` makes it ready for one trial, and the result, a `Scorer`, takes a block of
candidates at a time: what it needs of their traces while they run, and then their spikes.
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Block": "objective",
        "Objective": "objective",
        "Scorer": "objective",
        "Several": "several",
        "SpikeMatch": "spike_match",
        "StepFeatures": "step_features",
        "VoltageError": "voltage_error",
        "WeightedSum": "objective",
    },
)
