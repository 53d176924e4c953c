"""Which runtime a process is, by what it has mapped and what stands in its data; a name proves nothing."""

from __future__ import annotations

import pytest
from fake_machine import FakeMachine, FakePiece

from oakum.model.absent import AbsentKind
from oakum.model.errors import TargetError
from oakum.model.runtime import RuntimeName
from oakum.probe.runtime import recognise

PAGE = 4096
VERSION = b"3.11.7 (main, Dec  8 2023, 18:56:58) [GCC 12.2.0]"


@pytest.fixture
def machine():
    return FakeMachine()


def data(text=b"", pages=2):
    return bytearray(text.rjust(len(text) + 100, b"\0").ljust(pages * PAGE, b"\0"))


def recognised(machine, *pieces, command=("/opt/app",), executable="/opt/app"):
    """``pieces``: (path, content, writable), one behind the other."""
    process = machine.start(command)
    process.executable = executable
    at = 0x5000_0000
    for path, content, writable in pieces:
        process.pieces[at] = FakePiece(bytearray(content), path, writable=writable)
        at += len(content)
    return recognise(process.pid, machine.processes, machine.memories)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (VERSION, "3.11.7"),
        (b"3.9.2 (default, Feb 28 2021, 17:03:44) \n[GCC 10.2.1 20210110]", "3.9.2"),
        (b"3.12.0rc3 (main, Sep 19 2023, 11:02:12) [Clang 15.0.0]", "3.12.0"),
        (b"3.13.1+ (heads/3.13:1a2b3c, Jan  2 2025, 03:04:05) [GCC 13.2.0]", "3.13.1"),
        (b"3.13.0 experimental free-threading build (main, Oct  8 2024, 08:00:00) [GCC 13]", "3.13.0 free-threaded"),
        (b"2.7.18 (default, Jul  8 2019, 17:00:00) \n[GCC 9.3.0]", "2.7.18"),
    ],
)
@pytest.mark.parametrize("library", ["/usr/bin/python3.11", "/usr/lib/libpython3.11.so.1.0", "/opt/frozen-app"])
def test_a_python_is_known_by_its_version_text_wherever_it_lies(machine, text, version, library):
    found = recognised(machine, (library, data(), False), (library, data(text), True))
    assert (found.name, found.version) == (RuntimeName.CPYTHON, version)
    assert library.rpartition("/")[2] in found.how[0]


def test_a_version_text_in_what_continues_the_data_counts_too(machine):
    found = recognised(machine, ("/usr/bin/python3", data(), True), ("", data(VERSION), True))
    assert found.version == "3.11.7"
    assert "python3" in found.how[0]


def test_another_python_is_named_and_not_taken_for_this_one(machine):
    found = recognised(machine, ("/opt/pypy", data(b"3.10.14 (75b3de9d, Apr 24 2024, 21:04:11)\n[PyPy 7.3.16"), True))
    assert (found.name, found.version) == (RuntimeName.UNKNOWN, "PyPy")


@pytest.mark.parametrize(
    ("path", "content", "writable"),
    [
        ("[heap]", VERSION, True),
        ("[stack]", VERSION, True),
        ("/srv/app/log.txt", VERSION, False),
        ("/usr/bin/strings", b"3.11.7 (main) but nothing more", True),
        ("/usr/bin/grep", b"version 3.11.7 [GCC 12.2.0]", True),
    ],
)
def test_words_about_python_make_no_python(machine, path, content, writable):
    assert recognised(machine, (path, data(content), writable)).name is RuntimeName.NATIVE


@pytest.mark.parametrize("name", ["python3", "python3.11", "node", "ruby", "java"])
def test_a_name_makes_no_runtime(machine, name):
    found = recognised(
        machine, ("/usr/bin/sleep", data(), False), command=(name, "-m", "app"), executable=f"/opt/{name}"
    )
    assert found.name is RuntimeName.NATIVE


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/lib/jvm/java-17/lib/server/libjvm.so", RuntimeName.JVM),
        ("/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2", RuntimeName.RUBY),
        ("/usr/lib/libnode.so.108", RuntimeName.NODE),
    ],
)
def test_a_runtimes_library_names_it(machine, path, name):
    assert recognised(machine, ("/opt/app", data(), False), (path, data(), False)).name is name


def test_an_executable_that_is_mapped_by_its_own_name_names_it(machine):
    found = recognised(machine, ("/usr/local/bin/node", data(), False), executable="/usr/local/bin/node")
    assert found.name is RuntimeName.NODE


def test_memory_that_may_not_be_read_is_absent(machine):
    process = machine.start()
    process.may_be_read = False
    assert recognise(process.pid, machine.processes, machine.memories).kind is AbsentKind.NOT_PERMITTED


def test_one_that_has_ended_is_told(machine):
    process = machine.start()
    machine.end(process.pid)
    with pytest.raises(TargetError):
        recognise(process.pid, machine.processes, machine.memories)
