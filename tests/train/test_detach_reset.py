"""Gradients that pass through some jumps and not through others."""

import pytest
import torch

import lapicque as lq
from lapicque import train
from lapicque.errors import TrainingError

F64 = torch.float64

alif = lq.Neuron(
    """
    dv/dt = (i - v)/tau_m : 1
    da/dt = -a/tau_a : 1
    i : 1 (input)
    """,
    threshold="v > 1 + beta*a", reset="v -= 1; a += 1",
    parameters=dict(tau_m="10 ms", tau_a="50 ms", beta=0.4), name="alif",
)  # fmt: skip


def loop(x, detached):
    """The same cell in torch, a jump of a state in ``detached`` being a constant."""
    keep, fade = torch.exp(torch.tensor(-0.1, dtype=F64)), torch.exp(torch.tensor(-0.02, dtype=F64))
    v = a = torch.zeros_like(x[0])
    made = []
    for now in x:
        v, a = keep * v + (1 - keep) * now, fade * a
        margin = v - 1 - 0.4 * a
        s = (margin > 0).double() + (1 - margin.detach().abs()).clamp(min=0) * (margin - margin.detach())
        v, a = (y + sign * (s.detach() if name in detached else s) for name, y, sign in (("v", v, -1), ("a", a, 1)))
        made.append(torch.stack([s, v, a]))
    return torch.stack(made, 1)


@pytest.mark.parametrize("detached", [(), ("v",), ("a",), ("a", "v")])
def test_a_jump_that_is_detached_passes_no_gradient(detached):
    layer = train.Spiking(alif, surrogate=train.Triangle(1.0), detach_reset=detached, threshold_scale=1.0,
                          output=("spikes", "v", "a"), backend="torch")  # fmt: skip
    x = 5 * torch.rand(30, 2, 3, dtype=F64, generator=torch.Generator().manual_seed(1))
    found = []
    for run in (lambda x: torch.stack(layer(x)[0]), lambda x: loop(x, detached)):
        given = x.clone().requires_grad_()
        made = run(given)
        (made * torch.linspace(-1, 1, made.numel(), dtype=F64).view(made.shape)).sum().backward()
        found.append((made.detach(), given.grad))
    (mine, gradient), (expected, wanted) = found
    assert 10 < expected[0].sum() < 150
    torch.testing.assert_close(mine, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.crosscheck
def test_kernels_detach_the_same_jumps():
    x = 5 * torch.rand(20, 2, 3, dtype=F64, generator=torch.Generator().manual_seed(2))
    found = []
    for backend in ("torch", "fused"):
        layer = train.Spiking(alif, threshold_scale=1.0, detach_reset="v", backend=backend, return_state=False)
        given = x.clone().requires_grad_()
        layer(given).square().mul(torch.arange(20.0)[:, None, None]).sum().backward()
        found.append(given.grad)
    torch.testing.assert_close(*found, rtol=1e-10, atol=1e-13)


def test_all_states_by_name_are_all_resets():
    gradients = []
    for detached in (True, ("v", "a")):
        layer = train.Spiking(alif, threshold_scale=1.0, detach_reset=detached, backend="torch", return_state=False)
        given = torch.full((20, 1, 1), 2.0, dtype=F64, requires_grad=True)
        layer(given).sum().backward()
        gradients.append(given.grad)
    assert torch.equal(*gradients)


def test_what_is_detached_is_a_state():
    with pytest.raises(TrainingError, match=r"detach_reset: 'u' is no state of 'alif'.*\(it has v, a\)"):
        train.Spiking(alif, threshold_scale=1.0, detach_reset=("u",))
    layer = train.Spiking(alif, threshold_scale=1.0, detach_reset=("v",), backend="torch")
    assert "reset of v detached" in repr(layer)


@pytest.mark.parametrize(
    ("given", "names"),
    [(False, ""), (True, "av"), ("cells.v", "v"), (("cells.a",), "a"), (["cells.v", "cells.a"], "av")],
    ids=str,
)
def test_modules_detach_the_jumps_that_are_named(given, names):
    net = lq.Network()
    net.population(alif, 3, name="cells")
    module = train.Module(
        net, ["cells.i"], ["cells", "cells.v", "cells.a"], surrogate=train.Triangle(1.0), detach_reset=given,
        threshold_scale={"cells.spike": 1.0}, dtype=F64,
    )  # fmt: skip
    x = 5 * torch.rand(30, 2, 3, dtype=F64, generator=torch.Generator().manual_seed(1))
    found = []
    for run in (lambda x: torch.stack(module(x)[0]), lambda x: loop(x, names)):
        leaf = x.clone().requires_grad_()
        made = run(leaf)
        (made * torch.linspace(-1, 1, made.numel(), dtype=F64).view(made.shape)).sum().backward()
        found.append((made.detach(), leaf.grad))
    (mine, gradient), (expected, wanted) = found
    assert 10 < expected[0].sum() < 150
    torch.testing.assert_close(mine, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("given", ["v", "cells.u", ("cells.v", "cels.a"), 3], ids=str)
def test_modules_refuse_what_is_no_state(given):
    net = lq.Network()
    net.population(alif, 3, name="cells")
    with pytest.raises(TrainingError, match=r"detach_reset: .* is no state of a population.*True stands for all"):
        train.Module(net, ["cells.i"], detach_reset=given, threshold_scale={"cells.spike": 1.0})
