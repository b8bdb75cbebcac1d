"""What is wrong with a text that is no expression: the mistakes that people make, and what to write instead."""

from __future__ import annotations

import keyword
import re

_OPERATORS = {"&&": "and", "||": "or", "^": "**", "&": "and", "|": "or"}
_CHARACTERS = {
    "−": "-",
    "–": "-",
    "·": "*",
    "×": "*",
    "÷": "/",
    "≥": ">=",
    "≤": "<=",
    "≠": "==",
    "²": "**2",
    "³": "**3",
}
_WORDS = {"and", "or", "not", "if", "else", "is", "in", "True", "False", "None"}
_NUMBER_NAME = re.compile(r"(?<![\w.])(\d+\.?\d*|\.\d+)(\s*)(?![eE][-+]?\d)([A-Za-z_]\w*)")
_ASSIGNMENT = re.compile(r"(?<![<>=!])=(?!=)")
_NEIGHBOURS = re.compile(r"([A-Za-z_]\w*|\d+\.?\d*|\))\s+([A-Za-z_]\w*|\d|\()")

Mistake = tuple[str, int]


def find_mistake(text: str) -> Mistake | None:
    """Return what is wrong with a text and where, for mistakes that Python's parser would not see or not name.

    Examples
    --------
    >>> find_mistake("v^2")
    ("'^' is not an operator here: write '**'", 1)
    >>> find_mistake("2v + 5 mV")
    ("a '*' is missing: write '2*v'", 1)
    """
    for wrong, right in _OPERATORS.items():
        if wrong in text:
            return f"'{wrong}' is not an operator here: write '{right}'", text.index(wrong)
    for column, character in enumerate(text):
        if character in _CHARACTERS:
            return f"'{character}' is not an operator here: write '{_CHARACTERS[character]}'", column
    for match in _NUMBER_NAME.finditer(text):
        number, _, name = match.groups()
        if not keyword.iskeyword(name):
            return f"a '*' is missing: write '{number}*{name}'", match.start(3)
    return None


def explain(text: str, error: SyntaxError, where: str = "") -> Mistake:
    """Return what Python's parser found in other words, and where.

    Examples
    --------
    >>> def of(text):
    ...     try:
    ...         compile(text, "", "eval")
    ...     except SyntaxError as error:
    ...         return explain(text, error)
    >>> of("(v + w")
    ("the brackets do not match: 1 '(' not closed", 0)
    >>> of("v +")
    ("the expression ends with '+'", 2)
    """
    column = max((error.offset or 1) - 1, 0)
    if match := _ASSIGNMENT.search(text):
        better = "'>' for a threshold" if where.endswith("threshold") else "'==' to compare"
        return f"'=' assigns: write {better}", match.start()
    if "does not match" in str(error.msg):
        return f"the brackets do not match: {error.msg}", column
    opened, closed = text.count("("), text.count(")")
    if opened != closed:
        kind = f"{opened - closed} '(' not closed" if opened > closed else f"{closed - opened} ')' too many"
        return f"the brackets do not match: {kind}", column
    if match := re.search(r"(\*\*|//|[-+*/%<>,]|\b(?:and|or|not))\s*$", text):
        return f"the expression ends with '{match.group(1)}'", match.start(1)
    for match in re.finditer(r"[A-Za-z_]\w*", text):
        word = match.group()
        if keyword.iskeyword(word) and word not in _WORDS:
            return f"'{word}' is a word of Python: choose another name, such as '{word}_'", match.start()
    for match in _NEIGHBOURS.finditer(text):
        if not {match.group(1), match.group(2)} & _WORDS:
            return f"an operator is missing between '{match.group(1)}' and '{match.group(2)}'", match.start(2)
    return f"this is not an expression: {error.msg}", column
