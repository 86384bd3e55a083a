"""Prompts as chat messages. Short style: a task token and the program, for nano. Sentence style: for hub models, and
the only one of task reason, where the trace is the thought and the result of the call is the answer after it.

The chat template and the encoding (program text never as special tokens) belong to the model.
"""

from __future__ import annotations

from ewm.programs import Program

NAMES = ("trace", "output", "reason")
STYLES = ("short", "sentence")

_DELTA = """\
Run this Python program in your head and write down every step that it takes, one line a step, in the order in which
the steps complete.
- `L3 x=5; ys=[1, 2]`: line 3 ran and changed these variables (`-x` for one that was deleted, `global t=1` for a \
module variable changed inside a function); `L3` alone: it changed nothing.
- `L1 call n=2`: a function whose definition stands on line 1 is entered with these arguments; the line that calls it \
comes after the function's own steps.
- `L4 return 7`: line 4 ended the function with this value, in one step (`return None` if it just ends).
- `L4 yield 7`, `L4 raise ValueError` (line 4 ended with an exception that the same function handles), \
`L4 unwind ValueError` (the exception leaves the function, or ends the program).
- at the end `out '...'` with the printed text, if there is any, then `end`.
Functions and classes are not written as values. Values are Python literals as repr writes them.
Example: the program `L1 def f(n):`, `L2     return n + 1` with the call f(2) gives
L1
L1 call n=2
L2 return 3
end
Answer with these lines and nothing else.

"""

_ELLORA = """\
Execute this Python program step by step. For each line that runs, in order, write one line of the form
Line N: State: {name=value, other=value}
where N is the number of the line and the state holds every variable as it is just before that line runs, with values \
written as Python's repr writes them. Put all of it between <execution_trace> and </execution_trace>, for example
<execution_trace>
Line 1: State: {}
Line 2: State: {x=1}
</execution_trace>

"""

_CWM = """\
Execute this Python program step by step and write down its frames, one after the other, in the order in which they \
happen.
- `<|line_sep|>{"n": "2", "ys": ".."}<|action_sep|>L3<|frame_sep|>`: line 3 is about to run, with every local variable \
as it is just before: the text of its repr as a JSON string, or ".." if it is as it was in the last frame of the same \
function call.
- `<|call_sep|>{"n": "2"}<|action_sep|>L1<|frame_sep|>`: the function defined on line 1 is entered with these arguments.
- `<|return_sep|><|action_sep|>L4<|arg_sep|>"7"<|frame_sep|>`: line 4 ends the function with this value.
- `<|exception_sep|><|action_sep|>L4<|arg_sep|>"ValueError"<|frame_sep|>`: line 4 raises; if the exception leaves the \
function, `<|return_sep|><|action_sep|>L4<|arg_sep|>null<|frame_sep|>` follows.
- where the module ends and its last line changed something, `<|return_sep|>` with its variables, then \
`<|action_sep|>L9<|arg_sep|>""<|frame_sep|>`. At the very end `<|end_of_text|>`.
Functions and classes are not written as values.
Example: the program `L1 def f(n):`, `L2     return n + 1` with the call f(2) gives
<|line_sep|>{}<|action_sep|>L1<|frame_sep|><|call_sep|>{"n": "2"}<|action_sep|>L1<|frame_sep|><|line_sep|>{"n": ".."}\
<|action_sep|>L2<|frame_sep|><|return_sep|><|action_sep|>L2<|arg_sep|>"3"<|frame_sep|><|end_of_text|>
Answer with these frames and nothing else.

"""

_OUTPUT = """\
What does this call return? Work it out, then give the value as one Python literal, or `raise TypeName` if the call \
ends with an exception, between [ANSWER] and [/ANSWER], for example [ANSWER][1, 'a'][/ANSWER].

"""

_REASON = """\
Before you answer, think: your thoughts are the steps of the program as described below, and nothing else. When they \
have ended, answer: what does the call return? Give the value as one Python literal, or `raise TypeName` if the call \
ends with an exception, between [ANSWER] and [/ANSWER], for example [ANSWER][1, 'a'][/ANSWER].

"""

_SENTENCES = {("trace", "delta"): _DELTA, ("trace", "cwm"): _CWM, ("trace", "ellora"): _ELLORA}


def applies(program: Program, task: str) -> bool:
    """Output and reason need a call."""
    return task == "trace" or program.entry is not None


def messages(program: Program, task: str, format: str, style: str) -> list[dict[str, str]]:
    """The chat messages that ask `task` about `program`."""
    if task not in NAMES or style not in STYLES or (task, style) == ("reason", "short"):
        possible = f"Tasks: {', '.join(NAMES)}; styles: {', '.join(STYLES)}; reason has sentences only."
        raise ValueError(f"no prompt for task={task} in style={style}. {possible}")
    head = f"<|{task}|>\n" if style == "short" else _asked(task, format)
    call = f"\ncall {program.entry}" if program.entry else ""
    return [{"role": "user", "content": head + numbered(program.source) + call}]


def _asked(task: str, format: str) -> str:
    if task == "output":
        return _OUTPUT
    steps = _SENTENCES["trace", format]
    return _REASON + steps.replace("Answer with", "Think with") if task == "reason" else steps


def numbered(source: str) -> str:
    """Each line of the source with its number, as traces name it."""
    return "\n".join(f"L{n} {line}" for n, line in enumerate(source.rstrip("\n").split("\n"), 1))
