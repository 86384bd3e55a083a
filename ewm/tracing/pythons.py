"""The interpreter that traces: `trace.python`, found and asked for its version before anything starts.

A path or a command on PATH; null is the interpreter that runs the runner. What is started later is the file that this
interpreter calls itself, so that a launcher (pyenv's shims, `env`) stands in the way only once. CPython from 3.11 on:
the tracer reads its opcodes. Nothing of a program runs here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from ewm.config.errors import ConfigError

LEAST = (3, 11)
_ASK = "import json, sys; print(json.dumps([sys.executable, sys.implementation.name, *sys.version_info[:3]]))"
_DO = "Possible: null (the interpreter that runs this), the path of a CPython of 3.11 or later, or a command on PATH."


@dataclass(frozen=True)
class Interpreter:
    """`path` is absolute; `version` is like 3.12.1."""

    path: str
    version: str


def interpreter(python: str | None) -> Interpreter:
    """What `trace.python` names. ConfigError if it cannot trace."""
    if python is None:
        return Interpreter(os.path.abspath(sys.executable), ".".join(map(str, sys.version_info[:3])))
    return _ask(python, os.environ.get("PATH", ""))


@cache
def _ask(python: str, search: str) -> Interpreter:
    def no(why: str) -> ConfigError:
        return ConfigError(f"trace.python={python}: {why}. {_DO}")

    found = shutil.which(os.path.expanduser(python), path=search)
    if found is None:
        raise no("no file that can be run" if os.path.exists(os.path.expanduser(python)) else "there is no such file")
    try:
        done = subprocess.run(
            [os.path.abspath(found), "-I", "-S", "-c", _ASK], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=20, cwd="/", check=False,
        )  # fmt: skip
        path, name, *version = json.loads(done.stdout)
        said = f"{name} {version[0]}.{version[1]}.{version[2]}"
    except subprocess.TimeoutExpired:
        raise no("gave no answer in 20 seconds") from None
    except OSError as error:
        raise no(f"does not start ({error.strerror})") from None
    except (ValueError, IndexError, TypeError):
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        raise no(f"is no Python ({why[:200]})") from None
    if name != "cpython" or tuple(version[:2]) < LEAST:
        raise no(f"is {said}, which cannot trace")
    if not os.access(path, os.X_OK):
        raise no(f"calls itself {path!r}, which cannot be run")
    return Interpreter(path, ".".join(map(str, version)))
