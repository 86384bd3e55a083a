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


def _fields(chain: tuple[tuple[str, str, str], ...]) -> frozenset[str]:
    """Annotated names of the classes (package, file, class); empty if one of them cannot be read."""
    names: set[str] = set()
    for package, file, name in chain:
        folder = _package(package)
        node = _classes(folder / file).get(name) if folder and (folder / file).exists() else None
        if node is None:
            return frozenset()
        names |= {n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    return frozenset(n for n in names if not n.startswith("_"))


@cache
def grpo_keys() -> frozenset[str]:
    """Fields of TRL's GRPOConfig and of what it inherits."""
    return _fields(
        (
            ("trl", "trainer/grpo_config.py", "GRPOConfig"),
            ("trl", "trainer/base_config.py", "_BaseConfig"),
            ("transformers", "training_args.py", "TrainingArguments"),
        )
    )


@cache
def lora_keys() -> frozenset[str]:
    """Fields of PEFT's LoraConfig and of what it inherits."""
    return _fields(
        (
            ("peft", "tuners/lora/config.py", "LoraConfig"),
            ("peft", "config.py", "PeftConfig"),
            ("peft", "config.py", "PeftConfigMixin"),
        )
    )


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
    folder = _package("transformers")
    node = _classes(folder / file).get(name) if folder and (folder / file).exists() else None
    values = (
        [n.value.value for n in node.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)]
        if node
        else []
    )
    return tuple(str(value) for value in values)


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
