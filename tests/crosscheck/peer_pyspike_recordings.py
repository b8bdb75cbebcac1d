"""PySpike's side for many trains of one recording: reads them from an .npz, writes matrices and profiles to another."""

import sys

import numpy as np
import pyspike


def main(given, written):
    said = np.load(given)
    edges = float(said["t_start"]), float(said["t_stop"])
    trains = [
        pyspike.SpikeTrain(said["times"][a:b], edges)
        for a, b in zip(said["offsets"][:-1], said["offsets"][1:], strict=True)
    ]
    intervals = [tuple(pair) for pair in said["intervals"]]
    mrts = float(said["mrts"])
    kinds = {"": {}, " mrts": {"MRTS": mrts}, " independent": {"RI": True}, " both": {"MRTS": mrts, "RI": True}}
    found = {"scale": pyspike.isi_lengths.default_thresh(trains)}
    for kind, options in kinds.items():
        found["spike" + kind] = pyspike.spike_distance_matrix(trains, **options)
        if "RI" not in options:
            found["isi" + kind] = pyspike.isi_distance_matrix(trains, **options)
            found["spike_synchronization" + kind] = pyspike.spike_sync_matrix(trains, **options)
    found["isi during"] = pyspike.isi_distance_matrix(trains, interval=intervals[0])
    found["spike during"] = pyspike.spike_distance_matrix(trains, interval=intervals[0])
    found["spike_synchronization during"] = pyspike.spike_sync_matrix(trains, interval=intervals[0])
    at = said["at"]
    isi, spike = pyspike.isi_profile(trains), pyspike.spike_profile(trains)
    found["isi profile"], found["spike profile"] = ([float(profile(t)) for t in at] for profile in (isi, spike))
    found["isi mean"], found["spike mean"] = isi.avrg(intervals), spike.avrg(intervals)
    for name, profile in (
        ("synchronization", pyspike.spike_sync_profile(trains)),
        ("order", pyspike.spike_train_order_profile(trains)),
    ):
        # its first and last entry repeat their neighbours, at the edges
        found[f"{name} times"] = profile.x[1:-1]
        found[f"{name} values"], found[f"{name} pairs"] = profile.y[1:-1], profile.mp[1:-1]
        found[f"{name} mean"] = profile.avrg()
    found["directionality"] = pyspike.spike_directionality_matrix(trains, normalize=False)
    np.savez(written, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
