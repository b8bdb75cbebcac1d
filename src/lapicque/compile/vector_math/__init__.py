"""Elementary functions that LLVM vectorises, the same to the bit in NumPy and in compiled kernels.

Each function takes NumPy arrays (or numbers) of float32 or float64 and returns the same precision; inside a Numba
kernel it takes scalars, all of one precision, and is inlined. A loop such as ``for lane in range(64): y[lane] =
exp(x[lane])`` becomes vector instructions without a call: Numba's own `exp` is a call to the C library for each number,
six times slower. NaN gives NaN, infinities their limits, and nothing raises or warns.
"""

from lapicque.compile.vector_math.exponential import cosh, exp, expm1, exprel, sigmoid, sinh, tanh
from lapicque.compile.vector_math.logarithm import log, log1p, log10, power
from lapicque.compile.vector_math.primitives import (
    absolute,
    ceil,
    copysign,
    floor,
    round_half_even,
    sqrt,
    where,
    wide_vectors,
)
from lapicque.compile.vector_math.rounding import clip, floor_to_integer, integer_power, maximum, minimum, sign
from lapicque.compile.vector_math.trigonometric import arctan, cos, sin

__all__ = [
    "absolute",
    "arctan",
    "ceil",
    "clip",
    "copysign",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "exprel",
    "floor",
    "floor_to_integer",
    "integer_power",
    "log",
    "log1p",
    "log10",
    "maximum",
    "minimum",
    "power",
    "round_half_even",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tanh",
    "where",
    "wide_vectors",
]
