"""How rest ends: closed forms of normal forms, and the classes of excitability."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import ModelError
from lapicque.theory import onset


def test_a_saddle_node_at_the_rheobase_of_the_quadratic_neuron():
    found = onset(lq.neurons.qif, 0, "200 pA")
    assert found.kind == "saddle-node"
    assert found.value == pytest.approx(10 * 20 / 4, rel=1e-7)  # g_l (v_th - v_rest)/4
    assert found.rest == pytest.approx([-60], abs=0.01)
    assert found.frequency == 0


def test_an_oscillation_grows_in_fitzhugh_and_nagumos_neuron():
    cell = lq.Neuron(
        """
        dv/dt = (v - v**3/3 - w + i)/ms : 1
        dw/dt = (v + a - b*w)/tau : 1
        i : 1 (input)
        """,
        parameters=dict(a=0.7, b=0.8, tau="12.5 ms"), initial=dict(v=-1.2, w=-0.6),
    )  # fmt: skip
    found = onset(cell, 0, 1, input="i")
    v = -np.sqrt(1 - 0.8 / 12.5)  # where the trace vanishes
    assert found.kind == "Andronov-Hopf"
    assert found.rest[0] == pytest.approx(v, abs=1e-6)
    assert found.value == pytest.approx((v + 0.7) / 0.8 - v + v**3 / 3, abs=1e-6)
    determinant = 1 / 12.5 - (0.8 / 12.5) ** 2
    assert found.frequency == pytest.approx(1000 * np.sqrt(determinant) / (2 * np.pi), rel=1e-4)


def test_adaptation_can_take_the_place_of_the_saddle():
    # a/g_l against tau_m/tau_w decides (Touboul & Brette 2008, doi:10.1007/s00422-008-0267-4)
    adex = lq.neurons.adex
    g_l, c_m = 10.0, 200.0
    kinds = {a: onset(adex.with_(g_l=f"{g_l} nS", c_m=f"{c_m} pF", a=f"{a} nS", tau_w="100 ms"), 0, "2000 pA").kind
             for a in (1.0, 4.0)}  # fmt: skip
    assert kinds == {1.0: "saddle-node", 4.0: "Andronov-Hopf"}


def test_integrate_and_fire_meets_its_threshold():
    found = onset(lq.neurons.lif, 0, "1 nA")
    assert found.kind == "threshold"
    assert found.value == pytest.approx(10 * 20, rel=1e-7)  # g_l (v_th - e_l)
    assert found.rest == pytest.approx([-50], abs=1e-6)
    assert found.frequency == 0
    # the rest of an adaptive exponential neuron ends below the peak that is its threshold
    assert onset(lq.neurons.adex.with_(a="1 nS", tau_w="100 ms"), 0, "2000 pA").kind == "saddle-node"


@pytest.mark.parametrize(
    ("low", "high", "options", "message"),
    [
        (100, 200, {}, "no fixed point of 'qif'"),
        (0, 10, {}, "still rests where i_ext is 10 pA"),
        (10, 0, {}, "the lower end comes first"),
        (0, 10, dict(input="i"), "no input 'i'"),
    ],
)
def test_what_cannot_be_is_refused(low, high, options, message):
    with pytest.raises(ModelError, match=message):
        onset(lq.neurons.qif, low, high, **options)


def test_it_must_rest_to_begin_with():
    with pytest.raises(ModelError, match="does not rest where i_ext is 1200 pA"):
        onset(lq.neurons.morris_lecar, 1200, 1500)
