"""PySpike's side of the distance matrices: its compiled functions."""

import pyspike
import pyspike.cython.cython_distances  # the compiled backend: without it there is nothing to compare with
from serve import serve
from workload_distances import repeated, spike_times


def prepare(workload):
    trains = [pyspike.SpikeTrain(times, (0.0, workload["window"])) for times in spike_times(workload)]
    return {
        "isi": repeated(lambda: pyspike.isi_distance_matrix(trains)),
        "spike": repeated(lambda: pyspike.spike_distance_matrix(trains)),
        "spike_synchronization": repeated(lambda: pyspike.spike_sync_matrix(trains)),
    }


if __name__ == "__main__":
    serve(prepare, ["pyspike", "numpy"])
