"""Networks as descriptions: populations, projections, stimuli, recorders. Nothing runs here."""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Network": "network",
        "Operation": "operation",
        "Population": "population",
        "Projection": "projection",
        "Receptor": "receptors",
        "Recorder": "recorder",
        "Selection": "population",
        "Signal": "signal",
        "SpikeSource": "spike_source",
        "Stimulation": "stimulus",
        "drawn": "distributions",
        "exponential": "distributions",
        "lognormal": "distributions",
        "normal": "distributions",
        "receptors": "receptors",
        "uniform": "distributions",
    },
    submodules=["structure"],
)
