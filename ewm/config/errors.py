"""ConfigError: everything that is wrong with a configuration, at once, in words that say what would do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class ConfigError(ValueError):
    """A configuration that cannot run. `problems` has one line for each mistake."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` most likely meant; None if nothing is close.

    A word in a section that exists is looked for there, by its last part; initials count (`lr`: learning_rate).
    """
    section, _, leaf = word.rpartition(".")
    known = list(known)
    here = [name for name in known if name.rpartition(".")[0] == section] if section else known
    by_leaf = {name.rpartition(".")[2]: name for name in reversed(here or known)}
    for part, name in by_leaf.items():
        if leaf == part or leaf == "".join(p[0] for p in part.split("_") if p):
            return name
    for candidates in (by_leaf, {name: name for name in here or known}):
        if match := difflib.get_close_matches(leaf if candidates is by_leaf else word, candidates, n=1, cutoff=0.6):
            return candidates[match[0]]
    return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean x?` or nothing."""
    match = nearest(word, known)
    return f" Did you mean {match}?" if match else ""
