import pytest

from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.evaluation import answers
from tests.evaluation.made import example


def test_chunks_do_not_depend_on_the_order_given():
    found = [example(n) for n in range(1, 8)]
    first = [[e.id for e in chunk] for chunk in answers.chunks(found, 3)]
    assert first == [[e.id for e in chunk] for chunk in answers.chunks(found[::-1], 3)]
    assert [len(chunk) for chunk in first] == [3, 3, 1]
    assert first[0][0] == "e7straighttrace"  # longest first


def test_torn_rows_are_skipped_and_the_next_row_is_whole(tmp_path):
    path = tmp_path / "deep" / "rows.jsonl"
    answers.append_rows(path, [{"n": 1}])
    with path.open("a") as file:
        file.write('{"n": 2')
    answers.append_rows(path, [{"n": 3}, {"n": 4}])
    assert [row["n"] for row in answers.read_rows(path)] == [1, 3, 4]
    assert list(answers.read_rows(tmp_path / "none")) == []


def test_every_served_model_has_its_own_answers(tmp_path):
    def file(**engine):
        return answers.cache_file(tmp_path, None, "w", GenerationConfig(), EngineConfig(**engine), 0)

    served = [{"base_url": "a"}, {"base_url": "b"}, {"base_url": "a", "model": "x"}, {"base_url": "a", "model": "y"}]
    assert len({file(name="openai", **one) for one in served}) == 4
    assert file(name="hf") == file(name="hf", model="x")  # not asked


def test_fingerprint_sees_the_base_through_an_adapter():
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    plain = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
    before = answers.fingerprint(plain)
    adapted = peft.get_peft_model(plain, peft.LoraConfig(target_modules=["0", "1"], r=2))
    assert answers.fingerprint(adapted) == before
    own = answers.fingerprint(adapted, adapter=True)
    with torch.no_grad():
        next(p for n, p in adapted.named_parameters() if "lora_B" in n).add_(1.0)
    assert answers.fingerprint(adapted, adapter=True) != own
    assert answers.fingerprint(adapted) == before
    with torch.no_grad():
        next(p for n, p in adapted.named_parameters() if "base_layer" in n).add_(1e-3)
    assert answers.fingerprint(adapted) != before
