"""Decoding against transformers' own generate; sampling streams; limits; the other engines' requests."""

import json
import sys
import threading
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType, SimpleNamespace

import pytest
import torch

from ewm import models
from ewm.config import ConfigError
from ewm.config.schema import EngineConfig, GenerationConfig, HardwareConfig, LoraConfig, ModelConfig
from ewm.generation import Completion, extend, generate
from ewm.generation.decode import Sampling, sample

ARCHITECTURE = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 16, "initializer_range": 0.6,
}  # fmt: skip
PROMPTS = [[{"role": "user", "content": "x = 1\n" * n}] for n in (1, 5, 2, 9, 1, 3)]
GREEDY = GenerationConfig(max_new_tokens=12)
SAMPLED = GenerationConfig(name="sample", temperature=1.0, n=3, max_new_tokens=10)


@pytest.fixture(scope="module")
def model():
    cfg = ModelConfig(
        name="nano_scratch", init="scratch", architecture=ARCHITECTURE, prompt_style="short", dtype="float32"
    )
    return models.load(cfg, None, HardwareConfig(device="cpu"))


def expected(model, prompt, limit) -> str:
    """transformers' own greedy decoding of one prompt."""
    ids = torch.tensor([model.encode(prompt)])
    out = model.model.generate(ids, max_new_tokens=limit, do_sample=False, eos_token_id=None)[0, ids.shape[1] :]
    return model.tokenizer.decode(out)


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_greedy_is_what_transformers_gives(model, batch_size):
    got = generate(model, PROMPTS, GREEDY, EngineConfig(batch_size=batch_size))
    assert [c[0].text for c in got] == [expected(model, p, 12) for p in PROMPTS]
    assert all(c[0].cut and c[0].tokens == 12 for c in got)


def test_a_row_that_stops_leaves_the_others_alone(model, monkeypatch):
    whole = [model.tokenizer(expected(model, p, 12))["input_ids"] for p in PROMPTS]
    end = Counter(ids[4] for ids in whole).most_common(1)[0][0]
    monkeypatch.setattr(type(model.tokenizer), "eos_token", model.tokenizer.convert_ids_to_tokens(end), raising=False)
    got = generate(model, PROMPTS, GREEDY, EngineConfig())
    for completion, prompt in zip(got, PROMPTS, strict=True):
        text = expected(model, prompt, 12)
        ids = model.model.generate(
            torch.tensor([model.encode(prompt)]), max_new_tokens=12, do_sample=False, eos_token_id=None
        )
        ids = ids[0, len(model.encode(prompt)) :].tolist()
        if end in ids:
            assert (completion[0].tokens, completion[0].cut) == (ids.index(end), False)
        else:
            assert (completion[0].text, completion[0].cut) == (text, True)


def test_greedy_repeats(model):
    got = generate(model, PROMPTS[:1], replace(GREEDY, n=3), EngineConfig())
    assert len(got[0]) == 3 and len(set(got[0])) == 1


def test_a_prefix_goes_on_where_its_chat_would(model):
    opening = model.open_turn()
    chat = model.tokenizer.decode(model.encode(PROMPTS[0]))
    assert opening == "<|im_start|>user\n" and chat.startswith(opening)
    assert extend(model, [chat], GREEDY, EngineConfig()) == generate(model, PROMPTS[:1], GREEDY, EngineConfig())
    two = extend(model, [opening] * 2, replace(SAMPLED, n=1), EngineConfig(), seed=1)
    assert two[0] != two[1] and two == extend(
        model, [opening] * 2, replace(SAMPLED, n=1), EngineConfig(batch_size=1), 1
    )
    assert "Be brief." in model.open_turn("Be brief.") and model.open_turn("Be brief.").endswith(opening)
    with pytest.raises(ConfigError, match="engine=openai takes whole messages"):
        extend(model, [opening], GREEDY, EngineConfig(name="openai", base_url="http://x"))


def test_samples_depend_on_seed_prompt_and_number_only(model):
    got = generate(model, PROMPTS, SAMPLED, EngineConfig(), seed=1)
    assert got == generate(model, PROMPTS, SAMPLED, EngineConfig(batch_size=2), seed=1)
    assert got[3] == generate(model, PROMPTS[3:4], SAMPLED, EngineConfig(), seed=1)[0]
    assert got != generate(model, PROMPTS, SAMPLED, EngineConfig(), seed=2)
    same = {c.text for i in (0, 4) for c in got[i]}  # prompts 0 and 4 are equal: six different completions all the same
    assert len(same) == 6


@pytest.mark.parametrize(
    "sampling, allowed",
    [
        (Sampling(1.0), {0, 1, 2, 3}),
        (Sampling(1.0, top_k=2), {0, 1}),
        (Sampling(1.0, top_p=0.6), {0, 1}),
        (Sampling(0.01), {0}),
    ],
)
def test_sample_keeps_what_it_should(sampling, allowed):
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log().repeat(1000, 1)
    noise = torch.arange(1000, dtype=torch.float64) / 1000
    counts = Counter(sample(scores, noise, sampling).tolist())
    assert set(counts) == allowed
    if sampling == Sampling(1.0):
        assert [counts[i] for i in range(4)] == pytest.approx([500, 300, 150, 50], abs=2)


def test_the_context_cuts(model):
    short = replace(model, cfg=replace(model.cfg, max_length=30))
    lengths = [len(model.encode(p)) for p in PROMPTS]
    got = generate(short, PROMPTS, GREEDY, EngineConfig())
    assert [c[0].tokens for c in got] == [max(0, min(12, 30 - n)) for n in lengths] and all(c[0].cut for c in got)


def test_base_and_adapter_answer_differently(model):
    adapted = models.load(model.cfg, LoraConfig(r=4), HardwareConfig(device="cpu"))
    with torch.no_grad():
        for name, parameter in adapted.model.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    base = generate(model, PROMPTS, GREEDY, EngineConfig())
    assert generate(adapted.without_adapter(), PROMPTS, GREEDY, EngineConfig()) == base
    assert generate(adapted, PROMPTS, GREEDY, EngineConfig()) != base


@pytest.mark.parametrize(
    "text, thinks, answer, thinking",
    [
        ("L1\nend", False, "L1\nend", ""),
        ("hm\n</think>\n\nL1", True, "L1", "hm"),
        ("<think>\nhm\n</think>\n\nL1", False, "L1", "hm"),
        ("hm, L1", True, "", "hm, L1"),
        ("<think>hm, L1", False, "", "<think>hm, L1"),
        ("L1 i='</think>'\nend", False, "L1 i='</think>'\nend", ""),
        ("Is it '</think>'?\n</think>\n\nL1 i='</think>'\nend", True, "L1 i='</think>'\nend", "Is it '</think>'?"),
    ],
)
def test_thinking_is_not_the_answer(text, thinks, answer, thinking):
    assert Completion.of(text, 5, False, thinks) == Completion(answer, 5, False, thinking)


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][0]["content"].upper()
        choices = [
            {"message": {"content": f"{text}{k}"}, "finish_reason": "length" if k else "stop"} for k in range(body["n"])
        ]
        data = json.dumps({"choices": choices}).encode()
        self.send_response(200 if body["model"] != "none" else 404)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def url():
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_openai_server(model, url):
    prompts = [[{"role": "user", "content": c}] for c in "abc"]
    got = generate(model, prompts, SAMPLED, EngineConfig(name="openai", base_url=url))
    assert [[c.text for c in row] for row in got] == [[f"{p}{k}" for k in range(3)] for p in "ABC"]
    assert [c.cut for c in got[0]] == [False, True, True]


@pytest.mark.parametrize(
    "engine, words",
    [
        (EngineConfig(name="openai"), "wants engine.base_url"),
        (EngineConfig(name="openai", base_url="http://127.0.0.1:9/v1"), "cannot be reached"),
        (EngineConfig(name="openai", base_url="file:///etc"), "http://"),
        (EngineConfig(name="vlm"), "Possible: hf, vllm"),
    ],
)
def test_engines_that_are_not_there(model, engine, words):
    with pytest.raises(ConfigError, match=words):
        generate(model, PROMPTS, GREEDY, engine)


def test_vllm_that_is_not_installed(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigError, match="vllm is not installed"):
        generate(model, PROMPTS, GREEDY, EngineConfig(name="vllm"))


def test_what_vllm_is_asked(model, monkeypatch):
    asked = {}

    class LLM:
        def __init__(self, **options):
            asked.update(options)

        def generate(self, prompts, params, lora_request):
            asked.update(prompts=prompts, params=params, lora=lora_request)
            output = SimpleNamespace(
                token_ids=[*model.tokenizer("end")["input_ids"], model.tokenizer.eos_token_id], finish_reason="stop"
            )
            return [SimpleNamespace(outputs=[output] * p.n) for p in params]

    fake, lora = ModuleType("vllm"), ModuleType("vllm.lora.request")
    fake.LLM, fake.SamplingParams, lora.LoRARequest = LLM, SimpleNamespace, tuple
    for name, module in {"vllm": fake, "vllm.lora": ModuleType("vllm.lora"), "vllm.lora.request": lora}.items():
        monkeypatch.setitem(sys.modules, name, module)
    got = generate(model, PROMPTS, SAMPLED, EngineConfig(name="vllm"))
    assert got[0] == [Completion("end", 1, False)] * 3
    assert asked["prompts"][1] == {"prompt_token_ids": model.encode(PROMPTS[1])} and asked["lora"] is None
    assert len({p.seed for p in asked["params"]}) == len(PROMPTS)
