"""Lines of a terminal whose further lines stand below their text, not below their sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions
    from rich.text import Text

NARROWEST = 20
"""A text is never folded to fewer columns than that."""


@dataclass(frozen=True, slots=True)
class Hung:
    """``lead``: what stands before the first line (``  · ``); spaces stand before the others.

    ``tail``: what comes after the text, dim. ``whole``: it is not folded, as a command that is copied out must not be.
    """

    lead: str
    text: str
    style: str = ""
    tail: str = ""
    whole: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text  # noqa: PLC0415

        if self.whole:
            yield Text(f"{self.lead}{self.text}", style=self.style, no_wrap=True, overflow="ignore")
            return
        told = Text.assemble((self.text, self.style), (self.tail, "dim"))
        for number, line in enumerate(told.wrap(console, max(NARROWEST, options.max_width - len(self.lead)))):
            yield Text.assemble((" " * len(self.lead) if number else self.lead, self.style), line)
