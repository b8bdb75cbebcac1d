"""From connectivity rules to delivery rows: synapses drawn target by target, given values, packed by source.

A projection is wired, its values are described, and the projections of one source are packed together:

>>> import numpy as np
>>> from lapicque.compile.wiring import Member, delay_steps, pack, synapse_values, wire
>>> from lapicque.network.connectivity import fixed_in_degree
>>> from lapicque.random import stream_key
>>> from lapicque.units import parse_unit
>>> wiring = wire(fixed_in_degree(2), n_source=3, n_target=4, key=stream_key(1, "exc->inh/sources"))
>>> weights = synapse_values("0.6 nS", parse_unit("nS"), wiring, stream_key(1, "exc->inh/w"), what="w")
>>> delays = delay_steps([1, 2, 1, 1, 2, 1, 1, 1], wiring, stream_key(1, "exc->inh/delay"), dt=0.5)
>>> member = Member(wiring, weights, delays, bounds=[0, 2, 4], bases=[0, 0])
>>> first, second = pack([member], n_source=3, precision=np.float32)
>>> first.starts, first.targets, first.delays, first.weight
(array([0, 1, 3, 4]), array([0, 1, 1, 0], dtype=uint16), array([2, 4]), 0.6)
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Connections": "readback",
        "DelaySteps": "values",
        "Member": "rows",
        "Rows": "rows",
        "SynapseValues": "values",
        "Wiring": "wiring",
        "connections": "readback",
        "delay_steps": "values",
        "in_synapse_order": "rows",
        "pack": "rows",
        "synapse_values": "values",
        "wire": "wiring",
    },
)
