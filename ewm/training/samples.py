"""Sampled completions beside their truth: completions/<mode>-<step>.parquet, and a few of them as text for a board.

One file per (mode, step), one row per completion: mode, step, example, prompt, truth, completion, tokens, cut, total,
advantage and one column per reward term. Written aside and renamed; a step that is done again writes its file again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ewm.formats.prediction import Truth
from ewm.training.judge import Scored


def write(
    folder: Path,
    mode: str,
    step: int,
    batch: Sequence[Scored],
    prompts: Sequence[str],
    truths: Sequence[Truth],
    advantages: Sequence[float],
) -> Path:
    """The table of one batch. `prompts` and `truths` are those of the whole data set, by index."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    terms = sorted({name for row in batch for name in row.terms})
    table = {
        "mode": [mode] * len(batch),
        "step": [step] * len(batch),
        "example": [row.example for row in batch],
        "prompt": [prompts[row.example] for row in batch],
        "truth": [truths[row.example].prediction.text for row in batch],
        "completion": [row.completion.encode("utf-8", "replace").decode() for row in batch],
        "tokens": [row.tokens for row in batch],
        "cut": [row.cut for row in batch],
        "total": [row.total for row in batch],
        "advantage": list(advantages) if len(advantages) == len(batch) else [None] * len(batch),
        **{f"terms/{name}": [row.terms.get(name) for row in batch] for name in terms},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{mode}-{step:05d}.parquet"
    partial = folder / f".{path.name}.partial"
    pq.write_table(pa.table(table), partial)
    os.replace(partial, path)
    return path


def as_text(batch: Sequence[Scored], prompts: Sequence[str], truths: Sequence[Truth], most: int = 3) -> str:
    """Markdown: the worst, a middling and the best completion of a batch, each with prompt and truth."""
    ranked = sorted(batch, key=lambda row: row.total)
    picked = [ranked[round(i * (len(ranked) - 1) / max(1, most - 1))] for i in range(min(most, len(ranked)))]
    return "\n\n---\n\n".join(_block(row, prompts[row.example], truths[row.example]) for row in picked)


def _block(row: Scored, prompt: str, truth: Truth) -> str:
    terms = ", ".join(f"{name} {'-' if value is None else f'{value:.2f}'}" for name, value in row.terms.items())
    head = f"**reward {row.total:.3f}** ({terms})" + (" cut by the token limit" if row.cut else "")
    parts = (("prompt", prompt), ("truth", truth.prediction.text), ("completion", row.completion))
    return head + "".join(f"\n\n{name}\n\n{_indented(text)}" for name, text in parts)


def _indented(text: str) -> str:
    """A markdown code block that no content can end."""
    return "\n".join("    " + line for line in (text.splitlines() or [""]))
