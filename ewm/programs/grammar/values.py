"""Statements on numbers, texts and collections, by construct. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.layout import lines, paragraphs

VALUES: dict[str, tuple[str, ...]] = {
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
<=a> **= 2
<=a> //= <mod>
<=a> *= 2
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
<=a>.append([<int>, <int>])
<=a>[0].append(<int>)

<+records:a> = <records>
if <=a>:
    <=a>[0]['age'] += <small>

<+records:a> = <records>
for <+obj:r> in <=a>:
    <=r>['age'] += <small>

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
"""),),
    "library": (*paragraphs("""
<+groups:g> = collections.defaultdict(list)
for <+str:s> in <words>:
    <=g>[<=s>[:1]].append(len(<=s>))

<+obj:q> = collections.deque(<list>)
<=q>.appendleft(<int>)
<=q>.append(1)
<+int:a> = <=q>.popleft()

<+obj:a> = functools.partial(max, <small>)
<+int:b> = <=a>(<small>)

<+obj:a> = collections.Counter(<str>)
<=a>.update(<str>)
"""),),  # values that are written with no literal: a trace with one is no complete one
}  # fmt: skip
