"""What is compared, what is refused, and how the table is read."""

import json

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit import features, validate
from lapicque.fit.validation import effect_size, kl, ks, levene, mann_whitney, wasserstein, welch
from lapicque.spikes import SpikeTrains, poisson

EVERY = [
    features.rate(), features.isi(), features.mean_isi(), features.cv(), features.cv2(), features.lv(), features.lvr(),
    features.fano(), features.correlation(), features.tiling(), features.bursts("30 ms"),
]  # fmt: skip
TESTS = [welch(), ks(), levene(), mann_whitney(), wasserstein(199), kl(10, 199), effect_size()]
RATE = dict(features=[features.rate()])


def cells(seed, rate="20 Hz", n=60, trials=1, t_stop="5 s"):
    trains = lq.spikes.gamma(rate, shape=3, t_stop=t_stop, seed=seed, trains=n * trials)
    return SpikeTrains(trains.times, trains.offsets, trains.t_start, trains.t_stop, (trials, n))


@pytest.mark.parametrize("unit", ["runs", "neurons"])
def test_every_feature_by_every_test(unit):
    asked = EVERY if unit == "runs" else [features.cv(), features.correlation()]
    found = validate(cells(1), cells(2, trials=8), features=asked, tests=TESTS, independent=unit)
    assert len(found) == len(asked) * len(TESTS)
    assert not [row for row in found if row.p_holm < 0.01]
    for row in found:
        assert np.isfinite([row.value, row.data_mean, row.model_mean, row.effect]).all(), row
        assert row.effect_interval[0] < row.effect < row.effect_interval[1]
        assert np.isnan(row.p) == np.isnan(row.power) == (row.test == "effect size")
        assert row.p <= row.p_holm or np.isnan(row.p)
        assert row.undefined_data[0] == row.undefined_model[0] == 0


def test_a_test_without_power_does_not_pass():
    few = validate(cells(1, n=5, t_stop="1 s"), cells(2, n=5, t_stop="1 s"), features=[features.lv()], tests=[welch()])
    (row,) = few.rows
    assert row.verdict == f"undecided: power {row.power:.2g}"
    assert row.power < 0.5
    assert not few.passed
    assert few.undecided == (row,)
    assert validate(cells(1), cells(2), change=1.0, tests=[welch()], features=[features.lv()]).passed


def test_effect_size_asks_for_a_whole_interval():
    def verdict(rate, below, n=60):
        return validate(cells(1, n=n), cells(2, rate, n=n), **RATE, tests=[effect_size(below)]).rows[0].verdict

    assert verdict("20 Hz", 1.0) == "pass"
    assert verdict("24 Hz", 0.5) == "FAIL"
    assert verdict("20 Hz", 0.05).startswith("undecided: -")
    for wrong in (0, -1, np.nan, np.inf):
        with pytest.raises(FitError, match="effect"):
            effect_size(wrong)


def test_effect_over_runs_is_that_of_the_run_means():
    data, model = cells(1, trials=3), cells(2, "22 Hz", trials=9)
    row = validate(data, model, **RATE, tests=[welch()]).rows[0]
    a, b = (t.rate().reshape(t.shape).mean(axis=1) for t in (data, model))
    sd = np.sqrt((a.var(ddof=1) * 2 + b.var(ddof=1) * 8) / 10)
    difference = b.mean() - a.mean()
    from scipy.stats import t as student

    half = student.isf(0.025, 10) * sd * np.sqrt(1 / 3 + 1 / 9)
    assert row.effect / row.effect_interval[1] == pytest.approx(difference / (difference + half), rel=1e-9)


def test_effect_of_equal_sides_is_0_and_has_an_interval():
    same = cells(1, trials=6)
    row = validate(same, same, **RATE, tests=[effect_size(0.5)]).rows[0]
    assert row.effect == 0
    assert row.effect_interval[0] == -row.effect_interval[1] < 0
    assert row.verdict == "pass"


def test_what_is_undefined_is_counted_not_zero():
    def silent(trains, n):
        return SpikeTrains.from_lists([*trains.to_lists()[n:], *[[5.0]] * n], t_stop=trains.t_stop)

    found = validate(silent(cells(1), 10), silent(cells(2), 20), features=[features.cv()], tests=[welch()])
    (row,) = found.rows
    assert row.undefined_data == (10, 60)
    assert row.undefined_model == (20, 60)
    assert row.data_mean == pytest.approx(1 / np.sqrt(3), abs=0.03)
    silence = SpikeTrains.from_lists([[]] * 60, t_stop="5 s")
    found = validate(cells(1), silence, features=[features.rate(), features.cv()])
    assert {row.verdict for row in found.select(feature="cv")} == {"undecided: undefined for all 60 of the model"}
    assert {row.verdict for row in found.select(feature="rate")} == {"FAIL"}
    assert "cv" in repr(found)


def test_one_neuron_and_one_spike():
    one = SpikeTrains.from_lists([[100.0]], t_stop="1 s")
    found = validate(one, one)
    assert {row.verdict for row in found.select(feature="rate")} == {"undecided: one value is no sample"}
    assert {row.verdict for row in found.select(feature="correlation (20 ms)")} == {
        "undecided: there are none in the data"
    }
    assert not found.passed
    runs = poisson("20 Hz", t_stop="10 s", seed=1, trains=8)
    model = SpikeTrains(runs.times, runs.offsets, 0, runs.t_stop, (8, 1))
    over = validate(poisson("20 Hz", t_stop="10 s", seed=2), model, **RATE, tests=[welch()])
    assert over.rows[0].p > 0.01


def test_windows_of_different_lengths():
    data, longer = cells(1), cells(2, t_stop="10 s")
    with pytest.raises(FitError, match=r"cv by Welch t depends on the length of the window, 5000 ms .* 10000 ms"):
        validate(data, longer, features=[features.cv()])
    with pytest.raises(FitError, match="rate by KS"):
        validate(data, longer, **RATE)
    assert validate(data, longer, **RATE, tests=[welch()]).passed
    with pytest.raises(FitError, match="rate by Welch t"):
        validate(data, cells(2, trials=5, t_stop="10 s"), **RATE, tests=[welch()])
    assert validate(data, longer.window(5000, 10000), tests=[welch()]).passed


def test_numbers_of_neurons_differ():
    found = validate(cells(1, n=20), cells(2, n=60, trials=8), **RATE, tests=[welch()])
    assert "20 of 60 neurons are drawn" in found.notes[0]
    assert found.rows[0].undefined_model == (0, 160)
    again = validate(cells(1, n=20), cells(2, n=60, trials=8), **RATE, tests=[welch()])
    assert again.rows == found.rows
    assert validate(cells(1, n=60), cells(2, n=20, trials=8), **RATE).rows[0].undefined_model == (0, 160)
    assert validate(cells(1, n=60), cells(2, n=20), **RATE).rows[0].undefined_model == (0, 20)


def test_runs_may_have_several_trials():
    model = [cells(k, trials=3) for k in range(5)]
    found = validate([cells(9, trials=3)], model, **RATE)
    assert found.rows[0].undefined_model == (0, 5 * 3 * 60)
    assert found.independent == "runs"


def test_a_number_of_the_population():
    data, model = cells(1), cells(2, trials=8)
    (row,) = validate(data, model, features=[features.synchrony()], tests=[welch()]).rows
    assert row.undefined_data == (0, 1)
    assert row.undefined_model == (0, 8)
    assert row.p > 0.01
    (row,) = validate(data, cells(2), features=[features.synchrony()], tests=[welch()]).rows
    assert row.verdict == "undecided: one value is no sample"
    with pytest.raises(FitError, match=r"synchrony .* number of neurons, 60 of data and 20 of model"):
        validate(data, cells(2, n=20, trials=8), features=[features.synchrony()])


def test_numbers_of_trials_differ():
    """Rates that are averaged over more trials vary less between neurons: as many are taken of both."""
    found = validate(cells(1), cells(2, trials=8), **RATE, tests=[levene()], independent="neurons")
    assert "first 1 of 8 trials" in found.notes[0]
    assert found.rows[0].p > 0.01
    found = validate([cells(1)], [cells(k, trials=3) for k in range(5)], **RATE)
    assert "first 1 of 3 trials of a run" in found.notes[0]
    assert found.rows[0].undefined_model == (0, 5 * 60)


def test_populations_by_name():
    data, model = {"exc": cells(1), "inh": cells(2)}, {"inh": cells(3), "exc": cells(4)}
    found = validate(data, model, **RATE)
    assert [row.population for row in found] == ["exc", "exc", "inh", "inh"]
    assert validate(data["exc"], {"exc": model["exc"]}, **RATE).rows[0].population == "exc"
    with pytest.raises(FitError, match="the model lack 'exc'; did you mean 'ex'"):
        validate(data, {"ex": model["exc"], "inh": model["inh"]})
    with pytest.raises(FitError, match="the data lack 'x'"):
        validate(data, {**model, "x": model["exc"]})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(model=None), "there is no model"),
        (dict(model=3), "int found"),
        (dict(model={"a": 3}), "of 'a': int found"),
        (dict(model=[]), "no spike trains"),
        (dict(model={}), "no spike trains"),
        (dict(model=[cells(1), cells(1, n=3)]), "different numbers of neurons"),
        (dict(model=[cells(1), cells(1, t_stop="1 s")]), "windows of different lengths"),
        (dict(model=[{"a": cells(1)}, {"b": cells(1)}]), "different populations"),
        (dict(model=SpikeTrains.from_lists([], t_stop=1)), "no spike trains"),
        (dict(alpha=0), "alpha is 0"),
        (dict(power=1), "power is 1"),
        (dict(independent="cells"), "write 'runs' or 'neurons'"),
        (dict(independent="runs"), "1 runs do not show"),
        (dict(seed=-1), "seed is -1"),
        (dict(seed=1.5), "seed is 1.5"),
        (dict(wiring="new"), "write 'fresh' or 'kept'"),
        (dict(tests=[ks]), "write them as"),
        (dict(tests=["ks"]), "write them as"),
        (dict(features=["rate"]), "write them as"),
        (dict(features=[]), "write them as"),
        (dict(change={"rat": 1.0}), "did you mean 'rate'"),
        (dict(change=-2.0), "change is -2"),
        (dict(change=np.nan), "change is nan"),
        (dict(change={"rate": 0.0}), "change of 'rate' is 0"),
    ],
)
def test_refused(arguments, said):
    with pytest.raises(FitError, match=said):
        validate(cells(1), **{"model": cells(2), **arguments})


def test_a_function_is_a_feature_too():
    def first_spike(trains):
        return np.array([t[0] if len(t) else np.nan for t in trains.to_lists()])

    found = validate(cells(1), cells(2), features=[first_spike], tests=[ks()], change={"first_spike": 30.0})
    assert found.rows[0].feature == "first_spike"
    assert found.rows[0].change == "+30"
    with pytest.raises(FitError, match="infinite"):
        validate(cells(1), cells(2, trials=5), features=[lambda trains: np.full(60, np.inf)])


def test_read_the_table():
    found = validate({"exc": cells(1)}, {"exc": cells(2, "26 Hz")}, features=[features.rate(), features.cv()])
    assert [row.test for row in found.failed] == ["Welch t", "KS"]
    assert found.select(feature="cv", test="KS")[0].verdict == "pass"
    with pytest.raises(FitError, match="no row has the feature 'rates'; did you mean 'rate'"):
        found.select(feature="rates")
    with pytest.raises(FitError, match="not 'verdict'"):
        found.select(verdict="pass")
    text = repr(found)
    assert text.splitlines()[0].startswith("Validation: 2 of 4 tests fail, 0 cannot tell")
    assert all(len(line) < 140 for line in text.splitlines())
    assert "x 1.2" in text
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["passed"] is False
    assert plain["rows"][0]["verdict"] == "FAIL"
    assert len(plain["rows"]) == len(found)


def test_same_seed_same_result():
    first, again = (validate(cells(1), cells(2), **RATE, tests=[kl()], seed=3).rows for _ in range(2))
    assert first == again
    assert validate(cells(1), cells(2), **RATE, tests=[kl()], seed=4).rows != first


def test_what_is_undefined_in_most_of_the_model_is_told():
    """A model most of whose cells are silent can pass by the others' variability alone."""
    data, other = (lq.spikes.poisson("10 Hz", "5 s", trains=20, seed=seed) for seed in (1, 2))
    some = [times if n < 5 else [] for n, times in enumerate(other.to_lists())]
    silent = lq.spikes.SpikeTrains.from_lists(some, t_stop=5000)
    cv = lq.fit.features.cv()
    (told,) = [note for note in lq.fit.validate(data, silent, features=[cv]).notes if "undefined" in note]
    assert told.startswith("cv is undefined for 0 of 20 in the data and 15 of 20 in the model")
    assert not [note for note in lq.fit.validate(data, other, features=[cv]).notes if "undefined" in note]
