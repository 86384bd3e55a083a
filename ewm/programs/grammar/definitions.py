"""Statements with functions and generators, by construct. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.layout import lines, paragraphs

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
    "functional": (*lines("""
<+list:a> = list(map(lambda e: e * <mod> % 23, <list>))
<+list:a> = sorted(<list>, key=lambda e: e % <mod>)
<+int:a> = functools.reduce(lambda a, b: (a + b) % 97, <list>, <small>)
<+obj:a> = list(zip(<words>, <list>))
<+obj:a> = sorted(<dict>.items(), key=lambda p: (-p[1], p[0]))
<+obj:a> = max(<dict>.items(), key=lambda p: p[1], default=None)
<+obj:a> = [(k, list(g)) for k, g in itertools.groupby(sorted(<list>), key=lambda e: e % 2)]
<+obj:a> = list(itertools.combinations(<list>, 2))[:3]
print(*map(str, <list>), sep=', ')
"""),),
}  # fmt: skip
