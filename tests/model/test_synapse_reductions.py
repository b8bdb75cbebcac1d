"""Functions over synapses in code on schedule: what becomes of them, and what is refused."""

import pytest

from lapicque.errors import ModelError, UnitError
from lapicque.model import Every, On, Synapse
from lapicque.model.projection_rules import check_projection
from lapicque.neurons import lif
from lapicque.units import parse_unit


def scheduled(code, **parameters):
    return Synapse("w : nS", on=dict(norm=Every("1 second", code)), parameters=parameters)


def test_names_stand_for_reductions():
    synapse = scheduled("w *= total/sum(w*1, by='post'); w -= mean(w, by='pre') + sum(w*1, by='post')", total="3 nS")
    (pathway,) = synapse.pathways
    assert [(r.name, r.function, r.by, r.expression.text) for r in pathway.reductions] == [
        ("_reduced_0", "sum", "post", "w*1"),  # once, though it stands there twice
        ("_reduced_1", "mean", "pre", "w"),
    ]
    assert [s.expression.text for s in pathway.statements] == ["total / _reduced_0", "_reduced_1 + _reduced_0"]
    assert [s.expression.text for s in pathway.written] == [
        "total/sum(w*1, by='post')",
        "mean(w, by='pre') + sum(w*1, by='post')",
    ]
    siemens = parse_unit("nS").dimension
    assert pathway.reductions[0].dimension({"w": siemens}) == siemens
    assert "w *= total/sum(w*1, by='post')" in repr(synapse)


def test_what_only_a_reduction_reads_is_read():
    assert list(scheduled("w = max(cap*w, by='post')", cap=2).variables) == ["w", "cap"]


def test_the_structure_tells_reductions_apart():
    codes = ["w = {}(w, by='{}')".format(*key) for key in [("sum", "pre"), ("sum", "post"), ("max", "post")]]
    assert len({scheduled(code).fingerprint for code in codes}) == 3
    assert scheduled(codes[0]) != scheduled(codes[1])


def test_max_of_two_is_no_reduction():
    (pathway,) = scheduled("w = max(w, 1*nS)").pathways
    assert pathway.reductions == ()


def test_reductions_read_both_sides():
    check_projection(scheduled("w += 1*nS*sum(v_pre - v_post, by='post')/mV"), lif, lif, None, {"w": w_unit()})
    with pytest.raises(ModelError, match="has no variable 'q'"):
        check_projection(scheduled("w *= sum(q_pre, by='post')"), lif, lif, None, {"w": w_unit()})
    with pytest.raises(UnitError, match="what is multiplied with 'w' is a voltage"):
        check_projection(scheduled("w *= sum(v_pre, by='post')"), lif, lif, None, {"w": w_unit()})


def w_unit():
    return parse_unit("nS").dimension


SIDES = "those of a target, by='post', or of a source, by='pre'"
SCHEDULE = "over synapses belongs in code on schedule, on=dict(name=lq.Every('10 ms', code))"
NEURONS = "over the neurons of a population it belongs among their equations, "


@pytest.mark.parametrize(
    ("code", "message", "place"),
    [
        ("w = sum(w)", f"say over which synapses sum() runs: {SIDES}", "sum"),
        ("w = max(w)", f"say over which synapses max() runs: {SIDES}; of two values it is max(a, b)", "max"),
        ("w = sum(w, by=post)", f"by=post says over which synapses: {SIDES}", "post"),
        ("w = sum(w, by='pst')", f"by='pst' says over which synapses: {SIDES}", "'pst'"),
        ("w = sum(w, over='post')", "sum() takes what is reduced, and by=: sum(w, by='post')", "sum"),
        ("w = max(w, w, by='pre')", "max() takes what is reduced, and by=: max(w, by='post')", "max"),
        ("w = argmax(w, by='post')", "argmax() does not run over synapses: sum, mean, max, min do", "argmax"),
        (
            "w = sum(mean(w, by='pre'), by='post')",
            "sum() of what runs over synapses itself: let a state of the synapses hold the inner one",
            "mean",
        ),
        (
            "w = sum(w*randn(), by='post')",
            "sum() of random numbers: let a state of the synapses hold them",
            "randn",
        ),
        (
            "w = sum(w > 1*nS, by='post')",
            "sum() of the condition 'w > 1*nS': write where(w > 1*nS, 1, 0)",
            "w > 1",
        ),
        ("w = 1*nS, w = 2*nS", "separate statements by ';' or a new line", ", w"),
    ],
)
def test_refused(code, message, place):
    with pytest.raises(ModelError) as found:
        scheduled(code)
    assert found.value.summary == message
    assert found.value.column == code.index(place)


def test_dimensions_are_checked():
    with pytest.raises(UnitError) as found:
        scheduled("w *= sum(w, by='post')")
    assert found.value.summary == "what is multiplied with 'w' is a conductance (nS), but a pure number is expected"
    with pytest.raises(UnitError, match=r"is a conductance \(nS\), '1' is a pure number"):
        scheduled("w = sum(w, by='post') + 1")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (dict(on_pre="w = sum(w, by='post')"), f"sum() {SCHEDULE}"),
        (
            dict(on=dict(x=On("post", "w = max(w)"))),
            f"max() {SCHEDULE}; of two values it is max(a, b); {NEURONS}'x = max(v) : unit (shared)'",
        ),
        (dict(equations="x = sum(w, by='post') : nS\nw : nS", on_pre="w = x"), f"sum() {SCHEDULE}"),
        (dict(on_pre="w += 1*nS", output="sum(v)"), f"sum() {SCHEDULE}; {NEURONS}'x = sum(v) : unit (shared)'"),
        (
            dict(equations="x = argmax(v_post) : 1\nw : 1", on_pre="w = x"),
            f"argmax() does not run over synapses; {NEURONS}'x = argmax(v) : unit (shared)'",
        ),
    ],
)
def test_only_on_schedule(fields, message):
    with pytest.raises(ModelError) as found:
        Synapse(**{"equations": "w : nS", **fields})
    assert found.value.summary == message
