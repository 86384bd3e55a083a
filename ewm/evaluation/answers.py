"""Answers of a model to examples, in fixed chunks, with the base model's kept across runs.

Chunks depend on the list of examples alone, so that an evaluation that was interrupted asks the rest in the same
batches. The cache's key is the model's weights, the sampling and the prompt's tokens: a base model that was asked
once is not asked again by the next run. It does not score.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.data.example import Example

Ask = Callable[[Sequence[Example]], list["Answer"]]
SCHEMA = 1  # of the cache: raised when ewm.generation decodes differently
SERVED = ("openai",)  # engines that ask a server
SAMPLED = 4096  # values of a tensor that enter the fingerprint, evenly spaced


@dataclass(frozen=True)
class Answer:
    """A completion. `cut`: the token limit ended it. `thinking`: what came before `text`, which is the answer."""

    text: str
    tokens: int
    cut: bool
    thinking: str = ""


def chunks(examples: Sequence[Example], size: int) -> Iterator[list[Example]]:
    """Examples of similar length together (padding costs time), longest first (memory runs out early or never)."""
    ordered = sorted(examples, key=lambda e: (-len(e.target) - len(e.program.source), e.id))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def asker(model: Any, generate: Callable[..., Any], sampling: GenerationConfig, engine: EngineConfig, seed: int) -> Ask:
    """Ask the model as it stands."""

    def ask(examples: Sequence[Example]) -> list[Answer]:
        completions = generate(model, [e.messages for e in examples], sampling, engine, seed=seed)
        return [Answer(c[0].text, _count(c[0].tokens), bool(c[0].cut), c[0].thinking) for c in completions]

    return ask


def cached(ask: Ask, path: Path, tokens_of: Callable[[Example], Sequence[int]]) -> Ask:
    """Answers from the file where it has the whole chunk; otherwise the chunk is asked and appended."""
    known: dict[str, Answer] = {}
    for row in read_rows(path):
        prompt = row.pop("prompt")
        known[prompt] = Answer(**row)

    def remembered(examples: Sequence[Example]) -> list[Answer]:
        keys = [_digest(json.dumps(list(tokens_of(e)))) for e in examples]
        if any(key not in known for key in keys):
            fresh = dict(zip(keys, ask(examples), strict=True))
            append_rows(path, [{"prompt": key, **asdict(a)} for key, a in fresh.items() if key not in known])
            known.update({key: answer for key, answer in fresh.items() if key not in known})
        return [known[key] for key in keys]

    return remembered


def cache_file(
    folder: Path, model: Any, weights: str, sampling: GenerationConfig, engine: EngineConfig, seed: int
) -> Path:
    """One file per model, sampling, device and versions of what computes."""
    served = [engine.base_url, engine.model] if engine.name in SERVED else []  # whose weights are not the ones here
    versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers")}
    key = {
        "schema": SCHEMA,
        "sampling": asdict(sampling),
        "engine": [engine.name, engine.batch_size, *served],
        "seed": seed if sampling.temperature > 0 else None,
        "device": str(getattr(model, "device", "")),
        "versions": versions,
    }
    return folder / "answers" / f"{weights}-{_digest(json.dumps(key, sort_keys=True))}.jsonl"


def fingerprint(module: Any, adapter: bool = False) -> str:
    """Hash of a torch module's weights, sampled: of the base alone (the same with LoRA inside), or of the adapter."""
    named = {
        _plain(name): tensor
        for name, tensor in module.state_dict().items()
        if ("lora_" in name or "modules_to_save." in name) == adapter
    }
    seen = hashlib.sha256()
    for name, tensor in sorted(named.items()):
        flat = tensor.detach().reshape(-1)
        values = flat[:: max(1, flat.numel() // SAMPLED)].cpu()
        if values.is_floating_point():
            values = values.float()
        seen.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode() + values.numpy().tobytes())
    return seen.hexdigest()[:16]


def _plain(name: str) -> str:
    """The weight's name before PEFT wrapped it."""
    for part in ("base_model.model.", "base_layer.", "original_module."):
        name = name.replace(part, "")
    return name


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a JSONL file; a line torn by a kill is skipped."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def append_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """All rows in one write, so that parallel runs do not mix their lines; a torn last line is closed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            text = b"\n" + text
        os.write(handle, text)
    finally:
        os.close(handle)


def _count(tokens: Any) -> int:
    return int(tokens) if isinstance(tokens, int) else len(tokens)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
