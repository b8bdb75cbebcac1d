"""Pictures: what is drawn is what was given, in the axes that were given, and pyplot is never touched."""

import io
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import lapicque as lq
from lapicque.errors import FitError, SimulationError
from lapicque.plot import style
from lapicque.plot.matching import match, partners
from lapicque.plot.signals import thinned
from lapicque.spikes import Events, SpikeTrains
from lapicque.units import mV, parse_unit

CELL = SpikeTrains.from_lists([[10, 40, 70], [11, 72]], t_stop=100, shape=(2, 1))
MODEL = SpikeTrains.from_lists([[12, 55, 71]], t_stop=100)
SILENT = SpikeTrains.from_lists([[], []], t_stop=100, shape=(2, 1))
EVENTS = Events.from_pixels([1.0, 2.0], x=[0, 1], y=[1, 0], polarity=[1, 0], shape=(2, 2, 2))
TRACE = SimpleNamespace(values=np.ones((50, 2)), times=np.arange(50) * 0.1, unit=mV, name="v")


@pytest.fixture(scope="module")
def fit():
    data = lq.simulate(lq.neurons.lif, "200 ms", inputs={"i_ext": "600 pA"}).spikes
    problem = lq.fit.Problem(
        lq.neurons.lif,
        [lq.fit.Trial(np.full(2000, 600.0), data)],
        free=dict(c_m=("50 pF", "900 pF"), v_reset=("-80 mV", "-55 mV")),
        distance=lq.distances.coincidence("4 ms"),
    )
    return lq.fit.minimize(problem, lq.optimizers.cma_es(population=64), budget=300, seed=1)


DRAWINGS = {
    "raster": lambda ax, _: lq.plot.raster(CELL, ax),
    "raster of silence": lambda ax, _: lq.plot.raster(SILENT, ax),
    "coincidences": lambda ax, _: lq.plot.coincidences(CELL, MODEL, "4 ms", ax),
    "coincidences of silence": lambda ax, _: lq.plot.coincidences(CELL, SILENT, "4 ms", ax),
    "rate": lambda ax, _: lq.plot.rate(CELL, ax),
    "rate of silence": lambda ax, _: lq.plot.rate(SILENT, ax),
    "isi_histogram": lambda ax, _: lq.plot.isi_histogram({"cell": CELL, "model": MODEL}, ax),
    "isi_histogram of silence": lambda ax, _: lq.plot.isi_histogram(SILENT, ax),
    "traces": lambda ax, _: lq.plot.traces(TRACE, ax),
    "voltage": lambda ax, _: lq.plot.voltage(TRACE.times, TRACE.values[:, 0], ax, spikes=np.array([1.0, 2.0])),
    "stimulus": lambda ax, _: lq.plot.stimulus(np.arange(100.0), 0.1, ax),
    "fi_curve": lambda ax, _: lq.plot.fi_curve(lq.neurons.lif, [0, 300, 600], ax, duration="600 ms", name="lif"),
    "convergence": lambda ax, fit: lq.plot.convergence(fit, ax),
    "objective_profile": lambda ax, fit: lq.plot.objective_profile(fit, "c_m", ax),
    "gamma_against_reliability": lambda ax, _: lq.plot.gamma_against_reliability({"test": ([0.5], [0.7])}, ax),
    "event_frame": lambda ax, _: lq.plot.event_frame(EVENTS, ax),
    "gamma alone": lambda ax, _: lq.plot.gamma_against_reliability({"test": ([-0.1], None)}, ax),
}


def test_every_picture_is_drawn_in_a_test():
    # a text, and what moves, which have tests of their own
    elsewhere = {"terminal_raster", "terminal_trace", "animate_events", "animate_search"}
    for path in Path(__file__).parent.glob("test_*.py"):
        elsewhere |= set(re.findall(r"lambda ax, _?\w*: lq\.plot\.(\w+)\(", path.read_text()))
    assert elsewhere == set(lq.plot.__all__)


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_in_axes_out(name, fit):
    given_axes = Figure().add_subplot()
    assert DRAWINGS[name](given_axes, fit) is given_axes
    own = DRAWINGS[name](None, fit)
    assert own is not given_axes
    for ax in (given_axes, own):
        ax.figure.savefig(io.BytesIO(), format="svg")  # warnings, of missing glyphs say, are errors


def test_pyplot_is_never_loaded():
    program = (
        "import sys, numpy as np, lapicque as lq\n"
        "lq.plot.stimulus(np.arange(10.0), 0.1).figure.savefig('/dev/null', format='png')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_raster_has_a_tick_for_each_spike_in_its_row():
    ax = lq.plot.raster(CELL)
    first, second = ax.lines
    np.testing.assert_array_equal(np.unique(first.get_xdata()), [10, 40, 70])
    np.testing.assert_array_equal(np.unique(second.get_xdata()), [11, 72])
    assert np.nanmean(first.get_ydata()) == 0
    assert np.nanmean(second.get_ydata()) == 1
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top
    assert ax.get_xlim() == (0, 100)


def test_time_axis_turns_to_seconds_where_it_is_long():
    long = SpikeTrains.from_lists([[10.0, 9000.0]], t_stop=10_000)
    ax = lq.plot.raster(long)
    assert ax.get_xlabel() == "time (s)"
    assert ax.xaxis.get_major_formatter()(2500.0, 0) == "2.5"
    ax = lq.plot.raster(long, ax, window=("1 s", "2 s"))
    assert ax.get_xlabel() == "time (ms)"
    assert ax.xaxis.get_major_formatter()(1500.0, 0) == "1500"


def test_rate_counts_every_spike_once():
    train = SpikeTrains.from_lists([[250, 500, 505, 700]], t_stop=1000)
    x, hz = lq.plot.rate(train, sigma="10 ms").lines[0].get_data()
    assert hz.sum() * (x[1] - x[0]) / 1e3 == pytest.approx(4, rel=1e-3)


def test_rates_of_two_lines_both_fit():
    ax = lq.plot.rate(SpikeTrains.from_lists([[50]], t_stop=100))
    lq.plot.rate(SpikeTrains.from_lists([np.linspace(0, 100, 50)], t_stop=100), ax)
    low, high = ax.get_ylim()
    assert low == 0
    assert high > max(line.get_ydata().max() for line in ax.lines)


def test_isi_histogram_is_a_density_on_its_axis():
    train = SpikeTrains.from_lists([np.cumsum(np.random.default_rng(1).gamma(3, 5, 300))], t_stop=1e4)
    filled, outline = lq.plot.isi_histogram(train, bins=30).patches
    for patch in (filled, outline):
        values, edges, _ = patch.get_data()
        assert np.sum(values * np.diff(np.log10(edges))) == pytest.approx(1)


def test_stimulus_is_cut_to_its_window_before_it_is_thinned():
    values = np.random.default_rng(0).normal(size=100_000)
    ax = lq.plot.stimulus(values, "0.1 ms", window=(1000, 1100))
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(y[:1000], values[10_000:11_000])
    np.testing.assert_allclose(x[:1000], np.arange(10_000, 11_000) * 0.1)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=400), st.sampled_from([10, 50, 100]))
def test_thinning_keeps_extremes(values, points):
    values = np.array(values)
    x, y = thinned(np.arange(len(values), dtype=float), values, points)
    assert len(y) <= max(points, 1)
    assert y.min() == values.min()
    assert y.max() == values.max()
    assert np.all(np.diff(x) >= 0)


TRAINS = st.lists(st.integers(0, 400), max_size=30).map(lambda times: np.sort(np.array(times, float)) / 2)


@given(TRAINS, TRAINS, st.sampled_from([1.0, 4.0]))
def test_matching_is_the_counting_of_the_coincidence_factor(model, data, precision):
    in_model, in_data = match(model, data, precision)
    assert in_model.sum() == in_data.sum()
    a, b = (SpikeTrains.from_lists([times], t_stop=1000) for times in (model, data))
    gamma = lq.distances.coincidence(precision)(a, b)
    if not len(model) and not len(data):
        assert gamma == 1
        return
    chance = 2 * precision * len(data) / 1000
    expected = (in_data.sum() - chance * len(data)) / (1 - chance) * 2 / (len(data) + len(model))
    assert gamma == pytest.approx(expected)


def test_spikes_without_a_partner_are_marked():
    hit, expected = partners(CELL, MODEL, 4.0)
    assert [list(h) for h in hit] == [[True, False, True], [True, True]]
    np.testing.assert_array_equal(expected[0], [1.0, 0.0, 1.0])
    ax = lq.plot.coincidences(CELL, MODEL, "4 ms")
    rings = {
        line.get_color(): line.get_xdata() for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())
    }
    assert {color: list(x) for color, x in rings.items()} == {style.MISSED: [40.0], style.EXTRA: [55.0]}
    assert [t.get_text() for t in ax.get_yticklabels()] == ["data 1", "2", "model"]


def test_model_spikes_are_drawn_up_from_the_voltage_before_them():
    times = np.arange(0, 10, 0.1)
    values = np.where(times < 5, -50.0, -70.0)
    ax = lq.plot.voltage(times, values, spikes=np.array([5.0]), peak=20.0)
    np.testing.assert_array_equal(ax.lines[1].get_ydata()[:2], [-50.0, 20.0])


def test_fi_curve_is_what_the_model_does():
    ax = lq.plot.fi_curve(lq.neurons.lif, ["0.2 nA", "0.8 nA"], duration="2 s", skip="500 ms")
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(x, [200, 800])
    one = lq.simulate(lq.neurons.lif, "2 s", inputs={"i_ext": "800 pA"}).spikes.window(500, 2000).rate()
    assert y[1] == one[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(driven="i_exz"), "did you mean 'i_ext'"),
        (dict(skip="3 s"), "must leave some time"),
    ],
)
def test_fi_curve_says_what_is_wrong(options, message):
    with pytest.raises(SimulationError, match=message):
        lq.plot.fi_curve(lq.neurons.lif, [100.0], **options)


def test_fi_curve_needs_spikes_and_one_input():
    silent = lq.Neuron("dv/dt = (i - v*nS)/pF : mV\ni : pA (input)")
    with pytest.raises(SimulationError, match="never spikes"):
        lq.plot.fi_curve(silent, [1.0])
    two = lq.Neuron(
        "dv/dt = (i + j - v*nS)/pF : mV\ni : pA (input)\nj : pA (input)", threshold="v > 1*mV", reset="v = 0*mV"
    )
    with pytest.raises(SimulationError, match="several inputs"):
        lq.plot.fi_curve(two, [1.0])


def test_convergence_shows_the_history(fit):
    median, best = lq.plot.convergence(fit).lines
    np.testing.assert_array_equal(best.get_xdata(), fit.history[:, 0])
    np.testing.assert_array_equal(best.get_ydata(), fit.history[:, 1])
    np.testing.assert_array_equal(median.get_ydata(), fit.history[:, 2])


def test_profile_passes_through_the_optimum(fit):
    values, losses = lq.plot.objective_profile(fit, "v_reset").lines[1].get_data()
    at = np.flatnonzero(values == fit.parameters["v_reset"].value)
    assert losses[at] == pytest.approx(fit.loss)
    assert np.all(np.diff(values) >= 0)
    with pytest.raises(FitError, match="did you mean 'v_reset'"):
        lq.plot.objective_profile(fit, "v_rest")


def test_labels_may_hold_anything():
    text = "a$b$ \N{SNOWMAN}\N{CJK UNIFIED IDEOGRAPH-4E2D}\n<b>"
    ax = lq.plot.raster(CELL, labels=[text, "$\\frac{"])
    ax.figure.savefig(io.BytesIO(), format="png")
    assert style.label(text).startswith("a\\$b\\$ \N{SNOWMAN}")
    assert "\N{CJK UNIFIED IDEOGRAPH-4E2D}" not in style.label(text)


def test_units_stand_behind_names():
    assert style.unit_label("v", mV) == "v (mV)"
    assert style.unit_label("m", parse_unit("1")) == "m"
