"""The recipe's five kinds of program, in our own words: arithmetic, a loop that adds up, a condition, an average, a
function. Items 0-4 are the five programs themselves; every further five are seeded variants with other names, numbers,
operators and small changes of shape. It asks for traces, whatever the task: the recipe does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Annotated

from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.config.signature import AtLeast, OneOf
from ewm.data.benchmarks.items import examples
from ewm.data.example import Example
from ewm.programs import Program

ORIGINAL = {
    "arithmetic": "width = 6\nheight = 4\narea = width * height\nrest = area - 5",
    "accumulate": "total = 0\nfor number in range(1, 5):\n    total += number",
    "condition": "celsius = 14\nif celsius > 20:\n    advice = 'shade'\nelse:\n    advice = 'coat'",
    "average": "marks = [7, 9, 5]\ntotal = 0\nfor mark in marks:\n    total += mark\nmean = total / len(marks)",
    "function": (
        "def stretch(length, factor):\n    longer = length * factor\n    return longer + 1\n\nresult = stretch(5, 3)"
    ),
}
KINDS = tuple(ORIGINAL)
_NAMES = ("a", "b", "c", "n", "m", "k", "size", "price", "speed", "weight", "depth", "score", "limit", "rate", "step")
_LISTS = ("values", "items", "prices", "sizes", "points", "temps")
_FUNCTIONS = ("scale", "combine", "adjust", "mix", "shift", "blend")
_WORDS = ("low", "high", "cold", "warm", "few", "many", "short", "long")


def variant(index: int, seed: int = 0) -> Program:
    """Item `index`: of kind index % 5; a pure function of (seed, index)."""
    kind = KINDS[index % 5]
    rng = random.Random(f"ellora5:{seed}:{index}")
    source = ORIGINAL[kind] if index < 5 else _WRITERS[kind](rng)
    return Program(source, origin=f"ellora5:{kind}:{seed}:{index}", licence="Apache-2.0", level=f"ellora5_{kind}")


def ellora5(
    n: Annotated[int, AtLeast(1)] = 50,
    seed: int = 0,
    kinds: Annotated[Sequence[str], OneOf(KINDS)] = KINDS,
    *,
    name: str = "ellora5",
    trace: TraceConfig,
    task: TaskConfig,
    format: FormatConfig,
    style: str,
    count_tokens: Callable[[str], int] | None = None,
    roots: Sequence[str] = (),
) -> list[Example]:
    """The first `n` items of these kinds, the five programs first."""
    items: list[tuple[str, Program]] = []
    seen: set[str] = set()
    for index in range(50 * n + 50):
        program = variant(index, seed)
        if len(items) < n and KINDS[index % 5] in kinds and program.id not in seen:
            seen.add(program.id)
            items.append((name, program))
    return list(examples(items, trace, TaskConfig(name="trace"), format, style))


def _arithmetic(rng: random.Random) -> str:
    a, b, c, d = rng.sample(_NAMES, 4)
    first, second = rng.choice("+-*"), rng.choice("+-*")
    last = rng.choice([a, b, str(rng.randint(2, 9))])
    lines = [f"{a} = {rng.randint(2, 20)}", f"{b} = {rng.randint(2, 12)}"]
    lines += [f"{c} = {a} {first} {b}", f"{d} = {c} {second} {last}"]
    if rng.random() < 0.4:
        lines.append(f"{d} {rng.choice('+-')}= {rng.randint(1, 9)}")
    return "\n".join(lines)


def _accumulate(rng: random.Random) -> str:
    total, number = rng.sample(_NAMES, 2)
    start = rng.randint(0, 3)
    change = rng.choice([number, f"{number} * {rng.randint(2, 4)}", f"{number} + {rng.randint(1, 5)}"])
    lines = [f"{total} = {rng.choice([0, 0, 1, 5])}", f"for {number} in range({start}, {start + rng.randint(2, 6)}):"]
    return "\n".join([*lines, f"    {total} {rng.choice(['+=', '+=', '-='])} {change}"])


def _condition(rng: random.Random) -> str:
    value, label = rng.sample(_NAMES, 2)
    words = rng.sample(_WORDS, 3)
    edge = rng.randint(5, 25)
    test = rng.choice(["<", ">", "<=", ">="])
    lines = [f"{value} = {rng.randint(1, 30)}", f"if {value} {test} {edge}:", f"    {label} = {words[0]!r}"]
    if rng.random() < 0.4:
        lines += [f"elif {value} == {edge}:", f"    {label} = {words[1]!r}"]
    return "\n".join([*lines, "else:", f"    {label} = {words[2]!r}"])


def _average(rng: random.Random) -> str:
    total, each, mean = rng.sample(_NAMES, 3)
    values = rng.choice(_LISTS)
    lines = [f"{values} = {[rng.randint(1, 20) for _ in range(rng.randint(2, 5))]}"]
    if rng.random() < 0.3:
        lines.append(f"{total} = sum({values})")
    else:
        lines += [f"{total} = 0", f"for {each} in {values}:", f"    {total} += {each}"]
    return "\n".join([*lines, f"{mean} = {total} {rng.choice(['/', '/', '//'])} len({values})"])


def _function(rng: random.Random) -> str:
    x, k, y, result = rng.sample(_NAMES, 4)
    name = rng.choice(_FUNCTIONS)
    last = rng.choice([y, f"{y} {rng.choice('+-*')} {rng.randint(1, 5)}", f"{y} {rng.choice('+-')} {x}"])
    lines = [f"def {name}({x}, {k}):", f"    {y} = {x} {rng.choice('+-*')} {k}", f"    return {last}", ""]
    return "\n".join([*lines, f"{result} = {name}({rng.randint(1, 15)}, {rng.randint(2, 9)})"])


_WRITERS = {
    "arithmetic": _arithmetic,
    "accumulate": _accumulate,
    "condition": _condition,
    "average": _average,
    "function": _function,
}
