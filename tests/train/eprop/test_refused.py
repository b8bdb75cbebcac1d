"""What cannot be learned by e-prop is refused, with what to write instead."""

import pytest
import torch

import lapicque as lq
from lapicque import train
from lapicque.errors import TrainingError
from lapicque.train import eprop

from .conftest import F64, data, leaky, lif, network

quadratic = lq.Neuron("dy/dt = (y*y - y)/tau : 1\n", parameters=dict(tau="10 ms"), name="quadratic")


def layers(**options):
    return [train.Linear(5, 6), train.Recurrent(lif, 6, backend="torch", **options), train.Linear(6, 2)]


NETWORKS = {
    "another order": (
        lambda: layers()[1:] + layers()[:1],
        "e-prop learns Linear, then Recurrent.*not Recurrent, Linear",
    ),
    "too little": (lambda: layers()[:2], "not Linear, Recurrent$"),
    "no network": (lambda: 3, "a Sequential of these is expected, not int"),
    "one to one": (lambda: layers(kind="one_to_one"), "kind='all_to_all'"),
    "batch first": (lambda: layers(batch_first=True), "batch first"),
    "another size": (lambda: [*layers()[:2], train.Linear(7, 2)], r"weights for 7 neurons, but 6.*Linear\(6, 2\)"),
    "no spikes": (
        lambda: [train.Linear(5, 6), train.Spiking(lif, 6, output="v", backend="torch"), train.Linear(6, 2)],
        "put out 'v' first: output='spikes'",
    ),
    "a readout that spikes": (lambda: [*layers(), train.Spiking(lif, 2, backend="torch")], "the readout spikes"),
    "a readout that is not linear": (
        lambda: [*layers(), train.Spiking(quadratic, 2, input="y", backend="torch")],
        "its y is no linear filter",
    ),
    "readouts that differ": (
        lambda: [*layers(), train.Spiking(leaky.with_(tau_out=[10.0, 20.0]), 2, backend="torch")],
        "the same for all of its neurons",
    ),
}


@pytest.mark.parametrize(("make", "message"), NETWORKS.values(), ids=NETWORKS)
def test_networks(make, message):
    with pytest.raises(TrainingError, match=message):
        train.EProp(make())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(loss=eprop.SquaredError), r"an object such as train.eprop.SquaredError\(\)"),
        (dict(feedback="random"), r"an object such as train.eprop.Symmetric\(\)"),
        (dict(rate=10.0), "RateTarget"),
        (dict(chunk=0), "a positive number of steps"),
        (dict(backend="numba"), "'auto', 'fused', 'torch'"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_options(options, message):
    with pytest.raises(TrainingError, match=message):
        train.EProp(network(lif), **options)


INPUTS = {
    "no tensor": (lambda x, y: ([1.0], y, None), "x is list"),
    "another width": (lambda x, y: (x[..., :3], y, None), r"\(40, 3, 3\), but \(time, batch, 5\)"),
    "nothing": (lambda x, y: (x[:0], y, None), r"\(0, 3, 5\)"),
    "a target of another length": (lambda x, y: (x, y[:7], None), r"\(7, 3, 2\), but \(40, 3, 2\)"),
    "another mask": (lambda x, y: (x, y, torch.ones(40)), "the mask has shape"),
    "no number": (
        lambda x, y: (x.index_fill(0, torch.tensor(33), float("nan")), y, None),
        "x is nan in step 33, sample 0",
    ),
}


@pytest.mark.parametrize(("make", "message"), INPUTS.values(), ids=INPUTS)
def test_inputs(make, message):
    net = network(lif)
    x, target, mask = make(*data(net))
    with pytest.raises(TrainingError, match=message):
        train.EProp(net, backend="torch").gradients(x, target, mask)


def test_masks_that_leave_nothing():
    net = network(lif)
    with pytest.raises(TrainingError, match="leaves no step"):
        train.EProp(net, average=True, backend="torch").gradients(*data(net), torch.zeros(40, 3))


def test_classes_that_are_none():
    net = network(lif, outputs=3)
    x, _ = data(net)
    learner = train.EProp(net, loss=eprop.CrossEntropy(), backend="torch")
    with pytest.raises(TrainingError, match=r"classes 0 .. 3, but the 3 outputs are those of 0 .. 2"):
        learner.gradients(x, torch.tensor([0, 3, 1]))
    with pytest.raises(TrainingError, match=r"target.long\(\)"):
        learner.gradients(x, torch.tensor([0.0, 1.0, 2.0]))


def test_states_of_other_samples():
    net = network(lif)
    x, target = data(net)
    learner = train.EProp(net, backend="torch")
    state = learner.gradients(x, target, keep=True).state
    with pytest.raises(TrainingError, match="the state is of 3 samples, but x has 2"):
        learner.gradients(x[:, :2], target[:, :2], state=state)
    with pytest.raises(TrainingError, match="state is dict"):
        learner.gradients(x, target, state={})


def test_kernels_that_there_are_none_of():
    net = network(lif).to(torch.bfloat16)
    learner = train.EProp(net, backend="fused")
    with pytest.raises(TrainingError, match=r"not for torch\.bfloat16 on cpu: backend='torch'"):
        learner.gradients(torch.ones(3, 1, 5), torch.zeros(3, 1, 2))


def test_strategies_check_their_numbers():
    for make, message in (
        (lambda: eprop.Random(scale=0), "Random: scale"),
        (lambda: eprop.Adaptive(decay=1.0), "Adaptive: decay"),
        (lambda: eprop.RateTarget("-1 Hz"), "RateTarget: rate"),
        (lambda: eprop.RateTarget("1 Hz", strength=0), "RateTarget: strength"),
    ):
        with pytest.raises(TrainingError, match=message):
            make()


def test_what_is_learned_is_told():
    net = network(lif, detach_reset="v")
    assert train.EProp(net).eligibility.shared
    assert net[0].weight.dtype == F64
