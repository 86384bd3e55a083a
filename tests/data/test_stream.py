from collections import Counter
from itertools import takewhile

import pytest

from ewm import formats
from ewm.config.errors import ConfigError
from ewm.data.endless import curriculum_of
from ewm.data.stream import TASKS, drawn, families, family_digest, stream
from ewm.programs import Program
from ewm.programs.constructs import is_reserved
from ewm.programs.curriculum import Curriculum
from ewm.programs.grammar import program as grammar_program

LEVELS = Curriculum({"straight": 1.0, "loop": 1.0, "compose": 1.0, "reserved_break": 0.5})


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


def test_the_digest_of_families_covers_what_was_handed_out():
    items = [item for item in take(40) if not item[0][0].startswith("<|program|>")]
    stop = items[-1][1]
    names = set()
    for (prompt, _), _ in items:
        lines = [line.partition(" ")[2] for line in prompt.partition("\n")[2].split("\n") if line.startswith("L")]
        names.add(Program("\n".join(lines), origin="grammar:x").family)
    found = families(3, LEVELS, stop)
    assert found == families(3, LEVELS, stop) != families(4, LEVELS, stop)
    assert names <= found
    told = family_digest([*found, *sorted(found)])
    assert told["families"] == len(found)
    assert told["sha256"] != family_digest(sorted(found)[1:])["sha256"]


def test_what_comes_first_comes_first():
    later = {
        index: program for index, _, program in takewhile(lambda one: one[0] < 60, drawn(3, LEVELS, TASKS, "train"))
    }
    curriculum = Curriculum(LEVELS.levels, {"lookup": 20, "straight": 10})
    for index, _, program in takewhile(lambda one: one[0] < 60, drawn(3, curriculum, TASKS, "train")):
        if index < 30:
            assert program.level == ("lookup" if index < 20 else "straight")
        else:
            assert program == later[index]


def test_a_stream_writes_levels_with_their_sources_knobs():
    nodes = {"a": {"levels": {"sets": 1}, "knobs": {"wrap": 1.0, "depth": None}}, "b": {"levels": {"data": 1}}}
    curriculum = curriculum_of(nodes)
    assert curriculum.knobs == {"sets": {"wrap": 1.0}}
    for index, _, program in takewhile(lambda one: one[0] < 60, drawn(3, curriculum, TASKS, "train")):
        assert program == grammar_program(3, index, program.level, {"wrap": 1.0} if program.level == "sets" else {})


def test_a_stream_has_one_way_to_write_a_level():
    nodes = {"a": {"levels": {"loop": 1}, "knobs": {"wrap": 1.0}}, "b": {"levels": {"loop": 1}}}
    with pytest.raises(ConfigError, match="data.sources.b.knobs: .* one way to write loop"):
        curriculum_of(nodes)
