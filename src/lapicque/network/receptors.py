"""Receptors: what synapses have in their target. Projections with equal synapses share one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapicque.errors import SimulationError
from lapicque.model.synapse import Synapse
from lapicque.network.population import Population
from lapicque.network.projection import Projection

if TYPE_CHECKING:
    from lapicque.network.network import Network


@dataclass(frozen=True, eq=False)
class Receptor:
    """The variables (post), sums and current of a synapse in one population.

    Attributes
    ----------
    name : str
        In recorders and simulations its variables are ``"NAME.g"``.
    synapse : Synapse
    into : str or None
    projections : tuple of Projection
        As created.
    """

    name: str
    synapse: Synapse
    into: str | None
    projections: tuple[Projection, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what can be read and recorded."""
        found = self.synapse.variables.values()
        return tuple(v.name for v in found if v.per_target and v.kind != "parameter")


def receptors(network: Network, population: Population) -> dict[str, Receptor]:
    """Return the receptors of a population by name, in the order in which they came about.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> exc, inh = net.population(lq.neurons.lif, 8, name="exc"), net.population(lq.neurons.lif, 2, name="inh")
    >>> ampa = lq.synapses.exponential("5 ms")
    >>> _ = net.connect(exc, inh, ampa, into="i_ext", w="20 pA")
    >>> _ = net.connect(inh, inh, ampa, into="i_ext", w="-80 pA")
    >>> {name: len(receptor.projections) for name, receptor in receptors(net, inh).items()}
    {'exponential': 2}
    """
    return grouped(p for p in network.projections.values() if p.target.population is population)


def grouped(projections: Iterable[Projection]) -> dict[str, Receptor]:
    """Return the receptors of projections onto one population."""
    found: dict[str, Receptor] = {}
    for p in projections:
        if p.receptor is not None:
            before = found[p.receptor].projections if p.receptor in found else ()
            found[p.receptor] = Receptor(p.receptor, p.synapse, p.into, (*before, p))
    return found


def receptor_name(network: Network, made: Projection, wanted: str | None) -> str | None:
    """Return the receptor that a new projection uses: one with an equal synapse and input, or a new one.

    Raises
    ------
    SimulationError
        If the wanted name belongs to another synapse, or the synapse has nothing in the target.
    """
    synapse = made.synapse
    if not synapse.has_receptor:
        if wanted is not None:
            message = (
                f"receptor={wanted!r}, but the synapse {synapse.name!r} has nothing that lives in the target: no "
                "variable (post), no sum, no output"
            )
            raise SimulationError(message)
        return None
    population = made.target.population
    known = receptors(network, population)
    if wanted is not None:
        if not isinstance(wanted, str) or not wanted.isidentifier() or "__" in wanted or wanted.startswith("_"):
            message = f"receptor={wanted!r}: a name of letters, digits and single '_' is expected, such as 'ampa'"
            raise SimulationError(message)
        if wanted in known and (known[wanted].synapse != synapse or known[wanted].into != made.into):
            first = known[wanted].projections[0].name
            message = (
                f"{population.name!r} has a receptor {wanted!r} already, made by {first!r} with another synapse or "
                "input: choose another name"
            )
            raise SimulationError(message)
        return wanted
    for name, receptor in known.items():
        if receptor.synapse == synapse and receptor.into == made.into:
            return name
    base = "".join(c if c.isalnum() else "_" for c in synapse.name).strip("_") or "synapse"
    while "__" in base:
        base = base.replace("__", "_")
    base = base if base[0].isalpha() else f"synapse_{base}"
    name, number = base, 1
    while name in known:
        number += 1
        name = f"{base}_{number}"
    return name
