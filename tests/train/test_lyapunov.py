"""Lyapunov exponents: closed forms, Jacobians one by one, and gradients by finite differences."""

import pytest
import torch
from torch import nn

from lapicque import Neuron, train
from lapicque.errors import TrainingError
from lapicque.train.constraints import dale

LEAKY = Neuron(
    "dv/dt = (i - v)/tau : 1\ni : 1 (input)", threshold="v > 1", reset="v = 0", parameters=dict(tau="20 ms"),
    name="leaky",
)  # fmt: skip
#: Hands on its potential in every step: a linear network, where no gradient passes through the threshold.
LINEAR = Neuron(
    "v[n+1] = a*v + i : 1\ni : 1 (input)", threshold="v > -1000", reset="", output="v", parameters=dict(a=0.7),
    name="linear",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(5)


def smooth(n=6, gain=6.0, surrogate=None, learn=()):
    options = dict(backend="torch", surrogate=surrogate or train.Smooth(3.0), scale=gain, learn=learn)
    return train.Sequential(train.Linear(4, n), train.Recurrent(LEAKY, n, **options)).double()


def one_by_one(module, x, k, begin, seed):
    """Jacobians of single steps, multiplied and made orthonormal one after the other."""
    state = begin
    names = [(key, name) for key in state for name in state[key] if not name.startswith("_")]

    def advance(flat, x, state):
        parts = flat.split([state[key][name][0].numel() for key, name in names])
        given = {key: dict(state[key]) for key in state}
        for (key, name), part in zip(names, parts, strict=True):
            given[key][name] = part[None]
        after = module.run(x, given)[1]
        return torch.cat([after[key][name][0] for key, name in names]), after

    drawn = torch.randn(size_of(state), k, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, total = torch.linalg.qr(drawn)[0], torch.zeros(k, dtype=torch.float64)
    for t in range(len(x)):
        flat = torch.cat([state[key][name][0] for key, name in names]).detach()
        jacobian = torch.autograd.functional.jacobian(lambda f, t=t, s=state: advance(f, x[t : t + 1], s)[0], flat)
        q, r = torch.linalg.qr(jacobian @ q)
        total += r.diagonal().abs().log()
        state = advance(flat, x[t : t + 1], state)[1]
    return total / len(x)


def size_of(state):
    return sum(v[0].numel() for part in state.values() for name, v in part.items() if not name.startswith("_"))


@pytest.mark.parametrize("dt", [0.5, 2.0])
def test_a_leaky_cell_forgets_with_its_time_constant(dt):
    layer = train.Spiking(LEAKY, 4, dt=f"{dt} ms", surrogate=train.Boxcar(0.1), backend="torch")
    found = train.lyapunov_spectrum(layer, torch.rand(40, 3, 4, dtype=torch.float64) / 10)
    torch.testing.assert_close(found, torch.full((4,), -dt / 20, dtype=torch.float64), rtol=1e-12, atol=1e-12)


def test_time_constants_of_its_own_for_each_cell():
    tau = torch.tensor([5.0, 10.0, 20.0, 50.0])
    layer = train.Spiking(LEAKY.with_(tau=tau.tolist()), 4, surrogate=train.Boxcar(0.1), backend="torch")
    found = train.lyapunov_spectrum(layer, torch.zeros(200, 1, 4, dtype=torch.float64), skip=100)
    torch.testing.assert_close(found, -1 / tau.flip(0).double(), rtol=1e-3, atol=1e-5)


def test_a_linear_network_has_the_logarithms_of_its_eigenvalues():
    weight = torch.randn(6, 6, dtype=torch.float64) * 0.4
    layer = train.Recurrent(LINEAR, 6, surrogate=train.Boxcar(0.1), threshold_scale=1, backend="torch").double()
    with torch.no_grad():
        layer.weight.copy_(weight)
    wanted = torch.linalg.eigvals(0.7 * torch.eye(6) + weight).abs().log().sort(descending=True).values
    found = train.lyapunov_spectrum(layer, torch.zeros(500, 1, 6, dtype=torch.float64), k=6, skip=100)
    torch.testing.assert_close(found, wanted, atol=1e-2, rtol=0)
    assert wanted[0] > 0.02 > -0.2 > wanted[-1]


@pytest.mark.parametrize("surrogate", [train.Smooth(3.0), train.ATan(2.0)], ids=["smooth", "spikes"])
@pytest.mark.parametrize("k", [1, 4])
def test_exponents_are_those_of_jacobians_one_by_one(surrogate, k):
    net = smooth(surrogate=surrogate)
    x = 3 * torch.rand(30, 1, 4, dtype=torch.float64)
    with torch.no_grad():
        begin = net.run(x[:5])[1]
    wanted = one_by_one(net, x[5:], k, begin, seed=2)
    torch.testing.assert_close(train.lyapunov_spectrum(net, x[5:], k, begin, seed=2), wanted, rtol=1e-9, atol=1e-11)


def test_samples_are_followed_one_by_one():
    net, x = smooth(), 3 * torch.rand(20, 3, 4, dtype=torch.float64)
    apart = [train.lyapunov_spectrum(net, x[:, n : n + 1], 3) for n in range(3)]
    torch.testing.assert_close(train.lyapunov_spectrum(net, x, 3), torch.stack(apart).mean(0))
    losses = [train.flossing(net, x[:, n : n + 1], 3) for n in range(3)]
    torch.testing.assert_close(train.flossing(net, x, 3), torch.stack(losses).mean())
    torch.testing.assert_close(losses[0].detach(), apart[0].square().sum())


def test_layers_of_kernels_give_the_same_and_stay_what_they_are():
    options = dict(surrogate=train.ATan(), scale=20)
    net = train.Sequential(train.Linear(4, 33), train.Recurrent(LEAKY, 33, **options)).double()
    x = torch.rand(12, 2, 4, dtype=torch.float64)
    printed = train.Sequential(train.Linear(4, 33), train.Recurrent(LEAKY, 33, backend="torch", **options)).double()
    printed.load_state_dict(net.state_dict())
    torch.testing.assert_close(train.lyapunov_spectrum(net, x, 3), train.lyapunov_spectrum(printed, x, 3))
    assert net[1].neurons.runner.name == "fused"
    train.flossing(net, x, 3).backward()
    train.flossing(printed, x, 3).backward()
    torch.testing.assert_close(net[1].weight.grad, printed[1].weight.grad)


def test_gradients_are_those_of_finite_differences():
    net = smooth(n=4, learn="tau")
    x = 3 * torch.rand(8, 2, 4, dtype=torch.float64)
    names, values = zip(*net.named_parameters(), strict=True)
    assert len(names) == 4

    def loss(*given):
        with torch.no_grad():
            for parameter, value in zip(values, given, strict=True):
                parameter.copy_(value)
        return float(train.flossing(net, x, 2).detach())

    base = [value.detach().clone() for value in values]
    found = torch.autograd.grad(train.flossing(net, x, 2), values)
    for n, (start, gradient) in enumerate(zip(base, found, strict=True)):
        direction, h = torch.randn_like(start), 1e-5
        ends = [loss(*base[:n], start + side * h * direction, *base[n + 1 :]) for side in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(float((gradient * direction).sum()), rel=1e-5, abs=1e-9)
        loss(*base)
        assert gradient.abs().max() > 1e-6


def test_flossing_brings_exponents_to_zero():
    net = smooth(n=16, gain=20.0, surrogate=train.ATan(2.0)).float()
    x = torch.rand(12, 1, 4)
    before = train.lyapunov_spectrum(net, x, 3)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.04)
    for _ in range(20):
        optimiser.zero_grad()
        train.flossing(net, x, 3).backward()
        optimiser.step()
    after = train.lyapunov_spectrum(net, x, 3)
    assert before.abs().max() > 0.03
    assert after.abs().max() < 0.25 * before.abs().max()


def test_flossing_goes_with_constraints():
    net = smooth()
    dale(net[1])
    train.flossing(net, torch.rand(6, 1, 4, dtype=torch.float64), 2).backward()
    assert net[1].parametrizations.weight.original.grad.abs().max() > 0


def test_a_stateful_layer_is_left_as_it_is():
    layer = train.Spiking(LEAKY, 3, stateful=True, backend="torch")
    layer(torch.rand(5, 2, 3))
    before = layer.state["v"].clone()
    train.lyapunov_spectrum(layer, torch.rand(5, 4, 3))
    assert torch.equal(layer.state["v"], before)


NOISY = Neuron(
    "dv/dt = (i - v)/tau + xi*tau**-0.5 : 1\ni : 1 (input)", threshold="v > 1", reset="v = 0",
    parameters=dict(tau="20 ms"), name="noisy",
)  # fmt: skip


def test_what_cannot_be_is_refused():
    net, x = smooth(), torch.rand(6, 1, 4, dtype=torch.float64)
    with pytest.raises(TrainingError, match="Linear has no states"):
        train.lyapunov_spectrum(train.Linear(4, 3), x)
    with pytest.raises(TrainingError, match="no layer in Sequential has a state"):
        train.lyapunov_spectrum(train.Sequential(nn.Linear(4, 3)), x.float())
    with pytest.raises(TrainingError, match="k is 13: from 1 to 12"):
        train.lyapunov_spectrum(net, x, 13)
    with pytest.raises(TrainingError, match="k is 0"):
        train.flossing(net, x, 0)
    with pytest.raises(TrainingError, match="x has 6 steps, of which 1 and skip=5 do not count"):
        train.lyapunov_spectrum(net, x, skip=5)
    with pytest.raises(TrainingError, match="a tensor"):
        train.lyapunov_spectrum(net, [1.0])
    with pytest.raises(TrainingError, match="fades to nothing"):
        train.flossing(smooth(), x, 12)
    with pytest.raises(TrainingError, match=r"'1' \(Spiking of 'noisy'\) draws random numbers"):
        train.flossing(train.Sequential(nn.Linear(4, 3), train.Spiking(NOISY, 3, backend="torch")), x.float(), 2)
    with pytest.raises(TrainingError, match="batch_first=True"):
        train.lyapunov_spectrum(train.Spiking(LEAKY, 4, batch_first=True, backend="torch"), x)


def test_frames_of_a_convolution_over_time_are_refused():
    """With as many samples as steps that it remembers, one would be taken for the other."""
    stack = train.Sequential(
        train.Conv3d(1, 1, 3, padding=1), nn.Flatten(2), train.Spiking(LEAKY, 16, backend="torch")
    )  # fmt: skip
    with pytest.raises(TrainingError, match=r"'0' \(Conv3d.* keeps what came in, .* give the layers behind it"):
        train.lyapunov_spectrum(stack, torch.rand(12, 2, 1, 4, 4), k=1)
