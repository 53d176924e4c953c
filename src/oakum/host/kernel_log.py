"""The kernel's own words about OOM kills, from /dev/kmsg. Programs write there too: their words are left out.

Since 5.0 one line names the cgroups: ``oom-kill:constraint=…,oom_memcg=…,task_memcg=…,task=…,pid=…,uid=…``; the next
names the memory: ``Killed process N (name) … anon-rss:NkB``. Before, only the second, after an announcement (``Kill
process N (name) score N or sacrifice child``): the kernel may then kill a child of that process in its place.
"""

from __future__ import annotations

import errno
import os
import re
import time

from oakum.host.journal import read_journal
from oakum.host.oom_report import parse_reports
from oakum.host.records import Record
from oakum.model.absent import Absent, AbsentKind
from oakum.model.oom import OomReport
from oakum.model.process import OomKill

_CONSTRAINT = re.compile(
    r"oom-kill:constraint=CONSTRAINT_(?P<constraint>[A-Z_]+).*?(?:,oom_memcg=(?P<limit>.*?))?(?:,global_oom)?"
    r",task_memcg=(?P<task>.*?),task=(?P<name>.*),pid=(?P<pid>\d+),uid=(?P<uid>\d+)"
)
_KILLED = re.compile(r"Kill(?:ed)? process (?P<pid>\d+) \((?P<name>.*?)\)(?:.*?anon-rss:(?P<anon>\d+)kB)?")
_ANNOUNCED = " or sacrifice child"
_ESCAPE = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")
_LONGEST_RECORD = 8192

SLACK_S = 0.5
"""The kernel's stamps and our clock differ by some milliseconds."""

GROUP = 4096
"""So many processes may be killed as one."""

WRAPPED_S = 60.0
"""A buffer whose first line is later than this after the start has lost its beginning, in seconds."""


class LiveKernelLog:
    """Port KernelLog: the ring buffer, and the journal where that may not be read or no longer reaches back."""

    def oom_kills(self, since_s: float) -> list[OomKill] | Absent:
        records = _reaching_back(since_s)
        if isinstance(records, Absent):
            return records
        return [kill for kill in parse_kills(records) if kill.at_s >= since_s - SLACK_S]

    def oom_reports(self, since_s: float) -> list[OomReport] | Absent:
        records = _reaching_back(since_s)
        if isinstance(records, Absent):
            return records
        found = parse_reports(records, parse_kills(records), page_bytes=os.sysconf("SC_PAGE_SIZE"))
        return [report for report in found if report.at_s >= since_s - SLACK_S]


def _reaching_back(since_s: float) -> list[Record] | Absent:
    """The ring buffer's, with what is older from the journal where the buffer has lost its beginning."""
    records = read_kmsg()
    if isinstance(records, Absent):
        return _instead(since_s, records)
    if not records or records[0].at_s <= max(since_s, booted_s() + WRAPPED_S):
        return records
    earlier = read_journal(since_s)
    if isinstance(earlier, Absent):
        return records
    first_s = records[0].at_s
    return [record for record in earlier if record.at_s < first_s - SLACK_S] + records


def _instead(since_s: float, refused: Absent) -> list[Record] | Absent:
    """The journal's, or why the ring buffer may not be read."""
    found = read_journal(since_s)
    # Without the right to it journalctl answers with nothing, and that is no answer.
    return found if not isinstance(found, Absent) and found else refused


def booted_s() -> float:
    """UTC epoch, by the clock that stamps the kernel's lines."""
    return time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)


def read_kmsg(path: str = "/dev/kmsg") -> list[Record] | Absent:
    """All that is still in the ring buffer."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        get = "run as root, or with CAP_SYSLOG; in a container the node's /dev/kmsg must be given to it"
        return Absent("the kernel log", AbsentKind.NOT_PERMITTED, f"{path}: {exc.strerror}", get)
    started_s = booted_s()
    records: list[Record] = []
    try:
        while True:
            try:
                raw = os.read(fd, _LONGEST_RECORD)
            except BlockingIOError:
                return records
            except OSError as exc:
                if exc.errno != errno.EPIPE:
                    return Absent("the kernel log", AbsentKind.NOT_PERMITTED, str(exc.strerror), "run as root")
                # The buffer wrapped under us: what follows is still good.
                continue
            if not raw:
                return records
            record = parse_record(raw, started_s)
            if record is not None:
                records.append(record)
    finally:
        os.close(fd)


def parse_record(raw: bytes, booted_s: float) -> Record | None:
    """``priority,sequence,microseconds,flags;text`` (Documentation/ABI/testing/dev-kmsg).

    None for what is no record, or not the kernel's: facility 0 of the priority is its alone.
    """
    head, separator, text = raw.partition(b";")
    fields = head.split(b",")
    if not separator or len(fields) < 3 or not (fields[0].isdigit() and fields[2].isdigit()) or int(fields[0]) >> 3:
        return None
    # Backslashes (systemd's units have them) and all beyond ASCII are escaped. So is what moves a cursor: that stays.
    plain = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.split(b"\n", 1)[0])
    return Record(booted_s + int(fields[2]) / 1e6, plain.decode("utf-8", "replace"))


def parse_kills(records: list[Record]) -> list[OomKill]:
    """Oldest first; the two lines of one kill are one OomKill."""
    kills: list[OomKill] = []
    for record in records:
        constraint = _CONSTRAINT.search(record.text)
        if constraint is not None:
            kills.append(_named(record, constraint))
            continue
        killed = _KILLED.search(record.text)
        if killed is None:
            continue
        pid, anon = int(killed["pid"]), int(killed["anon"] or 0) * 1024
        if kills and kills[-1].pid == pid and record.at_s - kills[-1].at_s < 5 and not kills[-1].anon_bytes:
            kills[-1] = _completed(kills[-1], anon, record.text)
        elif any(_again(kill, pid, record) for kill in kills[-GROUP:]):
            continue
        else:
            spared = f"{kills.pop().line}\n" if kills and _was_spared(kills[-1], record) else ""
            words = f"{spared}{record.text}"
            memcg = "memcg" if "emory cgroup" in words else "none"
            kills.append(OomKill(record.at_s, memcg, "", "", killed["name"], pid, None, anon, words))
    return kills


def _again(kill: OomKill, pid: int, record: Record) -> bool:
    """A group that is killed as one is told whole, and the victim that it is killed for had been told before."""
    return kill.pid == pid and kill.anon_bytes > 0 and record.at_s - kill.at_s < 5 and kill.constraint == "memcg"


def _was_spared(announced: OomKill, record: Record) -> bool:
    """An old kernel announced one process, and ``record`` tells that it killed another in its place."""
    soon = record.at_s - announced.at_s < 5
    return soon and announced.line.endswith(_ANNOUNCED) and record.text.startswith("Killed")


def _named(record: Record, found: re.Match[str]) -> OomKill:
    name = found["constraint"].lower()
    constraint = {"memory_policy": "mempolicy"}.get(name, name)
    return OomKill(
        record.at_s,
        constraint,
        found["limit"] or "",
        found["task"],
        found["name"],
        int(found["pid"]),
        int(found["uid"]),
        0,
        record.text,
    )


def _completed(kill: OomKill, anon_bytes: int, text: str) -> OomKill:
    return OomKill(
        kill.at_s,
        kill.constraint,
        kill.limit_cgroup,
        kill.task_cgroup,
        kill.victim,
        kill.pid,
        kill.uid,
        anon_bytes,
        f"{kill.line}\n{text}",
    )
