"""A current whose frequency rises: for impedances and resonances."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.stimulus import Drive, checked
from lapicque.units import magnitude


def chirp(amplitude: Any, first: Any, last: Any, start: Any, stop: Any, offset: Any = 0.0) -> Drive:
    """A sine whose frequency goes evenly from one to another between two times; the offset alone before and after.

    Parameters
    ----------
    amplitude, offset : unit of the input, or arrays with one value a neuron
    first, last : Hz
        Frequencies at ``start`` and at ``stop``.
    start, stop : ms

    Returns
    -------
    Drive

    Raises
    ------
    ModelError
        If it does not stop after its start.

    References
    ----------
    .. [1] Puil, Gimbarzevsky & Miura 1986, Quantification of membrane properties of trigeminal root ganglion neurons in
       guinea pigs (the ZAP current), https://doi.org/10.1152/jn.1986.55.5.995

    Examples
    --------
    >>> chirp("20 pA", "0.5 Hz", "20 Hz", start=0, stop="20 s")
    chirp(amplitude=20 pA, first=0.5 Hz, last=20 Hz, start=0, stop=20 s, offset=0)
    """
    if np.any(magnitude(stop, "ms", "stop of chirp()") <= magnitude(start, "ms", "start of chirp()")):
        raise ModelError(f"the chirp stops at {stop}, which is not after its start, {start}")
    cycles = "s*(first + (last - first)*s/(stop - start)/2)"
    return checked(
        Drive(
            "chirp",
            f"offset + where(s >= 0*ms and s < stop - start, amplitude*sin(2*pi*{cycles}), 0)",
            """
            s = t - start : ms (post)
            amplitude : UNIT (post)
            first : Hz (post)
            last : Hz (post)
            start : ms (post)
            stop : ms (post)
            offset : UNIT (post)
            """,
            dict(amplitude=amplitude, first=first, last=last, start=start, stop=stop, offset=offset),
            reference="Puil, Gimbarzevsky & Miura 1986, doi:10.1152/jn.1986.55.5.995",
        )
    )
