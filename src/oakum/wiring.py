"""Reads the environment and oakum.toml once, builds the adapters; no logic."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.model.errors import CallerError, MachineError
from oakum.model.policy import Policy

if TYPE_CHECKING:
    from oakum.host import Machine


def machine() -> Machine:
    """The ports of this machine."""
    from oakum.host import this_machine  # noqa: PLC0415  (oakum --help never needs it)

    return this_machine()


def policy() -> Policy:
    """The defaults, or what ``[policy]`` of the first oakum.toml found says: $OAKUM_CONFIG, here, the user's folder."""
    path = _config_path()
    return Policy() if path is None else read_policy(path)


def read_policy(path: Path) -> Policy:
    """Raises CallerError for a file that is not TOML, an unknown field, or a value that is no positive number."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("policy", {})
    except OSError as exc:
        raise MachineError(f"cannot read {path}", why=str(exc), next_step=f"ls -l {path}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise CallerError(f"{path} is not TOML", why=str(exc), next_step=f"edit {path}") from exc
    if not isinstance(table, dict):
        raise CallerError(
            f"{path}: [policy] is no table", why="fields with numbers are wanted", next_step=f"edit {path}"
        )
    known = {field.name for field in fields(Policy)}
    for name, value in table.items():
        if name not in known:
            raise CallerError(
                f"{path}: [policy] has no field {name!r}",
                why=f"it knows {', '.join(sorted(known))}",
                next_step=f"edit {path}",
            )
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
