"""Films of searches: what a frame shows, what is written, what is refused."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import Problem, SpikeMatch, Trial, VoltageError, minimize, pareto
from lapicque.fit.free import Free
from lapicque.plot import animate_search
from lapicque.plot.searching import _Film
from lapicque.simulation.variants import ExplodedError
from lapicque.units import ONE

CURRENT = np.repeat([300.0, 500.0, 200.0, 400.0], 500)
MATCH = SpikeMatch(lq.distances.coincidence("4 ms"))


def trials():
    answer = lq.simulate(
        lq.neurons.lif.with_(c_m="120 pF"), 200, inputs={"i_ext": CURRENT}, record="v", progress=False
    )  # fmt: skip
    return [Trial(CURRENT, answer.spikes, voltage=answer.traces["v"].values.T)]


@pytest.fixture(scope="module")
def fit():
    problem = Problem(
        lq.neurons.lif, trials(), free=dict(c_m=("50 pF", "400 pF"), g_l=("4 nS", "20 nS")), objective=MATCH
    )
    return minimize(problem, lq.optimizers.cma_es(population=96), 960, seed=1)


@pytest.fixture(scope="module")
def front():
    problem = Problem(
        lq.neurons.lif, trials(), free=dict(c_m=("50 pF", "400 pF"), e_l=("-75 mV", "-60 mV")),
        objective=[VoltageError(), MATCH],
    )  # fmt: skip
    return pareto(problem, lq.optimizers.nsga2(population=16), 96, seed=1)


def ticks_of(ax):
    """The x of all spikes that are drawn, row by row."""
    return [line.get_xdata()[::3] for line in ax.lines]


def test_a_frame_shows_its_candidates_the_best_so_far_and_its_spikes(fit):
    film = _Film(fit, frames=4, trial=0)
    assert [g.number for g in film.generations] == [0, 3, 6, 9]
    for number, shown in enumerate(film.generations):
        assert film.show(number) == f"generation {shown.number + 1}, {shown.evaluations:,} evaluations"
        places = np.asarray(film.dots.get_offsets()).reshape(len(shown.points), 2, 2)
        np.testing.assert_array_equal(np.unique(places[:, :, 0], axis=0), np.unique(shown.points, axis=0))
        assert (np.abs(places[:, :, 1] - [0, 1]) < 0.3).all()  # each in its parameter's row
        np.testing.assert_array_equal(places[-1, :, 0], shown.points[shown.losses.argmin()])  # the best on top
        assert film.here.get_ydata().tolist() == [fit.history[shown.number, 1]]
        best = [segment[0][0] for segment in film.marks.get_segments()]
        data, model = ticks_of(film.raster)
        np.testing.assert_array_equal(data, fit.problem.trials[0].spikes.times)
        np.testing.assert_array_equal(model, fit.problem.respond(np.array([best])).times)
    assert best == fit.point.tolist()


def test_the_best_so_far_never_becomes_worse(fit):
    film = _Film(fit, frames=100, trial=0)
    losses = fit.problem.losses(film.best)
    assert len(film) == 10
    assert (np.diff(losses) <= 0).all()


def test_a_page_needs_nothing_else(fit, tmp_path):
    path = animate_search(fit, tmp_path / "search.html", frames=3)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|<link|src=\"(?!data:)", text)
    pictures = json.loads(re.search(r"const pictures = (\[.*?\]), captions", text)[1])
    captions = json.loads(re.search(r"captions = (\[.*?\]);", text)[1])
    assert captions[-1] == "generation 10, 960 evaluations"
    assert len(pictures) == len(captions) == 3
    assert len(set(pictures)) == 3
    for picture in pictures:
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            assert image.size == (760, 440)
    assert 'max="2"' in text
    assert [p.name for p in tmp_path.iterdir()] == ["search.html"]


def test_a_gif_has_every_frame(fit, tmp_path):
    with Image.open(animate_search(fit, tmp_path / "search.gif", frames=3, fps=10)) as film:
        assert film.n_frames == 3
        assert film.info["duration"] == 100


def test_a_front_is_shown_in_the_plane_of_its_objectives(front, tmp_path):
    film = _Film(front, frames=2, trial=0)
    film.show(1)
    np.testing.assert_array_equal(np.array(film.here.get_data()).T, front.generations[-1].losses)
    assert [segment[0][0] for segment in film.marks.get_segments()] == front.knee().point.tolist()
    assert animate_search(front, tmp_path / "front.html", frames=1).exists()


def test_a_network_shows_its_neurons():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells")
    net.stimulate(cells, "i_ext", lq.stimuli.white_noise("500 pA", "300 pA", tau="1 ms"), name="noise")
    net.record(cells, "spikes")
    data = lq.simulate(net, "100 ms", dt="0.1 ms", seed=5, progress=False).spikes
    problem = lq.fit.NetworkProblem(
        net, data, {"noise.mean": (300, 900)}, lq.fit.PopulationStatistics(), dt="0.1 ms", seed=1
    )
    found = minimize(problem, lq.optimizers.cma_es(population=8), 16, seed=1)
    film = _Film(found, frames=2, trial=0)
    film.show(1)
    rows = ticks_of(film.raster)
    expected = [*data["cells"].to_lists(), *problem.respond(found.point, trials=1)["cells"].to_lists()]
    assert len(rows) == 6
    for drawn, times in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(drawn, times)


def test_a_candidate_that_explodes_is_said_to(fit, monkeypatch):
    def explodes(self, points, trial=0, repeat=0):
        raise ExplodedError("v of 'cells' is no longer a number")

    film = _Film(fit, frames=1, trial=0)
    monkeypatch.setattr(Problem, "respond", explodes)
    film.show(0)
    assert [text.get_text() for text in film.raster.get_yticklabels()] == ["data", "(exploded)"]


class Parabola:
    """A problem that has no spikes, with a word that pages must not take for theirs."""

    name, free, dimension = "<b>parabola", (Free("x", 0.0, 1.0, ONE, "linear"),), 1
    fingerprint, objectives = "parabola", ("</script>",)

    def values(self, points):
        return {"x": np.atleast_2d(points)[:, 0]}

    def point(self, values):
        return np.array([0.5])

    def fitted(self, point):
        return lq.neurons.lif

    def losses(self, points, threads=None):
        return (points[:, 0] - 0.3) ** 2


def test_a_problem_without_spikes_has_no_raster(tmp_path):
    found = minimize(Parabola(), lq.optimizers.cma_es(population=8), 24)
    assert len(_Film(found, 3, 0).figure.axes) == 2
    text = animate_search(found, tmp_path / "parabola.html", frames=2).read_text()
    assert "<b>parabola" not in text
    assert text.count("</script>") == 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("search.mp4", {}, "search.mp4 is neither a page nor a GIF: name it search.html"),
        ("nowhere/search.html", {}, "there is no folder .*nowhere for search.html"),
        ("search.html", dict(frames=0), "frames is 0 and fps 8: both must be positive"),
        ("search.html", dict(fps=0), "fps 0: both must be positive"),
        ("search.html", dict(trial=1), "there is no trial 1: there are 1, from 0 on"),
    ],
)
def test_mistakes_are_named(fit, tmp_path, name, options, message):
    with pytest.raises(FitError, match=message):
        animate_search(fit, tmp_path / name, **options)


def test_a_search_that_kept_nothing_is_named(fit, tmp_path):
    from dataclasses import replace

    with pytest.raises(FitError, match="the search has no generations to show"):
        animate_search(replace(fit, generations=()), tmp_path / "search.html")
