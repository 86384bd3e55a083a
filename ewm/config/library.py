"""What the big libraries accept, read from their source without importing them (importing trl costs ten seconds).

Also the one question about the machine that decides whether a config can run: is there a CUDA device.
"""

from __future__ import annotations

import ast
import ctypes
import importlib.util
from functools import cache
from pathlib import Path


@cache
def _classes(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _fields(chain: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """Annotated names of the classes (package, file, class), the first one's word counting, and the annotation's text;
    empty if one of them cannot be read."""
    names: dict[str, str] = {}
    for package, file, name in chain:
        folder = _package(package)
        node = _classes(folder / file).get(name) if folder and (folder / file).exists() else None
        if node is None:
            return {}
        for n in node.body:
            if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name) and not n.target.id.startswith("_"):
                names.setdefault(n.target.id, ast.unparse(n.annotation))
    return names


@cache
def grpo_keys() -> dict[str, str]:
    """Fields of TRL's GRPOConfig and of what it inherits, with their annotations."""
    return _fields(
        (
            ("trl", "trainer/grpo_config.py", "GRPOConfig"),
            ("trl", "trainer/base_config.py", "_BaseConfig"),
            ("transformers", "training_args.py", "TrainingArguments"),
        )
    )


@cache
def lora_keys() -> dict[str, str]:
    """Fields of PEFT's LoraConfig and of what it inherits, with their annotations."""
    return _fields(
        (
            ("peft", "tuners/lora/config.py", "LoraConfig"),
            ("peft", "config.py", "PeftConfig"),
            ("peft", "config.py", "PeftConfigMixin"),
        )
    )


@cache
def schedule_arguments(name: str) -> frozenset[str] | None:
    """What grpo.extra.lr_scheduler_kwargs may hold for this schedule; None if it cannot be read."""
    folder = _package("transformers")
    members = _members("trainer_utils.py", "SchedulerType")
    if folder is None or name not in members.values():
        return None
    tree = ast.parse((folder / "optimization.py").read_text(encoding="utf-8"))
    makers = next((n.value for n in tree.body if isinstance(n, ast.Assign) and _called(n, _MAKERS)), None)
    if not isinstance(makers, ast.Dict):
        return None
    makes = {k.attr: v.id for k, v in zip(makers.keys, makers.values, strict=True)
             if isinstance(k, ast.Attribute) and isinstance(v, ast.Name)}  # fmt: skip
    maker = next((makes.get(member) for member, value in members.items() if value == name), None)
    node = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == maker), None)
    return frozenset(a.arg for a in node.args.args) - _GIVEN if node else None


_MAKERS = "TYPE_TO_SCHEDULER_FUNCTION"
_GIVEN = {"optimizer", "num_warmup_steps", "num_training_steps", "last_epoch"}


def _called(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


@cache
def optimizers() -> tuple[str, ...]:
    """Names for grpo.optim; empty if they cannot be read."""
    return _choices("training_args.py", "OptimizerNames")


@cache
def schedules() -> tuple[str, ...]:
    """Names for grpo.lr_scheduler_type; empty if they cannot be read."""
    return _choices("trainer_utils.py", "SchedulerType")


def _choices(file: str, name: str) -> tuple[str, ...]:
    """Values of an enumeration of transformers."""
    return tuple(_members(file, name).values())


def _members(file: str, name: str) -> dict[str, str]:
    """An enumeration of transformers: name -> value; empty if it cannot be read."""
    folder = _package("transformers")
    node = _classes(folder / file).get(name) if folder and (folder / file).exists() else None
    return {
        n.targets[0].id: str(n.value.value)
        for n in (node.body if node else ())
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant) and isinstance(n.targets[0], ast.Name)
    }


def installed(package: str) -> bool:
    """Whether `import package` would find something."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # a.b where there is no a; an empty name
        return False


@cache
def cuda_devices() -> int:
    """CUDA devices that this process may use, asked of the driver; 0 if PyTorch here is built without CUDA."""
    folder = _package("torch")
    if folder is None or "cuda: Optional[str] = None" in (folder / "version.py").read_text(encoding="utf-8"):
        return 0
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    return count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0
