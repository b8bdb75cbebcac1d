"""One synapse from a rule and a way of acting on the target: what is kept, what is shared, what is refused."""

import pytest

import lapicque as lq
from lapicque.errors import ModelError, UnitError

RULE = lq.Synapse(
    "dx/dt = -x/tau_x : 1  # trace\nw : nS (weight)  # of the rule\ntop : nS",
    on_pre="x += 1",
    on_post="w += 0.1*x*nS",
    bounds=dict(w=(0, "top")),
    parameters=dict(tau_x="20 ms", top="1 uS"),
    initial=dict(x=0.5),
    reference="One 2001",
    name="rule",
)
AMPA = lq.Synapse(
    "dg/dt = -g/tau : nS (post)  # conductance\nw : nS (weight)  # peak",
    on_pre="g += w",
    output="g*(e - v_post)",
    parameters=dict(tau="5 ms", e="0 mV"),
    initial=dict(g="1 nS"),
    reference="Two 2002",
    name="ampa",
)


def test_everything_of_both_is_kept_and_the_weight_is_one():
    both = RULE.onto(AMPA)
    assert set(both.variables) == set(RULE.variables) | set(AMPA.variables)
    assert both.variables["w"].doc == "peak"
    assert both.variables["x"].doc == "trace"
    assert both.variables["g"].scope == "post"
    assert (list(both.learned), both.event_driven) == (["x", "w"], ("x",))
    assert both.parsed_output.text == "g*(e - v_post)"
    assert (both.initial, both.bounds) == ({"x": 0.5, "g": "1 nS"}, {"w": (0, "top")})
    assert (both.reference, both.name) == ("One 2001; Two 2002", "rule_ampa")
    assert both == RULE.onto(AMPA)


def test_a_spike_acts_before_it_is_learned_from():
    rule = RULE.with_(on_pre="x += 1; w *= 2")
    text = {p.name: [s.target for s in p.statements] for p in rule.onto(AMPA).pathways}
    assert text == {"pre": ["g", "x", "w"], "post": ["w"]}


def test_code_may_be_given_in_any_of_its_forms():
    commented = AMPA.with_(on_pre="g += w  # peak")
    rule = RULE.with_(on_pre=None, on=dict(pre=lq.On("pre", "x += 1"), often=lq.Every("1 ms", "w *= 0.9")))
    assert rule.onto(commented) == RULE.with_(on=dict(often=lq.Every("1 ms", "w *= 0.9"))).onto(AMPA)


def test_pathways_may_be_called_like_the_party_whose_events_they_run_at():
    rewarded = RULE.with_(on=dict(reward=lq.On("reward", "w += x*nS")))
    (found,) = (p for p in rewarded.onto(AMPA).pathways if p.name == "reward")
    assert (found.at, found.delay) == ("reward", None)


def test_the_weight_moves_as_the_rule_says_in_the_unit_that_both_know():
    drifting = lq.Synapse(
        "dw/dt = (w_0 - w)/tau_w : uS (clock-driven)", parameters=dict(w_0="1 nS", tau_w="1 second"), name="drifting"
    )
    both = drifting.onto(AMPA)
    assert both.clock_driven == ("w",)
    assert both.variables["w"].equation.expression.text == "(w_0 - w)/tau_w"


def test_two_bounds_of_one_state_are_refused():
    assert "both bound 'w': leave the bounds of one of them out" in refused(
        RULE, AMPA.with_(on_pre="g += w; w *= 0.9", bounds=dict(w=(0, 5)))
    )


def test_the_weight_has_the_unit_of_the_one_that_declares_it():
    bare = lq.Synapse(on_pre="v_post += w", name="bare")
    assert str(RULE.onto(bare).variables["w"].unit) == "nS"
    assert (
        RULE.with_(equations=RULE.equations.replace("w : nS (weight)  # of the rule", ""))
        .onto(bare)
        .variables["w"]
        .unit
        is None
    )


def test_three_are_two_and_one():
    scaling = lq.Synapse(on=dict(scale=lq.Every("1 second", "w *= 0.99")), name="scaling")
    found = scaling.onto(RULE).onto(AMPA)
    assert [p.name for p in found.pathways] == ["pre", "post", "scale"]
    assert found.name == "scaling_rule_ampa"
    assert found.structure == scaling.onto(RULE.onto(AMPA)).structure


def refused(rule, transmission):
    with pytest.raises((ModelError, UnitError)) as caught:
        rule.onto(transmission)
    return str(caught.value)


def test_names_of_one_are_not_names_of_the_other():
    clash = RULE.with_(
        equations=RULE.equations.replace("top", "e"), bounds=dict(w=(0, "e")), parameters=dict(tau_x="20 ms", e=1)
    )
    assert refused(clash, AMPA) == "'rule' and 'ampa' both have 'e': rename it in one of them"
    reads = RULE.with_(on_post="w += g*0.1")
    assert "'rule' means a variable of a neuron, or a unit, by 'g', but 'ampa' has a variable of its own" in refused(
        reads, AMPA
    )
    writes = lq.Synapse("x : 1 (post)", on_pre="x += w", name="writes")
    read = lq.Synapse(on_pre="w += 0.1*x", name="read")
    assert "write 'x_post' for the target's" in refused(read, writes)
    assert "write 'x_post' for the target's" in refused(writes, read)


def test_weights_of_other_dimensions():
    message = refused(RULE, lq.synapses.exponential("5 ms"))
    assert "the weight of 'rule' is a conductance (nS), but that of 'exponential' is a current (pA)" in message
    assert "in pA" in message


def test_two_outputs_and_two_pathways_of_one_name():
    assert "both have an output" in refused(AMPA, lq.synapses.gap_junction())
    one = RULE.with_(on=dict(late=lq.On("pre", "w *= 0.5", delay="1 ms")))
    other = lq.Synapse(on_pre="v += w", on=dict(late=lq.On("pre", "v -= w", delay="2 ms")), name="other")
    assert "both have a pathway 'late', with a time of its own" in refused(one, other)
