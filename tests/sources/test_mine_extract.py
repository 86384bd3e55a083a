"""Definitions from several modules as one source, under names of their own."""

import ast

import pytest

from ewm.sources.mine.example import Example
from ewm.sources.mine.extract import extract
from ewm.sources.mine.folders import modules
from ewm.sources.mine.repository import Left, Repository

FILES = {
    "pack/__init__.py": "from pack.deep import *\nfrom .near import near as shown\n",
    "pack/deep.py": "import math as m\n\nSIZE = 2\n\n\ndef area(r):\n    return m.floor(SIZE * r)\n",
    "pack/near.py": """\
import pack
import pack.other as others
from . import other, deep as down
from .other import helper as assist, SIZE as WIDE


def helper(x):
    return x + 1


def near(x):
    return assist(helper(x)) + others.helper(WIDE) + pack.area(1) + down.area(2)


def shadowed(helper, WIDE=3):
    return other.helper(helper) + WIDE


def clash(assist):
    return WIDE + (lambda WIDE: helper_of(WIDE))(assist)


def module_as_value():
    return other


def first():
    return second()


def second():
    return first
""",
    "pack/other.py": """\
SIZE = 5
TABLE = {}
TABLE["a"] = 1
for key in ["b"]:
    TABLE[key] = 2
if __name__ == "__main__":
    TABLE["c"] = 3
try:
    from math import gcd
except ImportError:
    gcd = None


def helper(x):
    return SIZE * x


def looked(key):
    return TABLE[key], gcd(4, 6)
""",
    "pack/shapes.py": """\
import random
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from .deep import area as _area


def twice(function):
    return lambda *args: 2 * function(*args)


@framework.route("/")
@twice
def doubled(x: "int") -> int:
    y: int = 1
    z: float
    return x + y


@dataclass(order=True)
class Box:
    kind: ClassVar[int] = 1
    size: Unknown = 3
    parts: list = field(default_factory=list)

    def total(self):
        '''Text.'''
        return _area(self.size)


class Pair(NamedTuple):
    a: int
    b: np.ndarray = 2


def chance():
    return random.random()


def array():
    return np.zeros(3)
""",
}

NEAR = """\
import math as m
SIZE = 5
def helper_2(x):
    return SIZE * x
SIZE_2 = 2
def area(r):
    return m.floor(SIZE_2 * r)
def helper(x):
    return x + 1
def near(x):
    return helper_2(helper(x)) + helper_2(SIZE) + area(1) + area(2)"""
LOOKED = """\
TABLE = {}
TABLE['a'] = 1
for key in ['b']:
    TABLE[key] = 2
try:
    from math import gcd
except ImportError:
    gcd = None
def looked(key):
    return (TABLE[key], gcd(4, 6))"""
BOX = """\
from dataclasses import dataclass
from dataclasses import field
from typing import ClassVar
import math as m
SIZE = 2
def area(r):
    return m.floor(SIZE * r)
@dataclass(order=True)
class Box:
    kind: ClassVar[int] = 1
    size: object = 3
    parts: list = field(default_factory=list)

    def total(self):
        return area(self.size)"""


@pytest.fixture
def repository(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return Repository(modules(tmp_path))


def taken(repository, module, entry, before="", **aliases):
    call = ast.parse(entry, mode="eval").body
    return extract(repository, Example(repository.module(module), ast.parse(before).body, call, aliases), call)


def test_names_of_several_modules_meet_in_one_source(repository):
    found = taken(repository, "pack.near", "near(3)")
    assert found.source == NEAR
    space = {}
    exec(found.source, space)  # ours, written above
    assert eval(found.entry, space) == 5 * 4 + 5 * 5 + 2 + 4


def test_a_value_that_is_built_up_and_a_conditional_import_come_whole(repository):
    assert taken(repository, "pack.other", "looked('b')").source == LOOKED


def test_classes_keep_what_makes_their_fields(repository):
    assert taken(repository, "pack.shapes", "Box(4).total()").source == BOX
    pair = taken(repository, "pack.shapes", "Pair(1)").source
    assert pair == "from typing import NamedTuple\nclass Pair(NamedTuple):\n    a: int\n    b: object = 2"


def test_decorators_of_frameworks_go_and_own_ones_stay(repository):
    assert taken(repository, "pack.shapes", "doubled(1)").source == (
        "def twice(function):\n    return lambda *args: 2 * function(*args)\n"
        "@twice\ndef doubled(x):\n    y = 1\n    return x + y"
    )


@pytest.mark.parametrize("entry, before", [
    ("pack.area(1)", ""), ("p.shown(1)", ""), ("area(1)", "from pack import area"), ("a(1)", "from pack import area as a"),
    ("q.area(1)", "import pack as q"), ("area(1)", "from pack import *"), ("pack.deep.area(1)", "import pack.deep"),
])  # fmt: skip
def test_examples_reach_the_package_by_any_import(repository, entry, before):
    found = taken(repository, "pack.near", entry, before, pack="pack", p="pack")
    assert found.own[0] in ("area", "near") and found.entry in ("area(1)", "near(1)")


@pytest.mark.parametrize("module, entry, reason", [
    ("pack.near", "shadowed(1)", None),
    ("pack.near", "clash(1)", "a name that the module does not define"),
    ("pack.near", "module_as_value()", "uses a module as a value"),
    ("pack.near", "first()", None),
    ("pack.shapes", "chance()", "impure: random"),
    ("pack.shapes", "array()", "imports numpy"),
    ("pack.shapes", "open('x')", "impure: files"),
    ("pack.shapes", "nothing(1)", "a name that the module does not define"),
])  # fmt: skip
def test_what_cannot_be_had_is_said(repository, module, entry, reason):
    if reason is None:
        assert taken(repository, module, entry).named
        return
    with pytest.raises(Left) as left:
        taken(repository, module, entry)
    assert str(left.value) == reason
    assert left.value.stage == ("pure" if reason.startswith("impure") else "self-contained")


@pytest.mark.parametrize("folder, source", [
    ("scripts", "def twice(x):\n    return 2 * x\ndef four(x):\n    return twice(twice(x))"),
    ("pack", None),  # in a package `import` does not look beside
    ("src/lib", "def twice(x):\n    return 2 * x\ndef four(x):\n    return twice(twice(x))"),
])  # fmt: skip
def test_absolute_imports_are_found_where_python_finds_them(tmp_path, folder, source):
    where = tmp_path / folder
    where.mkdir(parents=True)
    (where / "tool.py").write_text("def twice(x):\n    return 2 * x\n")
    name = "lib.tool" if folder == "src/lib" else "tool"
    (where / "use.py").write_text(f"from {name} import twice\n\n\ndef four(x):\n    return twice(twice(x))\n")
    if folder != "scripts":
        (where / "__init__.py").write_text("")
    repository = Repository(modules(tmp_path), ["", "src"])
    module = f"{folder.replace('/', '.')}.use"
    if source is None:
        with pytest.raises(Left, match="imports tool"):
            taken(repository, module, "four(1)")
    else:
        assert taken(repository, module, "four(1)").source == source


def test_what_an_unknown_star_brings_is_not_guessed(repository):
    with pytest.raises(Left, match="imports numpy"):
        taken(repository, "pack.near", "near(1)", "from numpy import *")
    assert taken(repository, "pack.near", "near(1)", "from math import *").entry == "near(1)"


def test_an_inner_name_that_collides_is_not_renamed_over(repository, tmp_path):
    (tmp_path / "pack/late.py").write_text(
        "from .other import helper as h\n\n\ndef f(x):\n    def inner(helper):\n        return helper\n    return h(inner(x))\n"
    )
    fresh = Repository(modules(tmp_path))
    with pytest.raises(Left, match="names that collide"):
        taken(fresh, "pack.late", "f(1)")


@pytest.mark.parametrize("before, entry, source", [
    ("x = [1]\nx.append(2)\ny = 5", "area(x[0])", "x = [1]\nx.append(2)"),
    ("x = 1\nx = 2", "area(x)", "x = 2"),
    ("x = 2\nprint(x)\nx", "area(x)", "x = 2"),
    ("a = 1\nb = area(a)\na = 7", "area(b)", "a = 1\nb = area(a)"),
    ("x = [1]\narea(len(x))", "area(x[0])", "x = [1]\narea(len(x))"),
    ("def f(n):\n    return area(n)", "f(2)", "def f(n):\n    return area(n)"),
])  # fmt: skip
def test_an_example_takes_with_it_what_it_needs_of_those_before(repository, before, entry, source):
    found = taken(repository, "pack.deep", entry, before)
    assert found.source.endswith("return m.floor(SIZE * r)\n" + source)
