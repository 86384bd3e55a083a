"""Small models with random weights: nano's architecture, and a Qwen3 with Qwen3's own chat template in a folder."""

from pathlib import Path

import pytest
import trl
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from ewm.config.schema import HardwareConfig, ModelConfig

TINY = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    "head_dim": 16, "max_position_embeddings": 2048, "tie_word_embeddings": True,
}  # fmt: skip
CPU = HardwareConfig(device="cpu")


@pytest.fixture(scope="session")
def nano_config() -> ModelConfig:
    return ModelConfig(name="nano_scratch", init="scratch", architecture=TINY, prompt_style="short", dtype="float32")


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory) -> Path:
    """A random Qwen3 with a byte-level tokenizer, saved as a hub model is."""
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        ["def f(n): return n"], trainers.BpeTrainer(vocab_size=280, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer.add_tokens(["<think>", "</think>"])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>")
    fast.add_special_tokens({"additional_special_tokens": special[1:]})
    fast.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text()
    folder = tmp_path_factory.mktemp("qwen")
    fast.save_pretrained(folder)
    Qwen3ForCausalLM(Qwen3Config(vocab_size=len(fast), **TINY)).save_pretrained(folder)
    return folder


@pytest.fixture
def hf_config(qwen_folder) -> ModelConfig:
    return ModelConfig(name="hf", path=str(qwen_folder), prompt_style="sentence", dtype="float32")
