"""Runs in a process of its own, with the library that the network was written for: ``reader.py FILE FACTORY FOLDER``.

It makes the network, and writes what its modules are (``modules.json``) and their arrays (``arrays.npz``); nothing of
the bench is imported, so that any Python that has PyTorch can run it.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ATTRIBUTES = (
    "in_features", "out_features", "in_channels", "out_channels", "kernel_size", "stride", "padding", "padding_mode",
    "dilation", "groups", "num_features", "normalized_shape", "eps", "momentum", "p", "negative_slope", "alpha",
    "beta", "threshold", "approximate", "output_size", "hidden_size", "input_size", "num_layers", "bidirectional",
    "start_dim", "end_dim", "ceil_mode", "nonlinearity", "track_running_stats", "dim", "divisor_override",
)  # fmt: skip
"""What is told of a module, where it has it."""


def leaves(module: Any, name: str = "", plain: bool = True) -> Iterator[tuple[str, Any, bool]]:
    """(name, module, whether only nn.Sequential stands around it) of all modules that are made of no others.

    A module that stands in several places comes in each of them.
    """
    children = [(own, child) for own, child in module._modules.items() if child is not None]
    if not children or hasattr(module, "in_proj_weight") or hasattr(module, "parametrizations"):
        yield (
            name,
            module,
            plain and (own_of_library(module) or (hasattr(module, "parametrizations") and not hooked(module))),
        )
        return
    inside = plain and is_row(module)
    for own, child in children:
        yield from leaves(child, f"{name}.{own}".lstrip("."), inside)


def own_of_library(module: Any) -> bool:
    """Whether it does what PyTorch's own class does: a person's may be called the same, and hooks may change it."""
    return type(module).__module__.startswith("torch.nn.") and not hooked(module)


def is_row(module: Any) -> bool:
    """Whether it is an ``nn.Sequential``, or a person's class that passes its modules in the same way."""
    kinds = (kind for kind in type(module).__mro__ if kind.__module__.startswith("torch.nn."))
    first = next(kinds, None)
    return (
        getattr(first, "__name__", "") == "Sequential"
        and type(module).forward is getattr(first, "forward", None)
        and not hooked(module)
    )


def hooked(module: Any) -> bool:
    """Whether something else of a person's acts when it is called."""
    return bool(module._forward_hooks or module._forward_pre_hooks)


def parametrizations(module: Any) -> list[str]:
    """What makes its arrays of others at each call, as in ``weight by _SpectralNorm``."""
    made: dict[str, Any] = dict(getattr(module, "parametrizations", {}))
    return [f"{name} by {' and '.join(type(each).__name__ for each in row)}" for name, row in made.items()]


def check_shapes(name: str, module: Any) -> None:
    """ValueError where a lazy module has not met an input yet."""
    for parameter in module.parameters(recurse=False):
        if type(parameter).__name__.startswith("Uninitialized"):
            kind = type(module).__name__
            raise ValueError(f"{name} ({kind}) has no weights before its first input: give it one in the factory")


def plain_value(value: Any) -> Any:
    """A number, text or list of them; None for anything else."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return [plain_value(each) for each in value] if isinstance(value, (tuple, list)) else None


def described(path: Path, factory: str, folder: Path) -> None:
    """Write what the network that ``factory`` makes is."""
    sys.path[0] = str(path.parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    code = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    made: Any = getattr(code, factory)
    network = made() if not hasattr(made, "named_children") or isinstance(made, type) else made
    if not hasattr(network, "named_children"):
        raise TypeError(f"{factory} gives {type(network).__name__}, which is no module of PyTorch")
    modules, arrays = [], {}
    for name, module, plain in leaves(network):
        check_shapes(name, module)
        shapes: dict[str, list[int]] = {}
        tensors: dict[str, Any] = {
            key: getattr(module, key, None) for key in ("weight", "bias", "running_mean", "running_var")
        }
        tensors |= dict(module.named_parameters(recurse=False)) if tensors["weight"] is None else {}
        for key, tensor in tensors.items():
            if hasattr(tensor, "detach"):
                arrays[f"{name}.{key}"] = tensor.detach().cpu().double().numpy()
                shapes[key] = list(tensor.shape)
        fields = {key: plain_value(getattr(module, key)) for key in ATTRIBUTES if hasattr(module, key)}
        kind = type(module).__name__.removeprefix("Parametrized")
        made_of = parametrizations(module)
        told = {"name": name, "kind": kind, "plain": plain, "parametrizations": made_of}
        modules.append({**told, "fields": fields, "shapes": shapes})
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    np.savez(folder / "arrays.npz", allow_pickle=False, **arrays)


if __name__ == "__main__":
    try:
        described(Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3]))
    except Exception as error:
        # Whatever a person's code raises is one sentence to who asked for it.
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
