"""The page of a Pareto front: what it shows of cells, networks and functions, and what it refuses."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.reports import reproduce
from lapicque.reports.tables import significant
from lapicque.units import pA

NASTY = "<script>alert('x')</script> & $"


def trade(values):
    aside = (values["y"] - 0.5) ** 2
    return np.stack([values["x"] ** 2 + aside, (1 - values["x"]) ** 2 + aside], axis=1)


def search(problem, population=16, budget=96):
    return lq.fit.pareto(problem, lq.optimizers.nsga2(population=population), budget, seed=1)


@pytest.fixture(scope="module")
def plain():
    bounds = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    return search(lq.fit.FunctionProblem(trade, bounds, name=NASTY, objectives=(NASTY, "near 1")))


@pytest.fixture(scope="module")
def of_cell():
    current = 420 + 250 * np.repeat(np.random.default_rng(1).standard_normal(100), 30)
    other = lq.simulate(lq.neurons.lif.with_(e_l="-67 mV"), "300 ms", inputs={"i_ext": current}, record="v")
    spikes = lq.simulate(lq.neurons.lif.with_(c_m="120 pF"), "300 ms", inputs={"i_ext": current}).spikes
    trial = lq.fit.Trial(current, spikes, voltage=other.traces["v"].values.T)
    objectives = [lq.fit.VoltageError(), lq.fit.SpikeMatch(lq.distances.coincidence("4 ms"))]
    free = dict(c_m=("50 pF", "400 pF"), e_l=("-75 mV", "-60 mV"))
    return search(lq.fit.Problem(lq.neurons.lif, [trial], free=free, objective=objectives), budget=320)


class Page(HTMLParser):
    """Elements, text, and whether all is closed."""

    def __init__(self, path):
        super().__init__()
        self.html, self.elements, self.words, self.open = path.read_text(encoding="utf-8"), [], [], []
        self.feed(self.html)
        assert not self.open
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_has_the_numbers_of_the_front_and_nothing_from_elsewhere(plain, tmp_path):
    page = Page(lq.report(plain, tmp_path / "deep" / "front.html", command="lapicque fit " + NASTY))
    for column in (*plain.losses.T, *plain.parameters.values()):
        for value in column:
            assert significant(float(value)) in page.text
    assert f"{len(plain)} candidates" in page.text
    assert significant(plain.hypervolume) in page.text
    assert "There is" not in page.text
    assert "Nothing was validated" in page.text
    assert NASTY in page.text  # as text
    assert "<script>alert" not in page.html
    assert len([1 for tag, a in page.elements if a.get("class") == "candidate"]) == len(plain)
    loaded = [a[k] for _, a in page.elements for k in ("src", "href") if k in a]
    assert loaded
    assert all(source.startswith("data:") for source in loaded)
    assert not re.search(r"url\(|@import|https?:", page.html)
    figures = {p.name for p in (tmp_path / "deep" / "front-figures").glob("*.svg")}
    assert figures == {"front.svg", "along.svg", "spread.svg"}


def test_the_only_script_is_the_one_that_the_page_allows(plain, tmp_path):
    text = lq.report(plain, tmp_path / "front.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text.replace("&#43;", "+").replace("&#39;", "'")


def test_a_front_of_a_cell_shows_spikes_tests_and_code_that_finds_it_again(of_cell, tmp_path):
    page = Page(lq.report(of_cell, tmp_path / "front.html"))
    assert "Validation:" in page.text
    assert "the data are those of the fit" in page.text
    assert (tmp_path / "front-figures" / "rasters.svg").exists()
    code = reproduce.fit_code(of_cell, of_cell.problem.trials, None)
    problem = of_cell.problem
    scope = {"model": problem.neuron}
    code = code.replace("recording = lq.io.read('RECORDING')", "").replace("lq.fit.trials_of(recording)", "GIVEN")
    exec(code, scope | {"GIVEN": [replace(problem.trials[0], label="")]}, scope)
    np.testing.assert_array_equal(scope["front"].losses, of_cell.losses)


def test_a_front_of_a_network_and_a_validation_of_unseen_data(tmp_path):
    net = lq.Network()
    cells = net.population(lq.neurons.izhikevich, 12, name="exc")
    net.stimulate(cells, "i_ext", lq.stimuli.white_noise(2 * pA, 6 * pA, tau="1 ms"), name="noise")
    net.record(cells, "spikes")
    run = dict(dt="0.5 ms", method="euler")
    data = lq.simulate(net, "400 ms", seed=7, **run).spikes
    rate, regular = (lq.fit.PopulationStatistics((f,)) for f in (lq.fit.features.rate(), lq.fit.features.cv()))
    bounds = {"noise.mean": (0, 8), "noise.sd": (0, 12)}
    front = search(lq.fit.NetworkProblem(net, data, bounds, [rate, regular], seed=1, **run), budget=48)
    unseen = lq.simulate(net, "400 ms", seed=8, **run).spikes
    validation = lq.fit.validate(front.knee(), unseen, seeds=4, progress=False)
    text = Page(lq.report(front, tmp_path / "front.html", validation=validation)).text
    assert repr(validation).splitlines()[0] in text
    assert "those of the fit" not in text
    cells = lq.spikes.poisson("20 Hz", t_stop="1 s", seed=1, trains=5)
    stranger = lq.fit.validate({"inh": cells}, {"inh": cells}, features=[lq.fit.features.rate()])
    with pytest.raises(FitError, match="is of another model"):
        lq.report(front, tmp_path / "front.html", validation=stranger)


def test_a_film_lies_beside_the_page(plain, tmp_path):
    thin = replace(plain, generations=plain.generations[-2:])
    page = lq.report(thin, tmp_path / "front.html", animation="html")
    assert (tmp_path / "front-search.html").stat().st_size > 1000
    assert 'href="front-search.html"' in page.read_text()


def test_what_has_no_page_is_refused(plain, tmp_path):
    with pytest.raises(FitError, match="has 1 candidate, so there is nothing to choose"):
        lq.report(replace(plain, points=plain.points[:1], losses=plain.losses[:1]), tmp_path / "a.html")
    broken = plain.losses.copy()
    broken[1, 0] = np.nan
    with pytest.raises(FitError, match=f"1 of the front's {len(plain)} candidates have losses that are no numbers"):
        lq.report(replace(plain, losses=broken), tmp_path / "a.html")
    with pytest.raises(FitError, match="kept no generations"):
        lq.report(replace(plain, generations=()), tmp_path / "a.html", animation="gif")
    with pytest.raises(FitError, match="animation is 'mp4'"):
        lq.report(plain, tmp_path / "a.html", animation="mp4")
    with pytest.raises(FitError, match="is a folder"):
        lq.report(plain, tmp_path)
    assert not list(tmp_path.iterdir())
    page = lq.report(replace(plain, generations=()), tmp_path / "a.html")
    assert "spread.svg" not in {p.name for p in page.with_name("a-figures").iterdir()}
