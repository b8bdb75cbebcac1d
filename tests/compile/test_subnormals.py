"""Numbers below the smallest normal one are 0, in kernels and in the interpreter, and nowhere else."""

import llvmlite.binding
import numpy as np
import pytest
from llvmlite import ir
from numba import njit

from lapicque import Neuron, neurons, simulate
from lapicque.compile.subnormals import emit_flush, emit_restore, flush_subnormals, flushed, restore_subnormals

PRECISIONS = ["float64", "float32"]
DECAY = Neuron(
    """
    dx/dt = -x/tau : 1
    dy/dt = (x - y)/(2*tau) : 1
    dz/dt = -z*exp(-x)/tau : 1
    tau : ms
    """,
    parameters=dict(tau=np.linspace(0.15, 0.25, 5)),
)


def subnormal(values):
    return (values != 0) & (np.abs(values) < np.finfo(values.dtype).tiny)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("method", ["exponential_euler", "euler", "rk4"])
def test_what_decays_is_never_subnormal_and_the_same_on_both_backends(precision, method):
    small = 1e6 * float(np.finfo(precision).tiny)
    neuron = DECAY.with_(initial=dict(x=small, y=-small, z=small))
    ours, reference = (
        simulate(neuron, 20, dt=0.1, method=method, precision=precision, record=["x", "y", "z"], reference=r)
        for r in (False, True)
    )
    for name in "xyz":
        values = ours.traces[name].values
        assert not subnormal(values).any()
        assert np.array_equal(values, reference.traces[name].values)
        assert np.abs(values[-1]).max() < 1000 * np.finfo(precision).tiny  # it did come down there


@pytest.mark.parametrize("precision", PRECISIONS)
def test_exact_decay_ends_at_0(precision):
    neuron = Neuron("dx/dt = -x/tau : 1\ntau : ms", parameters=dict(tau=[0.4, 1.0]), initial=dict(x=1))
    for reference in (False, True):
        final = simulate(neuron, "800 ms", dt=0.5, precision=precision, reference=reference).final["x"]
        assert final.tolist() == [0, 0]


def test_subnormal_parameters_inputs_and_initial_values_are_0():
    neuron = Neuron("x[n+1] = x + a + u : 1\na : 1\nu : 1 (input)", parameters=dict(a=2e-310), initial=dict(x=3e-310))
    for reference in (False, True):
        answer = simulate(neuron, 3, dt=1, inputs=dict(u=[1e-310] * 3), record=["x", "u"], reference=reference)
        assert not answer.traces["x"].values.any()
        assert not answer.traces["u"].values.any()
        assert answer.final["x"] == 0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_products_on_the_way_do_not_change_a_neuron(precision):
    # exp of -84 times a small factor is subnormal in float32: nine times slower without care
    neuron = neurons.adex.with_(delta_t="0.2 mV", e_l=[-67.2, -67.0], a="0 nS")
    ours, reference = (
        simulate(neuron, "20 ms", record=["v", "w"], precision=precision, reference=r, method="euler")
        for r in (False, True)
    )
    for name in "vw":
        assert np.array_equal(ours.traces[name].values, reference.traces[name].values)


def test_the_mode_ends_with_the_kernel():
    @njit(error_model="numpy")
    def halves(x, out):
        mode = flush_subnormals()
        for n in range(x.size):
            out[n] = 0.5 * x[n]
        restore_subnormals(mode)

    smallest, out = np.full(9, np.finfo(float).tiny), np.ones(9)
    halves(smallest, out)
    assert not out.any()
    assert subnormal(smallest / 2).all()
    simulate(DECAY, "1 ms", threads=1)
    assert subnormal(smallest / 2).all()


@pytest.mark.parametrize(
    ("triple", "machine", "instructions"),
    [
        ("aarch64-unknown-linux-gnu", "arm", ["mrs", "msr", "fmul", "msr"]),
        ("arm64-apple-darwin", "arm", ["mrs", "msr", "fmul", "msr"]),
        ("x86_64-unknown-linux-gnu", "x86", ["stmxcsr", "ldmxcsr", "mulsd", "ldmxcsr"]),
    ],
)
def test_instructions_of_other_processors(triple, machine, instructions):
    llvmlite.binding.initialize_all_targets()
    llvmlite.binding.initialize_all_asmprinters()
    module = ir.Module()
    module.triple = triple
    function = ir.Function(
        module, ir.FunctionType(ir.DoubleType(), [ir.DoubleType(), ir.PointerType(ir.DoubleType())]), "f"
    )
    builder = ir.IRBuilder(function.append_basic_block())
    word = emit_flush(builder, machine)
    square = builder.fmul(function.args[0], function.args[0])
    builder.store(square, function.args[1])
    emit_restore(builder, machine, word)
    builder.ret(square)
    target = llvmlite.binding.Target.from_triple(triple).create_target_machine(opt=3)
    text = target.emit_assembly(llvmlite.binding.parse_assembly(str(module)))
    found = [line.split()[0] for line in text.splitlines() if line.startswith("\t") and line.strip()]
    assert [name for name in found if name in instructions] == instructions


def test_flushed():
    tiny = np.finfo(np.float32).tiny
    values = np.array([tiny, tiny / 2, -tiny / 4, 0, 1, np.nan, np.inf], np.float32)
    assert np.array_equal(flushed(values), np.array([tiny, 0, 0, 0, 1, np.nan, np.inf], np.float32), equal_nan=True)
    assert np.signbit(flushed(values))[2]
    assert flushed(values).dtype == np.float32
    assert flushed(np.float64(1e-310)) == 0
