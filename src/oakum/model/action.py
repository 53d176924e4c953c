"""What Oakum can do to a target of this machine, as values; a step carries one as plain facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from oakum.model.errors import DataError
from oakum.model.supervisor import Supervisor, SupervisorKind


@dataclass(frozen=True, slots=True)
class KeepEvidence:
    """Watch it and read its memory once more: what comes next destroys both."""


@dataclass(frozen=True, slots=True)
class Restart:
    """End it and have it started again as it was, by its supervisor where it has one."""

    by: Supervisor


@dataclass(frozen=True, slots=True)
class Stop:
    """End it and leave it ended."""

    by: Supervisor


@dataclass(frozen=True, slots=True)
class SetLimit:
    """The memory limit of ``cgroup``, from ``before_bytes`` (None: no limit) to ``limit_bytes``.

    ``lasts_s``: how long it is meant to stand, in seconds; None where an older plan did not say.
    """

    cgroup: str
    before_bytes: int | None
    limit_bytes: int
    by: Supervisor
    lasts_s: float | None = None


@dataclass(frozen=True, slots=True)
class Collect:
    """Have ``runtime`` collect its garbage: what stays is held. Evidence, never a cure."""

    runtime: str


Action: TypeAlias = KeepEvidence | Restart | Stop | SetLimit | Collect

_KINDS: Final[dict[str, type[Action]]] = {
    "keep-evidence": KeepEvidence,
    "restart": Restart,
    "stop": Stop,
    "set-limit": SetLimit,
    "collect": Collect,
}


def facts_of(action: Action) -> dict[str, object]:
    """Plain values, ready for JSON: ``kind`` and the fields."""
    kind = next(name for name, made in _KINDS.items() if made is type(action))
    return {"kind": kind, **asdict(action)}


def action_of(facts: Mapping[str, object]) -> Action | None:
    """The inverse; None for a step that only a person can do. Raises DataError for facts that nobody wrote."""
    if not facts:
        return None
    fields: dict[str, Any] = dict(facts)
    kind = _KINDS.get(str(fields.pop("kind", "")))
    try:
        if kind is None:
            raise TypeError("no such kind")  # noqa: TRY301  (told like the others)
        by = fields.get("by")
        if isinstance(by, Mapping):
            fields["by"] = Supervisor(**{**by, "kind": SupervisorKind(by["kind"])})
        return kind(**fields)
    except (KeyError, TypeError, ValueError) as exc:
        raise DataError(
            f"a step of this plan is not understood: {dict(facts)!r}",
            why=f"{exc}; another version of Oakum wrote it, or it is broken",
            next_step="oakum plan TARGET    # makes a new one",
        ) from exc
