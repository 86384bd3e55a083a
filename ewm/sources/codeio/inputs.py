"""What generators gave, run in isolation, as calls of `main_solution` with literal arguments. Text, never evaluated."""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.sources.codeio.code import MAIN
from ewm.sources.mine.repository import Left
from ewm.tracing import Runner, Trace

NO_LITERALS = "inputs that are no literals"
CUT = "long"  # as the harness says it of text that it does not give
LONG = "inputs that are too long"
MAX_ENTRY = 200  # characters of a call
_LIMITS = TraceConfig(cpu_s=5.0, max_elements=1000, max_chars=40_000, workers=1)
_BROKEN = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def run(makers: Sequence[Program], isolation: str = "auto", require: str | None = None) -> list[Trace]:
    """In order, without a tracer, in one isolated process a core."""
    processes = len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])

    def part(first: int) -> list[Trace]:
        with Runner(replace(_LIMITS, isolation=isolation, require=require)) as runner:
            return [runner.plain(maker) for maker in makers[first::processes]]

    with ThreadPoolExecutor(processes) as pool:
        parts = list(pool.map(part, range(processes)))
    return [parts[index % processes][index // processes] for index in range(len(makers))]


def told(trace: Trace) -> list[tuple[str, str]]:
    """What the harness says of each k: (text, "") or ("", why). Raises Left if it did not come to its end."""
    if trace.status != "ok" or trace.truncated:
        why = trace.exception["type"] if trace.exception else trace.status.replace("_", " ")
        raise Left("the generator gives too much" if trace.status == "ok" else f"the generator ends in {why}")
    try:
        given = ast.literal_eval(trace.result or "")
    except _BROKEN:
        given = None
    pairs = [tuple(pair) for pair in given if isinstance(pair, list)] if isinstance(given, list) else []
    if not pairs or not all(len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs):
        raise Left("the generator ends in something else")
    return pairs


def call(parameters: ast.arguments, text: str, why: str = "") -> str:
    """`main_solution(...)` with what the dict of this text holds, by position as far as it goes. Raises Left."""
    if why:
        raise Left(LONG if why == CUT else f"the generator raises {why}")
    try:
        given = ast.parse(text.strip(), mode="eval").body
        ast.literal_eval(given)
    except _BROKEN:
        raise Left(NO_LITERALS) from None
    if not isinstance(given, ast.Dict):
        raise Left(NO_LITERALS)
    values = {name: ast.unparse(v) for key, v in zip(given.keys, given.values, strict=True) if (name := _name(key))}
    if len(values) < len(given.keys) or not _fit(parameters, set(values)):
        raise Left("inputs that do not fit the parameters")
    written = []
    for arg in (*parameters.posonlyargs, *parameters.args):
        if arg.arg not in values:
            break
        written.append(values.pop(arg.arg))
    entry = f"{MAIN}({', '.join([*written, *(f'{name}={value}' for name, value in values.items())])})"
    if len(entry) > MAX_ENTRY:
        raise Left(LONG)
    return entry


def _name(key: ast.expr | None) -> str:
    """Empty for what is none."""
    named = isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isidentifier()
    return str(key.value) if named else ""  # type: ignore[union-attr]


def _fit(parameters: ast.arguments, names: set[str]) -> bool:
    """Each parameter that needs a value has one, and each value its parameter."""
    positional = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
    only = [arg.arg for arg in parameters.kwonlyargs]
    needed = set(positional[: len(positional) - len(parameters.defaults)])
    needed |= {name for name, default in zip(only, parameters.kw_defaults, strict=True) if default is None}
    return needed <= names and (parameters.kwarg is not None or names <= {*positional, *only})
