"""The page behind `python train.py --help`: purpose, five commands, groups with their options, every key.

Written from conf/ and from the schema's own source, so that it cannot fall behind them. The preflight prints it
(Hydra's own help takes two seconds). Values are those that the command with its overrides would use.
"""

from __future__ import annotations

import textwrap
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ewm.config import groups, keys
from ewm.config.load import SCHEMAS

WIDTH = 120
KEYS_OF = {"lora.extra": "keys of PEFT", "grpo.extra": "keys of TRL"}

PURPOSE = """\
EWM trains LoRA adapters that predict what a Python program does when it runs: which line comes next, what every
variable holds, what is returned, printed or raised. Truth comes from running the program under a tracer."""

COMMANDS = {
    "python train.py": "GRPO on the shipped nano model, minutes on two cores",
    "python train.py reward=strict lora.r=32 debug=fast": "any preset, any key; the whole way in less than a minute",
    "python train.py -m reward=strict,gated seed=0,1": "a grid, a folder a job, one table; run again, it goes on",
    "python evaluate.py run=outputs/train/default/<run>": "base model and adapter on the same items, and a report",
    "tensorboard --logdir outputs": "curves, reward terms, sample completions, HParams",
}


def page(config: DictConfig, config_name: str = "train") -> str:
    """The whole page as text; values are those of `config`."""
    parts = [
        [PURPOSE],
        ["Commands", *_commands()],
        _groups(config_name),
        _keys(config, config_name),
        _ending(config_name),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _commands() -> list[str]:
    wide = max(map(len, COMMANDS))
    return [f"  {command:<{wide}}  {what}" for command, what in COMMANDS.items()]


def _groups(config_name: str) -> list[str]:
    lines = ["Presets (group=option; the option in use is marked *)"]
    chosen = groups.defaults(config_name)
    for group, default in chosen.items():
        used = default if isinstance(default, list) else [default]
        names = "  ".join(f"{name}*" if name in used else name for name in groups.options(group))
        lines += textwrap.wrap(f"{group:<11} {names}", WIDTH, initial_indent="  ", subsequent_indent=" " * 14)
    return lines


def _keys(config: DictConfig, config_name: str) -> list[str]:
    schema = SCHEMAS[config_name]
    lines = ["Keys (key=value; the value here is what this command would use)"]
    for name in keys.all_keys(schema):
        section, _, leaf = name.rpartition(".")
        text = f"  {name}={_written(OmegaConf.select(config, name, throw_on_missing=False))}"
        comment = keys.comments(_owner(schema, section)).get(leaf, "")
        lines.append(f"{text:<46}{f'  {comment}' if comment else ''}".rstrip())
    return lines


def _ending(config_name: str) -> list[str]:
    schema = SCHEMAS[config_name]
    sections = [name for name in keys.all_keys(schema) if (key := keys.describe(schema, name)) and key.is_mapping()]
    named = [f"{name} ({KEYS_OF[name]})" if name in KEYS_OF else name for name in sections]
    return [
        *textwrap.wrap(f"Open sections take new entries with +: {', '.join(named)}.", WIDTH),
        "What a run would use: --cfg job. Hydra's own flags: --hydra-help.",
    ]


def _owner(schema: type, section: str) -> type:
    key = keys.describe(schema, section) if section else None
    return key.type if key else schema


def _written(value: Any) -> str:
    """As one would type it; an open section by the names of its entries."""
    if OmegaConf.is_dict(value):
        return "{" + ", ".join(map(str, value)) + "}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
