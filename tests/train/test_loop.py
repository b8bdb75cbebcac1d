"""A layer whose outputs come back through any module: what it means, step by step, and what is refused."""

import copy

import pytest
import torch

from lapicque import Neuron, neurons
from lapicque.errors import TrainingError
from lapicque.train import FPTT, Linear, Loop, Recurrent, Sequential, Smooth, Spiking
from lapicque.train.in_torch import in_torch
from lapicque.train.initialise import data_driven

CELL = Neuron(
    """
    dv/dt = (i - v)/tau_m : 1
    i : 1 (input)
    """,
    threshold="v > 1", reset="v = 0", parameters=dict(tau_m="10 ms"), name="cell",
)  # fmt: skip


class Fed(torch.nn.Module):
    """x, and what spikes add to it."""

    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight)

    def forward(self, x, spikes):
        return x + torch.nn.functional.linear(spikes, self.weight)


class Gates(torch.nn.Module):
    """A current, and two rates, of all that there is."""

    def __init__(self, inputs, size):
        super().__init__()
        self.current, self.membrane = Linear(inputs + size, size), Linear(2 * size, size)
        self.threshold = Linear(2 * size, size)

    def forward(self, x, spikes, v, theta):
        current = self.current(torch.cat([x, spikes], -1))
        return current, self.membrane(torch.cat([current, v], -1)), self.threshold(torch.cat([current, theta], -1))


def spiking(model=CELL, size=6, **options):
    return Spiking(model, size, dt="1 ms", backend="torch", **options)


def test_spikes_through_a_matrix_are_a_recurrent_layer():
    torch.manual_seed(1)
    other = Recurrent(CELL, 6, dt="1 ms", backend="torch").double()
    loop = Loop(spiking(), Fed(other.weight.detach().clone()))
    x = (4 * torch.rand(60, 3, 6, dtype=torch.float64)).requires_grad_()
    made = []
    for layer, weight in ((loop, loop.through.weight), (other, other.weight)):
        x.grad = None
        spikes, state = layer(x)
        (spikes * torch.linspace(0, 1, 60, dtype=torch.float64)[:, None, None]).sum().backward()
        made.append((spikes.detach(), state["v"].detach(), x.grad, weight.grad))
    assert made[0][0].sum() > 20
    for mine, theirs in zip(*made, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_liquid_cells_are_those_of_a_naive_loop():
    torch.manual_seed(2)
    cell = neurons.ltc.with_(
        e_l="0 mV", v_reset="0 mV", v_th="0.1 mV", theta_plus="1.8 mV", r_m="1 GOhm", tau_m="1 ms", tau_theta="1 ms"
    )
    layer = Spiking(
        cell, 8, dt="1 ms", input=("i_ext", "k_m", "k_theta"), output=("spikes", "v", "theta"), method="euler",
        threshold_scale="1 mV", backend="torch",
    )  # fmt: skip
    gates = Gates(3, 8).double()
    x = torch.randn(40, 2, 3, dtype=torch.float64)
    (spikes, v, theta), _ = Loop(layer, gates)(x)
    s = u = b = torch.zeros(2, 8, dtype=torch.float64)
    for k in range(40):
        i, k_m, k_b = gates(x[k], s, u, b)
        u, rate = u + (i - u) * torch.sigmoid(k_m), torch.sigmoid(k_b)
        b = b * (1 - rate)
        s = (u > 0.1 + b).double()
        u, b = u * (1 - s), b + 1.8 * rate * s
        assert torch.equal(spikes[k], s)
        torch.testing.assert_close(v[k], u)
        torch.testing.assert_close(theta[k], b)
    assert 0 < spikes.mean() < 1


def test_gradients_are_those_of_finite_differences():
    torch.manual_seed(3)
    layer = spiking(size=3, output=("spikes", "v"), surrogate=Smooth(5.0))

    class Mixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(3, 3, dtype=torch.float64))

        def forward(self, x, spikes, v):
            return 3 * x + (spikes + v) @ self.weight

    loop = Loop(layer, Mixed())
    x = torch.rand(7, 2, 3, dtype=torch.float64, requires_grad=True)

    def outcome(x, weight):
        answer = torch.func.functional_call(loop, {"through.weight": weight}, (x,))
        return answer[0][1]

    weight = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(outcome, (x, weight), atol=1e-6)


def test_outputs_begin_where_the_states_begin():
    """A membrane at rest at -70 mV comes back as -70, in mV, and not as 0."""
    seen = []

    class Look(torch.nn.Module):
        def forward(self, x, spikes, v):
            seen.append((spikes, v))
            return x

    Loop(spiking(neurons.lif, 4, output=("spikes", "v")), Look())(torch.zeros(2, 3, 4))
    assert torch.equal(seen[0][0], torch.zeros(3, 4))
    assert torch.equal(seen[0][1], torch.full((3, 4), -70.0))
    assert len(seen) == 2


def test_pieces_are_the_whole_and_stateful_goes_on():
    torch.manual_seed(4)
    loop = Loop(spiking(), Fed(torch.randn(6, 6)))
    x = 4 * torch.rand(30, 2, 6)
    whole, _ = loop(x)
    first, state = loop(x[:11])
    second, _ = loop(x[11:], state)
    assert torch.equal(torch.cat([first, second]), whole)
    kept = Loop(loop.layer, loop.through, stateful=True, return_state=False)
    assert torch.equal(torch.cat([kept(x[:11]), kept(x[11:])]), whole)
    assert not kept.state["v"].requires_grad
    kept.reset()
    assert torch.equal(kept(x), whole)


def test_a_copy_in_torch_and_what_looks_at_layers_leave_its_state_alone():
    torch.manual_seed(4)
    kept = Loop(spiking(), Fed(torch.randn(6, 6)), stateful=True, return_state=False)
    net = torch.nn.Sequential(Linear(3, 6), kept)
    x = 4 * torch.rand(20, 2, 3)
    net(x)
    before = kept.state
    assert in_torch(net)[1].state is None
    with pytest.raises(TrainingError, match="did not run when the module was called"):
        data_driven(net, x, rate=20)
    assert kept.state is before


def test_in_a_stack_its_state_is_handed_on():
    torch.manual_seed(5)
    net = Sequential(Linear(4, 6), Loop(spiking(), Fed(torch.randn(6, 6))), Linear(6, 2))
    x = 4 * torch.rand(20, 3, 4)
    whole, states = net(x)
    assert list(states) == ["1"]
    first, states = net(x[:7])
    torch.testing.assert_close(torch.cat([first, net(x[7:], states)[0]]), whole)
    assert torch.equal(copy.deepcopy(net)(x)[0], whole)
    losses, _ = FPTT(torch.optim.SGD(net.parameters(), lr=0.1)).learn(net, x, lambda y, _: y.square().mean(), parts=4)
    assert losses.shape == (4,)


@pytest.mark.parametrize(
    ("layer", "through", "message"),
    [
        (lambda: Linear(3, 3), Fed(torch.eye(3)), "the layer is Linear, but Spiking is expected"),
        (lambda: Recurrent(CELL, 3), Fed(torch.eye(3)), "it feeds itself already"),
        (lambda: spiking(stateful=True), Fed(torch.eye(6)), r"write Loop\(\.\.\., stateful=True\)"),
        (lambda: spiking(batch_first=True), Fed(torch.eye(6)), "write time first"),
        (spiking, "a matrix", "a module is expected"),
    ],
)
def test_what_is_no_loop_is_refused(layer, through, message):
    with pytest.raises(TrainingError, match=message):
        Loop(layer(), through)


def test_bad_input_is_refused():
    loop = Loop(spiking(), Fed(torch.eye(6)))
    with pytest.raises(TrainingError, match=r"x has shape \(0, 2, 6\)"):
        loop(torch.zeros(0, 2, 6))
    with pytest.raises(TrainingError, match="but a tensor is expected"):
        loop([1.0])
    _, state = loop(torch.rand(3, 2, 6))
    with pytest.raises(TrainingError, match="the state lacks 'before_spikes'"):
        loop(torch.rand(3, 2, 6), {k: v for k, v in state.items() if k != "before_spikes"})
    with pytest.raises(TrainingError, match="'before_spikes' is of a batch of 2, x of 5"):
        loop(torch.rand(3, 5, 6), state)

    class Nothing(torch.nn.Module):
        def forward(self, x, spikes):
            return None

    with pytest.raises(TrainingError, match="x is NoneType, but a tensor is expected"):
        Loop(spiking(), Nothing())(torch.rand(3, 2, 6))
    with pytest.raises(TrainingError, match="has no size"):
        Loop(spiking(size=None), Fed(torch.eye(6)))(torch.rand(3, 2, 6))


def test_whole_numbers_come_in_as_numbers():
    loop = Loop(spiking(), Fed(torch.eye(6)))
    x = torch.randint(0, 5, (10, 2, 6))
    assert torch.equal(loop(x)[0], loop(x.float())[0])


def test_a_state_that_is_none_is_refused():
    with pytest.raises(TrainingError, match="Loop: the state is int"):
        Loop(spiking(), Fed(torch.eye(6)))(torch.rand(3, 2, 6), 3)
