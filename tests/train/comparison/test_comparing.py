"""Gradients of one network by several methods: what is compared, the numbers, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import lapicque as lq
from lapicque.errors import ModelError, TrainingError
from lapicque.model.calculus import gradients_of
from lapicque.train.comparison import Comparison, compare_gradients
from lapicque.train.comparison.methods import DELAYS, WEIGHTS, eprop_gradient, loss_of, surrogate_gradient
from lapicque.train.comparison.small_network import small_network

CONDUCTANCE = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g*(e_syn - v))/c_m : mV (unless refractory)
    dg/dt = -g/tau_g : nS
    """,
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref",
    parameters=dict(g_l="10 nS", e_l="-70 mV", e_syn="0 mV", c_m="200 pF", tau_g="5 ms", v_th="-50 mV",
                    v_reset="-65 mV", t_ref="2 ms"),
    initial=dict(v="e_l"), name="conductance_lif",
)  # fmt: skip


def made(neuron=lq.neurons.lif, into=None, factor=400.0):
    return small_network(neuron, into, 3, 2, 30.0, 0.5, 5.0, seed=4).scaled(factor)


# -- the network -----------------------------------------------------------------------------------------------------


def test_an_input_gets_a_current_that_spikes_add_to():
    small = made()
    assert (small.state, small.cell.variables["syn__i"].unit.name) == ("syn__i", "pA")
    assert small.learned == ("c_m", "g_l", "e_l", "v_th", "v_reset", "t_ref", "syn__tau")
    assert small.periods == ("t_ref",)


def test_a_state_that_threshold_and_reset_leave_alone_is_found():
    small = made(CONDUCTANCE)
    assert (small.cell, small.state) == (CONDUCTANCE, "g")
    assert made(CONDUCTANCE, into="v").state == "v"


def test_module_and_stack_are_the_same_network():
    """Without what comes back, which the layers delay otherwise, the spikes of both are the same."""
    small = made()
    small = replace(small, recurrent=0 * small.recurrent)
    surrogate = lq.train.ATan(2.0)
    with torch.no_grad():
        (_, spikes), _ = small.module(surrogate)(small.raster(-1))
        layers = list(small.stack(surrogate))
        again = layers[1](layers[0](small.raster(1)))[0]  # the module's inputs have a delay of a step
    assert spikes.sum() > 2
    assert torch.equal(spikes.nonzero(), again.nonzero())


def test_times_and_raster_are_the_same_spikes():
    small = made()
    steps = small.raster(0).nonzero()
    times = small.times[0][torch.isfinite(small.times[0])]
    assert len(steps) == len(times) == 9
    for step, _, n in steps.tolist():
        assert (small.times[0, n] == step * small.dt).any()


@pytest.mark.parametrize(("duration", "dt"), [(2.0, 0.1), (400.0, 20.0), (10.0, 0.5)])
def test_any_grid_has_spikes_of_inputs(duration, dt):
    small = small_network(lq.neurons.lif, None, 1, 1, duration, dt, 5.0, seed=1)
    (steps,) = small.steps
    assert 3 <= len(steps) == len(set(steps.tolist()))
    assert 2 <= steps.min() <= steps.max() < small.count


# -- methods that need no compiled kernels between events ------------------------------------------------------------


def test_surrogate_gradient_is_the_modules_own():
    small = made()
    module = small.module(lq.train.ATan(2.0))
    found, spikes = surrogate_gradient(small, module)
    (y, z), _ = module(small.raster(-1))
    (expected,) = torch.autograd.grad(loss_of(y, small.target), [module.raw["input->cells:w"]])
    assert spikes == int(z.sum()) > 0
    assert found[WEIGHTS[0]] == pytest.approx(expected.numpy().reshape(2, 3))
    assert found[WEIGHTS[0]].any()
    assert set(found) == {*WEIGHTS, *DELAYS, *(f"cells.{name}" for name in small.learned)}
    assert found["cells.t_ref"] == 0  # a grid counts whole steps


def test_eprop_gradient_of_the_readout_is_exact():
    """What the readout learns needs no approximation: it is the derivative of the loss of the layers."""
    small = made()
    surrogate = lq.train.ATan(2.0)
    found, _ = eprop_gradient(small, surrogate)
    net = small.stack(surrogate)
    y, _ = net(small.raster(0))
    (expected,) = torch.autograd.grad(loss_of(y, small.target), [net[2].weight])
    assert found[WEIGHTS[2]] == pytest.approx(expected.numpy(), rel=1e-9)
    assert found[WEIGHTS[0]].shape == (2, 3)


# -- what is found ---------------------------------------------------------------------------------------------------


def comparison(**changed):
    small = made()
    shapes = {**dict(zip(WEIGHTS, ((2, 3), (2, 2), (2, 2)), strict=True)), DELAYS[0]: (2, 3), DELAYS[1]: (2, 2)}
    shapes |= {f"cells.{name}": () for name in small.learned}
    random = np.random.default_rng(1)
    reference = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    gradients = {
        "differences": reference,
        "EventProp": {name: value * 1.5 for name, value in reference.items()},
        "surrogate": {name: -value for name, value in reference.items()},
        "e-prop": {name: value for name, value in reference.items() if name in WEIGHTS},
        "coarse differences": {name: -2 * reference[name] for name in WEIGHTS[:2]},
    }
    return Comparison(small, gradients | changed, {name: np.ones(shape) for name, shape in shapes.items()},
                      dict.fromkeys(gradients, 5), True, "0.05 ms", "ATan(alpha=2.0)", {}, (), gradients_of(small.cell),
                      "")  # fmt: skip


def test_cosine_and_error():
    for row in comparison().rows:
        assert row.found["EventProp"].cosine == pytest.approx(1)
        assert row.found["EventProp"].error == pytest.approx(0.5)
        assert row.found["surrogate"].cosine == pytest.approx(-1)
        assert row.found["surrogate"].error == pytest.approx(2)
        assert (row.found["e-prop"] is None) == ("weights" not in row.name)


def test_agreement_with_coarse_differences():
    inputs, recurrent = comparison().coarse_rows
    assert (inputs.count, recurrent.count) == (6, 4)
    assert inputs.found["surrogate"].cosine == pytest.approx(1)
    assert recurrent.found["EventProp"].cosine == pytest.approx(-1)
    assert recurrent.found["EventProp"].error == pytest.approx(1.75)


def test_differences_that_were_not_possible_are_left_out():
    made = comparison()
    broken = dict(made.gradients["differences"])
    broken[WEIGHTS[0]] = broken[WEIGHTS[0]].copy()
    broken[WEIGHTS[0]][0, 0] = np.nan
    row = comparison(differences=broken).rows[0]
    assert (row.name, row.count) == ("weights of the inputs", 5)
    assert row.found["EventProp"].error == pytest.approx(0.5)


def test_the_table_has_a_line_a_row_and_says_what_is_compared():
    found = comparison()
    lines = repr(found).splitlines()
    assert lines[0].startswith("Gradients of lif: 3 inputs, 2 neurons")
    assert any(line.startswith("all parameters") for line in lines)
    assert sum("1.000" in line for line in lines) == len(found.rows) + len(found.coarse_rows)


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neuron", "options", "message"),
    [
        (lq.Neuron("dv/dt = -v/ms : 1\ni : pA (input)", name="calm"), {}, "'calm' has no threshold"),
        (lq.neurons.lif, dict(into="i_exd"), "no input or state 'i_exd'; did you mean 'i_ext'"),
        (
            lq.Neuron("dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0", name="alone"),
            {},
            "'alone' has no input: say",
        ),
        (lq.neurons.lif, dict(size=0), "size is 0"),
        (lq.neurons.lif, dict(duration="2 ms"), "at least 20 steps"),
        (lq.neurons.lif, dict(dt="-1 ms"), "dt is '-1 ms': one positive time"),
    ],
)
def test_what_cannot_be_compared(neuron, options, message):
    with pytest.raises(TrainingError, match=message):
        compare_gradients(neuron, **options)


def test_what_has_no_gradient_is_refused_with_the_term():
    with pytest.raises(ModelError, match="is the hazard rate"):
        compare_gradients(lq.neurons.gif)


# -- with compiled kernels -------------------------------------------------------------------------------------------


@pytest.mark.crosscheck
@pytest.mark.parametrize(
    ("neuron", "error"),
    [(lq.neurons.lif, 1e-5), (lq.neurons.lif_adaptive, 1e-5), (CONDUCTANCE, 1e-3), (lq.neurons.adex, 1e-5)],
    ids=lambda x: getattr(x, "name", ""),
)
def test_eventprop_equals_central_differences(neuron, error):
    found = compare_gradients(neuron, inputs=3, size=3, seed=2)
    assert found.methods == ("EventProp", "surrogate", "e-prop")
    assert found.spikes["EventProp"] >= 6
    for row in found.rows:
        if row.length > 1e-9 and row.count:
            assert row.found["EventProp"].error < error, row


@pytest.mark.crosscheck
def test_silent_networks_are_told_with_the_remedy():
    deaf = lq.neurons.lif.with_(v_th="1000000000 mV")
    with pytest.raises(
        TrainingError, match=r"'lif' stays silent, .*: no spike with inputs of .* say what spikes act on"
    ):
        compare_gradients(deaf, inputs=2, size=2)
    with pytest.raises(TrainingError, match="'lif' stays silent with w = 1: no gradient; leave w out"):
        compare_gradients(deaf, inputs=2, size=2, w=1.0)
