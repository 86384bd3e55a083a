"""Branches and loops, by construct. See templates for the slots."""

from __future__ import annotations

from ewm.programs.grammar.layout import paragraphs

CONTROL: dict[str, tuple[str, ...]] = {
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
}  # fmt: skip
