"""A running network from outside: what a `Simulation` and the `View` of an operation can look at and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.simulation.rewiring import Synapses, rewire, synapses

if TYPE_CHECKING:
    from lapicque.simulation.live import Live


class Access:
    """Names of what is in a running network, and how to change it."""

    _live: Live

    def get(self, name: str) -> np.ndarray:
        """Return a state or a parameter, ``"exc.v"``, ``"exc.ampa.g"``, ``"exc.tau_m"``: (neuron,), in its own unit."""
        return self._live.get(name)

    def set(self, name: str, value: Any) -> None:
        """Change a value from now on.

        States, parameters, and the constant part of an input, to which stimuli and synapses are added, take one number
        or one a neuron; bare numbers are in their own unit. Weights, ``"exc->inh.w"``, and the rates of Poisson
        stimuli, ``"exc.v.rate"``, can be changed as well, but then the network is laid out anew.

        Parameters
        ----------
        name : str
            ``"exc.v"``, ``"exc.ampa.g"``, ``"exc.tau_m"``, ``"exc.i_ext"``, ``"exc.ampa.tau"``, ``"exc.i_ext.mean"``.
        value : quantity

        Raises
        ------
        SimulationError, ModelError, UnitError
            If there is nothing of that name, or the value does not fit.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> _ = net.population(lq.neurons.lif, 10, name="cells")
        >>> with lq.Simulation(net) as sim:
        ...     sim.set("cells.i_ext", "300 pA")
        ...     sim.set("cells.v", [-70.0] * 10)
        ...     sim.get("cells.i_ext")[:2], sim.get("cells.v")[:2]
        (array([300., 300.]), array([-70., -70.]))
        """
        self._live.set(name, value)

    def signal(self, name: str, value: Any) -> None:
        """Set a signal of the network, `lapicque.Network.signal`: it spikes in the next step.

        Parameters
        ----------
        name : str
        value : quantity
            One finite number; a bare one is in the signal's unit.

        Raises
        ------
        SimulationError, UnitError
            If there is no such signal, or the value does not fit.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> _ = net.record(net.signal("reward"), "spikes")
        >>> with lq.Simulation(net) as sim:
        ...     _ = sim.run("5 ms")
        ...     sim.signal("reward", -1)
        ...     result = sim.run("5 ms")
        >>> result.spikes["reward"].times, result.final["reward"]["value"]
        (array([5.]), array([-1.]))
        """
        self._live.signal(name, value)

    def synapses(self, projection: str) -> Synapses:
        """Return the synapses of a projection as they are now, with what they have learned.

        Parameters
        ----------
        projection : str
            Its name, ``"exc->exc"``.

        Returns
        -------
        Synapses
            Lists in synapse order, by target: ``sources``, ``targets`` (numbers within the two sides), ``delays`` in
            ms, and every state and parameter of single synapses, ``["w"]``, in its own unit.

        Raises
        ------
        SimulationError
            If there is no such projection.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> cells = net.population(lq.neurons.lif, 4, name="cells")
        >>> _ = net.connect(cells, cells, on_pre="v += w", where=lq.edges([0, 1], [2, 3]), w="2 mV", delay="1 ms")
        >>> with lq.Simulation(net) as sim:
        ...     found = sim.synapses("cells->cells")
        >>> found, found["w"]
        (<Synapses: 2 synapses, 4 x 4, weights 2 mV, delays 1 ms>, array([2., 2.]))
        """
        return synapses(self._live, projection)

    def rewire(
        self,
        projection: str,
        *,
        remove: Any = None,
        add: Any = None,
        delay: Any = None,
        in_flight: str = "refuse",
        **values: Any,
    ) -> np.ndarray:
        """Remove and add synapses of a projection from now on.

        Those that stay keep their weights, traces and delays. Synapses are numbered anew: by target, those that stayed
        first, then new ones as they were given.

        Parameters
        ----------
        projection : str
            Its name, ``"exc->exc"``.
        remove : (synapse,) bool or (removed,) int, optional
            A mask, or numbers of synapses, as in `synapses`.
        add : (sources, targets), optional
            Numbers of neurons within the two sides. A pair may be there already: it then has another synapse.
        delay : value, optional
            Of new synapses; by default as connected.
        in_flight : ``"refuse"`` or ``"drop"``
            What becomes of spikes that are on their way to run code of a synapse that is removed. What only adds
            numbers, ``"v += w"``, arrives in any case.
        **values : value
            What new synapses have, as in `Network.connect`: numbers, arrays (new,), distributions, expressions; by
            default as connected.

        Returns
        -------
        (new,) int
            The numbers that new synapses have now.

        Raises
        ------
        SimulationError, UnitError, ModelError
            If a number or a value does not fit, or spikes would be lost.

        Notes
        -----
        Delays are those of the axon. So a new synapse with code also sees spikes that were emitted before, and arrive
        now; where a spike only adds a number, it does so for the synapses that are there when it is emitted.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> cells = net.population(lq.neurons.lif, 4, name="cells")
        >>> _ = net.connect(cells, cells, on_pre="v += w", where=lq.edges([0, 1], [2, 3]), w="2 mV", delay="1 ms")
        >>> with lq.Simulation(net) as sim:
        ...     sim.rewire("cells->cells", remove=[0], add=([3, 0], [0, 1]), w="1 mV")
        ...     found = sim.synapses("cells->cells")
        array([0, 1])
        >>> found.sources, found.targets, found["w"]
        (array([3, 0, 1], dtype=int32), array([0, 1, 3], dtype=int32), array([1., 1., 2.]))
        """
        return rewire(self._live, projection, remove, add, delay, in_flight, values)
