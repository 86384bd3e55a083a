"""Statements by construct: every template of a construct is as likely. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.definitions import DEFINITIONS, lines, paragraphs

STATEMENTS: dict[str, tuple[str, ...]] = {
    "assign": (*lines("""
<+int:a> = <int>
<+str:a> = <str>
<+bool:a> = <bool>
<+list:a> = <list>
<!int> = <int> % <mod>
<+int:a>, <+int:b> = <small>, <int>
"""),),
    "text": (*lines("""
<+str:a> = <str>
<+words:a> = <words>
<+bytes:a> = <bytes>
<+int:a> = len(<str>)
"""), *paragraphs("""
<+str:a> = <str>
if <=a>:
    <+str:b> = <=a>[0] + <=a>[-1]

<+obj:a> = ''
for <+str:c> in <str>:
    if <=c>.isalpha():
        <=a> += <=c>.upper()
    else:
        <=a> += '_'
"""),),
    "numbers": (*lines("""
<+int:a> = <int>
<+float:a> = <float>
<+bool:a> = <bool>
<+tuple:a> = <tuple>
<!int> += <small>
<!int> -= <small>
<+int:a>, <+int:b> = divmod(<int>, <mod>)
"""), *paragraphs("""
<+int:a> = <small>
<=a> *= <mod>
<=a> //= 2
<=a> **= 2
<=a> %= 7

<+float:a> = <float>
<=a> /= 2

<+int:a> = <small>
<=a> <<= 2
<=a> >>= 1
<=a> |= 1
<=a> &= 14
<=a> ^= 3
"""),),
    "listing": (*lines("""
<+list:a> = <list>
<!list>.append(<int>)
<!list>.insert(0, <int>)
<!list>.sort()
<!list>.sort(reverse=True)
<!list>.reverse()
<!list>.extend([<int>, <int>])
<+int:a>, *<+list:b> = [<int>, <int>, <int>]
print(*<list>)
print(<int>, <str>, sep='|')
"""), *paragraphs("""
<+list:a> = <list>
<=a>.append(<int>)

if <list>:
    <+int:b> = <small>

<+list:a> = [<int>, <int>, <int>]
<+int:b> = <=a>.pop()
<=a>.pop(0)

<+list:a> = [<int>, 3, <int>]
<=a>.remove(3)
<=a>.clear()

<+list:a> = [<int>, <int>]
<=a>[0] = <int>
<=a>[-1] += <small>

<+list:a> = [<int>, <int>, <int>]
<=a>[1:] = <list>
del <=a>[0]

<+words:a> = <words>
<=a>.append(<word>)
<=a>.sort(key=len)

<+list:a> = [<int>, <int>]
<=a>[0], <=a>[1] = <=a>[1], <=a>[0]
"""),),
    "mapping": (*lines("""
<+dict:a> = <dict>
<!dict>[<word>] = <int>
<!dict>.update({<word>: <int>})
<+int:a> = len(collections.Counter(<str>).most_common(2))
"""), *paragraphs("""
<+dict:a> = <dict>
<=a>[<word>] = <int>

<+dict:a> = <dict>
<+int:b> = <=a>.setdefault(<word>, <small>)

<+dict:a> = <dict>
<+int:b> = <=a>.pop(<word>, <small>)

<+dict:a> = <dict>
<=a>.clear()

<+dict:a> = {<word>: <int>}
<=a>.popitem()

<+obj:a> = {}
for <+str:c> in <words>:
    <=a>[<=c>] = <=a>.get(<=c>, 0) + 1

for <+str:k>, <+int:v> in <dict>.items():
    <body>

for <+str:k> in <dict>.keys():
    <body>

for <+int:v> in <dict>.values():
    <body>

<+str:k> = <word>
<+dict:a> = <dict>
if <=k> in <=a>:
    del <=a>[<=k>]

<+groups:g> = collections.defaultdict(list)
for <+str:s> in <words>:
    <=g>[<=s>[:1]].append(len(<=s>))
"""),),
    "sets": (*lines("""
<+set:a> = <set>
<+frozen:a> = <frozen>
<!set>.add(<int>)
<!set>.discard(<int>)
<!set>.update(<list>)
<!set>.intersection_update(<set>)
<!set>.difference_update(<set>)
<!set>.symmetric_difference_update(<set>)
"""), *paragraphs("""
<+set:a> = <set>
<=a>.add(<int>)

<+set:a> = {3, <int>}
<=a>.remove(3)

<+set:a> = {<small>}
<+int:b> = <=a>.pop()
<=a>.clear()

<+set:a> = <set>
<=a> |= <set>
<=a> -= <set>
"""),),
    "branch": (*paragraphs("""
if <bool>:
    <body>

if <bool>:
    <body>
else:
    <body>

if <bool>:
    <body>
elif <bool>:
    <body>
else:
    <body>

if not <list>:
    pass
else:
    <body>

if (<+int:n> := len(<list>)) > <pos>:
    <body>
"""),),
    "loop": (*paragraphs("""
for <+int:i> in range(<loops>):
    <body>

for <+int:i> in <list>:
    <body>

for <+str:c> in <words>:
    <body>

<+int:t> = 0
for <+int:i> in <list>:
    <=t> += <=i>
    <body>

for <+int:i>, <+str:c> in enumerate(<words>, 1):
    <body>

for <+int:i>, <+int:j> in zip(<list>, <list>):
    <body>

<+obj:o> = []
for <+int:i> in <list>:
    if <=i> <cmp> <small>:
        continue
    <=o>.append(<=i>)

for <+int:i> in range(<loops>):
    <body>
else:
    <body>
"""),),
    "while": (
        *paragraphs("""
<+int:n> = <loops>
while <=n> > 0:
    <=n> -= 1
    <body>
"""),
    ),
    "loop_break": (*paragraphs("""
for <+int:i> in <list>:
    if <=i> <cmp> <small>:
        break
    <body>

<+bool:f> = False
for <+int:i> in <list>:
    if <=i> == <small>:
        <=f> = True
        break
else:
    <body>

<+int:n> = 0
while True:
    <=n> += 1
    if <=n> >= <loops>:
        break
    <body>
"""),),
    "while_if": (*paragraphs("""
<+int:n> = <loops>
while <=n>:
    <=n> -= 1
    if <=n> % 2:
        continue
    <body>
else:
    <body>

<+int:n>, <+int:t> = <loops>, 0
while <=n> > 0:
    if <=n> % 2 == 0:
        <=t> += <=n>
    <=n> -= 1
"""),),
    "comprehension": (*lines("""
<+list:a> = <list>
<+words:a> = <words>
<+dict:a> = <dict>
<+set:a> = <set>
<+grid:a> = <grid>
"""),),
    "structured": (*lines("""
<+groups:a> = <groups>
(<+int:a>, <+int:b>), <+int:c> = (<int>, <int>), <int>
"""), *paragraphs("""
<+grid:a> = <grid>
<=a>[0].append(<int>)

<+records:a> = <records>
<=a>[0]['age'] += <small>

<+records:a> = <records>
for <+obj:r> in <=a>:
    <+int:n> = <=r>['age']

<+groups:g> = {}
for <+str:s> in <words>:
    <=g>.setdefault(len(<=s>), []).append(len(<=s>))

<+grid:g> = <grid>
for <+list:r> in <=g>:
    <+int:n> = sum(<=r>)
    <body>

<+obj:p> = [(<word>, <int>), (<word>, <int>)]
for <+str:k>, <+int:v> in <=p>:
    <body>

<+obj:q> = collections.deque(<list>)
<=q>.appendleft(<int>)
<=q>.append(1)
<+int:a> = <=q>.popleft()
"""),),
    "match": (*paragraphs("""
match <int> % 3:
    case 0:
        <body>
    case 1 | 2:
        <body>
    case _:
        <body>

match <list>:
    case []:
        <body>
    case [<+int:a>]:
        <body>
    case [<+int:b>, *<+list:c>] if <=b> > 0:
        <body>

match {'kind': <word>, 'n': <int>}:
    case {'kind': 'red', **<+dict:r>}:
        <body>
    case {'n': int(<+int:n>)}:
        <body>

match <small>:
    case None:
        pass
    case int() as <+int:n>:
        <body>
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
"""), *paragraphs("""
<+obj:a> = functools.partial(max, <small>)
<+int:b> = <=a>(<small>)
"""),),
} | DEFINITIONS  # fmt: skip
