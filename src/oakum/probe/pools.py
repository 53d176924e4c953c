"""Which connection pools a process was told to make: its command line, its environment, its configuration files.

Nothing is asked of the target. Files are read as it sees them: those that its command line or environment names, and
those of the usual names in its working directory, ``MOST_BYTES`` of each at most. What its code or a jar says is not
seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.pool import PoolReading
from oakum.model.ports import Processes
from oakum.model.process import ProcessInfo
from oakum.model.runtime import RuntimeName
from oakum.probe.pool_names import FILES, PROFILES
from oakum.probe.pool_settings import Source, find_pools
from oakum.probe.pool_texts import MOST_BYTES, Pair, json_pairs, pairs_of

MOST_NAMED: Final = 8
"""Files that the command line names: no more of them are read."""

OPTIONS_IN: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
PLACES_IN: Final = ("SPRING_CONFIG_LOCATION", "SPRING_CONFIG_ADDITIONAL_LOCATION")
LOCATIONS: Final = ("location", "additional-location")
"""How the options end that name files, or folders with a slash at their end."""

_OPTION: Final = re.compile(r"(?:-D|--)([\w.\-\[\]]{1,200})=(.*)", re.DOTALL)
_FILE: Final = re.compile(
    r"[\w./@+\-]{1,200}\.(?:properties|ya?ml|json|toml|ini|cfg|conf|env)|(?:[\w./@+\-]{1,200}/)?\.env"
)
_PROFILE: Final = re.compile(r"[\w-]{1,40}")


def read_pools(pid: int, runtime: RuntimeName, processes: Processes) -> tuple[PoolReading, tuple[Absent, ...]]:
    """Of a runtime whose libraries are known. Raises TargetError when the process has ended."""
    if runtime not in FILES:
        return PoolReading(), ()
    info = processes.info(pid)
    told = processes.environment(pid)
    missing = [told] if isinstance(told, Absent) else []
    environment: Mapping[str, str] = {} if isinstance(told, Absent) else told
    sources = [Source("command line", tuple(_options(info.command[1:])))]
    sources.append(Source("environment", tuple(_variables(environment))))
    for path, asked in _files(info, runtime, environment):
        raw = processes.read_file(pid, _placed(info, path), MOST_BYTES + 1)
        if isinstance(raw, Absent):
            if asked:
                missing.append(replace(raw, what=f"the settings in {path}"))
        elif len(raw) > MOST_BYTES:
            why = f"it is larger than {MOST_BYTES >> 10} KiB"
            missing.append(Absent(f"the settings in {path}", AbsentKind.TOO_DEAR, why, "keep settings apart from data"))
        else:
            sources.append(Source(path, tuple(pairs_of(raw)), PurePosixPath(path).stem.lower()))
    pools, server = find_pools(sources, runtime, environment)
    alike = _alike(info, processes) if pools else 1
    return PoolReading(pools, server, alike, tuple(source.name for source in sources)), tuple(missing)


def _options(words: tuple[str, ...]) -> Iterator[Pair]:
    for word in words:
        if matched := _OPTION.fullmatch(word):
            yield tuple(matched[1].split(".")), matched[2]


def _variables(environment: Mapping[str, str]) -> Iterator[Pair]:
    for name, value in environment.items():
        if name in OPTIONS_IN:
            yield from _options(tuple(value.split()))
        elif value.startswith("{") and len(value) <= MOST_BYTES:
            above = () if name == "SPRING_APPLICATION_JSON" else (name,)
            yield from (((*above, *path), inner) for path, inner in json_pairs(value))
        else:
            yield (name,), value


def _files(info: ProcessInfo, runtime: RuntimeName, environment: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """(path, whether the process was told to read it): each once, those first."""
    seen: set[str] = set()
    for file in _named(info.command[1:], environment):
        if _FILE.fullmatch(file) and file not in seen and len(seen) < MOST_NAMED:
            seen.add(file)
            yield file, True
    profile = environment.get(PROFILES.get(runtime, ""), "").partition(",")[0]
    for pattern in FILES[runtime]:
        file = pattern.replace("{profile}", profile)
        if file not in seen and (file == pattern or _PROFILE.fullmatch(profile)):
            yield file, False


def _named(words: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[str]:
    places = [value for option, value in _options(words) if "".join(option[-1:]) in LOCATIONS]
    places += [environment.get(name, "") for name in PLACES_IN]
    for text in (*places, *(word.rpartition("=")[2] for word in words)):
        for each in text.split(","):
            path = each.removeprefix("optional:").removeprefix("file:").removeprefix("./")
            folder = text in places and path.endswith("/")
            yield from (f"{path}application.{ending}" for ending in ("yml", "properties")) if folder else (path,)


def _placed(info: ProcessInfo, path: str) -> str:
    """Below its root: its own working directory, as its own /proc tells it."""
    return path if path.startswith("/") else f"/proc/{info.namespace_pid}/cwd/{path}"


def _alike(info: ProcessInfo, processes: Processes) -> int:
    """How many workers there are of it: processes of its command, user and cgroup, without who only started them."""
    alike = [
        each
        for each in processes.list()
        if (each.command, each.uid, each.cgroup) == (info.command, info.uid, info.cgroup)
    ]
    parents = {each.parent_pid for each in alike}
    return max(1, sum(each.pid not in parents for each in alike))
