"""A neuron as a layer: the equations of the simulator, differentiable."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lapicque.compile.training.recipe import Recipe
from lapicque.compile.training.torch_file import torch_module
from lapicque.errors import TrainingError
from lapicque.model.neuron import Neuron
from lapicque.model.values import plain_value
from lapicque.train import checks, reading
from lapicque.train.backends import choose
from lapicque.train.incoming import Incoming, draws
from lapicque.train.parameters import check_constants, read_learn
from lapicque.train.state import STEP, State, Stateful, fresh_state, read_state, zero_step
from lapicque.train.values import Values
from lapicque.units import internal

#: What is made from the rest, and is neither copied nor pickled.
_DERIVED = ("code", "values", "runner", "incoming", "why")


@dataclass(frozen=True)
class Start:
    """What a run over time begins with.

    Attributes
    ----------
    coefficients : () or broadcast over (batch, *size) each
    draws : random numbers, (time, batch, *size) each
    states : (batch, *size) each
    begin : number of the first step, where the model reads ``t``
    steps : how many there are
    """

    coefficients: list[Tensor]
    draws: list[Tensor]
    states: list[Tensor]
    begin: Tensor | None
    steps: int


class Spiking(Stateful, nn.Module):
    r"""A layer of neurons: any `lapicque.Neuron` as an ``nn.Module``.

    Parameters
    ----------
    model : Neuron
    size : int or tuple, optional
        Number of neurons, or their shape (channels, height, width). Needed where neurons have values of their own.
    dt : time
        Length of a step.
    input : str or tuple of str, optional
        What x is: an input of the model, or a state, to which it is added at the beginning of a step as synapses do.
        With several, x is a tuple. Absent: the model's only input.
    output : str or tuple of str
        ``"spikes"``, another event, a state or an algebraic variable (at the end of the step, in its declared unit),
        ``"log_likelihood"`` of a hazard. With several, a tuple is returned. Absent: spikes, or the first state of a
        model without a threshold.
    learn : str, names, or mapping of names to ``"scalar"`` or ``"neuron"``
        Parameters that are learned, in coordinates that keep them in their domain: logarithms of times, capacitances,
        conductances and resistances; logits where there are bounds or a range; else the value itself.
    bounds : name -> (low, high), optional
        In place of the model's ranges; None is open.
    surrogate : Surrogate or mapping of events to surrogates, optional
        Absent: ``ATan(2.0)``, and ``StraightThrough()`` for a hazard.
    threshold_scale : quantity, optional
        What margins are measured in, where the reset does not say how far it moves the guard.
    detach_reset : bool or names of states
        Whether gradients do not pass through resets; or the states through whose jumps none passes, such as ``("v",)``.
    method : str or Scheme, optional
        As in `lapicque.simulate`.
    scale : number or quantity
        x is multiplied by it: a number of declared units, or a quantity such as ``"100 pA"``.
    batch_first : bool
        x is (batch, time, \*size) instead of (time, batch, \*size), and so is what comes out.
    return_state : bool
        Return the pair of output and state; else the output alone, as ``nn.Sequential`` wants it.
    stateful : bool
        Go on from where the call before ended, without gradients from there, until `reset`.
    backend : ``"auto"``, ``"fused"`` or ``"torch"``
        Compiled kernels on the processor, torch operations elsewhere and for gradients of gradients; the repr says
        which.
    checkpoint : int, optional
        Keep states every so many steps only and compute the others again on the way back: less memory, more time.
    initial : state -> quantity or expression, optional
        In place of the model's own initial values.
    dtype, device : of learned parameters
    **parameters : quantities
        In place of the model's own values; an input that is not x gets a constant value here, else it is 0.

    Attributes
    ----------
    described : the neuron as it was given; `model` has what was learned as well
    learned, factors, extra : parameters that are learned; gains of states that x is added to; other coefficients
    recipe, code, runner : what is computed, as code, and what runs it

    Raises
    ------
    TrainingError, SchemeError, ModelError
        For what cannot be, with the name and what to write instead.

    Notes
    -----
    What a step means is what it means in `lapicque.simulate`: with the same model, step and input, in float64, the
    spikes are the same. x of a step acts within that step, so that a stack of layers is a network whose projections
    are immediate.

    Examples
    --------
    >>> import torch
    >>> from lapicque import neurons, train
    >>> layer = train.Spiking(neurons.lif, dt="1 ms", learn="c_m", scale="100 pA")
    >>> current = torch.full((50, 4, 10), 5.0)  # (time, batch, neuron)
    >>> spikes, state = layer(current)
    >>> spikes.shape, int(spikes[:, 0, 0].sum())
    (torch.Size([50, 4, 10]), 4)
    >>> spikes.mean().backward()
    >>> layer.c_m, layer.raw["c_m"].grad < 0
    (tensor(200.0000, grad_fn=...), tensor(True))
    """

    def __init__(
        self,
        model: Neuron,
        size: Any = None,
        *,
        dt: Any = "1 ms",
        input: Any = None,
        output: Any = None,
        learn: Any = (),
        bounds: Mapping[str, Any] | None = None,
        surrogate: Any = None,
        threshold_scale: Any = None,
        detach_reset: bool | str | Sequence[str] = False,
        method: Any = None,
        scale: Any = 1,
        batch_first: bool = False,
        return_state: bool = True,
        stateful: bool = False,
        backend: str = "auto",
        checkpoint: int | None = None,
        initial: Mapping[str, Any] | None = None,
        dtype: torch.dtype | None = None,
        device: Any = None,
        **parameters: Any,
    ):
        super().__init__()
        model = reading.read_model(model)
        steady = {name: parameters.pop(name) for name in list(parameters) if name in model.inputs}
        if initial is not None:
            model = model.with_(initial={**model.initial, **initial})
        model = model.with_(**parameters) if parameters else model
        check_constants(model)
        self.dt = reading.read_dt(dt)
        self.size = reading.read_size(size, model, model.initial)
        self.inputs = reading.read_inputs(model, input)
        self.outputs = reading.read_outputs(model, output)
        self.single = output is None or isinstance(output, str)
        self.surrogates, smooth = reading.read_surrogates(model, surrogate)
        self.detach_reset = reading.read_detach_reset(model, detach_reset)
        self.batch_first, self.return_state = batch_first, return_state
        self.stateful, self.backend, self.checkpoint = stateful, backend, checkpoint
        gains = reading.read_scale(model, self.inputs, scale)
        self.factors = {name: gain for name, gain in gains.items() if name in model.states and gain != 1}
        self.extra = {f"_gain_{name}": gain for name, gain in gains.items() if name in model.inputs}
        for name in model.inputs:
            if name not in self.inputs:
                unit = model.variables[name].unit
                self.extra[name] = internal(plain_value(steady.pop(name, 0), unit, f"the input {name!r}"), unit)
        if steady:
            raise TrainingError(f"{next(iter(steady))!r} is what x is: a constant is for the inputs that are not")
        scales = reading.read_threshold_scale(model, threshold_scale)
        self.extra |= {f"_scale_{event}": value for event, value in scales.items()}
        self.recipe = Recipe(
            model,
            method,
            self.outputs,
            into=tuple(name for name in self.inputs if name in model.states),
            gained=tuple(name for name in self.inputs if name in model.inputs),
            steady=tuple(name for name in model.inputs if name not in self.inputs),
            scales={event: f"_scale_{event}" for event in scales},
            surrogates=self.surrogates,
            smooth=smooth,
            detach_reset=self.detach_reset,
        )
        self.learned = read_learn(model, learn, self.size, bounds)
        for name in self.learned:
            if self._has(name) or hasattr(nn.ParameterDict, name):
                raise TrainingError(
                    f"the parameter {name!r} of {model.name!r} has the name of something else that a layer has: to be "
                    "learned it needs another one"
                )
        self.raw = nn.ParameterDict(
            {name: nn.Parameter(one.start(model.constants[name].value, dtype, device))
             for name, one in self.learned.items()}
        )  # fmt: skip
        self.described = model
        self.derive()

    def derive(self) -> None:
        """Make what follows from the rest."""
        self.code = torch_module(self.recipe)
        self.runner, self.why = choose(self.backend, self.recipe, self.code, self.checkpoint)
        self.incoming = Incoming(self.code, self.inputs, self.factors, self.size, self.batch_first)
        self.values = Values(self.described, self.learned, self.extra, self.size, self.code, self.dt)

    # -- running -----------------------------------------------------------------------------------------------------

    def forward(self, x: Any, state: Mapping[str, Tensor] | None = None) -> Any:
        r"""Run the layer over time.

        Parameters
        ----------
        x : (time, batch, \*size), or (batch, time, \*size) where ``batch_first``
            A tuple where there are several inputs.
        state : dict of tensors, optional
            What a call before returned; None starts anew.

        Returns
        -------
        output : as x, or a tuple
        state : dict of tensors
            After the last step, in internal units; absent where ``return_state`` is False.

        Raises
        ------
        TrainingError
            For inputs and states of the wrong shape or type, and numbers that are none.
        """
        answer, made = self.run(x, state)
        return (answer, made) if self.return_state else answer

    def run(
        self,
        x: Any,
        state: Mapping[str, Tensor] | None = None,
        recurrent: Tensor | None = None,
        before: Tensor | None = None,
    ) -> tuple[Any, State]:
        """Run the layer over time: as ``layer(x, state)`` where ``return_state`` is True.

        Parameters
        ----------
        recurrent : (to, from), weights of the layer's own spikes of the step before, which x is added to
        before : (batch, neuron), the spikes of the step before the first, where there are such weights
        """
        state = self.begun(state)
        given = self.incoming.read(x, state)
        start = self.start(given[0], state)
        inputs, coefficients, watch = checks.watched(self, given, start.coefficients)
        with torch.autocast(given[0].device.type, enabled=False):
            outputs, after = self.runner.run(
                inputs, start.draws, start.states, coefficients, self.dt, start.begin, recurrent, before
            )
        if watch is not None:
            for one in outputs:
                if one.requires_grad:
                    one.register_hook(watch.arriving)
        made = self.finish(after, start, given)
        return self.shown(outputs), made

    def start(self, like: Tensor, state: Mapping[str, Tensor] | None) -> Start:
        r"""Return what a run over time begins with.

        Parameters
        ----------
        like : (time, batch, \*size), of the type and on the device of what comes in
        """
        coefficients, first = self.values.coefficients({name: self.raw[name] for name in self.learned}, like)
        code, shape = self.code, tuple(like.shape[1:])
        if state is None:
            now = fresh_state(code.STATES, first, shape, like)
            if code.TIMED:
                now[STEP] = zero_step(like.device)
        else:
            now = read_state(state, code.STATES, code.TIMED, shape, like)
        states = [now[name] for name in code.STATES]
        return Start(coefficients, draws(list(code.DRAWS.values()), like), states, now.get(STEP), like.shape[0])

    def finish(self, after: Sequence[Tensor], start: Start, given: Sequence[Tensor]) -> State:
        """Return the state after a run, looked through, and keep it where the layer is stateful."""
        made = dict(zip(self.code.STATES, after, strict=True))
        if not torch.compiler.is_compiling():
            checks.check_finite(self, made, self.code.MOVING, given, self.code.SCHEME)
        if start.begin is not None:
            made[STEP] = start.begin + start.steps
        self.keep(made)
        return made

    def shown(self, outputs: Sequence[Tensor]) -> Any:
        """Return the outputs of a run as the user has asked for them."""
        made = tuple(self.in_units(name, value) for name, value in zip(self.outputs, outputs, strict=True))
        return made[0] if self.single else made

    def in_units(self, name: str, value: Tensor) -> Tensor:
        """Return an output in its declared unit, its axes as the user has them."""
        variable = self.described.variables.get(name)
        if variable is not None and variable.unit.scale != 1:
            value = value / variable.unit.scale
        return value.transpose(0, 1) if self.batch_first else value

    # -- values ------------------------------------------------------------------------------------------------------

    @property
    def model(self) -> Neuron:
        """The neuron, with what has been learned so far."""
        if not self.learned:
            return self.described
        values = {name: getattr(self, name).detach().cpu().numpy() for name in self.learned}
        return self.described.with_(**{name: float(v) if v.ndim == 0 else v.ravel() for name, v in values.items()})

    def _has(self, name: str) -> bool:
        """Whether a layer has something of its own by this name, which a parameter does not hide."""
        return name in self.__dict__ or name in (*_DERIVED, "described", "raw") or hasattr(type(self), name)

    def __getattr__(self, name: str) -> Any:
        model = self.__dict__.get("described")
        if model is None or name not in model.constants or self._has(name):
            return super().__getattr__(name)
        if name in self.learned:
            return self.learned[name].domain.value(self.raw[name])
        value = np.asarray(model.constants[name].value, np.float64)
        shape = self.size if value.size > 1 and self.size else value.shape
        return torch.as_tensor(value.reshape(shape)).to(torch.get_default_dtype())

    def __setattr__(self, name: str, value: Any) -> None:
        model = self.__dict__.get("described")
        if model is None or name not in model.constants or self._has(name):
            super().__setattr__(name, value)
            return
        value = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        new = model.with_(**{name: np.ravel(value) if np.ndim(value) > 1 else value})
        check_constants(new)
        if name in self.learned:
            raw = self.raw[name]
            with torch.no_grad():
                raw.copy_(self.learned[name].start(new.constants[name].value, raw.dtype, raw.device))
        else:
            self.described = new
            self.derive()

    def at(self, dt: Any) -> Spiking:
        """Return a copy with another step: the equations say what changes.

        Examples
        --------
        >>> from lapicque import neurons, train
        >>> layer = train.Spiking(neurons.lif, dt="1 ms")
        >>> layer.at("0.5 ms").dt
        0.5
        """
        made = copy.deepcopy(self)
        made.dt = reading.read_dt(dt)
        made.reset()
        made.derive()
        return made

    # -- copies and text ---------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _DERIVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.derive()

    def __repr__(self) -> str:
        model = self.described
        size = "" if self.size is None else f"{self.size[0] if len(self.size) == 1 else self.size}, "
        parts = [f"{size}dt={self.dt:g} ms", f"scheme={self.code.SCHEME}"]
        parts.append(f"{' + '.join(self.inputs)} -> {', '.join(self.outputs)}")
        if self.surrogates:
            shown = {repr(surrogate) for surrogate in self.surrogates.values()}
            parts.append(f"surrogate={shown.pop() if len(shown) == 1 else self.surrogates}")
            parts.append(f"reset {_how_reset(self.detach_reset)}")
        if self.learned:
            learned = (f"{name} ({one.scope}, {one.domain.coordinate})" for name, one in self.learned.items())
            parts.append(f"learns {', '.join(learned)}")
        parts += ["stateful"] if self.stateful else []
        parts += ["batch first"] if self.batch_first else []
        parts.append(f"backend {self.runner.name}: {self.why}")
        return f"{type(self).__name__}({model.name}, {'; '.join(parts)})"


def _how_reset(detached: bool | tuple[str, ...]) -> str:
    if isinstance(detached, bool):
        return "detached" if detached else "attached"
    return f"of {', '.join(detached)} detached"
