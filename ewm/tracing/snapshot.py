"""A value as bounded literal text, taken now, without running any of the program's code.

Decided by exact built-in type: a subclass, or any other object, is opaque text like `<Counter>`, `<function f>`,
`<module math>`: no addresses, no user __repr__, __len__, __iter__ or __eq__. Sets are written in a stable order.
Text without a mark reads back by ast.literal_eval to an equal value (nan and inf excepted). Marks, none of them a
literal: `<+7>` elements or characters left out, `<deep>`, `<cycle>`, `<int 20000 bits>`. Cost is bounded by the limits,
not by the value. Runs inside the child, in a namespace with its own copy of the builtins (see zygote).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

SMALL = frozenset((int, float, bool, type(None), complex))
SIZED = frozenset((str, bytes))
ATOMS = SMALL | SIZED  # immutable and without parts: text that never changes
TEXTUAL = SIZED | {type(None)}  # equal means the same text
EXACT: tuple[set[type], ...] = ({int}, {bool})  # and so among themselves
CLOSING: dict[type, str] = {list: "]", tuple: ")", dict: "}", set: "}", frozenset: "})"}
LARGE = 24  # elements from which on a text is worth remembering
REMEMBERED = 64  # texts at most
SYNTAX = frozenset((SyntaxError, IndentationError, TabError))
_BIG = 10**30  # ints below it are short for sure
_NAME = type.__dict__["__name__"].__get__
_MRO = type.__dict__["__mro__"].__get__
_FLAGS = type.__dict__["__flags__"].__get__
_IMPORT_PATH = ImportError.__dict__["path"].__get__
_MODULE_DICT = vars(ModuleType)["__dict__"].__get__


def type_name(kind: type) -> str:
    """A class's own name, without asking its metaclass."""
    return _NAME(kind)


def opaque(value: object) -> str:
    """Text for what is no literal: functions, classes and modules by name, anything else by its type."""
    kind = type(value)
    if kind is FunctionType or kind is BuiltinFunctionType:
        return f"<function {value.__name__}>"  # type: ignore[attr-defined]
    if kind is ModuleType:
        name = _MODULE_DICT(value).get("__name__")
        return f"<module {name}>" if type(name) is str else "<module>"
    if type in _MRO(kind):
        return f"<class {_NAME(value)}>"
    return f"<{_NAME(kind)}>"


def make_render(
    max_elements: int, max_chars: int, max_depth: int
) -> tuple[Callable[[Any], str], Callable[[], bool], Callable[[], None]]:
    """(render, was anything cut so far?, begin anew) under these limits."""
    max_bits = int(min(max_chars, 4300) * 3.32)
    depth_by_repr = min(3, max_depth - 1)
    left = 0  # elements that may still be shown
    hidden = 0  # elements that the container last written leaves out
    memory: dict[int, tuple[type, set[type], list[Any], str, int]] = {}  # by id: a hint, what is shown decides
    cut = False

    def atom(value: Any) -> str:
        nonlocal cut
        kind = type(value)
        if kind is int:
            if -_BIG < value < _BIG or value.bit_length() <= max_bits:
                return repr(value)
            cut = True
            return f"<int {value.bit_length()} bits>"
        if (kind is str or kind is bytes) and len(value) > max_chars:
            cut = True
            return f"{value[:max_chars]!r}<+{len(value) - max_chars}>"
        return repr(value)

    def short(items: Any, kinds: set[type]) -> bool:
        """Atoms whose text is not too long: repr of what holds them is their text."""
        if int in kinds:
            if len(kinds) == 1:
                if min(items) <= -_BIG or max(items) >= _BIG:
                    return False
            elif not all(-_BIG < v < _BIG for v in items if type(v) is int):
                return False
        if kinds <= SIZED:
            return sum(map(len, items)) <= max_chars
        return kinds <= SMALL or sum(len(v) for v in items if type(v) in SIZED) <= max_chars

    def plain(items: Any, depth: int) -> bool:
        """Short atoms, or lists, tuples and dicts of such down to `depth`; looks at no more than could be shown."""
        nonlocal left
        left -= len(items)
        if left < 0:
            return False
        kinds = set(map(type, items))
        if kinds <= ATOMS:
            return short(items, kinds)
        if depth <= 0:
            return False
        for item in items:
            kind = type(item)
            if kind in ATOMS:
                if not short((item,), {kind}):
                    return False
            elif kind is list or kind is tuple:
                if len(item) > max_elements or not plain(item, depth - 1):
                    return False
            elif kind is not dict or len(item) > max_elements or not plain_dict(item, depth - 1):
                return False
        return True

    def plain_dict(value: dict[Any, Any], depth: int) -> bool:
        return plain(list(value), depth) and plain(list(value.values()), depth)  # at once: threads may change it

    def quick(value: Any, kind: type) -> str:
        """The text by repr alone where that gives the same; else nothing."""
        nonlocal left
        left = max_chars
        if kind is list or kind is tuple:
            if not plain(value, depth_by_repr):
                return ""
        elif kind is dict:
            if not plain_dict(value, depth_by_repr):
                return ""
        else:
            return ""
        text = repr(value)
        return text if len(text) <= max_chars else ""

    def remembered(value: Any, kind: type) -> str:
        """The text of a large container of atoms, made anew only if what is shown has changed."""
        nonlocal cut, hidden
        if kind is dict:
            shown = [*islice(value, max_elements), *islice(value.values(), max_elements)]
        else:
            shown = list(islice(value, max_elements))
        kinds = set(map(type, shown))
        numbers = kinds - TEXTUAL
        if numbers and numbers not in EXACT:  # 1 == 1.0 == True: equal is not the same
            return nested(value, max_chars, max_depth, ())
        old = memory.get(id(value))
        if old is None or old[0] is not kind or old[1] != kinds or old[2] != shown:
            if len(memory) >= REMEMBERED:
                memory.clear()
            hidden = 0
            text = nested(value, max_chars, max_depth, ())
            head = text[: text.rindex(", <+") if hidden else -len(CLOSING[kind])]
            memory[id(value)] = kind, kinds, shown, head, len(value) - hidden
            return text
        _, _, _, head, count = old
        left_out = len(value) - count
        if left_out:
            cut = True
        return f"{head}, <+{left_out}>{CLOSING[kind]}" if left_out else head + CLOSING[kind]

    def closed(texts: list[str], total: int) -> str:
        """Joined, with a mark for those left out."""
        nonlocal cut, hidden
        hidden = total - len(texts)
        if hidden:
            cut = True
            texts.append(f"<+{hidden}>")
        return ", ".join(texts)

    def parts(value: Any, room: int, depth: int, above: tuple[int, ...]) -> list[str]:
        texts: list[str] = []
        for item in islice(value, max_elements):
            text = nested(item, room, depth, above)
            texts.append(text)
            room -= len(text) + 2
            if room < 0:
                break
        return texts

    def items(value: dict[Any, Any], room: int, depth: int, above: tuple[int, ...]) -> list[str]:
        texts: list[str] = []
        for key, item in list(islice(dict.items(value), max_elements)):  # at once: threads may change it
            head = nested(key, room, depth, above)
            text = f"{head}: {nested(item, room - len(head), depth, above)}"
            texts.append(text)
            room -= len(text) + 2
            if room < 0:
                break
        return texts

    def ordered(value: Any) -> Any:
        """A set's elements in a stable order; of a set above the cap, the part that is shown."""
        shown = list(islice(value, max_elements))
        kinds = set(map(type, shown))
        if kinds == {int} or kinds == {str} or kinds == {bool}:
            return sorted(shown)
        return sorted(shown, key=render)

    def nested(value: Any, room: int, depth: int, above: tuple[int, ...]) -> str:
        nonlocal cut
        kind = type(value)
        if kind in ATOMS:
            return atom(value)
        if kind is not list and kind is not dict and kind is not tuple and kind is not set and kind is not frozenset:
            return other(value, kind)
        if id(value) in above:
            return "<cycle>"
        if depth <= 0 and value:
            cut = True
            return "<deep>"
        inside = (*above, id(value))
        if kind is dict:
            return "{" + closed(items(value, room, depth - 1, inside), len(value)) + "}"
        if (kind is list or kind is tuple) and len(value) <= max_elements:
            kinds = set(map(type, value))
            if kinds <= ATOMS and short(value, kinds):
                text = repr(value)
                if len(text) <= room:
                    return text
        shown = value if kind is list or kind is tuple else ordered(value)
        text = closed(parts(shown, room, depth - 1, inside), len(value))
        if kind is list:
            return f"[{text}]"
        if kind is tuple:
            return f"({text},)" if len(value) == 1 else f"({text})"
        text = f"{{{text}}}" if text else "set()"
        return text if kind is set else f"frozenset({text if value else ''})"

    def other(value: Any, kind: type) -> str:
        if kind is range:
            return repr(value) if -_BIG < value.start < _BIG and -_BIG < value.stop < _BIG else "<range>"
        if kind is bytearray and len(value) <= max_chars:
            return repr(value)
        if value is Ellipsis:
            return "Ellipsis"
        return opaque(value)

    def render(value: Any) -> str:
        kind = type(value)
        if kind in ATOMS:
            return atom(value)
        if kind in CLOSING:
            size = len(value)
            if size > LARGE:
                return remembered(value, kind)
            if size <= max_elements and (text := quick(value, kind)):
                return text
        return nested(value, max_chars, max_depth, ())

    def forget() -> None:
        nonlocal cut
        cut = False
        memory.clear()

    return render, lambda: cut, forget


def _plain(*parts: Any) -> bool:
    """A message, a file and a line, as Python's own compiler gives them."""
    return tuple(map(type, parts)) == (str, str, int)


def exception_text(error: BaseException, render: Callable[[Any], str], max_chars: int) -> dict[str, str]:
    """{"type", "message"} of an exception, without its __str__ unless the class is built in and its arguments plain."""
    kind = type(error)
    args = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    if len(args) == 1 and type(args[0]) is str and kind is not KeyError:
        message = args[0]
    elif not args:
        message = ""
    elif kind in SYNTAX and len(args) == 2 and type(args[1]) is tuple and _plain(args[0], *args[1][:2]):
        message = f"{args[0]} ({args[1][0].rpartition('/')[2]}, line {args[1][1]})"  # as its __str__
    elif _FLAGS(kind) & 512 == 0 and all(type(a) in ATOMS for a in args) and len(args) > 1:  # not a heap type
        message = BaseException.__str__(error) if kind.__str__ is BaseException.__str__ else kind.__str__(error)
    else:
        message = ", ".join(render(a) for a in args)
    if kind is ImportError and message.startswith("cannot import name "):
        message = message.removesuffix(f" ({_IMPORT_PATH(error) or 'unknown location'})")  # where this machine has it
    if len(message) > max_chars:
        message = f"{message[:max_chars]}<+{len(message) - max_chars}>"
    return {"type": type_name(kind), "message": message}
