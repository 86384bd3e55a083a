"""A step's loss, two ways with one signature: `loss(model, cell)` -> the weighted sum over the cell's targets.

`Fused` runs a Qwen3ForCausalLM's own parameters through a forward pass of its own: bfloat16 products, fp32 residual
stream, ragged attention, each layer one compiled function of one static shape. `plain` asks the model itself, row by
row, so it serves every architecture, adapter and device. Neither keeps any state of its own.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ewm.training import attention
from ewm.training.packing import Cell

WIDE, NARROW = torch.float32, torch.bfloat16


def can_fuse(model: Any) -> bool:
    """A whole fp32 Qwen3 on a CPU that has the instructions."""
    config = model.config
    return (
        type(model).__name__ == "Qwen3ForCausalLM"
        and model.device.type == "cpu"
        and model.dtype == WIDE
        and config.head_dim % 32 == 0
        and not config.attention_bias
        and not getattr(config, "use_sliding_window", False)
        and config.rope_parameters.get("rope_type", "default") == "default"
        and config.hidden_act == "silu"
        and attention.available()
    )


class Fused:
    """The loss of a Qwen3ForCausalLM; `compile` trades half a minute at the start for speed."""

    def __init__(self, model: Any, compile: bool) -> None:
        self.model = model
        positions = torch.arange(model.config.max_position_embeddings)[:, None]
        angles = positions * model.model.rotary_emb.inv_freq.float()
        self.cos, self.sin = angles.cos(), angles.sin()
        self._layer: Any = torch.compile(_layer, dynamic=False) if compile else _layer
        self._head: Any = torch.compile(_head, dynamic=False) if compile else _head

    def __call__(self, cell: Cell) -> Tensor:
        targets, weights = torch.from_numpy(cell.targets), torch.from_numpy(cell.weights)
        return self._head(*self._hidden(cell), targets, weights)

    def logits(self, cell: Cell) -> Tensor:
        """[size, vocabulary], fp32."""
        hidden, norm, embedding, eps = self._hidden(cell)
        return _logits(hidden, norm, embedding, eps)

    def _hidden(self, cell: Cell) -> tuple[Tensor, Tensor, Tensor, float]:
        body, eps = self.model.model, self.model.config.rms_norm_eps
        positions = torch.from_numpy(cell.positions)
        cos, sin, starts = self.cos[positions], self.sin[positions], torch.from_numpy(cell.starts)
        hidden = F.embedding(torch.from_numpy(cell.ids), body.embed_tokens.weight)
        for layer in body.layers:
            hidden = self._layer(hidden, *_weights(layer), cos, sin, starts, eps)
        return hidden, body.norm.weight, self.model.lm_head.weight, eps


def _weights(layer: Any) -> tuple[Tensor, ...]:
    a, m = layer.self_attn, layer.mlp
    modules = (
        layer.input_layernorm, a.q_proj, a.k_proj, a.v_proj, a.q_norm, a.k_norm, a.o_proj,
        layer.post_attention_layernorm, m.gate_proj, m.up_proj, m.down_proj,
    )  # fmt: skip
    return tuple(module.weight for module in modules)


def _norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    x = x.to(WIDE)
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def _rotated(x: Tensor, norm: Tensor, cos: Tensor, sin: Tensor, eps: float) -> Tensor:
    a, b = _norm(x, norm, eps).chunk(2, -1)
    cos, sin = cos[:, None], sin[:, None]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(NARROW)


def _layer(
    hidden: Tensor, norm: Tensor, wq: Tensor, wk: Tensor, wv: Tensor, q_norm: Tensor, k_norm: Tensor, wo: Tensor,
    mlp_norm: Tensor, gate: Tensor, up: Tensor, down: Tensor, cos: Tensor, sin: Tensor, starts: Tensor, eps: float,
) -> Tensor:  # fmt: skip
    n, size = len(hidden), len(q_norm)
    x = F.linear(_norm(hidden, norm, eps).to(NARROW), torch.cat([wq, wk, wv]).to(NARROW))
    q, k, v = x.split([len(wq), len(wk), len(wv)], -1)
    q = _rotated(q.reshape(n, -1, size), q_norm, cos, sin, eps)
    k = _rotated(k.reshape(n, -1, size), k_norm, cos, sin, eps)
    mixed, _ = attention.ragged(q, k, v.reshape(n, -1, size).contiguous(), starts)
    hidden = hidden + F.linear(mixed.reshape(n, -1), wo.to(NARROW))
    x = F.linear(_norm(hidden, mlp_norm, eps).to(NARROW), torch.cat([gate, up]).to(NARROW))
    g, u = x.chunk(2, -1)
    return hidden + F.linear((F.silu(g.to(WIDE)) * u.to(WIDE)).to(NARROW), down.to(NARROW))


def _logits(hidden: Tensor, norm: Tensor, embedding: Tensor, eps: float) -> Tensor:
    return F.linear(_norm(hidden, norm, eps).to(NARROW), embedding.to(NARROW)).to(WIDE)


def _head(hidden: Tensor, norm: Tensor, embedding: Tensor, eps: float, targets: Tensor, weights: Tensor) -> Tensor:
    losses = F.cross_entropy(_logits(hidden, norm, embedding, eps), targets, reduction="none")
    return (losses * weights).sum()


class Plain:
    """The loss of any causal model: sequences become right-padded rows."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, cell: Cell) -> Tensor:
        device = self.model.device
        spans = [(a, b) for a, b in zip(cell.starts[:-1], cell.starts[1:], strict=True) if b > a]
        longest = max(b - a for a, b in spans)
        rows = torch.zeros(4, len(spans), longest)
        for row, (a, b) in enumerate(spans):
            for n, part in enumerate((cell.ids, cell.targets, cell.weights)):
                rows[n, row, : b - a] = torch.from_numpy(part[a:b])
            rows[3, row, : b - a] = 1
        rows = rows.to(device)
        ids, targets, weights, mask = rows[0].long(), rows[1].long(), rows[2], rows[3].long()
        logits = self.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        losses = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
        return (losses * weights.flatten()).sum()
