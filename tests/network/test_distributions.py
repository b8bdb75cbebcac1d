"""What is drawn: moments, ends, independence of draws, expressions."""

import numpy as np
import pytest

import lapicque as lq
from lapicque import random
from lapicque.compile import random_kernels
from lapicque.errors import SimulationError
from lapicque.network.distributions import drawn
from lapicque.random import stream_key
from lapicque.units import mV, parse_unit

KEY = stream_key(1, "exc/v")
MANY = 200_000


def sample(value, n=MANY, key=KEY, **names):
    return drawn(value, mV, n, key, names)


@pytest.mark.parametrize(
    ("value", "mean", "sd"),
    [
        (lq.normal(-60, 5), -60, 5),
        (lq.uniform(-60, -50), -55, 10 / np.sqrt(12)),
        (lq.exponential(2), 2, 2),
        (lq.lognormal(0.5, 0.3), 0.5, 0.3),  # of the values, not of their logarithm
        ("-60*mV + 5*mV*randn()", -60, 5),
        ("-60*mV + 10*mV*rand()", -55, 10 / np.sqrt(12)),
    ],
)
def test_moments(value, mean, sd):
    found = sample(value)
    assert abs(found.mean() - mean) < 5 * sd / np.sqrt(MANY)
    assert abs(found.std() - sd) < 0.02 * sd


def test_the_logarithm_of_lognormal_values_is_normal():
    logs = np.log(sample(lq.lognormal(0.5, 0.3)))
    scaled = (logs - logs.mean()) / logs.std()
    assert abs((scaled**3).mean()) < 0.03
    assert abs((scaled**4).mean() - 3) < 0.06


def test_values_beyond_the_ends_are_set_to_them():
    found = sample(lq.normal(0, 1).clipped(-1, 0.5))
    assert found.min() == -1
    assert found.max() == 0.5
    assert abs((found == -1).mean() - 0.1587) < 0.005
    assert abs((found == 0.5).mean() - 0.3085) < 0.005


def test_draws_of_one_text_are_independent():
    first, second = sample("mV*rand()"), sample("mV*(rand() + 0*rand())")
    np.testing.assert_array_equal(first, second)  # the first draw of both
    found = sample("mV*rand() - mV*rand()")
    assert abs(found.std() - np.sqrt(1 / 6)) < 0.005


def test_the_unit_is_that_of_what_is_drawn():
    np.testing.assert_allclose(drawn(lq.normal(1, 0.1), parse_unit("V"), 5, KEY), 1000 * sample(lq.normal(1, 0.1), 5))
    assert drawn("1 V", mV, 2, KEY).tolist() == [1000, 1000]
    assert drawn([1, 2], parse_unit("V"), 2, KEY).tolist() == [1000, 2000]


def test_texts_read_names():
    found = sample("e_l + k*mV*where(i < 2, i, 0)/N", 4, e_l=-70.0, k=np.array([1.0, 2.0, 3.0, 4.0]))
    assert found.tolist() == [-70, -69.5, -70, -70]


def test_a_model_s_names_win():
    assert sample("i*mV", 3, i=5.0).tolist() == [5, 5, 5]


def test_an_array_of_another_length_is_refused():
    with pytest.raises(SimulationError, match="the value has 2 values, but there are 3 neurons"):
        drawn([1, 2], mV, 3, KEY)


def test_what_is_drawn_may_be_changed():
    sample("-60*mV", 3)[0] = 1
    sample("-60 mV", 3)[0] = 1


# -- the numbers behind --------------------------------------------------------------------------------------------


def test_numbers_are_those_of_the_kernels():
    step, element, trial = np.arange(50)[:, None], np.arange(41)[None, :], 3
    mine = random.uniform_numbers(KEY, step, element, trial)
    np.testing.assert_array_equal(mine, random_kernels.uniform(KEY, step, element, trial, np.float64))
    mine = random.normal_numbers(KEY, step, element, trial)
    np.testing.assert_allclose(
        mine, random_kernels.normal(KEY, step, element, trial, np.float64), rtol=1e-13, atol=1e-13
    )
