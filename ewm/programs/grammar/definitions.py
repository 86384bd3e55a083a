"""Statements with functions, classes and exceptions, by construct. See templates for the slots."""

from __future__ import annotations


def lines(text: str) -> list[str]:
    """A template a line."""
    return text.strip().split("\n")


def paragraphs(text: str) -> list[str]:
    """Templates with empty lines between them."""
    return text.strip().split("\n\n")


DEFINITIONS: dict[str, tuple[str, ...]] = {
    "function": (*paragraphs("""
def <+fn:f>(<+int:a>, <+int:b>=<small>):
    <body>
    return <int>
<+int:r> = <=f>(<small>)
<+int:s> = <=f>(<int>, <=b>=<small>)

def <+fn:f>(<+list:a>):
    if not <=a>:
        return 0
    <body>
    return <int>
<+int:r> = <=f>(<list>)

def <+fn:f>(<+str:a>):
    return <str>
<+str:r> = <=f>(<str>)

def <+fn:f>(*<+tuple:a>, <+int:k>=<small>, **<+dict:o>):
    return len(<=a>) + <=k> + len(<=o>)
<+int:r> = <=f>(<int>, <int>, x=<int>)
<+int:s> = <=f>(*<list>, <=k>=<small>)

def <+fn:f>(<+int:a>, *, <+bool:k>=False):
    '''Doubles or keeps.'''
    return <=a> if <=k> else <=a> * 2
<+int:r> = <=f>(<small>, <=k>=<bool>)

def <+fn:f>(<+int:a>: int, <+list:b>: list[int]) -> int:
    <+int:c>: int = <int>
    return <=c>
<+int:r> = <=f>(<small>, <list>)
"""),),
    "closure": (*paragraphs("""
def <+fn:f>(<+int:a>):
    def <+fn:g>(<+int:b>):
        return <=a> + <=b>
    return <=g>
<+int:r> = <=f>(<small>)(<int>)

def <+fn:f>():
    <+int:n> = 0
    def <+fn:g>():
        nonlocal <=n>
        <=n> += <small>
        return <=n>
    return <=g>
<+fn:h> = <=f>()
<=h>()
<+int:r> = <=h>()

<+int:t> = <small>
def <+fn:f>(<+int:a>):
    global <=t>
    <=t> += <=a>
<=f>(<small>)

def <+fn:f>(<+fn:g>):
    def <+fn:w>(*args, **kwargs):
        return <=g>(*args, **kwargs) + <small>
    return <=w>
@<=f>
def <+fn:h>(<+int:a>):
    return <int>
<+int:r> = <=h>(<small>)

<+fn:f> = lambda a, b=<small>: a * b % 17
<+int:r> = <=f>(<small>)

@functools.lru_cache(maxsize=None)
def <+fn:f>(<+int:n>):
    return <=n> if <=n> < 2 else <=f>(<=n> - 1) + <=f>(<=n> - 2)
<+int:r> = <=f>(<loops>)
"""),),
    "recursive": (*paragraphs("""
def <+fn:f>(<+int:n>):
    if <=n> <= 0:
        return <small>
    return <=f>(<=n> - 1) + <small>
<+int:r> = <=f>(<loops>)

def <+fn:f>(<+list:a>):
    if not <=a>:
        return 0
    return <=a>[0] + <=f>(<=a>[1:])
<+int:r> = <=f>(<list>)

def <+fn:f>(<+str:s>):
    if len(<=s>) <= 1:
        return <=s>
    return <=f>(<=s>[1:]) + <=s>[0]
<+str:r> = <=f>(<str>)

def <+fn:f>(<+obj:a>):
    <+int:t> = 0
    for <+obj:e> in <=a>:
        if isinstance(<=e>, list):
            <=t> += <=f>(<=e>)
        else:
            <=t> += <=e>
    return <=t>
<+int:r> = <=f>([<int>, [<int>, [<int>]], <int>])

def <+fn:f>(<+int:a>, <+int:b>):
    return <=a> if <=b> == 0 else <=f>(<=b>, <=a> % <=b>)
<+int:r> = <=f>(<small>, <small>)
"""),),
    "generator": (*paragraphs("""
def <+fn:f>(<+int:n>):
    for <+int:i> in range(<=n>):
        yield <=i> * <small>
<+list:r> = list(<=f>(<loops>))

def <+fn:f>(<+list:a>):
    for <+int:e> in <=a>:
        if <=e> <cmp> <small>:
            yield <=e>
for <+int:i> in <=f>(<list>):
    <body>

def <+fn:f>(<+list:a>, <+list:b>):
    yield from <=a>
    yield from <=b>
<+list:r> = list(<=f>(<list>, <list>))

def <+fn:f>():
    <+int:n> = 0
    while True:
        yield <=n>
        <=n> += <small>
<+fn:g> = <=f>()
<+int:a> = next(<=g>)
<+int:b> = next(<=g>)

<+fn:g> = iter(<list>)
<+int:a> = next(<=g>, -1)

<+fn:g> = (e + 1 for e in <list>)
<+int:a> = sum(<=g>)

def <+fn:f>():
    <+obj:x> = yield 1
    yield <=x>
<+fn:g> = <=f>()
<+int:a> = next(<=g>)
<+int:b> = <=g>.send(<small>)
<=g>.close()
"""),),
    "errors": (*lines("""
assert len(<list>) >= 0, 'negative'
"""), *paragraphs("""
try:
    <+int:a> = int(<str>)
except ValueError:
    <body>

try:
    <+int:a> = <dict>[<word>]
except KeyError as error:
    <+str:m> = str(error)
else:
    <body>
finally:
    <+bool:d> = True

try:
    <+int:a> = <list>[<small>]
except IndexError:
    <body>

try:
    <+int:a> = <int> // (<int> % <mod>)
except ZeroDivisionError:
    <body>
finally:
    <body>

try:
    if <bool>:
        raise <exc>(<word>)
    <body>
except (ValueError, KeyError) as error:
    <+str:m> = type(error).__name__
except Exception:
    <body>

class <+cls:c>(Exception):
    pass
try:
    if <bool>:
        raise <=c>(<word>)
except <=c> as error:
    <+tuple:m> = error.args

def <+fn:f>(<+int:a>):
    if <=a> < <small>:
        raise ValueError(f'bad {<=a>}')
    return <=a>
try:
    <+int:r> = <=f>(<small>)
except ValueError as error:
    print(error)

try:
    <+int:a> = <str>.index(<char>)
except ValueError:
    <+int:b> = -1

try:
    try:
        raise <exc>(<word>)
    except ValueError as error:
        raise RuntimeError('again') from error
except Exception as error:
    <+str:m> = repr(error)
"""),),
    "raising": (*lines("""
<+int:a> = <list>[<small>]
<+int:a> = <dict>[<word>]
<+int:a> = int(<str>)
"""), *paragraphs("""
if <bool>:
    raise <exc>(<word>)
"""),),
    "classes": (*paragraphs("""
class <+cls:c>:
    total = 0
    def __init__(self, n):
        self.n = n
    def add(self, k=<small>):
        self.n += k
        return self
    def __repr__(self):
        return f'<=c>({self.n})'
<+obj:x> = <=c>(<small>)
<=x>.add().add(<small>)
<+int:r> = <=x>.n
print(<=x>)

class <+cls:b>:
    def __init__(self, n):
        self.n = n
    def area(self):
        return self.n * <small>
class <+cls:c>(<=b>):
    def __init__(self, n, m):
        super().__init__(n)
        self.m = m
    def area(self):
        return super().area() + self.m
<+int:r> = <=c>(<small>, <small>).area()

class <+cls:c>:
    def __init__(self):
        self.items = []
    def push(self, e):
        self.items.append(e)
    def __len__(self):
        return len(self.items)
    def __contains__(self, e):
        return e in self.items
    def __getitem__(self, i):
        return self.items[i]
<+obj:x> = <=c>()
<=x>.push(<small>)
<+int:r> = len(<=x>)
<+int:s> = <=x>[0]
<+bool:t> = <small> in <=x>

class <+cls:c>:
    def __init__(self, a, b=<small>):
        self.a, self.b = a, b
    def __eq__(self, other):
        return self.a == other.a and self.b == other.b
    def __add__(self, other):
        return <=c>(self.a + other.a, self.b + other.b)
    @property
    def size(self):
        return self.a + self.b
    @classmethod
    def empty(cls):
        return cls(0, 0)
    @staticmethod
    def twice(n):
        return n * 2
<+bool:r> = <=c>(<small>) == <=c>.empty()
<+int:s> = (<=c>(<small>) + <=c>(1)).size
<+int:t> = <=c>.twice(<small>)

class <+cls:c>:
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return iter(range(self.n))
    def __call__(self, k):
        return self.n + k
<+list:r> = list(<=c>(<loops>))
<+int:s> = <=c>(<small>)(<small>)
"""),),
    "context": (*paragraphs("""
class <+cls:c>:
    def __enter__(self):
        self.open = True
        return self
    def __exit__(self, kind, error, trace):
        self.open = False
        return <bool>
with <=c>() as <+obj:x>:
    <body>
<+bool:r> = <=x>.open
"""),),
}  # fmt: skip
