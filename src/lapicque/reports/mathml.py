"""Equations as MathML, which browsers show without any script, rendered from the syntax trees that are compiled."""

from __future__ import annotations

import ast
from html import escape

from lapicque.model.equations import Equation, Statement

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_COMPARISONS = {ast.Gt: ">", ast.GtE: "≥", ast.Lt: "<", ast.LtE: "≤", ast.Eq: "=", ast.NotEq: "≠"}


def name_to_mathml(name: str) -> str:
    """Return a name with Greek letters and subscripts.

    Examples
    --------
    >>> name_to_mathml("tau_m")
    '<msub><mi>τ</mi><mi mathvariant="normal">m</mi></msub>'
    """
    head, *rest = name.strip("_").split("_")
    base = f"<mi>{escape(_GREEK.get(head, head))}</mi>"
    below = ",".join(_GREEK.get(part, part) for part in rest if part)
    return f'<msub>{base}<mi mathvariant="normal">{escape(below)}</mi></msub>' if below else base


def equation_to_mathml(equation: Equation) -> str:
    """Return one equation as a row of a table that is aligned at the equals signs."""
    name = name_to_mathml(equation.name)
    d = '<mi mathvariant="normal">d</mi>'
    left = {
        "differential": f"<mfrac><mrow>{d}{name}</mrow><mrow>{d}<mi>t</mi></mrow></mfrac>",
        "map": f"{name}<mo>[</mo><mi>n</mi><mo>+</mo><mn>1</mn><mo>]</mo>",
    }
    assert equation.expression is not None
    return _row(left.get(equation.kind, name), "=", tree_to_mathml(equation.expression.tree))


def statement_to_mathml(statement: Statement) -> str:
    """Return one statement of a reset as a row: what the variable becomes."""
    target, right = ast.Name(statement.target), statement.expression.tree
    operator = {"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "/": ast.Div()}.get(statement.operator.rstrip("="))
    tree = right if operator is None else ast.BinOp(target, operator, right)
    return _row(name_to_mathml(statement.target), "←", tree_to_mathml(tree))


def tree_to_mathml(tree: ast.expr) -> str:
    """Return an expression.

    Examples
    --------
    >>> tree_to_mathml(ast.parse("v > v_th", mode="eval").body)
    '<mrow><mi>v</mi><mo>&gt;</mo><msub><mi>v</mi><mi mathvariant="normal">th</mi></msub></mrow>'
    """
    return _render(tree, 0)


def _row(left: str, sign: str, right: str) -> str:
    return f"<mtr><mtd>{left}</mtd><mtd><mo>{sign}</mo></mtd><mtd>{right}</mtd></mtr>"


def _render(node: ast.expr, outer: int, flat: bool = False) -> str:
    """Render a part of an expression; ``flat`` in a fraction, where another fraction would be too small to read."""
    if isinstance(node, ast.Constant):
        return _number(node.value)
    if isinstance(node, ast.Name):
        return name_to_mathml(node.id)
    if isinstance(node, ast.BinOp):
        return _binary(node, outer, flat)
    if isinstance(node, ast.UnaryOp):
        sign = {ast.USub: "−", ast.UAdd: "+"}.get(type(node.op), "¬")
        return _bracketed(
            f'<mo form="prefix">{sign}</mo>{_render(node.operand, 4 if sign == "¬" else 2, flat)}', outer > 1
        )
    if isinstance(node, ast.Compare):
        parts = [_render(node.left, 0, flat)]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            parts += [f"<mo>{escape(_COMPARISONS[type(operator)])}</mo>", _render(right, 0, flat)]
        return _bracketed("".join(parts), outer > 1)
    if isinstance(node, ast.BoolOp):
        word = "<mo>∧</mo>" if isinstance(node.op, ast.And) else "<mo>∨</mo>"
        return _bracketed(word.join(_render(value, 1, flat) for value in node.values), outer > 0)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, flat, [_render(keyword.value, 0, True) for keyword in node.keywords])
    if isinstance(node, ast.Subscript):
        return f"<mrow>{_render(node.value, 0, flat)}<mo>[</mo><mi>n</mi><mo>]</mo></mrow>"
    return f"<mtext>{escape(ast.unparse(node))}</mtext>"


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"<mtext>{escape(str(value))}</mtext>"
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    if not exponent:
        return f"<mn>{mantissa}</mn>"
    return f"<mrow><mn>{mantissa}</mn><mo>·</mo><msup><mn>10</mn><mn>{int(exponent)}</mn></msup></mrow>"


def _bracketed(inner: str, needed: bool) -> str:
    return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>" if needed else f"<mrow>{inner}</mrow>"


def _binary(node: ast.BinOp, outer: int, flat: bool) -> str:
    if isinstance(node.op, ast.Div) and not flat:
        return f"<mfrac>{_render(node.left, 0, True)}{_render(node.right, 0, True)}</mfrac>"
    if isinstance(node.op, ast.Pow):
        plain = isinstance(node.left, (ast.Name, ast.Constant))
        return f"<msup>{_bracketed(_render(node.left, 0, flat), not plain)}{_render(node.right, 0, True)}</msup>"
    if type(node.op) not in _SIGNS:
        return f"<mtext>{escape(ast.unparse(node))}</mtext>"
    level, sign = _SIGNS[type(node.op)]
    if isinstance(node.op, ast.Mult) and _begins_with_number(node.right):
        sign = "<mo>·</mo>"
    right = _render(node.right, level if isinstance(node.op, (ast.Add, ast.Mult)) else level + 1, flat)
    return _bracketed(f"{_render(node.left, level, flat)}{sign}{right}", outer > level)


_SIGNS = {
    ast.Add: (1, "<mo>+</mo>"),
    ast.Sub: (1, "<mo>−</mo>"),
    ast.Mult: (2, '<mspace width="0.17em"/>'),
    ast.Mod: (2, "<mo>mod</mo>"),
    ast.Div: (2, "<mo>/</mo>"),
}


def _begins_with_number(node: ast.expr) -> bool:
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Pow)):
        node = node.left
    return isinstance(node, ast.Constant)


def _call(name: str, arguments: list[ast.expr], flat: bool, by: list[str]) -> str:
    if name == "sqrt" and len(arguments) == 1:
        return f"<msqrt>{_render(arguments[0], 0, flat)}</msqrt>"
    inner = [_render(argument, 0, flat) for argument in arguments]
    if name == "abs" and len(inner) == 1:
        return f"<mrow><mo>|</mo>{inner[0]}<mo>|</mo></mrow>"
    listed = "<mo>,</mo>".join(inner)
    head = f'<mi mathvariant="normal">{escape(name)}</mi>'
    head = f"<msub>{head}{by[0]}</msub>" if by else head  # of a group
    return f"<mrow>{head}<mo>(</mo>{listed}<mo>)</mo></mrow>"
