"""Rates and variability of noisy leaky integrate-and-fire neurons against their double integrals and simulations."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

import lapicque as lq
from lapicque.errors import ModelError
from lapicque.theory import siegert, siegert_cv

CELL = dict(tau_m=20, v_th=20, v_reset=10, t_ref=2)


def naive_rate(mean, sigma):
    """The textbook's formula, which overflows outside a small range."""
    period = quad(lambda u: np.exp(u * u) * (1 + erf(u)), (10 - mean) / sigma, (20 - mean) / sigma)[0]
    return 1000 / (2 + 20 * np.sqrt(np.pi) * period)


def naive_cv(mean, sigma):
    def inner(x):
        return quad(lambda u: np.exp(u * u) * (1 + erf(u)) ** 2, -12, x, limit=200)[0]

    double = quad(lambda x: np.exp(x * x) * inner(x), (10 - mean) / sigma, (20 - mean) / sigma)[0]
    return np.sqrt(2 * np.pi * double) * naive_rate(mean, sigma) * 20 / 1000


@pytest.mark.parametrize(("mean", "sigma"), [(22, 5), (15, 6), (5, 4), (21, 8), (-10, 10)])
def test_the_textbook_formula(mean, sigma):
    assert siegert(mean, sigma, **CELL) == pytest.approx(naive_rate(mean, sigma), rel=1e-9)
    assert siegert_cv(mean, sigma, **CELL) == pytest.approx(naive_cv(mean, sigma), rel=1e-6)


def test_without_noise_it_is_a_clock_or_silent():
    assert siegert([19, 25], 0, **CELL)[0] == 0
    assert siegert(25, 0, **CELL) == pytest.approx(1000 / (2 + 20 * np.log(15 / 5)))
    assert siegert(25, 1e-6, **CELL) == pytest.approx(siegert(25, 0, **CELL), rel=1e-9)
    assert np.isnan(siegert_cv(19, 0, **CELL))
    assert siegert_cv(25, 0, **CELL) == 0


def test_weak_noise_spreads_the_intervals_in_proportion():
    # linear response: dv = sigma sqrt(tau) dW along the ramp; the crossing's variance is sd(v)^2 / slope^2
    interval = 2 + 20 * np.log(3)
    v_sd = 0.01 * np.sqrt((1 - np.exp(-2 * np.log(3))) / 2)
    expected = v_sd / ((25 - 20) / 20) / interval
    assert siegert_cv(25, 0.01, **CELL) == pytest.approx(expected, rel=1e-3)


def test_rare_spikes_are_a_poisson_process():
    assert siegert_cv([0, -40], 3, **CELL) == pytest.approx([1, 1], rel=1e-6)
    assert 0 < siegert(0, 1, **CELL) < 1e-100
    assert siegert(0, 0.1, **CELL) == 0


def test_rare_bursts_are_not_a_poisson_process():
    # after a reset just below the threshold the next spike comes at once, unless v escapes, with chance p: then
    # intervals are an exponential with weight p and 0 otherwise, and CV^2 = 2/p - 1
    high, low = 20 / 1.2, 19.9 / 1.2
    p = 1 - quad(lambda u: np.exp(u * u), 0, low)[0] / quad(lambda u: np.exp(u * u), 0, high)[0]
    near = CELL | dict(v_reset=19.9)
    assert siegert_cv(0, 1.2, **near) == pytest.approx(np.sqrt(2 / p - 1), rel=1e-6)
    assert siegert_cv(0, 20 / 18.01, **near) == pytest.approx(siegert_cv(0, 20 / 17.99, **near), rel=0.01)
    assert siegert_cv(0, 20 / 40, **(CELL | dict(v_reset=19.999))) == pytest.approx(
        np.sqrt(2 / (1 - np.exp(39.998**2 - 40**2)) - 1), rel=1e-3
    )


def test_without_end():
    assert siegert([np.inf, -np.inf], 1, **CELL) == pytest.approx([500, 0])
    assert siegert(np.inf, 1, **(CELL | dict(t_ref=0))) == np.inf
    assert siegert_cv([np.inf, -np.inf], 1, **CELL) == pytest.approx([0, 1])
    assert siegert(10, 1e9, **CELL) == pytest.approx(500, rel=1e-6)


def test_brunels_mean_field_cv():
    # the asynchronous state of tests/models: 37.9 Hz, CV 0.68
    rate = 37.9e-3
    mean, sigma = 20 * (1000 * 0.1 * (0.02 + rate) - 250 * 0.5 * rate), None
    sigma = np.sqrt(20 * (1000 * 0.01 * (0.02 + rate) + 250 * 0.25 * rate))
    assert siegert(mean, sigma, **CELL) == pytest.approx(37.9, rel=0.01)
    assert siegert_cv(mean, sigma, **CELL) == pytest.approx(0.68, abs=0.01)


def test_units_arrays_and_what_is_no_number():
    assert siegert("0.022 V", "5 mV", tau_m="0.02 s", v_th="20 mV") == siegert(22, 5, tau_m=20, v_th=20)
    assert siegert([[10], [20]], [1, 2, 3], **CELL).shape == (2, 3)
    assert np.isnan(siegert(np.nan, 1, **CELL))
    assert np.isnan(siegert_cv(np.nan, 1, **CELL))
    assert siegert([], [], **CELL).shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(sigma=-1), "sigma is negative"),
        (dict(tau_m=0), "tau_m must be positive"),
        (dict(t_ref=-1), "must not be negative"),
        (dict(v_reset=20), "reset must be below"),
        (dict(sigma=np.inf), "sigma must be finite"),
        (dict(tau_m=np.inf), "tau_m must be finite"),
        (dict(v_reset=-np.inf), "v_reset must be finite"),
        (dict(v_th=np.inf), "v_th must be finite"),
        (dict(t_ref=np.inf), "t_ref must be finite"),
        (dict(mean=[1, 2], sigma=[1, 2, 3]), r"do not fit.*mean \(2,\), sigma \(3,\)"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with pytest.raises(ModelError, match=message):
        siegert(**(dict(mean=20, sigma=1, **CELL) | change))


def test_a_simulated_cell():
    cell = lq.Neuron(
        "dv/dt = (mean - v)/tau + sigma*xi/sqrt(tau) : mV (unless refractory)",
        threshold="v > 20*mV", reset="v = 10*mV", refractory="2*ms",
        parameters=dict(mean="18 mV", sigma="5 mV", tau="20 ms"),
    )  # fmt: skip
    net = lq.Network()
    net.record(net.population(cell, 400, name="cells", initial=dict(v="20*mV*rand()")), "spikes")
    spikes = lq.simulate(net, "4 s", dt="0.05 ms", seed=3, progress=False).spikes["cells"].window(500, 4000)
    # the threshold is looked at in steps, which raises it by 0.58 sigma sqrt(dt / tau) (Broadie et al. 1997)
    shifted = CELL | dict(v_th=20 + 0.5826 * 5 * np.sqrt(0.05 / 20))
    assert spikes.rate().mean() == pytest.approx(siegert(18, 5, **shifted), rel=0.015)
    assert np.nanmean(lq.spikes.cv(spikes)) == pytest.approx(siegert_cv(18, 5, **shifted), rel=0.03)
