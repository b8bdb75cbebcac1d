"""A layer means what the simulator means: spikes, states, time, parameters."""

import copy
import functools
import io
import os
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import lapicque as lq
from lapicque import train
from lapicque.errors import TrainingError
from lapicque.units import ms, mV, nS, pA

F64 = torch.float64
Spiking = functools.partial(train.Spiking, backend="torch")  # tests of kernels are elsewhere

conductance_lif = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g_e*(e_e - v) + i_ext)/c_m : mV (unless refractory)
    dg_e/dt = -g_e/tau_e : nS
    i_ext : pA (input)
    """,
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref",
    parameters=dict(c_m="200 pF", g_l="10 nS", e_l="-70 mV", e_e="0 mV", v_th="-50 mV", v_reset="-60 mV", tau_e="5 ms",
                    t_ref="2 ms"),
    initial=dict(v="e_l"), name="conductance_lif",
)  # fmt: skip

plain = lq.Neuron(  # no refractory period: the smallest thing that spikes
    "dv/dt = (i - v)/tau_m : 1\ni : 1 (input)",
    threshold="v > v_th", reset="v = 0", parameters=dict(tau_m="10 ms", v_th=1.0), name="plain",
)  # fmt: skip


def currents(steps, batch, size, mean, spread, seed=0):
    """Return (time, batch, neuron) of currents that change in every step."""
    rng = np.random.default_rng(seed)
    return mean + spread * rng.standard_normal((steps, batch, size))


def simulated(model, x, dt):
    """Return spikes as (time, neuron) and the last states, from the simulator: batch and neurons side by side."""
    steps, width = len(x), x[0].size
    answer = lq.simulate(
        model, steps * dt * ms, dt=dt * ms, n=width, inputs={"i_ext": x.reshape(steps, width) * pA}, reference=True,
    )  # fmt: skip
    spikes = np.zeros((steps, width))
    for neuron, times in enumerate(answer.spikes.to_lists()):
        spikes[np.rint(times / dt).astype(int), neuron] = 1
    return spikes, answer.final


MODELS = [
    (lq.neurons.lif, 350.0, 300.0, 0.1),
    (lq.neurons.lif_adaptive, 400.0, 300.0, 0.1),
    (lq.neurons.adex, 900.0, 500.0, 0.1),
    (lq.neurons.izhikevich, 12.0, 6.0, 0.25),
    (conductance_lif, 400.0, 200.0, 0.1),
    (lq.neurons.eif, 900.0, 500.0, 0.1),
    (lq.neurons.lif_exp, 500.0, 300.0, 0.1),
    (lq.neurons.mat, 900.0, 300.0, 0.1),
    (lq.neurons.qif, 900.0, 500.0, 0.1),
    (lq.neurons.hodgkin_huxley, 200.0, 100.0, 0.05),
    (lq.neurons.traub, 1500.0, 500.0, 0.05),
    (lq.neurons.morris_lecar, 1500.0, 500.0, 0.1),
]


@pytest.mark.parametrize(("model", "mean", "spread", "dt"), MODELS, ids=lambda v: getattr(v, "name", ""))
def test_spikes_are_the_simulators(model, mean, spread, dt):
    steps = 1500 if len(model.states) < 4 else 600
    x = currents(steps, 2, 3, mean, spread)
    scale = None if model.parsed_events[0].reset else "10 mV"
    layer = Spiking(model, dt=dt * ms, input="i_ext", threshold_scale=scale)
    spikes, state = layer(torch.from_numpy(x))
    expected, final = simulated(model, x, dt)
    assert expected.sum() > 10
    np.testing.assert_array_equal(spikes.reshape(steps, 6).numpy(), expected)
    for name in model.states:
        np.testing.assert_allclose(state[name].reshape(-1).numpy(), final[name], rtol=1e-9)


def test_linear_layers_are_the_simulator_to_the_last_bit():
    x = currents(2000, 1, 4, 350.0, 300.0)
    (voltage, _), state = Spiking(lq.neurons.lif, dt="0.1 ms", output=("v", "spikes"))(torch.from_numpy(x))
    answer = lq.simulate(lq.neurons.lif, 200 * ms, n=4, inputs={"i_ext": x[:, 0] * pA}, record="v", reference=True)
    # what a layer puts out is the end of a step, what the simulator records the beginning of the next one
    np.testing.assert_array_equal(voltage[:-1, 0].numpy(), answer.traces["v"].values[1:])
    np.testing.assert_array_equal(state["v"][0].numpy(), answer.final["v"])


def test_spikes_that_come_into_a_state_are_an_immediate_projection():
    steps, sources, targets = 1000, 6, 3
    rng = np.random.default_rng(3)
    x = 350.0 + 300.0 * rng.standard_normal((steps, sources))
    w = 2.0 + 8.0 * rng.random((sources, targets))
    net = lq.Network()
    first = net.population(lq.neurons.lif, sources, name="first")
    second = net.population(conductance_lif, targets, name="second")
    net.stimulate(first, "i_ext", lq.stimuli.array(x * pA, dt=0.1 * ms))
    net.connect(first, second, on_pre="g_e += w", w=w * nS, where=lq.all_to_all(), immediate=True)
    net.record(first, "spikes")
    net.record(second, "spikes")
    result = lq.simulate(net, steps * 0.1 * ms, dt=0.1 * ms, reference=True)
    spikes, _ = Spiking(lq.neurons.lif, dt="0.1 ms")(torch.from_numpy(x[:, None]))
    out, _ = Spiking(conductance_lif, dt="0.1 ms", input="g_e")(spikes @ torch.from_numpy(w))
    for made, name in ((spikes, "first"), (out, "second")):
        assert made.sum() > 10
        for n, times in enumerate(result.spikes[name].to_lists()):
            np.testing.assert_array_equal(np.flatnonzero(made[:, 0, n].numpy()), np.rint(times / 0.1).astype(int))


@pytest.mark.parametrize("model", [lq.neurons.lif, lq.neurons.adex, lq.neurons.gif], ids=lambda m: m.name)
def test_step_by_step_is_the_sequence(model):
    x = torch.from_numpy(currents(40, 3, 5, 900.0, 600.0))
    layer = Spiking(model, dt="1 ms")
    torch.manual_seed(7)
    whole, end = layer(x)
    assert whole.sum() > 5
    torch.manual_seed(7)
    state, pieces = None, []
    for k in range(40):
        spikes, state = layer(x[k : k + 1], state)
        pieces.append(spikes)
    assert torch.equal(torch.cat(pieces), whole)
    assert all(torch.equal(state[name], end[name]) for name in end)
    if model.name == "lif":
        assert set(end) == {"v", "_age_spike"}


def test_a_model_that_reads_time_goes_on_where_it_ended():
    model = lq.Neuron(
        "dv/dt = (i_ext + amplitude*sin(2*pi*t/period) - v)/tau : 1\ni_ext : 1 (input)",
        threshold="v > 1", reset="v = 0", parameters=dict(tau="5 ms", period="20 ms", amplitude=2.0),
    )  # fmt: skip
    x = torch.rand(60, 2, 3, dtype=F64, generator=torch.Generator().manual_seed(0))
    layer = Spiking(model, dt="0.5 ms", output="v")
    whole, end = layer(x)
    first, state = layer(x[:25])
    second, state = layer(x[25:], state)
    assert torch.equal(torch.cat([first, second]), whole)
    assert int(state["_step"]) == int(end["_step"]) == 60
    answer = lq.simulate(
        model, 30 * ms, dt=0.5 * ms, n=6, inputs={"i_ext": x.reshape(60, 6).numpy()}, record="v", reference=True
    )
    np.testing.assert_allclose(whole[:-1].reshape(59, 6).numpy(), answer.traces["v"].values[1:], rtol=1e-9)


def test_shapes_and_order():
    x = torch.from_numpy(currents(20, 2, 12, 400.0, 300.0)).reshape(20, 2, 3, 2, 2)
    layer = Spiking(lq.neurons.lif, (3, 2, 2))
    spikes, state = layer(x)
    assert spikes.shape == x.shape
    assert state["v"].shape == (2, 3, 2, 2)
    flat = Spiking(lq.neurons.lif, 12, return_state=False)(x.reshape(20, 2, 12))
    assert torch.equal(flat.reshape(x.shape), spikes)
    turned, same = Spiking(lq.neurons.lif, batch_first=True)(x.transpose(0, 1))
    assert torch.equal(turned, spikes.transpose(0, 1))
    assert torch.equal(same["v"], state["v"])


def test_inside_nn_sequential():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(5, 8), Spiking(plain, scale=20, return_state=False),
        nn.Linear(8, 2), Spiking(plain, output="v", return_state=False),
    )  # fmt: skip
    out = net(torch.rand(15, 4, 5))
    out.mean().backward()
    assert out.shape == (15, 4, 2)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


@pytest.mark.parametrize("stateful", [False, True])
def test_three_batches_without_detach_or_reset(stateful):
    torch.manual_seed(0)
    linear, layer = nn.Linear(6, 10), Spiking(plain, stateful=stateful, learn="tau_m", scale=10)
    optimizer = torch.optim.SGD([*linear.parameters(), *layer.parameters()], lr=0.1)
    ends = []
    for _ in range(3):
        optimizer.zero_grad()
        spikes, state = layer(linear(torch.rand(12, 4, 6)))
        (spikes.mean() - 0.2).square().backward()
        optimizer.step()
        ends.append(state["v"])
    assert all(torch.isfinite(p).all() for p in [*linear.parameters(), *layer.parameters()])
    assert (layer.state is not None) == stateful
    if stateful:
        assert not layer.state["v"].requires_grad
        assert torch.equal(layer.state["v"], ends[-1])


def test_no_state_survives_a_call_unless_asked_for():
    x = torch.full((7, 1, 3), 0.9)
    forgetful, stateful = (Spiking(plain, stateful=s, output="v") for s in (False, True))
    first, _ = forgetful(x)
    again, _ = forgetful(x)
    assert torch.equal(first, again)
    halves = torch.cat([stateful(x[:3])[0], stateful(x[3:])[0]])
    assert torch.equal(halves, first)
    stateful.reset()
    assert torch.equal(stateful(x)[0], first)


def test_per_neuron_parameters():
    thresholds = np.array([-55.0, -50.0, -45.0])
    x = currents(600, 1, 3, 450.0, 200.0)
    layer = Spiking(lq.neurons.lif, 3, dt="0.1 ms", v_th=thresholds * mV)
    spikes, _ = layer(torch.from_numpy(x))
    expected, _ = simulated(lq.neurons.lif.with_(v_th=thresholds * mV), x, 0.1)
    np.testing.assert_array_equal(spikes[:, 0].numpy(), expected)
    assert Spiking(lq.neurons.lif.with_(v_th=thresholds * mV)).size == (3,)


def test_learned_parameters_give_the_same_numbers():
    x = torch.from_numpy(currents(400, 2, 3, 350.0, 300.0))
    learned = Spiking(
        lq.neurons.lif,
        3,
        dt="0.1 ms",
        learn={"c_m": "neuron", "g_l": "scalar", "v_th": "scalar"},
        dtype=F64,
        output="v",
    )
    fixed = Spiking(lq.neurons.lif, 3, dt="0.1 ms", output="v")
    torch.testing.assert_close(learned(x)[0], fixed(x)[0], rtol=1e-9, atol=1e-9)
    assert set(learned.raw) == {"c_m", "g_l", "v_th"}
    assert learned.raw["c_m"].shape == (3,)
    torch.testing.assert_close(learned.c_m, torch.full((3,), 200.0, dtype=F64))
    assert learned.model == learned.model.with_(c_m=learned.model.constants["c_m"].value * lq.units.pF)


def test_a_time_constant_stays_positive():
    layer = Spiking(plain, learn="tau_m")
    optimizer = torch.optim.SGD(layer.parameters(), lr=1e3)
    for _ in range(3):
        optimizer.zero_grad()
        (layer(torch.full((20, 1, 4), 0.9))[1]["v"].sum()).backward()
        optimizer.step()
        assert layer.tau_m > 0
    assert "learns tau_m (scalar, log)" in repr(layer)


def test_values_are_read_and_set_in_declared_units():
    layer = Spiking(lq.neurons.lif, learn="c_m")
    layer.c_m = 150.0
    assert layer.c_m.item() == pytest.approx(150.0)
    layer.v_th = "-0.048 volt"
    assert layer.v_th.item() == pytest.approx(-48.0)
    assert layer.model.constants["v_th"].value == -48.0
    with pytest.raises(TrainingError, match="'c_m' is 5000 pF, outside"):
        layer.c_m = 5000.0
    with pytest.raises(TrainingError, match="'c_m' of 'lif' is 0 pF, but it divides"):
        Spiking(lq.neurons.lif, c_m=0)
    with pytest.raises(AttributeError, match="tau_q"):
        layer.tau_q  # noqa: B018


def test_another_step_is_rescaled_by_the_equations():
    layer = Spiking(lq.neurons.lif, dt="1 ms", output="v", learn="c_m", dtype=F64)
    layer.c_m = 300.0
    fine = layer.at(0.5 * ms)
    assert fine.dt == 0.5
    assert layer.dt == 1.0
    x = torch.full((50, 1, 1), 150.0, dtype=F64)  # below threshold, where exact integration knows no step
    coarse, _ = layer(x)
    halves, _ = fine(x.repeat_interleave(2, dim=0))
    torch.testing.assert_close(halves[1::2], coarse, rtol=1e-12, atol=0)
    assert "dt=0.5 ms" in repr(fine)


def test_scale_and_units():
    x = torch.from_numpy(currents(100, 1, 2, 4.0, 2.0))
    base, _ = Spiking(lq.neurons.lif, output="v")(x * 100)
    for scale in (100, "100 pA", 0.1 * lq.units.nA):
        torch.testing.assert_close(Spiking(lq.neurons.lif, output="v", scale=scale)(x)[0], base, rtol=1e-12, atol=0)
    in_volts = lq.Neuron(
        "dv/dt = (r*i - v)/tau : volt\ni : nA (input)", threshold="v > v_th", reset="v = 0*mV",
        parameters=dict(r="10 Mohm", tau="10 ms", v_th="15 mV"),
    )  # fmt: skip
    volts, state = Spiking(in_volts, output="v")(torch.full((5, 1, 1), 1.0, dtype=F64))
    expected = 0.01 * (1 - np.exp(-np.arange(1, 6) / 10))
    np.testing.assert_allclose(volts[:, 0, 0].numpy(), expected, rtol=1e-9)
    assert float(state["v"]) == pytest.approx(1000 * expected[-1])  # states are in internal units, mV


def test_several_inputs_and_outputs():
    layer = Spiking(conductance_lif, input=("i_ext", "g_e"), output=("spikes", "v", "g_e"))
    x, g = torch.full((30, 2, 3), 100.0), torch.full((30, 2, 3), 1.0)
    (spikes, v, g_e), state = layer((x, g))
    assert spikes.shape == v.shape == g_e.shape == (30, 2, 3)
    assert torch.equal(state["g_e"], g_e[-1])
    alone, _ = Spiking(conductance_lif, input="g_e", output="v", i_ext="100 pA")(g)
    torch.testing.assert_close(alone, v)
    with pytest.raises(TrainingError, match="x has 1 tensors, but the inputs are i_ext, g_e"):
        layer(x)


def test_a_model_without_threshold_puts_out_its_first_state():
    leaky = lq.Neuron("dv/dt = (i - v)/tau : 1\ni : 1 (input)", parameters=dict(tau="10 ms"))
    out, _ = Spiking(leaky)(torch.ones(3, 1, 1, dtype=F64))
    np.testing.assert_allclose(out.ravel().numpy(), 1 - np.exp(-np.arange(1, 4) / 10), rtol=1e-12)


def test_algebraic_outputs_are_those_at_the_end_of_the_step():
    model = lq.Neuron(
        "dv/dt = -v/tau : 1\nrate = a*v**2 : 1\ni : 1 (input)", parameters=dict(tau="10 ms", a=3.0), initial=dict(v=1)
    )
    (v, rate), _ = Spiking(model, output=("v", "rate"))(torch.zeros(4, 1, 2))
    torch.testing.assert_close(rate, 3 * v**2)


def test_graded_spikes():
    model = plain.with_(output="2*v")
    x = torch.rand(30, 2, 4, dtype=F64, generator=torch.Generator().manual_seed(0)) * 6
    spikes, _ = Spiking(model)(x)
    plain_spikes, _ = Spiking(plain)(x)
    assert torch.equal(spikes > 0, plain_spikes > 0)
    assert (spikes[spikes > 0] > 2).all()


def test_noise_is_drawn_by_torch():
    model = lq.Neuron(
        "dv/dt = (i - v)/tau + sigma*sqrt(2/tau)*xi : 1\ni : 1 (input)", parameters=dict(tau="10 ms", sigma=0.5)
    )
    layer = Spiking(model, dt="1 ms")
    x = torch.zeros(400, 4, 500)
    torch.manual_seed(1)
    one, _ = layer(x)
    torch.manual_seed(1)
    two, _ = layer(x)
    assert torch.equal(one, two)
    assert not torch.equal(one, layer(x)[0])
    assert float(one[100:].std()) == pytest.approx(0.5, rel=0.03)


def test_checkpoints_change_nothing_but_memory():
    torch.manual_seed(0)
    x = torch.rand(23, 2, 5, dtype=F64) * 4
    gradients = []
    for checkpoint in (None, 5):
        layer = Spiking(plain, learn="tau_m", checkpoint=checkpoint, dtype=F64)
        inner = x.clone().requires_grad_()
        spikes, state = layer(inner)
        (spikes * torch.arange(23.0)[:, None, None]).sum().backward()
        gradients.append((inner.grad, layer.raw["tau_m"].grad, state["v"]))
    for a, b in zip(*gradients, strict=True):
        assert torch.equal(a, b)


# -- torch's own customs ---------------------------------------------------------------------------------------------


def test_state_dict():
    one, two = (Spiking(lq.neurons.lif, 4, learn={"c_m": "neuron"}, c_m=c) for c in (100.0, 300.0))
    assert list(one.state_dict()) == ["raw.c_m"]
    two.load_state_dict(one.state_dict())
    torch.testing.assert_close(two.c_m, torch.full((4,), 100.0))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_run_alike_and_apart(copied):
    layer = Spiking(lq.neurons.adex, learn=("tau_w", "c_m"), surrogate=train.Triangle(0.5), stateful=True)
    x = torch.from_numpy(currents(30, 2, 3, 900.0, 300.0)).float()
    layer(x)
    other = copied(layer)
    assert repr(other) == repr(layer)
    assert torch.equal(other(x)[0], layer(x)[0])
    with torch.no_grad():
        other.raw["tau_w"].add_(1.0)
    assert other.tau_w > layer.tau_w


def test_saved_by_torch():
    layer = Spiking(lq.neurons.lif, learn="c_m")
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    again = torch.load(file, weights_only=False)
    x = torch.from_numpy(currents(30, 1, 3, 500.0, 300.0)).float()
    assert torch.equal(again(x)[0], layer(x)[0])


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # by torch itself
def test_torch_compile_traces_the_whole_layer():
    layer = Spiking(lq.neurons.gif, learn=("c_m", "g_l"), dtype=F64)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = torch.from_numpy(currents(2, 2, 3, 2000.0, 500.0))
    found = []
    for run in (layer, compiled):
        torch.manual_seed(3)
        inner = x.clone().requires_grad_()
        spikes, state = run(inner)
        layer.zero_grad()
        (spikes.sum() + state["v"].mean()).backward()
        found.append((spikes.detach(), inner.grad, layer.raw["c_m"].grad.clone()))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_autocast_leaves_the_layer_in_float32():
    torch.manual_seed(0)
    linear, layer = nn.Linear(6, 10), Spiking(plain, scale=10)
    x = torch.rand(12, 4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        current = linear(x)
        assert current.dtype == torch.bfloat16
        spikes, state = layer(current)
    assert spikes.dtype == state["v"].dtype == torch.float32
    expected, _ = layer(current.detach().float())
    assert torch.equal(spikes.detach(), expected)
    spikes.sum().backward()
    assert linear.weight.grad.dtype == torch.float32


def _in_parallel():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 6), Spiking(plain, 6, learn={"tau_m": "neuron"}, scale=10, return_state=False))


def _replica(index, path, rank=1):
    torch.distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    net = _in_parallel()
    x = torch.rand(10, 4, 5, generator=torch.Generator().manual_seed(1))
    nn.parallel.DistributedDataParallel(net)(x[:, 2 * rank : 2 * rank + 2]).mean().backward()
    torch.distributed.destroy_process_group()
    return [p.grad for p in net.parameters()]


def _other_replica(index, path):
    """Be the second process, and end without the interpreter's tidying up.

    Threads of gloo outlive ``destroy_process_group`` (two ``pt_gloo_runloop``, also after a collection of garbage) and
    may still hold tensors; one that frees them while the interpreter ends asks for its lock and aborts the process
    (pytorch/pytorch#179291).
    """
    _replica(index, path)
    os._exit(0)


def test_two_processes_average_their_gradients(tmp_path):
    other = torch.multiprocessing.spawn(_other_replica, (str(tmp_path / "meet"),), nprocs=1, join=False)
    found = _replica(0, str(tmp_path / "meet"), rank=0)
    assert other.join()
    net = _in_parallel()
    net(torch.rand(10, 4, 5, generator=torch.Generator().manual_seed(1))).mean().backward()
    for parameter, gradient in zip(net.parameters(), found, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-5, atol=1e-8)


def test_repr_says_what_is_run():
    layer = Spiking(lq.neurons.adex, 10, dt="0.5 ms", surrogate=train.Triangle(0.5), detach_reset=True)
    assert repr(layer) == (
        "Spiking(adex, 10, dt=0.5 ms; scheme=euler; i_ext -> spikes; surrogate=Triangle(width=0.5); reset detached; "
        "backend torch: asked for)"
    )


OWN_NAMES = ("size", "state", "code", "described", "start", "half", "raw")


def named(name):
    return lq.Neuron(
        f"dv/dt = ({name}*i - v)/tau : 1\ni : 1 (input)", threshold="v > 1", reset="v = 0",
        parameters={name: 2.0, "tau": "10 ms"},
    )  # fmt: skip


@pytest.mark.parametrize("name", [*OWN_NAMES, "keys"])
def test_learned_parameters_with_a_name_that_a_layer_has_itself_are_refused(name):
    with pytest.raises(TrainingError, match=f"the parameter '{name}' of .* has the name of something else"):
        Spiking(named(name), 3, learn=name)


@pytest.mark.parametrize("name", OWN_NAMES)
def test_what_a_layer_has_itself_is_not_hidden_by_parameters(name):
    x = torch.rand(20, 2, 3)
    layer, plain = (Spiking(named(n), 3, stateful=True, learn="tau") for n in (name, "gain"))
    layer(x)
    plain(x)
    made = copy.deepcopy(layer).at("0.5 ms").at("1 ms")
    assert layer.size == made.size == (3,)
    assert made.model.constants[name].value == 2.0
    assert torch.equal(layer(x)[0], plain(x)[0])
    layer.reset()
    plain.reset()
    assert torch.equal(made(x)[0], plain(x)[0])
