"""The engine that is always here: our own decoding loop over the loaded transformers model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.generation.completion import Completion
from ewm.generation.decode import Request, Sampling, decode
from ewm.models import Model


def complete_ids(
    model: Model,
    prompts: Sequence[Sequence[int]],
    cfg: GenerationConfig,
    engine: EngineConfig,
    seed: int,
    advance: Callable[[int], None],
    read: Callable[[str, int, bool], Completion],
) -> list[list[Completion]]:
    """Batches of similar length, longest first. Greedy completions of one prompt are made once and repeated."""
    sampling = Sampling(cfg.temperature, cfg.top_p, cfg.top_k, seed)
    each = cfg.n if cfg.temperature > 0 else 1
    met: Counter[tuple[int, ...]] = Counter()
    requests = []
    for prompt in prompts:
        ids = tuple(prompt)
        requests += [Request(ids, met[ids] * each + k) for k in range(each)]
        met[ids] += 1

    tokenizer = model.tokenizer
    known = tokenizer.get_vocab()
    stop = sorted({known[name] for name in (tokenizer.eos_token, "<|im_end|>", "<|endoftext|>") if name in known})
    room = [min(cfg.max_new_tokens, model.cfg.max_length - len(r.ids)) for r in requests]
    out: list[Completion] = [Completion("", 0, True)] * len(requests)  # a prompt that leaves no room is cut at once
    order = sorted((i for i in range(len(requests)) if room[i] > 0), key=lambda i: -len(requests[i].ids))
    with model.active() as module:
        for start in range(0, len(order), engine.batch_size):
            batch = order[start : start + engine.batch_size]
            limit = max(room[i] for i in batch)
            made = decode(
                module, [requests[i] for i in batch], limit, stop, tokenizer.pad_token_id, len(tokenizer), sampling
            )
            for i, (new, ended) in zip(batch, made, strict=True):
                kept = new[: room[i]]
                text = str(tokenizer.decode(kept, skip_special_tokens=False))
                out[i] = read(text, len(kept), not ended or len(kept) < len(new))
            advance(len(batch) * (cfg.n // each))
    return [out[i * each : (i + 1) * each] * (cfg.n // each) for i in range(len(prompts))]
