"""The loops of the likelihood, compiled: value, gradient and Hessian of a sum over time bins."""

from typing import Any

import numpy as np
from numba import boolean, f8, i8, njit, void

_OPTIONS: Any = {"nogil": True, "cache": True, "error_model": "numpy"}


@njit(f8(f8[:, ::1], f8[::1], f8[::1], f8[::1], boolean, f8[::1], f8[:, ::1]), **_OPTIONS)
def likelihood(design, offset, counts, beta, poisson, gradient, hessian):
    """Return the log-likelihood and write its gradient and Hessian, summed in the order of the bins.

    Parameters
    ----------
    design : (bin, coefficient)
    offset : (bin,)
        Of the logarithm of the expected count.
    counts : (bin,)
    beta : (coefficient,)
    poisson : bool
        Counts are Poisson numbers; else 0 or 1, the latter with probability 1 - exp(-u), as in a simulation.
    gradient, hessian : (coefficient,), (coefficient, coefficient), written
    """
    n, p = design.shape
    total = 0.0
    for a in range(p):
        gradient[a] = 0.0
        for b in range(p):
            hessian[a, b] = 0.0
    for k in range(n):
        eta = offset[k]
        for a in range(p):
            eta += design[k, a] * beta[a]
        u, y = np.exp(eta), counts[k]
        if poisson:
            total += y * eta - u
            first, second = y - u, -u
        elif y == 0.0:
            total -= u
            first, second = -u, -u
        else:
            # log(1 - exp(-u)); its derivative by log u is u/(exp(u) - 1), 1 for small u and 0 for large
            total += np.log(-np.expm1(-u)) if u > 1e-300 else eta
            if u < 1e-5:
                first, second = 1.0 - 0.5 * u, -0.5 * u
            elif u > 500.0:
                first, second = 0.0, 0.0
            else:
                e = np.expm1(u)
                first = u / e
                second = first * (1.0 - u - first)
        for a in range(p):
            x = design[k, a]
            if x != 0.0:
                gradient[a] += first * x
                for b in range(a + 1):
                    hessian[a, b] += second * x * design[k, b]
    for a in range(p):
        for b in range(a):
            hessian[b, a] = hessian[a, b]
    return total


@njit(void(f8[::1], f8[::1], i8, f8[::1], f8[::1]), **_OPTIONS)
def emit(drive, kernel, silent, uniform, out):
    """Draw spikes of a log rate to which each spike adds a kernel; ``out`` is 1 at spikes.

    Parameters
    ----------
    drive : (bin,)
        Logarithm of the expected number of spikes in a bin; spikes add to what comes after them.
    kernel : (lag,)
        What a spike adds one bin later, two bins later ...
    silent : int
        Bins after a spike without another: the next one comes ``silent`` bins later at the soonest.
    uniform : (bin,) random numbers in [0, 1)
    out : (bin,), written
    """
    last = -silent - 1
    for k in range(len(drive)):
        out[k] = 0.0
        if k - last >= silent and uniform[k] < -np.expm1(-np.exp(drive[k])):
            out[k] = 1.0
            last = k
            for j in range(min(len(kernel), len(drive) - k - 1)):
                drive[k + 1 + j] += kernel[j]
