"""Connecting synapses that learn: what begins where, who modulates, and what is refused before anything runs."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model import Every, On, Synapse

HEBB = Synapse(
    "dx/dt = -x/tau : 1\nw : nS\nw_max : nS",
    on_pre="x += 1",
    on_post="w += 0.1*nS*x",
    bounds=dict(w=("0 nS", "w_max")),
    parameters=dict(tau="20 ms", w_max="2 nS"),
    name="hebb",
)
BARE = Synapse("cap : 1", on_pre="w += 1", bounds=dict(w=(None, "cap")), name="bare")
TEACHER = lq.Neuron(
    "dv/dt = -v/(5*ms) : mV\nd : 1",
    threshold="v > 1*mV",
    reset="d += 1",
    events={"plateau": lq.Event(threshold="v > 2*mV", reset="d = 0")},
    name="teacher",
)
GATED = Synapse(on_pre="w += d_teacher", name="gated")
SILENT = lq.Neuron("dv/dt = -v/(5*ms) : mV", name="silent")
PLATEAUS = lq.Neuron("dv/dt = -v/ms : mV", events={"plateau": lq.Event(threshold="v > 1*mV")}, name="dendrite")


@pytest.fixture
def net(net):
    net.population(TEACHER, 1, name="one")
    net.population(TEACHER, 4, name="four")
    net.population(TEACHER, 2, name="two")
    net.population(SILENT, 4, name="silent")
    net.population(PLATEAUS, 4, name="dendrite")
    return net


def test_states_begin_where_they_are_told_to(net):
    made = net.connect(net["exc"], net["inh"], HEBB, w=1, x=lq.uniform(0, 1), w_max="i*nS + 3*nS")
    assert made.values == {"tau": "20 ms", "w": 1, "x": lq.uniform(0, 1), "w_max": "i*nS + 3*nS"}
    other = net.connect(net["exc"], net["inh"], HEBB.with_(initial=dict(x=0.5)), w="1 nS")
    assert other.values["x"] == 0.5
    assert {name: str(unit) for name, unit in other.units.items()} == {"tau": "ms", "w": "nS", "w_max": "nS", "x": "1"}


def test_weights_are_within_their_bounds_where_there_are_synapses(net):
    w = np.eye(4, 4) + 0.5
    net.connect(net["inh"], net["inh"], HEBB.with_(bounds=dict(w=("1 nS", "2 nS"))), w=w, where=lq.one_to_one())
    each = np.arange(32.0).reshape(8, 4)
    net.connect(net["exc"], net["inh"], HEBB, w=each, w_max=each + 1)
    net.connect(net["exc"], net["inh"], BARE, w=-3.0, cap=2)
    assert len(net.projections) == 3


def test_a_repr_shows_who_modulates(net):
    made = net.connect(net["exc"], net["inh"], GATED, w=1, modulators=dict(teacher=net["two"][:1]))
    text = "Projection(exc -> inh: gated, all_to_all(), w=1, delay=0 ms, modulators=dict(teacher=two[:1]))"
    assert repr(made) == text


@pytest.mark.parametrize("name", ["one", "four"])
def test_modulators_belong_to_all_synapses_or_to_their_targets(net, name):
    made = net.connect(net["exc"], net["inh"], GATED, w=1, modulators=dict(teacher=net[name]))
    assert made.modulators["teacher"].population is net[name]


# source, target, synapse, what else is given to connect(), the message
REFUSED = [
    # bounds and initial values
    ("exc", "inh", HEBB, dict(w="5 nS"), "w is 5 nS, outside its bounds, 0 nS to 2 nS: {}"),
    ("exc", "inh", HEBB, dict(w=-1), "w is -1 nS, outside its bounds, 0 nS to 2 nS: {}"),
    ("exc", "inh", HEBB, dict(w=1, w_max="0.5 nS"), "w is 1 nS, outside its bounds, 0 nS to 0.5 nS: {}"),
    (
        "exc",
        "inh",
        HEBB,
        dict(w=np.eye(8, 4) * 3),
        "w is 3 nS from neuron 0 to neuron 0, outside its bounds, 0 nS to 2 nS: {}",
    ),
    (
        "inh",
        "inh",
        HEBB,
        dict(w=[1, 2, 3, 4], where=lq.one_to_one()),
        "w is 3 nS in synapse 2, outside its bounds, 0 nS to 2 nS: {}",
    ),
    (
        "inh",
        "inh",
        HEBB,
        dict(w=[1, 2, 3, 4], w_max=[1, 2, 2, 4], where=lq.one_to_one()),
        "w is 3 nS in synapse 2, outside its bounds, 0 nS to 2 nS: {}",
    ),
    ("exc", "inh", BARE, dict(w=1, cap=0.5), "w is 1, above its bound, 0.5: {}"),
    (
        "exc",
        "inh",
        HEBB.with_(bounds=dict(x=(1, None))),
        dict(w=1),
        "x is 0, below its bound, 1: give a value inside, connect(..., x=), or change bounds=",
    ),
]
INSIDE = "give a value inside, connect(..., w=), or change bounds="


@pytest.mark.parametrize(("source", "target", "synapse", "given", "message"), REFUSED)
def test_values_outside_their_bounds(refusing, net, source, target, synapse, given, message):
    refusing(SimulationError, message.format(INSIDE), net.connect, net[source], net[target], synapse, **given)


def test_drawn_weights_outside_their_bounds_are_found_when_the_run_begins(net):
    net.connect(net["exc"], net["inh"], HEBB, w=lq.uniform("1 nS", "9 nS"))
    with pytest.raises(SimulationError, match=r"exc->inh.w is .* in a synapse, outside its bounds, 0 to 2 nS"):
        lq.simulate(net, "1 ms", dt=0.1, seed=1, reference=True)


WRONG_BOUNDS = [
    (
        ModelError,
        dict(w=1, w_max=-1),
        HEBB,
        "bounds: 'w' is to lie between 0 nS and -1 nS, but the first is not smaller",
    ),
    (
        UnitError,
        dict(w="1 mV", cap="2 nS"),
        Synapse("cap : nS", on_pre="w = w", bounds=dict(w=(None, "cap"))),
        "the bound of 'w' is 'cap', a conductance (nS), but a voltage (mV) is expected",
    ),
    (
        UnitError,
        dict(w="1 mV"),
        Synapse(on_pre="w = w", bounds=dict(w=(0, "1 nS"))),
        "the bound of 'w' is declared as a voltage (mV), but 1 nS is a conductance (nS)",
    ),
    (
        SimulationError,
        dict(w=1, cap=[1.0, 2.0, 3.0, 4.0]),
        Synapse("dg/dt = -cap*g/ms : 1 (post)\ncap : 1", on_pre="g += 1; w += 1", bounds=dict(w=(0, "cap"))),
        "the bound 'cap' of 'w' lives once per target neuron, with a value of its own for each: bounds of synapses are "
        "single numbers or parameters of each synapse",
    ),
]


@pytest.mark.parametrize(("kind", "given", "synapse", "message"), WRONG_BOUNDS)
def test_bounds_that_cannot_be(refusing, net, kind, given, synapse, message):
    refusing(kind, message, net.connect, net["exc"], net["inh"], synapse, **given)


WRONG = [
    # events
    (
        "exc",
        "silent",
        Synapse(on_post="w += 1"),
        {},
        "the pathway 'post' runs at spikes of the target, but the neuron 'silent' has no threshold and never spikes. "
        "Give it one, or run the code on schedule: on=dict(post=lq.Every('1 ms', code))",
    ),
    (
        "exc",
        "dendrite",
        Synapse(on_post="w += 1"),
        {},
        "the pathway 'post' runs at spikes of the target, but the neuron 'dendrite' has no threshold and never spikes. "
        "It has other events: lq.On('post.plateau', code)",
    ),
    (
        "exc",
        "dendrite",
        Synapse(on=dict(x=On("post.plato", "w += 1"))),
        {},
        "the pathway 'x' runs at the event 'plato' of the target, which has no such event; did you mean 'plateau'?",
    ),
    (
        "input",
        "exc",
        Synapse(on=dict(x=On("pre.plateau", "w += 1"))),
        {},
        "the pathway 'x' runs at the event 'plateau' of the source, which has no such event; it has 'spike'",
    ),
    (
        "exc",
        "inh",
        Synapse(on=dict(x=On("teecher", "w += 1"))),
        dict(modulators="teacher"),
        "the pathway 'x' runs at 'teecher', which is neither side nor a modulator; did you mean 'teacher'?: "
        "connect(..., modulators=dict(teecher=population))",
    ),
    (
        "exc",
        "inh",
        Synapse(on=dict(x=On("teacher.plato", "w += 1"))),
        dict(modulators="teacher"),
        "the pathway 'x' runs at the event 'plato' of the modulator 'teacher', which has no such event; did you mean "
        "'plateau'?",
    ),
    # delays
    (
        "exc",
        "inh",
        Synapse(on_post="w += 1"),
        dict(delay="1 ms"),
        "delay= is how late spikes of the source arrive, but no code of the synapse 'synapse' waits for it: a pathway "
        "has a delay of its own, lq.On('post', code, delay='1 ms')",
    ),
    (
        "exc",
        "inh",
        Synapse(on=dict(x=Every("1 ms", "w += 1"))),
        dict(delay=lq.uniform("1 ms", "2 ms")),
        "delay= is how late spikes of the source arrive, but no code of the synapse 'synapse' waits for it: a pathway "
        "has a delay of its own, lq.On('post', code, delay='1 ms')",
    ),
    # immediate projections
    (
        "exc",
        "inh",
        HEBB,
        dict(immediate=True),
        "the synapse 'hebb' learns ('x', 'w'), and an immediate projection only adds what is known before the run: "
        "leave out immediate=True",
    ),
    (
        "exc",
        "inh",
        Synapse(on_pre="v += w*mV", on_post="v -= w*mV"),
        dict(immediate=True),
        "an immediate projection acts at spikes of the source, but the pathway 'post' runs at 'post': leave out "
        "immediate=True",
    ),
    (
        "exc",
        "inh",
        Synapse(on=dict(late=On("pre", "v += w*mV", "1 ms"))),
        dict(immediate=True),
        "an immediate projection has no delay, but the pathway 'late' has 1 ms",
    ),
    # modulators
    (
        "exc",
        "inh",
        GATED,
        dict(modulators=dict(teacher="two")),
        "the modulator 'teacher' has 2 neurons: one, which all synapses share, or 4, one for each target, are expected",
    ),
    (
        "exc",
        "inh",
        GATED,
        dict(modulators=dict(teacher="one", other="one")),
        "the synapse 'gated' does not use the modulator 'other': code reads its variables, such as 'v_other', and runs "
        "at its events, lq.On('other', code)",
    ),
    (
        "exc",
        "inh",
        Synapse(on_pre="w += 1", name="deaf"),
        dict(modulators=dict(input="input")),
        "the modulator 'input' has 2 neurons: one, which all synapses share, or 4, one for each target, are expected",
    ),
    (
        "exc",
        "inh",
        GATED,
        dict(modulators=dict(pre="one")),
        "modulators: 'pre' is no name for one: letters and digits, but not 'pre', 'post' or 'every'",
    ),
    (
        "exc",
        "inh",
        GATED,
        dict(modulators=["one"]),
        "modulators maps names to populations, modulators=dict(dopamine=population): list does not",
    ),
    (
        "exc",
        "inh",
        Synapse("d_teacher : 1", on_pre="w += d_teacher"),
        dict(modulators="teacher", d_teacher=1),
        "'d_teacher' is a variable of the synapse, and would be 'd' of the modulator 'teacher' as well: call the "
        "modulator by another name",
    ),
    (
        "exc",
        "inh",
        Synapse(on_pre="w += v_e_l/mV"),
        dict(modulators=dict(e_l="one", l="one")),
        "the synapse 'synapse' does not use the modulator 'l': code reads its variables, such as 'v_l', and runs at "
        "its events, lq.On('l', code)",
    ),
]


@pytest.mark.parametrize(("source", "target", "synapse", "given", "message"), WRONG)
def test_refused_connections(refusing, net, source, target, synapse, given, message):
    given = dict(given)
    if given.get("modulators") == "teacher":
        given["modulators"] = dict(teacher="one")
    if isinstance(given.get("modulators"), dict):
        given["modulators"] = {name: net[other] for name, other in given["modulators"].items()}
    w = dict(w=1) if "w" in synapse.variables else {}
    refusing(SimulationError, message, net.connect, net[source], net[target], synapse, **w, **given)


WRONG_NAMES = [
    (
        "exc",
        "w += q",
        "unknown name 'q': neither the synapse nor its target 'adex' has it; give it a value, parameters=dict(q=...)",
        "q",
    ),
    (
        "exc",
        "w += d_critic",
        "unknown name 'd_critic': neither the synapse nor its target 'adex' has it; give it a value, "
        "parameters=dict(d_critic=...), or a modulator, connect(..., modulators=dict(critic=population))",
        "d_critic",
    ),
    ("exc", "w += d_teachr", "unknown name 'd_teachr'; did you mean 'd_teacher'?", "d_teachr"),
    ("exc", "w += vv_pre/mV", "the source neuron 'lif' has no variable 'vv'; did you mean 'v'?", "vv_pre"),
    (
        "exc",
        "w += dd_teacher",
        "the neuron of the modulator 'teacher', 'teacher' has no variable 'dd'; did you mean 'd'?",
        "dd_teacher",
    ),
    ("input", "w += v_pre/mV", "'v_pre': the source is a list of spikes, which has no variables", "v_pre"),
    ("input", "v_pre += 1*mV", "'v_pre': the source is a list of spikes, which has no variables", "v_pre"),
    (
        "exc",
        "w += v_pre/mV; d_teacher += 1",
        "'d_teacher' is a variable of the modulator 'teacher', which code only reads",
        "d_teacher",
    ),
    ("exc", "output = 1", "'output' is what the source emits: it cannot be set", "output"),
    ("exc", "t = 1*ms", "'t' has a meaning of its own and cannot be set: choose another name", "t"),
    (
        "exc",
        "w += lastspike/ms",
        "the time of the last spike cannot be read: keep it, 'last : ms' and on_pre='last = t'",
        "lastspike",
    ),
    ("exc", "ww += 1", "unknown variable 'ww'; did you mean 'w'?", "ww"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "code", "message", "place"), WRONG_NAMES)
def test_refused_names(net, source, code, message, place):
    synapse = Synapse("w : 1", on_pre=code, on=dict(teach=On("teacher", "w += 1")))
    with pytest.raises(ModelError) as found:
        net.connect(net[source], net["inh"], synapse, w=1, modulators=dict(teacher=net["one"]))
    assert found.value.summary == message
    assert found.value.column == code.index(place)


def test_what_lives_in_the_target_reads_no_modulator(net):
    synapse = Synapse("dg/dt = (d_teacher - g)/ms : 1 (post)", on_pre="g += w")
    message = (
        "'d_teacher' is read by single synapses, of the modulator 'teacher', but this expression is evaluated once"
    )
    with pytest.raises(ModelError, match=message):
        net.connect(net["exc"], net["inh"], synapse, w=1, modulators=dict(teacher=net["one"]))


def test_sources_are_written_in_one_order_only(net):
    synapse = Synapse(on_pre="w_pre -= 1*pA*w")
    net.connect(net["inh"], net["exc"], synapse, w=1, delay=np.full(32, 2.0))  # one delay after all
    with pytest.raises(ModelError, match="'w_pre' is written, but the synapses have delays of their own"):
        net.connect(net["inh"], net["exc"], synapse, w=1, delay=lq.uniform("1 ms", "2 ms"))


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (UnitError, dict(w_max="1 mV"), "w_max is given in mV, but a conductance (nS) is expected: write it in nS"),
        (SimulationError, dict(x=float("nan")), "x is NaN (not a number): every synapse needs a number"),
        (
            SimulationError,
            dict(x=np.zeros((2, 2))),
            "x has shape (2, 2), but a matrix (source, target) of 8 x 4 is expected",
        ),
        (
            ModelError,
            dict(x="q"),
            "unknown name 'q': what can be read here is i, j, N_pre, N_post, x_pre, y_pre, z_pre, x_post, y_post, "
            "z_post, d",
        ),
        (SimulationError, dict(y=1), "'y' is no parameter of the synapse 'hebb'; it has 'x', 'w', 'w_max', 'tau'"),
    ],
)
def test_refused_initial_values(refusing, net, kind, given, message):
    refusing(kind, message, net.connect, net["exc"], net["inh"], HEBB, w=1, **given)


def test_a_weight_that_code_writes_is_given(refusing, net):
    message = "the synapse reads the weight 'w', but none is given: connect(..., w=...)"
    refusing(ModelError, message, net.connect, net["exc"], net["inh"], Synapse(on_post="w = 1"))


def test_a_state_begins_at_a_parameter_of_the_synapse():
    synapse = lq.Synapse(
        "du/dt = (u_0 - u)/tau : 1",
        on_pre="u += u_0*(1 - u); v += w*u",
        initial=dict(u="u_0"),
        parameters=dict(u_0=0.2, tau="100 ms"),
    )
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells")
    shared = net.connect(cells, cells, synapse, w="1 mV", name="shared")
    own = net.connect(cells, cells, synapse, w="1 mV", u_0=[0.1] * 9, name="own")
    assert shared.values["u"] == 0.2
    assert own.values["u"] == [0.1] * 9


def test_what_learns_is_not_called_like_a_population():
    net = lq.Network()
    cells = net.population(lq.neurons.lif, 3, name="cells")
    synapse = lq.Synapse("w : 1", on_pre="w += 1; v += w*mV")
    with pytest.raises(SimulationError, match="'cells' is a population"):
        net.connect(cells, cells, synapse, w=1, name="cells")
    net.connect(cells, cells, on_pre="v += 1*mV", name="cells")
    assert list(net.projections) == ["cells"]
