"""Statements on lists, strings, dicts, tuples and floats."""

from __future__ import annotations

from ewm.programs.grammar.arithmetic import WRITERS, ensure, literal_assign, make_list
from ewm.programs.grammar.expressions import condition, index, integer
from ewm.programs.grammar.scope import Dict, Gen, Int, List, Other, Str
from ewm.programs.names import COLLECTORS, DICTS, NUMBERS, STRINGS, WORDS


def list_literal(g: Gen) -> None:
    make_list(g, g.between(2, 5))


def a_list(g: Gen) -> tuple[str, List]:
    """A list of integers with at least one element."""
    names = [n for n in g.names(List, free=True) if g.scope[n].lo >= 1 and isinstance(g.scope[n].element, Int)]  # type: ignore[union-attr]
    name = g.one(names) if names else make_list(g, g.between(2, 5))
    kind = g.scope[name]
    assert isinstance(kind, List)
    return name, kind


def list_change(g: Gen) -> None:
    name, kind = a_list(g)
    assert isinstance(kind.element, Int)
    choices = {"append": 3.0, "set": 2.0, "extend": 0.7, "reverse": 0.5, "sort": 0.7, "insert": 0.7, "plus": 0.5}
    choices |= {"pop": 1.5, "pop0": 0.7} if kind.lo >= 2 else {}
    how = g.pick(choices) if kind.hi < 7 else "set"
    if how in ("append", "set", "insert", "plus"):
        text, b = integer(g, cap=99)
        element = kind.element.join(b)
        forms = {
            "append": f"{name}.append({text})", "set": f"{name}[{index(g, kind)}] = {text}",
            "insert": f"{name}.insert({g.between(0, kind.lo)}, {text})", "plus": f"{name} = {name} + [{text}]",
        }  # fmt: skip
        g.emit(forms[how])
        longer = how != "set"
        g.scope[name] = List(kind.lo + longer, kind.hi + longer, element)
    elif how in ("pop", "pop0"):
        call = f"{name}.pop({'0' if how == 'pop0' else ''})"
        if g.chance(0.6):
            target = g.fresh(NUMBERS)
            g.emit(f"{target} = {call}")
            g.scope[target] = kind.element
        else:
            g.emit(call)
        g.scope[name] = List(kind.lo - 1, kind.hi - 1, kind.element)
    elif how == "extend":
        values = [g.between(0, 9) for _ in range(2)]
        g.emit(f"{name}.extend({values})")
        g.scope[name] = List(kind.lo + 2, kind.hi + 2, kind.element.join(Int(min(values), max(values))))
    else:
        g.emit(f"{name}.{how}()")


def list_read(g: Gen) -> None:
    name, kind = a_list(g)
    assert isinstance(kind.element, Int)
    how = g.pick({"index": 4, "len": 2, "sum": 1, "max": 1, "min": 1, "slice": 2, "sorted": 1, "count": 0.5, "sum2": 1})
    e = kind.element
    if how in ("slice", "sorted"):
        target = g.fresh(COLLECTORS)
        a = g.between(0, kind.lo - 1)
        forms = [f"{name}[{a}:]", f"{name}[:{a + 1}]", f"{name}[{a}:{a + 2}]", f"{name}[::-1]", f"{name}[:]"]
        text = f"sorted({name})" if how == "sorted" else g.one(forms)
        g.emit(f"{target} = {text}")
        g.scope[target] = List(kind.lo if text.startswith("sorted") else 1, kind.hi, e)
        return
    target = g.fresh(NUMBERS)
    if how == "sum2":
        g.emit(f"{target} = {name}[{index(g, kind)}] {g.one('+-')} {name}[{index(g, kind)}]")
        g.scope[target] = Int(min(e.lo - e.hi, 2 * e.lo), max(2 * e.hi, e.hi - e.lo))
        return
    bound = {
        "index": e, "len": Int(kind.lo, kind.hi), "sum": Int(min(kind.hi * e.lo, 0), max(kind.hi * e.hi, 0)),
        "max": e, "min": e,
        "count": Int(0, kind.hi),
    }[how]  # fmt: skip
    call = {"index": f"{name}[{index(g, kind)}]", "count": f"{name}.count({g.between(0, 9)})"}.get(
        how, f"{how}({name})"
    )
    g.emit(f"{target} = {call}")
    g.scope[target] = bound


def string_literal(g: Gen) -> str:
    name = g.fresh(STRINGS)
    word = g.one(WORDS)
    g.emit(f"{name} = '{word}'")
    g.scope[name] = Str(len(word), len(word))
    return name


def a_string(g: Gen) -> tuple[str, Str]:
    names = [n for n in g.names(Str) if 1 <= g.scope[n].lo <= g.scope[n].hi <= 10]  # type: ignore[union-attr]
    name = g.one(names) if names else string_literal(g)
    kind = g.scope[name]
    assert isinstance(kind, Str)
    return name, kind


def string_method(g: Gen) -> None:
    name, kind = a_string(g)
    how = g.pick(
        {
            "upper": 2,
            "concat": 2,
            "slice": 2,
            "reverse": 1,
            "replace": 1,
            "times": 0.5,
            "title": 0.5,
            "lower": 0.3,
            "swap": 0.3,
        }
    )
    target = g.fresh(STRINGS) if g.chance(0.6) else name
    a = g.between(0, max(0, kind.lo - 2))
    word = g.one(WORDS)
    forms = {
        "upper": (f"{name}.upper()", kind), "lower": (f"{name}.lower()", kind), "title": (f"{name}.capitalize()", kind),
        "concat": (f"{name} + '{word}'", Str(kind.lo + len(word), kind.hi + len(word))),
        "swap": (f"{name}.swapcase()", kind),
        "slice": g.one([
            (f"{name}[{a}:]", Str(kind.lo - a, kind.hi - a)),
            (f"{name}[:{a + 1}]", Str(1, a + 1)),
            (f"{name}[{a}:{a + 2}]", Str(1, 2)),
        ]),
        "reverse": (f"{name}[::-1]", kind), "times": (f"{name} * 2", Str(kind.lo * 2, kind.hi * 2)),
        "replace": (f"{name}.replace('{g.one('aeilnrt')}', '{g.one('xoz_')}')", kind),
    }  # fmt: skip
    text, g.scope[target] = forms[how]
    g.emit(f"{target} = {text}")


def string_read(g: Gen) -> None:
    name, kind = a_string(g)
    how = g.pick({"len": 2, "index": 2, "find": 0.7, "count": 0.7, "split": 0.7, "in": 0.7, "join": 0.7, "list": 0.5})
    if how in ("len", "find", "count"):
        target = g.fresh(NUMBERS)
        g.emit(f"{target} = len({name})" if how == "len" else f"{target} = {name}.{how}('{g.one('aeilnrt')}')")
        g.scope[target] = Int(kind.lo, kind.hi) if how == "len" else Int(-1, kind.hi)
    elif how == "split":
        target = g.fresh(("parts", "items", "words"))
        g.emit(f"{target} = '{g.one(WORDS)} {g.one(WORDS)}'.split()")
        g.scope[target] = Other()
    elif how == "join":
        target = g.fresh(STRINGS)
        g.emit(f"{target} = '{g.one('-,_ ')}'.join(['{g.one(WORDS)}', '{g.one(WORDS)}'])")
        g.scope[target] = Other()
    else:
        target = g.fresh(("c", "ch", "letter", "flag"))
        forms = {
            "index": f"{name}[{g.one((0, -1, min(1, kind.lo - 1)))}]",
            "in": f"'{g.one('aeilnrt')}' in {name}",
            "list": f"list({name})",
        }
        g.emit(f"{target} = {forms[how]}")
        g.scope[target] = Str(1, 1) if how == "index" else Other()


def dict_literal(g: Gen) -> str:
    name = g.fresh(DICTS)
    keys = g.rng.sample(WORDS if g.chance(0.6) else "abcdefg", g.between(1, 3))
    values = [g.between(0, 20) for _ in keys]
    g.emit(f"{name} = {dict(zip(keys, values, strict=True))}")
    g.scope[name] = Dict(tuple(keys), Int(min(values), max(values)))
    return name


def a_dict(g: Gen) -> tuple[str, Dict]:
    names = g.names(Dict, free=True)
    name = g.one(names) if names else dict_literal(g)
    kind = g.scope[name]
    assert isinstance(kind, Dict)
    return name, kind


def dict_change(g: Gen) -> None:
    name, kind = a_dict(g)
    key = g.one(kind.keys)
    if g.chance(0.45):
        n = g.between(1, 9)
        g.emit(f"{name}['{key}'] += {n}")
        g.scope[name] = Dict(kind.keys, Int(kind.value.lo, kind.value.hi + n))
    elif len(kind.keys) > 1 and g.chance(0.25):
        g.emit(f"del {name}['{key}']" if g.chance(0.5) else f"{name}.pop('{key}')")
        g.scope[name] = Dict(tuple(k for k in kind.keys if k != key), kind.value)
    else:
        key = key if g.chance(0.4) else g.one(WORDS)
        text, b = integer(g, cap=99)
        g.emit(f"{name}['{key}'] = {text}")
        g.scope[name] = Dict(tuple(dict.fromkeys((*kind.keys, key))), kind.value.join(b))


def dict_read(g: Gen) -> None:
    name, kind = a_dict(g)
    how = g.pick({"index": 3, "get": 2, "len": 1, "sum": 0.7, "keys": 0.7, "in": 0.7, "sorted": 0.4})
    if how in ("keys", "in", "sorted"):
        target = g.fresh(("keys", "flag", "order"))
        key = g.one((*kind.keys, g.one(WORDS)))
        g.emit(f"{target} = " + {"keys": f"list({name})", "in": f"'{key}' in {name}", "sorted": f"sorted({name})"}[how])
        g.scope[target] = Other()
        return
    target = g.fresh(NUMBERS)
    key = g.one(kind.keys)
    n = len(kind.keys) + 2
    forms = {
        "index": (f"{name}['{key}']", kind.value),
        "get": (f"{name}.get('{g.one((key, g.one(WORDS)))}', 0)", kind.value.join(Int(0, 0))),
        "len": (f"len({name})", Int(1, n)),
        "sum": (f"sum({name}.values())", Int(min(0, kind.value.lo * n), max(0, kind.value.hi * n))),
    }  # fmt: skip
    text, g.scope[target] = forms[how]
    g.emit(f"{target} = {text}")


def divide(g: Gen) -> None:
    """True division with a short result; the average of a list among it."""
    target = g.fresh(("avg", "ratio", "mean", "half"))
    if g.chance(0.6):
        values = [g.between(0, 20) for _ in range(g.one((2, 4, 5)))]
        name = g.fresh(("xs", "nums", "values", "data"))
        g.emit(f"{name} = {values}")
        g.scope[name] = List(len(values), len(values), Int(min(values), max(values)))
        g.emit(f"{target} = sum({name}) / len({name})")
    else:
        ensure(g, 1)
        g.emit(f"{target} = {g.one(g.names(Int))} / {g.one((2, 4, 5, 10))}")
    g.scope[target] = Other()


def fstring(g: Gen) -> None:
    ensure(g, 1)
    target = g.fresh(STRINGS)
    g.emit(f"{target} = f'{g.one(WORDS)}{g.one(':= -')}{{{g.one(g.names(Int))}}}'")
    g.scope[target] = Other()


def tuple_pair(g: Gen) -> None:
    literal_assign(g)
    ensure(g, 2)
    a, b = g.rng.sample(g.names(Int), 2)
    target = g.fresh(("pair", "point", "t"))
    g.emit(f"{target} = ({a}, {b})")
    g.scope[target] = Other()
    if g.chance(0.5):
        first = g.fresh(NUMBERS)
        g.emit(f"{first} = {target}[{(i := g.between(0, 1))}]")
        g.scope[first] = g.scope[(a, b)[i]]


def boolean(g: Gen) -> None:
    ensure(g, 2)
    target = g.fresh(("flag", "ok", "done"))
    g.emit(f"{target} = {condition(g)}")
    g.scope[target] = Other()


def new_string(g: Gen) -> None:
    string_literal(g)


def new_dict(g: Gen) -> None:
    dict_literal(g)


WRITERS |= {
    "list_literal": list_literal,
    "list_change": list_change,
    "list_read": list_read,
    "string_literal": new_string,
    "string_method": string_method,
    "string_read": string_read,
    "dict_literal": new_dict,
    "dict_change": dict_change,
    "dict_read": dict_read,
    "divide": divide,
    "fstring": fstring,
    "tuple": tuple_pair,
    "boolean": boolean,
}
