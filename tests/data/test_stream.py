from collections import Counter

from ewm import formats
from ewm.data.stream import stream
from ewm.programs import Program
from ewm.programs.constructs import is_reserved

LEVELS = {"straight": 1.0, "loop": 1.0, "compose": 1.0, "reserved_break": 0.5}


def plain(messages, target):
    return (messages[0]["content"], target), 0


def take(n, **keys):
    found = stream(3, LEVELS, encode=plain, **keys)
    items = [(next(found)[0], found.position) for _ in range(n)]
    found.close()
    return items


def test_it_is_deterministic_and_goes_on_from_a_position():
    first = take(40)
    assert first == take(40)
    assert take(15, start=first[24][1]) == first[25:]


def test_only_training_families_and_no_reserved_construct():
    kinds = Counter()
    for (prompt, target), _ in take(60):
        head, _, text = prompt.partition("\n")
        kinds[head] += 1
        if head == "<|program|>":
            source = target
        else:
            source = "\n".join(line.partition(" ")[2] for line in text.split("\n") if line.startswith("L"))
            assert formats.parse(target, head[2:-2], "delta").parsed
        source, _, _ = source.partition("\ncall ")
        assert not is_reserved(source)
        assert Program(source, origin="grammar:x").split == "train"
    assert set(kinds) == {"<|trace|>", "<|output|>", "<|program|>"}
