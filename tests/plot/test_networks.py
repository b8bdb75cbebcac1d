"""Pictures of networks and of models: populations, matrices, graphs, phase planes, spectra, rasters as text."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

import lapicque as lq
from lapicque.errors import ModelError, SimulationError
from lapicque.model.plane import Plane
from lapicque.plot.networks import sign_of
from lapicque.plot.populations import evenly
from lapicque.simulation.results import Trace
from lapicque.spikes import SpikeTrains
from lapicque.units import mV, parse_unit

FEW = SpikeTrains.from_lists([[10, 40, 70], [11, 72]], t_stop=100)
MANY = SpikeTrains.from_lists([[10 + n % 80] for n in range(1000)], t_stop=100)


@pytest.fixture(scope="module")
def net():
    made = lq.Network()
    exc = made.population(lq.neurons.lif, 80, name="exc")
    inh = made.population(lq.neurons.lif, 20, name="inh")
    stimulus = made.spikes([[1.0], [2.0]], name="input")
    current = lq.synapses.exponential("5 ms")
    made.connect(exc, inh, current, into="i_ext", w="20 pA", where=lq.fixed_in_degree(10), delay="1 ms")
    made.connect(inh, exc, lq.synapses.conductance("5 ms", "-80 mV"), into="i_ext", w="2 nS", delay="1 ms")
    made.connect(inh, inh, current, into="i_ext", w=lq.normal("-50 pA", "5 pA"), where=lq.fixed_probability(0.5))
    made.connect(stimulus, exc, current, into="i_ext", w="5 pA")
    made.stimulate(exc, "i_ext", lq.stimuli.ornstein_uhlenbeck("300 pA", "50 pA", "5 ms"))
    made.record(exc, "spikes")
    made.record(inh, "spikes")
    return made


DRAWINGS = {
    "population_raster of few": lambda ax, _: lq.plot.population_raster({"a": FEW, "b": FEW}, ax),
    "population_raster of many": lambda ax, _: lq.plot.population_raster({"a": FEW, "b": MANY}, ax),
    "population_rates": lambda ax, _: lq.plot.population_rates({"a": FEW, "b": MANY}, ax),
    "spectrum": lambda ax, _: lq.plot.spectrum(MANY, ax, segment="50 ms"),
    "weight_matrix": lambda ax, net: lq.plot.weight_matrix(net["inh->inh"], ax),
    "connectivity_matrix": lambda ax, net: lq.plot.connectivity_matrix(net["exc->inh"], ax),
    "degrees": lambda ax, net: lq.plot.degrees(net["inh->inh"], ax),
    "network": lambda ax, net: lq.plot.network(net, ax),
    "phase_plane": lambda ax, _: lq.plot.phase_plane(lq.neurons.morris_lecar, ax, x=(-80, 60)),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_in_axes_out(name, net):
    given = Figure().add_subplot()
    assert DRAWINGS[name](given, net) is given
    own = DRAWINGS[name](None, net)
    assert own is not given
    for ax in (given, own):
        ax.figure.savefig(io.BytesIO(), format="svg")


def test_result_of_a_network_is_drawn_by_population(net):
    result = lq.simulate(net, "50 ms", reference=True)
    ax = lq.plot.population_raster(result)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["exc (80)", "inh (20)"]
    assert sum(len(line.get_xdata()) for line in ax.lines) == sum(len(t.times) for t in result.spikes.values())


def test_what_is_left_out_of_a_raster_is_said():
    ax = lq.plot.population_raster({"a": FEW, "b": MANY}, most=100)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a (1 of 2)", "b (100 of 1000)"]
    assert len(ax.lines[1].get_xdata()) == 100
    np.testing.assert_array_equal(np.diff(evenly(1000, 100)), 10)


def test_raster_is_cut_to_its_window():
    x = lq.plot.population_raster({"a": FEW}, window=(0, 50)).lines[0].get_xdata()
    assert set(x[np.isfinite(x)]) == {10, 40, 11}


def test_nothing_recorded_is_said():
    with pytest.raises(ValueError, match="no spike trains"):
        lq.plot.population_raster({})


def test_spectrum_of_a_trace_is_in_its_unit_and_at_its_frequency():
    times = np.arange(0, 4000, 0.5)
    values = np.sin(2 * np.pi * 25e-3 * times)[:, None] * [1.0, 3.0]
    ax = lq.plot.spectrum(Trace(values, times, mV, "v"), segment="1 s", highest="100 Hz")
    frequency, power = ax.lines[0].get_data()
    assert frequency[np.argmax(power)] == pytest.approx(25)
    assert np.sum(power) * (frequency[1] - frequency[0]) == pytest.approx((0.5 + 4.5) / 2, rel=0.02)  # the variance
    assert ax.get_ylabel() == "power ((mV)²/Hz)"
    assert ax.get_xlim() == (0, 100)


def test_spectrum_of_poisson_spikes_is_flat_at_twice_the_rate_a_neuron():
    rng = np.random.default_rng(1)
    trains = SpikeTrains.from_lists([np.sort(rng.uniform(0, 20_000, rng.poisson(200))) for _ in range(50)], t_stop=20e3)
    power = lq.plot.spectrum(trains).lines[0].get_ydata()
    assert power[5:-5].mean() == pytest.approx(2 * 10 / 50, rel=0.05)  # one-sided: 2 r/N


def test_spectrum_needs_a_segment():
    with pytest.raises(ValueError, match="no more than there are"):
        lq.plot.spectrum(FEW, segment="1 s")


def test_text_raster_counts_every_neuron():
    text = lq.plot.terminal_raster({"exc": MANY, "inh": FEW}, width=60, height=10)
    lines = text.split("\n")
    assert lines[0].startswith("exc   0 │")
    assert any(line.startswith("inh   0 │") for line in lines)
    assert all(len(line) <= 60 for line in lines)
    assert lines[-1].endswith("100 ms")
    assert "│" in lq.plot.terminal_raster(SpikeTrains.from_lists([[]], t_stop=10))
    with pytest.raises(ValueError, match="10 are needed"):
        lq.plot.terminal_raster({"a long name": FEW}, width=20)


def test_matrices_have_source_rows_and_target_columns(net):
    found = lq.connections(net["exc->inh"], wiring_seed=3)
    image = lq.plot.weight_matrix(net["exc->inh"], wiring_seed=3).images[0].get_array()
    np.testing.assert_array_equal(image, found.to_sparse().toarray())
    assert image.shape == (80, 20)
    np.testing.assert_allclose(image.sum(axis=0), 200)  # 10 synapses of 20 pA each


def test_large_matrices_are_means_over_pairs():
    net = lq.Network()
    a, b = net.population(lq.neurons.lif, 1000, name="a"), net.population(lq.neurons.lif, 10, name="b")
    made = net.connect(a, b, on_pre="v += w", w="2 mV")
    image = lq.plot.weight_matrix(made).images[0].get_array()
    assert image.shape == (400, 10)
    np.testing.assert_allclose(image, 2)


def test_weights_that_are_missing_are_said():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 10, name="cells")
    made = net.connect(cells, cells, on_pre="v += 1*mV")
    with pytest.raises(ValueError, match="connectivity_matrix"):
        lq.plot.weight_matrix(made)


def test_connections_are_those_of_projections(net):
    with pytest.raises(SimulationError, match="a projection is expected"):
        lq.connections(net["exc"])


def test_arrows_show_the_sign_of_the_mean_weight(net):
    signs = {name: sign_of(projection) for name, projection in net.projections.items()}
    assert signs == {"exc->inh": 1, "inh->exc": 0, "inh->inh": -1, "input->exc": 1}
    ax = lq.plot.network(net)
    texts = {text.get_text() for text in ax.texts}
    assert {"exc\n80", "inh\n20", "input\n2", "ornstein uhlenbeck", "conductance"} <= texts
    with pytest.raises(ValueError, match="nothing to draw"):
        lq.plot.network(lq.Network())


FITZHUGH_NAGUMO = lq.Neuron(
    "dv/dt = (v - v**3/3 - w + i)/ms : 1\ndw/dt = eps*(v + a - b*w)/ms : 1\ni : 1 (input)",
    parameters=dict(eps=0.08, a=0.7, b=0.8),
)  # fmt: skip


def test_nullclines_and_fixed_points_of_fitzhugh_and_nagumo():
    plane = Plane(FITZHUGH_NAGUMO, dict(i=0.5))
    name, (cubic,) = plane.nullcline(0)
    v = np.linspace(-2, 2, 9)
    assert name == "y"
    np.testing.assert_allclose(cubic(v), v - v**3 / 3 + 0.5)
    np.testing.assert_allclose(plane.nullcline(1)[1][0](v), (v + 0.7) / 0.8)
    (point,) = plane.fixed_points((-3, 3), (-3, 3))
    roots = np.roots([-1 / 3, 0, 1 - 1 / 0.8, 0.5 - 0.7 / 0.8])
    assert point.x == pytest.approx(roots[np.isreal(roots)].real[0])
    assert point.kind == "unstable focus"
    (rest,) = Plane(FITZHUGH_NAGUMO).fixed_points((-3, 3), (-3, 3))
    assert rest.stable
    jacobian = np.array([[1 - rest.x**2, -1], [0.08, -0.064]])
    np.testing.assert_allclose(sorted(rest.eigenvalues, key=str), sorted(np.linalg.eigvals(jacobian), key=str))


def test_three_fixed_points_of_the_saddle_node_regime():
    class_1 = dict(g_ca="4 mS/cm2", v_3="12 mV", v_4="17.4 mV", phi="0.067 1/ms")
    points = Plane(lq.neurons.morris_lecar.with_(**class_1)).fixed_points((-80, 60), (0, 1))
    assert [p.kind.split()[0] for p in points] == ["stable", "saddle", "unstable"]


def test_nullclines_that_cannot_be_solved_are_contours():
    curved = lq.Neuron("dx/dt = (sin(x) + cos(y) - 0.5)/ms : 1\ndy/dt = (x - y)/ms : 1")
    plane = Plane(curved)
    assert plane.nullcline(0) is None
    (one, two) = plane.fixed_points((-1, 4), (-1, 4))
    np.testing.assert_allclose(np.sin([one.x, two.x]) + np.cos([one.x, two.x]), 0.5)
    ax = lq.plot.phase_plane(curved, x=(-1, 4), y=(-1, 4))
    assert [t.get_text() for t in ax.get_legend().get_texts()][:2] == ["dx/dt = 0", "dy/dt = 0"]


def test_units_of_a_plane_are_the_states_own():
    volts = lq.Neuron("dv/dt = (-v - u*Mohm)/(10*ms) : volt\ndu/dt = (1*nA - u)/(20*ms) : nA")
    (point,) = Plane(volts).fixed_points((-1, 1), (0, 2))
    assert (point.x, point.y) == pytest.approx((-1e-3, 1.0))
    np.testing.assert_allclose(sorted(e.real for e in point.eigenvalues), [-0.1, -0.05])
    assert Plane(volts).units[0] == parse_unit("volt")


@pytest.mark.parametrize(
    ("neuron", "inputs", "message"),
    [
        (lq.neurons.lif, {}, "needs two states"),
        (lq.neurons.hodgkin_huxley, {}, "has 4: v, m, h, n"),
        (lq.neurons.adex, dict(i_exz=1), "did you mean 'i_ext'"),
        (lq.neurons.adex.with_(b=np.ones(3)), {}, "one value a neuron"),
        (lq.Neuron("dv/dt = (t/ms - v)/ms : 1\ndw/dt = -w/ms : 1"), {}, "depends on 't'"),
    ],
)
def test_phase_plane_says_what_is_wrong(neuron, inputs, message):
    with pytest.raises(ModelError, match=message):
        lq.plot.phase_plane(neuron, x=(-80, -40), inputs=inputs)
