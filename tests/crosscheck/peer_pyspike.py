"""PySpike's side: reads pairs of trains from an .npz, writes its distances of each pair to another."""

import sys

import numpy as np
import pyspike


def main(given, written):
    pairs = np.load(given)
    edges = float(pairs["t_start"]), float(pairs["t_stop"])
    trains = [
        pyspike.SpikeTrain(pairs["times"][a:b], edges)
        for a, b in zip(pairs["offsets"][:-1], pairs["offsets"][1:], strict=True)
    ]
    measures = {
        "isi": pyspike.isi_distance,
        "spike": pyspike.spike_distance,
        "spike_synchronization": pyspike.spike_sync,
    }
    with np.errstate(invalid="ignore"):
        found = {
            name: [measure(a, b) for a, b in zip(trains[::2], trains[1::2], strict=True)]
            for name, measure in measures.items()
        }
    profile = pyspike.spike_profile(trains[2 * int(pairs["profile"])], trains[2 * int(pairs["profile"]) + 1])
    np.savez(written, **found, profile_times=profile.x, profile_after=profile.y1, profile_before=profile.y2)


if __name__ == "__main__":
    main(*sys.argv[1:])
