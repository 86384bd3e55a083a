"""How a trace is written as text and read back. `parse(render(trace))` gives `steps(trace)` in every format.

A format is a module with render, parse and steps: delta (default), cwm and ellora. `truth` packs what a completion is
compared with; `parse` reads a completion (whatever a model thought before its answer is dropped).
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Protocol

from ewm.formats import answer, cwm, delta, ellora, literal, thinking
from ewm.formats.prediction import Prediction, Step, Truth
from ewm.programs import Program
from ewm.tracing.events import Trace

__all__ = ["NAMES", "Format", "Prediction", "Step", "Truth", "get", "parse", "target", "truth"]


class Format(Protocol):
    def render(self, trace: Trace) -> str: ...
    def parse(self, text: str) -> Prediction: ...
    def steps(self, trace: Trace) -> tuple[Step, ...]: ...


_FORMATS: dict[str, Format] = {"delta": delta, "cwm": cwm, "ellora": ellora}  # type: ignore[dict-item]
NAMES = tuple(_FORMATS)


def get(name: str) -> Format:
    """The format of that name."""
    if name not in _FORMATS:
        raise ValueError(f"format.name={name} does not exist. Possible here: {', '.join(_FORMATS)}.")
    return _FORMATS[name]


def target(trace: Trace, task: str, format: str) -> str | None:
    """The true completion; None if the task does not apply to this trace."""
    if task == "trace":
        return get(format).render(trace)
    result = answer.render(trace)
    if task == "output" or result is None:
        return result
    return thinking.join(get(format).render(trace), f"{answer.OPEN}{result}{answer.CLOSE}")


def parse(text: str, task: str, format: str) -> Prediction:
    """What a completion says."""
    if task == "reason":
        return _reasoned(text, format)
    said = thinking.split(text, thinks=False)[1].strip()
    return answer.parse(said) if task == "output" else get(format).parse(said)


def _reasoned(text: str, format: str) -> Prediction:
    """The trace is the thought, the answer stands after it; without an answer nothing counts."""
    thought, said = thinking.split(text, thinks=True)
    if not said.strip():
        return Prediction(text=text)
    traced, given = get(format).parse(thought), answer.parse(said)
    return replace(
        traced,
        text=text,
        value=given.value,
        exception=given.exception,
        parsed=traced.parsed and given.parsed,
        answer=given.value if given.exception is None else f"raise {given.exception}",
    )


def truth(trace: Trace, program: Program, task: str, format: str, text: str | None = None) -> Truth:
    """What completions for this example are compared with. Raises ValueError where `target` is None.

    `text`: the target, where it is there already.
    """
    text = target(trace, task, format) if text is None else text
    if text is None:
        raise ValueError(f"task {task} does not apply to program {program.id}: it has no result")
    prediction = parse(text, task, format) if task == "reason" else _read(trace, text, task, format)
    return Truth(
        prediction=prediction,
        task=task,
        format=format,
        given=_given(prediction.steps, program),
        complete=trace.finished and prediction.parsed and _whole(prediction),
        source=program.source,
        entry=program.entry,
        actual_trace=ellora.render(trace) if trace.status == "ok" else "",  # the recipe pays nothing for the rest
    )


def _read(trace: Trace, text: str, task: str, format: str) -> Prediction:
    return answer.parse(text) if task == "output" else _ended_as(trace, get(format).parse(text))


def _ended_as(trace: Trace, told: Prediction) -> Prediction:
    """The true trace's text, as read: result and exception only where its last step has those of the program.

    An entry such as `len(f(3))` has another result than the call that returns last, and a generator that is closed
    unwinds by an exception that no one sees.
    """
    raised = trace.exception["type"] if trace.exception else None
    return replace(
        told,
        value=told.value if told.value == trace.result else None,
        exception=told.exception if told.exception == raised else None,
    )


def _whole(prediction: Prediction) -> bool:
    values = [prediction.value, *(s.value for s in prediction.steps)]
    values += [value for step in prediction.steps for _, value in step.writes]
    return all(literal.is_whole(value) for value in values if value)


def _given(steps: tuple[Step, ...], program: Program) -> int:
    """Leading steps that can be read off the prompt: definitions and imports, then the entry call's header.

    A body that does anything else before the call gives nothing away, and neither does a program without a call.
    """
    if program.entry is None:
        return 0
    body = 1 + max((i for i, step in enumerate(steps) if step.depth == 0), default=-1)
    header = steps[body] if body < len(steps) else None
    if header is None or header.kind != "call":
        return 0
    try:
        tree = ast.parse(program.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    plain = {_first_line(node) for node in tree.body if isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom)}
    if not all(s.kind == "line" and not s.writes and s.line in plain for s in steps[:body]):
        return 0
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))  # breadth first: soon found
    return body + 1 if any(_first_line(node) == header.line for node in functions) else 0


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
