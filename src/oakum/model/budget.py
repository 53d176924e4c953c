"""What a look into a heap may cost its target at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.errors import CallerError

MAX_PAUSE_S: Final = 15.0
MAX_COPY_S: Final = 60.0
MAX_CARRIED_BYTES: Final = 1 << 30
_UNITS: Final = {1 << 30: "GiB", 1 << 20: "MiB", 1 << 10: "KiB"}


@dataclass(frozen=True, slots=True)
class Budget:
    """Nothing is asked of the target that could take more; what takes more all the same is given up, where it can be.

    Raises CallerError for a bound that nothing can keep.
    """

    max_pause_s: float = MAX_PAUSE_S
    """For how long the target may stand still, in seconds."""

    deadline_s: float | None = None
    """After how long without an answer a liveness probe ends the target, in seconds. None: nothing is known of one."""

    max_bytes: int | None = None
    """How large a dump, or a copy of memory, may be, unpacked. None: as large as the heap makes it, but for a copy that
    crosses a network: MAX_CARRIED_BYTES."""

    max_copy_s: float = MAX_COPY_S
    """For how long memory may be copied over a network, each time, in seconds: what runs on meanwhile tears it."""

    def __post_init__(self) -> None:
        if not self.max_pause_s > 0:
            raise CallerError("a pause must be longer than nothing", next_step="--max-pause 15s")
        if self.deadline_s is not None and not self.deadline_s > 0:
            raise CallerError("a probe's deadline must be longer than nothing", next_step="--deadline 30s")
        if self.max_bytes is not None and not self.max_bytes > 0:
            raise CallerError("a dump is larger than nothing", next_step="--max-bytes 1GiB")
        if not self.max_copy_s > 0:
            raise CallerError("a copy takes longer than nothing", next_step="--max-copy 1min")

    @property
    def pause_s(self) -> float:
        """The smallest pause wins."""
        return self.max_pause_s if self.deadline_s is None else min(self.max_pause_s, self.deadline_s)

    @property
    def carried_bytes(self) -> int:
        """So much of a process's memory may cross a network at once."""
        return MAX_CARRIED_BYTES if self.max_bytes is None else self.max_bytes

    def asked(self, command: str) -> str:
        """``command``, with the options that allow this much and no more."""
        pause = "" if self.max_pause_s == MAX_PAUSE_S else f" --max-pause {self.max_pause_s:g}s"
        deadline = "" if self.deadline_s is None else f" --deadline {self.deadline_s:g}s"
        copy = "" if self.max_copy_s == MAX_COPY_S else f" --max-copy {self.max_copy_s:g}s"
        return command + pause + deadline + _size_option(self.max_bytes) + copy


def _size_option(max_bytes: int | None) -> str:
    if max_bytes is None:
        return ""
    whole = next((unit for unit in _UNITS if max_bytes % unit == 0), 1)
    return f" --max-bytes {max_bytes // whole}{_UNITS.get(whole, '')}"
