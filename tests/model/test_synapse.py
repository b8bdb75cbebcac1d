"""A synapse as a value: where its names live, equality, new values, what it says about itself."""

import copy
import pickle

import numpy as np
import pytest

from lapicque import normal
from lapicque.errors import ModelError
from lapicque.model import Every, On, Synapse
from lapicque.units import ms

TEXT = """
dg/dt = -g/tau : nS (post)          # conductance
open = 1/(1 + exp(-v_post/k)) : 1 (post)
i_leak = p*w*(v_pre - v_post) : pA (summed)
count : 1 (post)
w : nS (weight)                     # peak
p : 1
"""

REPR = """\
Synapse example
    dg/dt = -g/tau : nS (post)  # conductance
    open = 1/(1 + exp(-v_post/k)) : 1 (post)
    i_leak = p*w*(v_pre - v_post) : pA (summed)
    count : 1 (post)
    w : nS (weight)  # peak
  on pre:                 g += w*p; count += 1
  on back (post), 2 ms later: g_e += 1*nS
  output:                 g*open*(e - v_post) + i_leak
  initial:                g = 1 nS
  parameters:
    p   = 0.5
    tau = 5 ms
    k   = 10 mV
    e   = 0 mV
  reference: A paper, doi:10.1000/1"""


@pytest.fixture
def synapse():
    return Synapse(
        TEXT,
        on_pre="g += w*p; count += 1",
        on=dict(back=On("post", "g_e += 1*nS", "2 ms")),
        output="g*open*(e - v_post) + i_leak",
        parameters=dict(tau="5 ms", k="10 mV", e="0 mV", p=0.5),
        initial=dict(g="1 nS"),
        reference="A paper, doi:10.1000/1",
        name="example",
    )


def test_where_names_live(synapse):
    found = {name: (v.kind, v.scope) for name, v in synapse.variables.items()}
    assert found == {
        "g": ("state", "post"),
        "open": ("algebraic", "post"),
        "i_leak": ("algebraic", "summed"),
        "count": ("state", "post"),  # only code changes it
        "w": ("parameter", "synapse"),
        "p": ("parameter", "synapse"),
        "tau": ("parameter", "post"),  # an equation (post) reads it
        "k": ("parameter", "post"),
        "e": ("parameter", "post"),  # the output does
    }
    assert [e.name for e in synapse.post_equations] == ["g", "open"]
    assert list(synapse.of_scope("post", "state")) == ["g", "count"]
    assert synapse.has_receptor


def test_pathways_begin_with_pre(synapse):
    assert [(p.name, p.at, p.delay) for p in synapse.pathways] == [("pre", "pre", None), ("back", "post", 2.0)]
    other = Synapse(on=dict(late=On("pre", "v += 1*mV"), pre="v += 2*mV"), on_post="v_pre += 1*mV")
    assert [(p.name, p.at) for p in other.pathways] == [("pre", "pre"), ("post", "post"), ("late", "pre")]


def test_a_weight_that_is_not_declared_has_no_unit():
    bare = Synapse(on_pre="g_e += w")
    assert bare.variables["w"].unit is None
    assert not bare.has_receptor
    given = Synapse(on_pre="g_e += w", parameters=dict(w="2 nS"))
    assert str(given.variables["w"].unit) == "nS"


def test_one_sum_is_the_output():
    gap = Synapse("i_gap = w*(v_pre - v_post) : pA (summed)\nw : nS")
    assert gap.parsed_output.text == "i_gap"
    assert gap.has_receptor
    assert gap.pathways == ()


def test_a_synapse_of_code_alone_needs_no_equations():
    synapse = Synapse("  # nothing lives here\n", on_pre="v += w")
    assert synapse.parsed_equations == ()


def test_parameters_may_be_distributions():
    synapse = Synapse("p : 1", on_pre="v += p*mV", parameters=dict(p=normal(1, 0.1)))
    assert synapse.variables["p"].value == normal(1, 0.1)
    assert "p = normal(1, 0.1)" in repr(synapse)


# -- new values and identity -----------------------------------------------------------------------------------------


def test_with_gives_a_new_value(synapse):
    changed = synapse.with_(tau="2 ms", name="other")
    assert changed.variables["tau"].value == 2.0
    assert changed != synapse
    assert changed.fingerprint == synapse.fingerprint
    assert synapse.with_(tau=2) == changed
    assert synapse.variables["tau"].value == 5.0


def test_with_another_text_loses_the_parameters_that_it_does_not_read(synapse):
    plain = synapse.with_(output="g*(e - v_post) + i_leak", equations=TEXT.replace("/k)", "/(10*mV))"))
    assert "k" not in plain.parameters


def test_with_refuses_unknown_names(synapse):
    with pytest.raises(ModelError, match=r"'tua' is no parameter of the synapse; did you mean 'tau'\?"):
        synapse.with_(tua="5 ms")


def test_equality_is_by_meaning(synapse):
    same = synapse.with_(name="other", reference="", tau=0.005 * 1000)
    assert same == synapse
    assert hash(same) == hash(synapse)
    assert synapse != synapse.with_(p=0.4)
    assert synapse != synapse.with_(p=normal(0.5, 0.1))
    assert synapse != synapse.with_(initial={})
    assert synapse != synapse.with_(on_pre="g += w*p; count += 2")
    assert synapse != "synapse"


def test_pickle_and_copy(synapse):
    for other in (pickle.loads(pickle.dumps(synapse)), copy.deepcopy(synapse)):
        assert other == synapse
        assert repr(other) == repr(synapse)


def test_a_synapse_keeps_its_own_copy():
    parameters = dict(p=1)
    synapse = Synapse("p : 1", on_pre="v += p*mV", parameters=parameters)
    parameters["p"] = 2
    assert synapse.parameters["p"] == 1
    with pytest.raises(AttributeError):
        synapse.on_pre = "v += 1*mV"


def test_arrays_of_values_are_compared():
    one = Synapse("dg/dt = -g/tau : nS (post)", on_pre="g += w", parameters=dict(tau=[1.0, 2.0] * ms))
    assert one == one.with_(tau=np.array([1.0, 2.0]))
    assert one != one.with_(tau=[1.0, 3.0])


LEARNS = """
dapre/dt = -apre/tau : 1          # trace
dc/dt = -c*v_post/mV/tau : 1
w : nS                            # strength
"""

LEARNS_REPR = """\
Synapse rule
    dapre/dt = -apre/tau : 1  # trace
    dc/dt = -c*v_post/mV/tau : 1
    w : nS  # strength
  on pre: apre += 1; g_e += w
  on late (post.plateau), 1 ms later: w += apre*eta
  on teach: w -= c*eta
  on norm (every 100 ms): w *= total/sum(w, by='post')
  on leak (every step): w -= 1e-06*nS
  states: w (only code changes); apre (event-driven); c (clock-driven)
  bounds: 0 nS <= w <= w_max; c <= 5
  initial: c = 0.5
  parameters:
    tau   = 20 ms
    eta   = 0.01 nS
    total = 5 nS
    w_max = 1 nS"""


@pytest.fixture
def rule():
    return Synapse(
        LEARNS,
        on_pre="apre += 1; g_e += w",
        on=dict(
            late=On("post.plateau", "w += apre*eta", "1 ms"),
            teach=On("teach", "w -= c*eta"),
            norm=Every("0.1 second", "w *= total/sum(w, by='post')"),
            leak=Every("step", "w -= 1e-06*nS"),
        ),
        bounds=dict(w=("0 nS", "w_max"), c=(None, 5)),
        initial=dict(c=0.5),
        parameters=dict(tau="20 ms", eta="0.01 nS", total="5 nS", w_max="1 nS"),
        name="rule",
    )


def test_what_a_synapse_learns(rule):
    assert list(rule.learned) == ["apre", "c", "w"]
    assert rule.event_driven == ("apre",)
    assert rule.clock_driven == ("c",)  # it reads what changes between events
    assert {name: rule.variables[name].scope for name in ("tau", "eta", "w_max")} == dict.fromkeys(
        ("tau", "eta", "w_max"), "synapse"
    )


def test_repr_of_a_synapse_that_learns(rule):
    wanted = [" ".join(line.split()) for line in LEARNS_REPR.splitlines()]
    assert [" ".join(line.split()) for line in repr(rule).splitlines()] == wanted


def test_markdown_of_a_synapse_that_learns(rule):
    text = rule._repr_markdown_()
    assert r"\frac{\mathrm{d}\mathrm{apre}}{\mathrm{d}t} &= \frac{-\mathrm{apre}}{\tau}" in text
    assert "| on norm (every 100 ms) | `w *= total/sum(w, by='post')` |" in text
    assert "| bounds | `0 nS <= w <= w_max; c <= 5` |" in text
    assert "| `c` | 1 | each synapse, clock-driven |  |" in text
    assert "| `w` | nS | each synapse, by code | strength |" in text
    assert "| `eta` | 0.01 | nS |  |" in text


def test_bounds_and_initial_values_are_part_of_a_synapse(rule):
    same = rule.with_(bounds=dict(w=(0, "w_max"), c=[None, 5.0]), initial=dict(c="0.5"))
    assert same == rule  # numbers are taken in the unit of the state
    assert hash(same) == hash(rule)
    wider = rule.with_(bounds=dict(w=("0 nS", "w_max"), c=(None, 6)))
    assert wider != rule
    assert wider.fingerprint == rule.fingerprint  # code reads bounds as it reads parameters
    assert rule.with_(bounds=dict(w=("0 nS", "w_max"), c=(0, 5))).fingerprint != rule.fingerprint
    open_above = rule.with_(bounds=dict(w=(0, None)))
    assert "w_max" not in open_above.parameters  # nothing else read it
    assert rule.with_(initial=dict(c=[1.0, 2.0])) != rule.with_(initial=dict(c=[1.0, 3.0]))
    assert rule.with_(w_max="2 nS").variables["w_max"].value == 2.0


def test_repr(synapse):
    wanted = [" ".join(line.split()) for line in REPR.splitlines()]
    assert [" ".join(line.split()) for line in repr(synapse).splitlines()] == wanted
