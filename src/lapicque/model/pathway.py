"""Pathways: the code of a synapse, and when it runs: at events of its two sides or of a third party, or on schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lapicque.errors import ModelError
from lapicque.model.distribution import Distribution
from lapicque.model.equations import Statement, parse_statements
from lapicque.model.synapse_reductions import Reduction, refuse_over_synapses, separated
from lapicque.model.values import is_quantity, plain_value
from lapicque.units import parse_unit, split

MS = parse_unit("ms")


@dataclass(frozen=True)
class On:
    """Code of a named pathway: what is run when a spike arrives, with a delay of its own if wanted.

    Parameters
    ----------
    at : str
        ``"pre"``: when a spike of the source arrives. ``"post"``: when one of the target does. The name of a modulator:
        when one of its spikes does. ``"post.plateau"``: when another event of that neuron happens.
    code : str
        Statements, separated by newlines or ``;``.
    delay : quantity, optional
        Of this pathway; by default the projection's for ``"pre"``, none for the others.

    Examples
    --------
    >>> On("post", "x_pre += 1", delay="1 ms")
    On(at='post', code='x_pre += 1', delay='1 ms')
    """

    at: str
    code: str
    delay: Any = None


@dataclass(frozen=True)
class Every:
    """Code that is run for every synapse on schedule, at the beginning of the steps at multiples of an interval.

    Parameters
    ----------
    interval : quantity or ``"step"``
        ``"step"``: in every step, which costs as much as a variable that is advanced in every step.
    code : str
        Statements. ``sum(w, by="post")`` is the sum over the synapses of a target, as it is before the code runs;
        ``mean``, ``max`` and ``min``, and ``by="pre"``, likewise.

    Examples
    --------
    >>> Every("1 second", "w *= total/sum(w, by='post')")
    Every(interval='1 second', code="w *= total/sum(w, by='post')")
    """

    interval: Any
    code: str


#: What a pathway is run at besides the names of modulators.
PRE, POST, EVERY = "pre", "post", "every"


@dataclass(frozen=True)
class Pathway:
    """An `On` or an `Every` whose code is parsed.

    Attributes
    ----------
    name : str
    at : str
        ``"pre"``, ``"post"``, ``"every"``, or the name of a modulator.
    statements : tuple of Statement
    delay : float or None
        ms; None for the default.
    event : str
        Which event of the neuron.
    interval : float or None
        ms; None: every step, or no schedule.
    reductions : tuple of Reduction
        Functions over synapses, whose names stand in the statements.
    written : tuple of Statement
        The statements as they were written.
    """

    name: str
    at: str
    statements: tuple[Statement, ...]
    delay: float | None = None
    event: str = "spike"
    interval: float | None = None
    reductions: tuple[Reduction, ...] = ()
    written: tuple[Statement, ...] = ()


def parse_pathway(name: str, given: On | Every | str) -> Pathway:
    """Parse a pathway's code and read its delay or interval.

    Raises
    ------
    ModelError, UnitError
    """
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise ModelError(f"the pathway {name!r} needs a name of letters, digits and '_', beginning with a letter")
    if isinstance(given, str):
        if name not in (PRE, POST):
            message = f"pathway {name!r}: say when its code runs: on=dict({name}=lq.On('pre', {given!r})) or 'post'"
            raise ModelError(message)
        given = On(name, given)
    if isinstance(given, Every):
        written = _statements(name, given)
        statements, reductions = separated(written)
        interval = _interval(name, given.interval)
        return Pathway(name, EVERY, statements, interval=interval, reductions=reductions, written=written)
    if not isinstance(given, On):
        raise ModelError(f"pathway {name!r}: write lq.On('pre', code), not {type(given).__name__}")
    side, dot, event = given.at.partition(".") if isinstance(given.at, str) else ("", "", "")
    if not side.isidentifier() or side == EVERY or (dot and not event.isidentifier()):
        raise ModelError(
            f"pathway {name!r}: at is 'pre', 'post', the name of a modulator, or an event of one of them, "
            f"'post.plateau'; not {given.at!r}"
        )
    written = _statements(name, given)
    for statement in written:
        refuse_over_synapses(statement.expression)
    return Pathway(name, side, written, _delay(name, side, given.delay), event or "spike", written=written)


def _statements(name: str, given: On | Every) -> tuple[Statement, ...]:
    if not isinstance(given.code, str):
        raise ModelError(f"pathway {name!r}: code is a text, not {type(given.code).__name__}")
    where = f"on_{name}" if name in (PRE, POST) else f"on[{name!r}]"
    statements = parse_statements(given.code, where)
    if not statements:
        raise ModelError(f"the code of {where} is empty: leave it out or write a statement such as 'g += w'")
    return statements


def _delay(name: str, side: str, given: Any) -> float | None:
    if given is None:
        return None
    what = f"the delay of the pathway {name!r}"
    if isinstance(given, (Distribution, list, tuple, np.ndarray)) or not is_quantity(given) or np.ndim(split(given)[0]):
        shown = given if isinstance(given, (str, Distribution)) else "an array"
        each = "connect(..., delay=) gives each synapse its own" if side == PRE else "connect once for each delay"
        raise ModelError(f"{what} is {shown}, but one time for all synapses is expected: {each}")
    time = plain_value(given, MS, what)
    if not (np.isfinite(time) and time >= 0):
        raise ModelError(f"{what} is {given}: a time, 0 or more, is expected")
    return float(time)


def _interval(name: str, given: Any) -> float | None:
    if isinstance(given, str) and given.strip() == "step":
        return None
    if isinstance(given, str) and not is_quantity(given):
        raise ModelError(f"the interval of {name!r} is {given!r}: one positive time, or 'step', is expected")
    time = np.asarray(plain_value(given, MS, f"the interval of {name!r}"))
    if time.ndim or not (np.isfinite(time) and time > 0):
        raise ModelError(f"the interval of {name!r} is {given}: one positive time, or 'step', is expected")
    return float(time)
