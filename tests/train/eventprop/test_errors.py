"""What has no gradient through events is refused before the run, by name; what a gradient does not say is told."""

import math

import pytest
import torch

import lapicque as lq
from lapicque.errors import LapicqueNotice, SimulationError, TrainingError
from lapicque.units import Hz, ms

LEAK = "dv/dt = -v/(10*ms) : 1"


def cell(equations=LEAK, threshold="v > 1", reset="v = 0", **options):
    return lq.Neuron(equations, threshold=threshold, reset=reset, name="cell", **options)


def net(neuron, on_pre="v_post += w", *, synapse=None, outputs=("cells",), learn=(), extend=None, **options):
    made = lq.Network()
    source = made.spikes([[], []], name="input")
    cells = made.population(neuron, 2, name="cells")
    made.connect(source, cells, synapse or lq.Synapse("w : 1", on_pre=on_pre), w=1.0, name="wires")
    if extend is not None:
        extend(made, cells)
    return lq.train.Module(made, ["input"], list(outputs), list(learn), **options)


def stack(*layers):
    return torch.nn.Sequential(*layers)


def linear(bias=False):
    return lq.train.Linear(2, 2, bias=bias)


SCALE = dict(threshold_scale={"cells.spike": 1.0})
PLASTIC = lq.Synapse("w : 1\ndx/dt = -x/(20*ms) : 1", on_pre="v_post += w; x += 1", on_post="w += 0.1*x")
NO_GRADIENT = [
    (dict(neuron=cell("dv/dt = (sin(t/ms) - v)/(10*ms) : 1")), "dv/dt reads the time t.*'dclock/dt = 1 : second'"),
    (dict(neuron=cell(threshold="v > 1 + t/(9*ms)"), **SCALE), "the threshold of 'spike' reads the time t"),
    (dict(neuron=cell(reset="v = -t/(9*ms)"), **SCALE), "the reset of v at 'spike' reads the time t"),
    (dict(neuron=cell("dv/dt = -v/(10*ms) + xi*sqrt(1/ms) : 1")), "white noise xi.* leave the noise out"),
    (dict(neuron=cell("dv/dt = (rand() - v)/(10*ms) : 1")), r"draws a random number \(rand\(\)\)"),
    (dict(neuron=cell(reset="v = randn()"), **SCALE), r"reset of v at 'spike' draws a random number \(randn\(\)\)"),
    (dict(neuron=cell("v[n+1] = 0.9*v : 1")), r"v\[n\+1\] = 0.9\*v is a map"),
    (dict(neuron=cell(threshold="hazard(exp(v)/(9*ms))")), "hazard rate"),
    (dict(neuron=cell(f"{LEAK}\ndw/dt = -w/(9*ms) : 1", "v > 1 and w < 1")), "the further condition w < 1"),
    (dict(neuron=cell(refractory="v > 0.5")), "ends with the condition v > 0.5, not after a time"),
    (dict(neuron=cell(f"{LEAK}\ndw/dt = -w/(9*ms) : second", refractory="w")), "depends on w"),
    (dict(neuron=cell(threshold="floor(v) > 1")), r"the threshold of 'spike' .* the term floor\(v\)"),
    (dict(neuron=cell(threshold="where(v > 0.5, v, 0) > 1")), r"the term where\(v > 0.5, v, 0\)"),
    (dict(neuron=cell(reset="v = abs(v) - 1")), r"the reset of v at 'spike' .* the term Abs\(v\)"),
    (dict(neuron=cell("dv/dt = (floor(v) - v)/(10*ms) : 1")), "dv/dt jumps where v passes some value"),
    (dict(neuron=cell(f"{LEAK}\nk : 1", "k > 1", parameters={"k": 0.5}), **SCALE), "reads no state"),
    (dict(neuron=cell("dv/dt = (floor(k) - v)/(10*ms) : 1\nk : 1", parameters={"k": 1.5}), learn=["cells.k"]),
     r"k is learned, but read in steps, with the term floor\(k\)"),
    (dict(neuron=cell(f"{LEAK}\nk : 1", reset="v = -floor(k)", parameters={"k": 1.5}), learn=["cells.k"], **SCALE),
     r"k is learned, but read in steps"),
    (dict(neuron=cell(events={"up": lq.Event("v > 0.5", "v = 0.7")}),
          threshold_scale={"cells.up": 1.0}), "the event 'up': gradients through events are for spikes alone"),
    (dict(neuron=cell(), on_pre="v_post += rand()*w"), r"'wires' \(pre\) draws random numbers"),
    (dict(neuron=cell(), on_pre="v_post += w*t/ms"), r"'wires' \(pre\) reads 't'"),
    (dict(neuron=cell(), synapse=PLASTIC), r"the synapses of 'wires' have states of their own \(w, x\)"),
    (dict(neuron=cell(), synapse=lq.Synapse("w : 1", on_pre="v_post += w", on_post="v_post -= w")),
     r"'wires' \(post\) runs at other events"),
    (dict(neuron=cell(), extend=lambda net, cells: net.stimulate(cells, "v", lq.stimuli.poisson(8 * Hz, w=0.1))),
     r"'cells' is driven by Poisson spikes.* a list of spikes, net\.spikes\("),
    (dict(neuron=cell("dv/dt = (i - v)/(10*ms) : 1\ni : 1 (input)"),
          extend=lambda net, cells: net.stimulate(cells, "i", lq.stimuli.callable(lambda t: t))),
     "'cells' is driven by a Python function of time.* give an array"),
    (dict(neuron=cell("dv/dt = (m - 2*v)/(10*ms) : 1\nm = mean(v) : 1 (shared)")),
     r"'cells' reads mean\(\) over its neurons"),
    (dict(neuron=cell(), outputs=("cells.v",)), "'cells.v' is a variable: say when it is read"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "message"), NO_GRADIENT, ids=[str(n) for n in range(len(NO_GRADIENT))])
def test_what_has_no_gradient_is_refused(made, message):
    with pytest.raises(TrainingError, match=message):
        lq.train.EventProp(net(**made), "20 ms")


STACKS = [
    (lambda: 3, "a Module or a stack of layers is expected, not int"),
    (lambda: stack(), "a stack ends with neurons"),
    (lambda: stack(linear(), linear()), "'1' is the second linear map before neurons"),
    (lambda: stack(linear(bias=True), lq.train.Spiking(cell(), input="v")), "'0' has a bias"),
    (lambda: stack(linear(), lq.train.Spiking(cell(), 3, input="v")),
     "'1' has 3 neurons, but the linear map before it 2 outputs"),
    (lambda: stack(linear(), lq.train.Spiking(cell(), input="v"), lq.train.Linear(3, 2, bias=False),
                   lq.train.Spiking(cell(), input="v")),
     "the linear map before '3' takes 3 inputs, but the layer before it has 2 neurons"),
    (lambda: stack(linear(), torch.nn.ReLU(), lq.train.Spiking(cell(), input="v")), r"'1' \(ReLU\) is neither"),
    (lambda: stack(lq.train.Spiking(cell(), 2, input="v")), "'0' has no linear map before it"),
    (lambda: stack(linear(), lq.train.Spiking(cell(), input="v"), linear()), "a stack ends with neurons"),
    (lambda: stack(linear(), lq.train.Spiking(cell("dv/dt = (i - v)/(10*ms) : 1\ni : 1 (input)"), input="i")),
     "what comes into '1' is 'i', a current for a step"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), STACKS, ids=[str(n) for n in range(len(STACKS))])
def test_layers_without_events_are_refused(make, message):
    with pytest.raises(TrainingError, match=message):
        lq.train.EventProp(make(), "20 ms")


OPTIONS = [
    (dict(duration=-1 * ms), "duration is .* one positive time is expected"),
    (dict(step="0 ms"), "step is '0 ms'"),
    (dict(every="30 ms"), "every is 30 ms, but a trial lasts 20 ms"),
    (dict(longest=math.inf * ms), "longest is"),
    (dict(threads=0), "threads is 0: a whole number from 1 on"),
    (dict(threads=1.5), "threads is 1.5"),
    (dict(activity=lq.train.Activity("cell")), "there is no population 'cell'; did you mean 'cells'"),
]


@pytest.mark.parametrize(("options", "message"), OPTIONS, ids=[next(iter(o)) for o, _ in OPTIONS])
def test_impossible_options(options, message):
    with pytest.raises(TrainingError, match=message):
        lq.train.EventProp(net(cell()), **{"duration": "20 ms", **options})


def test_impossible_activity():
    with pytest.raises(TrainingError, match="low is 3 and high 1"):
        lq.train.Activity("cells", low=3, high=1)
    with pytest.raises(TrainingError, match="strength is nan"):
        lq.train.Activity("cells", strength=math.nan)


# -- what is given to a net --------------------------------------------------------------------------------------------

GIVEN = [
    ((), "the net has 1 inputs, .'input'., but 0 tensors are given"),
    ((torch.zeros(1, 4, 1), torch.zeros(1, 4, 1)), "but 2 tensors are given"),
    (([[1.0]],), "'input' is list, but a tensor"),
    ((torch.zeros(4, 1),), r"'input' has shape \(4, 1\), but a tensor \(batch, neuron, k\)"),
    ((torch.zeros(1, 3, 1),), "'input' is of 3 neurons, but 4 are expected"),
    ((torch.full((1, 4, 1), torch.nan),), "values that are no numbers"),
    ((torch.full((1, 4, 1), -0.5),), "spikes at negative times"),
]


@pytest.mark.parametrize(("given", "message"), GIVEN, ids=[str(n) for n in range(len(GIVEN))])
def test_impossible_spikes(lif_net, given, message):
    with pytest.raises(TrainingError, match=message):
        lif_net(*given)


def test_impossible_batch(lif_net):
    with pytest.raises(TrainingError, match="batch is 3, but the inputs are of 2 trials"):
        lif_net(torch.zeros(2, 4, 1), batch=3)


def test_second_derivatives(cases, lif_net):
    v = lif_net(cases.spikes())[1]
    with pytest.raises(TrainingError, match="gradients through events have no gradients of their own"):
        torch.autograd.grad(v.sum(), lif_net.net.raw["input_0:w"], create_graph=True)


def test_negative_delay(cases, lif_net):
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], bounds={"cells_0.delay": (None, None)})
    with torch.no_grad():
        made.raw["cells_0:delay"][4] = -0.25
    with pytest.raises(TrainingError, match=r"the delay of synapse 4 of 'cells_0' is -0\.25 ms: delays are 0 or more"):
        lq.train.EventProp(made, "25 ms", every="5 ms")(torch.zeros(1, 4, 1))


def test_states_that_are_no_numbers(cases, lif_net):
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)])
    with torch.no_grad():
        made.raw["input_0:w"][0] = torch.nan
    with pytest.raises(SimulationError, match="neuron 0 of 'cells', trial 0, has states that are no longer numbers"):
        lq.train.EventProp(made, "25 ms", every="5 ms")(torch.full((1, 4, 1), 2.0))


# -- what is told ------------------------------------------------------------------------------------------------------


def test_a_spike_that_grazes_its_threshold_is_told(cases, lif_net):
    """A current that barely suffices: the margin has hardly a slope where it crosses."""
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], inputs=1, size=1)
    net = lq.train.EventProp(made, "25 ms", every="25 ms", longest="20 ms")
    given = torch.tensor([[[1.0]]])

    def peaks(w):
        with torch.no_grad():
            made.raw["input_0:w"][0] = w
            return net(given)[0].shape[2] > 0

    low, high = 0.0, 20.0
    for _ in range(45):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if peaks(middle) else (middle, high)
    assert peaks(high)
    times, _ = net(given)
    with pytest.warns(LapicqueNotice, match=r"neuron 0 of 'cells' grazes its threshold at \d.*trial 0.*\(longest=\)"):
        times[0, 0, 0].backward()
    ((trial, population, neuron, time),) = net.grazed
    assert (trial, population, neuron, time) == (0, "cells", 0, pytest.approx(times[0, 0, 0].item()))
    # the time moves by at most `longest` for a margin that moves by the scale of the threshold, v_th - v_reset
    assert made.raw["cells:v_th"].grad.item() == pytest.approx(20.0 / 1.1)
    with torch.no_grad():
        made.raw["input_0:w"][0] = 2 * high
    net(given)[0][0, 0, 0].backward()
    assert net.grazed == []


def test_a_silent_net_is_told(cases):
    cell = lq.Neuron(  # that of the documentation, whose kernel is compiled anyway
        "dv/dt = (i_syn - v)/(20*ms) : 1\ndi_syn/dt = -i_syn/(5*ms) : 1", threshold="v > 1", reset="v = 0"
    )
    layers = stack(linear(), lq.train.Spiking(cell, input="i_syn", dt="1 ms"))
    torch.nn.init.constant_(layers[0].weight, 0.01)
    times = lq.train.EventProp(layers, "25 ms")(cases.spikes(inputs=2))
    assert times.shape == (3, 2, 0)
    with pytest.warns(LapicqueNotice, match="is silent in all 3 trials.*activity=lq.train.Activity"):
        times.sum().backward()
    assert not layers[0].weight.grad.any()


def test_a_refractory_period_of_nothing_and_a_reset_above_the_threshold(cases, lif_net):
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], bounds={"cells.t_ref": (None, None)})
    with torch.no_grad():
        made.raw["cells:v_reset"].fill_(1.5)
        made.raw["cells:t_ref"].fill_(0.0)
    with pytest.raises(SimulationError, match=r"spikes again and again at .*Give it a refractory period"):
        lq.train.EventProp(made, "25 ms", every="5 ms")(cases.spikes())
