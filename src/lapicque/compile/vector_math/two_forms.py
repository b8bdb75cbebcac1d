"""How a function gets two forms: one for NumPy arrays, one for scalars inside Numba kernels.

The functions of this package are written once, as Python arithmetic over a few operations (`primitives`, `bits`), with
the decorator `elementwise`. Each of those operations has two forms, the NumPy body in its file and the LLVM
instructions that Numba emits for it (`compiled_as`). Both are IEEE 754 operations without contraction or
reassociation, so a function built from them gives the same bits in the reference interpreter and in a compiled kernel.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import errors, types
from numba.extending import lower_builtin, overload, type_callable

# `numpy`: a division by zero is an infinity, not an exception, which would be a branch. `forceinline`: a call that is
# left over in a loop keeps LLVM from vectorising it.
COMPILED: Any = {"error_model": "numpy", "forceinline": True}


def compiled_as(result: Callable[..., Any], emit: Callable[..., Any]) -> Callable[[Callable], Callable]:
    """Give a NumPy function its form in compiled kernels.

    Parameters
    ----------
    result : callable
        The Numba type of the result from the Numba types of the arguments, None where they do not fit.
    emit : callable
        ``emit(builder, argument_types, values)``: writes the LLVM instructions and returns their value.
    """

    def register(function):
        count = len(inspect.signature(function).parameters)

        @type_callable(function)
        def typing(context):
            return result

        @lower_builtin(function, *[types.Any] * count)
        def lowering(context, builder, signature, values):
            return emit(builder, signature.args, values)

        return function

    return register


def elementwise(function: Callable) -> Callable:
    """A function of floats for NumPy arrays that Numba kernels may call on scalars.

    On arrays, arguments are promoted to float32 if all are (Python numbers adapt), else to float64, and floating-point
    warnings are off: infinities and NaN are results. In a kernel all arguments must have one float type, since a
    silent promotion would cost half the lanes.
    """
    count = len(inspect.signature(function).parameters)

    @functools.wraps(function)
    def on_arrays(*arguments: Any) -> Any:
        numbers = [a if isinstance(a, int | float | np.generic) else np.asarray(a) for a in arguments]
        single = np.result_type(*numbers) == np.float32
        arrays = [np.asarray(a, np.float32 if single else np.float64) for a in numbers]
        with np.errstate(all="ignore"):
            # One dimension at least: NumPy's scalars check integer overflow, its arrays wrap as hardware does.
            result = function(*(np.atleast_1d(a) for a in arrays))
        return result if any(a.ndim for a in arrays) else result[0]

    @overload(on_arrays, jit_options=COMPILED, strict=False)
    def compiled(*arguments):
        if len(arguments) == count and arguments[0] in (types.float32, types.float64) and len(set(arguments)) == 1:
            return function
        found = ", ".join(str(a) for a in arguments)
        raise errors.TypingError(
            f"{function.__name__}({found}): needs {count} argument{'s' * (count > 1)}, all float32 or all float64; "
            "convert explicitly, for example float32(2.0)"
        )

    return on_arrays
