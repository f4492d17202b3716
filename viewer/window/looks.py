"""How the model is drawn, as the View menu switches it."""

from collections.abc import Callable

from ..state import ViewState
from .moving.motion import is_reduced, set_reduced

__all__ = ["Looks"]


class Looks:
    """Changes what of a state is look rather than place.

    Parameters
    ----------
    state : ViewState
    changed : callable
        Called after a switch that is no part of the state.
    """

    def __init__(self, state: ViewState, changed: Callable[[], None]) -> None:
        self._state, self._changed = state, changed

    def is_arranged(self, arrangement: str) -> bool:
        """Whether this arrangement was asked for."""
        return self._state.arrangement == arrangement

    def arrange(self, arrangement: str) -> None:
        """Set the layers of the model into another arrangement; focus and selection stay."""
        self._state.arrangement = arrangement
        self._changed()  # what was chosen again is unchecked by its action

    def has_labels(self) -> bool:
        """Whether labels are shown."""
        return self._state.labels

    def toggle_labels(self) -> None:
        """Show or hide the labels."""
        self._state.labels = not self._state.labels

    def has_plain_words(self) -> bool:
        """Whether labels say what parts are rather than what the file calls them."""
        return self._state.plain_words

    def toggle_plain_words(self) -> None:
        """Let labels say what parts are, or what the file calls them."""
        self._state.plain_words = not self._state.plain_words

    def is_light(self) -> bool:
        """Whether the light theme is on."""
        return self._state.theme == "light"

    def toggle_light(self) -> None:
        """Change between dark and light."""
        self._state.theme = "dark" if self.is_light() else "light"

    def is_print(self) -> bool:
        """Whether the theme for paper is on."""
        return self._state.theme == "print"

    def toggle_print(self) -> None:
        """Change between the theme for paper and the light one."""
        self._state.theme = "light" if self.is_print() else "print"

    def is_still(self) -> bool:
        """Whether nothing moves by itself."""
        return is_reduced()

    def toggle_motion(self) -> None:
        """Let the camera fly, or jump."""
        set_reduced(not is_reduced())
        self._changed()
