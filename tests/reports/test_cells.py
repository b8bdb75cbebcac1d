"""The page of a cell: tests on what was held out, what the data fix, how candidates spread, and the film."""

import re
from dataclasses import replace

import pytest

import lapicque as lq
from lapicque.errors import FitError
from tests.test_reports import Page, fit_to, make_trials


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Two stimuli, split by time: the fit, its parts, the page."""
    train, test = lq.fit.split_by_time(make_trials(stimuli=2), 0.6)
    fit = fit_to(train)
    return fit, train, test, lq.report(fit, tmp_path_factory.mktemp("cells") / "a.html", train=train, test=test)


def test_the_page_tests_what_was_held_out_and_says_what_the_data_fix(several):
    fit, _, test, path = several
    page = Page(path)
    assert repr(lq.fit.validate(fit, test)).splitlines()[0] in page.text
    assert "2 stimuli that were held out" in page.text
    assert "those of the fit" not in page.text
    curvature = lq.fit.identifiability(fit)
    for n, value in enumerate(curvature.curvatures):
        assert f"{value:.3g} ± {curvature.errors[n]:.2g}" in page.text
        assert curvature.combination(n) in page.text


def test_a_single_run_is_called_one(tmp_path):
    text = Page(lq.report(fit_to(make_trials(repeats=1), budget=64), tmp_path / "a.html")).text
    assert "one stimulus that was fitted, since nothing was held out" in text
    assert "a single run of each stimulus: how the cell itself differs from run to run is not known" in text


def test_stimuli_that_are_not_alike_are_no_error(tmp_path):
    trials = make_trials(stimuli=2)
    trials[1] = replace(trials[1], spikes=trials[1].spikes[:1])
    page = Page(lq.report(fit_to(trials, budget=64), tmp_path / "report.html"))
    assert "It could not be tested: the data have different numbers of repeats, 1, 3" in page.text
    assert "1 of the 2 stimuli were recorded once only" in page.text


def test_what_takes_long_is_left_out_and_said(several, tmp_path):
    fit, train, test, _ = several
    slow = replace(fit, seconds=1000.0)
    given = lq.fit.validate(fit, test, seed=5)
    page = Page(lq.report(slow, tmp_path / "a.html", train=train, test=test, validation=given))
    assert re.search(r"that takes about \d+ s: give curvature=lq.fit.identifiability", page.text)
    assert repr(given).splitlines()[0] in page.text
    curvature = lq.fit.identifiability(fit, radius=0.2)
    text = Page(lq.report(slow, tmp_path / "a.html", train=train, test=test, curvature=curvature)).text
    assert "within 0.2 of the minimum" in text


def test_a_film_lies_beside_the_page(several, tmp_path):
    page = Page(lq.report(several[0], tmp_path / "a.html", animation="html"))
    assert (tmp_path / "a-search.html").stat().st_size > 1000
    assert {"href": "a-search.html"} in page.all("a")


def test_what_belongs_to_another_fit_is_refused(several, tmp_path):
    fit = several[0]
    cells = lq.spikes.poisson("20 Hz", t_stop="1 s", seed=1, trains=5)
    stranger = lq.fit.validate({"inh": cells}, {"inh": cells}, features=[lq.fit.features.rate()])
    with pytest.raises(FitError, match="its populations are 'inh', and 'lif' was fitted to a cell"):
        lq.report(fit, tmp_path / "a.html", validation=stranger)
    curvature = replace(lq.fit.identifiability(fit), names=("c_m", "t_ref", "g_l"))
    with pytest.raises(FitError, match="the curvature is of another fit: it is of c_m, t_ref, g_l, and c_m, t_ref"):
        lq.report(fit, tmp_path / "a.html", curvature=curvature)
    without = replace(fit, generations=())
    with pytest.raises(FitError, match="there is no film of this search, since it kept no generations"):
        lq.report(without, tmp_path / "a.html", animation="html")
    assert not list(tmp_path.iterdir())
    assert "spread" not in Page(lq.report(without, tmp_path / "a.html")).figures
