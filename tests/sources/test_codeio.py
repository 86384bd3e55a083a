import ast
import gzip
import importlib
import json
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.config.schema import TraceConfig
from ewm.sources import CodeIO
from ewm.sources.codeio import inputs, making, rows
from ewm.sources.codeio.inputs import call
from ewm.sources.mine.repository import Left
from ewm.tracing import Runner

CODE = '''\
# import necessary packages
import math
import random
import numpy as np

SCALE = 2

def unused(x):
    return np.array(x)

def helper(x: int) -> int:
    """Helps."""
    return math.floor(x) * SCALE

# main function
def main_solution(xs, name, deep=None):
    return {"sum": sum(helper(x) for x in xs), "name": name}
'''
CLEAN = """\
import math
SCALE = 2
def helper(x):
    return math.floor(x) * SCALE
def main_solution(xs, name, deep=None):
    return {'sum': sum((helper(x) for x in xs)), 'name': name}"""
GENERATOR = """\
def generate_input(rng: Random) -> dict:
    xs = [rng.uniform(-9, 9) for _ in range(rng.randint(1, 3))]
    return {"name": rng.choice(["it's", 'b"']) + str(random.randint(1, 99)), "xs": [*xs, math.pi, helper(1)]}
"""
ONE = "def main_solution(x):\n    return x"
MINUS = "def main_solution(x):\n    return -x"


def generator(value, before=""):
    return f"def generate_inputs(random: Random) -> dict:\n    {before or 'pass'}\n    return {value}\n"


LEFT = [  # code, generator, why there is no program of it
    ("import numpy as np\ndef main_solution(x):\n    return np.sin(x)", generator("{'x': 1}"), "imports numpy"),
    ("import random\ndef main_solution(x):\n    return random.random()", generator("{'x': 1}"), "impure: random"),
    ("def main_solution(x)\n    return", generator("{'x': 1}"), "not Python"),
    ("def solution(x):\n    return x", generator("{'x': 1}"), "no main_solution"),
    (ONE + " + 0", "x = 1", "no generator of inputs"),
    (ONE + " + 1", generator("{'x': np.ones(2)}"), "the generator raises NameError"),
    (ONE + " + 2", generator("{'x': random}"), "inputs that are no literals"),
    (ONE + " + 3", generator("{'x': float('nan')}"), "inputs that are no literals"),
    (ONE + " + 4", generator("[1]"), "inputs that are no literals"),
    (ONE + " + 5", generator("{'x': 'a' * 200}"), "inputs that are too long"),
    (ONE + " + 6", generator("{'x': 'a' * 10**6}"), "inputs that are too long"),
    (ONE + " + 7", generator("{'y': 1}"), "inputs that do not fit the parameters"),
    (ONE + " + 8", generator("{}"), "inputs that do not fit the parameters"),
    (ONE + " + 9", generator("{'x': 1}", "import os; os.system('true')"), "the generator ends in policy"),
    (ONE + " + 10", generator("{'x': 1}", "raise SystemExit"), "the generator ends in SystemExit"),
    (ONE + " + 11", generator("{'x': 1}") + "_told = lambda *_: 3\n", "the generator ends in something else"),
    ("\n".join([ONE, *["    x += 1"] * 120]), generator("{'x': 1}"), "code that is too long"),
]
FIRST = [(CODE, GENERATOR), *((code, text) for code, text, _ in LEFT)]
SECOND = [(MINUS, generator("{'x': random.choice([True, False])}")), (CODE, GENERATOR)]


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A reasoning_gym to find and not to import; gives where it lies."""
    folder = tmp_path / "site" / "reasoning_gym"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('imported')")
    first, second = ([{"code_sample": c, "input_generator": g} for c, g in part] for part in (FIRST, SECOND))
    lines = "\n".join(map(json.dumps, first)) + "\n"
    (folder / "data" / "codeio.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "data" / "codeio-hq.jsonl.gz").write_bytes(gzip.compress(json.dumps(second, indent=4).encode()))
    monkeypatch.syspath_prepend(folder.parent)
    importlib.invalidate_caches()
    return folder


def test_rows_become_programs_with_literal_inputs(shipped):
    source = CodeIO(inputs_per_program=3)
    programs = {p.origin: p for p in source.programs(0)}
    first, second = programs["codeio:0:0"], programs["codeio:0:1"]
    assert first.source == CLEAN
    assert first.entry != second.entry
    assert first.entry.startswith("main_solution([") and "3.141592653589793, 2], " in first.entry
    assert {p.licence for p in programs.values()} == {"Apache-2.0"}
    booleans = [p.entry for p in programs.values() if p.source == MINUS]
    assert sorted(booleans) == ["main_solution(False)", "main_solution(True)"]  # no call twice
    assert len(programs) == source.counts["programs"] == 5
    with Runner(TraceConfig(workers=1)) as runner:
        assert [t.status for t in runner.trace_all(programs.values())] == ["ok"] * 5
    assert "reasoning_gym" not in sys.modules


def test_every_row_is_counted_once(shipped):
    source = CodeIO()
    list(source.programs(0))
    left = Counter(f"left out: {why}" for _, _, why in LEFT) + Counter(["left out: the same code again"])
    assert {k: n for k, n in source.counts.items() if k.startswith("left out")} == left
    steps = ("rows", "self-contained", "generator ran", "literal input", "short call", "programs")
    assert [source.counts[step] for step in steps] == [20, 13, 9, 5, 2, 4]


def test_the_order_hangs_on_the_seed_and_the_split_on_the_family(shipped):
    source = CodeIO(inputs_per_program=16)
    one, other = list(source.programs(1)), list(source.programs(2))
    assert one == list(source.programs(1)) != other
    parts = {split: list(source.programs(1, split)) for split in ("train", "validation", "test")}
    assert all({p.split for p in programs} <= {split} for split, programs in parts.items())
    assert {p.id for programs in parts.values() for p in programs} == {p.id for p in other}


def test_constructs_can_be_kept_out(shipped):
    source = CodeIO(exclude_constructs=["comprehension"])
    assert {p.source for p in source.programs(0)} == {MINUS}
    assert source.counts["left out: a construct of exclude_constructs"] == 2


def test_what_was_made_is_kept_by_content(shipped, tmp_path, monkeypatch):
    keep = tmp_path / "kept"
    source = CodeIO(cache_dir=str(keep))
    before, counts = list(source.programs(0)), source.counts.copy()
    (file,) = keep.iterdir()
    making._made_of.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(making, "run", None)  # not reached
        assert list(source.programs(0)) == before
        assert source.counts == counts
        assert len(list(CodeIO(1, cache_dir=str(keep)).programs(0))) == 2
    (shipped / "data" / "codeio-hq.jsonl.gz").write_bytes(gzip.compress(b"[]"))
    assert len(list(source.programs(0))) == 2
    assert len(list(keep.iterdir())) == 2 and file.is_file()


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(ValueError, match=r"is not installed. Run: pip install --no-deps reasoning-gym==0.1.25"):
        CodeIO()
    (tmp_path / "reasoning_gym").mkdir()
    importlib.invalidate_caches()
    with pytest.raises(ValueError, match=r"has no data/codeio.jsonl.gz and data/codeio-hq.jsonl.gz. Run: pip"):
        CodeIO()


def test_inputs_per_program(shipped):
    with pytest.raises(ValueError, match="inputs_per_program=0: it wants 1 or more"):
        CodeIO(inputs_per_program=0)


@pytest.mark.parametrize("parameters, text, entry", [
    ("a, b", "{'b': 2, 'a': -1}", "main_solution(-1, 2)"),
    ("a, b=0, c=0", "{'c': 2, 'a': (1,)}", "main_solution((1,), c=2)"),
    ("a, *, b", "{'b': {1: 'x'}, 'a': None}", "main_solution(None, b={1: 'x'})"),
    ("**given", "{'x': 1, 'y': 2}", "main_solution(x=1, y=2)"),
    ("", "{}", "main_solution()"),
])  # fmt: skip
def test_arguments_go_by_position_as_far_as_it_goes(parameters, text, entry):
    assert call(ast.parse(f"def f({parameters}): pass").body[0].args, text) == entry


@pytest.mark.parametrize("text", ["{'a': f()}", "{**{}}", "{'a b': 1}", "{'a': 1, 2: 3}", "{'a':", "", "{" * 9999])
def test_what_is_no_call(text):
    with pytest.raises(Left):
        call(ast.parse("def f(a, **more): pass").body[0].args, text)


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(literals, literals)
def test_a_call_holds_the_values_that_were_given(a, b):
    try:
        entry = call(ast.parse("def f(a, b): pass").body[0].args, repr({"b": b, "a": a}))
    except Left as left:
        assert str(left) == inputs.LONG and len(repr((a, b))) > 150
        return
    assert [repr(ast.literal_eval(arg)) for arg in ast.parse(entry, mode="eval").body.args] == [repr(a), repr(b)]


@pytest.mark.slow
def test_the_package_itself():
    try:
        rows.data()
    except ValueError as error:
        pytest.skip(str(error))
    source = CodeIO()
    assert len(list(source.programs(0))) > 3000
    assert source.counts["rows"] == 5752
