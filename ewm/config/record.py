"""run.json as it lies in a folder, for whoever takes a run over; ConfigError says which file is damaged and what helps.

What stands in it is written by ewm.run (RunRecord); keys beside the asked ones are the reader's business.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ewm.config.errors import ConfigError

SCHEMA = 1


def read(folder: Path, wanted: Sequence[str] = ("status",)) -> dict[str, Any]:
    """The record of this folder, with at least the keys `wanted`. FileNotFoundError if there is none."""
    path = folder / "run.json"
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise damaged(path, f"cannot be read ({error})") from None
    if not isinstance(row, dict):
        raise damaged(path, "is no JSON object")
    if row.get("schema", SCHEMA) != SCHEMA:
        raise ConfigError(
            f"{path} has schema {row['schema']}, and this version reads {SCHEMA}. Use the code at its git_commit "
            f"({row.get('git_commit')}), or another folder."
        )
    if missing := [name for name in wanted if name not in row]:
        raise damaged(path, f"lacks {', '.join(missing)}")
    return row


def damaged(path: Path, what: str) -> ConfigError:
    """The error for a file that no kill could have left so, since files are written aside and renamed."""
    return ConfigError(f"{path} {what}: the file is damaged. Put a copy back, or move the folder away and run again.")
