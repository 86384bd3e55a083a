"""Tables of the template levels: no row is dead."""

import re

import pytest

from ewm.programs.grammar import program, templates
from ewm.programs.grammar.blocks import LEAST, STATEMENTS, height
from ewm.programs.grammar.builtins import BUILTINS
from ewm.programs.grammar.methods import METHODS
from ewm.programs.presets import PRESETS

ROWS = [(kind, template) for kind, template, _ in (*METHODS, *BUILTINS)]
SLOT = re.compile(r"<[?]?[a-z]+>")


@pytest.fixture(scope="module")
def written():
    """(rows drawn, texts) of 400 programs a level."""
    drawn, plain = set(), templates.Writer.one

    def one(self, options):
        found = plain(self, options)
        if isinstance(found, tuple) and len(found) == 3 and isinstance(found[0], tuple):
            drawn.add(found[0])
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates.Writer, "one", one)
        texts = [program(0, index, level).source for level in PRESETS for index in range(400)]
    return drawn, "\n".join(texts)


def test_every_row_is_drawn_and_stands_in_a_program(written):
    drawn, text = written
    never = [row for row in ROWS if templates._compiled(row[1]) not in drawn]
    gone = [row for row in ROWS if not re.search(".+".join(map(re.escape, SLOT.split(row[1]))), text)]
    assert (never, gone) == ([], [])


def test_every_construct_is_in_some_level():
    assert set(STATEMENTS) == {name for level in PRESETS.values() for name in level.top}
    assert all(level.depth >= max(LEAST[name] for name in level.top) for level in PRESETS.values())


@pytest.mark.parametrize(
    "template, expected", [("a = 1", 0), ("if a:\n    <body>", 1), ("if a:\n    if b:\n        c", 2)]
)
def test_height(template, expected):
    assert height(template) == expected
