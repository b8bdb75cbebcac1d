"""Pictures of trains that hold little, in windows that are short, long ago or different."""

import io

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import RecordingError
from lapicque.plot.matching import match
from lapicque.reports.spike_page import spike_figure
from lapicque.spikes import SpikeTrains

make = SpikeTrains.from_lists
HARD = {
    "no trains": make([], t_stop=100),
    "no trials": make([], t_stop=100, shape=(0, 3)),
    "no time": make([[0]], t_stop=0),
    "silent": make([[], []], t_stop=100),
    "one spike": make([[5]], t_stop=100),
    "equal times": make([[5, 5, 5], [5]], t_stop=100),
    "negative times": make([[-50, -20]], t_start=-60, t_stop=-5),
    "a moment": make([[0.001]], t_stop=0.002),
    "long ago": make([[1e9 + 5]], t_start=1e9, t_stop=1e9 + 10),
}
DRAWN = {
    "raster": lq.plot.raster,
    "population_raster": lambda trains: lq.plot.population_raster({"cells": trains}),
    "isi_histogram": lq.plot.isi_histogram,
    "coincidences": lambda trains: lq.plot.coincidences(trains, trains, "4 ms"),
}


@pytest.mark.parametrize("trains", HARD.values(), ids=HARD)
@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_hard_trains_are_drawn_without_a_warning(draw, trains):
    draw(trains).figure.savefig(io.BytesIO())


@pytest.mark.parametrize("trains", HARD.values(), ids=HARD)
def test_rates_exist_in_every_window_with_a_length(trains):
    if not trains.duration:
        with pytest.raises(RecordingError, match="window of no length"):
            lq.plot.rate(trains)
        return
    rates = lq.plot.rate(trains).lines[0].get_ydata()
    # a spike counts once, whatever the widths of window and Gaussian have in common
    assert rates.mean() == pytest.approx(1e3 * len(trains.times) / trains.duration / max(len(trains), 1), rel=0.2)


def test_rates_hold_the_spikes_of_all_the_window():
    # 1002 ms are no whole number of quarters of 20 ms
    ends = make([[1001.9] * 10], t_stop=1002)
    assert lq.plot.rate(ends, sigma="20 ms").lines[0].get_ydata()[-1] > 100


def test_text_needs_trains():
    with pytest.raises(ValueError, match="no spike trains"):
        lq.plot.terminal_raster({"cells": HARD["no trains"]})
    both = {"cells": HARD["one spike"], "others": HARD["no trains"]}
    assert lq.plot.terminal_raster(both, width=30).startswith("cells  0 │")


def test_populations_of_different_windows_are_all_drawn():
    early, late = make([[1, 2]], t_stop=10), make([[15]], t_start=5, t_stop=20)
    assert lq.plot.population_raster({"early": early, "late": late}).get_xlim() == (0, 20)
    text = lq.plot.terminal_raster({"early": early, "late": late}, width=40).splitlines()
    assert "█" in text[1]
    assert text[2].split() == ["0", "20", "ms"]


def test_spectrum_bins_a_grid_evenly():
    # one spike in each step of 0.7 ms is no rhythm: 10 in each bin
    clock = make([np.arange(20_000) * 0.7], t_stop=14_000)
    power = lq.plot.spectrum(clock, bin="7 ms").lines[0].get_ydata()
    assert np.abs(power).max() < 1e-9


def test_raster_and_rates_of_a_page_share_their_time():
    early, late = make([[1, 2]], t_stop=10), make([[15]], t_start=5, t_stop=20)
    top, below = spike_figure({"late": late, "early": early}).axes
    assert top.get_xlim() == below.get_xlim() == (0, 20)


def test_matching_on_a_grid_is_the_same_long_after_time_zero():
    early = [np.array([3, 50]) * 0.1, np.array([10, 43]) * 0.1]
    late = [1e8 + times for times in early]
    for pair in (early, late):
        assert all(found.all() for found in match(*pair, 0.7))
