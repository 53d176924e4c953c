"""Where the record is kept: a file of this machine, or a PostgreSQL database by its URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from oakum.model.errors import CallerError

FILE_NAME = "oakum.db"
_POSTGRES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A SQLite database; blobs lie beside it."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def blobs(self) -> Path:
        return self.path.with_suffix(".blobs")


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """``url`` may hold a password: print ``str()``."""

    url: str

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


Place = FilePlace | PostgresPlace


def parse_place(text: str) -> Place:
    """A path (of a file, or of a folder that is there), ``sqlite:///PATH`` or ``postgresql://…``.

    Raises CallerError for a URL of another kind.
    """
    scheme, found, rest = text.partition("://")
    if not found:
        path = Path(text).expanduser()
        return FilePlace(path / FILE_NAME if text.endswith("/") or path.is_dir() else path)
    if scheme in _POSTGRES:
        return PostgresPlace(f"postgresql+psycopg://{rest}")
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return FilePlace(Path(rest[1:]))
    raise CallerError(
        f"{scheme}://… is no place for the record",
        why="it is a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE",
        next_step="oakum incident list --store ./oakum.db",
    )
