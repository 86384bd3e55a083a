"""What nano writes when only `<|im_start|>user` is given: the funnel of pre-query sampling, and what was kept.

python experiments/02-data/selfgen.py outputs/selfgen_nano.journal 1000

Goes on from the journal if it is there; the programs lie beside it as .jsonl, a file for `ewm.sources.Corpus`.
"""

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import ewm.models.nano
from ewm.config.schema import TraceConfig
from ewm.programs.corpora import write_jsonl
from ewm.sources.selfgen.draw import draw
from ewm.sources.selfgen.filters import Filters
from ewm.sources.selfgen.prompt import read_prompt
from ewm.tracing.runner import Runner

BATCH, TOKENS = 192, 200
SETTINGS = {"origin": "selfgen:nano", "seed": 0, "batch": BATCH, "max_new_tokens": TOKENS, "temperature": 1.0}


def main(journal: Path, n: int) -> None:
    torch.set_num_threads(1)
    folder = Path(ewm.models.nano.__file__).parent
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    ids = tokenizer("<|im_start|>user\n", add_special_tokens=False, return_tensors="pt").input_ids.repeat(BATCH, 1)
    sampling = {"do_sample": True, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_new_tokens": TOKENS}

    @torch.no_grad()
    def generate(batch: int) -> list[str]:
        """A turn that did not end gives no text: half a program is not what the model wrote."""
        torch.manual_seed(batch)
        mask = torch.ones_like(ids)
        made = model.generate(
            ids, attention_mask=mask, pad_token_id=tokenizer.pad_token_id, eos_token_id=end, **sampling
        )
        texts = [tokenizer.decode(row[ids.shape[1] :], skip_special_tokens=False) for row in made]
        return [text.split("<|im_end|>")[0] if "<|im_end|>" in text else "" for text in texts]

    start = time.monotonic()
    with Runner(TraceConfig(workers=1)) as runner:
        kept, counts = draw(generate, read_prompt, Filters(), runner, journal, SETTINGS, n)
        seconds = time.monotonic() - start
        traces = list(runner.trace_all(kept))
    for reason, number in counts.most_common():
        print(f"{number:6} {reason}")
    write_jsonl(journal.with_suffix(".jsonl"), kept)
    print(f"{seconds:.1f} s, {time.process_time():.1f} CPU s beside the tracer's; {len(kept)} kept")
    print(f"{len({p.family for p in kept})} families; {dict(Counter(trace.status for trace in traces))}")
    print(f"median lines {statistics.median(len(p.source.splitlines()) for p in kept)}, ", end="")
    print(f"median events {statistics.median(len(trace.events) for trace in traces)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
