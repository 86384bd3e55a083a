"""All statements by construct: every template of a construct is as likely. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.control import CONTROL
from ewm.programs.grammar.definitions import DEFINITIONS
from ewm.programs.grammar.objects import OBJECTS
from ewm.programs.grammar.values import VALUES

STATEMENTS: dict[str, tuple[str, ...]] = VALUES | CONTROL | DEFINITIONS | OBJECTS


def height(template: str) -> int:
    """Blocks that it opens in each other; what stands in the innermost counts as its own."""
    return max((len(line) - len(line.lstrip())) // 4 for line in template.strip("\n").split("\n"))


LEAST = {name: min(map(height, templates)) for name, templates in STATEMENTS.items()}  # depth that a construct wants
DEEPEST = max(height(template) for templates in STATEMENTS.values() for template in templates)
