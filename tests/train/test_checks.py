"""Bad input of layers: each is refused with its name and what to write instead."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import lapicque as lq
from lapicque import train
from lapicque.errors import LapicqueError, ModelError, TrainingError
from lapicque.train.reading import read_inputs, read_outputs, read_size, read_surrogates

plain = lq.Neuron(
    "dv/dt = (i - v)/tau_m : 1\ni : 1 (input)",
    threshold="v > v_th", reset="v = 0", parameters=dict(tau_m="10 ms", v_th=1.0), name="plain",
)  # fmt: skip
leaky = lq.Neuron("dv/dt = (i - v)/tau : 1\ni : 1 (input)", parameters=dict(tau="10 ms"), name="leaky")
random = lq.Neuron(
    "dv/dt = (i - v)/tau : 1\ni : 1 (input)",
    threshold="hazard(exp(v)/ms)", reset="v = 0", parameters=dict(tau="10 ms"), name="random",
)  # fmt: skip
doubled = lq.Neuron(
    "dv/dt = (i + j - v)/tau : 1\ni : 1 (input)\nj : 1 (input)", parameters=dict(tau="10 ms"), name="doubled"
)


def layer(model=plain, *arguments, **options):
    return train.Spiking(model, *arguments, backend="torch", **options)


def test_it_is_one_of_ours():
    assert issubclass(TrainingError, LapicqueError)
    assert issubclass(TrainingError, ValueError)


def test_without_torch_it_says_what_to_install():
    program = "import sys; sys.modules['torch'] = None; import lapicque as lq; lq.neurons.lif; lq.train.ATan"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "TrainingError: lapicque.train needs PyTorch: pip install 'lapicque[train]'" in run.stderr


def test_surrogates_and_models_do_not_load_torch():
    program = "import sys, lapicque as lq; lq.train.ATan(), lq.neurons.lif; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# -- what comes in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "shape", "message"),
    [
        (None, (5,), r"x has shape \(5,\), but \(time, batch, \*size\) is expected"),
        (4, (10, 4), r"but \(time, batch, 4\) is expected: is it a single sample\? x\.unsqueeze\(1\)"),
        (4, (10, 2, 4, 1), r"but \(time, batch, 4\) is expected"),
        (4, (10, 2, 5), "but the layer has 4 neurons"),
        (4, (10, 4, 2), "but the layer has 4 neurons.*: is the neurons' axis, of 4, the one at 1"),
        ((2, 3), (10, 2, 3, 2), r"but the layer has neurons of shape \(2, 3\)"),
        (None, (0, 2, 5), "there is nothing in it"),
    ],
)
def test_a_wrong_rank_or_size(size, shape, message):
    with pytest.raises(TrainingError, match=message):
        layer(plain, size)(torch.zeros(shape))


def test_a_batch_that_is_not_first():
    with pytest.raises(TrainingError, match=r"but \(batch, time, 4\) is expected: .* x\.unsqueeze\(0\)"):
        layer(plain, 4, batch_first=True)(torch.zeros(10, 4))


@pytest.mark.parametrize("batch_first", [False, True])
def test_batch_and_time_have_changed_places(batch_first):
    one = layer(plain, batch_first=batch_first)
    good, turned = torch.zeros(3, 20, 4), torch.zeros(20, 3, 4)
    if not batch_first:
        good, turned = turned, good
    _, state = one(good)
    hint = "leave out batch_first=True" if batch_first else "write batch_first=True"
    with pytest.raises(TrainingError, match=f"changed places, {hint}"):
        one(turned, state)


def test_a_state_of_another_batch():
    one = layer(stateful=True)
    one(torch.zeros(5, 4, 3))
    with pytest.raises(
        TrainingError, match=r"'v' is of a batch of 4, but x, of shape \(6, 2, 3\), has one of 2: start with"
    ):
        one(torch.zeros(6, 2, 3))
    one.reset()
    one(torch.zeros(6, 2, 3))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(3, 2, 4, dtype=torch.float16), "x is float16 on the CPU.*use float32, or bfloat16"),
        (torch.zeros(3, 2, 4, dtype=torch.complex64), "real numbers are expected"),
        ([1.0, 2.0], "x has 2 tensors, but the inputs are i"),
        ("x", "x is str, but a tensor is expected"),
    ],
)
def test_what_is_no_tensor_of_numbers(x, message):
    with pytest.raises(TrainingError, match=message):
        layer()(x)


@pytest.mark.parametrize("after", [lambda: lq.train.Linear(4, 2), layer, lambda: layer(doubled, input=("i", "j"))])
def test_a_state_that_goes_into_the_next_layer_is_named(after):
    with pytest.raises(
        TrainingError, match="the output of a layer and its state: make that layer with return_state=False"
    ):
        nn.Sequential(layer(), after())(torch.zeros(3, 2, 4))


def test_several_inputs_of_different_shapes():
    with pytest.raises(TrainingError, match="the inputs differ in shape"):
        layer(doubled, input=("i", "j"))((torch.zeros(3, 2, 4), torch.zeros(3, 2, 5)))


# -- what is no longer a number --------------------------------------------------------------------------------------


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, 4), layer(return_state=False), nn.Sequential(nn.Linear(4, 5), layer(leaky, return_state=False))
    )


def test_the_first_layer_with_nan_is_named():
    net, x = network(), torch.rand(6, 2, 3)
    with torch.no_grad():
        net[2][0].weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match=r"what comes into '2\.1' \(Spiking of 'leaky'\) is not a number in step 0"):
        net(x)
    x[4] = float("inf")
    with pytest.raises(TrainingError, match=r"what comes into '1' \(Spiking of 'plain'\) is not a number in step 4"):
        net(x)


def test_a_layer_that_explodes_is_named():
    explosive = lq.Neuron("dv/dt = v**3/ms + i/ms : 1\ni : 1 (input)", name="explosive")
    with pytest.raises(TrainingError, match=r"'v' of Spiking of 'explosive' is no longer a number: the scheme euler"):
        layer(explosive)(torch.full((30, 1, 2), 10.0))


def test_a_gradient_that_is_nan_when_it_arrives():
    net = network()
    out = net(torch.rand(6, 2, 3))
    loss = (out - out.detach()).sqrt().sum()  # 0 with a slope of infinity
    with pytest.raises(
        TrainingError, match=r"the gradient that arrives at '2\.1' \(Spiking of 'leaky'\) is not a number"
    ):
        loss.backward()


def test_a_gradient_that_leaves_as_nan():
    steep = lq.Neuron("dv/dt = (sqrt(i) - v)/(5*ms) : 1\ni : 1 (input)", name="steep")
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), layer(steep, return_state=False))
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].bias.fill_(0.0)
    out = net(torch.rand(6, 2, 3))
    with pytest.raises(
        TrainingError, match=r"the gradient that leaves '2' \(Spiking of 'steep'\) is no longer a number"
    ):
        out.sum().backward()


# -- what is asked for -----------------------------------------------------------------------------------------------


def test_a_surrogate_without_a_threshold():
    with pytest.raises(TrainingError, match="'leaky' has no threshold, so that a surrogate gradient has no place"):
        layer(leaky, surrogate=train.ATan())


@pytest.mark.parametrize(
    ("model", "surrogate", "message"),
    [
        (plain, "atan", r"surrogate is 'atan'.*such as ATan\(2\.0\)"),
        (plain, train.ATan, r"surrogate is a class: write ATan\(\)"),
        (plain, {"spik": train.ATan()}, "'spik' is no event of 'plain'; did you mean 'spike'"),
        (plain, train.ScoreFunction(), "'spike' of 'plain' is not drawn at random"),
        (random, train.ATan(), "'spike' of 'random' is a hazard, drawn at random"),
        (random, train.Smooth(), "'spike' of 'random' is a hazard"),
    ],
)
def test_surrogates_that_do_not_fit(model, surrogate, message):
    with pytest.raises(TrainingError, match=message):
        read_surrogates(model, surrogate)


def test_surrogates_of_several_events():
    both = lq.Neuron(
        "dv/dt = (i - v)/tau : 1\ni : 1 (input)", threshold="v > 1", reset="v = 0", parameters=dict(tau="10 ms"),
        events={"burst": lq.Event("hazard(v/ms)", "v = 0.5"), "plateau": lq.Event("v > 2", "v = 1")},
    )  # fmt: skip
    found, smooth = read_surrogates(both, train.Triangle(0.5))
    assert found == {"spike": train.Triangle(0.5), "burst": train.StraightThrough(), "plateau": train.Triangle(0.5)}
    assert not smooth
    assert read_surrogates(both, {"plateau": train.ATan(5.0)})[0]["spike"] == train.ATan()
    with pytest.raises(TrainingError, match=r"Smooth\(\) is for all events"):
        read_surrogates(both, train.Smooth())
    assert read_surrogates(plain, train.Smooth())[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(dt=0), "dt is 0: one positive time"),
        (dict(dt=[1, 2]), "one positive time"),
        (dict(size=0), "size is 0: a number of neurons"),
        (dict(size=True), "size is True"),
        (dict(size=(3, "x")), "a number of neurons, or their shape"),
        (dict(scale=0), "scale is 0"),
        (dict(scale="3 mV"), "scale is declared as"),
        (dict(input="u"), "'u' is neither an input nor a state of 'plain'"),
        (dict(input=("i", "i")), "several different ones"),
        (dict(output="spike"), "'spike' is no output of 'plain'; did you mean 'spikes'"),
        (dict(output=()), "several different ones"),
        (dict(output="log_likelihood"), "only a hazard has a likelihood"),
        (dict(tau_m="-5 ms"), "'tau_m' of 'plain' is -5 ms: it cannot be negative"),
        (dict(tau_n="5 ms"), "'tau_n' is no parameter of the model; did you mean 'tau_m'"),
        (dict(i=3), "'i' is what x is"),
        (dict(threshold_scale=-1), "threshold_scale is -1: a positive quantity"),
        (dict(threshold_scale={"spik": 1}), "'spik' is no event with a guard"),
        (dict(learn="v"), "'v' is no parameter of 'plain', so that it cannot be learned"),
        (dict(bounds={"tau": (1, 2)}), "'tau' is no parameter of 'plain'"),
        (dict(learn="tau_m", bounds={"tau_m": ("20 ms", "50 ms")}), "'tau_m' is 10 ms, outside"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises((TrainingError, ModelError), match=message):
        layer(plain, **options)


def test_what_is_no_model():
    with pytest.raises(TrainingError, match=r"not 'lif': write lapicque\.neurons\.lif"):
        train.Spiking("lif")


def test_a_backend_that_does_not_exist():
    with pytest.raises(TrainingError, match="backend is 'cuda': one of 'auto'"):
        train.Spiking(plain, backend="cuda")


def test_readings():
    assert read_inputs(plain, None) == ("i",)
    assert read_outputs(leaky, None) == ("v",)
    assert read_size((2, 3), plain, {}) == (2, 3)
    with pytest.raises(TrainingError, match=r"has 2 inputs: say which x is, input= one of 'i', 'j'"):
        read_inputs(doubled, None)
    with pytest.raises(TrainingError, match="'leaky' has no threshold, so that it has no spikes: output= one of v"):
        read_outputs(leaky, "spikes")
    with pytest.raises(TrainingError, match="'v_th' has 3 values, but the layer has 2 neurons"):
        read_size(2, plain.with_(v_th=[1.0, 2.0, 3.0]), {})
    silent = lq.Neuron("dv/dt = -v/tau : 1", parameters=dict(tau="5 ms"), name="silent")
    with pytest.raises(TrainingError, match="'silent' has no input: say which x is, input= one of 'v'"):
        read_inputs(silent, None)


def test_a_model_that_numbers_its_neurons_needs_a_size():
    numbered = lq.Neuron("dv/dt = (i_ext - v*(i + 1))/tau : 1\ni_ext : 1 (input)", parameters=dict(tau="5 ms"))
    with pytest.raises(TrainingError, match="reads i or N, so that the layer's size is needed"):
        layer(numbered)
    v, _ = layer(numbered, 3)(torch.ones(50, 1, 3, dtype=torch.float64))
    torch.testing.assert_close(v[-1, 0], 1 / torch.arange(1.0, 4.0, dtype=torch.float64), rtol=1e-3, atol=0)


def test_a_threshold_without_a_scale():
    unmoved = plain.with_(reset="")
    with pytest.raises(ModelError, match="give threshold_scale="):
        layer(unmoved)
    assert layer(unmoved, threshold_scale=2.0)(torch.ones(3, 1, 2))[0].shape == (3, 1, 2)


def test_what_has_no_gradient_cannot_be_learned():
    with pytest.raises(TrainingError, match=r"'t_ref' of 'lif' has no gradient.*counts whole steps"):
        layer(lq.neurons.lif, learn="t_ref")
    gated = plain.with_(threshold="v > v_th and v < v_high", parameters=dict(tau_m="10 ms", v_th=1.0, v_high=5.0))
    layer(gated, learn=("tau_m", "v_th"))
    with pytest.raises(TrainingError, match="'v_high' of 'plain' has no gradient"):
        layer(gated, learn="v_high")
    started = plain.with_(initial=dict(v="v_0"), parameters=dict(tau_m="10 ms", v_th=1.0, v_0=0.5))
    layer(started, learn="v_0")


@pytest.mark.parametrize("checkpoint", [0, -3, 2.5, True])
def test_a_checkpoint_is_a_number_of_steps(checkpoint):
    with pytest.raises(TrainingError, match="a number of steps, 1 or more"):
        layer(checkpoint=checkpoint)


def test_what_is_learned_are_names():
    with pytest.raises(TrainingError, match="learn is 5: names"):
        layer(learn=5)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8])
def test_spikes_that_are_no_floats_are_refused_before_the_product(dtype):
    with pytest.raises(TrainingError, match=r"what comes into Linear is torch\.\w+, the weights .* x\.float\(\)"):
        train.Linear(3, 2)(torch.ones(5, 2, 3).to(dtype))
    with pytest.raises(TrainingError, match=r"Linear.* x\.float\(\)"):
        train.Sequential(train.Linear(3, 2), layer(return_state=True))(torch.ones(5, 2, 3).to(dtype))
