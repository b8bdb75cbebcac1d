"""Pictures of spike trains, traces, networks, models and fits: functions draw into matplotlib axes and return them.

Without ``ax=`` a function makes a figure of its own, outside pyplot; ``ax.figure.savefig("name.svg")`` writes it.
`terminal_raster` and `terminal_trace` return text, for machines without a screen.

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
        "along_front": "fronts",
        "animate_events": "events",
        "animate_search": "searching",
        "candidate_spread": "spread",
        "coincidences": "matching",
        "connectivity_matrix": "matrices",
        "convergence": "fits",
        "degrees": "matrices",
        "event_frame": "events",
        "fi_curve": "curves",
        "gamma_against_reliability": "fits",
        "hypervolume": "fronts",
        "isi_histogram": "trains",
        "network": "networks",
        "objective_profile": "fits",
        "pareto_front": "fronts",
        "phase_plane": "phase",
        "population_raster": "populations",
        "population_rates": "populations",
        "raster": "trains",
        "rate": "trains",
        "spectrum": "spectra",
        "stimulus": "signals",
        "terminal_raster": "terminal",
        "terminal_trace": "terminal",
        "traces": "signals",
        "voltage": "signals",
        "weight_matrix": "matrices",
    },
)
