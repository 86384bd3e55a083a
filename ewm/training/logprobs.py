"""Log-probabilities of completions, the prompt of a group computed once and padding cut: what a CPU has time for.

GRPO asks for the same prompt under every completion of its group. Here each distinct prompt runs once, its keys and
values are handed to all its completions (gradients flow through them), and completions run in slices of similar length.
Same result as the plain forward up to rounding; tests/training/test_logprobs.py holds them together. Not for gradient
checkpointing, models with images, or a cache that is not plain keys and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from trl.kernels import ChunkedLogProbFunction

SLICE_ROWS = 8  # small slices stay in the cache: 3.5 s of CPU a batch of 64 where 64 rows at once took 12
CHUNK = 32768  # of the vocabulary projected at a time: TRL's own figure
PLAIN = ("qwen3", "qwen2", "llama")  # full attention, plain head: checked against the forward of transformers


@dataclass(frozen=True)
class Batch:
    """Prompts padded on the left, completions on the right; masks are 1 on real tokens."""

    prompts: Tensor
    prompt_mask: Tensor
    completions: Tensor
    completion_mask: Tensor


def possible(model: Any) -> bool:
    """Whether this causal model (PEFT taken off) is of a kind that this module knows."""
    return getattr(model.config, "model_type", "") in PLAIN and not getattr(model.config, "use_sliding_window", False)


def per_token(model: Any, batch: Batch, temperature: float, live: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(log-probabilities, entropies) of the completion tokens, rows x tokens, zero on padding.

    `model` is the causal model itself, LoRA layers inside, PEFT's wrapper off. Rows that are not `live` get values
    without a graph: with an advantage of zero they have no gradient.
    """
    shape = batch.completions.shape
    logps = batch.prompts.new_zeros(shape, dtype=torch.float32)
    entropies = torch.zeros_like(logps)
    for rows, needs_grad in _groups(batch, live):
        with torch.set_grad_enabled(needs_grad):
            part_logps, part_entropies = _of_rows(model, _take(batch, rows), temperature)
        logps = logps.index_copy(0, rows, part_logps)
        entropies = entropies.index_copy(0, rows, part_entropies.detach())
    return logps, entropies


def passes(batch: Batch, live: Tensor | None = None) -> list[tuple[float, bool]]:
    """What `per_token` sends through the model: (real tokens, whether they come back), each distinct prompt once."""
    found = []
    for rows, back in _groups(batch, live):
        part = _take(batch, rows)
        prompts = torch.unique(torch.cat([part.prompts, part.prompt_mask], 1), dim=0)
        mask = prompts[:, part.prompts.shape[1] :]
        found.append((float(mask.sum() + part.completion_mask.sum()), back))
    return found


def _groups(batch: Batch, live: Tensor | None) -> list[tuple[Tensor, bool]]:
    """(rows, whether they need a graph), without empty ones."""
    every, grad = torch.arange(len(batch.prompts), device=batch.prompts.device), torch.is_grad_enabled()
    if not grad or live is None or not live.any():
        return [(every, grad)] if len(every) else []
    return [(rows, back) for rows, back in ((every[live], True), (every[~live], False)) if len(rows)]


def _take(batch: Batch, rows: Tensor) -> Batch:
    return Batch(batch.prompts[rows], batch.prompt_mask[rows], batch.completions[rows], batch.completion_mask[rows])


def _of_rows(model: Any, batch: Batch, temperature: float) -> tuple[Tensor, Tensor]:
    prompts, which = torch.unique(torch.cat([batch.prompts, batch.prompt_mask], 1), dim=0, return_inverse=True)
    width = batch.prompts.shape[1]
    prompts, mask = prompts[:, :width], prompts[:, width:]
    start = int((mask.cumsum(1) == 0).sum(1).min())  # columns of nothing but padding
    prompts, mask = prompts[:, start:], mask[:, start:]
    cache = DynamicCache()
    last = _run(model, prompts, mask, _positions(mask), cache).last_hidden_state[:, -1:]
    layers: list[Any] = list(cache.layers)
    keys_values = [(layer.keys, layer.values) for layer in layers]

    lengths = batch.completion_mask.sum(1)
    order = torch.argsort(lengths, descending=True, stable=True)
    total = batch.completions.shape[1]
    hidden, labels, rows_of = [], [], []
    for rows in order.split(SLICE_ROWS):
        length = int(lengths[rows].max())
        own = which[rows]
        own_mask = mask[own]
        skip = int((own_mask.cumsum(1) == 0).sum(1).min())
        out = last[own][:, :length]  # nothing where a whole slice is masked, as mask_truncated_completions does
        if length > 1:
            completion = batch.completions[rows, : length - 1]
            seen = torch.cat([own_mask[:, skip:], batch.completion_mask[rows, : length - 1]], 1)
            part = DynamicCache()
            for depth, (keys, values) in enumerate(keys_values):
                part.update(keys[own, :, skip:], values[own, :, skip:], depth)
            run = _run(model, completion, seen, _positions(seen)[:, -completion.shape[1] :], part)
            out = torch.cat([out, run.last_hidden_state], 1)
        real = batch.completion_mask[rows, :length].bool()
        hidden.append(out[real])
        labels.append(batch.completions[rows, :length][real])
        rows_of.append((rows, real))

    head = model.get_output_embeddings()
    logps, entropies, *_ = ChunkedLogProbFunction.apply(
        torch.cat(hidden), head.weight, head.bias, torch.cat(labels), temperature, CHUNK, None, 1.0,
        ("log_probs", "entropy"),
    )  # fmt: skip
    places = [(rows[:, None] * total + torch.arange(real.shape[1], device=rows.device))[real] for rows, real in rows_of]
    index = torch.cat(places)
    shape = batch.completions.shape
    empty = logps.new_zeros(shape.numel())
    return empty.index_copy(0, index, logps).view(shape), empty.index_copy(0, index, entropies).view(shape)


def _run(model: Any, ids: Tensor, mask: Tensor, positions: Tensor, cache: DynamicCache) -> Any:
    return model.base_model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
    )


def _positions(mask: Tensor) -> Tensor:
    return (mask.cumsum(1) - 1).clamp(min=0)
