"""Batched decoding of token ids with a transformers model: greedy or sampling, on CPU or CUDA.

A loop of our own: keys and values are written in place into one buffer, finished rows leave the batch, nothing is
copied or checked per token. A sampled completion depends on the seed, its prompt and its number, not on its batch.
It decodes ids; prompts and texts are the caller's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from ewm.config import ConfigError

GROUPED = "ewm_grouped_sdpa"


@dataclass(frozen=True)
class Request:
    """One completion to make. `number` tells apart several completions of the same prompt."""

    ids: tuple[int, ...]
    number: int = 0


@dataclass(frozen=True)
class Sampling:
    """temperature 0 is greedy; top_k 0 and top_p 1 keep every token."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0


@torch.inference_mode()
def decode(
    module: Any,
    requests: Sequence[Request],
    limit: int,
    stop: Sequence[int],
    pad: int,
    vocabulary: int,
    sampling: Sampling,
) -> list[tuple[list[int], bool]]:
    """(new ids without the stop mark, whether it stopped by itself) for each request: one batch, padded on the left."""
    _refuse_windows(module)
    device = module.device
    prompts = {ids: n for n, ids in enumerate(dict.fromkeys(r.ids for r in requests))}  # each runs once
    prompt_of = torch.tensor([prompts[r.ids] for r in requests], device=device)
    lengths = torch.tensor([len(ids) for ids in prompts], device=device)
    width = int(lengths.max())
    ids = torch.tensor([[pad] * (width - len(ids)) + list(ids) for ids in prompts], device=device)
    columns = torch.arange(width + limit, device=device)
    mask = (columns >= (width - lengths)[:, None])[
        :, None, None, :
    ]  # rows x 1 x 1 x columns, true where a key may be seen
    noise = _noise(requests, limit, sampling).to(device) if sampling.temperature > 0 else None
    stops = torch.tensor(list(stop), device=device)
    buffers = [Buffer(width + limit) for _ in range(module.config.get_text_config().num_hidden_layers)]
    cache = Cache(layers=[*buffers])

    rows = torch.arange(len(requests), device=device)  # which request each row of the batch is
    out = torch.full((len(requests), limit), pad, device=device)
    stopped_at = torch.full((len(requests),), limit, device=device)
    position = (torch.arange(width, device=device) - (width - lengths)[:, None]).clamp(min=0)
    causal = columns[:width, None] >= columns[None, :width]
    seen = mask[..., :width] & causal
    seen |= torch.eye(width, dtype=torch.bool, device=device)  # a padding row that sees nothing would be nan
    with grouped_attention(module):
        logits = module(
            input_ids=ids,
            attention_mask=seen,
            position_ids=position,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[prompt_of]
        lengths, mask = lengths[prompt_of], mask[prompt_of]
        for buffer in buffers:
            buffer.keep(prompt_of)
        for step in range(limit):
            scores = logits[:, -1, :vocabulary].float()
            token = scores.argmax(-1) if noise is None else sample(scores, noise[rows, step], sampling)
            done = torch.isin(token, stops)
            out[rows, step] = token
            if bool(done.any()):
                stopped_at[rows[done]] = step
                keep = (~done).nonzero()[:, 0]
                if not len(keep):
                    break
                rows, token, mask = rows[keep], token[keep], mask[keep]
                for buffer in buffers:
                    buffer.keep(keep)
            if step == limit - 1:
                break
            logits = module(
                input_ids=token[:, None],
                attention_mask=mask[..., : width + step + 1],
                position_ids=(lengths[rows] + step)[:, None],
                past_key_values=cache,
                use_cache=True,
            ).logits
    return [(row[:n], n < limit) for row, n in zip(out.tolist(), stopped_at.tolist(), strict=True)]


def _refuse_windows(module: Any) -> None:
    """Our mask shows every earlier token, so layers of another kind would be wrong without a word."""
    kinds = set(getattr(module.config.get_text_config(), "layer_types", None) or ()) - {"full_attention"}
    if kinds:
        raise ConfigError(
            f"engine=hf decodes full attention only; this model has {', '.join(sorted(kinds))}. Use engine=vllm."
        )


def sample(scores: torch.Tensor, noise: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """One token a row by inverting the distribution at `noise` in [0, 1)."""
    scores = scores / sampling.temperature
    if 0 < sampling.top_k < scores.shape[-1]:
        least = scores.topk(sampling.top_k).values[:, -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    if sampling.top_p < 1:
        ordered, order = scores.softmax(-1).sort(descending=True)
        outside = ordered.cumsum(-1) - ordered >= sampling.top_p  # the token that crosses top_p stays
        scores = scores.masked_fill(outside.scatter(-1, order, outside), -torch.inf)
    total = scores.double().softmax(-1).cumsum(-1)
    return torch.searchsorted(total, noise[:, None] * total[:, -1:], right=True)[:, 0].clamp(max=scores.shape[-1] - 1)


class Buffer(CacheLayerMixin):
    """Keys and values of one layer in a buffer of full length; a step writes its column and returns views."""

    is_sliding = False
    is_compileable = False

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity
        self.length = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        rows, heads, _, size = key_states.shape
        self.keys = key_states.new_empty(rows, heads, self.capacity, size)
        self.values = value_states.new_empty(rows, heads, self.capacity, value_states.shape[-1])
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.length = self.length, self.length + key_states.shape[-2]
        self.keys[:, :, start : self.length] = key_states
        self.values[:, :, start : self.length] = value_states
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def keep(self, rows: torch.Tensor) -> None:
        """Only these rows go on."""
        self.keys, self.values = self._picked(self.keys, rows), self._picked(self.values, rows)

    def _picked(self, old: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """These rows of a buffer; what is not written yet is not copied."""
        new = old.new_empty(len(rows), *old.shape[1:])
        torch.index_select(old[:, :, : self.length], 0, rows, out=new[:, :, : self.length])
        return new

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.length + query_length, 0

    def get_seq_length(self) -> int:
        return self.length

    def get_max_length(self) -> int:
        return -1


class grouped_attention:
    """Inside, a single query token attends without repeating keys and values for its group of heads."""

    def __init__(self, module: Any) -> None:
        self.config = module.config.get_text_config()

    def __enter__(self) -> None:
        self.before = self.config._attn_implementation
        if self.before == "sdpa":
            self.config._attn_implementation_internal = GROUPED

    def __exit__(self, *error: object) -> None:
        self.config._attn_implementation_internal = self.before


def _grouped_sdpa(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    rows, heads, tokens, size = query.shape
    if tokens != 1 or attention_mask is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    grouped = query.view(rows, key.shape[1], heads // key.shape[1], size)
    out = torch.nn.functional.scaled_dot_product_attention(
        grouped, key, value, attn_mask=attention_mask, scale=kwargs.get("scaling")
    )
    return out.reshape(rows, 1, heads, out.shape[-1]), None


ALL_ATTENTION_FUNCTIONS.register(GROUPED, _grouped_sdpa)


def _noise(requests: Sequence[Request], limit: int, sampling: Sampling) -> torch.Tensor:
    """Uniform numbers, requests x limit: a stream of its own for each (seed, prompt, number)."""
    rows = []
    for request in requests:
        key = hashlib.sha256(repr((sampling.seed, request.number, request.ids)).encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(key[:8], "big") >> 1)
        rows.append(torch.rand(limit, generator=generator, dtype=torch.float64))
    return torch.stack(rows)
