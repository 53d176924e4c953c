"""A capture becomes evidence of an incident: its very bytes, who took it, whether texts of the program are in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

from oakum.incident import captured
from oakum.loop.record import Recorder
from oakum.model.capture import Capture
from oakum.model.errors import CallerError, MachineError
from oakum.model.incident import Kept
from oakum.model.units import format_duration, format_size
from oakum.render.codec_capture import capture_to_json
from oakum.render.codec_number import plain

PIECE_BYTES = 1 << 20
MEDIA_TYPE = "application/octet-stream"


def check_record(number: int, file: str, recorder: Recorder) -> None:
    """Before the target is touched. Raises CallerError where there is no such incident, or no file to put there."""
    if file == "-":
        raise CallerError("what goes to standard output cannot go on record", next_step="--output FILE")
    recorder.store.incidents.get(number)


def on_record(capture: Capture, number: int, recorder: Recorder, *, now_s: float) -> Capture:
    """Names where it is kept: evidence first, then the line of the record. The file stays as it is.

    Raises what the store raises, MachineError where the file cannot be read any more.
    """
    digest = recorder.store.blobs.put(_pieces(capture.file))
    texts = "without texts" if capture.redacted else "with the program's texts"
    sealed = ", sealed" if capture.sealed_to else ""
    size, pause_s = format_size(capture.file_bytes), capture.cost.pause_s
    pause = f"it stood still for {format_duration(pause_s)}" if pause_s else "it was not stopped"
    title = f"heap dump of pid {capture.pid} ({capture.runtime}), {size}, {texts}{sealed}; {pause}"
    told = plain(capture_to_json(capture))
    assert isinstance(told, dict)
    origin, author = "oakum heap capture", recorder.author
    kept = Kept("capture", title, origin, capture.at_s, told, digest, capture.file_bytes, MEDIA_TYPE, author)
    incident = recorder.store.incidents.change(
        number, lambda record: captured(record, kept, author=author, now_s=now_s)
    )
    return replace(capture, incident=incident.id, digest=digest)


def _pieces(path: str) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as exc:
        raise MachineError(f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {quote(path)}") from exc
