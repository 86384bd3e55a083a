"""An OpenAI-compatible server (vLLM's, llama.cpp's, a hosted one): POST {engine.base_url}/chat/completions.

Only the standard library. `engine.model` names the model on the server (default: `model.path`); OPENAI_API_KEY is sent
if it is set. The server applies its own chat template. It serves one model a run: base and adapter under two names are
two runs.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ewm.config import ConfigError
from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.generation.completion import Completion
from ewm.models import Model

TIMEOUT_S = 600.0


def complete(
    model: Model,
    prompts: Sequence[Sequence[Mapping[str, str]]],
    cfg: GenerationConfig,
    engine: EngineConfig,
    seed: int,
    advance: Callable[[int], None],
) -> list[list[Completion]]:
    """One request a prompt, `engine.batch_size` at a time."""
    if not engine.base_url:
        raise ConfigError(f"engine={engine.name} wants engine.base_url, say http://localhost:8000/v1.")
    if model.adapter is not None and model.has_adapter:
        raise ConfigError(
            f"engine={engine.name}: the server does not have the adapter that is loaded here. Possible: engine=hf, or "
            f"no adapter and its name on the server, engine.model=NAME."
        )

    def one(messages: Sequence[Mapping[str, str]]) -> list[Completion]:
        answer = _post(engine, _body(model, messages, cfg, engine, seed))
        advance(cfg.n)
        return [_completion(model, choice) for choice in answer["choices"]]

    with ThreadPoolExecutor(max_workers=engine.batch_size) as pool:
        return list(pool.map(one, prompts))


def _body(
    model: Model, messages: Sequence[Mapping[str, str]], cfg: GenerationConfig, engine: EngineConfig, seed: int
) -> dict[str, object]:
    body: dict[str, object] = {
        "model": engine.model or model.cfg.path or model.cfg.name,
        "messages": [dict(m) for m in messages],
        "n": cfg.n,
        "temperature": cfg.temperature,
        "top_p": cfg.top_p,
        "max_tokens": cfg.max_new_tokens,
        "seed": seed,
    }
    return {**body, "top_k": cfg.top_k} if cfg.top_k else body  # top_k is not OpenAI's own


def _post(engine: EngineConfig, body: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    url = f"{str(engine.base_url).rstrip('/')}/chat/completions"
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"engine.base_url={engine.base_url}: wants http:// or https://.")
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENAI_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        detail = error.read(500).decode(errors="replace")
        raise ConfigError(
            f"engine.base_url={engine.base_url}: the server answered HTTP {error.code}: {detail}"
        ) from None
    except OSError as error:
        raise ConfigError(f"engine.base_url={engine.base_url}: the server cannot be reached ({error}).") from None


def _completion(model: Model, choice: dict[str, object]) -> Completion:
    message = choice["message"]
    assert isinstance(message, dict)
    text, thoughts = str(message.get("content") or ""), str(message.get("reasoning_content") or "")
    tokens, cut = model.count_tokens(thoughts + text), choice.get("finish_reason") == "length"
    return Completion(text, tokens, cut, thoughts) if thoughts else Completion.of(text, tokens, cut, False)
