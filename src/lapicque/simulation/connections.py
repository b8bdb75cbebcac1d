"""The synapses of a projection as arrays: what a run with the same numbers has."""

from __future__ import annotations

from typing import Any

from lapicque.compile.pathways import values_of, wiring_of
from lapicque.compile.wiring import Connections, delay_steps
from lapicque.compile.wiring import connections as read_back
from lapicque.errors import SimulationError
from lapicque.network.projection import Projection
from lapicque.random import stream_key
from lapicque.simulation.arguments import time_of, whole_number


def connections(projection: Projection, *, dt: Any = "0.1 ms", wiring_seed: int = 0) -> Connections:
    """Draw the synapses of a projection: those that a simulation with this step and this wiring seed has.

    Parameters
    ----------
    projection : Projection
    dt : time
        Delays are whole steps.
    wiring_seed : int

    Returns
    -------
    Connections
        Edge lists; ``to_sparse()`` makes a matrix of them, ``to_networkx()`` a graph.

    Raises
    ------
    SimulationError
        If it is no projection, or its rule or values do not fit its neurons.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 100, name="cells")
    >>> chain = net.connect(cells[:-1], cells[1:], on_pre="v += w", where=lq.one_to_one(), w="2 mV", delay="1 ms")
    >>> found = connections(chain)
    >>> found
    <Connections: 99 synapses, 99 x 99, weights 2 mV, delays 1 ms>
    >>> found.sources[:3], found.targets[:3]  # numbers within cells[:-1] and cells[1:]
    (array([0, 1, 2], dtype=int32), array([0, 1, 2], dtype=int32))
    """
    if not isinstance(projection, Projection):
        raise SimulationError(f"a projection is expected, such as net['exc->inh'], not {type(projection).__name__}")
    step = time_of("dt", dt)
    seed = whole_number("wiring_seed", wiring_seed, "an integer")
    wiring = wiring_of(projection, seed)
    weights = values_of(projection, "w", wiring, seed) if "w" in projection.values else None
    key = stream_key(seed, f"{projection.name}/delay")
    delays = delay_steps(projection.delay, wiring, key, step, f"the delay of {projection.name!r}")
    return read_back(wiring, weights, projection.units.get("w"), delays)
