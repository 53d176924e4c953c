"""How long the source of a Go program is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.explain.go_program import Statement


class TooLongError(Exception):
    """More time went by than the source is worth."""


class Patience:
    """``late``: whether it took too long already."""

    def __init__(self, late: Callable[[], bool]) -> None:
        self._late = late

    def each(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """Raises TooLongError before the first that would be read too late."""
        for statement in statements:
            if self._late():
                raise TooLongError
            yield statement
