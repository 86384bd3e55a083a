"""Where a child's objects come to lie: together, and for programs that look at addresses always at the same ones.

Goes by CPython's own allocator: 32 sizes of small objects, pools of 16 KiB with a header, arenas of 1 MiB; larger
objects come from the C library. With another allocator it does no good and no harm. Runs in the zygote and the child.
"""

from __future__ import annotations

import gc
from typing import Any

POOL, HEADER, ARENA = 1 << 14, 48, 1 << 20  # bytes, in CPython 3.11 to 3.13
SMALL, MOST = 512, 100_000
LARGE = (65536, 32768, 16384, 8192, 4096, 3072, 2048, 1536, 1024, 768, 640, 576, 544)
_OVERHEAD = 33  # of a bytes object
_WIDE = 1 << 40  # an int of 32 bytes


def fill_pools(arena: int = 0) -> list[Any]:
    """Use up the gaps in memory that is in use, to be kept: what is made next lies together, and few pages are copied.

    With the address of an arena every size has its next pool there.
    """
    kept: list[Any] = []
    for size in range(16, SMALL + 1, 16):
        run = 0  # objects one after the other from the beginning of a pool: it is a fresh one
        while run < 3 and len(kept) < MOST:
            made: Any = bytes(size - _OVERHEAD) if size > 34 else _WIDE + run if size > 16 else object()
            kept.append(made)
            place = id(made)
            fresh = place % POOL == HEADER + run * size
            if size == 32:  # that of numbers, which this itself needs: not so exact
                fresh = run > 0 or place % POOL < HEADER + 8 * size
            run = run + 1 if fresh and (not arena or 0 <= place - arena < ARENA) else 0
        if run == 3:
            del made, kept[-2:]  # one stays: an empty pool would be given back
    return kept


def settle() -> list[Any]:
    """A new arena, fresh pools there, no gap in the heap: from here on addresses do not tell what was run before.

    An arena that begins where a whole one has just been used up begins where it always does.
    """
    gc.collect()  # empties the free lists of lists, dicts, tuples and floats
    kept: list[Any] = []
    pool = run = 0
    while len(kept) < MOST:
        kept.append(bytes(SMALL - _OVERHEAD))
        here = id(kept[-1]) // POOL
        if here != pool:
            if here != pool + 1 and run >= ARENA // POOL - 2:
                break
            run = run + 1 if here == pool + 1 else 0
            pool = here
    kept.append(fill_pools(here * POOL))
    for size in LARGE:
        top = run = 0
        while run < 3 and len(kept) < 2 * MOST:
            kept.append(bytes(size - _OVERHEAD - 16))
            run = run + 1 if id(kept[-1]) > top else 0
            top = max(top, id(kept[-1]))
    return kept
