"""Elephant's side: reads spike trains of one recording, a signal and settings from an .npz, writes its statistics."""

import sys
import warnings
from functools import partial
from unittest import mock

import neo
import numpy as np
import quantities as pq
from elephant import kernels, spectral, statistics
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import (
    correlation_coefficient,
    covariance,
    cross_correlation_histogram,
    spike_time_tiling_coefficient,
    spike_train_timescale,
)
from elephant.spike_train_synchrony import spike_contrast
from elephant.sta import spike_triggered_average


def main(given, written):
    warnings.simplefilter("ignore")
    g = np.load(given)
    window = {"t_start": float(g["t_start"]) * pq.ms, "t_stop": float(g["t_stop"]) * pq.ms}
    ms = pq.ms

    def trains_of(times):
        return [
            neo.SpikeTrain(times[a:b], units="ms", **window)
            for a, b in zip(g["offsets"][:-1], g["offsets"][1:], strict=True)
        ]

    trains, on_grid = trains_of(g["times"]), trains_of(g["middles"])
    bin_size, dt = float(g["bin"]) * ms, float(g["dt"]) * ms
    found = {}
    long = [train for train in trains if len(train) > 3]
    intervals = [statistics.isi(train) for train in long]
    for name in ("cv", "cv2", "lv", "lvr"):
        found[name] = [getattr(statistics, name)(i) for i in intervals]
    found["fano"] = statistics.fanofactor(trains)
    found["rate"] = [statistics.mean_firing_rate(train).rescale("Hz").item() for train in trains]
    binned = BinnedSpikeTrain(trains, bin_size=bin_size, tolerance=None, **window)
    found["counts"] = binned.to_array()
    found["covariance"], found["correlation"] = covariance(binned), correlation_coefficient(binned)
    histogram = statistics.time_histogram(trains, bin_size, output="rate", **window)
    found["psth"] = histogram.rescale("Hz").magnitude.ravel()

    few = trains[: int(g["few"])]
    n = len(few)
    # its np.isclose would widen the window by 1e-5 of the time since 0: by 18 ms after half an hour
    with mock.patch.object(np, "isclose", partial(np.isclose, rtol=0)):
        found["tiling"] = [[spike_time_tiling_coefficient(a, b, dt=float(g["tiling"]) * ms) for b in few] for a in few]
    single = [BinnedSpikeTrain(train, bin_size=bin_size, tolerance=None, **window) for train in few]
    lags = int(g["lags"])
    for name, options in (("plain", {}), ("edges", {"border_correction": True})):
        found[f"crosscorrelation {name}"] = [
            cross_correlation_histogram(
                single[i], single[i + 1], window=[-lags, lags], cross_correlation_coefficient=True, **options
            )[0].magnitude.ravel()
            for i in range(n - 1)
        ]
    found["correlation_time"] = [
        float(spike_train_timescale(train, lags * bin_size)) if train.get_num_of_spikes() > 1 else np.nan
        for train in single
    ]
    found["spike_contrast"] = spike_contrast([train for train in few if len(train)])

    width = float(g["width"])
    for name, kernel in {
        "gaussian": kernels.GaussianKernel(width * ms),
        "exponential": kernels.ExponentialKernel(width * ms),
        "alpha": kernels.AlphaKernel(width * ms),
    }.items():
        found[f"rate {name}"] = np.array(
            statistics.instantaneous_rate(
                on_grid[:n], dt, kernel=kernel, cutoff=40 if name != "gaussian" else 10, center_kernel=False, **window
            )
        ).T
    signal = neo.AnalogSignal(np.asarray(found["counts"])[:n].T, units="dimensionless", sampling_period=bin_size)
    segment = int(g["segment"])
    _, found["welch"] = spectral.welch_psd(signal, len_segment=segment)
    _, found["coherence"], found["phase"] = spectral.welch_coherence(signal[:, :-1], signal[:, 1:], len_segment=segment)
    found["coherence"], found["phase"] = np.asarray(found["coherence"]).T, np.asarray(found["phase"]).T
    pooled = np.sort(g["times"])
    found["optimal"] = statistics.optimal_kernel_bandwidth(pooled)["optw"] if len(pooled) < 4000 else np.nan
    _, found["multitaper"] = spectral.multitaper_psd(
        np.asarray(found["counts"])[:n, :4000], fs=1 / bin_size.rescale("s")
    )

    wave = neo.AnalogSignal(g["signal"], units="mV", sampling_period=dt, t_start=window["t_start"] - 30 * dt)
    found["sta"] = [
        np.asarray(spike_triggered_average(wave, train, (-20 * dt, 10 * dt))).ravel()
        for train in on_grid[:n]
        if len(train)
    ]
    np.savez(written, **{name: np.asarray(value, float) for name, value in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
