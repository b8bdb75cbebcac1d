"""Pathways: the code that a spike runs when it arrives at a synapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.equations import Statement, parse_statements
from lapicque.model.values import plain_value
from lapicque.units import parse_unit

MS = parse_unit("ms")


@dataclass(frozen=True)
class On:
    """Code of a named pathway: what is run when a spike arrives, with a delay of its own if wanted.

    Parameters
    ----------
    at : str
        ``"pre"``: when a spike of the source arrives. ``"post"``: when one of the target does.
    code : str
        Statements, separated by newlines or ``;``.
    delay : quantity, optional
        Of this pathway; by default the projection's for ``"pre"``, none for ``"post"``.

    Examples
    --------
    >>> On("post", "x_pre += 1", delay="1 ms")
    On(at='post', code='x_pre += 1', delay='1 ms')
    """

    at: str
    code: str
    delay: Any = None


@dataclass(frozen=True)
class Pathway:
    """An `On` whose code is parsed; ``delay`` is in ms, or None for the default."""

    name: str
    at: str
    statements: tuple[Statement, ...]
    delay: float | None = None


def parse_pathway(name: str, given: On | str) -> Pathway:
    """Parse a pathway's code and read its delay.

    Raises
    ------
    ModelError, UnitError
    """
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise ModelError(f"the pathway {name!r} needs a name of letters, digits and '_', beginning with a letter")
    if isinstance(given, str):
        if name not in ("pre", "post"):
            message = f"pathway {name!r}: say when its code runs: on=dict({name}=lq.On('pre', {given!r})) or 'post'"
            raise ModelError(message)
        given = On(name, given)
    if not isinstance(given, On):
        raise ModelError(f"pathway {name!r}: write lq.On('pre', code), not {type(given).__name__}")
    if given.at not in ("pre", "post"):
        raise ModelError(f"pathway {name!r}: at is 'pre' or 'post', not {given.at!r}")
    if not isinstance(given.code, str):
        raise ModelError(f"pathway {name!r}: code is a text, not {type(given.code).__name__}")
    where = f"on_{name}" if name in ("pre", "post") else f"on[{name!r}]"
    statements = parse_statements(given.code, where)
    if not statements:
        raise ModelError(f"the code of {where} is empty: leave it out or write a statement such as 'g += w'")
    delay = None
    if given.delay is not None:
        time = np.asarray(plain_value(given.delay, MS, f"the delay of the pathway {name!r}"))
        if time.ndim or not (np.isfinite(time) and time >= 0):
            raise ModelError(f"the delay of the pathway {name!r} is {given.delay}: one time, 0 or more, is expected")
        delay = float(time)
    return Pathway(name, given.at, statements, delay)
