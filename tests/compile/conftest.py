"""Runs on both backends, and a look at what LLVM made of a kernel."""

import platform
import re
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import pytest

from lapicque import simulate


@pytest.fixture(scope="session")
def processor_with_avx() -> None:
    """Skip elsewhere: the instructions that are looked for are AVX's."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if not (x86 and llvmlite.binding.get_host_cpu_features().get("avx")):
        pytest.skip("looks at the instructions of processors with AVX")


@pytest.fixture(scope="session")
def processor_with_avx512(processor_with_avx: None) -> None:
    """Skip where vectors of 512 bits do not exist."""
    if not llvmlite.binding.get_host_cpu_features().get("avx512f"):
        pytest.skip("needs a processor with AVX-512")


@pytest.fixture(scope="session")
def machine_code() -> Callable[[Any], str]:
    """The instructions of a dispatcher's only specialisation, without the wrappers around it."""

    def code(dispatcher: Any) -> str:
        (text,) = dispatcher.inspect_asm().values()
        return re.split(r"^\.Lfunc_end0:", text, maxsplit=1, flags=re.MULTILINE)[0]

    return code


@pytest.fixture(params=["reference", "numba"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a neuron for a number of steps (of 1 ms, or dt): on the interpreter, and on compiled code."""

    def answer(neuron: Any, steps: int, dt: float = 1.0, **options: Any) -> Any:
        reference = request.param == "reference"
        return simulate(neuron, f"{steps * dt!r} ms", dt=dt, reference=reference, progress=False, **options)

    return answer
