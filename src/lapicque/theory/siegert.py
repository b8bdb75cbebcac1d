"""Rate and irregularity of a leaky integrate-and-fire neuron whose input is white noise: first passage times.

Between spikes ``tau_m dv/dt = mean - v + sigma sqrt(tau_m) xi``: without a threshold v would have the standard
deviation sigma/sqrt(2). Input from many independent Poisson trains through delta synapses is nearly that, with mean =
tau_m sum(w rate) and sigma**2 = tau_m sum(w**2 rate).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import dawsn, erfcx

from lapicque.errors import ModelError
from lapicque.units import magnitude

#: Nodes and weights of Gauss and Legendre on (0, 1): the integral of erfcx in a logarithmic variable is good to 1e-14.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2

#: Above this threshold (in units of sigma, from the mean) e^(y^2) overflows, and the rate is 0 in floating point.
_FAR = 26.0

#: Above this one spikes are so rare that their train is a Poisson process to the last digit.
_RARE = 18.0


def siegert(
    mean: Any, sigma: Any, *, tau_m: Any, v_th: Any, v_reset: Any = 0.0, t_ref: Any = 0.0
) -> np.ndarray | np.floating:
    r"""Stationary firing rate of a leaky integrate-and-fire neuron with white noise as its input.

    .. math:: \frac{1}{r} = t_{ref} + \tau_m \sqrt{\pi} \int_{(v_{reset} - \mu)/\sigma}^{(v_{th} - \mu)/\sigma}
              e^{u^2} (1 + \mathrm{erf}\, u)\, du

    Parameters
    ----------
    mean, sigma : mV
        Of the input, as a voltage; they and all others may be arrays, which are broadcast. With sigma 0 the neuron is
        a clock, or silent where the mean does not exceed the threshold.
    tau_m : ms
        Membrane time constant.
    v_th, v_reset : mV
        Threshold and reset, from the resting potential.
    t_ref : ms
        Refractory period.

    Returns
    -------
    array, Hz
        Not a number where the mean or sigma is. Where the mean is infinite, the inverse of the refractory period.

    Raises
    ------
    ModelError
        For a reset that is not below the threshold, a negative sigma or refractory period, a time constant that is not
        positive, and infinite numbers other than the mean.

    References
    ----------
    .. [1] Siegert 1951, On the first passage time probability problem, https://doi.org/10.1103/PhysRev.81.617
    .. [2] Brunel 2000, Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons,
       https://doi.org/10.1023/A:1008925309027

    Examples
    --------
    >>> siegert(25, [0, 5], tau_m="20 ms", v_th=20, t_ref="2 ms").round(2)  # 0: 1000/(2 + 20 log(25/5))
    array([29.25, 32.18])
    """
    mean, sigma, tau_m, v_th, v_reset, t_ref = _checked(mean, sigma, tau_m, v_th, v_reset, t_ref)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = (v_reset - mean) / sigma, (v_th - mean) / sigma
        noisy = np.sqrt(np.pi) * (_antiderivative(high) - _antiderivative(low))
        clock = np.where(mean > v_th, np.log((mean - v_reset) / (mean - v_th)), np.inf)
        period = t_ref + tau_m * np.where(sigma == 0, clock, np.where(high > _FAR, np.inf, noisy))
        period = np.where(mean == np.inf, t_ref, period)
        rate = np.where(np.isnan(mean + sigma), np.nan, 1000 / period)
    return rate[()]


def siegert_cv(
    mean: Any, sigma: Any, *, tau_m: Any, v_th: Any, v_reset: Any = 0.0, t_ref: Any = 0.0
) -> np.ndarray | np.floating:
    r"""Coefficient of variation of the intervals of a leaky integrate-and-fire neuron with white noise as its input.

    .. math:: CV^2 = 2\pi (r \tau_m)^2 \int_{(v_{reset} - \mu)/\sigma}^{(v_{th} - \mu)/\sigma} e^{x^2}
              \int_{-\infty}^x e^{u^2} (1 + \mathrm{erf}\, u)^2\, du\, dx

    The inner integral is done last, so that only one is left to numbers.

    Parameters
    ----------
    mean, sigma, tau_m, v_th, v_reset, t_ref
        As in `siegert`.

    Returns
    -------
    array
        0 for a clock, 1 for a Poisson process. Not a number where the neuron never fires (sigma 0, mean below
        threshold). The limit of rare spikes where it hardly does (a threshold 18 sigma above the mean and more): 1, and
        more if the reset is so near the threshold that spikes come in bursts.

    References
    ----------
    .. [1] Brunel 2000, Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons,
       https://doi.org/10.1023/A:1008925309027

    Examples
    --------
    >>> siegert_cv([10, 25], 5, tau_m="20 ms", v_th=20).round(2)
    array([0.96, 0.34])
    """
    mean, sigma, tau_m, v_th, v_reset, t_ref = _checked(mean, sigma, tau_m, v_th, v_reset, t_ref)
    rate = siegert(mean, sigma, tau_m=tau_m, v_th=v_th, v_reset=v_reset, t_ref=t_ref) / 1000
    width = np.where(sigma > 0, sigma, 1.0)
    low, high = (v_reset - mean) / width, (v_th - mean) / width
    rare = high > _RARE
    with np.errstate(over="ignore", invalid="ignore"):  # where both are infinite, or rare
        cv = np.sqrt(2 * np.pi * _variance(np.where(rare, 0.0, low), np.where(rare, 1.0, high))) * rate * tau_m
        cv = np.where(rare, np.sqrt(2 / _escape(low, high) - 1), cv)
    cv = np.where(sigma > 0, cv, np.where(rate > 0, 0.0, np.nan))
    cv = np.where(mean == np.inf, 0.0, cv)
    return np.where(np.isnan(mean + sigma), np.nan, cv)[()]


def _checked(*given: Any) -> list[np.ndarray]:
    """Return mean, sigma, tau_m, v_th, v_reset and t_ref as plain arrays of one shape."""
    names = ("mean", "sigma", "tau_m", "v_th", "v_reset", "t_ref")
    units = ("mV", "mV", "ms", "mV", "mV", "ms")
    plain = [np.asarray(magnitude(g, unit, name), float) for g, unit, name in zip(given, units, names, strict=True)]
    try:
        _, sigma, tau_m, v_th, v_reset, t_ref = plain = list(np.broadcast_arrays(*plain))
    except ValueError:
        shapes = ", ".join(f"{name} {p.shape}" for name, p in zip(names, plain, strict=True))
        raise ModelError(f"arrays that do not fit to each other: {shapes}") from None
    for name, values in zip(names[1:], plain[1:], strict=True):
        if np.any(np.isinf(values)):
            raise ModelError(f"{name} must be finite")
    for wrong, message in (
        (sigma < 0, "sigma is negative: it is the square root of a variance"),
        (~(tau_m > 0), "tau_m must be positive"),
        (~(t_ref >= 0), "t_ref must not be negative"),
        (~(v_th > v_reset), "the reset must be below the threshold"),
    ):
        if np.any(wrong):
            raise ModelError(message)
    return plain


def _antiderivative(y: np.ndarray) -> np.ndarray:
    """Return the integral from 0 to y of exp(u^2) (1 + erf u), without cancellation for negative y.

    The integrand is erfcx(-u), which is 2 exp(u^2) - erfcx(u) for positive u.
    """
    end = np.log1p(np.abs(y))
    along = end[..., None] * _NODES
    smooth = end * ((erfcx(np.expm1(along)) * np.exp(along)) @ _WEIGHTS)
    up = np.clip(y, 0.0, _FAR)
    return np.where(y > 0, 2 * np.exp(up**2) * dawsn(up) - smooth, -smooth)


def _escape(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the chance that v comes down to its mean from the reset, before a threshold that is far above it.

    If it does not, the next spike comes at once; if it does, after an exponential time. So CV^2 is 2/chance - 1.
    """
    near = (low > 0) & np.isfinite(high)
    low, high = np.where(near, low, 0.0), np.where(near, high, 1.0)
    return 1 - np.exp(low**2 - high**2) * dawsn(low) / dawsn(high)


def _variance(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the double integral of `siegert_cv` between two bounds, of which the upper is at most 18."""

    def passed(u: np.ndarray) -> np.ndarray:
        """The integrand that is left, with exp(-u^2) drawn into its second factor."""
        below = np.where(u < low, np.exp(np.minimum(low**2 - u**2, 700.0)) * dawsn(low), dawsn(u))
        return erfcx(-u) ** 2 * (np.exp(high**2 - u**2) * dawsn(high) - below)

    start = -np.sqrt(np.minimum(low, 0.0) ** 2 + 40)  # exp(-40) of the largest is left out
    layer = np.maximum(low, high - 20 / (1 + np.abs(high)))  # for strong drive, all is in a layer below the threshold
    ends = [start, (start + low) / 2, low, (low + layer) / 2, layer, (layer + high) / 2, high]
    total = np.zeros_like(low)
    for a, b in pairwise(ends):
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            total += (b - a) * weight * passed(a + (b - a) * node)
    return total
