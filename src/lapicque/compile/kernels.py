"""From a neuron to its compiled kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from lapicque.compile import cache
from lapicque.errors import SchemeError
from lapicque.model.neuron import Neuron

if TYPE_CHECKING:  # a warm start needs neither SymPy nor what is built on it
    from lapicque.compile.schemes import Scheme
    from lapicque.compile.step import Step


def step_of(
    neuron: Neuron,
    method: str | Scheme | None = None,
    observe: Sequence[str] = (),
    steady: Sequence[str] = (),
    affine: Sequence[str] = (),
) -> Step:
    """Return a neuron's step under a scheme (None: the default scheme).

    Parameters
    ----------
    observe : algebraic variables that will be recorded
    steady : inputs that do not change in time; they are treated as parameters
    affine : inputs u that reach the neuron as ``_scale_u*u + _offset_u``, two more parameters each

    Raises
    ------
    SchemeError
        If the scheme cannot integrate the neuron, with the reason.
    """
    from lapicque.compile.schemes import by_name, default_scheme
    from lapicque.compile.step import Step
    from lapicque.model.hybrid import Hybrid
    from lapicque.model.symbols import symbol

    system = Hybrid.of(neuron)
    scheme = default_scheme(system) if method is None else by_name(method)
    for name in affine:
        scale, offset = symbol(f"_scale_{name}"), symbol(f"_offset_{name}")
        system = system.replaced({symbol(name): scale * symbol(name) + offset})
        system = dataclasses.replace(system, parameters=(*system.parameters, scale, offset))
    if steady:
        moved = tuple(symbol(name) for name in steady)
        inputs = tuple(u for u in system.inputs if u not in moved)
        system = dataclasses.replace(system, inputs=inputs, parameters=(*system.parameters, *moved))
    try:
        return Step.of(system, scheme, tuple(observe))
    except SchemeError as error:
        raise SchemeError(f"{scheme.name} cannot integrate {neuron.name!r}: {error}") from None


def kernel_of(
    neuron: Neuron,
    method: str | Scheme | None = None,
    precision: str = "float64",
    fields: Sequence[str] = (),
    observe: Sequence[str] = (),
    steady: Sequence[str] = (),
    affine: Sequence[str] = (),
) -> ModuleType:
    """Return a neuron's compiled kernel, from the cache where it is known.

    Parameters
    ----------
    fields : inputs that differ from neuron to neuron and change in time
    observe, steady, affine : see `step_of`
    """
    given = (neuron.structure, method, precision, tuple(fields), tuple(observe), tuple(steady), tuple(affine))
    # what a scheme of the user's own does is not known by its repr
    ours = method is None or isinstance(method, str) or type(method).__module__ == "lapicque.compile.schemes"
    key = repr(given) if ours else None

    def generate() -> str:
        from lapicque.compile.numba_cpu import generate

        return generate(step_of(neuron, method, observe, steady, affine), precision, fields)

    return cache.kernel(key, generate)
