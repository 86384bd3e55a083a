"""vLLM inside this process. Prompts go in as token ids, so that both engines read exactly the same prompt.

The engine reads the base model from its folder; weights that exist only in memory (init=scratch, an adapter not yet
saved) are written to a temporary folder first. Seeds make vLLM's sampling repeatable, not equal to engine=hf.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ewm.config import ConfigError
from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.generation.completion import Completion
from ewm.models import Model, weights

MEMORY_SHARE = 0.5  # of the GPU: the model that was loaded to train or to encode stays there too


def complete_ids(
    model: Model,
    prompts: Sequence[Sequence[int]],
    cfg: GenerationConfig,
    engine: EngineConfig,
    seed: int,
    advance: Callable[[int], None],
    read: Callable[[str, int, bool], Completion],
) -> list[list[Completion]]:
    """All prompts at once; vLLM schedules them itself."""
    try:
        from vllm import SamplingParams
        from vllm.lora.request import LoRARequest
    except ImportError:
        raise ConfigError(
            f'engine={engine.name}: vllm is not installed. pip install -e ".[gpu]", or engine=hf.'
        ) from None

    with tempfile.TemporaryDirectory() as scratch:
        adapter = _adapter_folder(model, Path(scratch))
        llm = _engine(_base_folder(model), model.cfg.dtype, model.cfg.max_length, _rank(model))
        params = [
            SamplingParams(
                n=cfg.n,
                temperature=cfg.temperature,
                top_p=cfg.top_p,
                top_k=cfg.top_k,
                max_tokens=max(1, min(cfg.max_new_tokens, model.cfg.max_length - len(prompt))),
                seed=_seed(seed, index, prompt),
                stop_token_ids=[model.tokenizer.eos_token_id],
                skip_special_tokens=False,
            )
            for index, prompt in enumerate(prompts)
        ]
        request = LoRARequest(str(adapter), _number(adapter), str(adapter)) if adapter else None
        answers = llm.generate([{"prompt_token_ids": list(prompt)} for prompt in prompts], params, lora_request=request)
    advance(len(prompts) * cfg.n)
    return [[_completion(model, output, read) for output in answer.outputs] for answer in answers]


def _completion(model: Model, output: Any, read: Callable[[str, int, bool], Completion]) -> Completion:
    ids = [i for i in output.token_ids if i != model.tokenizer.eos_token_id]
    return read(str(model.tokenizer.decode(ids)), len(ids), output.finish_reason == "length")


@lru_cache(maxsize=1)
def _engine(folder: str, dtype: str, max_length: int, rank: int) -> Any:
    from vllm import LLM

    lora = {"enable_lora": True, "max_lora_rank": rank} if rank else {}
    return LLM(model=folder, dtype=dtype, max_model_len=max_length, gpu_memory_utilization=MEMORY_SHARE, **lora)


_saved: dict[int, tempfile.TemporaryDirectory[str]] = {}  # base weights that had no folder, by module


def _base_folder(model: Model) -> str:
    if model.cfg.init != "scratch" and not model.cfg.gguf_file:
        return weights.locate(model.cfg)
    if model.has_adapter:
        raise ConfigError(
            f"engine=vllm cannot read the base weights of model={model.cfg.name} below an adapter. Use engine=hf."
        )
    if id(model.model) not in _saved:
        _saved[id(model.model)] = tempfile.TemporaryDirectory()
        model.save(_saved[id(model.model)].name)
    return _saved[id(model.model)].name


def _adapter_folder(model: Model, scratch: Path) -> Path | None:
    if not model.has_adapter or model.adapter is None:
        return None
    if model.adapter_path:
        return Path(model.adapter_path)
    model.save_adapter(scratch)
    return scratch


def _rank(model: Model) -> int:
    """The least rank that vLLM serves and that holds every adapter of this model; 0 without adapters."""
    if not model.has_adapter:
        return 0
    most = max(config.r for config in model.model.peft_config.values())
    return next((r for r in (8, 16, 32, 64, 128, 256, 320, 512) if r >= most), most)  # vllm.config.lora.MaxLoRARanks


def _number(adapter: Path) -> int:
    """vLLM keeps adapters by number: the number follows the contents."""
    content = (adapter / "adapter_model.safetensors").read_bytes()
    return int(hashlib.sha256(content).hexdigest()[:7], 16) + 1


def _seed(seed: int, index: int, prompt: Sequence[int]) -> int:
    return int(hashlib.sha256(repr((seed, index, prompt)).encode()).hexdigest()[:8], 16)
