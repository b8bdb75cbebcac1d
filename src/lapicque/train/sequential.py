"""Layers one after the other: states are threaded, and runs of linear maps and neurons become chains of kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError
from lapicque.train.chain import run_chain
from lapicque.train.checks import GradientWatch, check_shape, is_hooked, is_plain
from lapicque.train.fused_runner import FusedRunner
from lapicque.train.linear import Linear, check_incoming, event_driven, fitting
from lapicque.train.recurrent import SPIKES, Recurrent, split_state
from lapicque.train.spiking import Spiking, Start
from lapicque.train.stage import Given, Stage
from lapicque.train.state import State
from lapicque.train.workspace import Workspace

States = dict[str, Any]


class Sequential(nn.Sequential):
    r"""``torch.nn.Sequential`` that threads the states of its layers.

    Linear maps and neurons that follow each other run as one chain of compiled kernels, in which spikes are lists: what
    comes out, and the gradients, are those of the layers one by one.

    Parameters
    ----------
    *modules : nn.Module
        Layers with states (`Spiking`, `Recurrent`, and others with a method ``run(x, state)``) and any others.
    return_states : bool
        Return the pair of output and states; else the output alone.

    Examples
    --------
    >>> import torch
    >>> from lapicque import neurons, train
    >>> net = train.Sequential(
    ...     train.Linear(100, 50), train.Spiking(neurons.lif, dt="1 ms", scale="1 nA"), train.Linear(50, 10)
    ... )
    >>> y, states = net((torch.rand(20, 4, 100) < 0.05).float())
    >>> y.shape, list(states)
    (torch.Size([20, 4, 10]), ['1'])
    """

    def __init__(self, *modules: Any, return_states: bool = True):
        super().__init__(*modules)
        self.return_states = return_states
        self._workspace = Workspace()

    def __getitem__(self, which: Any) -> Any:
        found: Any = super().__getitem__(which)
        if isinstance(which, slice):
            found.return_states = self.return_states
        return found

    def forward(self, x: Any, states: Mapping[str, Any] | None = None) -> Any:
        r"""Run the layers over time.

        Parameters
        ----------
        x : (time, batch, \*size)
        states : dict, optional
            Layer -> its state, as a call before returned them; None starts anew.

        Raises
        ------
        TrainingError
            For the state of a layer that is not there.
        """
        x, made = self.run(x, states)
        return (x, made) if self.return_states else x

    def run(self, x: Any, states: Mapping[str, Any] | None = None) -> tuple[Any, States]:
        """Run the layers over time: as ``net(x, states)`` where ``return_states`` is True."""
        if states is not None and not isinstance(states, Mapping):
            kind = type(states).__name__
            raise TrainingError(f"states is {kind}, but the dict that the layers returned, or None, is expected")
        given = dict(states or {})
        for name in given:
            module = self._modules.get(name)
            if module is None or not hasattr(module, "run"):
                raise TrainingError(f"there is no layer {name!r} that has a state: {', '.join(self._stateful())}")
        made: States = {}
        for links in self._pieces():
            if links[0].both and isinstance(x, Tensor) and all(link.takes(x) for link in links):
                x, more = self._run_chain(links, x, given)
                made |= more
                continue
            for link in links:
                x = x if link.linear is None else link.linear(x)
                if hasattr(link.module, "run"):
                    x, made[link.name] = _run(link.module, x, given.get(link.name))
                elif link.module is not link.linear:
                    x = link.module(x)
        return x, made

    def _stateful(self) -> list[str]:
        return [name for name, module in self._modules.items() if hasattr(module, "run")]

    # -- chains ------------------------------------------------------------------------------------------------------

    def _pieces(self) -> list[list[_Link]]:
        """Return the modules in turn, those that can be links of one chain together."""
        items = list(self._modules.items())
        pieces: list[list[_Link]] = []
        n = 0
        while n < len(items):
            chain: list[_Link] = []
            while n < len(items) and (not chain or chain[-1].emits):
                linear = items[n][1]
                if not isinstance(linear, Linear) or not is_plain(linear, Linear):
                    break
                behind = _Link(*items[n + 1], linear, items[n][0]) if n + 1 < len(items) else None
                again = behind is not None and any(behind.module is one.module for one in chain)  # its state goes on
                if behind is not None and behind.fits and not again:
                    chain.append(behind)
                    n += 2
                    continue
                if chain:
                    chain.append(_Link(*items[n], linear, items[n][0]))
                    n += 1
                break
            if not chain:
                chain.append(_Link(*items[n]))
                n += 1
            pieces.append(chain)
        return pieces

    def _run_chain(self, links: Sequence[_Link], x: Tensor, states: Mapping[str, Any]) -> tuple[Tensor, States]:
        stages: list[Stage] = []
        tables: list[Given] = []
        starts: list[Start | None] = []
        like = x
        for link in links:
            assert link.linear is not None
            check_incoming(like, link.linear, link.before)
            like = x.new_empty(()).expand(*x.shape[:2], link.linear.out_features)
            stage, given, start = link.prepare(like, states.get(link.name))
            stages.append(stage)
            tables.append(given.after(link.linear.weight, link.linear.bias))
            starts.append(start)
        outputs, ends, spikes = run_chain(stages, x, tables, self._workspace)
        made: States = {}
        for link, start, end, own in zip(links, starts, ends, spikes, strict=True):
            if link.neurons is not None:
                assert start is not None
                assert end is not None
                made[link.name] = link.finish(list(end.unbind(0)), start, x, own)
        neurons = links[-1].neurons
        return (outputs[0] if neurons is None else neurons.shown(outputs)), made


def _run(module: Any, x: Any, state: Any) -> tuple[Any, Any]:
    """Run a layer with a state; by a call where it has hooks, which then see the pair of output and state."""
    if not is_hooked(module):
        return module.run(x, state)
    switch = "return_states" if isinstance(module, Sequential) else "return_state"
    before = getattr(module, switch, True)
    setattr(module, switch, True)
    try:
        return module(x, state)
    finally:
        setattr(module, switch, before)


@dataclass(frozen=True)
class _Link:
    """A module of a chain; neurons with the linear map before them, and its name."""

    name: str
    module: Any
    linear: Linear | None = None
    before: str = ""

    @property
    def neurons(self) -> Spiking | None:
        """The neurons."""
        if isinstance(self.module, Recurrent):
            return self.module.neurons
        return self.module if isinstance(self.module, Spiking) else None

    @property
    def both(self) -> bool:
        """Whether this is a linear map with neurons behind it."""
        return self.linear is not None and self.neurons is not None

    @property
    def fits(self) -> bool:
        """Whether these are neurons whose kernels can be a part of a chain."""
        neurons = self.neurons
        return (
            neurons is not None
            and is_plain(self.module, Spiking, Recurrent)
            and is_plain(neurons, Spiking)
            and isinstance(neurons.runner, FusedRunner)
            and neurons.runner.checkpoint is None
            and not neurons.batch_first
            and len(neurons.inputs) == 1
            and not neurons.factors
            and (neurons.size is None or len(neurons.size) == 1)
        )

    def takes(self, x: Tensor) -> bool:
        """Whether kernels run for tensors like this, here and now."""
        return self.linear is not None and x.ndim == 3 and event_driven(x) and fitting(self.linear, x.dtype)

    @property
    def emits(self) -> bool:
        """Whether spikes and nothing else come out."""
        return self.neurons is not None and self.neurons.outputs == ("spikes",) and self.neurons.single

    def prepare(self, like: Tensor, state: Mapping[str, Tensor] | None) -> tuple[Stage, Given, Start | None]:
        """Return the stage, its tensors but the linear map's, and what the run begins with."""
        neurons = self.neurons
        if neurons is None:
            return Stage(None, linear=True), Given(), None
        runner = neurons.runner
        assert isinstance(runner, FusedRunner)
        check_shape(like, neurons.size, False, state, neurons.code.STATES)
        fed = isinstance(self.module, Recurrent)
        kept = self.module.begun(state)
        before, inner = split_state(kept) if fed else (None, kept)
        start = neurons.start(like, inner)
        stage = runner.stage(start.coefficients, like.dtype, neurons.dt, linear=True, fed=fed)
        if torch.is_grad_enabled():
            stage = replace(stage, watch=GradientWatch(neurons))
        time = 0.0 if start.begin is None else float(start.begin) * neurons.dt
        given = runner.given(start.coefficients, start.states, start.draws, like.shape[2:], time, like.dtype)
        if fed:
            weight, own = self.module.fed(like, before)
            given = given.fed_by(torch.diag(weight) if weight.ndim == 1 else weight, own)
        return stage, given, start

    def finish(self, after: list[Tensor], start: Start, x: Tensor, spikes: Tensor | None) -> State:
        """Return the state of the neurons after the run."""
        assert self.neurons is not None
        made = self.neurons.finish(after, start, [x])
        if spikes is None:
            return made
        made = {**made, SPIKES: spikes}
        self.module.keep(made)
        return made
