"""``oakum heap redact`` in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from oakum.model.redaction import Redacted, Redaction, Share
from oakum.model.units import format_count, format_duration, format_size
from oakum.render.names import shown

if TYPE_CHECKING:
    from rich.console import RenderableType


def redaction_view(redaction: Redaction) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415

    out, done = redaction.out, redaction.redacted
    where = "standard output" if out == "-" else shown(out)
    rate = f", {format_size(int(done.bytes / redaction.seconds))}/s" if redaction.seconds else ""
    written = format_size(redaction.out_bytes)
    lines = [
        f"{shown(redaction.file)} ({done.format}) → {where}",
        f"  {format_size(done.bytes)} in {format_duration(redaction.seconds)}{rate}; written: {written}",
        *redacted_lines(done),
        f"  key: {'kept in ' + shown(redaction.key_file) if redaction.key_file else 'thrown away'}",
        *sealed_lines(redaction.sealed_to),
        *([] if out == "-" else [f"  next: oakum heap analyze {shown(quote(out))}{_identity(redaction.sealed_to)}"]),
    ]
    return Text("\n".join(lines))


def redacted_lines(redacted: Redacted) -> list[str]:
    """What was filled and what stayed, a line each."""
    return [
        f"  replaced: {_told(redacted.replaced) or 'nothing'}",
        f"  stayed:   {_told(redacted.stayed) or 'no text'}",
        f"            ({redacted.stays})",
    ]


def sealed_lines(recipients: Sequence[str]) -> list[str]:
    return [f"  sealed to {shown(recipient)}" for recipient in recipients]


def _identity(recipients: Sequence[str]) -> str:
    return " --identity FILE" if recipients else ""


def _told(shares: Sequence[Share]) -> str:
    return "; ".join(f"{format_count(share.count)} {share.what} ({format_size(share.bytes)})" for share in shares)
