"""What a neuron emits: output=. « stands where the caret is expected."""

import pytest

from lapicque.errors import ModelError, UnitError
from lapicque.fit.record import model_from_dict, model_to_dict
from lapicque.model import Neuron

UNIT = dict(equations="dx/dt = -x/tau : 1\ni : 1 (input)", parameters=dict(tau="5 ms"))


def test_the_output_is_part_of_the_structure_only_where_it_is_given():
    plain, graded = Neuron(**UNIT), Neuron(**UNIT, output="tanh(x)")
    assert plain.parsed_output is None
    assert graded.parsed_output.text == "tanh(x)"
    assert graded.structure == f"{plain.structure}\noutput tanh(x)"
    assert graded != plain
    assert graded.with_(output=None) == plain


def test_an_output_may_have_a_unit_and_parameters_of_its_own():
    neuron = Neuron(UNIT["equations"], output="gain*x", parameters=dict(tau="5 ms", gain="3 nS"))
    assert neuron.with_(gain="2 nS").parameters["gain"] == "2 nS"
    assert "gain" not in neuron.with_(output="x").parameters


def test_it_is_shown():
    neuron = Neuron(**UNIT, output="max(x, 0)")
    assert "  output: max(x, 0)\n" in repr(neuron)
    assert "| output | `max(x, 0)` |" in neuron._repr_markdown_()


def test_it_is_kept_in_a_record():
    neuron = Neuron(**UNIT, output="max(x, 0)")
    assert model_from_dict(model_to_dict(neuron)) == neuron


@pytest.mark.parametrize(
    ("output", "message", "kind"),
    [
        (3, "output is a text, not int", ModelError),
        ("«y", "unknown name 'y': give it a value, parameters=dict(y=...), or an equation", ModelError),
        ("x + «i*mV", "cannot add: 'x' is a pure number, 'i*mV' is a voltage (mV)", UnitError),
        ("«x > 0", "the output is a condition: write where(x > 0, 1, 0)", ModelError),
        ("x*«rand()", "rand() has no meaning in an output: let a state hold the random number", ModelError),
        ("x*«xi", "white noise xi belongs in a differential equation", ModelError),
        ("«hazard(x/tau)", "hazard() belongs in a threshold", ModelError),
    ],
)
def test_refused(refuses, output, message, kind):
    refuses({**UNIT, "output": output}, message, kind)
