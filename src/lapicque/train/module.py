"""Any network as an nn.Module: gradients through neurons, synapses, delays and what the synapses learn by rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lapicque.compile.pathway_code import OWN
from lapicque.errors import TrainingError
from lapicque.network.network import Network
from lapicque.train.network.building import built, numbers_of, read_detach_reset
from lapicque.train.network.cells import Thresholds
from lapicque.train.network.describing import with_parameters, with_receptors, with_values
from lapicque.train.network.events import slope_of
from lapicque.train.network.given import Given
from lapicque.train.network.learning import Learned
from lapicque.train.network.passing import Pass
from lapicque.train.network.synapses import bounded
from lapicque.train.surrogates import ATan, ScoreFunction, Smooth, Surrogate


class Module(nn.Module):
    """A network as a torch module: in every step what the simulator does, with gradients.

    Neurons, receptors, delays, short-term plasticity and rules of plasticity are those of the description; spikes are
    the simulator's in float64. Speed comes second: for stacks of layers `lapicque.train.Spiking` is made.

    Parameters
    ----------
    network : Network
    inputs : sequence of str
        What `forward` is given: inputs of neurons, ``"exc.i_ext"``, to which synapses and stimuli of the network are
        added, and lists of spikes, ``"input"``, in whose place the events given come.
    outputs : sequence of str
        What it returns: spikes, ``"inh"``; variables at the end of each step, ``"inh.v"``, ``"inh.ampa.g"``; states of
        synapses, ``"exc->inh.w"``. By default the spikes of all populations.
    learn : sequence of str, or mapping of str to ``"scalar"``, ``"neuron"``, ``"synapse"``
        Parameters of neurons, ``"exc.tau_m"``, of receptors and synapses, ``"exc->inh.tau"``, weights
        ``"exc->inh.w"``, which of a plastic synapse is where it begins, delays ``"exc->inh.delay"``. Weights and delays
        are learned for each synapse, other values as they are described.
    bounds : mapping of str to (low, high), optional
        Between which values something is learned, None is open. By default a neuron's ranges; times, capacitances,
        conductances and resistances stay positive; weights are free.
    surrogate : Surrogate
    threshold_scale : mapping of str to quantity, optional
        By how much an event moves its threshold, ``{"exc.plateau": "10 mV"}``, which a surrogate is scaled with: where
        the reset does not say.
    detach_reset : bool, or names of states
        Whether gradients do not pass through resets to the spikes that caused them; or the states through whose jumps
        none passes, ``"exc.v"``.
    dt : time
    method : scheme, or mapping of population to scheme, optional
    wiring_seed : int
        As in `lapicque.simulate`.
    dtype : torch.dtype, optional

    Raises
    ------
    TrainingError
        If something is not known, or has no gradient, by name.

    Notes
    -----
    A learned delay lies between steps: of a delay of n + f steps, 1 - f of a spike arrives after n steps and f after
    n + 1. After `eval` it is rounded as in a simulation. Noise and Poisson spikes are drawn by torch's generator.

    Examples
    --------
    >>> import torch
    >>> import lapicque as lq
    >>> from lapicque.units import ms, pA
    >>> net = lq.Network()
    >>> exc = net.population(lq.neurons.lif, 3, name="exc")
    >>> inh = net.population(lq.neurons.lif, 2, name="inh")
    >>> ampa = lq.synapses.exponential(tau=5 * ms)
    >>> _ = net.connect(exc, inh, ampa, into="i_ext", w=200 * pA, delay=1.5 * ms)
    >>> module = lq.train.Module(
    ...     net, inputs=["exc.i_ext"], outputs=["inh"], learn=["exc->inh.w", "inh.c_m"], dt=0.5 * ms
    ... )
    >>> spikes, state = module(torch.full((200, 4, 3), 400.0))  # (time, batch, neuron), pA
    >>> spikes.shape
    torch.Size([200, 4, 2])
    >>> spikes.sum().backward()
    >>> {name: tuple(raw.grad.shape) for name, raw in module.raw.items()}
    {'exc->inh:w': (6,), 'inh:c_m': ()}
    >>> result = lq.simulate(module.to_network(), 10 * ms)
    """

    _like: Tensor

    def __init__(
        self,
        network: Network,
        inputs: Sequence[str] | str = (),
        outputs: Sequence[str] | str | None = None,
        learn: Any = (),
        *,
        bounds: Mapping[str, Any] | None = None,
        surrogate: Surrogate = ATan(2.0),  # noqa: B008
        threshold_scale: Mapping[str, Any] | None = None,
        detach_reset: bool | str | Sequence[str] = False,
        dt: Any = "1 ms",
        method: Any = None,
        wiring_seed: int = 0,
        dtype: torch.dtype | None = None,
    ):
        super().__init__()
        if isinstance(surrogate, ScoreFunction):
            raise TrainingError("ScoreFunction is for layers, lq.train.Spiking: a network has no output log_likelihood")
        self.surrogate = surrogate
        asked = dict(
            inputs=inputs,
            outputs=outputs,
            learn=learn,
            bounds=bounds,
            dt=dt,
            method=method,
            threshold_scale=threshold_scale,
        )
        self._asked = (network, {**asked, "wiring_seed": wiring_seed})
        self.built = built(network, **self._asked[1])
        self.detach_reset = read_detach_reset(network, detach_reset)
        like = torch.empty(0, dtype=dtype)
        self.register_buffer("_like", like, persistent=False)
        self.raw = nn.ParameterDict(
            {_key(v.key): nn.Parameter(v.domain.raw(torch.as_tensor(v.begin)).to(like)) for v in self.built.values}
        )

    @property
    def network(self) -> Network:
        """The description that the module was made of; `to_network` gives that with what was learned."""
        return self._asked[0]

    def value(self, name: str) -> Tensor:
        """Return what is learned under a name, in its declared unit, () or (neuron,) or (synapse,)."""
        for found in self.built.values:
            if found.key == name:
                return found.domain.value(self.raw[_key(name)])
        raise TrainingError(f"{name!r} is not learned; {', '.join(repr(v.key) for v in self.built.values)} are")

    def forward(
        self, *given: Any, state: Mapping[str, Tensor] | None = None, steps: int | None = None, batch: int = 1
    ) -> tuple[Any, dict[str, Tensor]]:
        """Run the network.

        Parameters
        ----------
        *given : (time, batch, neuron) tensors, or one mapping of names to them
            One for each of the inputs, in their declared units; events of lists of spikes are 0 and 1.
        state : dict of tensors, optional
            What an earlier call returned; by default the network begins anew.
        steps, batch : int
            How long, and how many trials, where there are no inputs.

        Returns
        -------
        outputs : (time, batch, neuron) tensor, or a tuple of them where several were asked for
        state : dict of str to tensor
            All that the next step needs: states of neurons and synapses, refractory counters, spikes on their way.

        Raises
        ------
        TrainingError
            If an input has another shape, a state is of another batch, or a state is no longer a number.
        """
        known = self.built
        if self._like.dtype == torch.float16 and self._like.device.type == "cpu":
            raise TrainingError(
                "the module is float16 on the CPU, where sums lose what they add up: use float() or double()"
            )
        tensors, steps, batch = numbers_of(known, given, steps, batch, self._like)
        with torch.autocast(self._like.device.type, enabled=False):
            run = self._begin(batch, state)
            rows: list[list[Tensor]] = [[] for _ in known.outputs]
            for k in range(steps):
                events = self._step(run, tensors, k)
                for row, output in zip(rows, known.outputs, strict=True):
                    row.append(output.read(run, events))
            if run.not_a_number():
                raise TrainingError(self._first_wrong(tensors, steps, batch, state))
        found = tuple(torch.stack(row) for row in rows)
        return (found[0] if len(found) == 1 else found), run.state()

    def _begin(self, batch: int, state: Mapping[str, Tensor] | None) -> Pass:
        run = Pass(self.built.program, self.given(), batch, self._thresholds(), self.training)
        if state is not None:
            run.put_state(state)
        return run

    def _step(self, run: Pass, tensors: Mapping[str, Tensor], k: int) -> dict[int, Tensor]:
        """Advance by a step; return the events that were given."""
        inputs = self.built.inputs
        events = {i.place[0]: tensors[i.name][k] for i in inputs if not i.place[1]}
        run.step({i.place: tensors[i.name][k] for i in inputs if i.place[1]}, events)
        return events

    @torch.no_grad()
    def _first_wrong(
        self, tensors: Mapping[str, Tensor], steps: int, batch: int, state: Mapping[str, Tensor] | None
    ) -> str:
        """Run once more, and say which state was the first that is no number."""
        for name, x in tensors.items():
            if x.isnan().any():
                step, trial, neuron = (int(i) for i in x.isnan().nonzero()[0])
                return f"{name!r} is NaN (not a number) in step {step}, trial {trial}, neuron {neuron}"
        run, wrong = self._begin(batch, state), ""
        for k in range(steps):
            self._step(run, tensors, k)
            wrong = run.not_a_number()
            if wrong:
                return f"{wrong} is no longer a number after step {k}: use a smaller dt, or smaller steps in training"
        return "a state is no longer a number, but not when drawn anew: use a smaller dt, or smaller steps in training"

    def given(self, like: Tensor | None = None) -> Given:
        """Return what a run is given: parameters with what was learned, of the type and on the device of a tensor."""
        like = self._like if like is None else like
        cells, synapses, delays = {}, {}, {}
        for value in self.built.values:
            inside = self.value(value.key).to(like) * value.unit.scale
            if inside.requires_grad:
                inside.register_hook(_watching(value.key))
            if value.kind == "cells":
                cells[self.built.number(value.owner), value.name] = inside
            elif value.kind == "synapse":
                synapses[value.owner, value.name] = inside
            else:
                delays[value.owner] = inside
        return Given(self.built.network, self.built.program.circuit, like, cells, synapses, delays)

    def _thresholds(self) -> Thresholds:
        smooth = isinstance(self.surrogate, Smooth)
        if isinstance(self.surrogate, Smooth):
            slope = self.surrogate.slope
            return Thresholds(lambda x: torch.sigmoid(slope * x), smooth, self.detach_reset)
        return Thresholds(slope_of(self.surrogate), smooth, self.detach_reset)

    def to_network(self) -> Network:
        """Return the network with what was learned in place of what was described.

        Its simulation in float64, with the same dt and wiring_seed, gives the spikes of this module after `eval`.
        Synapses that each learned a value are listed in it.
        """
        network, seed = self.network, self._asked[1]["wiring_seed"]
        learned = {v: self.value(v.key).detach().double().cpu().numpy() for v in self.built.values}
        neurons: dict[str, dict[str, Any]] = {}
        for value, number in learned.items():
            if value.kind == "cells" and value.receptor is None:
                neurons.setdefault(value.owner, {})[value.name] = _plain(number)
        if neurons:
            network = with_parameters(network, neurons)
        for value, number in learned.items():
            if value.receptor is not None:
                population = network.populations[value.owner]
                network = with_receptors(network, population, value.receptor[0], {value.receptor[1]: _plain(number)})
        for name in dict.fromkeys(v.owner for v in learned if v.kind != "cells"):
            own = {v.name: self._inside(v, n) for v, n in learned.items() if v.kind == "synapse" and v.owner == name}
            delay = next((_plain(n) for v, n in learned.items() if v.kind == "delay" and v.owner == name), None)
            network = with_values(network, name, own, delay, seed)
        return network

    def _inside(self, value: Learned, number: np.ndarray) -> Any:
        """Return what synapses have learned; states of synapses within their bounds, as they begin."""
        for store in self.built.program.circuit.stores:
            if store.projection == value.owner:
                given, scale = self.given(), value.unit.scale
                inside = bounded(store, f"{OWN}{value.name}", torch.as_tensor(number * scale).to(self._like), given)
                return _plain(inside.detach().double().cpu().numpy() / scale)
        return _plain(number)

    def extra_repr(self) -> str:
        """Say what runs, and what is learned."""
        known = self.built
        schemes = ", ".join(
            f"{m.name}: {m.scheme}" for m in known.program.models if m is not None and m.cells.beside < 0
        )
        lines = [
            f"inputs={[i.name for i in known.inputs]}, outputs={[o.name for o in known.outputs]}",
            f"dt={known.program.circuit.dt:g} ms, schemes=({schemes})",
            f"surrogate={self.surrogate!r}, detach_reset={self.detach_reset}",
        ]
        lines += [f"learns {v.key}: {_shape(v)}, {v.domain.coordinate}" for v in known.values]
        return "\n".join(lines)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "built": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.built = built(self._asked[0], **self._asked[1])


def _key(name: str) -> str:
    return name.replace(".", ":")


def _watching(name: str) -> Callable[[Tensor], None]:
    def look(gradient: Tensor) -> None:
        if gradient.isnan().any():
            raise TrainingError(
                f"the gradient of {name!r} is no longer a number: it may have grown beyond all bounds, so shorten the "
                "sequence, detach resets, or use a surrogate that is lower"
            )

    return look


def _plain(number: np.ndarray) -> Any:
    return number.copy() if number.ndim else float(number)


def _shape(value: Learned) -> str:
    return f"{value.begin.size} values" if value.begin.ndim else "one value"
