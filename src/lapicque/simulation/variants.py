"""One network that is run again and again with other values: what a search over networks does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from lapicque.compile.circuit import Circuit
from lapicque.errors import SimulationError
from lapicque.network.network import Network
from lapicque.simulation.arguments import time_of
from lapicque.simulation.batch import Member, run_member
from lapicque.simulation.build import Options, backend
from lapicque.simulation.recording import items_of
from lapicque.simulation.results import Result
from lapicque.simulation.revising import Revision


class ExplodedError(SimulationError):
    """A run that could not go on: with these values a state is no longer a number."""


class Variants:
    """Runs of a network with other values, each on one thread; several threads may ask at once.

    Parameters
    ----------
    network : Network
    duration : time
    dt : time
    method, precision, seed, wiring_seed : as of `lapicque.simulate`

    Raises
    ------
    SimulationError
        If the network cannot be run like that.

    Examples
    --------
    >>> import lapicque as lq
    >>> net = lq.Network()
    >>> cells = net.population(lq.neurons.lif, 10, name="cells")
    >>> _ = net.stimulate(cells, "i_ext", "600 pA")
    >>> _ = net.record(cells, "spikes")
    >>> many = Variants(net, "100 ms", dt="0.1 ms")
    >>> [many.run({"cells.c_m": c}).spikes["cells"].counts.sum().item() for c in ("200 pF", "400 pF")]
    [100, 50]
    """

    def __init__(
        self, network: Network, duration: Any, *, dt: Any, method: Any = None, precision: str = "float64",
        seed: int = 0, wiring_seed: int = 0,
    ):  # fmt: skip
        self.network = network
        self.options = Options.of(network, dt, method, precision, seed, wiring_seed, 0, 1, False)
        self.steps = round(time_of("duration", duration) / self.options.dt)
        self._lock = Lock()
        self._revision: Revision | None = None

    @property
    def prepared(self) -> tuple[Network, Circuit]:
        """The network as it is, and its circuit."""
        if self._revision is None:
            self._revision = Revision(*Member(self.network, 0, {}, self.options, self.steps).built(),
                                      self.options.wiring_seed)  # fmt: skip
        return self._revision.network, self._revision.circuit

    def run(
        self,
        values: Mapping[str, Any],
        trial: int = 0,
        seed: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Run the network with some values, named as for `lapicque.simulate`'s ``sweep``.

        Parameters
        ----------
        values : name -> value
        trial : int
            Of the random numbers during the run.
        seed : int, optional
            In place of the usual one.
        interrupted : callable
            Asked now and then whether to stop.

        Raises
        ------
        ExplodedError
            If the run cannot go on.
        SimulationError, ModelError, UnitError
            If a name or value does not fit.
        """
        options = replace(self.options, trial=trial, seed=self.options.seed if seed is None else seed)
        member = Member(self.network, 0, dict(values), options, self.steps)
        with self._lock:  # what is compiled is compiled once
            network, _ = self.prepared
            assert self._revision is not None
            circuit = self._revision.of(values, options.seed)
            prepared = member.built() if circuit is None else (network, circuit)
            run = backend(prepared[1], options, items_of(*prepared))
        try:
            return run_member(member, prepared, run, interrupted=interrupted)
        except SimulationError as error:
            raise ExplodedError(str(error)) from error
