"""One forward pass that leaves no trace: on the meta device, with fake tensors, or for real."""

import random
import sys
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, Literal

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.modules.module import register_module_forward_pre_hook

from .copies import copy_with
from .inputs import Inputs
from .tracer import Trace, Tracer
from .values import convert

__all__ = ["TITLES", "Way", "as_export", "run_once"]

Way = Literal["meta", "fake", "real"]
TITLES: dict[Way, str] = {
    "meta": "hooks on one forward pass on the meta device",
    "fake": "hooks on one forward pass with fake tensors",
    "real": "hooks on one forward pass with the given inputs",
}


def run_once(module: torch.nn.Module, inputs: Inputs, way: Way, keep: frozenset[str] = frozenset()) -> Trace:
    """Run a copy of a module once and return what flowed where.

    The module itself is not run. No weight is read, copied or allocated, except that a real run reads them.

    Parameters
    ----------
    way : {"meta", "fake", "real"}
        On the meta device, where tensors have shapes only; with fake tensors, which also know the device that they
        pretend to be on (slower by half, but much code asks for it); or with the weights and inputs as they are.
    keep : collection of str
        Paths of modules whose arguments are wanted.
    """
    with ExitStack() as stack:
        stack.enter_context(_undisturbed())
        stack.enter_context(_never_run(module))
        if way == "meta":
            make: Callable[[torch.Tensor], torch.Tensor] = _on_meta
            stack.enter_context(torch.device("meta"))
        elif way == "fake":
            stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
            make = _on_cpu
        else:
            make = _itself
        copied = copy_with(module, make)
        _prefer_plain_kernels(copied, of=module)
        args, kwargs = convert(inputs.args, make), convert(inputs.kwargs, make)
        return Tracer(copied, keep).run(args, kwargs)


@contextmanager
def as_export(module: torch.nn.Module) -> Generator[tuple[torch.nn.Module, Callable[[torch.Tensor], torch.Tensor]]]:
    """Give a copy of a module on the meta device, and what brings its arguments there, for ``torch.export``."""
    with _undisturbed(), _never_run(module), torch.device("meta"):
        copied = copy_with(module, _on_meta)
        _prefer_plain_kernels(copied, of=module, attention=False)
        yield copied, _on_meta


def _on_meta(tensor: torch.Tensor) -> torch.Tensor:
    return _empty(tensor, "meta")


def _on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    return _empty(tensor, "cpu")  # within a fake mode: nothing is allocated


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    # Buffers may be written by a forward pass (running statistics, caches), parameters at most replaced (a norm that
    # is kept); parameters of other classes (quantised ones) know more than their values.
    if type(tensor) is torch.nn.Parameter:
        return tensor.detach()
    return tensor if isinstance(tensor, torch.nn.Parameter) else tensor.detach().clone()


def _empty(tensor: torch.Tensor, device: str) -> torch.Tensor:
    if torch.nn.parameter.is_lazy(tensor):
        raise TypeError("a lazy module has no shape before its first run")
    if tensor.layout != torch.strided:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=device)


def _prefer_plain_kernels(module: torch.nn.Module, of: torch.nn.Module, attention: bool = True) -> None:
    """Let a transformers model use the code that needs no values: same modules, same flow.

    Its fused attention looks at the mask's values, its grouped matrix product at the dtype.
    """
    shared = {id(inner.__dict__.get("config")) for inner in of.modules()}  # could not be copied
    for inner in module.modules():
        config: Any = inner.__dict__.get("config")
        if id(config) in shared:
            continue
        if attention and hasattr(config, "_attn_implementation"):
            config._attn_implementation = "eager"
        if hasattr(config, "_experts_implementation"):
            config._experts_implementation = "batched_mm"


@contextmanager
def _never_run(module: torch.nn.Module) -> Generator[None]:
    """Refuse calls of the module itself, or of one in it: code may know them otherwise than through ``self``."""
    originals, here = {id(inner) for inner in module.modules()}, threading.get_ident()

    def refuse(called: torch.nn.Module, _arguments: Any) -> None:
        if id(called) in originals and threading.get_ident() == here:  # another thread may train it
            kind = type(called).__name__
            raise RuntimeError(f"its code calls a {kind} by a name of its own, not the copy that is run")

    hook = register_module_forward_pre_hook(refuse)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def _undisturbed() -> Generator[None]:
    """Keep the state of random generators and of torch as it was, and make what is random the same every time."""
    set_stance: Any = getattr(torch.compiler, "set_stance", None)  # from torch 2.6 on
    stance = set_stance("force_eager") if set_stance is not None else nullcontext()
    fast = torch.backends.mha.get_fastpath_enabled()
    states = random.getstate(), torch.get_rng_state()
    numpy = sys.modules.get("numpy")
    numpy_state = numpy.random.get_state() if numpy is not None else None
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # one operator instead of the modules of a layer
        random.seed(0)
        torch.default_generator.manual_seed(0)
        with warnings.catch_warnings(), torch.no_grad(), stance:
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        random.setstate(states[0])
        torch.set_rng_state(states[1])
        if numpy is not None:
            numpy.random.set_state(numpy_state)
