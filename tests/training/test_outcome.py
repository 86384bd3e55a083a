"""What a training leaves behind."""

import json

from ewm import models
from ewm.config.schema import HardwareConfig, LoraConfig, ModelConfig
from ewm.training.outcome import keep

CPU = HardwareConfig(device="cpu")
TINY = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
    "head_dim": 16, "max_position_embeddings": 64, "tie_word_embeddings": True,
}  # fmt: skip


def test_a_kept_adapter_names_its_base_and_loads_on_it(tmp_path):
    cfg = ModelConfig(name="tiny", init="scratch", architecture=TINY, dtype="float32")
    folder = keep(models.load(cfg, LoraConfig(r=2), CPU), tmp_path)
    assert folder == tmp_path / "adapter"
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == "tiny"
    assert models.load(cfg, None, CPU).with_adapter(folder).adapter_path == str(folder)
    assert [p.name for p in tmp_path.iterdir()] == ["adapter"]
