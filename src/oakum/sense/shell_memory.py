"""A container's own memory as a shell in it reads it, once a second: the program, and its lines, fed as bytes.

The loop is counted, so it ends by itself even where nobody hears it any more; whoever watches for long starts another
after it. Of the image it needs ``sh`` and ``sleep``; the files are read by the shell itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

EVERY_S: Final = 1.0
NO_FILES: Final = 3
"""The program's exit code where the container does not see its own cgroup: the root of all has no limit to read."""

_LOOP: Final = """\
s=/sys/fs/cgroup; f=$s/memory.stat; m=$s/memory.max
[ -r $f ] || { f=$s/memory/memory.stat; m=$s/memory/memory.limit_in_bytes; }
[ -r $f ] && [ -r $m ] || exit 3
i=0
while [ $i -lt COUNT ]; do
  a=; l=max
  while read -r k v; do case $k in anon|total_rss) a=$v;; esac; done <$f
  read -r l <$m
  echo "$a $l" || exit 0
  i=$((i+1)); sleep 1 || exit 4
done
"""
"""Version 2 calls the processes' own memory ``anon``; version 1, with what is below it, ``total_rss``."""


def command(seconds: float) -> tuple[str, ...]:
    """Prints a line at once and then each second, for so long."""
    return "sh", "-c", _LOOP.replace("COUNT", str(max(1, int(seconds / EVERY_S) + 1)))


@dataclass(frozen=True, slots=True)
class ShellSample:
    """``limit_bytes``: None where the container's own cgroup has none."""

    anon_bytes: int
    limit_bytes: int | None


@dataclass(slots=True)
class ShellLines:
    """What came so far and is no whole line yet. ``odd``: lines that are none of the program's."""

    odd: int = 0
    _rest: bytes = field(default=b"")

    def feed(self, content: bytes) -> list[ShellSample]:
        """The samples of the lines that are whole now."""
        *lines, self._rest = (self._rest + content).split(b"\n")
        # Nobody's line is as long: what comes is not the program's.
        self._rest = self._rest[-100:]
        found = [_sample(line) for line in lines]
        self.odd += sum(each is None for each in found)
        return [each for each in found if each is not None]


def _sample(line: bytes) -> ShellSample | None:
    words = line.split()
    if len(words) != 2 or not words[0].isdigit():
        return None
    if words[1] == b"max":
        return ShellSample(int(words[0]), None)
    if not words[1].isdigit():
        return None
    limit = int(words[1])
    return ShellSample(int(words[0]), limit if limit < 1 << 60 else None)
