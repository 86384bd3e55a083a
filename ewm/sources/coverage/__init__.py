"""Which syntax, built-in methods and built-in functions programs use. Texts are parsed, never run."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

KINDS = ("AST node kinds", "built-in methods", "built-in functions")
_TYPES = (str, list, dict, set, frozenset, tuple, int, float, bytes)
METHODS = frozenset(name for kind in _TYPES for name in dir(kind) if not name.startswith("_"))
FUNCTIONS = frozenset(name for name in dir(builtins) if name[0].islower() and callable(getattr(builtins, name)))


@dataclass
class Uses:
    """How often each name occurs, by KINDS; texts that do not parse are counted apart."""

    found: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    programs: int = 0
    unparsable: int = 0

    def share(self, of: Uses, kind: str) -> tuple[float, float]:
        """Of `of`'s: share of distinct names and share of uses that are here too; 1 where it has none."""
        wanted, here = of.found[kind], self.found[kind]
        if not wanted:
            return 1.0, 1.0
        known = [name for name in wanted if name in here]
        return len(known) / len(wanted), sum(wanted[name] for name in known) / wanted.total()

    def missing(self, of: Uses, kind: str) -> dict[str, int]:
        """Names of `of` that are not here, most used first."""
        return {name: n for name, n in of.found[kind].most_common() if name not in self.found[kind]}


def uses(sources: Iterable[str]) -> Uses:
    """An attribute call counts as a built-in method by its name alone: the receiver's type is not known."""
    counted = Uses()
    nodes, methods, functions = (counted.found[kind] for kind in KINDS)
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            counted.unparsable += 1
            continue
        counted.programs += 1
        for node in ast.walk(tree):
            nodes[type(node).__name__] += 1
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                methods[node.func.attr] += 1
            elif isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
                functions[node.func.id] += 1
    return counted
