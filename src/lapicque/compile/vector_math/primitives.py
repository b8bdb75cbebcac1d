"""Choices and float arithmetic with one meaning on arrays and in kernels.

Nothing here branches: a conditional is a `where`, so that LLVM turns a loop over 64 lanes into vector instructions.
"""

import numpy as np
from llvmlite import ir
from numba.core import errors, types

from lapicque.compile.vector_math.bits import LLVM_FLOATS, llvm_integer
from lapicque.compile.vector_math.two_forms import compiled_as


def _where_type(condition, a, b):
    if condition == types.boolean and a == b:
        return a
    raise errors.TypingError(
        f"where({condition}, {a}, {b}): needs a boolean and two values of one type; convert explicitly, "
        "for example float32(0.0)"
    )


@compiled_as(_where_type, lambda builder, kinds, values: builder.select(*values))
def where(condition, a, b):
    """`a` where `condition` holds, else `b`; both are evaluated (an LLVM `select`, never a branch).

    Examples
    --------
    >>> where(np.array([True, False]), 1.0, 2.0).tolist()
    [1.0, 2.0]
    """
    return np.where(condition, a, b)


@compiled_as(
    lambda x, single, double: single if x == types.float32 else double,
    lambda builder, kinds, values: values[1] if kinds[0] == types.float32 else values[2],
)
def choose(x, single, double):
    """The constants for the precision of `x`: `single` for float32, `double` for float64."""
    return single if x.dtype == np.float32 else double


def _emit_like(builder, kinds, values):
    target = kinds[0]
    if isinstance(target, types.Integer):
        return builder.trunc(values[1], llvm_integer(target)) if target == types.int32 else values[1]
    return builder.fptrunc(values[1], LLVM_FLOATS[target]) if target == types.float32 else values[1]


def _like_type(x, constant):
    matching = types.float64 if isinstance(x, types.Float) else types.int64
    constant = types.unliteral(constant)
    return x if constant == matching else None


@compiled_as(_like_type, _emit_like)
def like(x, constant):
    """The number `constant` in the type of `x`: a float for floats, an integer for integers."""
    return x.dtype.type(constant)


def _polynomial(x, coefficients, add, multiply):
    """Horner's scheme for up to 7 coefficients, else Estrin's: its shorter chain of operations pays for its squares.

    Estrin's squares would be subnormal, which is slow, for |x| in narrow bands from 1e-38 downwards; only the float64
    tables are that long.
    """
    if len(coefficients) <= 7:
        total = coefficients[-1]
        for coefficient in coefficients[-2::-1]:
            total = add(multiply(total, x), coefficient)
        return total
    terms, power = list(coefficients), x
    while True:
        pairs = [add(multiply(high, power), low) for low, high in zip(terms[0::2], terms[1::2], strict=False)]
        terms = pairs + terms[2 * len(pairs) :]
        if len(terms) == 1:
            return terms[0]
        power = multiply(power, power)


def _emit_polynomial(builder, kinds, values):
    coefficients = [builder.extract_value(values[1], i) for i in range(len(kinds[1]))]
    return _polynomial(values[0], coefficients, builder.fadd, builder.fmul)


@compiled_as(lambda x, coefficients: x, _emit_polynomial)
def polynomial(x, coefficients):
    """The sum of ``coefficients[i] * x**i``, in one fixed order of operations."""
    return _polynomial(x, coefficients, np.add, np.multiply)


def _emit_subtract_multiples(builder, kinds, values):
    rest, n, parts = values
    for i in range(len(kinds[2])):
        rest = builder.fsub(rest, builder.fmul(n, builder.extract_value(parts, i)))
    return rest


@compiled_as(lambda x, n, parts: x, _emit_subtract_multiples)
def subtract_multiples(x, n, parts):
    """``x - n*sum(parts)``, part by part from the largest (Cody and Waite's reduction)."""
    for part in parts:
        x = x - n * part
    return x


def _intrinsic(name):
    def emit(builder, kinds, values):
        kind = values[0].type
        form = ir.FunctionType(kind, [kind] * len(values))
        return builder.call(builder.module.declare_intrinsic(name, [kind], form), values)

    return emit


def _float_type(*kinds):
    return kinds[0] if isinstance(kinds[0], types.Float) and len(set(kinds)) == 1 else None


# NumPy warns of invalid operands, also of signalling NaN; in a kernel they are just NaN.
_quiet = np.errstate(invalid="ignore")


def _unary(x):
    return _float_type(x)


def _binary(x, y):
    return _float_type(x, y)


@compiled_as(_unary, _intrinsic("llvm.fabs"))
def absolute(x):
    """The magnitude of `x`.

    Examples
    --------
    >>> absolute(np.array([-1.5, 2.0])).tolist()
    [1.5, 2.0]
    """
    return np.abs(x)


@compiled_as(_unary, _intrinsic("llvm.sqrt"))
@_quiet
def sqrt(x):
    """The square root, correctly rounded; NaN below zero.

    Examples
    --------
    >>> sqrt(np.array([4.0, -1.0])).tolist()
    [2.0, nan]
    """
    return np.sqrt(x)


@compiled_as(_unary, _intrinsic("llvm.floor"))
@_quiet
def floor(x):
    """The largest whole number that is not above `x`, as a float.

    Examples
    --------
    >>> floor(np.array([-1.5, 1.5])).tolist()
    [-2.0, 1.0]
    """
    return np.floor(x)


@compiled_as(_unary, _intrinsic("llvm.ceil"))
@_quiet
def ceil(x):
    """The smallest whole number that is not below `x`, as a float.

    Examples
    --------
    >>> ceil(np.array([-1.5, 1.5])).tolist()
    [-1.0, 2.0]
    """
    return np.ceil(x)


@compiled_as(_unary, _intrinsic("llvm.rint"))
@_quiet
def round_half_even(x):
    """The nearest whole number, as a float; ties go to the even one, as in Python and NumPy.

    Examples
    --------
    >>> round_half_even(np.array([0.5, 1.5, 2.6])).tolist()
    [0.0, 2.0, 3.0]
    """
    return np.rint(x)


@compiled_as(_binary, _intrinsic("llvm.copysign"))
def copysign(x, y):
    """The magnitude of `x` with the sign of `y`.

    Examples
    --------
    >>> copysign(np.array([1.5, 2.0]), np.array([-0.0, 3.0])).tolist()
    [-1.5, 2.0]
    """
    return np.copysign(x, y)


def _emit_wide_vectors(builder, kinds, values):
    # llvmlite's own `add` knows enumerated attributes only; this one is a string.
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')
    return ir.Constant(ir.IntType(8).as_pointer(), None)


@compiled_as(lambda: types.none, _emit_wide_vectors)
def wide_vectors():
    """Ask LLVM for vectors of 512 bits in the kernel that calls this, where the processor has them.

    LLVM stays at 256 bits by default. Has no effect on results; kernels of these functions run 10 to 30 % faster.
    """
