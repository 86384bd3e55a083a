"""Causal attention over sequences laid end to end, forward and backward, in bfloat16 on a CPU with AVX512_BF16.

    out, _ = ragged(q, k, v, starts)      q [n, heads, D]; k, v [n, groups, D]; starts int32 [sequences + 1]

ragged.cpp is compiled by g++ once per machine and kept in the user's cache. `available()` says whether that works here;
whoever calls `ragged` asks first. It runs on the calling thread alone.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SOURCE = Path(__file__).with_name("ragged.cpp")
NEEDS = ("avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_bf16")
FLAGS = ("-O3", "-fPIC", "-shared", "-mfma", *(f"-m{name.replace('_', '')}" for name in NEEDS))


@functools.cache
def available() -> bool:
    """A CPU with the instructions, and a compiler."""
    try:
        flags = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        return False
    return all(name in flags.split() for name in NEEDS) and shutil.which("g++") is not None and _library() is not None


@functools.cache
def _library() -> Any:
    name = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ewm"
    path = cache / f"ragged-{name}.so"
    try:
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as aside:
                made = Path(aside) / path.name
                subprocess.run(["g++", *FLAGS, "-o", str(made), str(SOURCE)], check=True, capture_output=True)
                os.replace(made, path)
        library = ctypes.CDLL(str(path))
    except (OSError, subprocess.CalledProcessError):
        return None
    for function, pointers in ((library.forward, 6), (library.backward, 10)):
        function.argtypes = [ctypes.c_void_p] * pointers + [ctypes.c_int] * 4 + [ctypes.c_float]
        function.restype = None
    return library


def _call(function: str, tensors: tuple[Tensor, ...], q: Tensor, k: Tensor, sequences: int) -> None:
    heads, size = q.shape[1:]
    if size % 32 or heads % k.shape[1] or not all(t.is_contiguous() for t in tensors):
        raise ValueError(f"ragged attention wants contiguous tensors and heads of 32, 64, ...: {q.shape}, {k.shape}")
    getattr(_library(), function)(*(t.data_ptr() for t in tensors), sequences, heads, k.shape[1], size, size**-0.5)


@torch.library.custom_op("ewm::ragged", mutates_args=())
def ragged(q: Tensor, k: Tensor, v: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    """(output like q, logarithm of each row's softmax sum). Tokens outside every sequence give zero."""
    out, total = torch.zeros_like(q), torch.zeros(q.shape[:2])
    _call("forward", (q, k, v, out, total, starts), q, k, len(starts) - 1)
    return out, total


@ragged.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    return torch.empty_like(q), q.new_empty(q.shape[:2], dtype=torch.float32)


@torch.library.custom_op("ewm::ragged_backward", mutates_args=())
def _backward(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, grad: Tensor, total: Tensor, starts: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    _call("backward", (q, k, v, out, grad, total, dq, dk, dv, starts), q, k, len(starts) - 1)
    return dq, dk, dv


@_backward.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
    q, k, v, starts = inputs
    ctx.save_for_backward(q, k, v, *output, starts)


def _gradient(ctx: Any, grad: Tensor, _: Tensor | None) -> tuple[Tensor | None, ...]:
    q, k, v, out, total, starts = ctx.saved_tensors
    return *_backward(q, k, v, out, grad.contiguous(), total, starts), None


ragged.register_autograd(_gradient, setup_context=_keep)
