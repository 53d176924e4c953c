"""The node of a container, as the container sees it, and what else bounds the container there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from oakum.host.afar.agent import Agent
from oakum.host.afar.folder import AfarFolder
from oakum.host.node import LiveNode
from oakum.model.errors import OakumError
from oakum.model.node import Room

FILE_BYTES: Final = 1 << 18


class AfarNode(LiveNode):
    """Port Node: the same files, read by the agent. ``beside``: what the cluster knows of bounds, asked each time."""

    memory = "its node's memory"

    def __init__(self, agent: Agent, *, seen_by: int, beside: Callable[[], Sequence[Room]]) -> None:
        """``seen_by``: a process that sees the node's /proc. Raises TargetError when it has ended."""
        super().__init__()
        self._agent, self._beside = agent, beside
        self._kept = AfarFolder.opened(agent, seen_by)

    def rooms(self) -> list[Room]:
        return [*super().rooms(), *self._beside()]

    def _read(self, name: str) -> str | None:
        try:
            told = self._agent.ask("file", self._kept.number, f"{self._proc}/{name}", FILE_BYTES)
        except (OSError, OakumError):
            return None
        return told.decode("ascii", "replace")
