"""Fused kernels against the printed step: values, gradients, and that neither threads nor batches change them."""

import pytest
import torch

from lapicque import Neuron, neurons, train
from lapicque.errors import TrainingError

CURRENT = {"lif": 800.0, "adex": 2500.0, "gif": 300.0}
LEARN = {"lif": {"g_l": "neuron"}, "adex": {"tau_w": "scalar", "v_th": "scalar"}, "gif": {"g_l": "scalar"}}
LEAKY = Neuron(
    "dv/dt = (i - v)/tau : 1\ni : 1 (input)",
    threshold="v > 1",
    reset="v = 0",
    parameters=dict(tau="20 ms"),
    name="leaky",
)


def run(name, backend, dtype, **options):
    model = getattr(neurons, name)
    learn = LEARN[name]
    layer = train.Spiking(model, 5, dt="0.2 ms", backend=backend, learn=learn, bounds=dict.fromkeys(learn),
                          output=("spikes", "v"), **options)  # fmt: skip
    torch.manual_seed(2)
    x = (torch.rand(150, 3, 5, dtype=dtype) * 2 * CURRENT[name]).requires_grad_()
    (spikes, v), state = layer(x)
    loss = (spikes * torch.randn_like(spikes)).sum() + 0.01 * (v * torch.randn_like(v)).sum() + 0.3 * state["v"].sum()
    loss.backward()
    return spikes.detach(), v.detach(), x.grad, *[layer.raw[p].grad for p in learn]


@pytest.mark.parametrize("name", ["lif", "adex", pytest.param("gif", marks=pytest.mark.crosscheck)])
def test_both_backends_agree(name):
    fused, printed = run(name, "fused", torch.float64), run(name, "torch", torch.float64)
    assert fused[0].sum() > 5
    for a, b in zip(fused, printed, strict=True):
        assert b.norm() > 0
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9 * float(b.abs().max()))


def test_both_backends_agree_in_float32():
    fused, printed = run("lif", "fused", torch.float32), run("lif", "torch", torch.float32)
    for a, b in zip(fused, printed, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6 * float(b.abs().max()))


def test_segments_that_are_computed_again_change_nothing():
    whole, pieces = run("lif", "fused", torch.float64), run("lif", "fused", torch.float64, checkpoint=40)
    for a, b in zip(whole, pieces, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def network(threads=None, batch=slice(None)):
    torch.manual_seed(5)
    net = train.Sequential(
        train.Linear(40, 70),
        train.Recurrent(LEAKY, 70),
        train.Linear(70, 70),
        train.Spiking(LEAKY),
        train.Linear(70, 9),
    ).double()
    with torch.no_grad():
        net[0].weight *= 30
        net[1].weight *= 5
        net[2].weight *= 30
    x = (torch.rand(25, 13, 40, dtype=torch.float64) < 0.1).double()[:, batch]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads or before)
        y, states = net(x)
        (y * torch.arange(9)).sum().backward()
    finally:
        torch.set_num_threads(before)
    return y.detach(), states["1"]["spikes"].detach(), [p.grad for p in net.parameters()]


def test_threads_change_no_bit():
    one, two = network(1), network(2)
    assert one[1].sum() > 0
    assert torch.equal(one[0], two[0])
    assert all(torch.equal(a, b) for a, b in zip(one[2], two[2], strict=True))


def test_a_sample_does_not_depend_on_the_batch():
    whole, part = network(), network(batch=slice(4, 7))
    assert torch.equal(whole[0][:, 4:7], part[0])


def test_backward_can_be_repeated_and_three_batches_need_nothing_in_between():
    torch.manual_seed(3)
    layer = train.Spiking(LEAKY)
    x = (torch.rand(20, 3, 6) * 4).requires_grad_()
    spikes, _ = layer(x)
    first = torch.autograd.grad(spikes.sum(), x, retain_graph=True)[0]
    second = torch.autograd.grad(spikes.sum(), x)[0]
    assert torch.equal(first, second)
    for _ in range(3):
        layer(x)[0].sum().backward()


def test_tensors_that_were_changed_since_are_noticed():
    layer, linear = train.Spiking(LEAKY), train.Linear(6, 6)
    net = train.Sequential(linear, layer)
    y, _ = net((torch.rand(20, 3, 6) < 0.2).float())
    with torch.no_grad():
        linear.weight += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_second_derivatives_are_those_of_the_printed_step():
    model = Neuron("dv/dt = (i*i - v)/tau : 1\ni : 1 (input)", parameters=dict(tau="20 ms"), name="square")
    layer = train.Spiking(model, backend="torch")
    x = torch.rand(4, 1, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda u: layer(u)[0], x)


def test_a_smooth_threshold_has_the_gradient_of_its_curve():
    layer = train.Spiking(LEAKY, 3, learn="tau", surrogate=train.Smooth(3.0), backend="fused", dtype=torch.float64)
    torch.manual_seed(1)
    x = (torch.rand(6, 2, 3, dtype=torch.float64) * 30).requires_grad_()
    assert torch.autograd.gradcheck(lambda u, raw: layer(u)[0], (x, layer.raw["tau"]), eps=1e-6, atol=1e-6)


def test_why_a_layer_is_fused_or_not_is_visible():
    assert "backend fused" in repr(train.Spiking(neurons.lif))
    assert "backend torch: asked for" in repr(train.Spiking(neurons.lif, backend="torch"))
    assert "the likelihood" in repr(train.Spiking(neurons.gif, output=("spikes", "log_likelihood")))
    with pytest.raises(TrainingError, match="likelihood"):
        train.Spiking(neurons.gif, output=("spikes", "log_likelihood"), backend="fused")


def test_a_neuron_a_sample_needs_no_axis():
    x = torch.full((30, 3), 3.0, requires_grad=True)
    spikes, state = train.Spiking(LEAKY, backend="fused")(x)
    wide, end = train.Spiking(LEAKY, backend="fused")(x.unsqueeze(2))
    assert spikes.sum() > 3
    assert torch.equal(spikes, wide.squeeze(2))
    assert torch.equal(state["v"], end["v"].squeeze(1))
