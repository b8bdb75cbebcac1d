"""The report of a fit: one page that needs nothing else, with all that it promises, for every kind of data."""

import ast
import base64
import io
import re
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError, LapicqueNotice
from lapicque.plot.fits import through_optimum
from lapicque.reports import mathml, reproduce, tables
from lapicque.reports.drawing import settings
from lapicque.reports.windows import typical_window
from lapicque.spikes import SpikeTrains

LOADING = ("src", "href", "srcset", "data", "action", "poster", "background")
SECTIONS = ("agreement", "convergence", "intervals", "profiles", "spread")
NASTY = "<script>alert('x')</script> & $\\alpha \N{CJK UNIFIED IDEOGRAPH-4E2D}"


class Page(HTMLParser):
    """What a page consists of: elements with their attributes, its text, and whether every element is closed."""

    EMPTY = frozenset({"meta", "img", "br", "rect", "line", "polyline", "mspace"})

    def __init__(self, path):
        super().__init__()
        self.html = path.read_text(encoding="utf-8")
        self.elements, self.words, self.open = [], [], []
        self.feed(self.html)
        assert not self.open, f"{self.open} are never closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def figures(self):
        return [attributes["id"] for attributes in self.all("figure")]


def make_trials(stimuli=1, repeats=3, voltage=False, unit="pA", seed=1):
    """Trials of a neuron with noise in its spike times."""
    random = np.random.default_rng(seed)
    cell = lq.neurons.lif.with_(c_m="150 pF")
    trials = []
    for n in range(stimuli):
        current = 420 + 60 * n + 250 * np.repeat(random.standard_normal(200), 30)
        answer = lq.simulate(cell, "600 ms", inputs={"i_ext": current}, record="v")
        times = answer.spikes.times
        lists = [np.sort(times + random.normal(0, 0.3, times.size)).clip(0, 600) for _ in range(repeats)]
        trials.append(
            lq.fit.Trial(
                current if unit == "pA" else current / 1000,
                SpikeTrains.from_lists(lists, t_stop=600, shape=(repeats, 1)),
                voltage=np.tile(answer.traces["v"].values[:, 0], (repeats, 1)) if voltage else None,
                unit=unit,
                label=f"step {n}",
            )
        )
    return trials


def fit_to(train, model=lq.neurons.lif, budget=128, **options):
    free = options.pop("free", dict(c_m=("50 pF", "400 pF"), t_ref=("0.5 ms", "5 ms"), delay=("0 ms", "2 ms")))
    if "objective" not in options:
        options["distance"] = lq.distances.coincidence("4 ms")
    problem = lq.fit.Problem(model, train, free=free, **options)
    return lq.fit.minimize(problem, lq.optimizers.cma_es(population=64), budget=budget, seed=3)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Two stimuli with voltage, split by time: the fit, its parts, the page."""
    trials = make_trials(stimuli=2, voltage=True)
    train, test = lq.fit.split_by_time(trials, 0.6)
    fit = fit_to(train)
    recording = lq.fit.Recording(
        [lq.fit.Sweep(t.stimulus, t.spikes[0]) for t in trials],
        0.1,
        "pA",
        name=NASTY,
        source=NASTY,
        notices=[NASTY + "!"],
    )
    path = tmp_path_factory.mktemp("several") / "report.html"
    lq.report(fit, path, train=train, test=test, title=NASTY, recording=recording, command=f"lapicque fit {NASTY}")
    return fit, train, test, path


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """One trial of a stimulus without a unit and without voltage; a noisy model; nothing held out; little given."""
    free = dict(c_m=("50 pF", "120 pF"), input_scale=(300, 3000))
    fit = fit_to(make_trials(repeats=1, unit="1"), lq.neurons.gif, free=free, budget=64, repeats=2)
    path = tmp_path_factory.mktemp("single") / "deep" / "gif.html"
    path.parent.mkdir()
    return fit, lq.report(fit, path)


def test_page_needs_nothing_else(several, single):
    for path in (several[-1], single[-1]):
        page = Page(path)
        loaded = [v for _, each in page.elements for k, v in each.items() if k in LOADING]
        assert loaded
        assert all(source.startswith("data:") for source in loaded)
        assert not re.search(r"url\(|@import|<script|<link|<iframe|<object|<embed", page.html)
        assert "http:" not in page.html
        assert "https:" not in page.html
        policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'")
        for image in page.all("img"):
            assert image["src"].startswith("data:image/svg+xml;base64,")
            assert image["alt"]
            svg = base64.b64decode(image["src"].partition(",")[2])
            root = ET.fromstring(svg)
            links = [v for e in root.iter() for k, v in e.attrib.items() if k.rpartition("}")[2] == "href"]
            assert all(link.startswith(("#", "data:")) for link in links)


def test_everything_is_escaped(several):
    page = Page(several[-1])
    assert not page.all("script")
    assert page.text.count("<script>alert('x')</script> & $\\alpha") >= 4  # title, heading, notice, command, source
    assert page.html.count("<script>") == 0


def test_all_figures_are_there_and_beside_the_page(several, single):
    figures = Page(several[-1]).figures
    responses = [f"{name}-{n}" for n in (1, 2) for name in ("overview", "train", "test")]
    assert sorted(figures) == sorted([*responses, *SECTIONS])
    assert sorted(Page(single[-1]).figures) == sorted(["overview", "train", *SECTIONS])
    for path in (several[-1], single[-1]):
        folder = path.with_name(f"{path.stem}-figures")
        names = set(Page(path).figures)
        assert {p.name for p in folder.iterdir()} == {f"{n}.{kind}" for n in names for kind in ("png", "svg")}
        assert all(p.read_bytes().startswith(b"\x89PNG") for p in folder.glob("*.png"))
        assert not list(path.parent.glob("*.writing"))


def test_scores_are_on_the_page(several):
    fit, train, test, path = several
    text = Page(path).text
    for part in (train, test):
        score = lq.fit.score(fit, part)
        assert f"{score.gamma_over_reliability:.3f} Γ / reliability" in text
        for label, gamma, _ in score.per_trial:
            assert label in text
            assert f"{gamma:.3f}" in text


def test_parameters_have_values_bounds_and_profiles(several):
    fit, _, _, path = several
    page = Page(path)
    for name, found in fit.parameters.items():
        assert name in page.text
        assert tables.significant(found.value) in page.text
        assert f"{tables.significant(found.low)} to {tables.significant(found.high)}" in page.text
    assert len(page.all("polyline")) == len(fit.parameters)
    assert "membrane capacitance" in page.text


def test_page_says_how_it_came_about(several, single):
    fit, _, _, path = several
    text = Page(path).text
    assert repr(fit.optimizer) in text
    assert f"seed {fit.seed}" in text
    assert "the budget was used up" in text
    assert "numba" in text
    assert "lq.Neuron(" in text
    assert "Neuron lif" in text
    assert "lq.fit.minimize(" in Page(single[-1]).text


def test_one_trial_has_no_reliability_and_says_so(single):
    fit, path = single
    text = Page(path).text
    assert "unknown: one trial of each stimulus" in text
    assert "Nothing was held out" in text
    assert "gif fitted to a recording" in text
    assert fit.problem.repeats == 2


def test_bounds_interrupts_and_resampling_are_noticed(tmp_path):
    trials = make_trials(repeats=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LapicqueNotice)
        fit = fit_to(trials, free=dict(c_m=("300 pF", "400 pF")), budget=64, dt="0.2 ms")
    fit = replace(fit, point=np.zeros(1), stopped="interrupted", budget=999)
    text = Page(lq.report(fit, tmp_path / "report.html", train=trials)).text
    assert "c_m ended at its lower bound, 300 pF" in text
    assert "at lower bound" in text
    assert "interrupted after 64 of 999 evaluations" in text
    assert "resampled from dt 0.1 ms to 0.2 ms" in text


def test_a_fit_of_spikes_and_voltage(tmp_path):
    objective = lq.fit.SpikeMatch(lq.distances.spike()) + 0.5 * lq.fit.VoltageError()
    fit = fit_to(make_trials(repeats=2, voltage=True), budget=64, objective=objective)
    page = Page(lq.report(fit, tmp_path / "report.html"))
    assert "Blue: the model's" in page.text
    assert "which leave the scale of the model's voltage open" not in page.text
    assert "coincidence factor within 4 ms" in page.text


def test_a_silent_model_and_a_test_part_without_spikes(tmp_path):
    trials = make_trials(repeats=1)
    fit = fit_to(trials, free=dict(c_m=("80000 pF", "90000 pF")), budget=64)
    assert ", 0.0 0 % –" in Page(lq.report(fit, tmp_path / "silent.html")).text  # none found, none extra
    nothing = replace(trials[0], spikes=SpikeTrains.from_lists([[]], t_stop=600))
    page = Page(lq.report(fit, tmp_path / "report.html", test=[nothing]))
    assert {"train-1", "test-2"} <= set(page.figures)
    assert "0.0, 0.0 – – – – –" in page.text  # neither found nor extra, and no score


def test_many_stimuli_are_all_in_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr("lapicque.reports.responses.STIMULI", 1)
    trials = make_trials(stimuli=3, repeats=1)
    train, test = lq.fit.split_by_stimulus(trials, ["step 2"])
    page = Page(lq.report(fit_to(train, budget=64), tmp_path / "report.html", test=test))
    assert "2 more stimuli are in the table below" in page.text
    assert all(f"step {n}" in page.text for n in range(3))


def test_a_folder_is_no_name_for_a_page(single, tmp_path):
    with pytest.raises(FitError, match="is a folder: name the report's file"):
        lq.report(single[0], tmp_path)


def test_figures_do_not_depend_on_the_users_settings():
    def drawn():
        ax = lq.plot.raster(SpikeTrains.from_lists([[1, 2]], t_stop=5))
        file = io.BytesIO()
        ax.figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()

    with settings():
        plain = drawn()
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "text.usetex": False, "axes.grid": True}):
        assert drawn() != plain
        with settings():
            assert drawn() == plain
    assert dict(matplotlib.rcParams) == before


def test_code_on_the_page_finds_the_same(several):
    fit, train, _, _ = several
    code = reproduce.fit_code(fit, train, None).partition("train = [")
    scope = {"lq": lq, "trials": {t.label: t for t in train}, "model": lq.neurons.lif}
    exec(code[1] + code[2], scope)
    assert scope["found"].loss == fit.loss
    np.testing.assert_array_equal(scope["found"].point, fit.point)


def test_code_of_the_neuron_answers_as_the_fit_does(several):
    fit, train, _, _ = several
    scope = {"lq": lq, "stimulus": train[0].stimulus}
    exec(reproduce.neuron_code(fit.neuron), scope)
    code = reproduce.use_code(fit).splitlines()
    exec("\n".join(code[:-1]) + f"\ntimes = {code[-1]}", scope)
    expected = lq.fit.predicted(fit, train)[0].times
    np.testing.assert_allclose(scope["times"][: len(expected)], expected, rtol=0, atol=1e-9)


def test_code_of_objectives_is_code(several):
    fit, _, _, _ = several
    objective = 2.0 * lq.fit.SpikeMatch(lq.distances.van_rossum("5 ms")) + 0.5 * lq.fit.StepFeatures()
    problem = replace(fit.problem, objective=objective, distance=None)
    text = reproduce._objective(replace(fit, problem=problem))
    assert text.startswith("objective=")
    assert eval(text.removeprefix("objective="), {"lq": lq}) == objective


def test_typical_window_lies_inside_and_holds_spikes():
    random = np.random.default_rng(2)
    data = SpikeTrains.from_lists([np.sort(random.uniform(0, 10_000, 200))], t_stop=10_000)
    model = SpikeTrains.from_lists([np.sort(random.uniform(0, 10_000, 200))], t_stop=10_000)
    start, stop = typical_window(data, model, 4.0, (2000.0, 9000.0))
    assert 2000 <= start < stop <= 9000
    assert 4 <= data.window(start, stop).counts[0] <= 40
    assert typical_window(data, model, 4.0, (0.0, 100.0)) == (0.0, 100.0)
    empty = SpikeTrains.from_lists([[]], t_stop=10_000)
    start, stop = typical_window(empty, empty, 4.0, (0.0, 10_000.0))
    assert 0 <= start < stop <= 10_000


def test_tolerated_range_is_where_the_loss_is_low(several):
    fit, _, _, _ = several
    profiles = lq.fit.profile(fit, 201)
    for free in fit.problem.free:
        values, losses = through_optimum(fit, free.name, profiles[free.name])
        best = fit.parameters[free.name].value
        low, high = tables.tolerated(values, losses, best, fit.loss + 0.05, free.scale)
        assert free.low <= low <= best <= high <= free.high
        assert np.all(losses[(values >= low) & (values <= high)] <= fit.loss + 0.05 + 1e-12)


@pytest.mark.parametrize("name", lq.neurons.__all__)
def test_equations_of_every_neuron_are_well_formed(name):
    shown = tables.equations(getattr(lq.neurons, name))
    rows = "".join(shown["rows"]) + "".join(r for e in shown["events"] for r in e["reset"])
    table = ET.fromstring(f"<mtable>{rows}</mtable>")
    assert len(table) == len(shown["rows"]) + sum(len(e["reset"]) for e in shown["events"])
    for event in shown["events"]:
        ET.fromstring(event["threshold"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a - (b - c)", "a − (b − c)"),
        ("a - b - c", "a − b − c"),
        ("-(a + b)*c", "(−(a + b))c"),
        ("2*3*x", "2·3x"),
        ("a*(1 - m)", "a(1 − m)"),
        ("a/(b/c)", "[a|b / c]"),
        ("a/(b + c/(d*e))", "[a|b + c / (de)]"),
        ("(a + b)**2", "(a + b)2"),
        ("not (a > b and c <= d)", "¬(a > b ∧ c ≤ d)"),
        ("where(a >= b, sqrt(x), abs(y))", "where(a ≥ b,x,|y|)"),
        ("1e-9*x", "1·10-9x"),
        ("x if y else z", "x if y else z"),
        ("tau_eta_1*v_th", "τη,1vth"),
    ],
)
def test_mathematics_keeps_its_brackets(text, shown):
    html = mathml.tree_to_mathml(ast.parse(text, mode="eval").body)
    root = ET.fromstring(f"<math>{html}</math>")

    def read(element):
        inner = [(element.text or "").strip() if element.tag != "mtext" else element.text, *map(read, element)]
        if element.tag == "mo" and inner[0] in "−+><≥≤/∧" and element.get("form") != "prefix":
            return f" {inner[0]} "
        return f"[{inner[1]}|{inner[2]}]" if element.tag == "mfrac" else "".join(inner)

    assert read(root) == shown
