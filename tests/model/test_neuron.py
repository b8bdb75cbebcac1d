"""A neuron as a value: equality, new values, what it says about itself."""

import copy
import pickle

import numpy as np
import pytest

from lapicque.errors import ModelError, UnitError
from lapicque.model import Event, Neuron
from lapicque.model.evaluate import initial_values, parameter_values
from lapicque.units import mV, pA

TEXT = """
dv/dt = (g_l*(e_l - v) - w + i_ext)/c_m : mV (unless refractory)  # membrane potential
dw/dt = -w/tau_w : pA  # adaptation
g = g_l*exp(v/(25*mV)) : nS
i_ext : pA (input)     # injected current
g_l : nS               # leak conductance
th : mV
"""


REPR = """\
Neuron example
    dv/dt = (g_l*(e_l - v) - w + i_ext)/c_m : mV (unless refractory)  # membrane potential
    dw/dt = -w/tau_w : pA                                             # adaptation
    g = g_l*exp(v/(25*mV)) : nS
    i_ext : pA (input)                                                # injected current
    th : mV
  threshold:          v > th
  reset:              v = e_l; w += b; th += 1*mV
  refractory:         t_ref
  plateau threshold:  w > 100*pA
  plateau reset:      w = 0*pA
  plateau refractory: 50*ms
  initial:            v = e_l + 2*mV
  parameters:
    g_l   = 10 nS                     # leak conductance
    e_l   = -70 .. -60 (2 values) mV
    c_m   = 0.2 nF
    tau_w = 100 ms
    b     = 60 pA
    t_ref = 2 ms
  reference: A paper, doi:10.1000/1"""


@pytest.fixture
def neuron():
    return Neuron(
        TEXT,
        threshold="v > th",
        reset="v = e_l; w += b; th += 1*mV",
        refractory="t_ref",
        events=dict(plateau=Event("w > 100*pA", "w = 0*pA", "50 ms")),
        parameters=dict(g_l="10 nS", e_l="-70 mV", c_m="0.2 nF", tau_w="100 ms", b=60 * pA, t_ref="2 ms", th="-50 mV"),
        initial=dict(v="e_l + 2*mV"),
        ranges=dict(g_l=("1 nS", "100 nS")),
        reference="A paper, doi:10.1000/1",
        name="example",
    )


# -- kinds -----------------------------------------------------------------------------------------------------------


def test_kinds_of_variables(neuron):
    assert list(neuron.states) == ["v", "w", "th"]
    assert list(neuron.inputs) == ["i_ext"]
    assert list(neuron.algebraic) == ["g"]
    assert list(neuron.constants) == ["g_l", "e_l", "c_m", "tau_w", "b", "t_ref"]
    assert neuron.constants["c_m"].value == 0.2
    assert str(neuron.constants["c_m"].unit) == "nF"
    assert neuron.spikes


def test_parameters_that_cannot_be_zero(neuron):
    assert set(neuron.nonzero_parameters()) == {"c_m", "tau_w"}
    product = Neuron("x = 1/(a*b**2) : 1", parameters=dict(a=1, b=2))
    assert set(product.nonzero_parameters()) == {"a", "b"}


def test_initial_values_follow_the_parameters(neuron):
    assert initial_values(neuron, parameter_values(neuron)) == {"v": -68.0, "w": 0.0, "th": -50.0}
    other = neuron.with_(e_l="-60 mV")
    assert initial_values(other, parameter_values(other))["v"] == -58.0


def test_initial_values_of_gates_at_rest():
    gate = Neuron(
        """
        dv/dt = -v*m*h/(10*ms) : mV
        dm/dt = (m_inf - m)/(1*ms) : 1
        dh/dt = (1 - m - h)/(1*ms) : 1
        m_inf = 1/exprel(-(v + 40*mV)/k) : 1
        k : mV
        """,
        parameters=dict(k="10 mV"),
        initial=dict(h="1 - m", m="m_inf", v="-40 mV"),
    )
    assert initial_values(gate, parameter_values(gate)) == {"v": -40.0, "m": 1.0, "h": 0.0}
    values = initial_values(gate, {"k": np.array([10.0, 20.0])})
    assert values["m"].tolist() == [1.0, 1.0]


# -- with_ -----------------------------------------------------------------------------------------------------------


def test_with_gives_a_new_value(neuron):
    changed = neuron.with_(c_m="300 pF", b=0 * pA, name="other")
    assert changed.parameters["c_m"] == "300 pF"
    assert changed.constants["c_m"].value == 300.0
    assert changed.constants["b"].value == 0.0
    assert changed.name == "other"
    assert neuron.constants["c_m"].value == 0.2
    assert changed.fingerprint == neuron.fingerprint


def test_with_takes_bare_numbers_in_the_unit_of_the_model(neuron):
    assert neuron.with_(c_m=0.3) == neuron.with_(c_m="300 pF")
    assert neuron.with_(e_l=-60) == neuron.with_(e_l=-60 * mV)
    assert neuron.with_(e_l=[-60, -50]) == neuron.with_(e_l=np.array([-60.0, -50.0]) * mV)


def test_with_sets_variables_that_events_write(neuron):
    changed = neuron.with_(th="-40 mV")
    assert initial_values(changed, parameter_values(changed))["th"] == -40.0


def test_with_other_texts(neuron):
    plain = neuron.with_(events={}, reset="v = e_l")
    assert [event.name for event in plain.parsed_events] == ["spike"]
    assert plain.fingerprint != neuron.fingerprint
    assert "b" not in plain.parameters  # read by the old reset alone


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(cm="300 pF"), "'cm' is no parameter of the model; did you mean 'c_m'?"),
        (dict(v="-60 mV"), "'v' is no parameter of the model"),
        (dict(c_m=True), "the parameter 'c_m' is True, but a number is expected, such as '5 nF'"),
        (dict(c_m=float("nan")), "the parameter 'c_m' is NaN (not a number)"),
    ],
)
def test_with_refuses(neuron, changes, message):
    with pytest.raises(ModelError) as found:
        neuron.with_(**changes)
    assert found.value.summary == message


def test_with_refuses_another_dimension(neuron):
    with pytest.raises(UnitError, match=r"the parameter 'c_m' is declared as a capacitance .* but 300 nS is a conduct"):
        neuron.with_(c_m="300 nS")


# -- identity --------------------------------------------------------------------------------------------------------


def test_equality_is_by_meaning(neuron):
    same = neuron.with_(name="other", reference="", ranges={})
    assert same == neuron
    assert hash(same) == hash(neuron)
    assert neuron.with_(c_m="200 pF") == neuron.with_(c_m=0.2)
    assert neuron != neuron.with_(c_m="201 pF")
    assert neuron != neuron.with_(c_m=[0.2])
    assert neuron != neuron.with_(initial=dict(v="e_l"))
    assert neuron != neuron.with_(th="-40 mV")
    assert neuron != neuron.with_(reset="v = e_l")
    assert neuron != "neuron"


def test_comments_and_spaces_do_not_count():
    first = Neuron("dv/dt = -v/tau : mV  # a", parameters=dict(tau="10 ms"))
    second = Neuron("\n\n   dv/dt =  -v/tau : volt", parameters=dict(tau="10 ms"))
    assert first.fingerprint == second.fingerprint


def test_a_neuron_keeps_its_own_copy():
    parameters = dict(tau="10 ms")
    neuron = Neuron("dv/dt = -v/tau : mV", parameters=parameters)
    parameters["tau"] = "20 ms"
    assert neuron.parameters["tau"] == "10 ms"


def test_pickle_and_copy(neuron):
    for other in (pickle.loads(pickle.dumps(neuron)), copy.deepcopy(neuron)):
        assert other == neuron
        assert repr(other) == repr(neuron)


def test_a_neuron_is_frozen(neuron):
    with pytest.raises(AttributeError):
        neuron.threshold = "v > 0*mV"


# -- what it says ----------------------------------------------------------------------------------------------------


def test_repr(neuron):
    assert repr(neuron.with_(e_l=[-70, -60])) == REPR


def test_markdown(neuron):
    text = neuron._repr_markdown_()
    assert text.startswith("**example**\n\n$$\n\\begin{aligned}\n\\frac{\\mathrm{d}v}{\\mathrm{d}t} &= \\frac{g_{")
    assert "| threshold | `v > th` |" in text
    assert "| `i_ext` | pA | injected current |" in text
    assert "| `g_l` | 10 | nS | leak conductance |" in text
    assert text.endswith("Reference: A paper, doi:10.1000/1")
