"""A fresh interpreter for one program: `python -s -S -P fresh.py FOLDER LEVEL`, the program as JSON on stdin.

What a script that starts `python` anew for each program pays, here with the tracer's isolation applied by itself.
"""

from __future__ import annotations

import json
import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from inside import LIMITS, by_repr, isolation_from

    row = json.load(sys.stdin)
    guard = isolation_from(sys.argv[1]).enter_zygote({"limits": LIMITS, "isolation": sys.argv[2]})
    guard.enter_child()
    try:
        by_repr(row["source"], row["entry"])
    except Exception:
        pass
    os._exit(0)
