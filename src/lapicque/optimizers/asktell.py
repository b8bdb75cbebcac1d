"""What every optimiser's state promises, and the parts that all need: ranking, bookkeeping, random generators."""

from typing import Any, Protocol, runtime_checkable

import numpy as np

from lapicque.errors import FitError

#: In place of values that are not finite, where later ones are compared with them.
LARGEST = 1e300


@runtime_checkable
class SearchState(Protocol):
    """One search of an optimiser on the unit cube.

    A search is a value of (description, dimension, seed) and of what it was told: nothing else enters, so that the same
    seed gives the same points, and `save` after a `tell`, then the description's ``resume``, the same continuation.
    """

    dimension: int
    restarts: int
    """How often the search began anew."""
    best_value: float
    """Smallest value told so far, inf before the first finite one."""
    best_point: np.ndarray | None
    """(dimension,), where `best_value` was found."""

    @property
    def done(self) -> bool:
        """True when the search has nothing left to try; one that restarts without limit is never done."""

    def ask(self) -> np.ndarray:
        """(candidate, dimension) points in [0, 1]; the number of candidates may change from one call to the next."""

    def tell(self, points: np.ndarray, values: np.ndarray) -> None:
        """Learn the values (candidate,) of the points that `ask` gave; NaN and infinities rank last."""

    def save(self) -> dict[str, Any]:
        """Everything that the continuation depends on, as numbers, strings, lists and dicts: ready for JSON."""


class Restarting:
    """What searches share that begin anew where a run has converged."""

    description: Any
    restarts: int

    @property
    def done(self) -> bool:
        """True after `max_restarts` restarts."""
        limit = self.description.max_restarts
        return limit is not None and self.restarts > limit


class Kept:
    """What is kept of a search between two sessions: names of its numbers, and of its arrays, which may be None."""

    NUMBERS: tuple[str, ...] = ()
    ARRAYS: tuple[str, ...] = ()

    dimension: int
    random: np.random.Generator

    def state(self, optimizer: str) -> dict[str, Any]:
        """Return it as plain numbers and lists."""
        kept = {name: plain(getattr(self, name)) for name in ("dimension", *self.NUMBERS, *self.ARRAYS)}
        return {"optimizer": optimizer, **kept, "random": save_generator(self.random)}

    def restore(self, saved: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        for name in self.NUMBERS:
            setattr(self, name, saved[name])
        for name in self.ARRAYS:
            setattr(self, name, None if saved[name] is None else np.array(saved[name], dtype=np.float64))


def beginning(name: str, dimension: int, x0: np.ndarray | None) -> np.ndarray | None:
    """Return where a search begins, inside the cube; None where no point was given.

    Raises
    ------
    FitError
        If there is no coordinate, or the point has not one number for each; the message names the optimiser.

    Examples
    --------
    >>> beginning("genetic", 2, [0.5, 1.5])
    array([0.5, 1. ])
    """
    if dimension < 1:
        raise FitError(f"{name}: dimension is {dimension}: nothing is free to be fitted")
    if x0 is not None and np.shape(x0) != (dimension,):
        raise FitError(f"{name}: x0 has shape {np.shape(x0)}, expected ({dimension},)")
    return None if x0 is None else np.clip(np.asarray(x0, dtype=np.float64), 0.0, 1.0)


def checked(points: np.ndarray, values: np.ndarray, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and values as float64, with every value that is not finite replaced by one above the largest finite one.

    Raises
    ------
    FitError
        If the shapes do not belong together.

    Examples
    --------
    >>> checked(np.zeros((3, 2)), np.array([np.nan, 1.0, -np.inf]), dimension=2)[1]
    array([2., 1., 2.])
    """
    points = np.asarray(points, dtype=np.float64)
    values = np.array(values, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != dimension:
        raise FitError(f"tell: points have shape {points.shape}, expected (candidate, {dimension}) as from ask()")
    if values.shape != points.shape[:1]:
        raise FitError(f"tell: values have shape {values.shape}, expected one for each of the {len(points)} points")
    finite = np.isfinite(values)
    largest = values[finite].max(initial=0.0)
    values[~finite] = largest + max(1.0, abs(largest))
    return points, values


def better(
    best: tuple[float, np.ndarray | None], points: np.ndarray, values: np.ndarray, told: np.ndarray
) -> tuple[float, np.ndarray | None]:
    """Best (value, point) so far, with a new generation.

    Parameters
    ----------
    best : tuple
        Value and point so far.
    points : (candidate, dimension)
        The new points.
    values : (candidate,)
        Their values from `checked`.
    told : (candidate,)
        Their values as they were told: only a finite one can be the best.
    """
    leader = int(np.argmin(values))
    if np.isfinite(np.asarray(told)[leader]) and values[leader] < best[0]:
        return float(values[leader]), points[leader].copy()
    return best


def generator(seed: int | list[int]) -> np.random.Generator:
    """Counter-based random generator of a search; several numbers are one seed."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))


def latin_hypercube(random: np.random.Generator, size: int, dimension: int) -> np.ndarray:
    """(size, dimension) points in the cube, one in each of `size` equal slices of every coordinate.

    Examples
    --------
    >>> np.sort(latin_hypercube(generator(0), 4, 3) // 0.25, axis=0)[:, 0]
    array([0., 1., 2., 3.])
    """
    cells = random.permuted(np.tile(np.arange(size), (dimension, 1)), axis=1).T
    return (cells + random.random((size, dimension))) / size


def reflected(points: np.ndarray) -> np.ndarray:
    """Return points inside the cube, mirrored at its faces.

    Examples
    --------
    >>> reflected(np.array([-0.25, 0.5, 1.25, 2.5]))
    array([0.25, 0.5 , 0.75, 0.5 ])
    """
    points = np.abs(points) % 2
    return np.where(points > 1, 2 - points, points)


def save_generator(random: np.random.Generator) -> dict[str, Any]:
    """State of a generator as plain numbers and lists.

    Examples
    --------
    >>> random = generator(7)
    >>> copy = load_generator(save_generator(random))
    >>> bool(random.random() == copy.random())
    True
    """
    return plain(random.bit_generator.state)


def load_generator(saved: dict[str, Any]) -> np.random.Generator:
    """Generator that continues where `save_generator` stood."""
    state: Any = {
        **saved,
        "state": {name: np.array(words, dtype=np.uint64) for name, words in saved["state"].items()},
        "buffer": np.array(saved["buffer"], dtype=np.uint64),
    }
    bits = np.random.Philox()
    bits.state = state
    return np.random.Generator(bits)


def plain(value: Any) -> Any:
    """NumPy arrays and scalars, in dicts of any depth, as lists and Python numbers; floats keep every bit.

    Examples
    --------
    >>> plain({"mean": np.array([0.5, 0.25]), "generation": np.int64(3)})
    {'mean': [0.5, 0.25], 'generation': 3}
    """
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def same_kind(saved: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the saved state if `name` wrote it.

    Raises
    ------
    FitError
        If another optimiser wrote it.
    """
    found = saved.get("optimizer")
    if found != name:
        raise FitError(f"this state was saved by the optimiser {found!r}: resume it with that one, not with {name}")
    return saved
