"""Facts of the inspector: sections of label and text, without any widget."""

from dataclasses import dataclass, field

__all__ = ["Fact", "Section"]


@dataclass(frozen=True)
class Fact:
    """A label, what is known, and what can be added in smaller letters."""

    label: str
    text: str
    detail: str = ""


@dataclass
class Section:
    """Facts that belong together, under a title."""

    title: str
    facts: list[Fact] = field(default_factory=list)

    def add(self, label: str, text: str | None, detail: str = "") -> None:
        """Add a fact, if there is one."""
        if text:
            self.facts.append(Fact(label, text, detail if detail != text else ""))
