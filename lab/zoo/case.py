"""One case: a service in one file, in two variants, with the answer that an expert would give.

Its first comment lines, each ``#: …`` (or ``//: …``), are TOML. A line that ends with ``#~ leak`` or ``#~ fixed``
stands in that variant alone; the marker is cut off.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

CASES: Final = Path(__file__).parent / "cases"
HELD: Final = tuple(Path(__file__).parent / name for name in ("held", "second", "third", "fourth", "fifth"))
"""Cases by people who knew nothing of Oakum, each with a server of its own: no rule was made on them beforehand."""

SERVING: Final = Path(__file__).parent / "serving"
LEAK, FIXED, HEALTHY = "leak", "fixed", "healthy"

RUNTIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "python": (".py",),
    "node": (".cjs", ".mjs"),
    "jvm": (".java",),
    "go": (".go",),
    "ruby": (".rb",),
    "native": (".c", ".cc"),
    "postgres": (".py",),
    "redis": (".py",),
}
"""Folder below ``cases`` → how its files end."""

TARGETS: Final = ("pid", "cgroup", "postgres", "redis")
CAUSES: Final = frozenset(
    (
        *("unbounded-cache", "listener", "timer", "closure", "global", "thread-local", "static-collection"),
        *("class-loader", "connection-pool", "goroutine", "native-allocation", "large-load", "session-state"),
        *("queue-backlog", "keys-without-ttl", "fragmentation", "undersized-limit", "page-cache", "load-growth"),
        *("gc-misconfigured", "workers-or-arenas", "many-processes"),
    )
)
"""By their names in oakum.investigation/1."""

_MARKER = re.compile(r"\s*(?:#|//)~ (leak|fixed)\s*$")
_TELLING = re.compile(r"\b(?:leak|fixed|zoo|bug|oakum)\w*", re.IGNORECASE)
"""Words that would tell a reader of the source what it is there for."""


class CaseError(Exception):
    """What is wrong in the file of a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``per_s``: requests per second. ``for_s``: how long Oakum watches. ``limit_mib``: the memory cgroup.

    ``holder``: texts that must all be in the first cause's holder, title or places. ``made``: functions where what
    grows is made, for peers that name places only. ``body``: the source without its header, with its markers.
    """

    runtime: str
    name: str
    suffix: str
    body: str = field(repr=False)
    says: str
    kind: str
    causes: tuple[str, ...] = ()
    holder: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    per_s: float = 300.0
    for_s: float = 20.0
    warm: int = 0
    target: str = "pid"
    limit_mib: int = 512
    options: tuple[str, ...] = ()
    runtime_options: tuple[str, ...] = ()
    server: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.runtime}/{self.name}"

    @property
    def variants(self) -> tuple[str, ...]:
        return (LEAK, FIXED) if self.kind == LEAK else (HEALTHY,)

    @property
    def warmed(self) -> int:
        """Requests that are answered before Oakum begins: two seconds' worth where the case does not say."""
        return self.warm or int(2 * self.per_s)

    def rendered(self, variant: str) -> str:
        """The source of one variant."""
        lines = []
        for line in self.body.splitlines():
            marker = _MARKER.search(line)
            if marker is None:
                lines.append(line)
            elif marker[1] == variant:
                lines.append(line[: marker.start()])
        return "\n".join(lines).strip("\n") + "\n"

    def key(self, variant: str) -> str:
        """Of all that a run depends on, but not of what is expected: an answer can be scored again."""
        told = {"says", "body", "causes", "holder", "made"}
        settings = [(each.name, getattr(self, each.name)) for each in fields(self) if each.name not in told]
        served = [path.read_text(encoding="utf-8") for path in serving_files(self.suffix)]
        text = "\0".join((self.rendered(variant), *served, repr(settings)))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def serving_files(suffix: str) -> list[Path]:
    """What a case of this suffix imports."""
    of = {".mjs": (".cjs", ".mjs"), ".c": (".h",), ".cc": (".h",)}.get(suffix, (suffix,))
    return sorted(path for path in SERVING.iterdir() if path.suffix in of)


def cases(only: Sequence[str] = (), folder: Path = CASES) -> list[Case]:
    """All, or those whose id (``python/name``) one of the patterns matches, by id. Raises CaseError."""
    found = []
    for runtime, suffixes in RUNTIMES.items():
        for path in sorted((folder / runtime).glob("*")):
            if path.suffix in suffixes:
                case_id = f"{runtime}/{path.stem}"
                if not only or any(fnmatch(case_id, pattern) for pattern in only):
                    found.append(read_case(path))
    return found


def read_case(path: Path) -> Case:
    """Raises CaseError, which names the file."""
    try:
        return _case(path.parent.name, path.stem, path.suffix, path.read_text(encoding="utf-8"))
    except (CaseError, tomllib.TOMLDecodeError, TypeError, ValueError) as exc:
        raise CaseError(f"{path}: {exc}") from exc


def _case(runtime: str, name: str, suffix: str, text: str) -> Case:
    head, body = _parted(text, "#" if suffix in {".py", ".rb"} else "//")
    told: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in tomllib.loads(head).items()
    }
    missing = {"says", "kind"} - set(told)
    if missing:
        raise CaseError(f"its header lacks {' and '.join(sorted(missing))}")
    unknown = set(told) - {each.name for each in fields(Case)}
    if unknown:
        raise CaseError(f"its header has {' and '.join(sorted(unknown))}, which no case has")
    case = Case(runtime=runtime, name=name, suffix=suffix, body=body, **told)
    _check(case)
    return case


def _parted(text: str, comment: str) -> tuple[str, str]:
    """(header, body)."""
    lines = text.splitlines()
    begin = f"{comment}:"
    until = next((at for at, line in enumerate(lines) if not line.startswith(begin)), len(lines))
    if not until:
        raise CaseError(f"its first line is no header: {begin} says = …")
    head = "\n".join(line.removeprefix(begin).removeprefix(" ") for line in lines[:until])
    return head, "\n".join(lines[until:])


def _check(case: Case) -> None:
    if case.kind not in {LEAK, HEALTHY}:
        raise CaseError(f"kind is {case.kind!r}: leak or healthy")
    if case.target not in TARGETS:
        raise CaseError(f"target is {case.target!r}: one of {' '.join(TARGETS)}")
    if unknown := set(case.causes) - CAUSES:
        raise CaseError(f"{' and '.join(sorted(unknown))}: no cause of the catalogue")
    if case.kind == LEAK and not (case.causes and case.holder):
        raise CaseError("a leak has causes and a holder")
    if case.kind == LEAK and case.rendered(LEAK) == case.rendered(FIXED):
        raise CaseError("both variants are the same: mark lines with ~ leak and ~ fixed")
    if case.kind == HEALTHY and _MARKER.search("\n".join(case.body.splitlines())):
        raise CaseError("a healthy case has one variant, so no markers")
    if any(value <= 0 for value in (case.per_s, case.for_s, case.limit_mib)):
        raise CaseError("per_s, for_s and limit_mib are above zero")
    for variant in case.variants:
        if telling := _TELLING.search(case.rendered(variant)):
            raise CaseError(f"{telling[0]!r} stands in the {variant} variant: an ordinary service would not say it")
