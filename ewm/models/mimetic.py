"""Random weights that begin with the wiring of an induction head (after Trockman and Kolter, arXiv 2305.09828).

A trace asks for the value that a name got last: attention has to find the name by what it is, then read what follows.
From plain random weights that circuit forms late, all its parts being useless without the others, and Qwen3, which has
no biases, starts with nothing constant that a head could turn into "the token before". So:

    embeddings   strong, with one direction that all tokens share; a word with and without a blank before it alike
    layer 0      heads that look 1, 2, 1 and 3 tokens back, and write a code of what stands there
    two layers   heads that match such codes (behind `x=` the code of x, one or two tokens back) and copy what they find

Everything stays trainable and nothing knows a task: the rest of the weights and all names are random.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

EMBEDDING_STD = 0.1
SHARED = 1.0  # size of the shared direction, in sizes of an embedding
OTHER_FORM = 0.3  # how far the two forms of a word are apart
SHARPNESS = 1.4  # of the norms of queries and keys
NOISE = 0.01
WRITE, COPY = 0.45, 0.3  # sizes of the output matrices
FAST, SLOW = 0.3, 0.02  # radians a token: frequencies that tell neighbours apart; those that distance hardly turns
BACK = (1, 2, 1, 3)  # what the first four heads look back


@torch.no_grad()
def wire(model: Any, alike: Iterable[tuple[int, int]] = ()) -> None:
    """Rewrites embeddings and some attention heads of a fresh Qwen3ForCausalLM in place, by torch's generator.
    `alike`: (token, other form of the same word), whose embeddings begin nearly equal.

    It needs two key-value heads, each with two query heads, and three layers; the config check asks for them.
    """
    config, body = model.config, model.model
    width, size = config.hidden_size, config.head_dim
    groups = config.num_key_value_heads
    each = config.num_attention_heads // groups
    shared = _embeddings(body.embed_tokens.weight, alike)
    frequencies = body.rotary_emb.inv_freq.float()
    codes = [_rows(size, width, shared) for _ in range(2)]
    written = [_rows(size, width, shared) for _ in BACK]

    first = _Heads(body.layers[0].self_attn, size)
    fast = (frequencies > FAST).nonzero().flatten()
    key = torch.zeros(size)
    key[fast] = 1
    for group in range(2):
        first.k[group] = _noisy(key[:, None] * shared, 0.4)
        first.v[group] = codes[group]
    for n, back in enumerate(BACK):
        head, query = _head(n, each), torch.zeros(size)
        query[fast], query[fast + size // 2] = torch.cos(frequencies[fast] * back), -torch.sin(frequencies[fast] * back)
        first.q[head] = _noisy(query[:, None] * shared, 0.4)
        first.o[:, head] = written[n].T * WRITE

    slow = (frequencies < SLOW).float().repeat(2)[:, None]
    one_back, two_back, itself = slow * written[0], slow * written[1], slow * codes[0]
    for layer in (body.layers[1], body.layers[len(body.layers) // 2]):
        heads = _Heads(layer.self_attn, size)
        for group, wanted in enumerate((two_back, one_back)):
            heads.k[group] = _noisy(wanted)
            heads.v[group] = _rows(size, width, shared)
        for n, asked in enumerate((one_back, itself, itself, one_back)):
            heads.q[_head(n, each)] = _noisy(asked)
            heads.o[:, _head(n, each)] = heads.v[n // 2].T * COPY


class _Heads:
    """A layer's attention matrices by head: q, k, v [heads, size, width], o [width, heads, size]; norms set."""

    def __init__(self, attention: Any, size: int) -> None:
        width = attention.q_proj.in_features
        self.q, self.k, self.v = (
            p.weight.view(-1, size, width) for p in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        self.o = attention.o_proj.weight.view(width, -1, size)
        attention.q_norm.weight.fill_(SHARPNESS)
        attention.k_norm.weight.fill_(SHARPNESS)


def _head(n: int, each: int) -> int:
    """The n-th of the four wired heads: two in each of the first two groups."""
    return (n // 2) * each + n % 2


def _embeddings(embeddings: Tensor, alike: Iterable[tuple[int, int]]) -> Tensor:
    """Draws [tokens, width]; returns the unit vector [width] that all tokens share and otherwise avoid."""
    width = embeddings.shape[1]
    shared = torch.nn.functional.normalize(torch.randn(width), dim=0)
    embeddings.normal_(0, EMBEDDING_STD)
    embeddings -= (embeddings @ shared)[:, None] * shared
    for token, other in alike:
        embeddings[other] = (1 - OTHER_FORM**2) ** 0.5 * embeddings[token] + OTHER_FORM * embeddings[other]
    embeddings += shared * (EMBEDDING_STD * SHARED * width**0.5)
    return shared


def _rows(count: int, width: int, avoid: Tensor) -> Tensor:
    """[count, width] orthonormal rows, all at right angles to `avoid` [width]."""
    columns = torch.randn(width, count)
    columns -= avoid[:, None] * (avoid @ columns)
    return torch.linalg.qr(columns)[0].T.contiguous()


def _noisy(matrix: Tensor, share: float = 1.0) -> Tensor:
    return matrix + torch.randn_like(matrix) * NOISE * share
