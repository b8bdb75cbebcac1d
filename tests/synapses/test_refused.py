"""What the functions of the catalogue refuse."""

import pytest

from lapicque import synapses
from lapicque.errors import ModelError, UnitError
from lapicque.model import Synapse


def test_equal_time_constants_have_a_limit_of_their_own():
    for make, message in [
        (lambda: synapses.double_exponential(5, "5 ms"), r"double_exponential: .* are equal: use alpha\(tau\)"),
        (lambda: synapses.conductance_double_exponential(5, 5, 0), r"use conductance_alpha\(tau\), to which it tends"),
        (lambda: synapses.double_exponential([1, 2], [2, 2]), "are equal"),
    ]:
        with pytest.raises(ModelError, match=message):
            make()


def test_units_are_checked():
    with pytest.raises(UnitError, match=r"'tau' is declared as a time \(ms\), but 5 mV is a voltage"):
        synapses.exponential("5 mV")
    with pytest.raises(UnitError, match="tau_rise is given in mV"):
        synapses.double_exponential("5 mV", "1 ms")


def test_release_needs_one_thing_to_release():
    with pytest.raises(ModelError, match=r"takes a synapse, such as exponential\('5 ms'\), not str"):
        synapses.releasing("exponential", 0.5)
    for other in (synapses.gap_junction(), Synapse(on_pre="v += w; u += w"), Synapse(on_pre="v = w")):
        with pytest.raises(ModelError, match=r"needs a synapse to which a spike adds one thing, on_pre='g \+= w', but"):
            synapses.releasing(other, 0.5)


def test_another_unit_or_voltage():
    rate = synapses.exponential("5 ms", unit="1")
    assert rate.variables["w"].unit.dimensionless
    assert synapses.conductance("5 ms", "0 mV", v="vm").parsed_output.text == "g*(e - vm_post)"
