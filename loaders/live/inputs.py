"""What a module is run with: the caller's inputs, or small ones that fit its config, signature and first layer."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch

from ...errors import UsageError
from ..untyped import is_sequence
from .values import tensors_in

__all__ = ["Inputs", "default_inputs", "given_inputs"]

_TOKENS = 8
# Heights and widths to try for images, where no config says: ImageNet's, CIFAR's, MNIST's, and what else is common.
_SIDES = (224, 32, 28, 64, 96, 128, 256, 299, 512)
_SAMPLES = 16_000  # a second of sound: strides of speech encoders multiply to 320
_FRAMES = 3_000  # of a spectrogram: Whisper's
_FLOAT, _INT = torch.float32, torch.int64


@dataclass(frozen=True, slots=True)
class Inputs:
    """Arguments of a forward pass."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        parts = [
            f"{name + ' ' if name else ''}{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
            for name, tensor in (*_named(self.args), *tensors_in(dict(self.kwargs)))
        ]
        return ", ".join(parts) or "no tensors"


def _named(args: tuple[Any, ...]) -> Iterator[tuple[str, torch.Tensor]]:
    for value in args:
        yield from tensors_in(value)


def given_inputs(inputs: Any) -> Inputs:
    """Return a caller's inputs as arguments: a tensor, a tuple or list of arguments, or a dict of keyword arguments.

    Raises
    ------
    UsageError
        When they are anything else.
    """
    if isinstance(inputs, torch.Tensor):
        return Inputs((inputs,))
    if is_sequence(inputs):
        return Inputs(tuple(inputs))
    kind = type(inputs).__name__
    if isinstance(inputs, Mapping):
        named = cast("Mapping[Any, Any]", inputs)
        if all(isinstance(name, str) for name in named):
            return Inputs(kwargs=dict(named))
    raise UsageError(
        f"inputs of type {kind} cannot be used; give a tensor, a tuple of arguments or a dict of keyword arguments"
    )


def default_inputs(module: torch.nn.Module) -> Iterator[Inputs]:
    """Yield inputs that may fit, the likeliest first; tensors are on the meta device."""
    parameters = _parameters(module)
    config: Any = getattr(module, "config", None)
    if config is not None:
        found = _by_config(module, config, parameters)
        if found is not None:
            yield found
    dummy: Any = getattr(module, "dummy_inputs", None)
    if isinstance(dummy, Mapping) and dummy:
        yield Inputs(kwargs=dict(cast("Mapping[str, Any]", dummy)))
    required = [p.name for p in parameters if p.default is p.empty and p.kind != p.VAR_POSITIONAL]
    count = len(required) or any(p.kind == p.VAR_POSITIONAL or p.default is None for p in parameters)
    if not parameters:
        yield Inputs()
        return
    for tensor in _by_first_layer(module):
        yield Inputs((tensor,) * int(count))


def _parameters(module: torch.nn.Module) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in parameters if p.kind != p.VAR_KEYWORD]


# ---------------------------------------------------------------- by a config
def _by_config(module: torch.nn.Module, config: Any, parameters: Sequence[inspect.Parameter]) -> Inputs | None:
    """Return the inputs of a Hugging Face model, None when its main input is of no known kind."""
    main: Any = getattr(module, "main_input_name", None)
    accepted = {p.name for p in parameters}
    made: dict[str, torch.Tensor] = {}
    wanted = [main, *(p.name for p in parameters if p.default is p.empty)]
    if {"input_ids", "pixel_values"} <= accepted and hasattr(config, "vision_config"):
        wanted.append("pixel_values")
    for name in wanted:
        tensor = _of_name(name, config) if isinstance(name, str) and name in accepted else None
        if tensor is not None:
            made[cast("str", name)] = tensor
    if not made:
        return None
    if "input_ids" in made and "attention_mask" in accepted:
        made["attention_mask"] = _tokens()
    if getattr(config, "is_encoder_decoder", False) and "decoder_input_ids" in accepted:
        made["decoder_input_ids"] = _tokens()
    settings = {"use_cache": False} if "use_cache" in accepted else {}
    return Inputs(kwargs=made | settings)


def _of_name(name: str, config: Any) -> torch.Tensor | None:
    vision: Any = getattr(config, "vision_config", config)
    if name in ("input_ids", "decoder_input_ids", "attention_mask"):
        return _tokens()
    if name in ("pixel_values", "sample"):
        height, width = _side(getattr(vision, "image_size", None) or getattr(vision, "sample_size", None))
        channels: Any = getattr(vision, "num_channels", None) or getattr(vision, "in_channels", None)
        return _tensor(1, channels if isinstance(channels, int) else 3, height, width)
    if name == "input_values":
        return _tensor(1, _SAMPLES)
    if name == "input_features":
        return _tensor(1, int(getattr(config, "num_mel_bins", 80)), _FRAMES)
    if name == "timestep":
        return _tensor(1, dtype=_INT)
    if name in ("inputs_embeds", "hidden_states", "encoder_hidden_states"):
        size: Any = getattr(config, "cross_attention_dim", None) or getattr(config, "hidden_size", None)
        return _tensor(1, _TOKENS, size) if isinstance(size, int) else None
    return None


def _side(size: Any) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    if isinstance(size, list | tuple):
        sides = cast("list[Any]", size)
        if len(sides) == 2 and all(isinstance(side, int) for side in sides):
            return sides[0], sides[1]
    return _SIDES[0], _SIDES[0]


# ---------------------------------------------------------------- by the first layer
def _by_first_layer(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Yield tensors for the first layer that says what it takes; where none does, a vector, an image and tokens."""
    for inner in module.modules():
        shapes = _taken_by(inner)
        if shapes:
            yield from shapes
            return
    yield _tensor(1, 8)
    yield _tensor(1, 3, _SIDES[0], _SIDES[0])
    yield _tokens()


def _taken_by(layer: Any) -> list[torch.Tensor]:
    nn = torch.nn
    if isinstance(layer, nn.Embedding | nn.EmbeddingBag):
        return [_tokens(), _tensor(_TOKENS, dtype=_INT)]
    if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
        return [_tensor(1, layer.in_channels, length) for length in (1_024, _SAMPLES, 128)]
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        return [_tensor(1, layer.in_channels, side, side) for side in _SIDES]
    if isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
        return [_tensor(1, layer.in_channels, side, side, side) for side in (64, 32, 16, 112)]
    if isinstance(layer, nn.Linear | nn.Bilinear):
        size = layer.in_features if isinstance(layer, nn.Linear) else layer.in1_features
        return [_tensor(1, size), _tensor(1, _TOKENS, size)]
    if isinstance(layer, nn.RNNBase):
        return [_tensor(1, _TOKENS, layer.input_size)]
    if isinstance(layer, nn.RNNCellBase):
        return [_tensor(1, layer.input_size)]
    if isinstance(layer, nn.Transformer):
        return [_tensor(_TOKENS, 1, layer.d_model)]
    if isinstance(layer, nn.MultiheadAttention):
        return [_tensor(_TOKENS, 1, layer.out_proj.in_features)]
    if isinstance(layer, nn.LayerNorm):
        return [_tensor(1, *layer.normalized_shape), _tensor(1, _TOKENS, *layer.normalized_shape)]
    return []


def _tokens() -> torch.Tensor:
    return _tensor(1, _TOKENS, dtype=_INT)


def _tensor(*shape: int, dtype: torch.dtype = _FLOAT) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")
