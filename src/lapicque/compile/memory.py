"""What compiled loops over threads need and Numba lacks: arrays by address, counters that threads share, a barrier."""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


@intrinsic
def _array_at(typing_context: Any, address: Any, size: Any, dtype: Any) -> Any:
    """In a kernel: the one-dimensional array of ``size`` numbers that begins at an address."""
    # an intrinsic: as a function that Numba inlines, kernels with many arrays took a tenth longer to compile
    made = types.Array(dtype.dtype, 1, "C")

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        array = make_array(made)(context, builder)
        number = cgutils.intp_t(context.get_abi_sizeof(context.get_data_type(made.dtype)))
        data = builder.inttoptr(values[0], array.data.type)
        populate_array(array, data=data, shape=[values[1]], strides=[number], itemsize=number, meminfo=None)
        return array._getvalue()

    return made(types.int64, types.intp, dtype), emit


array_at: Any = _array_at


def address(array: np.ndarray | None) -> int:
    """Return where an array's numbers begin; 0 for None. The caller keeps the array alive."""
    return 0 if array is None else array.ctypes.data


def _fetch(context: Any, builder: ir.IRBuilder, signature: Any, values: Any, to_write: int) -> ir.Value:
    made = context.make_array(signature.args[0])(context, builder, values[0])
    place = builder.bitcast(builder.gep(made.data, [values[1]]), ir.IntType(8).as_pointer())
    flag = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), flag, flag, flag])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [place, flag(to_write), flag(3), flag(1)])  # near, data
    return context.get_dummy_value()


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """In a kernel: let the processor fetch ``array[index]``, which will be read soon; any index is safe."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        return _fetch(context, builder, signature, values, 0)

    return types.void(array, types.int64), emit


@intrinsic
def prefetch_to_write(typing_context: Any, array: Any, index: Any) -> Any:
    """In a kernel: let the processor fetch ``array[index]``, which will be changed soon; any index is safe."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        return _fetch(context, builder, signature, values, 1)

    return types.void(array, types.int64), emit


@intrinsic
def _announce(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Store a number after everything that was written before."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        made = context.make_array(signature.args[0])(context, builder, values[0])
        builder.store_atomic(values[2], builder.gep(made.data, [values[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), emit


@intrinsic
def _look(typing_context: Any, array: Any, index: Any) -> Any:
    """Load a number before everything that is read afterwards."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        made = context.make_array(signature.args[0])(context, builder, values[0])
        return builder.load_atomic(builder.gep(made.data, [values[1]]), "acquire", 8)

    return types.int64(array, types.int64), emit


@intrinsic
def _pause(typing_context: Any) -> Any:
    """Say that this is a loop that waits."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        if llvmlite.binding.get_process_triple().startswith(("x86_64", "i686")):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), emit


@intrinsic
def _give_way(typing_context: Any) -> Any:
    """Let another thread have the processor."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        if llvmlite.binding.address_of_symbol("sched_yield"):
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), emit


#: A thread spins this often before it lets others have the processor.
SPINS = 100


#: Numbers in a line of memory that processors exchange.
LINE = 8


@njit(inline="always")
def meet(counters, p, parts):
    """In a kernel: wait until all ``parts`` threads have come here as often as this one.

    Each thread counts in a line of its own, which the others only read: half the time of one counter for all.

    Parameters
    ----------
    counters : (parts*LINE,) int64, zeros at first
    p : number of this thread
    """
    if parts > 1:
        wanted = counters[p * LINE] + 1
        _announce(counters, p * LINE, wanted)  # type: ignore[call-arg]
        for other in range(parts):
            spins = 0
            while _look(counters, other * LINE) < wanted:
                _pause()
                spins += 1
                if spins > SPINS:
                    _give_way()
