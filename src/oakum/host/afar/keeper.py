"""What a container of ours runs, so that an agent can be started in it.

The agent is not that program itself: whatever a container's first program prints becomes the container's log, on its
node's disk, and what an agent prints is the memory of somebody else's process.
"""

from __future__ import annotations

from typing import Final

FIRST_WITHIN_S: Final = 60
"""It ends where no agent came within so long, in seconds."""

ALONE_S: Final = 4
"""It ends where the last one has been gone for so long, in seconds."""

# Whoever is started in the container is in its cgroup, and nobody else is. Asked to end, it waits for them: what they
# began in the target's folders they remove.
_KEEPS: Final = """\
import os, signal, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
def group(pid):
    try:
        with open("/proc/%s/cgroup" % pid, "rb") as file:
            return file.read()
    except OSError:
        return b""
own, me, begun = group("self"), str(os.getpid()), time.monotonic()
last, came = begun, False
while time.monotonic() - last < (ALONE if came else FIRST) and time.monotonic() - begun < ENDS:
    time.sleep(1)
    if any(p.isdigit() and p != me and group(p) == own for p in os.listdir("/proc")):
        last, came = time.monotonic(), True
    elif asked:
        break
"""


def keeper(ends_s: int, python: str = "python3") -> tuple[str, ...]:
    """``ends_s``: whatever goes on in the container, it lasts no longer, in seconds."""
    program = _KEEPS.replace("ALONE", str(ALONE_S)).replace("FIRST", str(FIRST_WITHIN_S)).replace("ENDS", str(ends_s))
    return python, "-I", "-S", "-B", "-c", program
