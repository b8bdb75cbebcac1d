"""Models fitted to recordings: problems, objectives, searches, scores."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Fit": "search",
        "MatchedNeurons": "networks",
        "NetworkProblem": "networks",
        "PopulationStatistics": "networks",
        "Free": "free",
        "Generation": "generations",
        "Problem": "problem",
        "Recording": "recording",
        "Score": "held_out",
        "Searchable": "searchable",
        "SpikeMatch": "objectives",
        "StepFeatures": "objectives",
        "Sweep": "sweep",
        "Trial": "trial",
        "Validation": "validation",
        "VoltageError": "objectives",
        "concatenate": "recording",
        "load": "record",
        "load_generations": "record",
        "minimize": "search",
        "predicted": "held_out",
        "profile": "held_out",
        "reliability": "held_out",
        "save": "record",
        "score": "held_out",
        "split_by_stimulus": "trial",
        "split_by_time": "trial",
        "trials_of": "trial",
        "validate": "validation",
    },
    submodules=["features", "validation"],
)
