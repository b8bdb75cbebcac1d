"""From a description to what runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lapicque.compile.assemble import assemble
from lapicque.compile.circuit import Circuit
from lapicque.compile.network_run import NetworkRun
from lapicque.errors import SimulationError, suggest
from lapicque.network.network import Network
from lapicque.simulation.recording import Item, logged_of, sampling_of
from lapicque.simulation.settings import number_of, setting_of, with_constant
from lapicque.simulation.variation import varied


def built(
    described: Network, dt: float, seed: int, wiring_seed: int, values: Mapping[str, Any]
) -> tuple[Network, Circuit]:
    """Return a network and its circuit, with some values changed.

    Parameters
    ----------
    dt : ms
    values : name -> value, as `lapicque.simulation.settings` names them
    """
    # an input that nothing drives is a parameter of the circuit
    alone = {name for name in values if _undriven(described, name)}
    network = varied(described, {name: value for name, value in values.items() if name not in alone})
    circuit = assemble(network, dt, seed, wiring_seed)
    for name in alone:
        found = setting_of(network, circuit, name)
        circuit = with_constant(circuit, found, number_of(found, values[name]))
    return network, circuit


def _undriven(network: Network, name: str) -> bool:
    owner, _, variable = name.partition(".")
    population = network.populations.get(owner)
    if population is None or population.model is None or variable not in population.model.inputs:
        return False
    stimulated = any(
        s.target.population is population and s.variable == variable for s in network.stimulations.values()
    )
    onto = any(p.target.population is population and p.into == variable for p in network.projections.values())
    return not stimulated and not onto


def backend(
    circuit: Circuit,
    methods: Mapping[str, Any],
    precision: str,
    threads: int | None,
    items: list[Item],
    trial: int,
    reference: bool,
    like: Any = None,
) -> Any:
    """Return the circuit in memory: the interpreter, or compiled kernels, which can share synapses with another run."""
    samplings, logged = sampling_of(items), logged_of(items, circuit)
    if reference:
        from lapicque.compile.network_reference import NetworkInterpreter

        return NetworkInterpreter(circuit, methods, precision, threads, samplings, logged, trial)
    threads = threads if like is None else like.threads
    return NetworkRun(circuit, methods, precision, threads, samplings, logged, trial, like)


def methods_of(network: Network, given: Any) -> dict[str, Any]:
    """Return the scheme of each population, from one for all or from a mapping.

    Raises
    ------
    SimulationError
        If a population is unknown.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(network.populations, given)
    for name in given:
        if name not in network.populations:
            raise SimulationError(f"method: there is no population {name!r}{suggest(name, network.populations)}")
    return dict(given)
