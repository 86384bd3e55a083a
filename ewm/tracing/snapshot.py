"""A value as bounded literal text, taken now, without running any of the program's code.

Decided by exact built-in type: a subclass, or any other object, is opaque text like `<Counter>`, `<function f>`,
`<module math>`: no addresses, no user __repr__, __len__, __iter__ or __eq__. Sets are written in a stable order.
Text of literals without a mark reads back by ast.literal_eval to an equal value (nan and inf excepted; range,
bytearray, frozenset and Ellipsis are shown as Python writes them, which is no literal). Marks, none of them a literal:
`<+7>` elements or characters left out, `<deep>`, `<cycle>`, `<int 20000 bits>`. Cost is bounded by the limits,
not by the value. Runs inside the child, in a namespace with its own copy of the builtins (see zygote).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from operator import is_
from sys import getsizeof
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

# A class is asked for its hash only if its own class is `type`: another one may answer by code of the program. By
# number would do as well, but for the audit hook, which hears of every id().
PLAIN = frozenset((type,))
ATOMS: frozenset[type] = frozenset((int, float, bool, type(None), complex, str, bytes))  # without parts, never changing
CLOSING: dict[type, str] = {list: "]", tuple: ")", dict: "}", set: "}", frozenset: "})"}
SORTABLE: tuple[set[type], ...] = ({int}, {str}, {bool})
LARGE = 24  # elements from which on a text is worth remembering
REMEMBERED = 64  # texts at most
SPEAKING = (  # what built-in exceptions make their message of
    "errno", "strerror", "filename", "filename2", "msg", "lineno", "reason", "encoding", "object", "start", "end",
)  # fmt: skip
SYNTAX = frozenset((SyntaxError, IndentationError, TabError))
_BIG = 10**30  # ints below it are short for sure
_NAME = type.__dict__["__name__"].__get__
_MRO = type.__dict__["__mro__"].__get__
_FLAGS = type.__dict__["__flags__"].__get__
_IMPORT_PATH = ImportError.__dict__["path"].__get__
_MODULE_DICT = vars(ModuleType)["__dict__"].__get__


def _exact(text: str) -> str:
    """A program may have named it by a str of its own class."""
    return str.__str__(text)


def type_name(kind: type) -> str:
    """A class's own name, without asking its metaclass."""
    return _exact(_NAME(kind))


def opaque(value: object) -> str:
    """Text for what is no literal: functions, classes and modules by name, anything else by its type."""
    kind = type(value)
    if kind is FunctionType or kind is BuiltinFunctionType:
        return f"<function {_exact(value.__name__)}>"  # type: ignore[attr-defined]
    if kind is ModuleType:
        name = _MODULE_DICT(value).get("__name__")
        return f"<module {name}>" if type(name) is str else "<module>"
    if any(base is type for base in _MRO(kind)):
        return f"<class {type_name(value)}>"  # type: ignore[arg-type]
    return f"<{type_name(kind)}>"


def make_render(
    max_elements: int, max_chars: int, max_depth: int
) -> tuple[Callable[[Any], str], Callable[[], bool], Callable[..., None]]:
    """(render, was anything cut so far?, begin anew) under these limits."""
    known, ordinary, plainly = ATOMS.issuperset, PLAIN.issuperset, False
    max_bits = int(min(max_chars, 4300) * 3.32)
    depth_by_repr = min(3, max_depth - 1)
    left = 0  # elements that may still be shown
    hidden = 0  # elements that the container last written leaves out
    memory: dict[int, tuple[type, list[Any], str, int]] = {}  # by id: a hint, what is shown decides
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

    def atoms(items: Any) -> bool:
        return (plainly or ordinary(map(type, map(type, items)))) and known(map(type, items))

    def short(items: Any) -> bool:
        """Atoms whose text by repr is not much too long, by their bytes; the text's length decides then."""
        return atoms(items) and sum(map(getsizeof, items)) <= max_chars + 64 * len(items)

    def plain(items: Any, depth: int) -> bool:
        """Short atoms, or lists, tuples and dicts of such down to `depth`; looks at no more than could be shown."""
        nonlocal left
        left -= len(items)
        if left < 0:
            return False
        if short(items):
            return True
        if depth <= 0:
            return False
        for item in items:
            kind = type(item)
            if type(kind) is type and kind in ATOMS:
                if not short((item,)):
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
        """The text of a large container of atoms, made anew only if it does not show the same objects."""
        nonlocal cut, hidden
        if kind is dict:
            shown = [*islice(value, max_elements), *islice(value.values(), max_elements)]
        else:
            shown = list(islice(value, max_elements))
        old = memory.get(id(value))
        if old is None or old[0] is not kind or len(old[1]) != len(shown) or not all(map(is_, shown, old[1])):
            hidden = 0
            text = nested(value, max_chars, max_depth, ())
            if not frozen(shown):
                return text
            if len(memory) >= REMEMBERED:
                memory.clear()
            head = text[: text.rindex(", <+") if hidden else -len(CLOSING[kind])]
            memory[id(value)] = kind, shown, head, len(value) - hidden
            return text
        _, _, head, count = old
        left_out = len(value) - count
        if left_out:
            cut = True
        return f"{head}, <+{left_out}>{CLOSING[kind]}" if left_out else head + CLOSING[kind]

    def frozen(items: list[Any]) -> bool:
        """Atoms, or tuples of atoms: the same objects have the same text."""
        return atoms(items) or all(atoms((item,)) or (type(item) is tuple and atoms(item)) for item in items)

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
        if ordinary(map(type, map(type, shown))) and set(map(type, shown)) in SORTABLE:
            return sorted(shown)
        return sorted(shown, key=render)

    def nested(value: Any, room: int, depth: int, above: tuple[int, ...]) -> str:
        nonlocal cut
        kind = type(value)
        if type(kind) is type and kind in ATOMS:
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
        if (kind is list or kind is tuple) and len(value) <= max_elements and short(value):
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
            return repr(value) if all(-_BIG < n < _BIG for n in (value.start, value.stop, value.step)) else "<range>"
        if kind is bytearray and len(value) <= max_chars:
            return repr(value)
        if value is Ellipsis:
            return "Ellipsis"
        return opaque(value)

    def render(value: Any) -> str:
        kind = type(value)
        if type(kind) is not type:
            return opaque(value)
        if kind in ATOMS:
            return atom(value)
        if kind in CLOSING:
            size = len(value)
            if size > LARGE:
                return remembered(value, kind)
            if size <= max_elements and (text := quick(value, kind)):
                return text
        return nested(value, max_chars, max_depth, ())

    def forget(pure: bool = False) -> None:
        """`pure`: the next program has no class of its own, so that classes may be asked for their hash."""
        nonlocal cut, plainly
        cut, plainly = False, pure
        memory.clear()

    return render, lambda: cut, forget


def _plain(*parts: Any) -> bool:
    """A message, a file and a line, as Python's own compiler gives them."""
    return tuple(map(type, parts)) == (str, str, int)


def _one_of(kinds: frozenset[type], kind: type) -> bool:
    return type(kind) is type and kind in kinds


def _atom(value: Any) -> bool:
    return _one_of(ATOMS, type(value))


def _said_by_args(error: BaseException) -> bool:
    """What a built-in class makes its message of was not replaced: an attribute may be anything."""
    for name in SPEAKING:
        for kind in _MRO(type(error)):
            found = kind.__dict__.get(name)
            if found is not None and not _atom(found.__get__(error)):
                return False
    return True


def exception_text(error: BaseException, render: Callable[[Any], str], max_chars: int) -> dict[str, str]:
    """{"type", "message"} of an exception, without its __str__ unless the class is built in and its arguments plain."""
    kind = type(error)
    args = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    if len(args) == 1 and type(args[0]) is str and kind is not KeyError:
        message = args[0]
    elif not args:
        message = ""
    elif _one_of(SYNTAX, kind) and len(args) == 2 and type(args[1]) is tuple and _plain(args[0], *args[1][:2]):
        message = f"{args[0]} ({args[1][0].rpartition('/')[2]}, line {args[1][1]})"  # as its __str__
    elif _FLAGS(kind) & 512 == 0 and all(map(_atom, args)) and len(args) > 1:  # not a heap type
        own = kind.__str__ is not BaseException.__str__ and _said_by_args(error)
        message = kind.__str__(error) if own else render(args)
    elif len(args) == 1:  # bounded as a value is, so not cut again
        return {"type": type_name(kind), "message": render(args[0])}
    else:
        message = ", ".join(render(a) for a in args)
    if kind is ImportError and message.startswith("cannot import name "):
        message = message.removesuffix(f" ({_IMPORT_PATH(error) or 'unknown location'})")  # where this machine has it
    if len(message) > max_chars:
        render(message)  # takes note that something was cut
        message = f"{message[:max_chars]}<+{len(message) - max_chars}>"
    return {"type": type_name(kind), "message": message}
