"""Lyapunov exponents of layers: how fast a small change of the state grows or fades, and with it the gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lapicque.errors import TrainingError
from lapicque.train.checks import name_of
from lapicque.train.convolution_over_time import Conv3d
from lapicque.train.in_torch import in_torch
from lapicque.train.spiking import Spiking


@torch.no_grad()
def lyapunov_spectrum(
    module: nn.Module, x: Tensor, k: int | None = None, state: Mapping[str, Any] | None = None, *, skip: int = 0,
    seed: int = 0,
) -> Tensor:  # fmt: skip
    r"""Return the largest Lyapunov exponents of layers with states.

    Of the Jacobians :math:`J_t = \partial s_{t+1} / \partial s_t`, in which a surrogate takes the place of the
    derivative of a threshold, as in training: :math:`k` directions are multiplied with one after the other and made
    orthonormal again, :math:`J_t Q_t = Q_{t+1} R_{t+1}`, and

    .. math:: \lambda_i = \frac{1}{T} \sum_t \log |R_{t, ii}|

    is the mean logarithmic growth per step along the i-th. Gradients that go back over T steps grow like
    :math:`e^{\lambda_1 T}` at the most.

    Parameters
    ----------
    module : nn.Module
        `lapicque.train.Spiking`, `Recurrent`, a `Sequential` of these and others, or another with ``run(x, state)``;
        in evaluation mode.
    x : (time, batch, \*size)
        What comes in.
    k : int, optional
        How many. Absent: all, as many as there are state variables in a sample; what a state does not carry on (spikes
        that are also in the potential, say) has an exponent near the smallest logarithm that there is.
    state : dict, optional
        From which it begins; absent: the state after the first step.
    skip : int
        Steps at the beginning that do not count, in which directions turn to where they grow most.
    seed : int
        Of the first directions.

    Returns
    -------
    (k,)
        Per step, the mean over the batch, falling but for fluctuations. Divided by dt it is per ms.

    Raises
    ------
    TrainingError
        For modules without states, convolutions over time among them, fewer state variables than k, and sequences that
        are too short.

    References
    ----------
    .. [1] Benettin et al. 1980, doi:10.1007/BF02128236
    .. [2] Engelken 2023, arXiv:2312.17306
    .. [3] Vogt et al. 2022, doi:10.3389/fams.2022.818799 (spectra of recurrent networks)

    Examples
    --------
    Below its threshold a leaky cell forgets by exp(-dt/tau) in each step:

    >>> import torch
    >>> import lapicque as lq
    >>> cell = lq.Neuron(
    ...     "dv/dt = (i - v)/tau : 1\ni : 1 (input)",
    ...     threshold="v > 1", reset="v = 0", parameters=dict(tau="20 ms"),
    ... )  # fmt: skip
    >>> layer = lq.train.Spiking(cell, 3, dt="1 ms", surrogate=lq.train.Boxcar(0.1))
    >>> lq.train.lyapunov_spectrum(layer, torch.zeros(50, 1, 3))
    tensor([-0.0500, -0.0500, -0.0500])
    """
    return _exponents(module, x, k, state, skip, seed, graph=False).mean(0)


def flossing(
    module: nn.Module, x: Tensor, k: int, state: Mapping[str, Any] | None = None, *, skip: int = 0, seed: int = 0
) -> Tensor:
    r"""Return the sum of the squares of the k largest Lyapunov exponents, with gradients: a loss.

    Brought to 0, k directions neither fade nor explode, so that errors come back over long times. Engelken adds it
    before training and at intervals during training; so can anyone, to any loss.

    Parameters
    ----------
    module, x, k, state, skip, seed : as of `lyapunov_spectrum`
        With more steps exponents are nearer to what they are in the long run, and gradients noisier; some dozens do.

    Returns
    -------
    ()
        The mean over the batch of :math:`\sum_{i \le k} \lambda_i^2`.

    Raises
    ------
    TrainingError
        As `lyapunov_spectrum`; and if a direction fades within one step to nothing, which has no gradient.

    References
    ----------
    .. [1] Engelken 2023, Gradient flossing: improving gradient descent through dynamic control of Jacobians, NeurIPS,
       arXiv:2312.17306

    Examples
    --------
    >>> import torch
    >>> from lapicque import neurons, train
    >>> _ = torch.manual_seed(1)
    >>> layer = train.Recurrent(neurons.lif, 10, dt="1 ms", scale="2 nA")
    >>> loss = train.flossing(layer, torch.rand(20, 1, 10), k=3)
    >>> loss.backward()
    >>> layer.weight.grad.shape
    torch.Size([10, 10])
    """
    return _exponents(module, x, k, state, skip, seed, graph=True).square().sum(1).mean()


def _exponents(
    module: nn.Module, x: Tensor, k: int | None, state: Mapping[str, Any] | None, skip: int, seed: int, graph: bool
) -> Tensor:
    """Return the exponents of each sample, (batch, k)."""
    if not hasattr(module, "run"):
        raise TrainingError(
            f"{type(module).__name__} has no states that are handed on: give a Spiking or Recurrent layer, or a "
            "lapicque.train.Sequential of layers"
        )
    if not isinstance(x, Tensor) or x.ndim < 2:
        raise TrainingError("x is what comes in: a tensor (time, batch, *size) is expected")
    layers: Any = in_torch(module).eval()
    for layer in module.modules():
        if isinstance(layer, Spiking) and layer.code.DRAWS:
            raise TrainingError(
                f"{name_of(layer, module)} draws random numbers: exponents are of what the state alone determines"
            )
        if isinstance(layer, Spiking) and layer.batch_first:
            raise TrainingError(f"{name_of(layer, module)} has batch_first=True: steps are the first axis here")
        if isinstance(layer, Conv3d):
            raise TrainingError(
                f"{name_of(layer, module)} keeps what came in, which neither grows nor fades: give the layers behind "
                "it, and what comes out of it as x"
            )
    begin = 0 if state is not None else 1
    with torch.set_grad_enabled(graph):
        now = state if state is not None else layers.run(x[:1])[1]
    if not any(True for _ in _moving(now)):
        raise TrainingError(f"no layer in {type(module).__name__} has a state that could grow or fade")
    if len(x) - begin - skip < 1 or skip < 0:
        raise TrainingError(
            f"x has {len(x)} steps, of which {begin} and skip={skip!r} do not count: nothing is left to follow"
        )
    directions: Tensor | None = None
    logarithms: list[Tensor] = []
    for t in range(begin, len(x)):
        flat = torch.cat([value.flatten(1) for value in _moving(now)], 1)
        if directions is None:
            directions = _directions(flat, k, seed)
        made, now = _step(layers, x[t : t + 1], now, flat, directions, graph)
        directions, triangle = torch.linalg.qr(made)
        if t >= begin + skip:
            logarithms.append(_logarithms(triangle, graph))
    return torch.stack(logarithms).mean(0)


def _step(
    layers: Any, x: Tensor, state: Mapping[str, Any], flat: Tensor, directions: Tensor, graph: bool
) -> tuple[Tensor, dict[str, Any]]:
    """Return what a step makes of directions, (batch, n, k), and the state after it.

    Each sample runs as often as there are directions. J v is the derivative of u' J, which is linear in u, along v: no
    layer needs derivatives in forward mode.
    """
    count = directions.shape[2]
    with torch.enable_grad():
        rows = flat.repeat_interleave(count, 0)
        rows = rows if graph and rows.requires_grad else rows.detach().requires_grad_()
        _, after = layers.run(x.repeat_interleave(count, 1), _with(state, iter(_split(rows, state)), count))
        moved = torch.cat([value.flatten(1) for value in _moving(after)], 1)
        u = torch.zeros_like(moved, requires_grad=True)
        (back,) = torch.autograd.grad(moved, rows, u, create_graph=True)
        v = directions.transpose(1, 2).reshape(rows.shape)
        (made,) = torch.autograd.grad(back, u, v, create_graph=graph)
    new = _every(after, count, graph)
    return made.view(-1, count, flat.shape[1]).transpose(1, 2), new


def _logarithms(triangle: Tensor, graph: bool) -> Tensor:
    """Return the logarithms of the diagonal, (batch, k)."""
    growth = triangle.diagonal(dim1=1, dim2=2).abs()
    kind = torch.finfo(growth.dtype)
    if graph and bool((growth <= 100 * kind.eps * growth.amax(1, keepdim=True)).any()):
        raise TrainingError(
            "a direction fades to nothing within a step, so that its exponent has no gradient: take fewer, a smaller k"
        )
    return growth.clamp(min=kind.tiny).log()


def _directions(flat: Tensor, k: int | None, seed: int) -> Tensor:
    """Return the first directions, orthonormal, (batch, n, k)."""
    size = flat.shape[1]
    count = size if k is None else k
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= size:
        raise TrainingError(f"k is {k!r}: from 1 to {size} is expected, the number of state variables in a sample")
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(size, count, generator=generator, dtype=torch.float64)
    return torch.linalg.qr(drawn)[0].to(flat).expand(len(flat), -1, -1)


def _moving(state: Mapping[str, Any]) -> Iterator[Tensor]:
    """Give the tensors of a state that are real numbers: no counters of steps, nor what was left to bookkeeping."""
    for name, value in state.items():
        if isinstance(value, Mapping):
            yield from _moving(value)
        elif not name.startswith("_"):
            yield value


def _split(rows: Tensor, state: Mapping[str, Any]) -> list[Tensor]:
    """Return rows cut into what belongs to each tensor of a state."""
    like = list(_moving(state))
    parts = rows.split([value[0].numel() for value in like], 1)
    return [part.view(-1, *value.shape[1:]) for part, value in zip(parts, like, strict=True)]


def _with(state: Mapping[str, Any], values: Iterator[Tensor], count: int) -> dict[str, Any]:
    """Return a state for so many copies of each sample, with other real numbers."""
    made: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            made[name] = _with(value, values, count)
        elif not name.startswith("_"):
            made[name] = next(values)
        else:
            made[name] = value.repeat_interleave(count, 0) if value.ndim else value
    return made


def _every(state: Mapping[str, Any], count: int, graph: bool) -> dict[str, Any]:
    """Return the state of the first copy of each sample."""
    made: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            made[name] = _every(value, count, graph)
        else:
            value = value[::count] if value.ndim else value
            made[name] = value if graph else value.detach()
    return made
