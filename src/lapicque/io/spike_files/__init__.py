"""Files of spike times: many neurons, without what was injected or a voltage."""

from lapicque._lazy import attach

#: The modules that read spike files, in the order in which `read_spikes` asks them what a file is.
SPIKE_FILES = ("hdf5", "npz", "mat", "events", "recordings", "text")

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "read_populations": "reading",
        "read_spikes": "reading",
    },
)
