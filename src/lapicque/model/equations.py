"""Text to equations: the grammar of the model language.

An equation stands on one or more lines and ends with ``: unit``, flags in brackets and a ``#`` comment:

    dv/dt = (e_l - v)/tau : mV (unless refractory)  # a differential equation
    i_leak = g_l*(e_l - v) : pA                     # an algebraic variable
    x[n+1] = 0.9*x : 1                              # a discrete map
    i_ext : pA (input)                              # an input
    g_l : nS                                        # a parameter, or a variable that events write

Expressions are parsed by Python's own parser into syntax trees that keep their place in the text; SymPy comes later,
in `lapicque.model.hybrid`, and only when something is to be compiled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lapicque.errors import ModelError, UnitError, suggest
from lapicque.model.syntax import explain, find_mistake
from lapicque.units import Unit, parse_unit


@dataclass(frozen=True)
class Grammar:
    """Whose equations a text holds, which flags they may carry, and why other flags are refused."""

    owner: str
    flags: tuple[str, ...]
    refused: Mapping[str, str]


_LINKED = "lapicque has no linked variables: write the variable of the other population as an input and connect it"

NEURON = Grammar(
    "a neuron",
    ("unless refractory", "input", "constant", "shared"),
    {
        "linked": _LINKED,
        "summed": "(summed) belongs to synapses: in a neuron declare an input, 'x : unit (input)', that synapses "
        "add to",
        "event-driven": "(event-driven) belongs to synapses: a neuron's variables are advanced in every step",
        "clock-driven": "(clock-driven) belongs to synapses: a neuron's variables are advanced in every step anyway",
        "post": "(post) belongs to synapses: it places a synapse's variable once per target neuron",
        "weight": "(weight) belongs to synapses",
    },
)
SYNAPSE = Grammar(
    "a synapse",
    ("post", "summed", "weight", "constant", "clock-driven", "event-driven"),
    {
        "linked": _LINKED,
        "unless refractory": "(unless refractory) belongs to neurons: a synapse goes on while its target is refractory",
        "input": "(input) belongs to neurons: a synapse reads its target's variables as 'x_post', its source's as "
        "'x_pre'",
        "shared": "(shared) belongs to neurons: a parameter that is given as one number is the same for all synapses",
    },
)


@dataclass(frozen=True)
class Source:
    """Where a piece of text stands: physical lines, and for each character of the joined text its line and column."""

    where: str
    lines: tuple[str, ...]
    places: tuple[tuple[int, int], ...]  # per character of the joined text: (line, column)

    def error(self, message: str, offset: int, kind: type[ModelError] = ModelError) -> ModelError:
        """Return an error whose caret stands under the character at ``offset`` of the joined text."""
        offset = min(max(offset, 0), len(self.places) - 1) if self.places else 0
        row, column = self.places[offset] if self.places else (0, 0)
        line = self.lines[row]
        where = self.where if len(self.lines) == 1 else f"{self.where}, line {row + 1}"
        indent = len(line) - len(line.lstrip())
        return kind(message, line.strip(), max(column - indent, 0), where)


@dataclass(frozen=True)
class Expression:
    """An expression: its text, its syntax tree, and where it stands."""

    text: str
    tree: ast.expr
    source: Source
    offset: int  # of the first character of `text` in the joined text

    def error(self, message: str, node: ast.AST | None = None, kind: type[ModelError] = ModelError) -> ModelError:
        """Return an error with the caret under ``node``."""
        return self.source.error(message, self.offset + getattr(node, "col_offset", 0), kind)

    def names(self) -> list[ast.Name]:
        """Return the names that the expression reads, in order of appearance (functions' names are not among them)."""
        skipped = {id(n.func) for n in ast.walk(self.tree) if isinstance(n, ast.Call)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Subscript):  # the n of x[n]
                skipped |= {id(inner) for inner in ast.walk(node.slice)}
        found = [n for n in ast.walk(self.tree) if isinstance(n, ast.Name) and id(n) not in skipped]
        return sorted(found, key=lambda n: n.col_offset)

    def text_of(self, node: ast.expr) -> str:
        """Return the text of a part, as it was written."""
        return ast.get_source_segment(self.text, node) or ast.unparse(node)


@dataclass(frozen=True)
class Equation:
    """One equation of a model.

    ``kind`` is ``"differential"``, ``"algebraic"``, ``"map"``, ``"parameter"`` or ``"input"``; ``doc`` is the comment
    behind it.
    """

    kind: str
    name: str
    expression: Expression | None
    unit: Unit
    flags: frozenset[str]
    doc: str
    source: Source
    offset: int

    def error(self, message: str, kind: type[ModelError] = ModelError) -> ModelError:
        """Return an error with the caret under the equation's first character."""
        return self.source.error(message, self.offset, kind)


@dataclass(frozen=True)
class Statement:
    """One statement of event code: ``target operator expression``, with ``=``, ``+=``, ``-=``, ``*=`` or ``/=``."""

    target: str
    operator: str
    expression: Expression
    source: Source
    offset: int

    def error(self, message: str, kind: type[ModelError] = ModelError) -> ModelError:
        """Return an error with the caret under the target."""
        return self.source.error(message, self.offset, kind)


def _split_comment(line: str) -> tuple[str, str]:
    code, _, comment = line.partition("#")
    return code.rstrip(), comment.strip()


def parse_expression(text: str, where: str) -> Expression:
    """Parse one expression, such as a threshold.

    Raises
    ------
    ModelError
        With a caret, if the text is not an expression.
    """
    lines = tuple(text.splitlines()) or ("",)
    joined, places = _join(lines)
    source = Source(where, lines, places)
    if not joined.strip():
        raise ModelError(f"the {where} is empty: leave it out or write an expression")
    return _parse(joined, 0, source)


def _join(lines: tuple[str, ...]) -> tuple[str, tuple[tuple[int, int], ...]]:
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    for row, line in enumerate(lines):
        code, _ = _split_comment(line)
        if row:
            characters.append(" ")
            places.append((row - 1, len(lines[row - 1])))
        characters.extend(code)
        places.extend((row, column) for column in range(len(code)))
    return "".join(characters), tuple(places)


def _parse(text: str, offset: int, source: Source) -> Expression:
    lead = len(text) - len(text.lstrip())
    stripped, offset = text.strip(), offset + lead
    if mistake := find_mistake(stripped):
        raise source.error(mistake[0], offset + mistake[1])
    try:
        tree = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        message, column = explain(stripped, error, source.where)
        raise source.error(message, offset + column) from None
    return Expression(stripped, tree, source, offset)


_START = re.compile(
    r"\s*(?:d(?P<d>[A-Za-z_]\w*)\s*/\s*dt\s*=(?!=)|(?P<map>[A-Za-z_]\w*)\s*\[\s*n\s*\+\s*1\s*\]\s*=(?!=)"
    r"|(?P<alg>[A-Za-z_]\w*)\s*=(?!=)|(?P<par>[A-Za-z_]\w*)\s*(?=:))"
)


def parse_equations(text: str, grammar: Grammar = NEURON) -> tuple[Equation, ...]:
    """Parse the text of a model's equations.

    Parameters
    ----------
    text : str
        One equation after the other; an expression may go on over several lines.
    grammar : Grammar
        Whose equations they are: a synapse may have none.

    Returns
    -------
    tuple of Equation

    Raises
    ------
    ModelError, UnitError
        With the line, a caret, and what to write instead.

    Examples
    --------
    >>> (equation,) = parse_equations("dv/dt = (e_l - v)/tau : mV (unless refractory)  # membrane potential")
    >>> equation.kind, equation.name, equation.expression.text, equation.unit, equation.doc
    ('differential', 'v', '(e_l - v)/tau', <Unit mV>, 'membrane potential')
    """
    lines = tuple(text.splitlines())
    found: list[Equation] = []
    pending: list[int] = []
    for row, line in enumerate(lines):
        code, _ = _split_comment(line)
        if not code.strip():
            continue
        if pending and _START.match(code) and not _goes_on(lines[pending[-1]]):
            raise _unfinished(lines, pending)
        pending.append(row)
        if ":" in code:
            found.append(_parse_equation(lines, pending, grammar))
            pending = []
    if pending:
        raise _unfinished(lines, pending)
    if not found and grammar is NEURON:
        raise ModelError("the model has no equations: write at least one, such as 'dv/dt = -v/tau : mV'")
    return tuple(found)


def _goes_on(line: str) -> bool:
    return bool(re.search(r"[-+*/(,=<>]\s*$", _split_comment(line)[0]))


def _unfinished(lines: tuple[str, ...], rows: list[int]) -> ModelError:
    source = Source("equations", lines, tuple((row, c) for row in rows for c in range(len(lines[row]))))
    last = _split_comment(lines[rows[-1]])[0]
    place = Source("equations", lines, ((rows[-1], len(last)),))
    if "=" not in "".join(lines[row] for row in rows):
        return source.error("this is no equation: write 'dx/dt = ... : unit', 'x = ... : unit' or 'x : unit'", 0)
    return place.error("the equation has no unit: end it with ': mV', ': pA' or ': 1' for a pure number", 0)


def _parse_equation(lines: tuple[str, ...], rows: list[int], grammar: Grammar) -> Equation:
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    doc = ""
    for row in rows:
        code, comment = _split_comment(lines[row])
        characters.extend(code + " ")
        places.extend((row, column) for column in range(len(code) + 1))
        doc = comment or doc
    joined = "".join(characters)
    source = Source("equations", lines, tuple(places))
    left, _, right = joined.partition(":")
    unit, flags = _parse_unit_and_flags(right, len(left) + 1, source, grammar)
    start = _START.match(joined)
    first = len(joined) - len(joined.lstrip())
    if start is None:
        raise _explain_left_side(left, source, first)
    name = start.group("d") or start.group("map") or start.group("alg") or start.group("par")
    if start.group("par"):
        kind, expression = ("input" if "input" in flags else "parameter"), None
    else:
        kind = "differential" if start.group("d") else "map" if start.group("map") else "algebraic"
        body = left[start.end() :]
        if not body.strip():
            raise source.error(f"the right-hand side of {name!r} is empty", start.end() - 1)
        expression = _parse(body, start.end(), source)
        if "input" in flags:
            raise source.error(f"{name!r} has an expression, so it is no input: leave out '(input)'", first)
    if "unless refractory" in flags and kind not in ("differential", "map"):
        raise source.error(f"(unless refractory) holds a differential equation; {name!r} is none", first)
    return Equation(kind, name, expression, unit, flags, doc, source, first)


def _explain_left_side(left: str, source: Source, first: int) -> ModelError:
    if re.match(r"\s*d\w+\s*/\s*d(?!t\b)\w+", left):
        return source.error("only derivatives with respect to time, 'dx/dt', are known", first)
    if re.match(r"\s*\w+'\s*=", left):
        return source.error("write the derivative as 'dx/dt = ...'", first)
    if re.match(r"\s*d\w+/dt\s*$", left):
        return source.error("the derivative has no right-hand side: write 'dx/dt = expression : unit'", first)
    if re.match(r"\s*\d", left):
        return source.error("a name cannot begin with a digit", first)
    if match := re.match(r"\s*[\w/]+\s*(==)", left):
        return source.error("'==' compares: an equation is written with '='", match.start(1))
    return source.error("this is no equation: write 'dx/dt = ... : unit', 'x = ... : unit' or 'x : unit'", first)


def _parse_unit_and_flags(text: str, offset: int, source: Source, grammar: Grammar) -> tuple[Unit, frozenset[str]]:
    if ":" in text:
        raise source.error("a second ':' on the line: one equation a line", offset + text.index(":"))
    match = re.fullmatch(r"\s*(?P<unit>.*?)\s*(?:(?<![*/])\((?P<flags>[^()]*[A-Za-z][^()]*)\))?\s*", text)
    unit_text = match.group("unit") if match else text
    flags_text = match.group("flags") if match else None
    if flags_text is not None and not unit_text:
        flags_text, unit_text = None, text.strip()
    at = offset + len(text) - len(text.lstrip())
    if not unit_text:
        message = "the unit is missing: write ': mV', ': pA' or ': 1' for a pure number"
        raise source.error(message, offset - 1, UnitError)
    try:
        unit = parse_unit(unit_text)
    except UnitError as error:
        raise source.error(error.summary, at, UnitError) from None
    flags = frozenset(" ".join(f.split()) for f in flags_text.split(",")) if flags_text else frozenset()
    for flag in sorted(flags):
        if flag in grammar.flags:
            continue
        at = offset + text.index(flag.split()[0]) if flag else offset
        if flag in grammar.refused:
            raise source.error(grammar.refused[flag], at)
        known = ", ".join(f"({f})" for f in grammar.flags)
        hint = suggest(flag, grammar.flags) or f": the flags of {grammar.owner} are {known}"
        raise source.error(f"unknown flag ({flag}){hint}", at)
    return unit, flags


_STATEMENT = re.compile(r"\s*(?P<target>[A-Za-z_]\w*)\s*(?P<op>\+=|-=|\*=|/=|\*\*=|//=|%=|=)(?!=)")


def parse_statements(text: str, where: str) -> tuple[Statement, ...]:
    """Parse event code: statements separated by newlines or ``;``.

    Examples
    --------
    >>> [(s.target, s.operator, s.expression.text) for s in parse_statements("v = v_reset; w += b", "reset")]
    [('v', '=', 'v_reset'), ('w', '+=', 'b')]
    """
    lines = tuple(text.splitlines())
    found = []
    for row, line in enumerate(lines):
        code, _ = _split_comment(line)
        column = 0
        for piece in code.split(";"):
            if piece.strip():
                places = tuple((row, column + c) for c in range(len(piece) + 1))
                found.append(_parse_statement(piece, Source(where, lines, places)))
            column += len(piece) + 1
    return tuple(found)


def _parse_statement(text: str, source: Source) -> Statement:
    first = len(text) - len(text.lstrip())
    match = _STATEMENT.match(text)
    if match is None:
        if re.match(r"\s*\w+\s*==", text):
            raise source.error("'==' compares: write '=' to assign", text.index("=="))
        raise source.error("this is no statement: write 'v = v_reset' or 'w += b'", first)
    operator = match.group("op")
    if operator not in ("=", "+=", "-=", "*=", "/="):
        raise source.error(f"'{operator}' is not known here: use =, +=, -=, *= or /=", match.start("op"))
    body = text[match.end() :]
    for comma in re.finditer(r",\s*[A-Za-z_]\w*\s*[-+*/]?=(?!=)", body):
        before = body[: comma.start()]
        if before.count("(") == before.count(")"):  # else it is a named argument
            raise source.error("separate statements by ';' or a new line", match.end() + comma.start())
    if not body.strip():
        raise source.error(f"nothing is assigned to {match.group('target')!r}", match.start("op"))
    return Statement(match.group("target"), operator, _parse(body, match.end(), source), source, match.start("target"))
