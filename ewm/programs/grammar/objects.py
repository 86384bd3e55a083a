"""Statements with exceptions and classes, by construct. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.layout import lines, paragraphs

OBJECTS: dict[str, tuple[str, ...]] = {
    "errors": (*lines("""
assert len(<list>) >= 0, 'negative'
"""), *paragraphs("""
try:
    <+int:a> = int(<str>[:2])
except ValueError:
    <body>

try:
    <+int:a> = <dict>[<word>]
except KeyError:
    <+int:b> = <small>
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
except (ValueError, KeyError):
    <+str:m> = <str>
except Exception:
    <body>

class <+cls:c>(Exception):
    pass
try:
    if <bool>:
        raise <=c>(<word>)
except <=c>:
    <body>

def <+fn:f>(<+int:a>):
    if <=a> < <small>:
        raise ValueError(f'bad {<=a>}')
    return <=a>
try:
    <+int:r> = <=f>(<small>)
except ValueError:
    print(<str>)

try:
    <+int:a> = <str>.index(<char>)
except ValueError:
    <+int:b> = -1

try:
    try:
        raise <exc>(<word>)
    finally:
        <body>
except Exception:
    <body>
"""),),
    "caught": (*paragraphs("""
try:
    <+int:a> = <dict>[<word>]
except KeyError as error:
    <+str:m> = str(error)

try:
    if <bool>:
        raise <exc>(<word>)
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

try:
    <+int:a> = int(<str>[:2])
except ValueError as error:
    print(error)

try:
    try:
        raise <exc>(<word>)
    except ValueError as error:
        raise RuntimeError('again') from error
except Exception as error:
    <+str:m> = repr(error)
"""),),  # the exception as a value, which has no literal
    "raising": (*lines("""
<+int:a> = <list>[<small>]
<+int:a> = <dict>[<word>]
<+int:a> = int(<str>[:2])
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
