"""What a model is asked in a batch, and what of its replies is read."""

from collections import Counter
from types import SimpleNamespace

from ewm.sources.selfgen import asking

BLOCK = "```python\nx = 1\n```"


def reply(text, cut=False):
    return SimpleNamespace(text=text, cut=cut)


def test_turns_that_did_not_end_are_no_programs():
    seen = []

    def extend(prefixes, seed):
        seen.append((prefixes, seed))
        return [reply("a"), reply("b", cut=True)]

    ask = asking.Turns(extend, "<user>", 2, seed=3)
    assert ask(0) == ["a", None] and ask(1) == ["a", None] and ask(0) == ["a", None]
    assert seen[0] == seen[2] == (["<user>"] * 2, asking.seed_of(3, 0)) and seen[0][1] != seen[1][1]


def answers(mode, requests, replies):
    chats = []

    def chat(messages, seed):
        chats.extend(messages)
        return replies[: len(messages)]

    return asking.Answers(lambda prefixes, seed: requests, chat, "<user>", mode, 3, seed=0), chats


def test_a_request_is_made_up_and_answered():
    requests = [reply("Add two numbers. "), reply("Cut", cut=True), reply("Sort.")]
    ask, chats = answers("prequery", requests, [reply(BLOCK, cut=True), reply("x = 1", cut=True)])
    assert ask(0) == [BLOCK, None, None]  # the closed block is whole, the bare line may be half
    assert [[m["role"] for m in c] for c in chats] == [["system", "user"]] * 2
    assert [c[1]["content"] for c in chats] == ["Add two numbers.", "Sort."]


def test_both_takes_turns():
    ask, chats = answers("both", [reply("Sort.")] * 3, [reply(BLOCK)] * 3)
    assert ask(0) == ask(1) == [BLOCK] * 3
    assert [len(c) for c in chats] == [2, 2, 2, 1, 1, 1] and chats[3][0]["content"].startswith("Write a Python program")


def test_prompts_cover_the_categories_and_a_fifth_asks_for_a_bug():
    known = asking._prompts()
    assert len(known["categories"]) == 10
    made = [p for batch in range(2) for p in asking.prompts(50, batch, 0)]
    tasks = {task: name for name, each in known["categories"].items() for task in each}
    found = Counter(next(name for task, name in tasks.items() if task in prompt) for prompt in made)
    assert set(found.values()) == {10} and len(found) == 10
    assert sum("makes it fail" in prompt for prompt in made) == 20
    assert made[:50] == asking.prompts(50, 0, 0) != asking.prompts(50, 0, 1)
