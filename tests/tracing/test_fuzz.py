"""Programs that nobody wrote: mutated ones, hostile objects at work, and plain noise. None may do more than fail."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.grammar import program as grammar_program
from ewm.programs.levels import LEVELS
from ewm.tracing import Runner, Trace
from ewm.tracing.events import Status

FAST = settings(
    derandomize=True, max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(FAST, max_examples=1500)
FREE = {"timeout", "memory", "killed"}  # two runs may differ
CONFIG = TraceConfig(workers=1, cpu_s=0.5, max_events=300, memory_mb=128)


@pytest.fixture(scope="module")
def runners() -> Iterator[tuple[Runner, Runner]]:
    with Runner(CONFIG) as one, Runner(CONFIG) as two:
        yield one, two


def check(runners: tuple[Runner, Runner], program: Program) -> None:
    """An honest status, JSON there and back, and the same again from another zygote."""
    texts = []
    for runner in runners:
        trace = runner.trace(program)
        assert trace.status in get_args(Status)
        assert trace.status != "tampered"
        text = json.dumps(replace(trace, wall_s=0, cpu_s=0).to_json())
        assert Trace.from_json(json.loads(text)) == replace(trace, wall_s=0, cpu_s=0)
        texts.append((trace.status, text))
    assert texts[0] == texts[1] or FREE & {status for status, _ in texts}, (program, *(s for s, _ in texts))


def mutated(seed: int) -> Program:
    """A program of the grammar with a few tokens, or a few nodes, changed."""
    rng = random.Random(seed)
    program = grammar_program(seed, 0, rng.choice(sorted(LEVELS)))
    source = program.source
    if rng.random() < 0.5:
        tokens = re.findall(r"\w+|\s+|[^\w\s]", source)
        for _ in range(rng.randint(1, 4)):
            i, j = rng.randrange(len(tokens)), rng.randrange(len(tokens))
            match rng.randrange(4):
                case 0:
                    tokens[i] = ""
                case 1:
                    tokens[i] = tokens[j]
                case 2:
                    tokens[i], tokens[j] = tokens[j], tokens[i]
                case _:
                    tokens.insert(i, tokens[j])
        source = "".join(tokens)
    else:
        tree = ast.parse(source)
        bodies = [n for n in ast.walk(tree) if isinstance(getattr(n, "body", None), list)]
        values = [n for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        for _ in range(rng.randint(1, 4)):
            body = rng.choice(bodies).body
            body.insert(rng.randrange(len(body) + 1), rng.choice(rng.choice(bodies).body))
            if values:
                rng.choice(values).value = rng.choice([0, -1, "", None, 3.5, "a", 10**20, True])
        try:
            source = ast.unparse(tree)
        except (ValueError, RecursionError):  # a body inside itself
            source = program.source[::-1]
    return replace(program, source=source)


PRELUDE = """\
class Bad:
    def __getattribute__(self, n): raise KeyError(n)
    def __eq__(self, o): raise ValueError
    def __hash__(self): raise TypeError
    __repr__ = __len__ = __iter__ = __bool__ = __call__ = __lt__ = __hash__
class Num(int):
    def __add__(self, o): return self
    def __repr__(self): return 'Num' * 3
    __radd__ = __mul__ = __getitem__ = __add__
class Seq(list):
    def __len__(self): return -1
    def __iter__(self): return iter([self, 1])
class Text(str):
    def __hash__(self): return 1
    def __eq__(self, o): return True
class Meta(type):
    def __call__(c, *a): return c
    def __instancecheck__(c, o): return True
    def __repr__(c): return 1
class Made(metaclass=Meta):
    def __del__(self): print('gone')
def gen(x=None):
    try:
        y = yield x
        yield y
    finally:
        print('end')
v = [Bad(), Num(3), Seq([1]), Text('t'), Meta, Made, gen, gen(1), [], {}, (1,), 'abc', 0, None, {1, 'a'}, 2.5, b'x', len, print, Exception('e')]
"""
SHAPES = (
    "{a} + {b}", "{a}[{b}]", "len({a})", "sorted({a})", "{a}({b})", "isinstance({a}, type({b}))", "str({a})", "[*{a}]",
    "{a} == {b}", "{a} in {b}", "{{{a}: {b}}}", "{{{a}, {b}}}", "f'{{{a}!r}}'", "setattr({a}, 'x', {b})", "({a}, {b})",
    "{a}.append({b})", "list(map({a}, [{b}]))", "type('N', (type({a}),), {{'y': {b}}})", "next({a})", "{a}.send({b})",
    "{a}.throw({b})", "{a}.close()", "[{a} for _ in range(2)]", "dict.__setitem__(globals(), {a}, {b})", "bool({a})",
    "{a}.__class__", "max({a}, {b})", "{a} * 3", "'%s' % {a}", "print({a}, {b})", "repr({a})", "vars({a})", "iter({a})",
    "{a}.__dict__", "({a} for _ in [1])", "lambda: {a}", "{a} is {b}", "not {a}", "-{a}", "{a} < {b}", "abs({a})",
)  # fmt: skip
WAYS = (
    "v[{i}] = {e}", "try:\n    v[{i}] = {e}\nexcept BaseException as error:\n    v[{i}] = error", "n{i} = {e}", "del v[{i}]",
    "for v[{i}] in {e}:\n    break", "with {e} as v[{i}]:\n    pass", "raise {e}", "def f{i}():\n    return {e}\nf{i}()",
    "class C{i}:\n    w = {e}", "match {e}:\n    case [x, *y] | {{'k': x, **y}}:\n        pass\n    case Exception(args=x):\n        pass",
)  # fmt: skip


@st.composite
def hostile(draw: st.DrawFn) -> Program:
    """Operations on objects that lie, raise and answer nonsense."""
    place = st.integers(0, 19)
    lines = []
    for _ in range(draw(st.integers(1, 12))):
        a, b, i = f"v[{draw(place)}]", f"v[{draw(place)}]", draw(place)
        way = draw(st.sampled_from((WAYS[1],) * 6 + WAYS))
        lines.append(way.format(i=i, e=draw(st.sampled_from(SHAPES)).format(a=a, b=b)))
    return Program(PRELUDE + "\n".join(lines) + "\n", draw(st.sampled_from((None, "v[1]", "gen(v)", "v"))), "line\n")


noise = st.text() | st.binary(max_size=40).map(lambda b: b.decode("latin-1"))
near = st.lists(st.sampled_from([*"()[]{}:=,.\n \\'\"#@", "x", "1", "def f", "lambda", "yield", "await", "async", "class A", "for", "in", "\0", "\ud800", "\x0c", "\r", "\ufeff", "   "]), max_size=30).map("".join)  # fmt: skip
anything = st.builds(Program, noise | near, st.none() | noise | near, noise)


@FAST
@given(seed=st.integers(0, 10**9))
def test_mutated_programs(runners, seed):
    check(runners, mutated(seed))


@FAST
@given(program=hostile())
def test_hostile_objects(runners, program):
    check(runners, program)


@FAST
@given(program=anything)
def test_noise(runners, program):
    check(runners, program)


@pytest.mark.slow
@LONG
@given(seed=st.integers(0, 10**9))
def test_many_mutated_programs(runners, seed):
    check(runners, mutated(seed))


@pytest.mark.slow
@LONG
@given(program=hostile())
def test_many_hostile_objects(runners, program):
    check(runners, program)


@pytest.mark.slow
@LONG
@given(program=anything)
def test_much_noise(runners, program):
    check(runners, program)
