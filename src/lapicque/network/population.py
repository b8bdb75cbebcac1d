"""Populations and selections of their neurons; lists of spikes that stand for a population."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lapicque.errors import SimulationError
from lapicque.model.neuron import Neuron
from lapicque.network.spike_source import SpikeSource


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """Neurons of one kind; `Network.population` makes one.

    Attributes
    ----------
    name : str
    neuron : Neuron or SpikeSource
        With the values of its parameters, one or an array with one a neuron.
    size : int
    initial : mapping of str to value
        Initial values that replace the neuron's: numbers, arrays, distributions, or expressions.
    positions : (neuron, 1 to 3) um, or None
    parameters : mapping of str to value
        Parameters that are drawn or computed when the network is built: distributions and expressions.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> exc = net.population(lq.neurons.lif, 100, name="exc")
    >>> len(exc), exc[:20], exc[[3, 5]]
    (100, exc[:20], exc[2 of 100])
    """

    name: str
    neuron: Neuron | SpikeSource
    size: int
    initial: Mapping[str, Any] = field(default_factory=dict)
    positions: np.ndarray | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, which: Any) -> Selection:
        return Selection(self, _indices(which, self.size, self.name))

    def __repr__(self) -> str:
        return f"Population({self.name}: {self.size} x {self.neuron.name})"

    @property
    def model(self) -> Neuron | None:
        """The neuron, or None for lists of spikes, which have no variables."""
        return self.neuron if isinstance(self.neuron, Neuron) else None


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """Some neurons of a population: ``exc[:20]``, ``exc[mask]``, ``exc[[1, 2]]``; a population itself counts as all.

    Attributes
    ----------
    population : Population
    indices : slice or (n,) int64
        A slice with non-negative ends and a positive step, or the numbers of the neurons, in the order given.
    """

    population: Population
    indices: slice | np.ndarray

    @property
    def numbers(self) -> np.ndarray:
        """The numbers of the neurons in their population, (n,) int64."""
        if isinstance(self.indices, slice):
            return np.arange(self.population.size, dtype=np.int64)[self.indices]
        return self.indices

    @property
    def whole(self) -> bool:
        """Whether these are all neurons of the population, in order."""
        return self.indices == slice(0, self.population.size, 1) if isinstance(self.indices, slice) else False

    @property
    def positions(self) -> np.ndarray | None:
        """Positions of the neurons, (n, 1 to 3) um, or None."""
        found = self.population.positions
        return None if found is None else found[self.indices]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers.tolist())

    def __getitem__(self, which: Any) -> Selection:
        inner = _indices(which, len(self), repr(self))
        return Selection(self.population, _simplest(self.numbers[inner]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selection) or self.population is not other.population:
            return False
        return np.array_equal(self.numbers, other.numbers)

    def __hash__(self) -> int:
        return hash((id(self.population), self.numbers.tobytes()))

    def __repr__(self) -> str:
        name = self.population.name
        if self.whole:
            return name
        if isinstance(self.indices, slice):
            start, stop, step = self.indices.start, self.indices.stop, self.indices.step
            shown = f"{start or ''}:{'' if stop == self.population.size else stop}"
            return f"{name}[{shown}{'' if step == 1 else f':{step}'}]"
        return f"{name}[{len(self.indices)} of {self.population.size}]"


def selection(given: Any, what: str) -> Selection:
    """Return what a user may give for neurons, a population or a part of one, as a selection.

    Raises
    ------
    SimulationError
        If it is neither.
    """
    if isinstance(given, Population):
        return given[:]
    if isinstance(given, Selection):
        return given
    hint = f": write net[{given!r}]" if isinstance(given, str) else ""
    raise SimulationError(
        f"{what} is {given!r}, but a population or a part of one, such as exc[:10], is expected{hint}"
    )


def _indices(which: Any, size: int, name: str) -> slice | np.ndarray:
    if isinstance(which, slice):
        start, stop, step = which.indices(size)
        if step > 0 and start < stop:
            return slice(start, stop, step)
        numbers = np.arange(size, dtype=np.int64)[which]
    else:
        given = np.atleast_1d(np.asarray(which))
        if given.dtype == bool:
            if given.shape != (size,):
                raise SimulationError(f"the mask has shape {given.shape}, but {name} has {size} neurons")
            numbers = np.flatnonzero(given).astype(np.int64)
        elif given.ndim == 1 and given.dtype.kind in "iu" and given.size:
            outside = (given < -size) | (given >= size)
            if outside.any():
                raise SimulationError(f"{name} has no neuron {given[outside][0]}: it has {size}, 0 to {size - 1}")
            numbers = np.where(given < 0, given + size, given).astype(np.int64)
        else:
            message = f"{which!r} selects no neurons of {name}: write a slice, a list of numbers, or a mask"
            raise SimulationError(message)
    if not len(numbers):
        raise SimulationError(f"no neuron of {name} is selected: it has {size}")
    repeated = np.flatnonzero(np.bincount(numbers, minlength=1) > 1)
    if len(repeated):
        raise SimulationError(f"neuron {repeated[0]} of {name} is selected twice")
    return _simplest(numbers)


def _simplest(numbers: np.ndarray) -> slice | np.ndarray:
    """Return a slice where the numbers follow each other."""
    if (np.diff(numbers) == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1, 1)
    numbers = numbers.copy()
    numbers.flags.writeable = False
    return numbers
