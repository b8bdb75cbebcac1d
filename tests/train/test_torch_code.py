"""The torch code of a layer: its operations, its gradients, what it is called."""

import functools

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import lapicque as lq
from lapicque import train
from lapicque.compile.propagator import propagate as propagate_numbers
from lapicque.compile.training import torch_code
from lapicque.compile.training.recipe import Recipe
from lapicque.compile.training.torch_file import torch_file, torch_module
from lapicque.errors import SchemeError

F64 = torch.float64
Spiking = functools.partial(train.Spiking, backend="torch")

plain = lq.Neuron(
    "dv/dt = (i - v)/tau_m : 1\ni : 1 (input)",
    threshold="v > v_th", reset="v = v_r", parameters=dict(tau_m="10 ms", v_th=1.0, v_r=-0.2), name="plain",
)  # fmt: skip

adaptive = lq.Neuron(  # all at once: a second state, a refractory period, a shift, exponentials
    """
    dv/dt = (-v + delta*exp((v - 1)/delta) - w + i)/tau_m : 1 (unless refractory)
    dw/dt = (a*v - w)/tau_w : 1
    i : 1 (input)
    """,
    threshold="v > v_th", reset="v -= v_th; w += b", refractory="t_ref",
    parameters=dict(tau_m="10 ms", tau_w="40 ms", v_th=1.2, a=0.3, b=0.2, delta=0.3, t_ref="2 ms"), name="adaptive",
)  # fmt: skip


def inputs(steps=8, batch=2, size=3, mean=1.0, seed=0):
    return (
        mean * torch.rand(steps, batch, size, dtype=F64, generator=torch.Generator().manual_seed(seed))
    ).requires_grad_()


def of_raw(layer, x):
    """Return the layer as a function of its input and of the coordinates of what it learns."""
    names = list(layer.raw)

    def run(x, *raw):
        state = {f"raw.{name}": value for name, value in zip(names, raw, strict=True)}
        outputs, end = torch.func.functional_call(layer, state, (x,))
        return (*(outputs if isinstance(outputs, tuple) else (outputs,)), end["v"])

    return run, (x, *(p for p in layer.parameters()))


# -- exact gradients -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "learn", "scale"),
    [
        (plain, ("tau_m", "v_th", "v_r"), 4.0),
        (adaptive, ("tau_m", "tau_w", "v_th", "a", "b", "delta"), 3.0),
        (lq.neurons.lif, ("c_m", "g_l", "e_l", "v_th", "v_reset"), 2000.0),
        (lq.neurons.lif_exp, ("c_m", "v_th"), 2000.0),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_smooth_thresholds_have_the_gradient_of_finite_differences(model, learn, scale):
    layer = Spiking(
        model, dt="1 ms", learn=learn, surrogate=train.Smooth(4.0), output=("spikes", "v"), scale=scale, dtype=F64
    )  # fmt: skip
    run, given = of_raw(layer, inputs())
    assert (run(*given)[0][-1] > 0.01).any()
    assert gradcheck(run, given, rtol=1e-6, atol=1e-7)


def test_smooth_gradients_of_each_neuron_and_of_first_values():
    layer = Spiking(
        plain, 3, learn={"tau_m": "neuron", "v_r": "scalar"}, initial=dict(v="v_r/2"), surrogate=train.Smooth(3.0),
        output=("spikes", "v"), dtype=F64
    )  # fmt: skip
    run, given = of_raw(layer, inputs(3, 1, mean=3.0))
    assert gradcheck(run, given, rtol=1e-6, atol=1e-9)
    assert gradgradcheck(run, given, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize(
    "surrogate", [train.ATan(2.0), train.FastSigmoid(5.0), train.Triangle(0.8), train.MultiGaussian()]
)
def test_surrogate_gradients_are_those_of_a_loop_in_torch(surrogate, detach_reset):
    import sympy as sp

    symbol = sp.Symbol("x", real=True)
    where = lambda c, a, b: torch.where(c, a, torch.as_tensor(b, dtype=F64))  # noqa: E731
    slope = sp.lambdify(symbol, surrogate.derivative(symbol), [{"where": where, "Abs": torch.abs, "exp": torch.exp}])

    def loop(x, tau):
        v, made = torch.zeros_like(x[0]), []
        for k in range(len(x)):
            decay = torch.exp(-1.0 / tau)
            v = decay * v + (1 - decay) * x[k]
            margin = (v - 1.0) / 1.2
            hard = (v > 1.0).double()
            s = hard + slope(margin.detach()) * (margin - margin.detach())
            r = hard if detach_reset else s
            v = r * -0.2 + (1 - r) * v
            made.append(s)
        return torch.stack(made)

    layer = Spiking(plain, learn="tau_m", surrogate=surrogate, detach_reset=detach_reset, dtype=F64)
    weights = torch.linspace(-1, 1, 40, dtype=F64)[:, None, None]
    x = inputs(40, mean=6.0)
    spikes, _ = layer(x)
    (weights * spikes).sum().backward()
    mine, my_tau = x.grad.clone(), layer.raw["tau_m"].grad
    x.grad = None
    tau = torch.tensor(10.0, dtype=F64, requires_grad=True)
    expected = loop(x, tau)
    (weights * expected).sum().backward()
    assert 10 < spikes.sum() < 200
    assert torch.equal(spikes, expected)
    torch.testing.assert_close(mine, x.grad, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(my_tau, 10.0 * tau.grad, rtol=1e-9, atol=1e-12)  # raw is a logarithm


def test_spikes_keep_their_gradient_where_resets_are_detached():
    layer = Spiking(plain, output=("spikes", "v"), detach_reset=True, surrogate=train.StraightThrough())
    x = torch.full((1, 1, 1), 20.0, dtype=F64, requires_grad=True)
    (spikes, v), state = layer(x)
    assert spikes.item() == 1
    (through,) = torch.autograd.grad(spikes.sum(), x, retain_graph=True)
    assert through.item() == pytest.approx((1 - np.exp(-0.1)) / 1.2)
    for after in (v, state["v"]):  # the same number, with the same gradient
        (held,) = torch.autograd.grad(after.sum(), x, retain_graph=True, allow_unused=True)
        assert held is None or held.item() == 0


def test_gradients_have_gradients():
    layer = Spiking(plain, surrogate=train.ATan(2.0), learn="tau_m", detach_reset=True, dtype=F64)

    def slope(x):  # no spike comes or goes where x is this small, so that surrogate gradients are smooth
        spikes, _ = layer(x)
        (gradient,) = torch.autograd.grad(spikes.sum(), x, create_graph=True)
        return gradient

    x = inputs(5, 1, 2, mean=0.5)
    assert slope(x).abs().min() > 1e-4
    assert gradcheck(slope, (x,), rtol=1e-6, atol=1e-10)
    slope(x).square().sum().backward()
    assert layer.raw["tau_m"].grad.abs() > 0


def test_gradients_do_not_come_from_the_future():
    layer = Spiking(adaptive)
    x = inputs(12, mean=3.0)
    layer(x)[0][6].sum().backward()
    assert x.grad[:7].abs().sum() > 0
    assert x.grad[7:].abs().sum() == 0


# -- operations ------------------------------------------------------------------------------------------------------


def test_mix_is_a_choice_to_the_last_bit():
    a, b = torch.tensor([0.1, 0.7], dtype=F64), torch.tensor([1e30, -3.3], dtype=F64)
    s = torch.tensor([[1.0, 1.0], [0.0, 0.0], [0.25, 0.5]], dtype=F64)
    mixed = torch_code.Mix.apply(s, a, b)
    assert torch.equal(mixed[0], a)
    assert torch.equal(mixed[1], b)
    torch.testing.assert_close(mixed[2], b + s[2] * (a - b))


def test_a_choice_has_the_gradient_of_a_mixture():
    s = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]], dtype=F64, requires_grad=True)
    a = torch.tensor([1.0, -2.0, 0.5], dtype=F64, requires_grad=True)
    b = torch.tensor(0.3, dtype=F64, requires_grad=True)
    weights = torch.linspace(-1, 2, 6, dtype=F64).view(2, 3)
    found = []
    for function in (torch_code.Mix, torch_code.Choose):
        value = function.apply(s, a, b)
        first = torch.autograd.grad((weights * value).sum(), (s, a, b), create_graph=True)
        found.append([value, *first, *torch.autograd.grad(sum((g**2).sum() for g in first), (s, a, b))])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_mix_and_exprel_are_differentiable_twice():
    s = torch.rand(4, 3, dtype=F64, requires_grad=True, generator=torch.Generator().manual_seed(0))
    a = torch.tensor([1.0, -2.0, 0.5], dtype=F64, requires_grad=True)
    b = torch.tensor(0.3, dtype=F64, requires_grad=True)
    assert gradcheck(torch_code.Mix.apply, (s, a, b))
    assert gradgradcheck(torch_code.Mix.apply, (s, a, b))
    x = torch.tensor([-3.0, -0.31, -0.29, -1e-3, 1e-3, 0.2, 0.4, 2.0], dtype=F64, requires_grad=True)
    assert gradcheck(torch_code.exprel, (x,), rtol=1e-6)
    assert gradgradcheck(torch_code.exprel, (x,), rtol=1e-5)


def test_exprel_near_zero():
    x = torch.tensor([0.0, 1e-12, -1e-9, 1e-5], dtype=F64, requires_grad=True)
    y = torch_code.exprel(x)
    np.testing.assert_allclose(y.detach().numpy(), 1 + x.detach().numpy() / 2, rtol=1e-10)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 0.5 + x.detach().numpy() / 3, rtol=1e-10)
    single = torch.tensor([1e-4, -1e-3], requires_grad=True)
    torch_code.exprel(single).sum().backward()
    np.testing.assert_allclose(single.grad.numpy(), 0.5 + single.detach().numpy() / 3, rtol=1e-5)


def test_propagators_are_those_of_the_simulator():
    rows = [[-0.1, 0.03], [0.0, -0.4]]
    mine = torch_code.propagate(
        [[torch.tensor(e, dtype=F64) for e in row] for row in rows], torch.tensor(0.5, dtype=F64)
    )
    for one, other in zip(mine, propagate_numbers(rows, 0.5, 1), strict=True):
        np.testing.assert_allclose(one.numpy(), other[0], rtol=1e-14, atol=1e-16)
    many = torch_code.propagate(
        [[torch.tensor([-0.1, -0.2, -0.3], dtype=F64), torch.tensor(0.0, dtype=F64)], [0.2, -0.5]],
        torch.tensor(1.0, dtype=F64),
    )[0]
    assert many.shape == (3, 2, 2)


def test_smaller_and_larger():
    x = torch.tensor([1.0, 2.0, float("nan")], dtype=F64, requires_grad=True)
    low, high = torch_code.minimum(x, 2.0), torch_code.maximum(1.5, x)
    assert low[:2].tolist() == [1.0, 2.0]
    assert torch.isnan(low[2])
    assert high[:2].tolist() == [1.5, 2.0]
    low[:2].sum().backward()
    assert x.grad[:2].tolist() == [1.0, 1.0]


def test_likelihood_of_what_happened():
    s = torch.tensor([1.0, 0.0, 0.0, 1.0])
    p = torch.tensor([0.2, 0.2, 0.0, 1.0], requires_grad=True)
    allowed = torch.tensor([True, True, True, True])
    found = torch_code.log_likelihood(s, p, allowed)
    np.testing.assert_allclose(found.detach().numpy(), [np.log(0.2), np.log(0.8), 0, 0], rtol=1e-6)
    found.sum().backward()
    np.testing.assert_allclose(p.grad.numpy(), [5.0, -1.25, -1.0, 1.0], rtol=1e-6)
    assert torch_code.log_likelihood(s, p, ~allowed).tolist() == [0, 0, 0, 0]


# -- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(lq.neurons.__all__)))
def test_torch_coefficients_are_the_simulators_numbers(name):
    model = getattr(lq.neurons, name)
    scale = "10 mV" if name in ("hodgkin_huxley", "morris_lecar", "traub") else None  # they have no reset
    layer = Spiking(model, dt="0.1 ms", input="i_ext", threshold_scale=scale)
    code, values = layer.code, layer.values
    p = {key: torch.as_tensor(value, dtype=F64) for key, value in values.numbers.items()}
    p |= {f"_initial_{x}": value for x, value in values.first.items()}
    found = code.coefficients(p, torch.tensor(0.1, dtype=F64))
    assert len(found) == len(code.COEFFICIENTS) == len(values.fixed)
    for mine, other in zip(found, values.fixed, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-11, atol=1e-14)
    for mine, other in zip(code.initial(p), values.first.values(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-14)


def test_names_of_a_model_do_not_meet_those_of_the_code():
    model = lq.Neuron(
        "dn0/dt = (torch*states - n0)/c : 1\ntorch : 1 (input)",
        threshold="n0 > inputs", reset="n0 = after_n0",
        parameters=dict(c="5 ms", states=2.0, inputs=1.0, after_n0=0.25),
    )  # fmt: skip
    x = torch.full((30, 1, 1), 1.0, dtype=F64)
    spikes, _ = Spiking(model, dt="1 ms", learn="c", dtype=F64)(x)
    v, expected = 0.0, []
    for _ in range(30):
        v = v * np.exp(-0.2) + 2 * (1 - np.exp(-0.2))
        expected.append(float(v > 1))
        v = 0.25 if v > 1 else v
    assert spikes.ravel().tolist() == expected


def test_literals_are_in_the_precision_of_the_layer():
    model = lq.Neuron("dv/dt = where(v > 0.05, 0.1, 0.3)/ms + min(0.7, i)/ms + max(i, 0.1)**2/ms : 1\ni : 1 (input)")
    for dtype, exact in ((F64, 1e-14), (torch.float32, 1e-6)):
        v, _ = Spiking(model, dt="1 ms", method="euler")(torch.tensor([0.9, 0.01], dtype=dtype)[:, None, None])
        assert v.dtype == dtype
        assert v[0].item() == pytest.approx(0.3 + 0.7 + 0.81, rel=exact)
        assert (v[1] - v[0]).item() == pytest.approx(0.1 + 0.01 + 0.01, rel=10 * exact)


def test_the_file_is_found_again():
    one = Recipe(plain, gained=("i",), surrogates={"spike": train.ATan(2.0)})
    same = Recipe(plain.with_(tau_m="30 ms"), gained=("i",), surrogates={"spike": train.ATan(2.0)})
    other = Recipe(plain, gained=("i",), surrogates={"spike": train.ATan(3.0)})
    assert torch_module(one) is torch_module(same)
    assert torch_module(one) is not torch_module(other)
    text = torch_file(one)
    assert text.startswith('"""Generated by lapicque: v by exact, in torch operations."""')
    assert "backward ATan(alpha=2.0) of the margin" in text


def test_a_surrogate_of_the_users_own_is_found_by_its_text():
    import dataclasses

    from lapicque.model.symbols import where

    def parabola(height):
        @dataclasses.dataclass(frozen=True)
        class Parabola(train.Surrogate):
            @property
            def support(self):
                return 1.0

            def derivative(self, x):
                return where(abs(x) < 1, height * (1 - x**2), 0)

        return Parabola()

    x = inputs(6, mean=0.5)
    gradients = []
    for height in (1.0, 2.0):
        layer = Spiking(plain, surrogate=parabola(height))
        assert layer.recipe.key is None
        gradients.append(torch.autograd.grad(layer(x)[0][-1].sum(), x)[0])
    torch.testing.assert_close(gradients[1][-1], 2 * gradients[0][-1])


def test_a_scheme_that_cannot():
    with pytest.raises(SchemeError, match="exact cannot integrate 'adaptive'"):
        Spiking(adaptive, method="exact")
