"""A family of models: what its config says, and which tensors follow from that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .sizes import Sizes

__all__ = ["Family", "Head", "Ranges", "decoder"]

Ranges = dict[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Head:
    """What a class of a family puts around the family's body.

    Attributes
    ----------
    prefix : str
        Stands before the body's names.
    template : str
        Tensors outside of the body.
    switches : mapping of str to bool
        What this class turns on or off in the body.
    """

    prefix: str = ""
    template: str = ""
    switches: Mapping[str, bool] = field(default_factory=dict[str, bool])


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the table of families.

    Attributes
    ----------
    types : str
        The ``model_type`` of its configs; several are separated by spaces.
    sizes : str
        What its template needs; see `sizes.read_sizes`.
    body : str
        The tensors that all its classes have; see `template`.
    heads : mapping of str to Head
        By class, as ``architectures`` names it. The first is meant where a config names none.
    derive : callable, optional
        Sets what follows from several sizes; returns ranges of loops beside ``L`` and ``E``.
    without : str
        Keys of a config that must not be set: what they switch on is not in the template.
    """

    types: str
    sizes: str
    body: str
    heads: Mapping[str, Head]
    derive: Callable[[Sizes], Ranges] | None = None
    without: str = ""

    def ranges(self, sizes: Sizes) -> Ranges:
        """Return what each loop of the template runs over."""
        numbers = sizes.numbers
        return {key: range(numbers[key]) for key in ("L", "E") if key in numbers} | (
            self.derive(sizes) if self.derive is not None else {}
        )


def decoder(name: str, body: str = "model.", head: str = "lm_head.   V,H   ?!tied") -> dict[str, Head]:
    """Return the three usual classes of a language model, from the start of their names."""
    return {
        f"{name}ForCausalLM": Head(body, head),
        f"{name}Model": Head(),
        f"{name}ForSequenceClassification": Head(body, "score.   N,H"),
    }
