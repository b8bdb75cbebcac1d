"""Our side of the distance matrices."""

from serve import serve
from workload_distances import repeated, spike_times

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
    return cases


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "numpy"])
