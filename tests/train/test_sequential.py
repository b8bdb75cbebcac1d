"""Chains of layers mean what the layers mean one by one."""

import warnings

import pytest
import torch
from torch import nn

from lapicque import Neuron, train
from lapicque.errors import TrainingError

LEAKY = Neuron(
    "dv/dt = (i - v)/tau : 1\ni : 1 (input)",
    threshold="v > 1",
    reset="v = 0",
    parameters=dict(tau="20 ms"),
    name="leaky",
)
SIZES = (40, 33, 17, 5)


def build(kind=None, backend="auto", last=None, surrogate=None):
    torch.manual_seed(4)
    a, b, c, d = SIZES
    options = dict(backend=backend, surrogate=surrogate or train.ATan(), scale=20)
    hidden = train.Spiking(LEAKY, b, **options) if kind is None else train.Recurrent(LEAKY, b, kind=kind, **options)
    rows = [train.Linear(a, b), hidden, train.Linear(b, c), train.Spiking(LEAKY, c, **options), train.Linear(c, d)]
    return train.Sequential(
        *rows, *([] if last is None else [train.Spiking(LEAKY, d, output=last, **options)])
    ).double()


def spikes(rate=0.1, steps=30, batch=5):
    torch.manual_seed(9)
    return (torch.rand(steps, batch, SIZES[0], dtype=torch.float64) < rate).double()


def gradients(net, y):
    net.zero_grad()
    (y * torch.arange(1, 1 + y.shape[-1])).sum().backward()
    return [p.grad.clone() for p in net.parameters()]


def one_by_one(net, x):
    for module in net:
        x = module(x)[0] if hasattr(module, "run") else nn.Linear.forward(module, x)
    return x


@pytest.mark.parametrize("kind", [None, "all_to_all", "one_to_one"])
@pytest.mark.parametrize("rate", [0.05, 0.5], ids=["sparse", "dense"])
@pytest.mark.parametrize("surrogate", [train.ATan(), train.Triangle(0.5)], ids=["everywhere", "compact"])
def test_a_chain_is_its_layers_in_torch_operations(kind, rate, surrogate):
    fused, printed = build(kind, surrogate=surrogate), build(kind, backend="torch", surrogate=surrogate)
    x = spikes(rate)
    a, b = fused(x)[0], one_by_one(printed, x)
    assert a.abs().max() > 0.3
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    for p, q in zip(gradients(fused, a), gradients(printed, b), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-9, atol=1e-12 * float(q.abs().max()))


def test_gradients_of_the_input_come_through_a_chain():
    fused, printed = build(surrogate=train.Triangle(0.5)), build(backend="torch", surrogate=train.Triangle(0.5))
    x, z = spikes().requires_grad_(), spikes().requires_grad_()
    fused(x)[0].mean(0).pow(2).sum().backward()
    one_by_one(printed, z).mean(0).pow(2).sum().backward()
    torch.testing.assert_close(x.grad, z.grad, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("kind", [None, "all_to_all"])
def test_step_by_step_is_the_sequence(kind):
    net, x = build(kind), spikes()
    whole, end = net(x)
    states, steps = None, []
    for t in range(len(x)):
        y, states = net(x[t : t + 1], states)
        steps.append(y)
    assert torch.equal(torch.cat(steps), whole)
    for name, state in end.items():
        assert all(torch.equal(state[key], states[name][key]) for key in state)


def test_gradients_go_through_states():
    net, x = build("all_to_all"), spikes()
    y, states = net(x[:15])
    more, _ = net(x[15:], states)
    pieces = gradients(net, torch.cat([y, more]))
    for a, b in zip(pieces, gradients(net, net(x)[0]), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_the_last_layer_may_put_out_its_voltage():
    net, x = build(last=("spikes", "v")), spikes()
    (s, v), _ = net(x)
    printed = build(last=("spikes", "v"), backend="torch")
    t, w = one_by_one(printed, x)
    torch.testing.assert_close((s, v), (t, w), rtol=1e-12, atol=1e-12)


def test_other_modules_stand_between_layers():
    torch.manual_seed(0)
    net = train.Sequential(nn.Flatten(2), train.Linear(40, 8), train.Spiking(LEAKY, scale=20), nn.Dropout(0.0),
                           nn.Linear(8, 3), train.Spiking(LEAKY), return_states=False)  # fmt: skip
    x = spikes().float().view(30, 5, 8, 5)
    assert net(x).shape == (30, 5, 3)


def test_a_part_returns_what_the_whole_returns():
    net = train.Sequential(train.Linear(40, 3), train.Spiking(LEAKY), return_states=False)
    assert isinstance(net[:1](spikes().float()), torch.Tensor)
    assert net[0] is next(iter(net))


def test_the_state_of_a_layer_that_is_not_there_is_refused():
    with pytest.raises(TrainingError, match="no layer '7' that has a state: 1, 3"):
        build()(spikes(), {"7": {}})


def test_a_recurrent_layer_says_what_it_cannot_be():
    with pytest.raises(TrainingError, match="'all_to_all' or 'one_to_one'"):
        train.Recurrent(LEAKY, 3, kind="ring")
    with pytest.raises(TrainingError, match="first output is 'spikes'"):
        train.Recurrent(LEAKY, 3, output="v")
    with pytest.raises(TrainingError, match="lacks 'spikes'"):
        train.Recurrent(LEAKY, 3)(torch.zeros(2, 1, 3), {"v": torch.zeros(1, 3)})


def test_layers_that_go_on_by_themselves_do_so_in_a_chain():
    torch.manual_seed(4)
    net = train.Sequential(train.Linear(40, 6), train.Recurrent(LEAKY, 6, stateful=True, scale=20), return_states=False)
    x = spikes().float()
    whole = train.Sequential(*net, return_states=False)(x)
    net[1].reset()
    pieces = torch.cat([net(x[:10]), net(x[10:])])
    assert torch.equal(whole, pieces)
    assert not net[1].state["v"].requires_grad


def test_the_layer_is_named_where_gradients_are_no_longer_numbers():
    net = build()
    y, _ = net(spikes())
    with pytest.raises(TrainingError, match="gradient that arrives at '3' \\(Spiking of 'leaky'\\) is not a number"):
        (y * float("nan")).sum().backward()


def test_the_layer_is_named_where_states_are_no_longer_numbers():
    net = build()
    with torch.no_grad():
        net[2].weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match="'3' \\(Spiking of 'leaky'\\)"):
        net(spikes(0.5))


def test_other_numbers_of_neurons_are_refused_by_name():
    net = build()
    with pytest.raises(TrainingError, match=r"'0' \(Linear\) has weights for 40 inputs, but .* has 30"):
        net(torch.zeros(4, 2, 30, dtype=torch.float64))
    with pytest.raises(TrainingError, match="Linear has weights for 40 inputs"):
        train.Linear(40, 3)(torch.zeros(4, 2, 41))
    with pytest.raises(TrainingError, match=r"'2' \(Linear\) has weights for 5 inputs"):
        train.Sequential(train.Linear(4, 6), train.Spiking(LEAKY), train.Linear(5, 2))(torch.zeros(4, 2, 4))
    with pytest.raises(TrainingError, match="the layer has 7 neurons"):
        train.Sequential(train.Linear(4, 6), train.Spiking(LEAKY, 7))(torch.zeros(4, 2, 4))
    with pytest.raises(TrainingError, match="nothing in it"):
        net(torch.zeros(0, 2, 40, dtype=torch.float64))


def test_another_batch_than_the_states_is_refused():
    net = build()
    _, states = net(spikes())
    with pytest.raises(TrainingError, match="batch of 5"):
        net(spikes(batch=4), states)


def test_types_that_do_not_fit_are_torchs_error_not_wrong_numbers():
    with pytest.raises(RuntimeError, match="dtype"):
        build()(spikes().float())


GRADED = Neuron(
    "dv/dt = (i - v)/tau : 1\ni : 1 (input)", threshold="v > 1", reset="v = 0", output="v - 0.5",
    parameters=dict(tau="20 ms"), name="graded",
)  # fmt: skip


@pytest.mark.parametrize("kind", [None, "all_to_all"])
@pytest.mark.parametrize(
    ("neuron", "surrogate"),
    [
        pytest.param(GRADED, train.ATan(), marks=pytest.mark.crosscheck, id="graded"),
        pytest.param(LEAKY, train.Smooth(4.0), marks=pytest.mark.crosscheck, id="smooth"),
    ],
)
def test_spikes_may_be_other_numbers_than_one(kind, neuron, surrogate):
    made = []
    for backend in ("fused", "torch"):
        torch.manual_seed(4)
        options = dict(backend=backend, surrogate=surrogate, scale=20)
        first = train.Recurrent(neuron, 12, **options) if kind else train.Spiking(neuron, 12, **options)
        net = train.Sequential(train.Linear(40, 12), first, train.Linear(12, 8), train.Spiking(neuron, 8, **options),
                               train.Linear(8, 3)).double()  # fmt: skip
        x = spikes(0.3)
        y, states = net(x[:20])
        z, _ = net(x[20:], states)
        made.append((torch.cat([y, z]), gradients(net, torch.cat([y, z]))))
    (a, p), (b, q) = made
    assert b.std() > 1e-3
    torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)
    for one, other in zip(p, q, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11 * float(other.abs().max()))


def test_what_comes_back_into_a_state_is_scaled_too():
    torch.manual_seed(1)
    x = torch.rand(20, 2, 5, dtype=torch.float64)
    ends = []
    for scale in (1, 3):
        torch.manual_seed(7)
        layer = train.Recurrent(LEAKY.with_(), 5, input="v", scale=scale, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.mul_(1 if scale == 3 else 3)
        ends.append(layer(x * (1 if scale == 3 else 3))[0])
    assert ends[0].sum() > 3
    assert torch.equal(*ends)


def _twice(module, given, made):
    return 2 * made


class Doubled(train.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def doubled(net):
    net[0].register_forward_hook(_twice)


def doubled_inside(net):
    net[2].register_forward_pre_hook(lambda module, given: (3 * given[0],))


def renormed(net):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.utils.weight_norm(net[0])
    net[0].weight_g.data *= 2


def reparametrised(net):
    nn.utils.parametrizations.weight_norm(net[2])
    net[2].parametrizations.weight.original0.data *= 2


def derived(net):
    weights = net[0].state_dict()
    net[0] = Doubled(SIZES[0], SIZES[1]).double()
    net[0].load_state_dict(weights)


@pytest.mark.parametrize("change", [doubled, doubled_inside, renormed, reparametrised, derived])
def test_maps_that_are_changed_from_outside_are_so_in_a_chain(change):
    fused, printed = build(), build(backend="torch")
    before = fused(spikes())[0]
    change(fused)
    change(printed)
    a, b = fused(spikes())[0], one_by_one_called(printed, spikes())
    assert not torch.equal(a, before)
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    for p, q in zip(gradients(fused, a), gradients(printed, b), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-9, atol=1e-12 * float(q.abs().max()))


def one_by_one_called(net, x):
    for module in net:
        x = module(x)
        x = x[0] if isinstance(x, tuple) else x
    return x


@pytest.mark.parametrize("return_state", [True, False])
def test_hooks_of_neurons_see_what_they_return(return_state):
    net, seen = build(), []
    net[1].return_state = return_state
    whole, states = net(spikes())
    net[1].register_forward_hook(lambda module, given, made: seen.append(made))
    hooked, again = net(spikes())
    ((first, state),) = seen
    assert first.sum() > 0
    assert torch.equal(state["v"], states["1"]["v"])
    assert net[1].return_state is return_state
    torch.testing.assert_close(hooked, whole, rtol=1e-12, atol=1e-12)
    assert list(again) == list(states)


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.float64, torch.bfloat16])
def test_weights_of_spikes_that_come_back_are_of_the_type_of_what_comes_in(kind):
    torch.manual_seed(1)
    x = (3 * torch.rand(20, 3, 10)).to(kind)
    made = []
    for backend in ("fused", "torch"):
        torch.manual_seed(0)
        layer = train.Recurrent(LEAKY, 10, scale=5, backend=backend)
        layer.weight.data *= 5
        made.append(layer(x)[0])
    assert made[0].sum() > 10
    assert torch.equal(*made)


def test_what_does_not_fit_to_a_recurrent_layer_is_refused():
    layer, x = train.Recurrent(LEAKY, 4), torch.zeros(3, 2, 4)
    _, state = layer(x)
    with pytest.raises(TrainingError, match=r"'spikes' has shape \(2, 3\), but \(2, 4\)"):
        layer(x, {**state, "spikes": torch.zeros(2, 3)})
    with pytest.raises(TrainingError, match="'spikes' is list, but a tensor"):
        layer(x, {**state, "spikes": [0]})
    with pytest.raises(TrainingError, match="x has 4 neurons, but Recurrent has 1"):
        train.Recurrent(LEAKY, 1)(x)
    layer.weight = nn.Parameter(torch.zeros(2, 2))
    with pytest.raises(TrainingError, match=r"has shape \(2, 2\), but \(4, 4\) is expected"):
        train.Sequential(train.Linear(4, 4), layer)(x)


def test_weights_of_another_size_that_were_put_in_are_those_of_torch():
    net, x = train.Sequential(train.Linear(40, 6), train.Spiking(LEAKY)), spikes().float()
    net[0].weight = nn.Parameter(torch.zeros(6, 5))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        net(x)
    net[0].weight, net[0].bias = nn.Parameter(torch.zeros(8, 40)), nn.Parameter(torch.zeros(8))
    assert net(x)[0].shape == (30, 5, 8)


def test_a_chain_says_what_it_cannot_take():
    net = train.Sequential(train.Linear(40, 6), train.Spiking(LEAKY))
    with pytest.raises(TrainingError, match="states is list"):
        net(spikes().float(), [1])
    with pytest.raises(TrainingError, match="ndarray, but a tensor is expected"):
        net(spikes().numpy())
    with pytest.raises(TrainingError, match="to_dense"):
        net(spikes().float().to_sparse())


def test_weights_lie_in_memory_as_torchs_do():
    net = train.Sequential(train.Linear(4, 3), train.Recurrent(LEAKY, 3))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (4 * 3 + 3 + 3 * 3,)
    assert all(p.is_contiguous() for p in net.parameters())


def test_a_layer_that_is_used_twice_goes_on_from_where_it_was():
    torch.manual_seed(2)
    twice = train.Spiking(LEAKY, stateful=True, scale=20)
    a, b = train.Linear(40, 6), train.Linear(6, 6)
    x = spikes(0.3).float()
    chained = train.Sequential(a, twice, b, twice, return_states=False)(x)
    twice.reset()
    first = twice.run(a(x))[0]
    assert first.sum() > 0
    assert torch.equal(chained, twice.run(b(first))[0])
