"""Keys that go through to TRL and PEFT: what would fail late, or do nothing, is refused with what would do."""

import pytest

from ewm.config import ConfigError, compose, library

# what a user might write: the whole sentence's beginning
REFUSED = {
    "+grpo.extra.epsilon_high=big": "grpo.extra.epsilon_high=big: wants a number or null.",
    "+grpo.extra.mask_truncated_completions=maybe": "grpo.extra.mask_truncated_completions=maybe: wants true or false.",
    "+grpo.extra.generation_kwargs=5": "grpo.extra.generation_kwargs=5: wants a mapping or text or null.",
    "+grpo.extra.entropy_coef=x": "grpo.extra.entropy_coef=x: wants a number.",
    "+grpo.extra.adam_beta1=2": "grpo.extra.adam_beta1=2: must be from 0 to",
    "+grpo.extra.min_p=3": "grpo.extra.min_p=3: must be from 0 to 1.",
    "+grpo.extra.repetition_penalty=-1": "grpo.extra.repetition_penalty=-1: must be at least",
    "+grpo.extra.sapo_temperature_neg=0": "grpo.extra.sapo_temperature_neg=0: must be at least",
    "+grpo.extra.auto_find_batch_size=true": "grpo.extra.auto_find_batch_size=True: a smaller batch would cut groups.",
    "+grpo.extra.sync_ref_model=true": "grpo.extra.sync_ref_model=true: with an adapter",
    "+grpo.extra.sync_ref_model=true lora=none": "grpo.extra.sync_ref_model=true: grpo.beta=0",
    "+grpo.extra.fp16=true grpo.bf16=true": "grpo.extra.fp16=true with grpo.bf16=true",
    "+grpo.extra.tf32=true": "grpo.extra.tf32=true needs a CUDA device.",
    "+grpo.extra.multi_objective_aggregation=x": "grpo.extra.multi_objective_aggregation: not set here.",
    "+grpo.extra.log_completions=true": "grpo.extra.log_completions: not set here. It follows from grpo.log_comp",
    "+grpo.extra.save_only_model=true": "grpo.extra.save_only_model: not set here. A checkpoint has all",
    "+grpo.extra.router_aux_loss_coef=0.1": "grpo.extra.router_aux_loss_coef: model=nano is no mixture",
    "+grpo.extra.use_liger_kernel=true": "grpo.extra.use_liger_kernel=true: liger_kernel is not installed.",
    "+grpo.extra.deepspeed=x.json": "grpo.extra.deepspeed=x.json: checkpoints and rollouts want whole weights.",
    "+grpo.extra.cache_implementation=x": "grpo.extra.cache_implementation=x: no such choice.",
    "+grpo.extra.optim_args=foo": "grpo.extra.optim_args=foo: is written name=value",
    "+grpo.extra.accelerator_config={dispatch_batches:true}": "grpo.extra.accelerator_config.dispatch_batches=true",
    "+grpo.extra.lr_scheduler_kwargs={foo:1}": "grpo.extra.lr_scheduler_kwargs.foo: grpo.lr_scheduler_type=linear has",
    "grpo.lr_scheduler_type=cosine +grpo.extra.lr_scheduler_kwargs={num_cycle:1}": "grpo.extra.lr_scheduler_kwargs.num"
    "_cycle: grpo.lr_scheduler_type=cosine has no such key. Did you mean num_cycles?",
    "grpo.lr_scheduler_type=polynomial +grpo.extra.lr_scheduler_kwargs.power=x": "grpo.extra.lr_scheduler_kwargs.power"
    "=x: wants a number.",
    "+grpo.extra.epsilon_high=0.1": "grpo.extra.epsilon_high=0.1 is below grpo.epsilon=0.2.",
    "+grpo.extra.delta=1.1": "grpo.extra.delta=1.1: bounds a ratio from above",
    "grpo.beta=0.1 lora=none": "grpo.beta with lora=none",
    "lora.target_modules=[q_proj,lm_head]": "lora.target_modules=lm_head",
    "+lora.extra.bias=foo": "lora.extra.bias=foo: no such choice. Possible: none, all, lora_only.",
    "+lora.extra.init_lora_weights=foo": "lora.extra.init_lora_weights=foo: no such choice.",
    "+lora.extra.layers_to_transform=[0]": "lora.extra.layers_to_transform wants names",
    "+lora.extra.layers_to_transform=[-1] lora.target_modules=[q_proj]": "lora.extra.layers_to_transform=-1: no such",
    "+lora.extra.modules_to_save=5": "lora.extra.modules_to_save=5: wants a list or null.",
    "+lora.extra.rank_pattern=3": "lora.extra.rank_pattern=3: wants",
    "+lora.extra.r=4": "lora.extra.r: has a key of its own",
}
FINE = [
    "+grpo.extra.epsilon_high=0.28",
    "grpo.loss_type=cispo +grpo.extra.epsilon_high=5",
    "+grpo.extra.mask_truncated_completions=true",
    "+grpo.extra.delta=4 +grpo.extra.weight_decay=0.1 +grpo.extra.adam_beta2=0.95",
    "grpo.lr_scheduler_type=cosine +grpo.extra.lr_scheduler_kwargs={num_cycles:1}",
    "grpo.lr_scheduler_type=warmup_stable_decay +grpo.extra.lr_scheduler_kwargs={num_decay_steps:5,decay_type:linear}",
    "+grpo.extra.generation_kwargs={typical_p:0.9}",
    "+lora.extra.init_lora_weights=pissa_niter_4 +lora.extra.bias=all +lora.extra.modules_to_save=[lm_head]",
    "+lora.extra.layers_to_transform=[0] lora.target_modules=[q_proj]",
    "grpo.beta=0.1 grpo.gradient_checkpointing=true grpo.bf16=null lora.use_dora=true lora.use_rslora=true",
]


@pytest.mark.parametrize("line, said", REFUSED.items(), ids=list(REFUSED))
def test_refused_before_a_model_loads(line, said):
    with pytest.raises(ConfigError) as caught:
        compose(line.split())
    assert any(problem.startswith(said) for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize("line", FINE)
def test_let_through(line):
    compose(line.split())


def test_annotations_are_read_from_the_nearest_class():
    keys = library.grpo_keys()
    assert keys["logging_steps"] == "float"
    assert keys["bf16"] == "bool | None"  # TRL's, not that of transformers
    assert library.lora_keys()["r"] == "int"
