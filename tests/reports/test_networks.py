"""The page of a network's fit: all of its parts, and refusals."""

from dataclasses import replace

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.units import mV, pA


@pytest.fixture(scope="module")
def fit():
    net = lq.Network()
    exc = net.population(lq.neurons.izhikevich, 20, name="exc")
    inh = net.population(lq.neurons.izhikevich, 5, name="inh", a="0.1 1/ms", d=2)
    net.connect(exc, inh, on_pre="v += w", where=lq.fixed_probability(0.5), w=3 * mV, delay="1 ms")
    net.connect(inh, exc, on_pre="v += w", where=lq.fixed_in_degree(2), w=-2 * mV, delay="1 ms")
    for population in (exc, inh):
        noise = lq.stimuli.white_noise(2 * pA, 6 * pA, tau="1 ms")
        net.stimulate(population, "i_ext", noise, name=f"{population.name}_noise")
        net.record(population, "spikes")
    run = dict(dt="0.5 ms", method="euler")
    data = lq.simulate(net, "500 ms", seed=7, **run).spikes
    free = {"exc->inh.w": (0, 8), "exc->inh.where.p": (0.0, 1.0)}
    problem = lq.fit.NetworkProblem(net, data, free, lq.fit.PopulationStatistics(), seed=1, **run)
    return lq.fit.minimize(problem, lq.optimizers.cma_es(population=12), budget=48, seed=1)


def test_the_page_holds_values_tests_directions_and_figures(fit, tmp_path):
    page = lq.report(fit, tmp_path / "net.html", seeds=4, animation=None, command="lapicque fit net.py exc.npz")
    text = page.read_text()
    for part in (
        "exc-&gt;inh.where.p",
        "Welch t",
        "undecided",
        "What the data fix",
        "lapicque fit net.py",
        "izhikevich",
    ):
        assert part in text, part
    assert text.count("data:image/svg+xml") == 3
    assert "<script" not in text
    assert sorted(p.name for p in (tmp_path / "net-figures").glob("*.png")) == [
        "distributions.png", "rasters.png", "search.png"
    ]  # fmt: skip


def test_a_film_lies_beside_the_page(fit, tmp_path):
    validation = lq.fit.validate(fit, seeds=4, progress=False)
    page = lq.report(fit, tmp_path / "net.html", validation=validation)
    film = tmp_path / "net-search.html"
    assert film.stat().st_size > 1000
    assert film.name in page.read_text()


def test_what_has_no_such_page_is_refused(fit, tmp_path):
    with pytest.raises(FitError, match="is a folder"):
        lq.report(fit, tmp_path)
    with pytest.raises(FitError, match="animation is 'mp4'"):
        lq.report(fit, tmp_path / "a.html", animation="mp4")
    plain = lq.fit.FunctionProblem(lambda values: np.square(values["x"]), {"x": (0.0, 1.0)})
    with pytest.raises(FitError):
        lq.reports.network_report(lq.fit.minimize(plain, budget=20), tmp_path / "b.html")


def test_what_belongs_to_another_fit_is_refused(fit, tmp_path):
    cells = lq.spikes.poisson("20 Hz", t_stop="1 s", seed=1, trains=5)
    stranger = lq.fit.validate({"pyramidal": cells}, {"pyramidal": cells}, features=[lq.fit.features.rate()])
    with pytest.raises(FitError, match="is of another model: its populations are 'pyramidal'"):
        lq.report(fit, tmp_path / "a.html", validation=stranger)
    plain = lq.fit.FunctionProblem(lambda values: np.square(values["x"]), {"x": (0.0, 1.0)})
    curvature = lq.fit.identifiability(lq.fit.minimize(plain, budget=20))
    with pytest.raises(FitError, match="the curvature is of another fit: it is of x"):
        lq.report(fit, tmp_path / "a.html", curvature=curvature)
    with pytest.raises(FitError, match="validation is a str"):
        lq.report(fit, tmp_path / "a.html", validation="passed")
    with pytest.raises(FitError, match="kept no generations"):
        lq.report(replace(fit, generations=()), tmp_path / "a.html")
    assert not list(tmp_path.iterdir())
