"""Gradients of gradients through compiled layers: the printed steps take their place."""

import pytest
import torch

from lapicque import Neuron, train

LEAKY = Neuron(
    "dv/dt = (i - v)/tau : 1\ni : 1 (input)",
    threshold="v > 1",
    reset="v = 0",
    parameters=dict(tau="20 ms"),
    name="leaky",
)


def build(backend):
    torch.manual_seed(3)
    options = dict(backend=backend, scale=20, surrogate=train.ATan())
    return train.Sequential(
        train.Linear(6, 5), train.Recurrent(LEAKY, 5, kind="all_to_all", **options), train.Linear(5, 4),
        train.Spiking(LEAKY, 4, **options), train.Linear(4, 2),
    ).double()  # fmt: skip


def one_by_one(net, x):
    for module in net:
        x = module(x)[0] if hasattr(module, "run") else torch.nn.Linear.forward(module, x)
    return x


def penalty(net, run):
    """Return a loss with the size of its own gradient in it, and the gradients of both."""
    torch.manual_seed(5)
    x = (torch.rand(20, 3, 6, dtype=torch.float64) < 0.3).double().requires_grad_()
    y = run(net, x)
    first = torch.autograd.grad(y.square().mean(), [x, *net.parameters()], create_graph=True)
    second = torch.autograd.grad(sum(g.square().sum() for g in first), [x, *net.parameters()])
    return y.detach(), [*first, *second]


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph:UserWarning")
def test_a_gradient_penalty_is_that_of_the_printed_layers():
    fused, printed = build("fused"), build("torch")
    y, found = penalty(fused, lambda net, x: net(x)[0])
    z, expected = penalty(printed, one_by_one)
    assert y.abs().max() > 0.3
    torch.testing.assert_close(y, z, rtol=1e-12, atol=1e-12)
    assert len(found) == 2 * (1 + len(list(printed.parameters())))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-9, atol=1e-12 * float(b.detach().abs().max() + 1e-9))


@pytest.mark.crosscheck
def test_one_tensor_that_comes_in_twice():
    """What a layer is given may depend on its own parameters: gradients must not be counted twice."""
    layer = train.Spiking(LEAKY, 3, learn="tau", backend="fused", surrogate=train.ATan(), dtype=torch.float64)
    printed = train.Spiking(LEAKY, 3, learn="tau", backend="torch", surrogate=train.ATan(), dtype=torch.float64)
    found = []
    for one in (layer, printed):
        x = torch.linspace(0.2, 0.9, 24, dtype=torch.float64).view(8, 1, 3).requires_grad_()
        spikes, state = one(one.tau * x / 10)
        again, _ = one(x, state)
        loss = spikes.square().sum() + (again * x).sum()
        first = torch.autograd.grad(loss, [x, one.raw["tau"]], create_graph=True)
        found.append([*first, *torch.autograd.grad(first[0].square().sum() + first[1] ** 2, [x, one.raw["tau"]])])
    for a, b in zip(*found, strict=True):
        assert b.abs().max() > 0
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-9, atol=1e-12)
