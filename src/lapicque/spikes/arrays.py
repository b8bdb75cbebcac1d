"""Arrays as users give them: what converting them would lose without a word is refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from lapicque.errors import RecordingError


def whole(values: Any, name: str) -> np.ndarray:
    """Return whole numbers of any type as integers.

    Raises
    ------
    RecordingError
        For a number between them, or none.

    Examples
    --------
    >>> whole([0.0, 3.0], "offsets")
    array([0, 3])
    """
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        broken = array.astype(float) % 1 != 0  # NaN and infinity are broken, too
        if broken.any():
            raise RecordingError(f"{name} must be whole numbers, but one is {array[broken].flat[0]}")
    return array.astype(np.int64)


def unmasked(values: Any, name: str) -> Any:
    """Return values that have no mask, or one that hides nothing.

    Raises
    ------
    RecordingError
        For hidden values, which a conversion would take for others.

    Examples
    --------
    >>> unmasked([1.0, 2.0], "spike times")
    [1.0, 2.0]
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        hidden = int(np.ma.getmaskarray(values).sum())
        raise RecordingError(f"{name} hide {hidden} masked values: leave them out by .compressed()")
    return values


def frozen(values: Any, dtype: Any) -> np.ndarray:
    """Return a copy of an array that cannot be written to.

    Examples
    --------
    >>> frozen([1, 2], float).flags.writeable
    False
    """
    array = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array
