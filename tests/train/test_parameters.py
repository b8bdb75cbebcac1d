"""Learned parameters: coordinates and their domains."""

from math import inf

import numpy as np
import pytest
import torch

import lapicque as lq
from lapicque import train
from lapicque.errors import ModelError, TrainingError
from lapicque.train.parameters import Domain, check_constants, domain_of, read_learn
from lapicque.units import parse_unit

MS, MV = parse_unit("ms"), parse_unit("mV")


@pytest.mark.parametrize(
    ("domain", "coordinate"),
    [(Domain(), "plain"), (Domain(0.0), "log"), (Domain(high=-50.0), "log"), (Domain(5.0, 100.0), "logit")],
)
def test_a_coordinate_is_any_number_and_its_value_in_the_domain(domain, coordinate):
    assert domain.coordinate == coordinate
    raw = torch.linspace(-30.0, 30.0, 61, dtype=torch.float64)
    value = domain.value(raw)
    assert ((value >= domain.low) & (value <= domain.high)).all()
    assert (value.diff() >= 0).all()
    inner = torch.linspace(-5.0, 5.0, 11, dtype=torch.float64)
    torch.testing.assert_close(domain.raw(domain.value(inner)), inner, rtol=1e-12, atol=1e-12)


def test_the_domain_comes_from_bounds_then_range_then_dimension():
    ranges = {"tau": ("1 ms", "1 second")}
    assert domain_of("tau", MS) == Domain(0.0)
    assert domain_of("v_th", MV) == Domain()
    assert domain_of("tau", MS, ranges) == Domain(1.0, 1000.0)
    assert domain_of("tau", MS, ranges, {"tau": (2, None)}) == Domain(2.0, inf)
    assert domain_of("tau", MS, ranges, {"tau": None}) == Domain()


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"tau": (5, 5)}, "'tau' is to lie between 5 and 5"),
        ({"tau": 5}, r"'tau' needs \(low, high\)"),
        ({"tau": (1, 2, 3)}, r"'tau' needs \(low, high\)"),
    ],
)
def test_impossible_bounds(bounds, message):
    with pytest.raises(TrainingError, match=message):
        domain_of("tau", MS, bounds=bounds)


def test_bounds_of_another_dimension():
    with pytest.raises(ModelError, match="the bound of 'tau' is declared as a time"):
        domain_of("tau", MS, bounds={"tau": ("5 mV", "10 mV")})


def test_what_is_learned():
    found = read_learn(lq.neurons.lif, {"c_m": "neuron", "v_th": "scalar"}, (3, 2))
    assert found["c_m"].shape == (3, 2)
    assert found["c_m"].domain == Domain(5.0, 1000.0)
    assert found["v_th"].shape == ()
    assert list(read_learn(lq.neurons.lif, "c_m", None)) == ["c_m"]
    per_neuron = lq.neurons.lif.with_(v_th=[-50.0, -48.0])
    assert read_learn(per_neuron, ["v_th"], (2,))["v_th"].scope == "neuron"


def test_a_start_is_the_value_itself():
    learned = read_learn(lq.neurons.lif, {"c_m": "neuron", "g_l": "scalar"}, (4,), {"g_l": (0, None)})
    values = np.array([100.0, 200.0, 300.0, 400.0])
    raw = learned["c_m"].start(values, torch.float64)
    np.testing.assert_allclose(learned["c_m"].internal(raw).numpy(), values, rtol=1e-12)
    assert learned["g_l"].start(10.0).dtype == torch.float32
    assert float(learned["g_l"].start(10.0)) == pytest.approx(np.log(10.0))


def test_internal_values_are_in_internal_units():
    neuron = lq.Neuron("dv/dt = -v/tau : volt", parameters=dict(tau="0.02 second"))
    learned = read_learn(neuron, "tau", None)["tau"]
    raw = learned.start(neuron.constants["tau"].value, torch.float64)
    assert float(learned.internal(raw)) == pytest.approx(20.0, rel=1e-12)


@pytest.mark.parametrize(
    ("learn", "size", "message"),
    [
        ("tau_n", None, "'tau_n' is no parameter of 'lif'"),
        ({"c_m": "layer"}, None, "'c_m' is 'layer', but one of 'scalar', 'neuron'"),
        ({"c_m": "neuron"}, None, "'c_m' has one value a neuron.*give size="),
    ],
)
def test_what_cannot_be_learned(learn, size, message):
    with pytest.raises(TrainingError, match=message):
        read_learn(lq.neurons.lif, learn, size)


def test_one_value_for_what_has_many():
    with pytest.raises(TrainingError, match=r"learn=dict\(v_th='neuron'\)"):
        read_learn(lq.neurons.lif.with_(v_th=[-50.0, -48.0]), {"v_th": "scalar"}, (2,))


def test_a_value_outside_its_domain_is_named():
    neuron = lq.neurons.lif.with_(c_m="3000 pF")
    with pytest.raises(TrainingError, match=r"'c_m' is 3000 pF, outside .* 5 \.\. 1000 pF; bounds=dict\(c_m="):
        read_learn(neuron, "c_m", None)["c_m"].start(3000.0)
    learned = read_learn(lq.Neuron("dv/dt = -v/tau : mV", parameters=dict(tau="1 ms")), "tau", None)
    with pytest.raises(TrainingError, match=r"'tau' is -1 ms.*positive value is expected"):
        learned["tau"].start([-1.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(c_m=0), "'c_m' of 'lif' is 0 pF, but it divides"),
        (dict(t_ref="-1 ms"), "'t_ref' of 'lif' is -1 ms: it cannot be negative"),
        (dict(c_m=[100.0, -2.0]), "'c_m' of 'lif' is -2 pF: it cannot be negative"),
    ],
)
def test_impossible_constants_are_named(changes, message):
    with pytest.raises(TrainingError, match=message):
        check_constants(lq.neurons.lif.with_(**changes))


@pytest.mark.parametrize("model", [lq.neurons.lif, lq.neurons.adex, lq.neurons.izhikevich, lq.neurons.gif])
def test_the_catalogue_is_possible(model):
    check_constants(model)
    assert set(read_learn(model, list(model.constants), None)) == set(model.constants)


@pytest.mark.crosscheck
def test_coefficients_that_are_plain_numbers_stand_beside_learned_ones():
    model = lq.Neuron(
        "dv/dt = (i - v)/tau : 1\ni : 1 (input)", threshold="v > 1", reset="v = 0", parameters=dict(tau="10 ms"),
        events={"plateau": lq.Event("v > 0.7", "v -= 0.2", refractory="5 ms")}, name="stepped",
    )  # fmt: skip
    layer = train.Spiking(model, learn="tau")
    layer(torch.full((20, 1, 2), 3.0))[0].sum().backward()
    assert layer.raw["tau"].grad.abs() > 0
