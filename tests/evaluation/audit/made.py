"""The same small programs in every form of answer, really run."""

from functools import cache

from ewm.config.schema import TraceConfig
from ewm.evaluation.audit.programs import Real, _traced
from ewm.programs import Program
from tests.scoring.made import BODY, ENTRY, RAISING, SOURCE

FORMS = (("trace", "delta"), ("trace", "cwm"), ("trace", "ellora"), ("output", "delta"))
BRANCHES = (
    "def f(word, n):\n    if n > 1:\n        word = word * n\n    else:\n        word = None\n    return [word, n]"
)
PROGRAMS = [
    Program(SOURCE, ENTRY),
    Program(BODY),
    Program(RAISING, "f(2)"),
    Program(BRANCHES, "f('ab', 2)"),
    Program("def f(a, b):\n    return {a: b, True: 1.0}", "f('x', [1])"),
]


@cache
def real() -> tuple[Real, ...]:
    return tuple(_traced(PROGRAMS, TraceConfig(workers=1)))


def truths(task, format):
    return [truth for one in real() if (truth := one.truth(task, format))]
