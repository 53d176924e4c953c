"""A dump with its contents filled: lengths, counts and references as they were, texts gone."""

from __future__ import annotations

from oakum.heap.redact.key import KEY_BYTES
from oakum.heap.redact.redactor import Redactor, redactor

__all__ = ["KEY_BYTES", "Redactor", "redactor"]
