"""The bits of floats, with one meaning on arrays and in kernels."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types

from lapicque.compile.vector_math.two_forms import compiled_as

_INTEGER_OF: dict[types.Type, Any] = {types.float32: types.int32, types.float64: types.int64}
_FLOAT_OF = {types.int32: types.float32, types.int64: types.float64}
LLVM_FLOATS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}
_MANTISSA_BITS = {types.float32: 23, types.float64: 52}


def llvm_integer(kind: Any) -> ir.IntType:
    """The LLVM type of a Numba integer type."""
    return ir.IntType(kind.bitwidth)


@compiled_as(
    lambda x: _INTEGER_OF.get(x),
    lambda builder, kinds, values: builder.bitcast(values[0], llvm_integer(_INTEGER_OF[kinds[0]])),
)
def as_bits(x):
    """The bits of a float as a signed integer of its width."""
    return x.view(np.int32 if x.dtype == np.float32 else np.int64)


def _from_bits_type(i):
    return types.float64 if i == types.uint64 else _FLOAT_OF.get(i)


@compiled_as(
    _from_bits_type, lambda builder, kinds, values: builder.bitcast(values[0], LLVM_FLOATS[_from_bits_type(kinds[0])])
)
def from_bits(i):
    """The float whose bits are the integer `i`: int32, int64 or uint64."""
    return i.view(np.float32 if i.dtype == np.int32 else np.float64)


def _integer_pair(i, j):
    return i if i == j and i in _FLOAT_OF else None


@compiled_as(_integer_pair, lambda builder, kinds, values: builder.add(*values))
def add_bits(i, j):
    """``i + j``, wrapping, in the width of both (Numba's own ``+`` widens int32 to int64)."""
    return i + j


@compiled_as(_integer_pair, lambda builder, kinds, values: builder.sub(*values))
def subtract_bits(i, j):
    """``i - j``, wrapping, in the width of both."""
    return i - j


@compiled_as(_integer_pair, lambda builder, kinds, values: builder.and_(*values))
def and_bits(i, j):
    """The bits that are set in both."""
    return i & j


def _emit_mantissa_shift(operation):
    def emit(builder, kinds, values):
        distance = _MANTISSA_BITS[_FLOAT_OF[kinds[0]]]
        return getattr(builder, operation)(values[0], ir.Constant(llvm_integer(kinds[0]), distance))

    return emit


def _integer(i):
    return i if i in _FLOAT_OF else None


@compiled_as(_integer, _emit_mantissa_shift("shl"))
def into_exponent(i):
    """An integer moved from the lowest bits to the exponent's place, 23 or 52 bits up."""
    return i << i.dtype.type(23 if i.dtype == np.int32 else 52)


@compiled_as(_integer, _emit_mantissa_shift("ashr"))
def from_exponent(i):
    """An integer moved from the exponent's place to the lowest bits."""
    return i >> i.dtype.type(23 if i.dtype == np.int32 else 52)
