"""What a watch keeps of one series for the next watch: the judge's state and the thinned samples, in one archive."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import astuple, dataclass

from oakum.judge import JudgeState, restored
from oakum.loop.watching.followed import Followed, Looked
from oakum.model.errors import DataError
from oakum.model.series import Series
from oakum.render.codec_samples import samples_from_bytes, samples_to_bytes

FORMAT = 1

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    RuntimeError,
)
"""What damage makes of reading an archive: RuntimeError where its bytes say that it is encrypted."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """``pid``, ``started_s``: of the process that was seen last, None for a cgroup.

    ``found_since_s``, ``found_times``: since when it was found, None: it was not; and how often.
    """

    state: JudgeState
    lives: tuple[Series, ...]
    pid: int | None
    started_s: float | None
    found_since_s: float | None
    found_times: int
    looked: Looked


def to_bytes(followed: Followed) -> bytes:
    head = {
        "format": FORMAT,
        "pid": followed.pid,
        "started_s": followed.started_s,
        "found_since_s": followed.found_since_s,
        "found_times": followed.found_times,
        "looked": None if followed.looked == Looked() else list(astuple(followed.looked)),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("head.json", json.dumps(head))
        archive.writestr("state", followed.state.saved(), zipfile.ZIP_STORED)
        archive.writestr("samples.json", samples_to_bytes(followed.series(), None))
    return file.getvalue()


def from_bytes(content: bytes) -> Remembered:
    """Raises DataError for what ``to_bytes`` of this version did not write."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            head = json.loads(archive.read("head.json"))
            if head["format"] != FORMAT:
                raise _unknown(f"it has format {head['format']}, this version knows {FORMAT}")
            state = restored(archive.read("state"))
            samples, _ = samples_from_bytes(archive.read("samples.json"))
        found_since_s, found_times = head.get("found_since_s"), head.get("found_times", 0)
        looked = Looked(*(head.get("looked") or ()))
        return Remembered(state, samples.lifetimes, head["pid"], head["started_s"], found_since_s, found_times, looked)
    except _BROKEN as exc:
        raise _unknown(str(exc)[:200]) from exc


def _unknown(why: str) -> DataError:
    return DataError("this is not what a watch keeps of a series", why=why, next_step="the watch begins anew with it")
