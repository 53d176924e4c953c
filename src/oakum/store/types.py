"""Texts and documents as both databases can hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator


class Words(TypeDecorator[str]):
    r"""Text; half characters and NUL, which names from targets may hold and PostgreSQL refuses, become ``\udc80``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.encode("utf-8", "backslashreplace").decode().replace("\0", r"\x00")


class Document(TypeDecorator[Mapping[str, object]]):
    """A JSON object as text, its keys sorted: the same content is always the same text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, object] | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, object] | None:
        del dialect
        if value is None:
            return None
        found: Mapping[str, object] = json.loads(value)
        return found
