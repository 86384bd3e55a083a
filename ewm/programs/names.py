"""The names and words that grammar programs use. The tokenizer gives each of NAMES one token; WORDS stay characters."""

LETTERS = tuple("abcdejkmnpqrstuvwxyz")
NUMBERS = (
    *LETTERS,
    "total",
    "count",
    "result",
    "value",
    "num",
    "acc",
    "step",
    "limit",
    "size",
    "score",
    "left",
    "right",
    "low",
    "high",
)
LISTS = ("items", "nums", "values", "data", "xs", "ys", "row", "parts")
GRIDS = ("grid", "rows", "table")
STRINGS = ("text", "word", "name", "line", "key", "msg", "code")
DICTS = ("counts", "table", "prices", "ages", "seen", "index", "stock")
FUNCTIONS = ("f", "g", "h", "solve", "compute", "helper", "check", "process", "update", "apply", "find", "make")
LOOP = ("i", "j", "k", "x", "y", "v", "n", "e")
COLLECTORS = ("out", "res", "new", "found", "picked")
CHARACTERS = ("c", "ch", "letter")
OTHERS = (
    "flag", "ok", "done", "pair", "point", "avg", "ratio", "mean", "half", "order", "keys", "vals", "texts",
    "target",
)  # fmt: skip
WORDS = (
    "apple", "kiwi", "pear", "plum", "fig", "lime", "red", "blue", "green", "cat", "dog", "owl", "ant", "bee", "sun",
    "moon", "star", "rain", "snow", "tea", "milk", "bread", "salt", "iron", "gold", "tin", "abc", "xyz", "hello",
    "world", "spam", "egg", "level", "radar", "noon", "banana", "pepper", "book", "tree", "seed", "zip", "map", "tap",
)  # fmt: skip

_POOLS = (NUMBERS, LISTS, GRIDS, STRINGS, DICTS, FUNCTIONS, LOOP, COLLECTORS, CHARACTERS, OTHERS)
NAMES = tuple(dict.fromkeys(name for pool in _POOLS for name in pool))
