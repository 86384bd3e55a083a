"""Mistakes on a command line, each with the one sentence that it must be answered with."""

import re
import shlex
from pathlib import Path

import pytest

from ewm.config import library, preflight
from ewm.config.preflight import problems

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = [c for c in re.findall(r"python ((?:train|evaluate)\.py.*?)(?:`|\s\s|\n|$)", README) if "<" not in c]

ZERO = ["reward.terms.path.weight=0", "reward.terms.state.weight=0", "reward.terms.result.weight=0"]


@pytest.mark.parametrize(
    "overrides, said",
    [
        (["lora.rnk=32"], "lora.rnk: no such key. Did you mean lora.r?"),
        (["+lora.foo=1"], "lora.foo: no such key."),
        (["lora.alpha=1"], "lora.alpha: no such key. Did you mean lora.lora_alpha?"),
        (["grpo.lr=1"], "grpo.lr: no such key. Did you mean grpo.learning_rate?"),
        (["loar=none"], "loar: no such key. Did you mean lora?"),
        (["reward=strct"], "reward=strct: no such option. Did you mean strict? Options: "),
        (["benchmark=[heldout,elora5]"], "benchmark=elora5: no such option. Did you mean ellora5? Options: "),
        (["lora.r=abc"], "lora.r=abc: wants a whole number."),
        (["sft.max_minutes=soon"], "sft.max_minutes=soon: wants a number or null."),
        (["lora.r=-1"], "lora.r=-1: must be at least 1."),
        (["grpo.top_p=1.5"], "grpo.top_p=1.5: must be above 0 and at most 1."),
        (["lora.r=[1"], "lora.r=[1: cannot be read"),
        (["model.path=/nonexistent"], "model.path=/nonexistent: no such folder. Give a folder with config.json, or a hub"),
        (["model=hf"], "model.path is empty: model=hf wants model.path=<folder or hub id>."),
        (
            ["grpo.num_generations=7", "grpo.per_device_train_batch_size=8"],
            "grpo.num_generations=7 does not divide the generation batch of 8 completions. Possible here: 2, 4, 8.",
        ),
        (["grpo.num_iterations=4", "grpo.save_steps=6"], "grpo.save_steps=6 falls inside a generation cycle of 4 steps"),
        (["grpo.loss_type=foo"], "grpo.loss_type=foo: no such choice. Possible: dapo, grpo, dr_grpo, bnpo"),
        (["grpo.loss_type=luspo"], "grpo.loss_type=luspo wants grpo.importance_sampling_level=sequence."),
        (ZERO, "reward.terms: the weights sum to 0 (reward.terms.path.weight=0 "),
        (["data.sources.reserved.weight=0", "data.sources.known.weight=0"], "data.sources: the weights sum to 0"),
        (["task=mixed", "task.mix.trace=0", "task.mix.output=0"], "task.mix={'trace': 0.0, 'output': 0.0}: the weights"),
        (["reward.terms.pth.weight=2"], "there is no reward.terms.pth. Did you mean reward.terms.path?"),
        (["+reward.terms.path.foo=2"], "reward.terms.path.foo: ewm.rewards.terms.path takes no such key."),
        (["+data.sources.reserved.level=a"], "data.sources.reserved.level: ewm.sources.Grammar takes no such key. Did you mean levels?"),
        (["+benchmarks.heldout.nn=1"], "benchmarks.heldout.nn: ewm.data.benchmarks.heldout takes no such key. Did you mean n?"),
        (["benchmarks.heldout.nn=1"], "benchmarks.heldout.nn: no such entry. Did you mean benchmarks.heldout.n?"),
        (["+reward.terms.x={_target_: os.system}"], "reward.terms.x._target_=os.system: only names below ewm. are built."),
        (["+reward.terms.x={_target_: ewm.rewards.terms.pth}"], "ewm.rewards.terms has no such function. Did you mean path?"),
        (["+reward.terms.x={_target_: ewm.launching.sys.exit}"], "cannot import ewm.launching.sys"),
        (["+data/source@data.sources.new=gramar"], "data/source=gramar: no such option. Did you mean grammar? Options: co"),
        (["+data/sorce@data.sources.new=grammar"], "data/sorce: no such key. Did you mean data.sources?"),
        (["+data/source@data.sources.own=corpus"], "data.sources.own.path is missing. Give it: data.sources.own.path=..."),
        (["plugins=[os]"], "plugins: only a config file can list them"),
        (["+grpo.extra.bet=1"], "grpo.extra.bet: TRL's GRPOConfig has no such key. Did you mean beta?"),
        (["+grpo.extra.beta=1"], "grpo.extra.beta: has a key of its own, grpo.beta."),
        (["+lora.extra.alpha_patern={}"], "PEFT's LoraConfig has no such key. Did you mean alpha_pattern?"),
        (["reward=strict,gated"], "reward=strict,gated: several values are a sweep, which wants -m"),
        (["sft=none", "grpo.enabled=false"], "Nothing to train: sft=none and grpo.enabled=false."),
        (["grpo.max_completion_length=4000"], "do not fit model.max_length="),
        (["engine=openai"], "engine=openai wants engine.base_url"),
        (["hydra.foo=1"], "hydra.foo=1: "),
        (["sft=null"], "sft=null: leave it out"),
        (["grpo.learning_rate=inf"], "grpo.learning_rate=inf: wants a finite number."),
        (["generation.temperature=inf"], "generation.temperature=inf: wants a finite number."),
        (["grpo.lr_scheduler_type=greedy"], "grpo.lr_scheduler_type=greedy: no such choice."),
        (["grpo.lr_scheduler_type=cosine_with_min_lr"], "cosine_with_min_lr: wants min_lr or min_lr_rate, say +grpo.extra.lr_scheduler_kwargs.min_lr_rate=0.1."),
        (["grpo.lr_scheduler_type=warmup_stable_decay"], "wants num_decay_steps, say +grpo.extra.lr_scheduler_kwargs.num_decay_steps=10."),
        (["+grpo.extra.reward_weights=[1,2]"], "grpo.extra.reward_weights: not set here. It follows from reward.terms.NAME.weight."),
        (["+grpo.extra.generation_batch_size=10"], "grpo.extra.generation_batch_size: not set here."),
        (["benchmarks.heldout.levels=[]"], "benchmarks.heldout.levels=[]: there would be no item."),
        (["benchmark=[heldout,ellora5]", "+benchmarks.ellora5.kinds=[]"], "benchmarks.ellora5.kinds=[]: there would be no item."),
        (["sweep=seeds"], "sweep=seeds: a study is several runs, which wants -m: python train.py -m sweep=seeds."),
        (["hydra.sweeper.params.seed=1"], "a grid is written python train.py -m seed=a,b"),
        (["reward=[gated,strict]"], "reward=[gated,strict]: one option, not a list. Possible: reward=gated; one run for each: python train.py -m reward=gated,strict."),
        (["model=[nano,hf]"], "model=[nano,hf]: one option, not a list."),
        (["experiment=[quickstart]"], "experiment=[quickstart]: one option, not a list. Possible: experiment=quickstart"),
        (["~model"], "~model: a run cannot be without it. Choose another instead: hf, nano,"),
        (["~reward=gated"], "~reward: a run cannot be without it. Choose another instead: ellora, gated,"),
        (["+lora.r=3"], "+lora.r=3: lora.r is there already; leave out the +."),
        (["+lora.r=abc"], "lora.r=abc: wants a whole number."),
        (["data.sources.reserved.levels={foo: 1}"], "data.sources.reserved.levels has no foo. There: reserved_while_if, reserved_break. A new one is added with +data.sources.reserved.levels.foo=..."),
        (["task.mix={trace: 1, output: 1}"], "task.mix has no output. There: trace. A new one is added with +task.mix.output=..., one is taken away with ~task.mix.NAME."),
        (["run=outputs"], "run: no such key. It is one of evaluate.py, not of train.py."),
        (["headline=heldout/exct"], "headline=heldout/exct: no such figure. Did you mean exact?"),
        (["headline=foo"], "headline=foo: no such figure. It reads like heldout/reserved/exact_difference"),
        (["headline=ellora5/exact_difference"], "there is no benchmark ellora5. Possible here: headline=heldout/exact_difference."),
        (["headline=heldout/lop/exact"], "heldout has no part lop. Did you mean loop?"),
        (["benchmarks.heldout.levels=[strait]"], "benchmarks.heldout.levels=strait: no such choice. Did you mean straight?"),
        (["benchmarks.heldout.levels=loop"], "benchmarks.heldout.levels=loop: wants a list."),
        (["benchmarks.heldout.n=-1"], "benchmarks.heldout.n=-1: must be at least 1."),
        (["benchmarks.heldout.n=0"], "benchmarks.heldout.n=0: must be at least 1."),
        (["benchmarks.heldout.n=abc"], "benchmarks.heldout.n=abc: wants a whole number."),
        (["benchmark_items=0"], "benchmark_items=0: must be at least 1."),
        (["~benchmarks.heldout"], "benchmarks is empty: there is nothing to measure on. Choose benchmark=[heldout]."),
        (["+benchmarks.heldout.roots=[os]"], "benchmarks.heldout.roots: ewm.data.benchmarks.heldout takes no such key."),
        (["+benchmarks.heldout.sources={a: {_target_: ewm.sources.Corpus, path: /none}}"], "benchmarks.heldout.sources.a.path=/none: no such file."),
        (["format.name=foo"], "format.name=foo: no such choice. Possible: delta, cwm, ellora."),
        (["lora.target_modules=foo"], "lora.target_modules=foo: fits no layer of model=nano. Possible: all-linear, or a list of q_proj,"),
        (["lora.target_modules=[q_proj,q_prj]"], "lora.target_modules=q_prj: model=nano has no such layer."),
        (["grpo.optim=foo"], "grpo.optim=foo: no such choice."),
        (["grpo.optim=lomo"], "grpo.optim=lomo: lomo_optim is not installed. Possible here: adamw_torch,"),
        (["grpo.lr_scheduler_type=cosin"], "grpo.lr_scheduler_type=cosin: no such choice. Did you mean cosine?"),
        (["seed=5000000000"], "seed=5000000000: must be at least 0 and at most 2147483647."),
        (["trace.batch=-5"], "trace.batch=-5: must be at least 1."),
        (["trace.memory_mb=99999999999999"], "trace.memory_mb=99999999999999: must be at most 1099511627776."),
        (["trace.sys_path=[/none]"], "trace.sys_path=/none: does not exist."),
        (["trace.read_paths=[none]"], "trace.read_paths=none: must be an absolute path."),
        (["trace.read_paths=[/]"], "trace.read_paths=/: must be a plain path, without '..', to something inside '/'."),
        (["task=mixed", "+task.mix.foo=1"], "task.mix.foo: no such task. Possible: trace, output, reason."),
        (["task=mixed", "task.mix.output=-0.3"], "task.mix.output=-0.3: must be at least 0."),
        (["task=mixed", "task.mix.output=much"], "task.mix.output=much: wants a number."),
        (["+data.sources.known.levels.foo=1"], "data.sources.known.levels.foo: no such choice."),
        (["data.sources.known.knobs.max_abs=x"], "data.sources.known.knobs.max_abs=x: wants a whole number of at least 9."),
        (["+data.sources.known.knobs.max_ab=9"], "data.sources.known.knobs.max_ab: no such knob. Did you mean max_abs?"),
        (["+data.sources.known.knobs.weights.swp=0"], "data.sources.known.knobs.weights.swp: not in level straight. Did you mean swap?"),
        (["data.sources.known.levels.loop=-1"], "data.sources.known.levels.loop=-1: must be at least 0."),
        (["data.sources.known.weight=-1"], "data.sources.known.weight=-1: must be at least 0."),
        (["data.sources.known.weight=true"], "data.sources.known.weight=True: wants a number."),
        (["+data.sources.known.count=few"], "data.sources.known.count=few: wants a whole number above zero, or null."),
        (["+data.sources.x={_target_: ewm.sources.Grammar}"], "data.sources.x: ewm.sources.Grammar wants data.sources.x.levels."),
        (["+data.sources.x={_target_: ewm.sources.Mine, packages: [nosuch]}"], "data.sources.x.packages: nosuch is not installed."),
        (["reward._target_=ewm.rewards.Foo"], "reward._target_=ewm.rewards.Foo: ewm.rewards has no such function."),
        (["reward._target_=ewm.rewards.terms.path"], "reward._target_=ewm.rewards.terms.path is no Reward. Possible: ewm.rewards.Gated,"),
        (["reward.terms.path.weight=true"], "reward.terms.path.weight=True: wants a number."),
        (["+reward.terms.length={_target_: ewm.rewards.terms.length, slack: much}"], "reward.terms.length.slack=much: wants a number."),
        (["model=hf", "model.path=package:a.b.c"], "model.path=package:a.b.c: the package is not installed."),
        (["model=hf", "model.path=foo"], "model.path=foo: no such folder."),
        (["+grpo.extra.seed=1"], "grpo.extra.seed: not set here. It follows from seed."),
        (["+grpo.extra.eval_strategy=steps"], "grpo.extra.eval_strategy: not set here. It follows from grpo.eval_steps."),
        (["+grpo.extra.load_best_model_at_end=true"], "grpo.extra.load_best_model_at_end: has a key of its own, grpo.load_best_model_at_end."),
        (["grpo.eval_steps=5", "data.num_validation=0"], "grpo.eval_steps=5 wants data.num_validation above 0. Possible: grpo.eval_steps=0."),
        (["grpo.eval_steps=0", "grpo.early_stopping_patience=3"], "grpo.early_stopping_patience=3: nothing is evaluated. Give grpo.eval_steps, say 50."),
        (["grpo.eval_steps=0", "grpo.load_best_model_at_end=true"], "grpo.load_best_model_at_end=true: nothing is evaluated. Give grpo.eval_steps, say 50."),
        (["grpo.eval_k=9"], "grpo.eval_k=9: of 8 samples. Possible: up to grpo.num_generations_eval."),
        (["grpo.metric_for_best_model=loss"], "grpo.metric_for_best_model=loss: never logged. Possible: validation/pass@1, validation/pass@8, validation/reward"),
        (["grpo.metric_for_best_model=validation/pass@4"], "never logged. Did you mean validation/pass@8?"),
        (["+grpo.extra.output_dir=x"], "grpo.extra.output_dir: not set here. It follows from name and output_dir."),
        (["+grpo.extra.use_vllm=true"], "grpo.extra.use_vllm: not set here. It follows from engine."),
        (["+grpo.extra.save_strategy=steps"], "grpo.extra.save_strategy: not set here. It follows from grpo.save_steps."),
        (["+grpo.extra.report_to=wandb"], "grpo.extra.report_to: not set here."),
        (["+lora.extra.task_type=X"], "lora.extra.task_type: not set here."),
        (["sft.stream=true"], "sft.stream=true with sft.enabled=false: nothing would be streamed."),
        (["sft=pretrain"], "sft.stream=true trains every weight, and an adapter is on. Possible: lora=none, or sft=short."),
        (["experiment=nano_base", "sft.tokens_per_step=64"], "sft.tokens_per_step=64 over sft.ranks=2 is 32 tokens a rank, and an example of model.prompt_style=short may have 256. Possible here: 512 or more."),
        (["experiment=nano_base", "model.prompt_style=sentence", "sft.tokens_per_step=1024"], "may have 1024. Possible here: 2048 or more."),
        (["sft=short", "sft.ranks=2"], "sft.ranks=2: a warm start has one rank."),
        (["sft=short", "sft.ema=0.9"], "sft.ema=0.9: only a stream averages."),
        (["reward=ellora"], "reward=ellora reads the recipe's text, not delta. Possible: format=ellora."),
        (["reward=ellora", "format=ellora", "task=output"], "reward=ellora scores traces, not task=output."),
        (["+model.architecture.hidden_size=8"], "model.architecture: a pretrained model has its own."),
        (["generation.n=4"], "generation.n=4: one answer an item is scored. Possible: generation.n=1."),
        (["data.sources=null"], "data.sources=null: wants a mapping of entries"),
        (["benchmarks=null"], "benchmarks=null: wants a mapping of entries"),
        (["name=../../x"], "name=../../x: names a folder. Possible: letters,"),
        (["name=a/b"], "name=a/b: names a folder."),
        (["name=.."], "name=..: names a folder."),
        (["name="], "name=: names a folder."),
        (["output_dir="], "output_dir is empty."),
    ],
)  # fmt: skip
def test_one_mistake(overrides, said):
    found = problems(overrides)
    assert any(said in line for line in found), found
    assert len(found) <= 2
    assert not any("\n" in line for line in found)


@pytest.mark.parametrize(
    "overrides, said",
    [
        (
            ["engine=vllm_colocate"],
            "engine=vllm_colocate needs a CUDA device, and there is none here. Possible here: engine=hf.",
        ),
        (["hardware=gpu"], "hardware.device=cuda: no CUDA device here. Possible: hardware=auto, hardware=cpu."),
        (["model.quantization=nf4"], "model.quantization=nf4 needs a CUDA device."),
        (["model.mimetic=true"], "model.mimetic=true wires fresh weights: it wants model.init=scratch"),
        (
            ["experiment=nano_base", "model.architecture.num_key_value_heads=1"],
            "model.mimetic=true needs two key-value heads or more",
        ),
    ],
)
def test_without_a_gpu(overrides, said, monkeypatch):
    monkeypatch.setattr(library, "cuda_devices", lambda: 0)
    assert said in " ".join(problems(overrides))


@pytest.mark.parametrize(
    "overrides, said",
    [
        (["engine=vllm_colocate", "lora.r=1024"], "lora.r=1024 is more than vLLM serves."),
        (["engine=vllm_colocate", "model.quantization=nf4"], "merging the adapter into 4 bits loses the update."),
    ],
)
def test_with_a_gpu(overrides, said, monkeypatch):
    monkeypatch.setattr(library, "cuda_devices", lambda: 1)
    monkeypatch.setattr(library, "installed", lambda package: True)
    assert said in " ".join(problems(overrides))


@pytest.mark.parametrize("line, said", [
    (b"# a heading", "path={path}, line 2: no program (Expecting value"),
    (b'{"source": 5}', "path={path}, line 2: no program (source is 5, not text). It wants {{'source': ...}}."),
    (b'{"source": "x", "entry": ["f"]}', "path={path}, line 2: no program (entry is"),
    (b"[" * 100_000, "path={path}, line 2: no program ("),
    (b"\xff", "path={path}, line 2: no program ('utf-8' codec"),
    (b"5", "path={path}, line 2: no program ("),
])  # fmt: skip
@pytest.mark.parametrize("override", [
    "+data.sources.own={_target_: ewm.sources.Corpus, path: PATH}",
    "+benchmarks.heldout.sources={own: {_target_: ewm.sources.Corpus, path: PATH}}",
])  # fmt: skip
def test_a_file_of_programs_is_read_before_the_run(line, said, override, tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_bytes(b'{"source": "x = 1"}\n' + line + b"\n")
    (found,) = problems([override.replace("PATH", str(path))])
    assert ".own.path=" in found
    assert said.format(path=path) in found
    path.write_bytes(b"\n")
    assert problems([override.replace("PATH", str(path))])[0].endswith(f"path={path}: there is no program in it.")


def test_all_mistakes_at_once():
    found = problems(["lora.rnk=3", "reward=strct", "lora.r=abc", "grpo.loss_type=foo", "data.num_train=-2"])
    assert len(found) == 5
    assert [line.split("=")[0].split(":")[0] for line in found] == [
        "reward", "lora.rnk", "lora.r", "grpo.loss_type", "data.num_train",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["reward=strict", "lora.r=32", "debug=fast"],
        ["+grpo.extra.top_entropy_quantile=0.2"],
        ["+lora.extra.alpha_pattern={q_proj: 8}"],
        ["~reward.terms.state"],
        ["reward.terms.state.weight=3", "benchmark=[heldout,ellora5]", "benchmarks.ellora5.n=5"],
        ["+benchmarks.twice={_target_: ewm.data.benchmarks.heldout, n: 3}"],
        ["~experiment", "hydra.verbose=true"],
        ["reward=ellora", "format=ellora"],
        ["lora.target_modules=[q_proj,mlp.up_proj]", "grpo.lr_scheduler_type=cosine", "grpo.optim=adamw_torch_fused"],
        ["benchmark=[ellora5]", "headline=ellora5/ellora5_average/exact", "name=a-b_c.1+2"],
        ["sft=short", "sft.compile=true"],
    ],
)
def test_nothing_wrong(overrides):
    assert problems(overrides) == []


def test_a_sweep_goes_on_unless_no_job_can_run():
    assert problems(["reward=strict,gated", "data.num_train=64,298"], multirun=True) == []
    assert problems(["grpo.num_generations=7,8"], multirun=True) == []  # the first job will say so itself
    assert "does not divide" in problems(["grpo.num_generations=7,9"], multirun=True)[0]
    assert problems(["lora.r=8,abc"], multirun=True) == ["lora.r=abc: wants a whole number."]
    assert "Did you mean strict?" in problems(["reward=strct,gated"], multirun=True)[0]


@pytest.mark.parametrize("override, said", [
    ("seed=range(0)", "seed=range(0): there is no value in it. Possible: seed=a,b or, for numbers, seed=range(0,3)."),
    ("seed=interval(0,1)", "seed=interval(0,1): a grid wants values, and an interval has none of its own."),
    ("reward=glob(x*)", "reward=glob(x*): there is no value in it."),
    ("reward=[gated,strict],gated", "reward=[gated,strict]: one option, not a list."),
])  # fmt: skip
def test_sweeps_over_nothing(override, said):
    assert said in problems([override], multirun=True)[0]


@pytest.mark.parametrize("overrides, said", [
    (["run="], "run is empty. Give a run's folder"),
    (["adapter="], "adapter=: no adapter_config.json there."),
    (["adapter=/nonexistent"], "adapter=/nonexistent: no adapter_config.json there."),
    (["run=/nonexistent"], "run=/nonexistent: no run.json there."),
    (["run=FOLDER/run.json"], "run=FOLDER/run.json: a file. Give the run's folder: run=FOLDER."),
])  # fmt: skip
def test_what_an_evaluation_is_pointed_at(overrides, said, tmp_path):
    (tmp_path / "run.json").write_text("{}")
    found = problems(
        [o.replace("FOLDER", str(tmp_path)) for o in overrides] + ["generation.temperature=-0.5"], "evaluate"
    )
    assert any(line.startswith(said.replace("FOLDER", str(tmp_path))) for line in found)
    assert "generation.temperature=-0.5: must be at least 0." in found
    assert len(found) == 2


def test_a_server_is_asked_for_one_model(tmp_path):
    served = ["engine=openai", "engine.base_url=http://x"]
    assert problems(served, "evaluate") == []
    (tmp_path / "adapter_config.json").write_text("{}")
    (found,) = problems([*served, "engine.model=x", f"adapter={tmp_path}"], "evaluate")
    assert found.startswith("engine=openai answers under one name, and base and adapter are two models.")
    for training in ([], ["grpo.enabled=false", "sft=short"]):
        (found,) = problems([*served, *training])
        assert found.startswith("engine=openai only evaluates, and the server will not have what is trained here.")
    assert problems(["engine=vllm_server"], "evaluate")[0].startswith("engine=vllm_server is for training.")


def test_a_study_is_a_sweep_and_each_of_its_jobs_is_a_run():
    assert problems(["sweep=seeds"], multirun=True) == []
    assert problems(["sweep=seeds", "seed=1", "hydra.run.dir='outputs/x'"]) == []


def test_a_sweep_over_all_options_of_a_group():
    assert problems(["reward=glob(*,exclude=[ellora])"], multirun=True) == []


def test_evaluate_has_its_own_keys(tmp_path):
    assert problems(["generation=sample"], "evaluate") == []
    assert problems(["lora.r=3"], "evaluate")[0].startswith("lora.r: no such key.")
    assert problems(["lora.r=3"], "evaluate")[0].endswith("It is one of train.py, not of evaluate.py.")
    assert problems(["reward=strict"], "evaluate") == [
        "reward: no such key. It is one of train.py, not of evaluate.py."
    ]
    assert problems([f"run={tmp_path}"], "evaluate")[0].startswith(f"run={tmp_path}: no run.json there.")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_readme(command, monkeypatch):
    monkeypatch.setattr(library, "cuda_devices", lambda: 1)
    entry, *arguments = shlex.split(command)
    overrides = [a for a in arguments if not a.startswith("-")]
    assert problems(overrides, entry.removesuffix(".py"), "-m" in arguments) == []


def test_the_readme_has_commands():
    assert len(COMMANDS) > 8


def test_help_of_a_sweep(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["train.py", "-m", "reward=strict,gated", "lora.r=7,8", "--help"])
    with pytest.raises(SystemExit) as ended, preflight("train"):
        pass
    assert ended.value.code == 0
    assert "lora.r=7" in capsys.readouterr().out


def test_help_of_evaluate_names_its_own_sections(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evaluate.py", "--help"])
    with pytest.raises(SystemExit), preflight("evaluate"):
        pass
    ending = capsys.readouterr().out.partition("Open sections")[2]
    assert "benchmarks" in ending
    assert not any(word in ending for word in ("reward.terms", "data.sources", "lora.extra", "grpo.extra"))
