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


def test_a_version_text_that_is_swapped_out_is_found_where_the_files_name_points(machine):
    process = machine.start(("/usr/bin/python3.11",))
    process.pieces[0x5000_0000] = FakePiece(data(VERSION), "/usr/bin/python3.11", absent=frozenset({0}))
    assert recognise(process.pid, machine.processes, machine.memories).version == "3.11.7"


@pytest.mark.parametrize("path", ["/opt/app", "/usr/lib/_bz2.cpython-311-x86_64-linux-gnu.so"])
def test_data_that_is_swapped_out_of_anything_else_is_left_where_it_is(machine, path):
    process = machine.start(("/opt/app",))
    process.pieces[0x5000_0000] = FakePiece(data(VERSION), path, absent=frozenset({0}))
    assert recognise(process.pid, machine.processes, machine.memories).name is RuntimeName.NATIVE


PYPY = b"3.9.16 (7.3.11+dfsg-2+deb12u3, Dec 30 2024, 22:36:23)\n\0\0\0\0\0\0\0\0[PyPy 7.3.11 with GCC 12.2.0]"


@pytest.mark.parametrize("path", ["/usr/lib/libpypy3.9-c.so", "/opt/app"])
def test_another_python_is_named_and_not_taken_for_this_one(machine, path):
    found = recognised(machine, ("/opt/app", data(), False), (path, data(PYPY), False))
    assert (found.name, found.version, found.implementation) == (RuntimeName.PYPY, "3.9.16", "PyPy 7.3.11")


# What stands in real ones: Debian's nodejs 20, ruby 3.1 and OpenJDK 17, Temurin 25, Zulu 8; Deno 2.9 with the text of
# its telemetry, which is not its version; Bun 1.4; an image of GraalVM 25; .NET Core 3.1.
NODE = b"\0node.js/v20.20.2\0Browser\0"
RUBY = b"\0ruby - Copyright\0ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]\0"
DENO = b"OTel-OTLP-Exporter-Deno/0.80.0grpc-timeoutext:deno_web/08_text_encoding.jse518fbdDeno/2.9.6Deno/2.9.6+e"
BUN = b"\0Bun v1.4.5 (Linux x64)\0"
IMAGE = b"\0com.oracle.svm.core.VM=GraalVM CE 25.0.2+10.1\0"
JVM = b"\0OpenJDK 64-Bit Server VM (%s) for linux-amd64 JRE (%s), built on May  1 2025\0"
JVM_17 = JVM % (2 * (b"17.0.15+6-Debian-1deb12u1",))
JVM_25 = JVM % (2 * (b"25.0.3+9-LTS",))
JVM_8 = JVM % (b"25.412-b08", b"Zulu 8.78.0.19-CA-linux64) (1.8.0_412-b08")
DOTNET = b"@(#)Version 4.700.22.11601 @Commit: 0dee78f90fc80c0fa4390ac1ba519c679bd503a4\0"
DOTNET_8 = b"@(#)Version 8.0.1024.46610 @Commit: 81cabf2857a01351e5ab578947c7403a5b128ad1\0"
CORECLR = "/usr/share/dotnet/shared/Microsoft.NETCore.App/3.1.23/libcoreclr.so"


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("/opt/app", NODE, "node 20.20.2"),
        ("/usr/lib/libnode.so.108", NODE, "node 20.20.2"),
        ("/opt/app", RUBY, "ruby 3.1.2"),
        ("/usr/lib/libruby-3.1.so.3.1.2", RUBY, "ruby 3.1.2"),
        ("/opt/app", DENO, "deno 2.9.6"),
        ("/opt/app", BUN, "bun 1.4.5"),
        ("/opt/app", IMAGE, "native-image 25.0.2 (GraalVM CE)"),
        ("/opt/app", b"com.oracle.svm.core.VM=\0", "native-image"),
        ("/usr/lib/jvm/java-17/lib/server/libjvm.so", JVM_17, "jvm 17.0.15 (HotSpot)"),
        ("/opt/java/lib/server/libjvm.so", JVM_25, "jvm 25.0.3 (HotSpot)"),
        ("/usr/lib/jvm/8/jre/lib/amd64/server/libjvm.so", JVM_8, "jvm 8u412 (HotSpot)"),
        (CORECLR, DOTNET, "dotnet 3.1.23 (CoreCLR)"),
        ("/srv/app/libcoreclr.so", DOTNET_8, "dotnet 8.0 (CoreCLR)"),
        ("/srv/app/libcoreclr.so", DOTNET_8.replace(b"8.0.1024", b"10.0.24"), "dotnet 10.0 (CoreCLR)"),
        ("/srv/app/libcoreclr.so", DOTNET, "dotnet (CoreCLR)"),
        ("/opt/app", b"/rustc/b940084d7eb6a299eb4bfeb8e34901bc051e7ac4/library/alloc/src/vec/mod.rs", "native (Rust)"),
        ("/opt/app", b"/usr/src/rustc-1.63.0/library/alloc/src/vec/mod.rs", "native (Rust)"),
    ],
)
@pytest.mark.parametrize("state", ["", " (deleted)"])
def test_a_runtime_is_known_by_what_its_file_says_of_itself(machine, path, text, told, state):
    pieces = [("/opt/app" + state, data(text if path == "/opt/app" else b""), False)]
    if path != "/opt/app":
        pieces.append((path + state, data(text), False))
    found = recognised(machine, *pieces, executable="/opt/app" + state)
    assert found.in_full == told
    assert found.how


@pytest.mark.parametrize(
    "path",
    ["/x/libjvm.so", "/x/libruby-3.1.so.3.1", "/x/libnode.so.108", "/x/libpypy3-c.so", CORECLR, "/x/libjemalloc.so.2"],
)
def test_a_library_that_does_not_say_what_its_name_says_is_not_believed(machine, path):
    found = recognised(machine, ("/opt/app", data(), False), (path, data(b"nothing of it"), False))
    assert found.in_full == "native"


@pytest.mark.parametrize("text", [NODE, RUBY, BUN, IMAGE, DENO])
@pytest.mark.parametrize("path", ["/srv/app/notes.txt", "[heap]", ""])
def test_words_about_a_runtime_outside_of_its_own_files_make_none(machine, path, text):
    found = recognised(machine, ("/opt/app", data(), False), (path, data(text), True))
    assert found.name is RuntimeName.NATIVE


def test_a_mark_is_found_where_two_pieces_of_the_file_meet(machine):
    content = bytearray(3 << 20)
    content[(1 << 20) - 8 : (1 << 20) - 8 + len(NODE)] = NODE
    assert str(recognised(machine, ("/opt/app", content, False))) == "node 20.20.2"


def test_the_program_behind_a_loader_that_was_started_by_hand_is_looked_at(machine):
    process = machine.start(("/lib/ld-musl-x86_64.so.1", "./app"))
    process.executable = "/lib/ld-musl-x86_64.so.1"
    process.pieces[0x5000_0000] = FakePiece(data(), process.executable, writable=False, executable=True)
    process.pieces[0x4000_0000] = FakePiece(data(NODE), "/srv/app", writable=False, executable=True)
    assert str(recognise(process.pid, machine.processes, machine.memories)) == "node 20.20.2"


RELEASE = b'IMPLEMENTOR="%s"\nJAVA_VERSION="%s"\nOS_NAME="Linux"\n'


def jvm_with_release(machine, library, text, release, path="/opt/java/release"):
    process = machine.start(("java",))
    process.pieces[0x5000_0000] = FakePiece(data(text), library, writable=False)
    process.files[path] = release
    return recognise(process.pid, machine.processes, machine.memories)


def test_the_maker_of_a_jvm_stands_in_the_release_file_beside_it(machine):
    found = jvm_with_release(
        machine, "/opt/java/lib/server/libjvm.so", JVM_25, RELEASE % (b"Eclipse Adoptium", b"25.0.3")
    )
    assert found.in_full == "jvm 25.0.3 (HotSpot of Eclipse Adoptium)"


@pytest.mark.parametrize("library", ["/opt/java/lib/server/libjvm.so", "/opt/java/lib/server/libjvm.so (deleted)"])
def test_a_jdk_that_was_upgraded_beneath_a_running_jvm_does_not_speak_for_it(machine, library):
    found = jvm_with_release(machine, library, JVM_17, RELEASE % (b"Someone", b"21.0.1"))
    assert found.in_full == "jvm 17.0.15 (HotSpot)"


@pytest.mark.parametrize(
    ("release", "told"),
    [
        (RELEASE % (b"IBM Corporation", b"17.0.13"), "jvm 17.0.13 (OpenJ9)"),
        (RELEASE % (b"IBM Corporation", b"1.8.0_412"), "jvm 8u412 (OpenJ9)"),
        (b"\xff\0 nothing", "jvm (OpenJ9)"),
        (None, "jvm (OpenJ9)"),
    ],
)
def test_openj9_is_told_apart_from_hotspot(machine, release, told):
    assert jvm_with_release(machine, "/opt/java/lib/default/libj9vm29.so", b"", release).in_full == told


GO_HEAD = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")


def go_program(text, at=0x40):
    return data()[:at] + text + bytes(PAGE - at - len(text))


@pytest.mark.parametrize(
    ("text", "version"),
    [(b"\x08go1.26.8\x8b\x02path", "1.26.8"), (b"\x24devel go1.27-0123456789 Mon Jan  4 2026", "go1.27-0123456789")],
)
def test_go_is_known_by_its_build_information_though_stripped(machine, text, version):
    found = recognised(machine, ("/opt/app", bytearray(go_program(GO_HEAD + text)), True))
    assert (found.name, found.version) == (RuntimeName.GO, version)


def test_an_older_go_points_to_its_version(machine):
    head = b"\xff Go buildinf:\x08\x00" + (0x5000_0200).to_bytes(8, "little") + bytes(24)
    content = bytearray(go_program(head))
    content[0x200:0x210] = (0x5000_0300).to_bytes(8, "little") + (8).to_bytes(8, "little")
    content[0x300:0x309] = b"go1.17.2X"
    found = recognised(machine, ("/opt/app", content, True))
    assert str(found) == "go 1.17.2"


@pytest.mark.parametrize(
    "content",
    [
        go_program(GO_HEAD + b"\x08go1.26.8", at=0x41),
        go_program(GO_HEAD + b"\x08hello..."),
        go_program(GO_HEAD),
        go_program(b"\xff Go buildinf:\x08\x00" + b"\xff" * 30),
        GO_HEAD,
        GO_HEAD[:20],
    ],
    ids=["at no sixteenth byte", "no version", "an empty one", "a pointer to nowhere", "cut off", "cut off before"],
)
def test_the_mark_of_go_without_its_version_is_no_go(machine, content):
    assert recognised(machine, ("/opt/app", bytearray(content), True)).name is RuntimeName.NATIVE


GLIBC = b"\0GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\n"
MUSL = b"\0musl libc (x86_64)\nVersion %s\nDynamic Program Loader\0/proc/self/fd/\x001.2.3\0"
JEMALLOC = b"<jemalloc>: Conf string ends with key\n\x005.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c\0"
TCMALLOC = b"TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD\0src/tcmalloc.cc\0gperftools 2.10\0"
MIMALLOC = b"mimalloc: warning: \0mimalloc: error: \0"


@pytest.mark.parametrize(
    ("path", "text", "allocator", "libc"),
    [
        ("/lib/x86_64-linux-gnu/libc.so.6", GLIBC, "glibc", "glibc 2.36"),
        ("/lib64/libc-2.31.so", GLIBC, "glibc", "glibc 2.36"),
        ("/lib/ld-musl-x86_64.so.1", MUSL, "musl", "musl 1.2.3"),
        ("/lib/libc.musl-x86_64.so.1", MUSL, "musl", "musl 1.2.3"),
        ("/lib/x86_64-linux-musl/libc.so", MUSL, "musl", "musl 1.2.3"),
        ("/usr/lib/libjemalloc.so.2", JEMALLOC, "jemalloc 5.3.0", ""),
        ("/usr/lib/libtcmalloc_minimal.so.4.5.10", TCMALLOC, "tcmalloc 2.10", ""),
        ("/usr/lib/libmimalloc.so.2.0", MIMALLOC, "mimalloc", ""),
        ("/opt/app", JEMALLOC, "jemalloc 5.3.0", ""),
        ("/opt/app", TCMALLOC, "tcmalloc 2.10", ""),
        ("/opt/app", MIMALLOC, "mimalloc", ""),
        ("/opt/app", b"\0malloc(): corrupted top size\0", "glibc", "glibc"),
        ("/opt/app", b"\0No error information\0Illegal byte sequence\0", "musl", "musl"),
    ],
)
def test_an_allocator_and_a_c_library_are_known_mapped_or_built_in(machine, path, text, allocator, libc):
    found = recognised(
        machine, ("/opt/app", data(text if path == "/opt/app" else b""), False), (path, data(text), False)
    )
    assert (found.allocator, found.libc) == (allocator, libc)
    assert found.name is RuntimeName.NATIVE


def test_an_allocator_that_is_preloaded_serves_and_not_the_c_librarys(machine):
    found = recognised(
        machine,
        ("/opt/app", data(NODE), False),
        ("/lib/libc.so.6", data(GLIBC), False),
        ("/usr/lib/libjemalloc.so.2", data(JEMALLOC), False),
    )
    assert found.in_full == "node 20.20.2, malloc of jemalloc 5.3.0, glibc 2.36"
    assert len(found.how) == 3


def test_memory_that_may_not_be_read_is_absent(machine):
    process = machine.start()
    process.may_be_read = False
    assert recognise(process.pid, machine.processes, machine.memories).kind is AbsentKind.NOT_PERMITTED


def test_one_that_has_ended_is_told(machine):
    process = machine.start()
    machine.end(process.pid)
    with pytest.raises(TargetError):
        recognise(process.pid, machine.processes, machine.memories)
