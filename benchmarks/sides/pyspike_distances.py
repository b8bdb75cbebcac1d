"""PySpike's side of the distance matrices and pairs: its compiled functions."""

import pyspike
import pyspike.cython.cython_distances  # the compiled backend: without it there is nothing to compare with
from serve import serve
from workload_distances import paired_times, repeated, spike_times


def prepare(workload):
    trains = [pyspike.SpikeTrain(times, (0.0, workload["window"])) for times in spike_times(workload)]
    both = [
        [pyspike.SpikeTrain(times, (0.0, workload["window"])) for times in found] for found in paired_times(workload)
    ]

    def pairs(measure):
        # the check: whether trains are sorted and of one window; the matrices skip it pair by pair as well
        options = {} if workload.get("checked") else {"Reconcile": False}
        return repeated(lambda: [measure(a, b, **options) for a, b in zip(*both, strict=True)])

    paired = {
        "isi, pairs": pairs(pyspike.isi_distance),
        "spike, pairs": pairs(pyspike.spike_distance),
        "spike_synchronization, pairs": pairs(pyspike.spike_sync),
    }
    if workload.get("checked"):
        return paired
    return {
        **paired,
        "isi": repeated(lambda: pyspike.isi_distance_matrix(trains)),
        "spike": repeated(lambda: pyspike.spike_distance_matrix(trains)),
        "spike_synchronization": repeated(lambda: pyspike.spike_sync_matrix(trains)),
    }


if __name__ == "__main__":
    serve(prepare, ["pyspike", "numpy"])
