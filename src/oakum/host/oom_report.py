"""What the kernel prints when memory runs out, from "invoked oom-killer" to the last kill, as one report.

The table of candidates has had three shapes (mm/oom_kill.c): with ``nr_ptes nr_pmds`` before 4.15, ``pgtables_bytes``
since, and ``rss_anon rss_file rss_shmem`` beside ``rss`` since 6.8. It is read by its own heading: a fourth does no
harm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from oakum.host.records import Record
from oakum.model.oom import OomReport, OomTask
from oakum.model.process import OomKill

PAGE: Final = 4096
"""The table counts pages; where pages are larger, ``page_bytes`` says so."""

LASTS_S: Final = 10.0
"""Lines later than this after the first, in seconds, belong to it no more."""

_INVOKED: Final = re.compile(r"^(?P<name>.+) invoked oom-killer: ")
_USAGE: Final = re.compile(r"^memory: usage (?P<usage>\d+)kB, limit (?P<limit>\d+)kB,")
_HEADING: Final = re.compile(r"^\[ *pid *\] +(?P<columns>uid +tgid .* name)$")
_ROW: Final = re.compile(r"^\[ *(?P<pid>\d+)\] +(?P<rest>.+)$")
_GROUP: Final = re.compile(r"^Tasks in (?P<path>.+) are going to be killed due to memory\.oom\.group set$")


@dataclass(slots=True)
class _Open:
    """A report while its lines come in."""

    at_s: float
    invoker: str
    usage: int | None = None
    limit: int | None = None
    columns: tuple[str, ...] = ()
    tasks: list[OomTask] = field(default_factory=list)
    group: str = ""
    ends_s: float = float("inf")


def parse_reports(records: Sequence[Record], kills: Sequence[OomKill], *, page_bytes: int = PAGE) -> list[OomReport]:
    """Oldest first. ``kills``: those of the same records; each is part of the report that it came with.

    A kill whose report has left the log is a report by itself, without a table.
    """
    reports: list[_Open] = []
    for record in records:
        invoked = _INVOKED.match(record.text)
        if invoked is not None:
            if reports:
                reports[-1].ends_s = min(reports[-1].ends_s, record.at_s)
            reports.append(_Open(record.at_s, invoked["name"], ends_s=record.at_s + LASTS_S))
        elif reports and record.at_s <= reports[-1].ends_s:
            _take(reports[-1], record.text, page_bytes)
    return _joined(reports, kills)


def _take(report: _Open, text: str, page_bytes: int) -> None:
    if (usage := _USAGE.match(text)) is not None:
        report.usage, report.limit = int(usage["usage"]) * 1024, int(usage["limit"]) * 1024
    elif (heading := _HEADING.match(text)) is not None:
        report.columns = tuple(heading["columns"].split())
    elif (group := _GROUP.match(text)) is not None:
        report.group = group["path"]
    elif report.columns and (row := _ROW.match(text)) is not None:
        task = _task(int(row["pid"]), row["rest"], report.columns, page_bytes)
        if task is not None:
            report.tasks.append(task)


def _task(pid: int, rest: str, columns: tuple[str, ...], page_bytes: int) -> OomTask | None:
    """A name may hold spaces: it is what is left after the numbers."""
    words = rest.split(None, len(columns) - 1)
    if len(words) != len(columns):
        return None
    try:
        numbers = dict(zip(columns[:-1], map(int, words[:-1]), strict=True))
        return OomTask(
            pid,
            numbers["uid"],
            words[-1],
            numbers["rss"] * page_bytes,
            numbers["swapents"] * page_bytes,
            numbers["oom_score_adj"],
            numbers["rss_anon"] * page_bytes if "rss_anon" in numbers else None,
        )
    except (ValueError, KeyError):
        return None


def _joined(reports: Sequence[_Open], kills: Sequence[OomKill]) -> list[OomReport]:
    mine: dict[int, list[OomKill]] = {}
    made = []
    for kill in kills:
        number = next(
            (
                number
                for number in reversed(range(len(reports)))
                if reports[number].at_s <= kill.at_s <= reports[number].ends_s
            ),
            None,
        )
        if number is None:
            made.append(OomReport(kill.at_s, "", kill.constraint, kill.limit_cgroup, None, None, (), (kill,)))
        else:
            mine.setdefault(number, []).append(kill)
    made += [_made(report, tuple(mine.get(number, ()))) for number, report in enumerate(reports)]
    return sorted(made, key=lambda report: report.at_s)


def _made(report: _Open, kills: tuple[OomKill, ...]) -> OomReport:
    constraint = kills[0].constraint if kills else "memcg" if report.limit is not None else "none"
    limit_cgroup = next((kill.limit_cgroup for kill in kills if kill.limit_cgroup), "")
    return OomReport(
        report.at_s,
        report.invoker,
        constraint,
        limit_cgroup,
        report.usage,
        report.limit,
        tuple(report.tasks),
        kills,
        report.group,
    )
