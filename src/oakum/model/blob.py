"""A piece of evidence as it lies in its place: by its content's address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Blob:
    """``digest``: SHA-256 of the content, in hexadecimal. ``at_s``: when it was put last (UTC epoch)."""

    digest: str
    size_bytes: int
    at_s: float
