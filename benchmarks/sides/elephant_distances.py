"""Elephant's side of the distance matrices."""

import neo
import quantities as pq
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance
from serve import serve
from workload_distances import repeated, spike_times


def prepare(workload):
    trains = [neo.SpikeTrain(times, units="ms", t_stop=workload["window"]) for times in spike_times(workload)]
    tau, cost = workload["tau"] * pq.ms, workload["cost"] / pq.ms
    return {
        "van_rossum": repeated(lambda: van_rossum_distance(trains, time_constant=tau)),
        "victor_purpura": repeated(lambda: victor_purpura_distance(trains, cost_factor=cost)),
    }


if __name__ == "__main__":
    serve(prepare, ["elephant", "neo", "numpy"])
