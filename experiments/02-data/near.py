"""Which likeness tells near copies from other programs: planted copies that are caught, programs that are lost.

python experiments/02-data/near.py twins [n]      one statement changed or added under other names; share dropped of n
python experiments/02-data/near.py planted        HumanEval in disguise: caught of 164, by likeness and LEAST
python experiments/02-data/near.py banned FILE... share of 1,500 programs of each kind that benchmarks ban, by LEAST
python experiments/02-data/near.py size [n]       memory and time of Distinct over n programs
"""

from __future__ import annotations

import ast
import builtins
import random
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice, product
from pathlib import Path

import rensa
from rich.console import Console
from rich.table import Table

from ewm.data import decontaminate
from ewm.data.benchmarks.texts import texts
from ewm.programs import Program
from ewm.programs.levels import TRAINED
from ewm.sources import Grammar, Mine, dedup
from ewm.sources.dedup import Distinct, Near, Text, fingerprint

Shingles = Callable[[Text, bool], list[str]]  # of a text, whose constants are erased or not
_NAME = re.compile(r"\w+='(v\d+)'")


def unnamed(width: int) -> Shingles:
    """Names left out."""
    return lambda text, bare=False: [_NAME.sub("v", window) for window in _windows(_raw(text, bare), width)]


def numbered(width: int) -> Shingles:
    """Names numbered within each shingle."""
    return lambda text, bare=False: [_renumbered(window) for window in _windows(_raw(text, bare), width)]


def _raw(text: Text, bare: bool) -> list[str]:
    found = dedup._NODES.findall(text.bare_form if bare else text.form)
    return [node for node in found if node not in dedup._SILENT]


def _windows(nodes: list[str], width: int) -> list[str]:
    return [" ".join(nodes[i : i + width]) for i in range(max(1, len(nodes) - width + 1))]


def _renumbered(window: str) -> str:
    known: dict[str, str] = {}
    return _NAME.sub(lambda found: f"n{known.setdefault(found[1], str(len(known)))}", window)


def minhash(shingles: list[str]) -> rensa.RMinHash:
    made = rensa.RMinHash(num_perm=dedup.PERMUTATIONS, seed=dedup.SEED)
    made.update(shingles)
    return made


LEASTS = (15, 30, 45)
SCHEMES = [
    (f"{kind.__name__} {width} at {at}", kind(width), at)
    for kind, width, at in (
        (unnamed, 3, 0.7), (unnamed, 5, 0.6), (unnamed, 5, 0.65), (numbered, 5, 0.6), (numbered, 8, 0.5),
        (numbered, 8, 0.6),
    )
]  # fmt: skip


class Twin(ast.NodeTransformer):
    """All names replaced; docstrings and annotations gone."""

    def __init__(self, keep: frozenset[str]) -> None:
        self.keep, self.names = keep, {}

    def name(self, name: str) -> str:
        return name if name in self.keep else self.names.setdefault(name, f"other_{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self.name(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        node.name, node.returns = self.name(node.name), None
        return self.generic_visit(node)


def twin(source: str, seed: int) -> str:
    """One statement changed or added, every name another."""
    rng, tree = random.Random(seed), ast.parse(source)
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    body = rng.choice([body for body in bodies if body])
    place = rng.randrange(len(body))
    fresh = ast.parse(rng.choice(["extra = 7", "extra = [1, 2]", "print('here')", "extra = len('abc') + 1"])).body
    changed = rng.random() < 0.5 and isinstance(body[place], ast.Assign | ast.AugAssign | ast.Return | ast.Expr)
    body[place : place + changed] = fresh
    return ast.unparse(ast.fix_missing_locations(renamed(tree)))


def renamed(tree: ast.Module) -> ast.Module:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    return Twin(frozenset(dir(builtins)) | imported).visit(tree)


def lines(source: str) -> int:
    return len(ast.unparse(ast.parse(source)).splitlines())


def collections(n: int) -> Iterator[tuple[str, list[str]]]:
    for level in ("TRAINED", "real"):
        levels = dict.fromkeys(TRAINED, 1.0) if level == "TRAINED" else {"real": 1.0}
        yield level, [p.source for p in islice(_once(Grammar(levels).programs(0)), n)]
    yield "mined", [p.source for p in islice(_once(Mine(["stdlib"]).programs(0)), n)]


def _once(programs: Iterator[Program]) -> Iterator[Program]:
    """One of a family, as dedup sees them when likeness is asked."""
    seen: set[str] = set()
    for program in programs:
        if program.family not in seen:
            seen.add(program.family)
            yield program


def twins(n: int) -> Table:
    table = Table("shingles", "of", "n", "dropped", "twins of 10-14 lines", "caught", "ms a program")
    for name, sources in collections(n):
        texts = [Text(source) for source in sources]
        short = [source for source in sources if 10 <= lines(source) <= 14][:300]
        made = [Text(twin(source, i)) for i, source in enumerate(short)]
        for scheme, shingles, at in SCHEMES:
            start = time.process_time()
            known, dropped = Near(at), 0
            for text in texts:
                sketch = minhash(shingles(text, False))
                if known.names(sketch):
                    dropped += 1
                else:
                    known.add("", sketch)
            took = (time.process_time() - start) / len(texts) * 1000
            caught = 0
            for source, text in zip(short, made, strict=True):
                one = Near(at)
                one.add("", minhash(shingles(Text(source), False)))
                caught += bool(one.names(minhash(shingles(text, False))))
            table.add_row(scheme, name, str(len(texts)), f"{dropped / len(texts):.1%}", str(len(made)),
                          f"{caught / max(1, len(made)):.1%}", f"{took:.2f}")  # fmt: skip
    return table


class OtherConstants(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) in (int, float):
            return ast.Constant(node.value + 3)
        return ast.Constant(node.value + "q") if isinstance(node.value, str) else node


def disguised(source: str, seed: int, constants: bool, statement: bool) -> str:
    rng, tree = random.Random(seed), renamed(ast.parse(source))
    if constants:
        tree = OtherConstants().visit(tree)
    if statement:
        body = rng.choice(
            [n.body for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.For | ast.While | ast.If)]
        )
        body.insert(rng.randrange(len(body)), ast.parse("extra = 7").body[0])
    return ast.unparse(ast.fix_missing_locations(tree))


def planted() -> Table:
    own = list(texts("humaneval"))
    kinds = [(False, False), (True, False), (False, True), (True, True)]
    copies = {kind: [Text(disguised(source, i, *kind)) for i, source in enumerate(own)] for kind in kinds}
    table = Table("shingles", "constants", "LEAST", "names", "and constants", "and a statement", "and both")
    forms, sizes = {Text(source).family for source in own}, [len(Text(source).nodes) for source in own]
    shapes = {Text(source).shape: size for source, size in zip(own, sizes, strict=True)}
    for (name, shingles, at), bare in product(SCHEMES, (False, True)):
        sketches = [minhash(shingles(Text(source), bare)) for source in own]
        theirs = {kind: [minhash(shingles(copy, bare)) for copy in copies[kind]] for kind in kinds}
        for least in LEASTS:
            near = Near(at)
            for sketch, size in zip(sketches, sizes, strict=True):
                if size >= least:
                    near.add("", sketch)
            caught = [
                sum(
                    copy.family in forms or shapes.get(copy.shape, 0) >= least or bool(near.names(sketch))
                    for copy, sketch in zip(copies[kind], theirs[kind], strict=True)
                )
                for kind in kinds
            ]
            table.add_row(name, "erased" if bare else "kept", str(least), *map(str, caught))
    return table


def banned(files: list[str]) -> Table:
    programs = {level: list(islice(Grammar({level: 1.0}).programs(0), 1500)) for level in (*TRAINED, "real")}
    programs["mined"] = list(islice(Mine(["stdlib"]).programs(0), 1500))
    prints = {kind: [fingerprint(program) for program in found] for kind, found in programs.items()}
    table = Table("of", "n", *(f"LEAST={least}" for least in LEASTS))
    wanted = []
    for decontaminate.LEAST in LEASTS:
        wanted.append(decontaminate.Benchmarks(["humaneval", *files]))
    for kind, found in prints.items():
        shares = (sum(b.reason(each) is not None for each in found) / len(found) for b in wanted)
        table.add_row(kind, str(len(found)), *(f"{share:.2%}" for share in shares))
    return table


def size(n: int) -> Table:
    programs = Grammar(dict.fromkeys(TRAINED, 1.0)).programs(0)
    distinct, reasons, spent = Distinct(8, decontaminate.NEAR), Counter[str](), [0.0, 0.0]
    before = resident()
    for program in islice(programs, n):
        program.family  # noqa: B018  known before, as a build knows it
        start = time.process_time()
        found = fingerprint(program)
        middle = time.process_time()
        reasons[distinct.reason(found) or "kept"] += 1
        spent[0] += middle - start
        spent[1] += time.process_time() - middle
    table = Table("programs", "what became of them", "MB more", "fingerprint, ms", "reason, ms")
    told = ", ".join(f"{what} {count}" for what, count in reasons.most_common())
    table.add_row(str(n), told, f"{resident() - before:.0f}", *(f"{each / n * 1000:.2f}" for each in spent))
    return table


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or [""]
    number = int(rest[0]) if rest and rest[0].isdigit() else 0
    made = {
        "twins": lambda: twins(number or 10_000),
        "planted": planted,
        "banned": lambda: banned(rest),
        "size": lambda: size(number or 100_000),
    }
    if command not in made:
        sys.exit(__doc__)
    Console(width=150).print(made[command]())
