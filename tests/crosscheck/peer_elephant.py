"""Elephant's side: reads pairs of trains from an .npz, writes its distances of each pair to another."""

import sys
import warnings

import neo
import numpy as np
import quantities as pq
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
    np.savez(written, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
