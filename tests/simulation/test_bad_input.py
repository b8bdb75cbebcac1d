"""What cannot be simulated is refused, with the name of the thing and what to write instead."""

import numpy as np
import pytest

from lapicque import Neuron, neurons, simulate
from lapicque.errors import ModelError, SchemeError, SimulationError, UnitError
from lapicque.units import mV, pF

LIF = neurons.lif
THREE = LIF.with_(c_m=np.array([100.0, 200, 300]) * pF)
SHAPES = r"but the run has 50 steps: \(50,\) for one value a step, \(50, neuron\), or \(1, neuron\)"

#: what is given, what the message says, and the error where it is no SimulationError
CASES = {
    "name for a neuron": (dict(neuron="lif"), r"a Neuron is simulated, not 'lif': write lapicque.neurons.lif$"),
    "list of neurons": (dict(neuron=[LIF]), r"a Neuron is simulated, not list$"),
    # times
    "duration negative": (dict(duration="-5 ms"), r"duration is -5 ms: a positive time is expected"),
    "duration nothing": (dict(duration=0), r"duration is 0 ms: a positive time is expected"),
    "duration in mV": (dict(duration="5 mV"), r"duration is given in mV, but a time \(ms\) is expected", UnitError),
    "duration a word": (dict(duration="long"), r"duration: 'long' is not a quantity: write a number", UnitError),
    "duration None": (dict(duration=None), r"duration is None, but a time \(ms\) is expected", UnitError),
    "duration NaN": (dict(duration=np.nan), r"duration is nan ms: a positive time is expected"),
    "duration infinite": (dict(duration=np.inf), r"duration is inf ms: a positive time is expected"),
    "duration an array": (dict(duration=[1, 2]), r"duration is an array: one time is expected"),
    "half a step": (dict(duration="5.05 ms"),
                    r"duration is 5.05 ms, no whole number of steps of 0.1 ms: write 5 ms or 5.1 ms$"),
    "a little of a step": (dict(duration="100000.04 ms"), r"duration is 100000.04 ms, no whole number"),
    "too many steps": (dict(duration="300 second", dt="1e-7 ms"), r"duration is 3000000000000 steps of 1e-07 ms"),
    "dt negative": (dict(dt="-0.1 ms"), r"dt is -0.1 ms: a positive time is expected"),
    "dt nothing": (dict(dt=0), r"dt is 0 ms: a positive time is expected"),
    "dt in mV": (dict(dt="1 mV"), r"dt is given in mV, but a time \(ms\) is expected: write it in ms", UnitError),
    "dt longer than the run": (dict(dt="10 ms"), r"duration is 5 ms, no whole .* of 10 ms: write 10 ms$"),
    "every below dt": (dict(every="0.01 ms"), r"every is 0.01 ms, no whole .* of 0.1 ms: write 0.1 ms$"),
    "every off the steps": (dict(every="0.25 ms"), r"every is 0.25 ms, no .*: write 0.2 ms or 0.3 ms$"),
    "every a rate": (dict(every="1 kHz"), r"every is given in kHz, but a time \(ms\) is expected", UnitError),
    # inputs
    "inputs a list": (dict(inputs=[1]), r"inputs maps names to values, inputs=dict\(i_ext=...\): list does not"),
    "unknown input": (dict(inputs=dict(i_exr=1)), r"'lif' has no input 'i_exr'; did you mean 'i_ext'\?"),
    "state as input": (dict(inputs=dict(v=1)), r"'lif' has no input 'v'$"),
    "input in mV": (dict(inputs=dict(i_ext=1 * mV)), r"the input 'i_ext' is given in mV, but a current", UnitError),
    "input a word": (dict(inputs=dict(i_ext="strong")), r"the input 'i_ext': 'strong' is not a quantity", UnitError),
    "input a function": (dict(inputs=dict(i_ext=abs)), r"the input 'i_ext' is .*, but a current", UnitError),
    "input too short": (dict(inputs=dict(i_ext=np.zeros(49))), rf"'i_ext' has shape \(49,\), {SHAPES}"),
    "input empty": (dict(inputs=dict(i_ext=[])), rf"'i_ext' has shape \(0,\), {SHAPES}"),
    "input transposed": (dict(inputs=dict(i_ext=np.zeros((3, 50)))), rf"shape \(3, 50\), {SHAPES}"),
    "input 3-D": (dict(inputs=dict(i_ext=np.zeros((50, 3, 2)))), rf"shape \(50, 3, 2\), {SHAPES}"),
    "input of no neurons": (dict(inputs=dict(i_ext=np.zeros((50, 0)))), rf"shape \(50, 0\), {SHAPES}"),
    "input with NaN": (dict(inputs=dict(i_ext=[np.nan] * 50)), r"'i_ext' has values that are not numbers"),
    "input infinite": (dict(inputs=dict(i_ext=np.inf)), r"'i_ext' has values that are not numbers"),
    # numbers of neurons
    "no neurons": (dict(n=0), r"n is 0: a positive integer is expected"),
    "half a neuron": (dict(n=2.5), r"n is 2.5: a positive integer is expected"),
    "n true": (dict(n=True), r"n is True: a positive integer is expected"),
    "n and an input differ": (dict(n=3, inputs=dict(i_ext=np.zeros((50, 2)))),
                              r"'i_ext' has 2 values, one a neuron, but n is 3"),
    "n and a parameter differ": (dict(neuron=THREE, n=2), r"'c_m' has 3 values, one a neuron, but n is 2"),
    "arrays differ": (dict(neuron=THREE, inputs=dict(i_ext=np.zeros((1, 2)))),
                      r"'i_ext' has 2 values, one a neuron, but 'c_m' has 3"),
    "initial values differ": (dict(n=2, initial=dict(v=np.zeros(3))), r"'v' has 3 values, .* but n is 2"),
    # initial values
    "initial a list": (dict(initial=[1]), r"initial maps names to values, initial=dict\(v=...\): list does"),
    "initial of no state": (dict(initial=dict(w=1)), r"initial: 'w' is no state of the model", ModelError),
    "initial in pA": (dict(initial=dict(v="1 pA")), r"the initial value of 'v' is declared as a voltage", UnitError),
    "initial NaN": (dict(initial=dict(v=np.nan)), r"the initial value of 'v' is NaN", ModelError),
    # recording
    "unknown variable": (dict(record="V"), r"record: 'lif' has no variable 'V'; did you mean 'v'\?"),
    "record a number": (dict(record=5), r"record: 5 is no name: write record='v' or record=\['v', 'w'\]"),
    "record a parameter": (dict(record=["v", "g_l"]), r"record: 'g_l' is a parameter, which does not change"),
    "record spikes": (dict(record="spikes"), r"record: 'spikes' need not be asked for: .* in \.events"),
    # the rest
    "precision": (dict(precision="double"), r"precision is 'double': write 'float64' or 'float32'"),
    "scheme": (dict(method="Eulr"), r"unknown scheme 'Eulr' \(known: exact, .*; did you mean 'euler'\?", SchemeError),
    "seed": (dict(seed=1.5), r"seed is 1.5: an integer is expected"),
    "seed None": (dict(seed=None), r"seed is None: an integer is expected"),
    "trial negative": (dict(trial=-1), r"trial is -1: an integer from 0 to 2\*\*32 - 1 is expected"),
    "trial too large": (dict(trial=2**32), r"trial is 4294967296: an integer from 0 to 2\*\*32 - 1 is"),
    "no threads": (dict(threads=0), r"threads is 0: a positive integer is expected"),
    "threads a text": (dict(threads="all"), r"threads is 'all': a positive integer is expected"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_simulated_is_refused(case):
    options, message, kind = (*CASES[case], SimulationError)[:3]
    given = {"neuron": LIF, "duration": "5 ms", **options}
    with pytest.raises(kind, match=message):
        simulate(given.pop("neuron"), given.pop("duration"), **given)


SQUARE = Neuron(
    "dx/dt = x**2/ms : 1\nlast : ms", threshold="x < 0", reset="last = t", initial=dict(x=[0.01, 1], last=-np.inf)
)


@pytest.mark.parametrize("reference", [True, False])
def test_states_that_are_no_longer_numbers_are_reported(reference):
    message = r"'x' of neuron 1 is no longer a number before step 500: the scheme euler is unstable .* Try a smaller dt"
    with pytest.raises(SimulationError, match=message):
        simulate(SQUARE, "50 ms", reference=reference, method="euler")


@pytest.mark.parametrize("reference", [True, False])
def test_what_the_flow_does_not_change_may_be_infinite(reference):
    answer = simulate(SQUARE.with_(initial=dict(x=-1, last=-np.inf)), "1 ms", reference=reference, n=2)
    assert np.all(answer.final["last"] == pytest.approx(0.9))
    answer = simulate(SQUARE.with_(initial=dict(x=0, last=-np.inf)), "1 ms", reference=reference)
    assert answer.final["last"] == -np.inf


@pytest.mark.parametrize("reference", [True, False])
@pytest.mark.parametrize("method", ["euler", "exact"])
@pytest.mark.parametrize("c_m", [0.0, np.array([100.0, 0.0])])
def test_division_by_a_parameter_that_is_0(reference, method, c_m):
    with pytest.raises(
        SimulationError, match=r"'v' of neuron [01] is no longer a number .* or a parameter is impossible"
    ):
        simulate(LIF.with_(c_m=c_m * pF), "5 ms", method=method, reference=reference)
