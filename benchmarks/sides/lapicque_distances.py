"""Our side of the distance matrices."""

from serve import serve
from workload_distances import paired_times, repeated, spike_times

import lapicque as lq


def prepare(workload):
    trains = lq.spikes.SpikeTrains.from_lists(spike_times(workload), t_stop=workload["window"])
    distances = {
        "isi": lq.distances.isi(),
        "spike": lq.distances.spike(),
        "spike_synchronization": lq.distances.spike_synchronization(),
        "van_rossum": lq.distances.van_rossum(workload["tau"]),
        "victor_purpura": lq.distances.victor_purpura(workload["cost"]),
    }
    cases = {}
    for name, distance in distances.items():
        distance.matrix(trains)  # compile, or load what an earlier process compiled
        cases[name] = repeated(lambda d=distance: d.matrix(trains, threads=workload["threads"]))
    a, b = (lq.spikes.SpikeTrains.from_lists(times, t_stop=workload["window"]) for times in paired_times(workload))
    for name in ("isi", "spike", "spike_synchronization"):
        distances[name].pairs(a, b)
        cases[f"{name}, pairs"] = repeated(lambda d=distances[name]: d.pairs(a, b, threads=workload["threads"]))
    return cases


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "numpy"])
