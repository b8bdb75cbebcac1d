"""The coincidence factor Gamma: coincident spikes beyond those expected by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from lapicque.distances.distance import Distance, Kernels, one_of
from lapicque.errors import DistanceError
from lapicque.spikes.rounding import ROUNDING
from lapicque.units import magnitude

_COUNTINGS = ("exclusive", "inclusive")
_RATES = ("data", "model")


def coincidence(precision: Any, counting: str = "exclusive", rate: str = "data") -> Coincidence:
    r"""Coincidence factor Gamma between a model's spikes and data: 1 for the same, 0 for chance.

    ``Gamma = (N_coinc - <N_coinc>) / ((N_data + N_model) / 2) / (1 - 2 nu precision)`` with
    ``<N_coinc> = 2 nu precision N_data``, the coincidences expected of a Poisson process of rate nu.

    Parameters
    ----------
    precision : ms
        Two spikes coincide if they are no further apart; 2 to 4 ms in the literature.
    counting : {"exclusive", "inclusive"}
        ``"exclusive"``: each spike takes part in one coincidence, and as many are formed as possible. ``"inclusive"``:
        all spikes of the data that have a spike of the model near them count, though several may share one: a model
        with one spike in a burst of three can then be above 1.
    rate : {"data", "model"}
        Whose rate nu is. The papers take the model's: but then 1 - 2 nu precision passes through 0 for a model that
        fires fast, and Gamma is above 1 or without sense; a search finds that. The data's rate is the same for all
        candidates.

    Returns
    -------
    Coincidence

    Raises
    ------
    DistanceError
        If an argument makes no sense; and when it is used with data whose own rate leaves nothing beyond chance,
        ``2 nu precision >= 1``. With ``rate="model"``, a model of such a rate is given -1.

    Notes
    -----
    It is not symmetric: the first argument is the model, the second the data, and a matrix has models as rows. Two
    trains without spikes are the same, Gamma = 1. With one of them empty there are no coincidences: 0, or below where
    nu is the data's; a silent model is not punished otherwise. Differences within 1e-9 ms of the precision, or what is
    rounding long after time 0, count as coincidences, so that times on a grid do not depend on it.

    References
    ----------
    .. [1] Kistler, Gerstner & van Hemmen 1997, Neural Comput. 9, 1015, https://doi.org/10.1162/neco.1997.9.5.1015
    .. [2] Jolivet et al. 2008, J. Neurosci. Methods 169, 417, https://doi.org/10.1016/j.jneumeth.2007.11.006

    Examples
    --------
    >>> from lapicque.spikes import SpikeTrains
    >>> data = SpikeTrains.from_lists([[100, 200, 300, 400]], t_stop=1000)
    >>> model = SpikeTrains.from_lists([[101, 199, 350]], t_stop=1000)
    >>> coincidence("2 ms")
    coincidence(precision='2 ms', counting='exclusive', rate='data')
    >>> round(coincidence("2 ms")(model, data), 4)  # (2 - 0.064) / 3.5 / (1 - 0.016)
    0.5621
    """
    window = float(magnitude(precision, "ms", "the precision of the coincidence factor"))
    if not 0 <= window < np.inf:
        raise DistanceError(f"the precision of the coincidence factor must be finite and not negative: {window:g} ms")
    return Coincidence(window, one_of("counting", counting, _COUNTINGS), one_of("rate", rate, _RATES))


@dataclass(frozen=True, repr=False)
class Coincidence(Distance):
    """Coincidence factor Gamma; made by `coincidence`."""

    precision: float = field(metadata={"unit": "ms"})
    counting: str
    rate: str

    similarity = True
    symmetric = False

    def kernels(self) -> Kernels:
        """Two trains are compared in one pass over the spikes of both, in time."""
        of_data = self.rate == "data"
        pair = _exclusive if self.counting == "exclusive" else _inclusive
        limit = 1e3 / (2 * self.precision) if of_data and self.precision > 0 else np.inf
        return Kernels(_prepare, pair, (self.precision, float(of_data)), columns=2, reference_below=limit)


@njit(nogil=True, cache=True, error_model="numpy")
def _factor(coincidences, n_model, n_data, t_start, t_stop, parameters):
    if n_model == 0 and n_data == 0:
        return 1.0
    n = n_data if parameters[1] == 1.0 else n_model
    # the share of the data's spikes that a Poisson process hits
    chance = 2 * parameters[0] * n / (t_stop - t_start)
    if chance >= 1:
        return -1.0
    hit = coincidences / n_data if n_data > 0 else 0.0
    return (hit - chance) / (1 - chance) * (2 * n_data / (n_data + n_model))


def _prepare(times, first, last, t_start, t_stop, parameters, out, at):
    """Row 0: the spike times, then infinity; row 1: the latest times that coincide with them."""
    reach = parameters[0] + max(1e-9, ROUNDING * max(abs(t_start), abs(t_stop)))
    for k in range(first, last):
        out[0, at] = times[k]
        out[1, at] = times[k] + reach
        at += 1
    out[0, at] = np.inf
    out[1, at] = np.inf
    return at + 1


def _exclusive(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    model, latest_model, data, latest_data = a[0], a[1], b[0], b[1]
    i, j = np.uintp(a_from), np.uintp(b_from)
    i_end, j_end = np.uintp(a_to - 1), np.uintp(b_to - 1)
    found = 0
    # the earliest spikes that are left either coincide, or the earlier of them has no partner
    while i < i_end and j < j_end:
        model_done, data_done = model[i] <= latest_data[j], data[j] <= latest_model[i]
        found += model_done & data_done
        i, j = i + np.uintp(model_done), j + np.uintp(data_done)
    return _factor(found, a_to - 1 - a_from, b_to - 1 - b_from, t_start, t_stop, parameters)


def _inclusive(a, a_from, a_to, b, b_from, b_to, t_start, t_stop, parameters, scratch):
    model, latest_model, data, latest_data = a[0], a[1], b[0], b[1]
    i, j = np.uintp(a_from), np.uintp(b_from)
    j_end = np.uintp(b_to - 1)
    found = 0
    # a spike of the model that is too early for one of the data is too early for the next ones
    while j < j_end:
        late_enough = data[j] <= latest_model[i]
        found += late_enough & (model[i] <= latest_data[j])
        i, j = i + np.uintp(not late_enough), j + np.uintp(late_enough)
    return _factor(found, a_to - 1 - a_from, b_to - 1 - b_from, t_start, t_stop, parameters)
