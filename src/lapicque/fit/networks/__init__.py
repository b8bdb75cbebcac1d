"""Networks fitted to the spikes of many neurons."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "MatchedNeurons": "matching",
        "NetworkObjective": "objective",
        "NetworkProblem": "problem",
        "PopulationStatistics": "statistics",
    },
)
