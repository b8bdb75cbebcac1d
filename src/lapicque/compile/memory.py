"""What compiled loops over threads need and Numba lacks: arrays by address, counters that threads share, a barrier."""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import carray, njit
from numba.core import cgutils, types
from numba.extending import intrinsic


@intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        return builder.inttoptr(values[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), emit


@njit(inline="always")
def array_at(address, size, dtype):
    """In a kernel: the one-dimensional array of ``size`` numbers that begins at an address."""
    return carray(_pointer(address), (size,), dtype)  # type: ignore[call-arg]


def address(array: np.ndarray | None) -> int:
    """Return where an array's numbers begin; 0 for None. The caller keeps the array alive."""
    return 0 if array is None else array.ctypes.data


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """In a kernel: let the processor fetch ``array[index]``, which will be read soon; any index is safe."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        made = context.make_array(signature.args[0])(context, builder, values[0])
        place = builder.bitcast(builder.gep(made.data, [values[1]]), ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [place, flag(0), flag(3), flag(1)])  # to read, near, data
        return context.get_dummy_value()

    return types.void(array, types.int64), emit


@intrinsic
def _add_atomically(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        made = context.make_array(signature.args[0])(context, builder, values[0])
        return builder.atomic_rmw("add", builder.gep(made.data, [values[1]]), values[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), emit


@intrinsic
def _load_atomically(typing_context: Any, array: Any, index: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
        made = context.make_array(signature.args[0])(context, builder, values[0])
        return builder.load_atomic(builder.gep(made.data, [values[1]]), "seq_cst", 8)

    return types.int64(array, types.int64), emit


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
SPINS = 2000


@njit(inline="always")
def meet(counter, parts):
    """In a kernel: wait until all ``parts`` threads have come here as often as this one.

    Parameters
    ----------
    counter : (1,) int64, 0 at first
    parts : int
    """
    if parts > 1:
        arrived = _add_atomically(counter, 0, 1)  # type: ignore[call-arg, var-annotated]
        wanted = (arrived // parts + 1) * parts
        spins = 0
        while _load_atomically(counter, 0) < wanted:
            spins += 1
            if spins > SPINS:
                _give_way()
