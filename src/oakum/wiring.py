"""Reads the environment and oakum.toml once, builds the adapters; no logic."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oakum.model.errors import CallerError, MachineError
from oakum.model.policy import Policy

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.model.ports import Answers, Rates, Store


def machine() -> Machine:
    """The ports of this machine."""
    from oakum.host import this_machine  # noqa: PLC0415  (oakum --help never needs it)

    return this_machine()


def answers() -> Answers:
    """Answers about files, kept in the user's cache folder ($XDG_CACHE_HOME)."""
    from importlib.metadata import version  # noqa: PLC0415

    from oakum.host.answers import LiveAnswers  # noqa: PLC0415

    return LiveAnswers(_cache_folder() / "answers", made_by=f"oakum {version('oakum')} {_source_mark()}")


def rates() -> Rates:
    """How fast this machine did such work before."""
    from oakum.host.rates import LiveRates  # noqa: PLC0415

    return LiveRates(_cache_folder() / "rates.json")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oakum"


def _source_mark() -> str:
    """What the code that answers is known by: a checkout changes while its version does not."""
    told = [path.stat() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    return f"{len(told)} {sum(each.st_size for each in told)} {max(each.st_mtime_ns for each in told)}"


def policy() -> Policy:
    """The defaults, or what ``[policy]`` of the first oakum.toml found says: $OAKUM_CONFIG, here, the user's folder."""
    path = _config_path()
    return Policy() if path is None else read_policy(path)


def store(named: str = "") -> Store:
    """The record: ``named``, $OAKUM_STORE, ``[store] url`` of oakum.toml, or a file in the user's state folder.

    Evidence is kept in ``[store] blobs``: a folder or a bucket's URL; beside the file where none is named.
    """
    from oakum.store import open_store  # noqa: PLC0415  (SQL is loaded where a record is wanted)
    from oakum.store.place import FilePlace, parse_place  # noqa: PLC0415

    table = _store_table()
    place = parse_place(_store_text(named, table))
    blobs = table.get("blobs", "")
    if not blobs and not isinstance(place, FilePlace):
        blobs = str(_state_folder() / "blobs")
    return open_store(place, blobs=blobs)


def store_if_there(named: str = "") -> Store | None:
    """As ``store``; None where no file has been made yet. SQL is not loaded for that answer."""
    text = _store_text(named, _store_table())
    if "://" not in text:
        path = Path(text).expanduser()
        if not (path.is_file() or (path / "oakum.db").is_file()):
            return None
    return store(named)


def _store_text(named: str, table: dict[str, str]) -> str:
    return named or os.environ.get("OAKUM_STORE") or table.get("url") or str(_state_folder() / "oakum.db")


def _state_folder() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "oakum"


def _store_table() -> dict[str, str]:
    path = _config_path()
    if path is None:
        return {}
    table = _table(path, "store", {"url", "blobs"})
    for name, value in table.items():
        if not isinstance(value, str) or not value:
            raise CallerError(f"{path}: [store] {name} = {value!r}", why="a text is wanted", next_step=f"edit {path}")
    return table


def _table(path: Path, name: str, known: Iterable[str]) -> dict[str, Any]:
    """One table of a TOML file, {} where it has none. Raises CallerError for a field that is not known."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get(name, {})
    except OSError as exc:
        raise MachineError(f"cannot read {path}", why=str(exc), next_step=f"ls -l {path}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise CallerError(f"{path} is not TOML", why=str(exc), next_step=f"edit {path}") from exc
    if not isinstance(table, dict):
        raise CallerError(f"{path}: [{name}] is no table", why="fields are wanted", next_step=f"edit {path}")
    for field in table:
        if field not in known:
            raise CallerError(
                f"{path}: [{name}] has no field {field!r}",
                why=f"it knows {', '.join(sorted(known))}",
                next_step=f"edit {path}",
            )
    return table


def read_policy(path: Path) -> Policy:
    """Raises CallerError for a file that is not TOML, an unknown field, or a value that is no positive number."""
    table = _table(path, "policy", [field.name for field in fields(Policy)])
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
            raise CallerError(
                f"{path}: [policy] {name} = {value!r}", why="a positive number is wanted", next_step=f"edit {path}"
            )
    return Policy(**table)


def _config_path() -> Path | None:
    named = os.environ.get("OAKUM_CONFIG")
    if named:
        return Path(named)
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return next((path for path in (Path("oakum.toml"), user / "oakum" / "oakum.toml") if path.is_file()), None)
