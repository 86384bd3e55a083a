"""How long scoring takes: python experiments/03-audit/speed.py [repeats]

8 groups of 64 completions of about 500 tokens (nano's tokenizer, format delta) under the default reward, on one core:
a quarter right, half wrong from some place on or here and there, a quarter rubbish. No two wrong ones are the same.
Then one completion of 1 MB and one of 10,000 nested brackets. Median and range of the repeats, processor time.
"""

import random
import re
import statistics
import sys
import time
from importlib.resources import files
from itertools import count

from tokenizers import Tokenizer

from ewm import config, formats, rewards
from ewm.config.schema import TraceConfig
from ewm.formats import delta
from ewm.formats.prediction import Truth
from ewm.programs.grammar import program
from ewm.scoring import values
from ewm.tracing import Runner

LONG = ("structured", "mapping", "control", "classes", "real")  # levels with traces of that length
GROUPS, SIZE, TOKENS = 8, 64, 500
WORDS = ("call", "return", "x", "L", "=", "[", "]", "'", "end", " ", "\n", "1", "True", "None", ";")


def truths(tokenizer: Tokenizer) -> list[Truth]:
    """Of GROUPS programs of the grammar whose true text has 450 to 550 tokens."""
    found: list[Truth] = []
    drawn = (program(3, index, level) for index in count() for level in LONG)
    with Runner(TraceConfig(workers=1)) as runner:
        for one in drawn:
            truth = formats.truth(runner.trace(one), one, "trace", "delta")
            if truth.complete and abs(len(tokenizer.encode(truth.prediction.text).ids) - TOKENS) <= 50:
                found.append(truth)
            if len(found) == GROUPS:
                return found
    return found


def completions(truth: Truth, seed: int) -> list[str]:
    """SIZE of them: right ones, partly right ones, rubbish."""
    rng, text = random.Random(seed), truth.prediction.text
    made = [text] * (SIZE // 4)
    made += [spoilt(text, rng, after=True) for _ in range(SIZE // 4)]
    made += [spoilt(text, rng, after=False) for _ in range(SIZE // 4)]
    made += ["".join(rng.choices(WORDS, k=TOKENS)) for _ in range(SIZE // 8)]
    made += [
        "\n".join(f"L{rng.randrange(1, 30)} x={rng.randrange(10**6)}" for _ in range(TOKENS // 10))
        for _ in range(SIZE // 8)
    ]
    rng.shuffle(made)
    return made


def spoilt(text: str, rng: random.Random, after: bool) -> str:
    """Numbers changed: all those after some line, or each with a small chance."""
    lines = text.split("\n")
    begin, chance = (rng.randrange(len(lines)), 0.7) if after else (0, 0.05)
    wrong = [
        re.sub(r"\d+", lambda m: str(rng.randrange(10 ** len(m[0]))) if rng.random() < chance else m[0], line)
        for line in lines[begin:]
    ]
    return "\n".join([*lines[:begin], *wrong])


def milliseconds(call) -> float:
    delta._known.cache_clear()  # nothing is known of what was read before
    values._kept.cache_clear()
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1000


def told(name: str, call, repeats: int) -> None:
    times = [milliseconds(call) for _ in range(repeats)]
    print(f"{name}: {statistics.median(times):.1f} ms ({min(times):.1f}-{max(times):.1f}, {repeats} repeats)")


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    tokenizer = Tokenizer.from_file(str(files("ewm.models.nano") / "tokenizer.json"))
    reward = rewards.compose(config.compose([]).reward)
    own = truths(tokenizer)
    groups = [(truth, completions(truth, seed)) for seed, truth in enumerate(own)]
    texts = [text for _, made in groups for text in made]
    tokens = statistics.mean(len(tokenizer.encode(text).ids) for text in texts)
    print(f"{len(texts)} completions, {len(set(texts))} of them different, {tokens:.0f} tokens each on average")
    told("all of them", lambda: [reward(text, truth).total for truth, made in groups for text in made], repeats)
    for name, text in {
        "1 MB of steps": "L1 x=1\n" * 150_000,
        "1 MB of a letter": "a" * 10**6,
        "10,000 nested brackets": "[" * 10**4 + "]" * 10**4,
        "nested in a step": f"L1 x={'[' * 10**4}{']' * 10**4}\nend",
    }.items():
        told(name, lambda text=text: reward(text, own[0]), repeats)


if __name__ == "__main__":
    main()
