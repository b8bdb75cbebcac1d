"""The curvature of known objectives, with and without roughness."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.search import Fit


def fit_of(function, names=("a", "b", "c"), point=(0.5, 0.4, 0.6)):
    def of_all(values):
        return np.array([function(*row) for row in zip(*values.values(), strict=True)])

    problem = lq.fit.FunctionProblem(of_all, dict.fromkeys(names, (0.0, 1.0)))
    return Fit(problem, np.array(point), 0.0, 1, 0.0, np.zeros((1, 3)), 0, None, "budget", 1)


MATRIX = np.array([[40.0, 6.0, 0.0], [6.0, 10.0, 1.0], [0.0, 1.0, 2.0]])


def parabola(a, b, c):
    x = np.array([a - 0.5, b - 0.4, c - 0.6])
    return 3 + 0.5 * x @ MATRIX @ x


def test_a_parabola_has_the_eigenvalues_of_its_matrix():
    found = lq.fit.identifiability(fit_of(parabola))
    values, vectors = np.linalg.eigh(MATRIX)
    np.testing.assert_allclose(found.curvatures, values[::-1], rtol=1e-9)
    np.testing.assert_allclose(np.abs(found.directions), np.abs(vectors.T[::-1]), atol=1e-9)
    assert found.explained == pytest.approx(1)
    assert found.loss == pytest.approx(3, abs=0.01)
    assert not found.sloppy.any()


def test_roughness_is_averaged_and_shows_in_the_errors():
    rng = np.random.default_rng(1)
    rough = lq.fit.identifiability(fit_of(lambda a, b, c: parabola(a, b, c) + 0.02 * rng.standard_normal()), points=600)
    values = np.linalg.eigvalsh(MATRIX)[::-1]
    assert (np.abs(rough.curvatures - values) < 4 * rough.errors + 0.5).all()
    assert 0 < rough.errors[0] < 3
    assert 0.5 < rough.explained < 0.999


def test_what_only_a_product_moves_leaves_the_ratio_open():
    valley = fit_of(lambda w, p: np.log(w * p / 0.25) ** 2, ("w", "p"), (0.5, 0.5))
    found = lq.fit.identifiability(valley, radius=0.02)
    assert found.sloppy.tolist() == [False, True]
    np.testing.assert_allclose(np.abs(found.directions[0]), np.sqrt(0.5), atol=0.02)
    assert sorted(found.combination(0).replace("+ ", "").split()[1::2]) == ["p", "w"]
    assert repr(found).count("open") == repr(found).count("fixed") == 1


def test_the_box_is_cut_at_the_bounds():
    seen = []

    def function(a):
        seen.append(a)
        return (a - 0.02) ** 2

    found = lq.fit.identifiability(fit_of(function, ("a",), (0.02,)))
    assert min(seen) >= 0
    assert found.curvatures[0] == pytest.approx(2)


@pytest.mark.parametrize("loss", [0.0, 1.0, 3.3, -1e9])
def test_a_loss_that_does_not_vary_leaves_every_direction_open(loss):
    found = lq.fit.identifiability(fit_of(lambda a, b, c: loss))
    assert found.sloppy.all()
    assert np.isnan(found.explained)
    assert "the loss does not vary" in repr(found)


def test_candidates_that_explode_are_no_curvature():
    found = lq.fit.identifiability(fit_of(lambda a, b, c: np.nan if a > 0.59 else parabola(a, b, c)))
    np.testing.assert_allclose(found.curvatures, np.linalg.eigvalsh(MATRIX)[::-1], rtol=1e-9)
    assert 0 < found.exploded < 20
    assert f"{found.exploded} candidates explode" in repr(found)
    with pytest.raises(FitError, match=r"of 100 candidates within 0\.1 of the minimum explode.*smaller radius"):
        lq.fit.identifiability(fit_of(lambda a, b, c: np.nan if a > 0.405 else parabola(a, b, c)))
    assert lq.fit.identifiability(fit_of(lambda a, b, c: 1e7 + parabola(a, b, c))).explained == pytest.approx(1)


@pytest.mark.parametrize(("options", "message"), [({"radius": 0.9}, "the radius is 0.9"), ({"points": 5}, "5 points")])
def test_mistakes_are_named(options, message):
    with pytest.raises(FitError, match=message):
        lq.fit.identifiability(fit_of(parabola), **options)
