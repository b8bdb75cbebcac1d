"""Populations, parts of them, and the values of their neurons."""

import copy
import pickle

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError, SimulationError, UnitError
from lapicque.network.making import values
from lapicque.units import mV, pF, um

LIF = lq.neurons.lif


@pytest.fixture
def exc():
    return lq.Network().population(LIF, 8, name="exc")


# -- parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "numbers", "shown"),
    [
        (slice(None), range(8), "exc"),
        (slice(3), range(3), "exc[:3]"),
        (slice(5, None), range(5, 8), "exc[5:]"),
        (slice(0, 8, 2), range(0, 8, 2), "exc[::2]"),
        (slice(-2, None), [6, 7], "exc[6:]"),
        (slice(None, None, -1), range(7, -1, -1), "exc[8 of 8]"),
        (3, [3], "exc[3:4]"),
        (-1, [7], "exc[7:]"),
        ([3, 1], [3, 1], "exc[2 of 8]"),
        ([2, 3, 4], [2, 3, 4], "exc[2:5]"),
        (np.arange(8) > 5, [6, 7], "exc[6:]"),
        (np.array([0, 5], dtype=np.uint8), [0, 5], "exc[2 of 8]"),
    ],
)
def test_parts_of_a_population(exc, which, numbers, shown):
    part = exc[which]
    assert part.numbers.tolist() == list(part) == list(numbers)
    assert part.numbers.dtype == np.int64
    assert len(part) == len(numbers)
    assert repr(part) == shown
    assert part.whole == (shown == "exc")


def test_parts_of_parts(exc):
    assert exc[2:][1:3] == exc[3:5]
    assert exc[[5, 1, 3]][[0, 2]].numbers.tolist() == [5, 3]
    assert exc[1:7][::2] == exc[[1, 3, 5]]
    assert hash(exc[1:7][::2]) == hash(exc[[1, 3, 5]])
    assert exc[:3] != exc[:4]
    assert exc[:3] != lq.Network().population(LIF, 8)[:3]


@pytest.mark.parametrize(
    ("which", "message"),
    [
        (20, "exc has no neuron 20: it has 8, 0 to 7"),
        ([0, -9], "exc has no neuron -9: it has 8, 0 to 7"),
        (slice(5, 5), "no neuron of exc is selected: it has 8"),
        (np.zeros(8, bool), "no neuron of exc is selected: it has 8"),
        ([1, 1], "neuron 1 of exc is selected twice"),
        ([1, -7], "neuron 1 of exc is selected twice"),
        (np.ones(3, bool), "the mask has shape (3,), but exc has 8 neurons"),
        ("a", "'a' selects no neurons of exc: write a slice, a list of numbers, or a mask"),
        ([], "[] selects no neurons of exc: write a slice, a list of numbers, or a mask"),
        (1.5, "1.5 selects no neurons of exc: write a slice, a list of numbers, or a mask"),
    ],
)
def test_what_selects_nothing_is_refused(exc, which, message):
    with pytest.raises(SimulationError) as found:
        exc[which]
    assert str(found.value) == message


def test_a_selection_cannot_be_changed(exc):
    with pytest.raises(ValueError, match="read-only"):
        exc[[3, 1]].numbers[0] = 2


def test_a_network_is_pickled_with_its_selections():
    net = lq.Network()
    exc = net.population(LIF, 8, name="exc", positions=np.arange(8.0))
    net.record(exc[2:], "v")
    for other in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert other.recorders["exc.v"].what == other["exc"][2:]
        assert other["exc"].positions.tolist() == exc.positions.tolist()


# -- values ----------------------------------------------------------------------------------------------------------


def made(n=4, **given):
    return lq.Network().population(LIF, n, name="exc", **given)


def test_numbers_and_arrays_change_the_neuron():
    exc = made(c_m=[100, 200, 300, 400] * pF, g_l="20 nS")
    assert exc.neuron.parameters["g_l"] == "20 nS"
    parameters, initial = values(exc, seed=0)
    assert parameters["c_m"].tolist() == [100, 200, 300, 400]
    assert initial["v"] == -70.0
    assert exc.parameters == {}


def test_what_is_drawn_stays_a_description():
    exc = made(c_m=lq.normal("200 pF", "20 pF"), initial=dict(v="e_l + 5*mV*rand()"))
    assert exc.parameters == {"c_m": lq.normal("200 pF", "20 pF")}
    assert exc.neuron == LIF
    first, second = values(exc, seed=1), values(exc, seed=1)
    np.testing.assert_array_equal(first[0]["c_m"], second[0]["c_m"])
    np.testing.assert_array_equal(first[1]["v"], second[1]["v"])
    assert (values(exc, seed=2)[0]["c_m"] != first[0]["c_m"]).all()
    assert ((first[1]["v"] > -70) & (first[1]["v"] < -65)).all()


def test_draws_depend_on_names_alone():
    """A neuron's values do not change with the size of the population, nor with what else is drawn."""
    few, many = (made(n, initial=dict(v=lq.normal("-60 mV", "5 mV"))) for n in (3, 7))
    other = made(3, initial=dict(v=lq.normal("-60 mV", "5 mV")), c_m=lq.uniform("1 pF", "2 pF"))
    v = values(few, 3)[1]["v"]
    np.testing.assert_array_equal(values(many, 3)[1]["v"][:3], v)
    np.testing.assert_array_equal(values(other, 3)[1]["v"], v)
    renamed = lq.Network().population(LIF, 3, name="inh", initial=dict(v=lq.normal("-60 mV", "5 mV")))
    assert (values(renamed, 3)[1]["v"] != v).all()


def test_expressions_read_parameters_numbers_and_places():
    exc = made(
        c_m="100*pF*(1 + i/N)",
        g_l="c_m/(10*ms)",
        positions=[[0, 10], [5, 20], [0, 30], [0, 40]] * um,
        initial=dict(v="e_l + y*mV/um"),
    )
    parameters, initial = values(exc, seed=0)
    assert parameters["c_m"].tolist() == [100, 125, 150, 175]
    assert parameters["g_l"].tolist() == [10, 12.5, 15, 17.5]
    assert initial["v"].tolist() == [-60, -50, -40, -30]


def test_initial_values_follow_each_other():
    """A neuron's own initial values are expressions: they see what the population has set."""
    adex = lq.neurons.adex.with_(initial=dict(v="e_l", w="a*(v - e_l)"), a="2 nS")
    e_l = values(lq.Network().population(adex, 2), 0)[0]["e_l"]
    exc = lq.Network().population(adex, 2, name="exc", initial=dict(v=lq.uniform("-60 mV", "-50 mV")))
    found = values(exc, 5)[1]
    np.testing.assert_allclose(found["w"], 2 * (found["v"] - e_l))
    plain = lq.Network().population(adex, 2, initial=dict(v="e_l + 10*mV"))
    assert values(plain, 0)[1]["w"] == 20.0


def test_states_that_events_write_take_values_as_parameters():
    moving = lq.Neuron(
        "dv/dt = -v/tau : mV\nth : mV",
        threshold="v > th",
        reset="th += 1*mV",
        parameters=dict(tau="5 ms", th="10 mV"),
    )
    assert values(lq.Network().population(moving, 3, th=[5, 6, 7]), 0)[1]["th"].tolist() == [5, 6, 7]
    drawn = lq.Network().population(moving, 3, th=lq.uniform("5 mV", "6 mV"))
    assert ((values(drawn, 0)[1]["th"] > 5) & (values(drawn, 0)[1]["th"] < 6)).all()
    assert values(lq.Network().population(moving, 3, initial=dict(th=lq.uniform("5 mV", "6 mV"))), 0)[1]["th"].min() > 5


@pytest.mark.parametrize(
    ("given", "message", "kind"),
    [
        (
            dict(neuron="lif"),
            "a population is made of a Neuron, not of str: write lapicque.neurons.lif",
            SimulationError,
        ),
        (dict(n=0), "the number of neurons is 0, but at least 1, and fewer than 2**31, are expected", SimulationError),
        (dict(n=2.0), "the number of neurons is 2.0, but a whole number is expected: write 2", SimulationError),
        (
            dict(n=True),
            "the number of neurons is True, but at least 1, and fewer than 2**31, are expected",
            SimulationError,
        ),
        (
            dict(name="a b"),
            "name='a b': letters, digits and '_' are expected, beginning with a letter, such as 'exc'",
            SimulationError,
        ),
        (dict(c_n=1), "'c_n' is no parameter of 'lif'; did you mean 'c_m'?", SimulationError),
        (
            dict(c_m=[1, 2]),
            "the parameter 'c_m' has 2 values, but there are 3 neurons: give one value, or one a neuron",
            SimulationError,
        ),
        (
            dict(neuron=LIF.with_(c_m=[1, 2])),
            "the parameter 'c_m' of 'lif' has 2 values, but there are 3 neurons: give one value, or one a neuron",
            SimulationError,
        ),
        (
            dict(c_m="1 nS"),
            "the parameter 'c_m' is declared as a capacitance (pF), but 1 nS is a conductance (nS)",
            UnitError,
        ),
        (
            dict(c_m=lq.normal("1 nS", 1)),
            "the parameter 'c_m' is declared as a capacitance (pF), but normal(1 nS, 1 nS) is a conductance (nS)",
            UnitError,
        ),
        (
            dict(c_m="200*pF*q"),
            "unknown name 'q': what can be read here is i, N, c_m, g_l, e_l, v_th, v_reset, t_ref",
            ModelError,
        ),
        (dict(c_m="200*pF*e_k/e_l"), "unknown name 'e_k'; did you mean 'e_l'?", ModelError),
        (dict(c_m="c_m*rand()"), "the parameter 'c_m' reads itself: 'c_m*rand()'", SimulationError),
        (
            dict(c_m="g_l*rand()*ms", g_l=lq.uniform(1, 2)),
            "the parameter 'c_m' reads 'g_l', which is drawn itself and later: give 'g_l' before 'c_m'",
            SimulationError,
        ),
        (dict(c_m=float("nan")), "the parameter 'c_m' is NaN (not a number)", ModelError),
        (dict(initial=dict(u=1)), "initial: 'u' is no state of 'lif'", SimulationError),
        (dict(initial=[1]), "initial maps names to values, initial=dict(v=...): list does not", SimulationError),
        (
            dict(initial=dict(v="5 pA")),
            "the initial value of 'v' is declared as a voltage (mV), but 5 pA is a current (pA)",
            UnitError,
        ),
        (
            dict(initial=dict(v="e_l + 5*rand()")),
            "cannot add: 'e_l' is a voltage (mV), '5*rand()' is a pure number",
            UnitError,
        ),
        (dict(initial=dict(v="e_l*t/ms")), "the initial value of 'v' reads 't', which has no value yet", ModelError),
        (
            dict(initial=dict(v="e_l*rand()*t/ms")),
            "'t' has no value yet: this is computed once, before a run begins",
            ModelError,
        ),
        (dict(initial=dict(v="e_l*xi*rand()")), "white noise xi has no meaning here: write randn()", ModelError),
        (
            dict(initial=dict(v="x*mV/um")),
            "'x' is a position, which the neurons have none of: population(..., positions=...)",
            ModelError,
        ),
        (dict(positions=[1, 2]), "positions have shape (2, 1), but (3, 1 to 3) is expected, in um", SimulationError),
        (
            dict(positions=np.zeros((3, 4))),
            "positions have shape (3, 4), but (3, 1 to 3) is expected, in um",
            SimulationError,
        ),
        (dict(positions=[0, 1, np.inf]), "the position of neuron 2 is not finite", SimulationError),
        (
            dict(positions=[0, 1, 2] * mV),
            "positions is given in mV, but a length (um) is expected: write it in um",
            UnitError,
        ),
    ],
)
def test_refused(given, message, kind):
    with pytest.raises(kind) as found:
        lq.Network().population(**{"neuron": LIF, "n": 3, **given})
    assert type(found.value) is kind
    assert getattr(found.value, "summary", str(found.value)) == message


def test_a_shared_parameter_has_one_value():
    neuron = lq.Neuron("dv/dt = -v/tau : mV\ntau : ms (shared)", parameters=dict(tau="5 ms"))
    assert lq.Network().population(neuron, 3, tau="6 ms").neuron.parameters["tau"] == "6 ms"
    with pytest.raises(SimulationError, match=r"'tau' is \(shared\): one value is expected, not uniform\(1 ms, 2 ms\)"):
        lq.Network().population(neuron, 3, tau=lq.uniform("1 ms", "2 ms"))


def test_names_are_found_where_none_are_given():
    net = lq.Network()
    names = [net.population(LIF, 1).name for _ in range(3)]
    assert names == ["lif", "lif_2", "lif_3"]
    odd = lq.Neuron("dv/dt = -v/tau : mV", parameters=dict(tau="5 ms"), name="2-compartment cell")
    assert net.population(odd, 1).name == "population_2_compartment_cell"
