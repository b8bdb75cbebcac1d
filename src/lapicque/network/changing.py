"""What changes a network while it runs, besides its equations: signals, operations, rules for its structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lapicque.errors import SimulationError
from lapicque.network.adding import free_name
from lapicque.network.contents import Contents
from lapicque.network.making import population_name
from lapicque.network.operation import Operation, called_every
from lapicque.network.population import Population
from lapicque.network.projection import Projection
from lapicque.network.signal import Signal, known_beforehand, signal_neuron
from lapicque.network.structure.restructuring import Restructuring, restructuring


class Changing(Contents):
    """A network to which what acts now and then can be added."""

    def signal(
        self, name: str, unit: str = "1", value: Any = 0, tau: Any = None, *, at: Any = None, values: Any = None
    ) -> Population:
        """Add a number that the whole network shares: a reward, the end of a trial, dopamine.

        It is a population of one neuron with the state ``value``. ``sim.signal(name, x)`` sets it, and it spikes in the
        next step. It is recorded, and read by synapses as a modulator, like any population; sizes and dynamics other
        than these are those of a neuron of your own.

        Parameters
        ----------
        name : str
        unit : str
            Of its value.
        value : quantity
            What it is at the beginning, and where it decays to.
        tau : time, optional
            Time constant of the decay; without it the value stays until it is set again.
        at, values : (change,), optional
            When it changes by itself, ms, and to which values, as if by ``sim.signal``: for what is known beforehand.

        Returns
        -------
        Population

        Raises
        ------
        SimulationError, UnitError
            If the name is taken, or a value is not a finite number of that dimension.

        Examples
        --------
        >>> import lapicque as lq
        >>> from lapicque.units import ms
        >>> net = lq.Network()
        >>> reward = net.signal("reward", tau=20 * ms, at=[10, 40] * ms, values=[1, -1])
        >>> _ = net.record(reward, "value", every=10 * ms), net.record(reward, "spikes")
        >>> result = lq.simulate(net, 60 * ms)
        >>> result.traces["reward.value"].values[:, 0].round(2), result.spikes["reward"].times
        (array([ 0.  ,  1.  ,  0.61,  0.37, -1.  , -0.61]), array([10., 40.]))
        """
        chosen = population_name(self._populations, name, "signal")
        neuron = signal_neuron(unit, value, tau)
        made = Population(chosen, neuron, 1)
        signal = Signal(made, *known_beforehand(at, values, neuron.states["value"].unit))
        self._populations[chosen], self._signals[chosen] = made, signal
        return made

    def operation(self, function: Callable[[Any], Any], every: Any, name: str | None = None) -> Operation:
        """Let a Python function act at multiples of an interval, where equations end.

        It is called at the beginning of a step, at time 0 first, before anything of the step is recorded, with a
        `lapicque.simulation.View`: it can look at the time, get and set values, set signals, and see the spikes
        since its last call. A call interrupts the compiled loop (some 0.1 ms, and what Python needs): rare calls cost
        nothing, calls in every step are slow.

        Parameters
        ----------
        function : callable
        every : time
            A whole number of steps.
        name : str, optional
            By default the function's.

        Returns
        -------
        Operation

        Raises
        ------
        SimulationError, UnitError
            If it is no function, or no positive time.

        Examples
        --------
        >>> import lapicque as lq
        >>> from lapicque.units import Hz, ms
        >>> net = lq.Network()
        >>> cells = net.population(lq.neurons.lif, 20, name="cells", initial=dict(v=lq.uniform("-70 mV", "-50 mV")))
        >>> _ = net.record(cells, "spikes")
        >>> def hold_the_rate(sim):
        ...     rate = len(sim.spikes["cells"].times) / (20 * 0.05)  # Hz: spikes a neuron and 50 ms
        ...     sim.set("cells.i_ext", sim.get("cells.i_ext") + 2 * (30 - rate))
        >>> net.operation(hold_the_rate, every=50 * ms)
        Operation(hold_the_rate every 50 ms)
        >>> result = lq.simulate(net, 2000 * ms)
        >>> bool(25 < result.spikes["cells"].window(1000, 2000).rate().mean() < 35)
        True
        """
        interval = called_every(function, every)
        base = getattr(function, "__name__", "operation").strip("<>")
        chosen = free_name(self._operations, name, base, "operation")
        self._operations[chosen] = Operation(chosen, function, interval)
        return self._operations[chosen]

    def restructure(
        self,
        projection: Projection,
        rule: Any,
        every: Any,
        *,
        delay: Any = None,
        in_flight: str = "drop",
        name: str | None = None,
        **values: Any,
    ) -> Restructuring:
        """Let synapses come and go by a rule, at multiples of an interval (not at time 0).

        It happens at the beginning of a step, after operations, in the order of creation. Synapses that stay keep what
        they have learned; each change lays out the projection anew, which takes some 0.1 us a synapse.

        Parameters
        ----------
        projection : Projection
        rule : Rule
            A value of ``lq.structure``, such as ``lq.structure.pruning(below=0.01)``.
        every : time
            A whole number of steps.
        delay : value, optional
            Of new synapses; by default as connected.
        in_flight : ``"drop"`` or ``"refuse"``
            What becomes of spikes on their way to run code of synapses that go.
        name : str, optional
            By default that of the rule.
        **values : value
            What new synapses have, where that is not as connected: a number, a distribution, an expression.

        Returns
        -------
        Restructuring

        Raises
        ------
        SimulationError, UnitError
            If the rule cannot change these synapses, a value does not fit, or they are recorded one by one.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> cells = net.population(lq.neurons.lif, 20, name="cells")
        >>> plastic = lq.Synapse("w : 1", on_pre="w *= 0.9; v_post += w*mV")
        >>> synapses = net.connect(cells, cells, plastic, where=lq.fixed_in_degree(5), w=lq.uniform(0, 1))
        >>> net.restructure(synapses, lq.structure.rewiring(below=0.2), every="50 ms", w=0.5)
        Restructuring(cells->cells by rewiring every 50 ms)
        >>> result = lq.simulate(net, "51 ms")
        >>> len(result.final["cells->cells"]["w"]), bool((result.final["cells->cells"]["w"] > 0.2).all())
        (100, True)
        """
        if not isinstance(projection, Projection):
            shown = type(projection).__name__
            raise SimulationError(f"a projection is expected, such as net['exc->exc'], not {shown}")
        if self._projections.get(projection.name) is not projection:
            own = f": write net[{projection.name!r}]" if projection.name in self._projections else ""
            raise SimulationError(f"the projection {projection.name!r} belongs to another network{own}")
        base = type(rule).__name__.lower()
        chosen = free_name(self._restructurings, name, base, "restructuring")
        made = restructuring(chosen, projection, rule, every, delay, values, in_flight)
        self._check_fixed(projection, "restructure")
        self._restructurings[chosen] = made
        return made

    def _check_fixed(self, projection: Projection, wanted: str) -> None:
        """Synapses that are recorded one by one neither come nor go."""
        recorded = [
            r.name
            for r in self._recorders.values()
            if r.what is projection and set(r.variables) <= set(projection.synapse.learned)
        ]
        changed = [r.name for r in self._restructurings.values() if r.projection == projection.name]
        if (wanted == "record" and changed) or (wanted == "restructure" and recorded):
            what = f"by {changed[0]!r}" if changed else "by a rule"
            raise SimulationError(
                f"synapses of {projection.name!r} come and go {what}, so that a recorder has no column for each: look "
                "at sim.synapses(...) in an operation, or at result.synapses"
            )
