"""A network as the event-driven engine sees it: neurons with closed forms, synapses with delays in ms, no steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lapicque.compile.closed_form import ClosedForm
    from lapicque.model.neuron import Neuron


@dataclass(frozen=True, eq=False)
class EventCells:
    """A population of neurons, or of sources whose spikes are given or random.

    Attributes
    ----------
    name, size : of the population
    neuron : None for sources
    parameters : name -> float or (neuron,), constant inputs among them; internal units
    initial : state -> float or (neuron,)
    changing : inputs that change in steps; they begin at 0
    given : (times, offsets) of a source's spikes, sorted for each source, ms
    rates : of Poisson processes, 1/ms, float or (neuron,); their spikes are not kept
    key : of the processes' random numbers
    closed_form : the user's, where the equations are not solved
    """

    name: str
    size: int
    neuron: Neuron | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    changing: tuple[str, ...] = ()
    given: tuple[np.ndarray, np.ndarray] | None = None
    rates: Any = None
    key: int | np.uint64 = 0
    closed_form: ClosedForm | None = None


@dataclass(frozen=True, eq=False)
class EventPathway:
    """Synapses that add to one state of their targets.

    Attributes
    ----------
    source, target : numbers of populations
    variable : state of the target
    sources, targets : (synapse,), neurons of the two populations
    weights : float or (synapse,), internal units
    delays : float or (synapse,), ms
    """

    source: int
    target: int
    variable: str
    sources: np.ndarray
    targets: np.ndarray
    weights: Any
    delays: Any = 0.0


@dataclass(frozen=True, eq=False)
class Change:
    """An input that takes new values at some times.

    Attributes
    ----------
    population : number
    input : name
    times : (row,), ms
    values : (row, 1) or (row, neuron), internal units
    """

    population: int
    input: str
    times: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class EventPlan:
    """All that a run needs: populations and pathways in order of creation."""

    cells: tuple[EventCells, ...]
    pathways: tuple[EventPathway, ...] = ()
    changes: tuple[Change, ...] = ()
