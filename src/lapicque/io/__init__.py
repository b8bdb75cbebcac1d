"""Files: recordings from what laboratories write, and translations to and from other packages' objects."""

from lapicque._lazy import attach

#: The modules that read recordings, in the order in which `read` asks them what a file is.
RECORDINGS = ("abf", "igor", "nwb", "npz", "text", "csv", "neo")

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "from_neo": "neo",
        "read": "reading",
        "read_populations": "spike_files.reading",
        "read_spikes": "spike_files.reading",
        "to_neo": "neo",
    },
    submodules=[*RECORDINGS, "spike_files"],
)
