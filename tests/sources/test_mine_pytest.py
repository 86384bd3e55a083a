"""A made-up repository with five pytest tests gives its programs."""

import pytest

from ewm.config.schema import TraceConfig
from ewm.sources.mine import mining, pytests
from ewm.sources.mine.checking import check

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nlicense = "MIT"\n',
    "shop/__init__.py": "",
    "shop/rates.py": """\
RATES = {"a": 2, "b": 3}


def rate(kind):
    if kind not in RATES:
        raise KeyError(kind)
    return RATES[kind]
""",
    "shop/basket.py": '''\
from dataclasses import dataclass

from shop import rates
from shop.rates import rate as rate_of


def price(kind: str, n: int = 1) -> int:
    """Text that goes."""
    print("asked")
    return rates.rate(kind) * n


def cheapest(kinds):
    return min(kinds, key=rate_of)


class Basket:
    def __init__(self, limit):
        self.limit, self.items = limit, []

    def add(self, kind, n=1):
        if len(self.items) >= self.limit:
            raise ValueError("full")
        self.items.append((kind, n))
        return len(self.items)

    def total(self):
        return sum(price(kind, n) for kind, n in self.items)
''',
    "tests/conftest.py": """\
import pytest
from shop.basket import Basket


@pytest.fixture
def basket():
    made = Basket(2)
    made.add("a")
    yield made
""",
    "tests/helpers.py": "def twice(x):\n    return 2 * x\n",
    "tests/test_shop.py": """\
import pytest
from helpers import twice
from shop.basket import Basket, cheapest, price


@pytest.mark.parametrize("kind, n, expected", [("a", 1, 2), ("b", 2, 6), pytest.param("b", 3, 9, id="three")])
def test_price(kind, n, expected):
    assert price(kind, n=n) == expected


def test_total(basket):
    basket.add("b", 4)
    assert basket.total() == twice(7)


def test_unknown():
    with pytest.raises(KeyError, match="zzz"):
        price("zzz")


def test_cheapest():
    assert cheapest(["b", "a"]) == "a"


class TestFull:
    def test_full(self):
        basket = Basket(0)
        with pytest.raises(ValueError):
            basket.add("a")
""",
}

TOTAL = """\
RATES = {'a': 2, 'b': 3}
def rate(kind):
    if kind not in RATES:
        raise KeyError(kind)
    return RATES[kind]
def price(kind, n=1):
    print('asked')
    return rate(kind) * n
class Basket:

    def __init__(self, limit):
        self.limit, self.items = (limit, [])

    def add(self, kind, n=1):
        if len(self.items) >= self.limit:
            raise ValueError('full')
        self.items.append((kind, n))
        return len(self.items)

    def total(self):
        return sum((price(kind, n) for kind, n in self.items))
it = Basket(2)
it.add('a')
it.add('b', 4)"""


@pytest.fixture
def repository(tmp_path):
    """Its folder."""
    for name, text in FILES.items():
        path = tmp_path / "shop-1.0" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop-1.0"


def test_five_tests_give_their_programs(repository):
    mined, counts = mining.mine(mining.collection(str(repository)))
    assert (counts["test files"], counts["tests"]) == (1, 7)  # parametrize makes three of one
    assert not [key for key in counts if key.startswith("left out")]
    found = {one.program.entry: one for one in mined}
    assert [(one.program.entry, one.expected.text or one.expected.exception) for one in mined] == [
        ("rate('a')", "2"),
        ("price('a', n=1)", "2"),
        ("rate('b')", "3"),
        ("price('b', n=2)", "6"),
        ("price('b', n=3)", "9"),
        ("it.add('a')", "1"),
        ("it.add('b', 4)", "2"),
        ("price('a', 1)", "2"),
        ("price('b', 4)", "12"),
        ("it.total()", "14"),
        ("twice(7)", "14"),
        ("rate('zzz')", "KeyError: 'zzz'"),
        ("price('zzz')", "KeyError: 'zzz'"),
        ("cheapest(['b', 'a'])", "'a'"),
        ("it.add('a')", "ValueError: full"),
    ]
    assert found["it.total()"].program.source == TOTAL
    assert found["it.total()"].program.origin == "mine:shop-1_0.shop.basket.Basket.total"
    assert {one.program.licence for one in mined} == {"MIT"}
    checked = list(check(mined, TraceConfig(workers=1)))
    assert {one.verdict for one in checked} == {"equal"}
    assert all({event.function for event in one.trace.events} & {"rate", "add", "cheapest", "twice"} for one in checked)


OTHERS = {
    "lib.py": """\
from functools import lru_cache


@lru_cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def shout(text):
    return text.upper()


class Stack:
    items = ()

    def push(self, item):
        self.items = (*self.items, item)
        return self.items
""",
    "test_lib.py": """\
import unittest
import pytest
from lib import Stack, fib, shout


class TestOld(unittest.TestCase):
    def setUp(self):
        self.text = "a"

    def test_shout(self):
        self.assertEqual(shout(self.text), "A")


@pytest.fixture(params=[3, 4])
def n(request):
    return request.param


@pytest.fixture
def stack():
    return Stack()


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("j", [10, 20])
def test_fib(n, j, k):
    assert fib(n * k) + j == pytest.approx(fib(n * k) + j)


def test_stack(stack):
    assert stack.push([1]) == ([1],)
    stack.push(object())
    assert len(stack.push(2)) == 3


def test_wrong():
    assert shout("b") == "b"


def test_wants_more(tmp_path):
    shout("c")


@pytest.mark.skip(reason="no")
def test_skipped():
    shout("d")


def test_reads():
    with pytest.raises(OSError):
        open("/etc/passwd")
    print('["call", {"file": "forged"}]')
    assert shout("e") == "E"
""",
    "test_broken.py": "import not_there_at_all\n",
    "deep_test.py": "while True:\n    pass\n",
}


def test_what_tests_do_beside(tmp_path, monkeypatch):
    monkeypatch.setitem(pytests.LIMITS, "cpu_s", 0.5)
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text)
    mined, counts = mining.mine(mining.collection(str(tmp_path)))
    assert sorted(one.program.entry for one in mined) == [
        "fib(3)", "fib(4)", "fib(6)", "fib(8)", "it.push([1])", "shout('a')", "shout('b')", "shout('e')",
    ]  # fmt: skip
    assert (counts["test files"], counts["tests"]) == (3, 14)
    assert {key: n for key, n in counts.items() if key.startswith("left out: test")} == {
        "left out: tests that fail": 1,
        "left out: tests that are skipped": 2,
        "left out: test files that cannot be imported": 1,
        "left out: test files that end in timeout": 1,
    }
    assert {one.verdict for one in check(mined, TraceConfig(workers=1))} == {"equal"}
    assert mining.mine(mining.collection(str(tmp_path)), tests=False)[0] == []


def test_a_folder_may_be_a_package_itself(tmp_path):
    files = {"__init__.py": "from shape.area import area\n", "area.py": "def area(r):\n    return 3 * r * r\n"}
    files["tests/__init__.py"] = ""
    files["tests/test_area.py"] = (
        "import shape\nfrom shape.area import area\n\n\ndef test():\n    assert area(2) == shape.area(2)\n"
    )
    for name, text in files.items():
        path = tmp_path / "shape" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    mined, counts = mining.mine(mining.collection(str(tmp_path / "shape")))
    assert [(one.program.origin, one.program.entry) for one in mined] == [("mine:shape.area.area", "area(2)")]
    assert counts["tests"] == 1 and not any(key.startswith("left out") for key in counts)


def test_a_test_file_that_the_sandbox_ends_is_counted(tmp_path):
    (tmp_path / "own.py").write_text("def one():\n    return 1\n")
    (tmp_path / "test_bad.py").write_text("import os\n\nos.system('true')\n\ndef test():\n    pass\n")
    (tmp_path / "test_good.py").write_text("from own import one\n\ndef test():\n    assert one() == 1\n")
    counts = mining.mine(mining.collection(str(tmp_path)))[1]
    assert (counts["test files"], counts["tests"]) == (2, 1)
    assert counts["left out: test files that end in policy"] == 1
