"""Numbers below the smallest normal one are 0: in kernels by the processor's own mode, in NumPy by hand.

Arithmetic with subnormal numbers is about a hundred times slower, and a decaying variable stays among them for ever:
0.99 times the smallest number is rounded to itself.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import types

from lapicque.compile.vector_math.two_forms import compiled_as

_X86 = 0x8040  # MXCSR: results (bit 15) and operands (bit 6)
_ARM = 1 << 24  # FPCR: both
_WORD, _LONG = ir.IntType(32), ir.IntType(64)


def _machine() -> str:
    name = llvmlite.binding.get_process_triple().split("-")[0]
    return "x86" if name in ("x86_64", "i686", "i386") else "arm" if name in ("aarch64", "arm64") else ""


def _x86_mode(builder: ir.IRBuilder, new: Any = None) -> ir.Value:
    """Read the control word; or write it."""
    function = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    place = builder.alloca(_WORD)
    if new is not None:
        builder.store(new, place)
    name = "llvm.x86.sse.stmxcsr" if new is None else "llvm.x86.sse.ldmxcsr"
    called = builder.module.declare_intrinsic(name, (), function)
    builder.call(called, [builder.bitcast(place, ir.IntType(8).as_pointer())])
    return builder.load(place)


def emit_flush(builder: ir.IRBuilder, machine: str) -> ir.Value:
    """Write the instructions that turn the mode on; return the control word before, as 64 bits."""
    if machine == "x86":
        before = _x86_mode(builder)
        _x86_mode(builder, builder.or_(before, ir.Constant(_WORD, _X86)))
        return builder.zext(before, _LONG)
    if machine == "arm":
        get = builder.module.declare_intrinsic("llvm.aarch64.get.fpcr", (), ir.FunctionType(_LONG, []))
        before = builder.call(get, [])
        emit_restore(builder, machine, builder.or_(before, ir.Constant(_LONG, _ARM)))
        return before
    return ir.Constant(_LONG, 0)


def emit_restore(builder: ir.IRBuilder, machine: str, word: ir.Value) -> ir.Value:
    """Write the instructions that set the control word."""
    if machine == "x86":
        _x86_mode(builder, builder.trunc(word, _WORD))
    elif machine == "arm":
        form = ir.FunctionType(ir.VoidType(), [_LONG])
        builder.call(builder.module.declare_intrinsic("llvm.aarch64.set.fpcr", (), form), [word])
    return ir.Constant(ir.IntType(8).as_pointer(), None)


@compiled_as(lambda: types.int64, lambda builder, kinds, values: emit_flush(builder, _machine()))
def flush_subnormals() -> int:
    """In a kernel: let this thread take subnormal numbers for 0. Returns what `restore_subnormals` needs."""
    return 0


@compiled_as(
    lambda word: types.none if word == types.int64 else None,
    lambda builder, kinds, values: emit_restore(builder, _machine(), values[0]),
)
def restore_subnormals(word: int) -> None:
    """In a kernel: undo `flush_subnormals`."""


def flushed(x: Any) -> Any:
    """Return numbers with 0 (of their sign) in place of subnormal ones.

    Examples
    --------
    >>> flushed(np.array([1e-310, -1e-310, 1e-300])).tolist()
    [0.0, -0.0, 1e-300]
    """
    x = np.asarray(x)
    small = np.abs(x) < np.finfo(x.dtype).tiny
    return np.where(small, np.copysign(x.dtype.type(0), x), x) if small.any() else x
