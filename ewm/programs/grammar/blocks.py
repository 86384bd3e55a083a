"""All statements by construct: every template of a construct is as likely. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.control import CONTROL
from ewm.programs.grammar.definitions import DEFINITIONS
from ewm.programs.grammar.objects import OBJECTS
from ewm.programs.grammar.values import VALUES

STATEMENTS: dict[str, tuple[str, ...]] = VALUES | CONTROL | DEFINITIONS | OBJECTS
