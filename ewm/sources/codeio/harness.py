"""Stands before a generator of inputs, where it runs in isolation; nobody imports it.

The seed is of the code as well as of k: generators that draw alike must not all give the same values.
"""

from random import Random

_TRIES, _LONGEST = 16, 2000  # calls of a generator; characters of what one gives


def _told(generator, seed):
    """[text, ""] or ["", why] for each k."""
    import random

    found = []
    for k in range(_TRIES):
        random.seed(f"{seed}:{k}")
        try:
            text = repr(generator(Random(f"{seed}:{k}")))
        except Exception as error:
            found.append(["", type(error).__name__])
        else:
            found.append([text, ""] if len(text) <= _LONGEST else ["", "long"])
    return found
