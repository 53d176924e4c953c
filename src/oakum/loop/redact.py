"""``oakum heap redact``: a dump without its texts. The work is done in a process apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oakum.model.ports import Dumps, Request
from oakum.model.redaction import Redacted, Redaction
from oakum.model.stage import Stage
from oakum.model.units import format_size

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

WORKER = "oakum.cli.worker"
MEMORY_BYTES = 1 << 30
"""Most of it for compiling the kernels, once on a machine; the work itself takes a twentieth."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a dump is redacted."""

    key_file: str = ""
    """Where the key is kept, so that other dumps get the same fillers; made where it is not there. "": thrown away."""

    recipients: Sequence[str] = ()
    """To whom the redacted dump is sealed; nobody where there are none."""

    identity: str = ""
    """A file with the key that opens a dump that is sealed."""


def redact(file: str, out: str, *, machine: Machine, settings: Settings, progress: Progress) -> Redaction:
    """Raises CallerError, DataError or MachineError; nothing half-written is left then."""
    machine.dumps.check_recipients(settings.recipients)
    if out != "-":
        machine.dumps.check_room(out, 0)
    say_too_open(settings.identity, machine, progress)
    begun_s = machine.clock.monotonic_s()
    # Closed at once: should nobody take the pieces, the process apart would wait for ever.
    with closing(Poured(file, machine=machine, settings=settings, progress=progress)) as poured:
        out_bytes = machine.dumps.keep(out, poured, packing=None, recipients=settings.recipients)
    return Redaction(
        file=file,
        out=out,
        out_bytes=out_bytes,
        seconds=machine.clock.monotonic_s() - begun_s,
        redacted=poured.redacted,
        key_file=settings.key_file,
        sealed_to=tuple(settings.recipients),
    )


class Poured:
    """The pieces of a redacted dump, to be taken once; then ``redacted`` says what was done to it."""

    def __init__(self, file: str, *, machine: Machine, settings: Settings, progress: Progress) -> None:
        # Whoever may list processes sees what a process was asked: no key stands there.
        asked: Request = {
            "verb": "redact",
            "file": file,
            "key_file": settings.key_file,
            "identity": settings.identity,
        }
        self._pieces: Generator[bytes, None, object] = machine.apart.pour(
            WORKER, asked, memory_bytes=MEMORY_BYTES, told=progress.stage
        )
        self._redacted: Redacted | None = None

    def __iter__(self) -> Iterator[bytes]:
        made = yield from self._pieces
        assert isinstance(made, Redacted)
        self._redacted = made

    def close(self) -> None:
        self._pieces.close()

    @property
    def redacted(self) -> Redacted:
        assert self._redacted is not None, "the pieces were not all taken"
        return self._redacted


def say_too_open(identity: str, machine: Machine, progress: Progress) -> None:
    if identity and (warning := machine.dumps.check_identity(identity)):
        progress.stage(warning)


def pour(request: Request, *, dumps: Dumps, told: Callable[[str], None], poured: Callable[[bytes], None]) -> Redacted:
    """What the process apart does."""
    from oakum.heap.redact import KEY_BYTES, redactor  # noqa: PLC0415  (loads the kernels)

    file, key_file = str(request["file"]), str(request["key_file"])
    key = dumps.key(key_file, KEY_BYTES) if key_file else os.urandom(KEY_BYTES)
    with dumps.walk(file, identity=str(request["identity"])) as (data, past):
        found = redactor(data, key, past)
        told(
            Stage(
                f"redacting {format_size(data.size)}", work=float(data.size), unit="B", kind=f"redacting {found.format}"
            )
        )
        for piece in found.pieces():
            poured(piece)
        return Redacted(found.format, int(data.size), found.replaced(), found.stayed(), found.stays)
