"""Folders beside logs: each is listed once, within a time; what an agent says of them that nobody understands."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from oakum.host import log_folders
from oakum.host.afar.logs import AfarLogs
from oakum.host.log_folders import LogFolders
from oakum.host.log_names import Beside
from oakum.host.logs import LiveLogs
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError
from oakum.model.log import LogFile

FILE = Beside("app.log.1", 1, 2, 3, 4.0)
WRITES = "import sys; held = [open(f'{number}.log', 'w') for number in range(20)]; print(flush=True); sys.stdin.read()"


def test_a_folder_is_listed_once():
    asked = []
    folders = LogFolders(lambda folder: [asked.append(folder) or FILE])
    assert [folders.files("/log") for _ in range(3)] == [[FILE]] * 3
    assert asked == ["/log"]
    assert folders.absent(7) == []


def test_once_the_time_is_over_no_folder_is_looked_through_and_that_is_told(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(log_folders, "time", SimpleNamespace(monotonic=lambda: next(now)))
    folders = LogFolders(lambda _: [FILE] * 1000)
    assert folders.files("/log") == [FILE]
    assert folders.files("/log") == folders.files("/more") == ()
    (absent,) = folders.absent(7)
    assert absent.kind is AbsentKind.TOO_DEAR
    assert absent.what == "what pid 7 rotated away in /log and 1 more folders"


@pytest.fixture
def writer(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITES], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_many_logs_of_one_folder_cost_one_list_of_it(writer, tmp_path, monkeypatch):
    (tmp_path / "3.log.1").write_bytes(b"before\n")
    listed, scan = [], os.scandir
    monkeypatch.setattr("oakum.host.log_places.os.scandir", lambda path: listed.append(str(path)) or scan(path))
    found = [log for log in LiveLogs().of_process(writer.pid) if isinstance(log, LogFile) and "/proc" not in log.name]
    assert sum(log.whose == "a file that it writes" for log in found) == 20
    assert [log.name for log in found if log.previous] == [str(tmp_path / "3.log.1")]
    assert sum(path.startswith("/proc/self/fd/") for path in listed) == 1


def test_what_there_was_no_time_for_is_told_beside_the_logs(writer, monkeypatch):
    monkeypatch.setattr(log_folders, "LISTED_WITHIN_S", 0.0)
    found = LiveLogs().of_process(writer.pid)
    assert sum(isinstance(log, LogFile) and log.whose == "a file that it writes" for log in found) == 20
    assert any(isinstance(each, Absent) and each.kind is AbsentKind.TOO_DEAR for each in found)


class Speaker:
    """An agent that says what it was given, of each verb."""

    def __init__(self, **says):
        self._says = says

    def number(self):
        return 1

    def ask(self, verb, *_):
        return self._says.get(verb, b"")

    def ask_all(self, wanted):
        return [ProcessLookupError(3, "no such process")] * len(wanted)

    def drop(self, _):
        pass

    greeting = SimpleNamespace(up_s=0.0, ticks_per_s=100)
    begun_s = 0.0


OPEN = f"3 {0o100644} 0100001 1 2 30 {b'/log/app.log'.hex()}".encode()


@pytest.mark.parametrize(
    "says",
    [
        {"opened": b"3 4"},
        {"opened": b"a b c d e f zz"},
        {"opened": b"3 " + b"9" * 30 + b" 1 1 2 30 2f"},
        {"opened": OPEN.replace(b" 30 ", b" " + b"9" * 5000 + b" ")},
        {"opened": OPEN, "beside": b"1 2 3"},
        {"opened": OPEN, "beside": b"1 2 3 soon 61"},
    ],
)
def test_what_no_agent_says_of_log_files_is_told_as_not_read(says):
    (absent,) = AfarLogs(Speaker(**says)).of_process(7)
    assert absent.kind is AbsentKind.UNREADABLE
    assert "cannot be understood" in absent.why
    assert absent.get == "the same command again"


def test_a_length_that_is_none_is_a_data_error():
    logs = AfarLogs(Speaker(opened=OPEN, length=b"long"))
    (log,) = logs.of_process(7)
    with pytest.raises(DataError, match="cannot be understood"), logs.open(log):
        pass
