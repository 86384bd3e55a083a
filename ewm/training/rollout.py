"""Where completions come from during training.

On the hf engine, with a plain LoRA adapter: ewm.generation's decoding loop on a copy of the base model into which the
adapter is merged afresh before every rollout (the trained weights are never touched: merging and unmerging would leave
rounding behind). Everything else (vLLM, DoRA, quantised weights) is left to TRL: `choose` gives None. Which completions
come out depends on weights, prompts and seed only.
"""

from __future__ import annotations

import copy
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from ewm.config import ConfigError
from ewm.config.schema import EngineConfig, GrpoConfig
from ewm.generation.decode import Request, Sampling, decode

if TYPE_CHECKING:
    from ewm.models import Model

log = logging.getLogger(__name__)

Rollout = Callable[[list[list[int]], int], list[list[int]]]  # prompt ids, seed -> completion ids, end mark included


@dataclass
class Sampler:
    """Completions of `merged`, into which the adapter of `peft_model` goes afresh; None: it is the trained model."""

    peft_model: Any | None
    merged: Any
    limit: int
    stop: int
    pad: int
    vocabulary: int
    sampling: Sampling
    batch_size: int

    def __call__(self, prompt_ids: list[list[int]], seed: int) -> list[list[int]]:
        self.merge()
        seen: Counter[tuple[int, ...]] = Counter()
        requests = []
        for ids in map(tuple, prompt_ids):
            requests.append(Request(ids, seen[ids]))
            seen[ids] += 1
        sampling = Sampling(self.sampling.temperature, self.sampling.top_p, self.sampling.top_k, seed)
        out: list[list[int]] = []
        for start in range(0, len(requests), self.batch_size):
            batch = requests[start : start + self.batch_size]
            made = decode(self.merged, batch, self.limit, [self.stop], self.pad, self.vocabulary, sampling)
            out += [[*ids, self.stop] if stopped else ids for ids, stopped in made]
        return out

    @torch.no_grad()
    def merge(self) -> None:
        """Weights of the copy := base + scale * B A, layer by layer."""
        if self.peft_model is None:
            return
        for name, layer in _adapted(self.peft_model.get_base_model()):
            weight = layer.get_base_layer().weight
            delta = layer.get_delta_weight(layer.active_adapters[0])
            self.merged.get_submodule(name).weight.copy_(weight + delta.to(weight.dtype))


def choose(model: Model, cfg: GrpoConfig, engine: EngineConfig | None) -> Rollout | None:
    """The rollout for this model and engine; None leaves generation to TRL."""
    special = set(cfg.extra) & {"generation_kwargs", "min_p", "repetition_penalty", "cache_implementation"}
    stop = ends(model)
    if (engine is not None and engine.name != "hf") or special or len(stop) != 1 or not _mergeable(model.model):
        return None
    return _sampler(model, cfg, engine, merging=True)


def sampler(model: Model, cfg: GrpoConfig, engine: EngineConfig | None) -> Sampler:
    """GRPO's own rollout where this model has one, else the same loop over the trained model itself, which the caller
    puts into eval mode."""
    return _sampler(model, cfg, engine, merging=_mergeable(model.model))


def settled(model: Model, cfg: GrpoConfig, examples: Sequence[Any], record: Any) -> GrpoConfig:
    """With the length of a completion, from the data where none is given; said in the log and the record."""
    if cfg.max_completion_length is not None:
        return cfg
    most = longest(model, examples)
    log.info("grpo.max_completion_length=%d, from the longest true answer", most)
    record.note(max_completion_length=most)
    return replace(cfg, max_completion_length=most)


def _sampler(model: Model, cfg: GrpoConfig, engine: EngineConfig | None, merging: bool) -> Sampler:
    assert cfg.max_completion_length is not None, "see settled"
    base = model.model.get_base_model() if merging else model.model
    return Sampler(
        peft_model=model.model if merging else None,
        merged=_plain_copy(base) if merging else base,
        limit=cfg.max_completion_length,
        stop=ends(model)[0] if merging else model.tokenizer.eos_token_id,
        pad=model.tokenizer.pad_token_id,
        vocabulary=min(len(model.tokenizer), base.config.vocab_size),
        sampling=Sampling(cfg.temperature, cfg.top_p, cfg.top_k),
        batch_size=engine.batch_size if engine is not None else 64,
    )


def longest(model: Model, examples: Sequence[Any]) -> int:
    """Tokens that a completion may have: the longest true one's, end mark included, and an eighth more, in eights;
    ConfigError if that one does not fit the context beside its prompt."""
    prompts = [len(model.encode(example.messages)) for example in examples]
    answers = [
        len(model.encode(example.messages, example.target)) - prompt
        for example, prompt in zip(examples, prompts, strict=True)
    ]
    most, room = max(answers), model.cfg.max_length - max(prompts)
    if most > room:
        raise ConfigError(
            f"grpo.max_completion_length=null: the longest true answer has {most} tokens, and beside the longest "
            f"prompt model.max_length={model.cfg.max_length} leaves {room}. Possible: a smaller data.max_target_tokens."
        )
    return min(room, -(-(most + most // 8) // 8) * 8)


def decoder(model: Model) -> Callable[[list[int]], str]:
    """Completion ids to text, as in an evaluation: a special token inside an answer is seen, and makes it wrong."""
    return lambda ids: str(model.tokenizer.decode(ids, skip_special_tokens=False))


def asked(model: Model, rollout: Rollout | None) -> Callable[[], Model]:
    """Gives the model as it stands, for ewm.generation: the rollout's merged copy, where there is one."""
    if not isinstance(rollout, Sampler):
        return lambda: model
    plain = copy.copy(model)
    plain.model, plain.adapter = rollout.merged, None

    def fresh() -> Model:
        rollout.merge()
        return plain

    return fresh


def ends(model: Model) -> list[int]:
    """Every id that ends a completion, the tokenizer's and the model's own."""
    declared = model.model.generation_config.eos_token_id
    listed = declared if isinstance(declared, list) else [declared]
    return sorted({i for i in (*listed, model.tokenizer.eos_token_id) if i is not None})


def _mergeable(module: Any) -> bool:
    """One plain LoRA adapter on plain linear layers."""
    configs = list(getattr(module, "peft_config", {}).values())
    if len(configs) != 1 or getattr(configs[0], "use_dora", True) or configs[0].modules_to_save:
        return False
    layers = [layer for _, layer in _adapted(module.get_base_model())]
    plain = (type(layer.get_base_layer()) is torch.nn.Linear and not any(layer.lora_bias.values()) for layer in layers)
    return bool(layers) and all(plain)


def _adapted(base: Any) -> list[tuple[str, Any]]:
    from peft.tuners.lora import LoraLayer

    return [(name, module) for name, module in base.named_modules() if isinstance(module, LoraLayer)]


def _plain_copy(base: Any) -> Any:
    """The base model without adapters: adapted layers as copies, everything else shared."""
    known: dict[int, Any] = {id(parameter): parameter for parameter in base.parameters()}
    for _, layer in _adapted(base):
        known[id(layer)] = copy.deepcopy(layer.get_base_layer())
    plain = copy.deepcopy(base, known).eval().requires_grad_(False)
    plain.__dict__.pop("peft_config", None)  # PEFT marks the model that it has adapted
    return plain
