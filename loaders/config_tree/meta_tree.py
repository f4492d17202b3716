"""The tensors that a config asks for, by the classes of transformers on torch's meta device: nothing is allocated.

Only classes of the transformers package are made, never ``auto_map``'s code; nothing is downloaded, no file is read.
A config can ask for more than any machine has: what repeats is counted before, and again while the model grows.
"""

import os
import re
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, cast

from ..checkpoint import module_attributes
from ..files import plain_text
from ..untyped import is_dict, is_list, is_sequence
from .own_tree import architecture_of
from .sizes import ConfigError

__all__ = ["MetaTree", "is_installed", "meta_tree"]

_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
}
# Not of the model's shape: code or backbones from elsewhere, how weights are packed, how attention is computed.
_LEFT_OUT = (
    "auto_map",
    "backbone",
    "use_pretrained_backbone",
    "use_timm_backbone",
    "quantization_config",
    "attn_implementation",
    "_attn_implementation",
    "dtype",
    "torch_dtype",
)
# What repeats, and how often it may: the deepest public models have 126 layers and 512 experts in each.
_REPEATS = (
    (re.compile(r"n_?layers?|num_layers?|.*_layers|n_?head|depths?|.*(num|n)_(blocks|stages|groups|stacks)"), 1024),
    (re.compile(r"(num|n)_.*(layers|blocks|stages)"), 1024),
    (re.compile(r".*experts"), 65536),
    (re.compile(r"num_labels|num_queries|.*num_codebooks"), 1_000_000),
)
_LAYERS, _EXPERTS = re.compile(r"n_?layers?|num_layers?|.*_layers"), re.compile(r".*experts")
_MOST_PARAMETERS = 50_000  # of the live model, where experts are fused: DeepSeek-V3 has 909
_SECONDS = 10.0
_LARGEST = 2**40


@dataclass(frozen=True, slots=True)
class MetaTree:
    """What transformers makes of a config.

    Attributes
    ----------
    architecture : str
        The class that was made.
    names, shapes : list
        Of the tensors, as a checkpoint of this model has them.
    modules : list of (str, dict)
        Path and class of the modules that have tensors.
    known : mapping
        The config with what it leaves to its class.
    version : str
        Of transformers.
    """

    architecture: str
    names: list[str]
    shapes: list[tuple[int, ...]]
    modules: list[tuple[str, dict[str, Any]]]
    known: Mapping[str, Any]
    version: str


def is_installed() -> bool:
    """Return whether torch and transformers can be imported, without doing so."""
    return find_spec("torch") is not None and find_spec("transformers") is not None


def meta_tree(config: Mapping[str, Any], most: int) -> MetaTree:
    """Return the tensors and modules of a config's model.

    Parameters
    ----------
    most : int
        Tensors that are made.

    Raises
    ------
    ConfigError
        When there is no such class, or it cannot be made of this config.
    """
    checked = _kept(config)
    _check(checked, most)
    os.environ.update(_ENVIRONMENT)
    try:
        return _built(checked, most)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - a foreign library given a foreign config may raise anything
        reason = plain_text(str(error).split("\n")[0], 200) or "no reason given"
        raise ConfigError(f"is refused by transformers: {type(error).__name__}: {reason}") from None


def _kept(value: Any) -> Any:
    """Return a config without what is left out; a config inside it, too (its nesting was checked)."""
    if is_dict(value):
        return {key: _kept(each) for key, each in value.items() if key not in _LEFT_OUT}
    return [_kept(each) for each in value] if is_list(value) else value


def _check(config: Mapping[str, Any], most: int) -> None:
    """Refuse numbers that would keep transformers busy for ever; nested configs too."""
    todo: list[Any] = [config]
    layers = experts = 1
    while todo:
        for key, value in todo.pop().items():
            values: list[Any] = list(value) if is_sequence(value) else [value]
            todo += [item for item in values if is_dict(item)]
            repeats = [limit for pattern, limit in _REPEATS if pattern.fullmatch(str(key))]
            numbers: list[int | float] = [n for n in values if type(n) is int or (type(n) is float and repeats)]
            # Not a number is not between, either; elsewhere an infinite float is fine (Mamba 2's time_step_limit).
            if not all(-_LARGEST < n < _LARGEST for n in numbers):
                raise ConfigError(f"has {plain_text(str(key), 60)} = {plain_text(repr(value), 60)}, which is no size")
            largest = max(numbers, default=0)
            if repeats and largest > min(repeats):
                raise ConfigError(f"has {plain_text(str(key), 60)} = {largest:,}, more than {min(repeats):,}")
            if _LAYERS.fullmatch(str(key)):
                layers = max(layers, int(largest))
            elif _EXPERTS.fullmatch(str(key)):
                experts = max(experts, int(largest))
    if layers * experts * 3 > most and experts > 1:  # an expert has three matrices
        raise ConfigError(f"asks for {layers:,} layers of {experts:,} experts, more than {most:,} tensors")


def _built(config: dict[str, Any], most: int) -> MetaTree:
    import torch
    import transformers

    kind = _class_of(config)
    made = kind.config_class.from_dict({**config, "model_type": kind.config_class.model_type})
    made._attn_implementation = "eager"  # the others look for libraries
    with torch.device("meta"), _bounded():
        model: Any = kind(made)
    tied: Mapping[str, Any] = getattr(model, "all_tied_weights_keys", None) or {}
    live = {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
    stored = _as_stored(model, live)
    if len(stored) > most:
        raise ConfigError(f"asks for {len(stored):,} tensors, at most {most:,} are shown")
    names = _in_order(stored, live)
    above = {name[:dot] for name in names for dot in _dots(name)} | {""}
    modules = [
        (path, module_attributes(f"{type(m).__module__}.{type(m).__qualname__}", {}))
        for path, m in model.named_modules()
        if path in above
    ]
    shapes = [tuple(int(side) for side in stored[name].shape) for name in names]
    return MetaTree(kind.__name__, names, shapes, modules, made.to_dict(), transformers.__version__)


def _class_of(config: Mapping[str, Any]) -> Any:
    """Return the class that a config means: the one it names, else the usual one of its type."""
    import transformers
    from transformers.models.auto import modeling_auto

    named: set[str] = set()
    for key, value in vars(modeling_auto).items():
        if key.endswith("_MAPPING_NAMES") and isinstance(value, Mapping):
            for names in cast("Mapping[str, Any]", value).values():
                named.update(names if is_sequence(names) else [names])
    architecture, model_type = architecture_of(config), config.get("model_type")
    if architecture not in named:
        usual: list[Any] = [modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, modeling_auto.MODEL_MAPPING_NAMES]
        known = model_type if isinstance(model_type, str) else ""
        found: Any = next((names[known] for names in usual if known in names), None)
        architecture = str(found[0] if is_sequence(found) else found)
    kind: Any = getattr(transformers, architecture or "", None)
    if not isinstance(kind, type) or not issubclass(kind, transformers.PreTrainedModel):
        what = plain_text(str(architecture_of(config) or model_type), 80)
        raise ConfigError(f"asks for {what}, which transformers {transformers.__version__} does not have")
    return kind


@contextmanager
def _bounded() -> Generator[None]:
    """End the making of a model that gets too large or takes too long."""
    from torch.nn.modules.module import register_module_parameter_registration_hook

    late, made = time.monotonic() + _SECONDS, 0

    def grown(_module: Any, _name: str, _parameter: Any) -> None:
        nonlocal made
        made += 1
        if made > _MOST_PARAMETERS or time.monotonic() > late:
            raise ConfigError(f"asks for a model that is not done after {made:,} parameters")

    hook = register_module_parameter_registration_hook(grown)
    try:
        yield
    finally:
        hook.remove()


def _as_stored(model: Any, live: dict[str, Any]) -> dict[str, Any]:
    """Return the tensors as a checkpoint has them: transformers 5 fuses experts, files have them one by one."""
    try:
        from transformers.core_model_loading import revert_weight_conversion
    except ImportError:  # before 5.0, where modules are as in files
        return live
    return cast("dict[str, Any]", revert_weight_conversion(model, live))


def _in_order(stored: Mapping[str, Any], live: Mapping[str, Any]) -> list[str]:
    """Return the names in the order of the model's modules; within one as they are."""
    first: dict[str, int] = {}
    for i, name in enumerate(live):
        for dot in _dots(name):
            first.setdefault(name[:dot], i)

    def place(name: str) -> int:
        if name in live:
            return first.get(name.rpartition(".")[0], 0)
        return next((first[name[:dot]] for dot in reversed(_dots(name)) if name[:dot] in first), 0)

    return sorted(stored, key=place)


def _dots(name: str) -> list[int]:
    return [i for i, c in enumerate(name) if c == "."]
