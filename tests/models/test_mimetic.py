"""Wired weights: what the heads look at before any training, and that nothing else about the model changes."""

from dataclasses import replace

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from ewm import models
from ewm.config.schema import HardwareConfig, ModelConfig
from ewm.models.mimetic import wire

CPU = HardwareConfig(device="cpu")
SHAPE = {
    "hidden_size": 192, "intermediate_size": 64, "num_hidden_layers": 6, "num_attention_heads": 6, "num_key_value_heads": 3,
    "head_dim": 32, "max_position_embeddings": 256, "tie_word_embeddings": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def wired() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    model = Qwen3ForCausalLM._from_config(Qwen3Config(vocab_size=300, **SHAPE), attn_implementation="eager")
    wire(model)
    return model.eval()


def looked(model: Qwen3ForCausalLM, ids: list[int]) -> tuple[torch.Tensor, ...]:
    """Attention of every layer, [heads, to, from]."""
    with torch.no_grad():
        return tuple(a[0] for a in model(torch.tensor([ids]), output_attentions=True).attentions)


@pytest.mark.parametrize(("head", "back"), [(0, 1), (1, 2), (2, 1), (3, 3)])
def test_the_first_layer_looks_back_by_a_fixed_number_of_tokens(wired, head, back):
    ids = torch.randperm(300, generator=torch.Generator().manual_seed(1))[:80].tolist()
    strongest = looked(wired, ids)[0][head].argmax(-1)
    assert strongest[10:].tolist() == [n - back for n in range(10, 80)]


def test_a_name_before_an_equals_sign_finds_the_value_it_has(wired):
    equals, semicolon, right = 290, 291, 0
    generator = torch.Generator().manual_seed(2)
    for _ in range(40):
        names = torch.randperm(100, generator=generator)[:5].tolist()
        values = (torch.randperm(100, generator=generator)[:5] + 150).tolist()
        ids = [t for name, value in zip(names, values, strict=True) for t in (name, equals, value, semicolon)]
        asked = int(torch.randint(5, (), generator=generator))
        found = looked(wired, [*ids, names[asked], equals])[1][0, -1].argmax()
        right += int(found) == 4 * asked + 2
    assert right > 30  # by chance 2


def test_wired_weights_are_a_function_of_the_seed():
    cfg = ModelConfig(name="m", init="scratch", architecture=SHAPE, prompt_style="short", dtype="float32", mimetic=True)
    a, b, c = (models.load(cfg, None, CPU, seed=s).model.state_dict() for s in (1, 1, 2))
    plain = models.load(replace(cfg, mimetic=False), None, CPU, seed=1).model.state_dict()
    assert all(torch.equal(a[key], b[key]) for key in a)
    key = "model.embed_tokens.weight"
    assert not torch.equal(a[key], c[key]) and not torch.equal(a[key], plain[key])
    assert {k: v.shape for k, v in a.items()} == {k: v.shape for k, v in plain.items()}


def test_the_two_forms_of_a_word_begin_alike():
    cfg = ModelConfig(name="m", init="scratch", architecture=SHAPE, prompt_style="short", dtype="float32", mimetic=True)
    model = models.load(cfg, None, CPU)
    vocabulary, rows = model.tokenizer.get_vocab(), model.model.get_input_embeddings().weight.detach()
    own = rows - rows.mean(0)  # without the shared direction

    def alike(a: str, b: str) -> float:
        return torch.cosine_similarity(own[vocabulary[a]], own[vocabulary[b]], dim=0).item()

    assert min(alike(name, f" {name}") for name in ("x", "total", "size")) > 0.8
    assert max(alike("x", other) for other in ("y", " y", "total")) < 0.5
