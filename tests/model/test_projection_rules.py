"""A synapse between two neurons: what names mean there, and what does not fit. « stands where the caret is expected."""

import pytest

from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model import Neuron, Synapse
from lapicque.model.projection_rules import check_projection, meanings
from lapicque.units import DIMENSIONLESS, mV, nS, parse_unit

SOURCE = Neuron(
    "du/dt = -u/tau : mV\nw : 1",
    threshold="u > 5*mV",
    reset="u = 0*mV; w += 1",
    parameters=dict(tau="5 ms", w=0),
    name="source",
)
TARGET = Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g_e*(0*mV - v) + i_ext)/c : mV
    dg_e/dt = -g_e/tau : nS
    gain = g_e/g_l : 1
    i_ext : pA (input)
    i_rate : 1/ms (input)
    """,
    threshold="v > -50*mV",
    reset="v = e_l",
    parameters=dict(g_l="10 nS", e_l="-70 mV", c="200 pF", tau="5 ms"),
    name="target",
)
RATE = Neuron("dx/dt = -x/tau : 1\ni : 1 (input)", parameters=dict(tau="5 ms"), output="x*nS", name="rate")
AMPA = dict(
    equations="dg/dt = -g/tau : nS (post)\nw : nS (weight)",
    on_pre="g += w",
    output="g*(e - v_post)",
    parameters=dict(tau="5 ms", e="0 mV"),
)


def test_own_names_win_then_sides_then_the_target():
    synapse = Synapse("du/dt = -u/ms : nS (post)\ntau_pre : ms", on_pre="u += w*tau_pre/ms")
    found = {name: (m.owner, m.name) for name, m in meanings(synapse, SOURCE, TARGET).items()}
    assert found["u"] == ("synapse", "u")  # not the source's
    assert found["tau_pre"] == ("synapse", "tau_pre")
    assert found["u_pre"] == ("pre", "u")
    assert found["v"] == found["v_post"] == ("post", "v")
    assert found["w"] == ("synapse", "w")
    assert found["w_pre"] == ("pre", "w")
    assert found["output"] == ("output", "output")


@pytest.mark.parametrize(
    ("fields", "into", "given"),
    [
        (AMPA, "i_ext", {"w": nS}),
        (dict(on_pre="g_e += w"), None, {"w": nS}),
        (dict(on_pre="g_e_post += w*w_pre"), None, {"w": nS}),
        (dict(on_pre="v = v + w*(e_l - v)"), None, {"w": parse_unit("1")}),
        (dict(on_pre="w_pre += 1; v += u_pre*rand()"), None, {}),
        (dict(on_post="u_pre += w"), None, {"w": mV}),
        (dict(equations="a = w*(u_pre - v_post) : pA (summed)"), "i_ext", {"w": nS}),
        (dict(equations="s = w*u_pre/mV : 1 (summed)", output="s*10*pA + gain*pA"), "i_ext", {"w": parse_unit("1")}),
        (
            dict(equations="dx/dt = (v_post - x)/ms + 0.1*mV*xi/sqrt(ms) : mV (post)", output="x*nS"),
            "i_ext",
            {},
        ),
    ],
)
def test_accepted(fields, into, given):
    check_projection(Synapse(**fields), SOURCE, TARGET, into, {name: unit.dimension for name, unit in given.items()})


def test_a_graded_source_drives_a_sum():
    graded = Synapse("s = w*output : nS (summed)", output="s*(e - v_post)", parameters=dict(e="0 mV"))
    check_projection(graded, RATE, TARGET, "i_ext", {"w": DIMENSIONLESS})


def test_spike_lists_emit_ones():
    check_projection(Synapse(on_pre="g_e += w*output"), None, TARGET, None, {"w": nS.dimension})


REFUSED = [
    (dict(on_pre="«g_i += w"), None, dict(w=nS), "unknown variable 'g_i'; did you mean 'g_e'?", ModelError),
    (
        dict(on_pre="v += «w"),
        None,
        dict(w=nS),
        "what is added to 'v' is a conductance (nS), but a voltage (mV) is expected",
        UnitError,
    ),
    (
        dict(on_pre="v += «w"),
        None,
        dict(w=parse_unit("1")),
        "what is added to 'v' is a pure number, but a voltage (mV) is expected (w was given without a unit: write for "
        "example w='0.5 mV')",
        UnitError,
    ),
    (
        dict(on_pre="v += «w"),
        None,
        {},
        "the synapse reads the weight 'w', but none is given: connect(..., w=...)",
        ModelError,
    ),
    (
        dict(equations="q : mV", on_pre="v += q"),
        None,
        {},
        "the synapse's parameter 'q' has no value: connect(..., q=...)",
        SimulationError,
    ),
    (
        AMPA,
        "i_ext",
        dict(w=mV),
        "w is declared as a conductance (nS), but what is given is a voltage (mV)",
        UnitError,
    ),
    (
        dict(on_pre="«u += 1*mV"),
        None,
        {},
        "'u' is a variable of the source: write 'u_pre'",
        ModelError,
    ),
    (dict(on_pre="v += «u"), None, {}, "'u' is a variable of the source: write 'u_pre'", ModelError),
    (
        dict(on_pre="v += «v_pre"),
        None,
        {},
        "the source neuron 'source' has no variable 'v'",
        ModelError,
    ),
    (
        dict(on_pre="v += «vm_post"),
        None,
        {},
        "the target neuron 'target' has no variable 'vm'; did you mean 'v'?",
        ModelError,
    ),
    (
        dict(on_pre="v += «i*mV"),
        None,
        {},
        "'i' could be the source's or the target's: give each synapse a parameter of its own instead",
        ModelError,
    ),
    (
        dict(on_pre="«i_ext += w"),
        None,
        dict(w=nS),
        "'i_ext' is an input of the target neuron: give the synapse output='...' and connect(..., into='i_ext')",
        ModelError,
    ),
    (
        dict(on_pre="«c += w"),
        None,
        dict(w=nS),
        "'c' is a parameter of the target neuron, and constant: make it a state there, 'dc/dt = ...', for code to "
        "change it",
        ModelError,
    ),
    (
        dict(on_pre="«gain += 1"),
        None,
        {},
        "'gain' is computed from other variables of the target neuron, so it cannot be set",
        ModelError,
    ),
    (dict(on_pre="«output = 1"), None, {}, "'output' is what the source emits: it cannot be set", ModelError),
    (
        dict(equations="x = «u_pre*nS : pA (post)", output="x"),
        "i_ext",
        {},
        "'u_pre' belongs to the source of a single synapse, but this expression is evaluated once per target neuron: "
        "read it in on_pre, or in a variable flagged (summed)",
        ModelError,
    ),
    (
        dict(equations="x = w*«output : pA (summed)"),
        "i_ext",
        dict(w=nS),
        "the source has no output in every step: give its neuron output='...'",
        ModelError,
    ),
    (
        AMPA,
        None,
        dict(w=nS),
        "say which input of the target the synapse's output goes into: into='i_ext'",
        SimulationError,
    ),
    (
        AMPA,
        "i_ex",
        dict(w=nS),
        "into='i_ex' is no input of the target neuron 'target'; did you mean 'i_ext'?",
        SimulationError,
    ),
    (
        AMPA,
        "gaba",
        dict(w=nS),
        "into='gaba' is no input of the target neuron 'target'; its inputs are i_ext (pA), i_rate (1/ms)",
        SimulationError,
    ),
    (
        {**AMPA, "output": "«g*e*2"},
        "i_rate",
        dict(w=nS),
        "what goes into 'i_rate' is a current (pA), but a rate (1/time) (1/ms) is expected",
        UnitError,
    ),
    (
        dict(on_pre="g_e += w"),
        "i_ext",
        dict(w=nS),
        "into='i_ext', but the synapse has no output: give it output='...', or leave out into=",
        SimulationError,
    ),
    (
        dict(equations="dg/dt = -g/ms : nS (post)", on_pre="g += 1*nS", initial=dict(g="«e_l")),
        None,
        {},
        "the initial value of 'g' is a voltage (mV), but a conductance (nS) is expected",
        UnitError,
    ),
]


@pytest.mark.parametrize(("fields", "into", "given", "message", "kind"), REFUSED)
def test_refused(refuses, fields, into, given, message, kind):
    def make(**fields):
        dimensions = {name: unit.dimension for name, unit in given.items()}
        check_projection(Synapse(**fields), SOURCE, TARGET, into, dimensions)

    if kind is SimulationError:
        with pytest.raises(SimulationError) as found:
            make(**fields)
        assert str(found.value) == message
    else:
        refuses(fields, message, kind, make)


def test_spikes_are_needed_where_code_runs_at_them():
    with pytest.raises(SimulationError, match=r"'pre' runs at spikes of the source, but the neuron 'rate' has no thr"):
        check_projection(Synapse(on_pre="v += 1*mV"), RATE, TARGET)
    with pytest.raises(SimulationError, match=r"'post' runs at spikes of the target, but the neuron 'rate' has no"):
        check_projection(Synapse(on_post="u_pre += 1*mV"), SOURCE, RATE)


def test_spike_lists_have_no_variables():
    with pytest.raises(ModelError, match="'u_pre': the source is a list of spikes, which has no variables"):
        check_projection(Synapse(on_pre="v += u_pre"), None, TARGET)
    with pytest.raises(SimulationError, match="spike lists cannot be the target of a projection"):
        check_projection(Synapse(on_pre="v += 1*mV"), SOURCE, None)


def test_a_neuron_without_inputs_says_so():
    closed = Neuron("dv/dt = -v/tau : mV", parameters=dict(tau="5 ms"), name="closed")
    with pytest.raises(SimulationError, match=r"the neuron 'closed' has no inputs: declare 'x : pA \(input\)'"):
        check_projection(Synapse(**AMPA), SOURCE, closed, None, {"w": nS.dimension})
