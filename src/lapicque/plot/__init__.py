"""Pictures of spike trains, traces and fits: every function draws into matplotlib axes and returns them.

Without ``ax=`` a function makes a figure of its own, outside pyplot; ``ax.figure.savefig("name.svg")`` writes it.

Examples
--------
>>> import lapicque as lq
>>> trains = lq.spikes.SpikeTrains.from_lists([[10, 40], [12, 60]], t_stop=100, shape=(2, 1))
>>> lq.plot.raster(trains).get_xlabel()
'time (ms)'
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "coincidences": "matching",
        "convergence": "fits",
        "fi_curve": "curves",
        "gamma_against_reliability": "fits",
        "isi_histogram": "trains",
        "objective_profile": "fits",
        "raster": "trains",
        "rate": "trains",
        "stimulus": "signals",
        "traces": "signals",
        "voltage": "signals",
    },
)
