"""What a pickled object is: a state dict, a training checkpoint around one, or a whole module."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...graph import NodeKind
from ..checkpoint import Checkpoint, short_attributes
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..tensor_table import TensorTable, check_names, joined_tables, printable_names
from .inert_pickle import Inert
from .pickled_tree import entries, find_tensors, has_key, holds_tensors, is_module
from .torch_globals import TensorRecord
from .torch_tensors import Storages, tensor_table

__all__ = ["State", "checkpoint_of", "merged", "sort_state"]

# Where training frameworks put the weights, most specific first: Lightning and MMEngine "state_dict", Megatron and
# torchvision references "model", DeepSpeed "module", Composer "state", Keras-like "weights", EMA wrappers.
_MODEL_KEYS = tuple(
    """state_dict model_state_dict model_state model module net network weights params state
    ema model_ema ema_state_dict params_ema ema_model""".split()  # noqa: SIM905
)
_MAX_INNER = 64  # configurations inside one
_MAX_WRAPPERS = 4  # {"state": {"model": ...}}
# What else they save that has tensors, but is no part of the model.
_TRAINING = re.compile(
    r"optim|sched|scaler|(^|_)amp($|_)|rng|random|(^|_)ema($|_)|moment|callback|loop|loss|criterion|history|metric",
    re.IGNORECASE,
)
_CONFIG_KEYS = ["config", "model_config", "hparams", "hyper_parameters", "model_args", "cfg", "args", "opt"]
# Keys that make a mapping a model's configuration: Hugging Face, GPT-2 and nanoGPT, Meta's Llama, fairseq.
_SIZES = frozenset(
    """model_type num_attention_heads num_hidden_layers hidden_size num_experts_per_tok num_local_experts n_head n_layer
    n_embd n_heads n_layers n_kv_heads d_model num_heads num_layers encoder_attention_heads""".split()  # noqa: SIM905
)


@dataclass(slots=True)
class State:
    """A training checkpoint's object, sorted.

    Attributes
    ----------
    model : object
        The weights: a dict of tensors, or a pickled module.
    beside : dict of str to object
        What else holds tensors, by key.
    attributes : dict
        Facts: step, loss, settings.
    config : mapping or None
        A Hugging Face style configuration.
    """

    model: Any
    beside: dict[str, Any] = field(default_factory=dict[str, Any])
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    config: Mapping[str, Any] | None = None

    def checkpoint(self, table: Callable[[Any], TensorTable]) -> Checkpoint:
        """Return the checkpoint, each of its subtrees made into a table by `table`."""
        tree = table(self.model)
        taken = {each.partition(".")[0] for each in tree.names}
        subtrees: list[tuple[str, NodeKind, TensorTable]] = []
        for key, part in self.beside.items():
            subtree = table(part)
            shown = plain_text(key, 200).replace(".", "_")
            while shown in taken:
                shown += "_"
            taken.add(shown)
            if subtree.names or subtree.modules:
                subtrees.append((shown, _kind(key, part), subtree))
        return Checkpoint(tree, subtrees, self.attributes, self.config)


def sort_state(root: Any) -> State:
    """Sort an unpickled object into the model, what lies beside it, and facts."""
    state = State(root)
    barren = set[int]()
    for _ in range(_MAX_WRAPPERS):
        model = state.model
        if isinstance(model, TensorRecord) or is_module(model):
            break
        parts = {key: part for key, part in entries(model).items() if isinstance(key, str) and part is not model}
        chosen = _model_key(parts, barren)
        if isinstance(model, dict):
            state.attributes |= _facts(parts)
            state.config = state.config or _config(parts)
        if chosen is None:
            training = {key: part for key, part in parts.items() if _is_optimizer(key, part)}
            if training and isinstance(model, dict):
                state.model = {key: part for key, part in entries(model).items() if key not in training}
                state.beside |= training
            break
        state.beside |= {key: part for key, part in parts.items() if key != chosen and holds_tensors(part, barren)}
        state.model = parts[chosen]
    if is_module(state.model):
        state.config = _config(entries(state.model)) or state.config
    return state


def checkpoint_of(root: Any, storages: Storages, path: str, limits: LoadLimits, warnings: list[str]) -> Checkpoint:
    """Return the checkpoint that an unpickled object is.

    Parameters
    ----------
    root : object
        What the unpickler made.
    storages : Storages
        Where the file keeps its data.

    Raises
    ------
    InputError
        When tensors contradict each other or the file.
    """
    name = Path(path).name

    shown = 0

    def table(value: Any) -> TensorTable:
        nonlocal shown
        made = tensor_table(find_tensors(value, path, limits), storages, name, warnings)
        made.names = check_names(printable_names(list(made.names), warnings), made.files, [path], limits)
        shown += len(made.names) + len(made.modules)
        if shown > limits.nodes:  # a part may be there under many keys
            raise input_error(path, "has too many modules and tensors", f"at most {limits.nodes:,} are shown")
        return made

    return sort_state(root).checkpoint(table)


def merged(parts: list[Checkpoint], paths: list[str], limits: LoadLimits) -> Checkpoint:
    """Return the checkpoint of a model whose tensors are in many files."""
    first = parts[0]
    if len(parts) == 1:
        return first
    whole = joined_tables([part.model for part in parts])
    check_names(list(whole.names), whole.files, paths, limits)
    return Checkpoint(whole, [each for part in parts for each in part.beside], first.attributes, first.config)


def _model_key(parts: Mapping[str, Any], barren: set[int]) -> str | None:
    for key in _MODEL_KEYS:
        part = parts.get(key)
        if isinstance(part, dict | Inert) and not _is_optimizer("", part) and holds_tensors(part, barren):
            return key
    return None


def _is_optimizer(key: str, part: Any) -> bool:
    is_named = re.match("optim", key, re.IGNORECASE) is not None
    return has_key(part, "param_groups") or (is_named and isinstance(part, dict | list))


def _kind(key: str, part: Any) -> NodeKind:
    """Training state is outside of the model's totals, as is a second copy of its weights (an average of them)."""
    training = key in _MODEL_KEYS or _TRAINING.search(key) or _is_optimizer(key, part)
    return NodeKind.OPTIMIZER if training else NodeKind.MODULE


def _facts(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return epoch, step, loss and settings as attributes of the model."""
    found = short_attributes(parts, "checkpoint")
    for key in _CONFIG_KEYS:
        part = parts.get(key)
        if isinstance(part, dict | Inert):
            found |= short_attributes(entries(part), f"checkpoint.{key}")
    return found


def _config(parts: Mapping[Any, Any]) -> Mapping[str, Any] | None:
    for key in _CONFIG_KEYS:
        part = parts.get(key)
        if isinstance(part, dict | Inert):
            config = _plain(entries(part))
            if config.keys() & _SIZES:
                return config
    return None


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what JSON could hold of a mapping, two levels deep (a text_config inside a config)."""
    found = short_attributes(values)
    seen: set[int] = set()
    inner: list[tuple[Any, Any]] = [item for item in values.items() if isinstance(item[1], dict | Inert)]
    for key, value in inner:
        if isinstance(key, str) and id(value) not in seen:
            if len(seen) == _MAX_INNER:
                break
            seen.add(id(value))
            found[plain_text(key)] = short_attributes(entries(value))
    return found
