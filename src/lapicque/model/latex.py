"""Equations as LaTeX, rendered from the same syntax trees that are compiled."""

from __future__ import annotations

import ast

from lapicque.model.equations import Equation

_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "rho",
          "sigma", "tau", "phi", "psi", "omega")  # fmt: skip


def name_to_latex(name: str) -> str:
    r"""Return a name with Greek letters and subscripts.

    Examples
    --------
    >>> name_to_latex("tau_m"), name_to_latex("v")
    ('\\tau_{\\mathrm{m}}', 'v')
    """
    head, *rest = name.strip("_").split("_")
    known = head.lower() in _GREEK and head in (head.lower(), head.capitalize())
    base = f"\\{head}" if known else head if len(head) == 1 else f"\\mathrm{{{head}}}"
    return f"{base}_{{\\mathrm{{{','.join(rest)}}}}}" if rest else base


def equation_to_latex(equation: Equation) -> str:
    """Return one equation, aligned at its equals sign."""
    name = name_to_latex(equation.name)
    left = {
        "differential": f"\\frac{{\\mathrm{{d}}{name}}}{{\\mathrm{{d}}t}}",
        "map": f"{name}[n+1]",
    }.get(equation.kind, name)
    assert equation.expression is not None
    return f"{left} &= {_render(equation.expression.tree, 0)}"


_LEVELS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Mod: 2, ast.Div: 4, ast.Pow: 3}


def _render(node: ast.expr, outer: int) -> str:
    if isinstance(node, ast.Constant):
        return _number(node.value)
    if isinstance(node, ast.Name):
        return name_to_latex(node.id)
    if isinstance(node, ast.BinOp):
        return _binary(node, outer)
    if isinstance(node, ast.UnaryOp):
        sign = {ast.USub: "-", ast.UAdd: "+"}.get(type(node.op), "\\neg ")
        text = sign + _render(node.operand, 2 if sign != "\\neg " else 4)
        return _bracketed(text, outer > 1)
    if isinstance(node, ast.Compare):
        operator = {ast.Gt: ">", ast.GtE: "\\geq", ast.Lt: "<", ast.LtE: "\\leq", ast.Eq: "=", ast.NotEq: "\\neq"}
        left, right = _render(node.left, 0), _render(node.comparators[0], 0)
        return _bracketed(f"{left} {operator[type(node.ops[0])]} {right}", outer > 1)
    if isinstance(node, ast.BoolOp):
        word = "\\wedge" if isinstance(node.op, ast.And) else "\\vee"
        return _bracketed(f" {word} ".join(_render(v, 1) for v in node.values), outer > 0)
    if isinstance(node, ast.Subscript):
        return _render(node.value, 0) + "[n]"
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return _call(node.func.id, node.args, [_render(keyword.value, 0) for keyword in node.keywords])


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"\\mathrm{{{value}}}"
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    return f"{mantissa} \\cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _bracketed(text: str, needed: bool) -> str:
    return f"\\left({text}\\right)" if needed else text


def _binary(node: ast.BinOp, outer: int) -> str:
    level = _LEVELS[type(node.op)]
    if isinstance(node.op, ast.Div):
        return f"\\frac{{{_render(node.left, 0)}}}{{{_render(node.right, 0)}}}"
    if isinstance(node.op, ast.Pow):
        plain = isinstance(node.left, (ast.Name, ast.Constant))
        base = _bracketed(_render(node.left, 0), not plain)
        return f"{base}^{{{_render(node.right, 0)}}}"
    if isinstance(node.op, ast.Mult):
        text = f"{_render(node.left, 2)} \\, {_render(node.right, 2)}"
    elif isinstance(node.op, ast.Mod):
        text = f"{_render(node.left, 2)} \\bmod {_render(node.right, 2)}"
    else:
        sign = "+" if isinstance(node.op, ast.Add) else "-"
        text = f"{_render(node.left, 1)} {sign} {_render(node.right, 1 if sign == '+' else 2)}"
    return _bracketed(text, outer > level)


def _call(name: str, arguments: list[ast.expr], by: list[str]) -> str:
    inner = [_render(a, 0) for a in arguments]
    if name == "exp":
        return f"e^{{{inner[0]}}}"
    if name == "sqrt":
        return f"\\sqrt{{{inner[0]}}}"
    if name == "abs":
        return f"\\left|{inner[0]}\\right|"
    known = name if name in ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max", "arctan") else None
    head = f"\\{known}" if known else f"\\operatorname{{{name}}}"
    head += f"_{{{by[0]}}}" if by else ""  # of a group
    return f"{head}\\left({', '.join(inner)}\\right)"
