"""Samples over time."""

from __future__ import annotations

from typing import Any

from lapicque.model.stimulus import Samples, samples


def array(values: Any, dt: Any = None, start: Any = 0.0, after: str = "error") -> Samples:
    """An input given by samples, each held until the next.

    Parameters
    ----------
    values : (time,) or (time, neuron)
        For all neurons alike, or a column each; bare numbers are in the unit of the input.
    dt : ms, optional
        Time between samples, a multiple of the run's time step; by default this step.
    start : ms
        Time of the first sample. The input is 0 before.
    after : str
        What comes behind the last sample: ``"error"`` (a longer run is refused), ``"zero"``, ``"hold"`` (the last
        value) or ``"repeat"``.

    Returns
    -------
    Samples

    Raises
    ------
    ModelError, UnitError
        For values that are not finite, impossible shapes and times.

    Examples
    --------
    >>> array([0, 100, 0], dt="10 ms", after="hold")
    array(<3 values>, dt=10 ms, after='hold')
    """
    return samples(values, dt, start, after, None, "the array")
