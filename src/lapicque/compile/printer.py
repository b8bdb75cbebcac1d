"""Nodes as Python source: straight-line code with a local variable for whatever is used more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lapicque.compile.nodes import INFIX, Node

_SPELLED = {"abs": "absolute", "rint": "round_half_even"}  # where the language and vector_math differ


@dataclass
class Printer:
    """Prints nodes for one precision.

    Parameters
    ----------
    names : mapping of str to str
        How variables are spelled where the code stands (``{"v": "a[64 + l]"}``); others keep their name.
    standing : mapping of node identity to str
        Nodes that are computed already, and how they are spelled (coefficients).
    real : str
        Type of literals and results: ``"float32"`` or ``"float64"``. What depends on ``t`` is float64 always.
    wide : set of str
        Variables that are float64 whatever ``real`` is.
    """

    names: dict[str, str]
    standing: Mapping[int, str]
    real: str
    wide: set[str] = field(default_factory=lambda: {"t"})
    prefix: str = "n"

    def __post_init__(self) -> None:
        self.lines: list[str] = []
        self.functions: set[str] = set()
        self._local: dict[int, tuple[str, bool]] = {}
        self._uses: Counter[int] = Counter()

    def count(self, roots: Iterable[Node]) -> None:
        """Count how often each node below ``roots`` is used: what is used twice gets a local variable."""
        seen: set[int] = set()

        def visit(node: Node) -> None:
            self._uses[id(node)] += 1
            if id(node) in seen or id(node) in self.standing:
                return
            seen.add(id(node))
            for argument in node.args:
                visit(argument)

        for root in roots:
            visit(root)

    def assign(self, name: str, node: Node) -> None:
        """Write ``name = node``, in the precision of the kernel (times stay float64)."""
        text, wide = self.text(node)
        self.lines.append(f"{name} = {text}")
        if wide:
            self.wide.add(name)
        self.names[name] = name

    def narrow(self, node: Node) -> str:
        """Return the node's expression, rounded to the precision of the kernel."""
        text, wide = self.text(node)
        return f"{self.real}({text})" if wide and self.real != "float64" and not node.condition else text

    def text(self, node: Node) -> tuple[str, bool]:
        """Return the node's expression and whether it is float64 beyond the kernel's precision."""
        if id(node) in self.standing:
            return self.standing[id(node)], False
        if node.op == "const":
            return self._literal(node.value), False
        if node.op == "var":
            return self.names.get(node.value, node.value), node.value in self.wide and self.real != "float64"
        if id(node) in self._local:
            return self._local[id(node)]
        text, wide = self._operation(node)
        if self._uses[id(node)] > 1:
            name = f"{self.prefix}{len(self._local)}"
            self.lines.append(f"{name} = {text}")
            text = name
            self._local[id(node)] = text, wide
        return text, wide

    def _literal(self, value: float | bool) -> str:
        if isinstance(value, bool):
            return str(value)
        text = repr(value) if abs(value) != float("inf") else f"{'-' if value < 0 else ''}np.inf"
        return f"{self.real}({text})"

    def _operation(self, node: Node) -> tuple[str, bool]:
        parts = [self.text(argument) for argument in node.args]
        wide = any(w for _, w in parts)
        texts = [
            f"float64({text})" if wide and not is_wide and not argument.condition else text
            for (text, is_wide), argument in zip(parts, node.args, strict=True)
        ]
        if node.op in INFIX:
            return f"({texts[0]} {INFIX[node.op]} {texts[1]})", wide and not node.condition
        if node.op == "neg":
            return f"(-{texts[0]})", wide
        if node.op == "not":
            return f"({texts[0]} ^ True)", False
        name = _SPELLED.get(node.op, node.op)
        self.functions.add(name)
        return f"{name}({', '.join(texts)})", wide
