"""A network's description with other values, in the same populations and projections."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from lapicque.compile.pathways import wiring_of
from lapicque.model.neuron import Neuron
from lapicque.network.connectivity.lists import Edges
from lapicque.network.network import Network
from lapicque.network.population import Population


def with_parameters(network: Network, changes: Mapping[str, Mapping[str, Any]]) -> Network:
    """Return a network in which neurons have other parameters.

    Parameters
    ----------
    changes : population -> parameter -> value in its declared unit, one or one a neuron
    """
    replaced = {}
    for name, values in changes.items():
        old = network.populations[name]
        assert isinstance(old.neuron, Neuron)
        drawn = {x: value for x, value in old.parameters.items() if x not in values}
        replaced[name] = dataclasses.replace(old, neuron=old.neuron.with_(**values), parameters=drawn)
    return network.with_populations(replaced)


def with_receptors(network: Network, population: Population, receptor: str, values: Mapping[str, Any]) -> Network:
    """Return a network in which a receptor, which projections may share, has other parameters."""
    changes = {
        name: dataclasses.replace(p, synapse=p.synapse.with_(**values))
        for name, p in network.projections.items()
        if p.target.population is population and p.receptor == receptor
    }
    return network.with_projections(changes)


def with_values(
    network: Network, name: str, values: Mapping[str, Any], delay: Any = None, wiring_seed: int = 0
) -> Network:
    """Return a network in which the synapses of a projection have other values.

    What is given for each synapse is in the order of their numbers; synapses that are drawn are listed then, so that
    each keeps its value whatever the seed of the wiring.

    Parameters
    ----------
    values : parameter -> value in its unit, one or (synapse,)
    delay : ms, one or (synapse,); None as it is
    """
    old = network.projections[name]
    each = [*values.values(), *([] if delay is None else [delay])]
    where, place = old.where, slice(None)
    if any(np.ndim(value) for value in each):
        wiring = wiring_of(old, wiring_seed)
        if wiring.given_order is not None:
            place = np.argsort(wiring.given_order, kind="stable")  # type: ignore[assignment]
        elif not isinstance(where, Edges):
            indptr, sources = wiring.draw()
            targets = np.repeat(np.arange(wiring.n_target), np.diff(indptr))
            where = Edges(sources.astype(np.int64), targets, periodic=getattr(where, "periodic", None))

    def listed(value: Any) -> Any:
        return np.asarray(value)[place] if np.ndim(value) else value

    new = {**old.values, **{x: listed(value) for x, value in values.items()}}
    made = dataclasses.replace(old, values=new, where=where, delay=old.delay if delay is None else listed(delay))
    return network.with_projections({name: made})
