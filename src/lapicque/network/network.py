"""A network as a description: populations, projections, stimuli and recorders, each checked when it is added."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from lapicque.errors import SimulationError
from lapicque.model.synapse import Synapse
from lapicque.network.adding import check_acyclic, free_name, synapse_of
from lapicque.network.changing import Changing
from lapicque.network.interval import interval
from lapicque.network.making import made_population, population_name
from lapicque.network.population import Population, selection
from lapicque.network.projection import Projection, projection
from lapicque.network.receptors import receptor_name
from lapicque.network.recorder import Recorder, full_names, numbers_of_synapses
from lapicque.network.spike_source import SpikeSource
from lapicque.network.stimulus import Stimulation, check_stimulation, stimulus_of


class Network(Changing):
    """Populations of neurons, the projections between them, what drives them and what is recorded.

    Nothing runs here: `lapicque.simulate` takes the description and returns a result. What is added is checked at once
    and never changes.

    Examples
    --------
    >>> import lapicque as lq
    >>> from lapicque.units import mV, ms, pA
    >>> net = lq.Network()
    >>> exc = net.population(lq.neurons.lif, 80, name="exc", initial=dict(v=lq.uniform(-60 * mV, -50 * mV)))
    >>> inh = net.population(lq.neurons.lif, 20, name="inh")
    >>> ampa = lq.synapses.exponential(tau=5 * ms)
    >>> net.connect(exc, inh, ampa, into="i_ext", w=20 * pA, delay=1.5 * ms)
    Projection(exc -> inh: exponential, into='i_ext', all_to_all(), w=20 pA, delay=1.5 ms)
    >>> _ = net.stimulate(exc, "i_ext", lq.stimuli.ornstein_uhlenbeck(mean=300 * pA, sd=100 * pA, tau=3 * ms))
    >>> net.record(exc[:5], "v", every=1 * ms, name="membrane")
    Recorder(membrane: v of exc[:5] every 1 ms)
    >>> net
    Network: 100 neurons in 2 populations, 1 projection
    population  neuron  size  initial
    exc         lif       80  v = uniform(-60 mV, -50 mV)
    inh         lif       20
    projection  rule          synapse      into   receptor     w      delay
    exc -> inh  all_to_all()  exponential  i_ext  exponential  20 pA  1.5 ms
    target     stimulus
    exc.i_ext  ornstein_uhlenbeck(mean=300 pA, sd=100 pA, tau=3 ms)
    recorder  variables  of       every
    membrane  v          exc[:5]  1 ms
    """

    # -- adding ------------------------------------------------------------------------------------------------------

    def population(
        self,
        neuron: Any,
        n: int,
        *,
        name: str | None = None,
        initial: Mapping[str, Any] | None = None,
        positions: Any = None,
        **parameters: Any,
    ) -> Population:
        """Add neurons of one kind.

        Parameters
        ----------
        neuron : Neuron
        n : int
            How many.
        name : str, optional
            By default the neuron's.
        initial : mapping of str to value, optional
            Initial values in place of the neuron's: numbers, arrays with one a neuron, distributions
            (``lq.uniform(-60*mV, -50*mV)``), or expressions (``"e_l + 5*mV*rand()"``) of the parameters, ``i``, ``N``,
            the positions ``x``, ``y``, ``z``, ``rand()`` and ``randn()``.
        positions : (n, 1 to 3), um, optional
        **parameters : value
            Parameters of the neuron: as for ``initial``.

        Returns
        -------
        Population

        Raises
        ------
        SimulationError, ModelError, UnitError
            If a name is taken or unknown, or a value has another dimension or length.

        Examples
        --------
        >>> import lapicque as lq
        >>> net = lq.Network()
        >>> net.population(lq.neurons.lif, 100, name="exc", c_m=lq.normal("200 pF", "20 pF"), initial=dict(v="-60 mV"))
        Population(exc: 100 x lif)
        """
        chosen = population_name(self._populations, name, getattr(neuron, "name", "population"))
        made = made_population(chosen, neuron, n, initial or {}, positions, parameters)
        self._populations[chosen] = made
        return made

    def spikes(self, trains: Any, name: str | None = None) -> Population:
        """Add lists of spikes, which drive others like a population.

        Parameters
        ----------
        trains : SpikeTrains, or a sequence with the times of each neuron
            Bare numbers are ms. A time t belongs to the step floor(t/dt + 0.5).
        name : str, optional

        Returns
        -------
        Population

        Raises
        ------
        SimulationError
            For negative times, or what is no list of spikes.

        Examples
        --------
        >>> import lapicque as lq
        >>> lq.Network().spikes([[1.0, 5.0], [2.0]], name="input")
        Population(input: 2 x spikes)
        """
        source = SpikeSource.of(trains)
        chosen = population_name(self._populations, name, "spikes")
        self._populations[chosen] = Population(chosen, source, len(source))
        return self._populations[chosen]

    def connect(
        self,
        source: Any,
        target: Any,
        synapse: Synapse | None = None,
        *,
        on_pre: str | None = None,
        into: str | None = None,
        where: Any = None,
        w: Any = None,
        delay: Any = 0.0,
        immediate: bool = False,
        receptor: str | None = None,
        modulators: Mapping[str, Any] | None = None,
        name: str | None = None,
        **values: Any,
    ) -> Projection:
        """Add synapses from one population, or a part of it, onto another.

        Parameters
        ----------
        source, target : Population or Selection
        synapse : Synapse, optional
        on_pre : str, optional
            In place of a synapse: code on variables of the target, ``"v += w"``.
        into : str, optional
            The input of the target that the synapse's output is added to.
        where : connectivity rule, optional
            By default `lapicque.all_to_all`.
        w : value, optional
            The weight: a number, an array (synapse,) or (source, target), a distribution, or an expression of the pair
            of neurons (``"1*nS*exp(-d/(100*um))"``).
        delay : value, optional
            As ``w``; bare numbers are ms. 0 by default: spikes act in the step in which they are emitted.
        immediate : bool
            Spikes act before the target's flow of the same step; such projections cannot form a circle.
        receptor : str, optional
            What the variables in the target are called. Projections onto one population with equal synapses into the
            same input share a receptor.
        modulators : mapping of str to Population or Selection, optional
            Third parties, by the names under which the synapse reads their variables, ``d_dopamine``, and runs code at
            their events. One neuron is shared by all synapses; else there is one for each target.
        name : str, optional
            By default ``"source->target"``.
        **values : value
            Parameters of the synapse; those of single synapses, and the initial values of what they learn, as ``w``.

        Returns
        -------
        Projection

        Raises
        ------
        SimulationError, ModelError, UnitError
            Whatever does not fit, by name, with what to write instead.
        """
        synapse = synapse_of(synapse, on_pre)
        ends = selection(source, "the source"), selection(target, "the target")
        for end, what in zip(ends, ("source", "target"), strict=True):
            self._check_own(end.population, what)
        base = f"{ends[0].population.name}->{ends[1].population.name}"
        chosen = free_name(self._projections, name, base, "projection")
        if where is None:
            from lapicque.network.connectivity import all_to_all

            where = all_to_all()
        given = values if w is None else {"w": w, **values}
        made = projection(chosen, *ends, synapse, into, where, given, delay, bool(immediate), modulators)
        if made.synapse.learned and chosen in self._populations:
            raise SimulationError(
                f"{chosen!r} is a population: what synapses learn is found by the projection's name, give it another"
            )
        for third in made.modulators.values():
            self._check_own(third.population, "modulator")
        if immediate:
            check_acyclic(self._projections.values(), made)
        made = dataclasses.replace(made, receptor=receptor_name(self, made, receptor))
        self._projections[chosen] = made
        return made

    def stimulate(self, target: Any, variable: str, stimulus: Any, name: str | None = None) -> Stimulation:
        """Drive an input of some neurons, or add Poisson spikes to a state.

        Stimuli and synapses that go into one input are added.

        Parameters
        ----------
        target : Population or Selection
        variable : str
            An input; for `lapicque.stimuli.poisson` a state, or a receptor's, ``"ampa.g"``.
        stimulus : stimulus, number, array or str
            A value of `lapicque.stimuli`; a number or an array with one a neuron is a constant, a text a function of
            time, ``"50*pA*sin(2*pi*10*Hz*t)"``.
        name : str, optional
            By default ``"target.variable"``.

        Returns
        -------
        Stimulation

        Raises
        ------
        SimulationError, ModelError, UnitError
            If there is no such variable, or dimensions or lengths differ.
        """
        end = selection(target, "the target")
        self._check_own(end.population, "target")
        if not isinstance(variable, str):
            raise SimulationError(f"the name of an input is expected, such as 'i_ext', not {variable!r}")
        chosen = free_name(self._stimulations, name, f"{end.population.name}.{variable}", "stimulus")
        made = Stimulation(chosen, end, variable, stimulus_of(stimulus))
        check_stimulation(self, made)
        self._stimulations[chosen] = made
        return made

    def record(
        self, what: Any, *variables: str, every: Any = None, name: str | None = None, synapses: Any = None
    ) -> Recorder:
        """Ask for a recording.

        Parameters
        ----------
        what : Population, Selection or Projection
        *variables : str
            ``"spikes"``, ``"rate"``, names of states, algebraic variables or inputs, ``"RECEPTOR.g"``; of a projection
            what its synapses learn, ``"w"``, and the variables of its receptor.
        every : quantity, optional
            Time between samples, ms; by default every step.
        name : str, optional
            By default the population's name for spikes, else with the variables behind it, ``"exc.v"``.
        synapses : (synapse,) int, optional
            Of a projection, the numbers of the synapses to record, as `lapicque.connections` lists them; all if absent.

        Returns
        -------
        Recorder

        Raises
        ------
        SimulationError
            If there is nothing of that name.
        """
        chosen = what if isinstance(what, Projection) else selection(what, "what is recorded")
        population = chosen.target.population if isinstance(chosen, Projection) else chosen.population
        self._check_own(population, "population")
        names = full_names(self, chosen, variables)
        learned = isinstance(chosen, Projection) and set(names) <= set(chosen.synapse.learned)
        if isinstance(chosen, Projection) and learned:
            self._check_fixed(chosen, "record")
        owner = chosen.name if isinstance(chosen, Projection) and learned else population.name
        base = owner if names == ("spikes",) else f"{owner}.{'+'.join(names)}"
        own = free_name(self._recorders, name, base, "recorder")
        numbers = numbers_of_synapses(chosen, names, synapses)
        self._recorders[own] = Recorder(own, chosen, names, interval(every), numbers)
        return self._recorders[own]
