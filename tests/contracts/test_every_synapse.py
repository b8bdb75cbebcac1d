"""Every synapse of the catalogue: it says what it is, its weight has a meaning, and it connects populations."""

import dataclasses
import inspect
import pickle
import re

import pytest

import lapicque as lq
from lapicque import synapses
from lapicque.model import Neuron, Synapse
from lapicque.network import receptors

#: Arguments that have no default, by name.
ARGUMENTS = dict(
    tau="5 ms", tau_rise="1 ms", tau_decay="5 ms", e="0 mV", g_max="10 nS", p=0.5, w_max="10 nS", w_0="1 nS"
)  # fmt: skip

#: The functions; the classes among the exports are their strategies.
NAMES = [name for name in synapses.__all__ if name[0].islower()]

#: A cell that spikes and has an output in every step, so that any synapse can leave from it.
CELL = Neuron(
    "dv/dt = (g_l*(e_l - v) + i_ext)/c_m : mV\ni_ext : pA (input)",
    threshold="v > -50*mV",
    reset="v = e_l",
    output="sigmoid(v/mV)",
    parameters=dict(g_l="10 nS", e_l="-70 mV", c_m="200 pF"),
    name="cell",
)


def built(name):
    """The synapse of a catalogue function, with its arguments."""
    function = getattr(synapses, name)
    needed = {k: p for k, p in inspect.signature(function).parameters.items() if p.default is p.empty}
    given = {k: synapses.exponential("5 ms") if k == "synapse" else ARGUMENTS[k] for k in needed}
    return function(**given)


@pytest.fixture(params=NAMES)
def synapse(request):
    return built(request.param)


@pytest.fixture
def net():
    made = lq.Network()
    made.population(CELL, 3, name="exc")
    made.population(CELL, 2, name="inh")
    return made


def weight(synapse):
    """A weight in the unit that the synapse declares, or that of the membrane potential."""
    unit = synapse.variables["w"].unit
    return "1 mV" if unit is None else f"1 {unit}" if not unit.dimensionless else 1


def into(synapse):
    return None if synapse.parsed_output is None else "i_ext"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_called_like_its_function(name):
    made = built(name)
    assert isinstance(made, Synapse)
    assert made.name == name or (name == "releasing" and made.name == "releasing_exponential")


@pytest.mark.parametrize("name", NAMES)
def test_equal_arguments_make_equal_synapses(name):
    assert built(name) == built(name)
    assert pickle.loads(pickle.dumps(built(name))) == built(name)


def test_it_is_built_again_from_its_own_fields(synapse):
    assert Synapse(**{field.name: getattr(synapse, field.name) for field in dataclasses.fields(synapse)}) == synapse


def test_it_names_the_paper(synapse):
    assert re.search(r"\b(19|20)\d\d\b", synapse.reference)
    assert re.search(r"doi:10\.\d{4,}/\S+", synapse.reference)


def test_its_documentation_has_an_example_and_the_paper():
    for name in NAMES:
        text = inspect.getdoc(getattr(synapses, name))
        for part in ("Parameters\n---", "Returns\n---", "References\n---", "Examples\n---", "https://doi.org/10."):
            assert part in text, f"{name}: {part}"


def test_every_name_is_declared_with_a_comment(synapse):
    for name, variable in synapse.variables.items():
        if name != "w" or variable.unit is not None:
            assert variable.equation is not None, f"{name} is not declared in the equations"
            assert variable.doc, f"{name} has no comment"


def test_it_has_a_weight(synapse):
    assert synapse.variables["w"].scope == "synapse"


def test_repr_has_everything(synapse):
    text = repr(synapse)
    assert text.startswith(f"Synapse {synapse.name}\n")
    assert synapse.reference in text
    for name, variable in synapse.variables.items():
        if variable.value is not None:
            assert re.search(rf"^    {name} += .*# {re.escape(variable.doc)}$", text, re.MULTILINE)
    for pathway in synapse.pathways:
        assert f"on {pathway.name}:" in text


def test_it_connects_populations(synapse, net):
    made = net.connect(net["exc"], net["inh"], synapse, into=into(synapse), w=weight(synapse))
    assert (made.receptor is None) == (not synapse.has_receptor)
    assert synapse.name in repr(net)


def test_it_connects_a_list_of_spikes_where_spikes_drive_it(synapse, net):
    source = net.spikes([[1.0], [2.0]])
    if not synapse.pathways:
        pytest.skip("it couples at every moment")
    made = net.connect(source, net["inh"], synapse, into=into(synapse), w=weight(synapse))
    assert made.source.population is source


def test_its_variables_can_be_recorded(synapse, net):
    made = net.connect(net["exc"], net["inh"], synapse, into=into(synapse), w=weight(synapse))
    if made.receptor is None:
        pytest.skip("it has no receptor")
    names = receptors(net, net["inh"])[made.receptor].variables
    assert names
    assert net.record(made, *names).variables == tuple(f"{made.receptor}.{name}" for name in names)


def test_equal_synapses_share_a_receptor(synapse, net):
    one, two = (net.connect(net[s], net["inh"], synapse, into=into(synapse), w=weight(synapse)) for s in ("exc", "inh"))
    assert one.receptor == two.receptor


def test_a_weight_of_another_unit_is_refused(synapse, net):
    with pytest.raises(lq.errors.UnitError):
        net.connect(net["exc"], net["inh"], synapse, into=into(synapse), w="1 ms")
