"""Traces written by hand, so that a person can check the texts beside them."""

from ewm.programs import Program
from ewm.tracing.events import Event, Trace


def event(kind, line, depth, value=None, unwound=False, globals=None, function="f", **local):
    """An event whose locals are given as literal text."""
    return Event(kind, line, function if depth else "<module>", depth, local, globals or {}, value, unwound)


F = "<function f>"
LOOP = Program("def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s", "f(2)")
LOOP_TRACE = Trace(
    id=LOOP.id,
    status="ok",
    result="1",
    events=(
        event("call", 1, 0),
        event("line", 1, 0),
        event("return", 1, 0, value="None", f=F),
        event("call", 1, 1, n="2"),
        event("line", 2, 1, n="2"),
        event("line", 3, 1, n="2", s="0"),
        event("line", 4, 1, n="2", s="0", i="0"),
        event("line", 3, 1, n="2", s="0", i="0"),
        event("line", 4, 1, n="2", s="0", i="1"),
        event("line", 3, 1, n="2", s="1", i="1"),
        event("line", 5, 1, n="2", s="1", i="1"),
        event("return", 5, 1, value="1", n="2", s="1", i="1"),
    ),
)
LOOP_DELTA = "L1\nL1 call n=2\nL2 s=0\nL3 i=0\nL4\nL3 i=1\nL4 s=1\nL3\nL5 return 1\nend"
LOOP_ELLORA = """\
<execution_trace>
Line 1: State: {}
Line 2: State: {n=2}
Line 3: State: {n=2, s=0}
Line 4: State: {n=2, s=0, i=0}
Line 3: State: {n=2, s=0, i=0}
Line 4: State: {n=2, s=0, i=1}
Line 3: State: {n=2, s=1, i=1}
Line 5: State: {n=2, s=1, i=1}
</execution_trace>"""
