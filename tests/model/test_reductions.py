"""Reductions over a population in a neuron's equations: what they may stand in, what they may read."""

import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.model.hybrid import Hybrid
from lapicque.model.reductions import Reduction, separated

FLOW = "dv/dt = (e_l - v)/tau : mV\n"
VALUES = dict(e_l="-70 mV", tau="10 ms")


def made(text, threshold=None, parameters=None, **more):
    return lq.Neuron(FLOW + text, threshold=threshold, parameters={**VALUES, **(parameters or {})}, **more)


def test_equal_reductions_are_made_once():
    neuron, found = separated(
        made(
            "top = max(v) : mV (shared)\nexcess = max(v) - mean(v, by=layer) : mV (shared)\nlayer : 1",
            threshold="v > -50*mV and rank(v, by=layer) < 2",
            reset="v = e_l",
            parameters=dict(layer=0),
        )
    )
    assert found == (
        Reduction("max", "reduced__0", "v"),
        Reduction("mean", "reduced__1", "v", "layer"),
        Reduction("rank", "reduced__2", "v", "layer"),
    )
    assert neuron.threshold == "v > -50 * mV and reduced__2 < 2"
    assert list(neuron.inputs) == ["reduced__0", "reduced__1", "reduced__2"]
    assert str(neuron.inputs["reduced__1"].unit) == "mV"
    assert str(neuron.inputs["reduced__2"].unit) == "1"
    assert Hybrid.of(neuron).algebraic is not None


def test_expressions_that_are_reduced_become_variables():
    neuron, (found,) = separated(made("power = sum((v - e_l)**2) : mV**2 (shared)"))
    assert found.argument == "reduced__0_of"
    assert neuron.variables["reduced__0_of"].unit.dimension == neuron.variables["power"].unit.dimension


def test_reductions_in_named_events():
    events = {"plateau": lq.Event("v > 0*mV and rank(v) < 1", reset="v -= rank(v)*mV", refractory="5 ms")}
    neuron, (found,) = separated(made("", events=events))
    assert neuron.events["plateau"].threshold == "v > 0 * mV and reduced__0 < 1"
    assert neuron.events["plateau"].reset == "v -= reduced__0 * mV"
    assert neuron.events["plateau"].refractory == "5 ms"
    assert found.function == "rank"


def test_two_arguments_are_compared_for_each_neuron():
    neuron = made("low = min(v, e_l) : mV\nhigh = max(v, e_l, 0*mV) : mV")
    assert separated(neuron) == (neuron, ())
    assert set(map(str, Hybrid.of(neuron).algebraic)) == {"low", "high"}


@pytest.mark.parametrize(
    ("text", "message", "kind"),
    [
        ("top = «max(v) : mV",
         "max() runs over the neurons of a population: write max(a, b) for two values, or among a neuron's equations "
         "'x = max(v) : unit (shared)'", ModelError),
        ("n = «rank(v) : 1 (shared)",
         "rank() runs over the neurons of a population: it gives each a value of its own, in a threshold, a reset, or "
         "'x = rank(v) : 1'", ModelError),
        ("s = sum(v) + «v : mV (shared)",
         "'s' is (shared), but reads 'v', which each neuron has of its own", ModelError),
        ("s = «sum(v, 2) : mV (shared)", "sum() takes what is reduced, and by=: sum(v, by=group)", ModelError),
        ("s = «sum(v, over=2) : mV (shared)", "sum() takes what is reduced, and by=: sum(v, by=group)", ModelError),
        ("s = sum(«v > e_l) : 1 (shared)",
         "sum() of the condition 'v > e_l': write where(v > e_l, 1, 0)", ModelError),
        ("s = «sum(v) : pA (shared)",
         "the right-hand side of 's' is a voltage (mV), but a current (pA) is expected", UnitError),
        ("top = max(v) : mV (shared)\nrest = «sum(v - top) : mV (shared)",
         "what is reduced depends on max(v), through 'top': all reductions of a step are made at once, from states and "
         "inputs", ModelError),
        ("top = «max(v - rank(v)*mV) : mV (shared)",
         "rank() runs over the neurons of a population: it gives each a value of its own, in a threshold, a reset, or "
         "'x = rank(v) : 1'", ModelError),
        ("y = v + randn()*mV : mV\ntop = «max(y) : mV (shared)",
         "what is reduced draws a random number, through 'y': let a state hold it", ModelError),
        ("top = max(v, by=«v) : mV (shared)",
         "by=v: groups are given by a parameter with a whole number for each neuron, 'group : 1'", ModelError),
        ("top = max(v, by=«e_l) : mV (shared)",
         "by=e_l: the numbers of groups are pure numbers, but 'e_l' is in mV", ModelError),
        ("top = max(v, by=«layr) : mV (shared)",
         "unknown name 'layr': give it a value, parameters=dict(layr=...), or an equation", ModelError),
    ],
)  # fmt: skip
def test_refused(refuses, text, message, kind):
    if "rank(v)*mV" in text:
        text = text.replace("«", "").replace("rank", "«rank")
    refuses(dict(equations=FLOW + text, parameters=VALUES), message, kind)


def test_a_group_that_all_share_is_refused(refuses):
    message = "by=layer: 'layer' is (shared), so all neurons are one group: leave out by="
    text = FLOW + "top = max(v, by=«layer) : mV (shared)\nlayer : 1 (shared)"
    refuses(dict(equations=text, parameters={**VALUES, "layer": 1}), message, ModelError)


def test_an_initial_value_cannot_read_a_population(refuses):
    with pytest.raises(ModelError, match="'v' reads 'top', which runs over a population and has no value"):
        made("top = max(v) : mV (shared)", initial=dict(v="top"))


def test_sums_of_the_same_step_are_not_known():
    neuron = made("top = max(i - 1*pA) : pA (shared)\ni = gap__i + 2*pA : pA\ngap__i : pA (input)")
    with pytest.raises(SimulationError) as found:
        separated(neuron, ["gap__i"])
    message = "max(i - 1 * pA) depends on 'gap.i', a sum over synapses of the same step: reduce a state instead"
    assert str(found.value) == message


def test_neurons_alone_have_no_population():
    with pytest.raises(ModelError, match=r"max\(\) runs over a population: put the neuron into a network, net.populat"):
        lq.simulate(made("top = max(v) : mV (shared)"), "1 ms", record="top")
