"""Elephant's side: reads pairs of trains from an .npz, writes its distances of each pair to
another, and statistics of the trains with more than three spikes."""

import sys
import warnings

import neo
import numpy as np
import quantities as pq
from elephant import statistics
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance


def main(given, written):
    # its difference of sums may fall below zero by rounding; it says so and takes zero
    warnings.filterwarnings("ignore", "van_rossum_distance: very small negative values", RuntimeWarning)
    pairs = np.load(given)
    window = {"t_start": float(pairs["t_start"]), "t_stop": float(pairs["t_stop"])}
    trains = [
        neo.SpikeTrain(pairs["times"][a:b], units="ms", **window)
        for a, b in zip(pairs["offsets"][:-1], pairs["offsets"][1:], strict=True)
    ]
    couples = list(zip(trains[::2], trains[1::2], strict=True))
    found = {}
    for tau in pairs["tau"]:
        found[f"van_rossum {tau}"] = [van_rossum_distance(list(c), time_constant=tau * pq.ms)[0, 1] for c in couples]
    for cost in pairs["cost"]:
        found[f"victor_purpura {cost}"] = [
            victor_purpura_distance(list(c), cost_factor=cost / pq.ms)[0, 1] for c in couples
        ]
    long = [train for train in trains if len(train) > 3]
    intervals = [statistics.isi(train) for train in long]
    found["cv"] = [statistics.cv(i) for i in intervals]
    found["cv2"] = [statistics.cv2(i) for i in intervals]
    found["lv"] = [statistics.lv(i) for i in intervals]
    found["lvr"] = [statistics.lvr(i, R=5 * pq.ms) for i in intervals]
    found["fano"] = statistics.fanofactor(long)
    np.savez(written, **{name: np.asarray(value, float) for name, value in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
