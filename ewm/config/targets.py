"""`_target_`: the name in a config that becomes a function or class.

Only names below `ewm.` and below the modules that a config file lists under `plugins:` are built. What is found must
also be defined there, so that `ewm.run.os.system` is not a way round. `build` is what rooms call.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from ewm.config import signature
from ewm.config.errors import ConfigError, did_you_mean
from ewm.config.signature import arguments

BOOKKEEPING = frozenset({"_target_", "weight", "count"})  # read by the room, not passed on unless the target names them


def locate(target: str, plugins: Sequence[str] = ()) -> Any:
    """The object that `target` names; ConfigError says why it cannot be had."""
    allowed = ("ewm", *plugins)
    if not any(target.startswith(f"{root}.") for root in allowed):
        raise ConfigError(
            f"{target}: only names below {', '.join(f'{root}.' for root in allowed)} are built. "
            f"List your own module under plugins: in a config file."
        )
    module_name, _, name = target.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ConfigError(f"{target}: cannot import {module_name} ({error}).") from None
    found = getattr(module, name, None)
    home = getattr(found, "__module__", "") or ""
    if not callable(found) or not any(home == root or home.startswith(f"{root}.") for root in allowed):
        own = [n for n, o in vars(module).items() if callable(o) and not n.startswith("_")]
        raise ConfigError(f"{target}: {module_name} has no such function.{did_you_mean(name, own)}")
    return found


def problems(
    where: str, node: Mapping[str, Any], plugins: Sequence[str], passed_in: frozenset[str] = frozenset()
) -> list[str]:
    """What is wrong with the entry `where`: its target, or keys and values that do not fit the target's signature.

    `passed_in`: arguments that the room gives. A target that names them otherwise (terms are called by position) is not
    asked what else it wants.
    """
    if not isinstance(node, Mapping) or "_target_" not in node:
        return [f"{where}: wants a _target_, the full name of what it stands for."]
    try:
        found = locate(str(node["_target_"]), plugins)
    except ConfigError as error:
        return [f"{where}._target_={error}"]
    named, anything = arguments(found)
    known = sorted(named - passed_in)
    takes = f"It takes: {', '.join(known) or 'none'}."
    wrong = [
        f"{where}.{key}: {node['_target_']} takes no such key.{did_you_mean(key, known)} {takes}"
        for key in node
        if key not in BOOKKEEPING and key not in known and not anything
    ]
    if passed_in <= named:
        lacking = signature.missing(found, passed_in | set(node))
        wrong += [f"{where}: {node['_target_']} wants {where}.{key}. {takes}" for key in lacking]
    for key in signature.entries(found):
        if key in node:
            wrong += problems(f"{where}.{key}", node[key], plugins)
    return wrong + list(signature.wrong_values(where, found, node))


def build(node: Mapping[str, Any], plugins: Sequence[str] = (), /, **passed_in: Any) -> Any:
    """Calls the target with the node's keys; bookkeeping keys go in only where the signature names them.

    A key that is an entry itself is built first; a ValueError from there begins with the key.
    """
    found = locate(str(node["_target_"]), plugins)
    named, anything = arguments(found)
    own = {k: v for k, v in node.items() if k != "_target_" and (k in named or (anything and k not in BOOKKEEPING))}
    for key in signature.entries(found):
        if key in own:
            own[key] = _inner(key, own[key], plugins)
    return found(**own, **passed_in)


def _inner(key: str, node: Any, plugins: Sequence[str]) -> Any:
    try:
        return build(node, plugins)
    except ValueError as error:
        raise ValueError(f"{key}.{error}") from None
