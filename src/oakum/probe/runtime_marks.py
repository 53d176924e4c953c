"""By which texts runtimes, C libraries and allocators are told, where their version stands, and in which files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from oakum.model.runtime import RuntimeName
from oakum.probe.mapped import Mark


@dataclass(frozen=True, slots=True)
class RuntimeMark:
    """``libraries``: begins of file names of the library; its executable may have it built in.

    Group 1 of the mark is the version, group 2, where there is one, the implementation. ``needs``: a second text, where
    the first one could stand in another program.
    """

    name: RuntimeName
    mark: Mark
    libraries: tuple[str, ...] = ()
    needs: Mark | None = None


@dataclass(frozen=True, slots=True)
class PartMark:
    """A C library or an allocator. Group 1 of ``version``, where there is one, is its version.

    ``mark`` proves it; ``builtin``: what proves it where it was linked into the executable, None: the same.
    """

    name: str
    libraries: re.Pattern[str]
    mark: Mark
    version: Mark | None = None
    builtin: Mark | None = None


def _mark(needle: bytes, pattern: bytes = b"", before: int = 0) -> Mark:
    return Mark(needle, re.compile(pattern or re.escape(needle), re.DOTALL), before)


# As debug/buildinfo of Go's standard library has it: "\xff Go buildinf:", the size of a pointer, flags (bit 1: the
# version follows as text), then at 32 the length of that text.
GO: Final = _mark(b"\xff Go buildinf:", rb"\xff Go buildinf:([\x00\x04\x08])([\x00-\x03]).{17}")
GO_VERSION: Final = re.compile(rb"(?:go|devel )([^\x00\n ]{1,60})")

# OpenJDK's Abstract_VM_Version: "OpenJDK 64-Bit Server VM (17.0.15+6) for linux-amd64 JRE (17.0.15+6), built on …".
# Some vendors put the name of their own build in front of the version.
HOTSPOT: Final = _mark(
    b" JRE (", rb"VM \([^)]{1,80}\) for \S{1,40} JRE (?:\([A-Z][^)]{1,40}\) ?)?\(([0-9][^)]{0,60})\)", 160
)

# What Py_GetVersion() wrote: "3.11.7 (main, Dec  8 2023, 18:56:58) [GCC 12.2.0]"; it stands in static data.
CPYTHON: Final = tuple(
    _mark(compiler, rb"([23]\.[0-9]{1,2}\.[0-9]{1,2})[^\x00\n]{0,50} \([^\x00]{6,90}\) ?\n?" + re.escape(compiler), 170)
    for compiler in (b"[GCC", b"[Clang", b"[MSC")
)

# Two pieces of PyPy's sys.version: "3.9.16 (7.3.11+dfsg, Dec 30 2024, 22:36:23)" and "[PyPy 7.3.11 with".
PYPY: Final = _mark(b"[PyPy ", rb"\[PyPy ([0-9][0-9.]{2,12}) with ")
PYPY_LANGUAGE: Final = _mark(
    b" (", rb"(?<![0-9.])([23]\.[0-9]{1,2}\.[0-9]{1,2}) \([^\x00()]{4,60}, [A-Z][a-z]{2} [ 0-9]{2} [0-9]{4}, ", 8
)

# What an inspector of Node.js says of itself.
_NODE: Final = RuntimeMark(
    RuntimeName.NODE, _mark(b"node.js/v", rb"node\.js/v([0-9]+\.[0-9]+\.[0-9]+)"), ("libnode.so",)
)
# "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]", what ruby --version says.
_RUBY: Final = RuntimeMark(
    RuntimeName.RUBY,
    _mark(b" revision ", rb"ruby ([0-9]+\.[0-9]+\.[0-9]+)[a-z0-9]{0,12} \([0-9-]{10} revision ", 60),
    ("libruby",),
)
_DENO: Final = RuntimeMark(
    RuntimeName.DENO, _mark(b"Deno/", rb"(?<!-)Deno/([0-9]+\.[0-9]+\.[0-9]+)"), needs=_mark(b"ext:deno_")
)
_BUN: Final = RuntimeMark(RuntimeName.BUN, _mark(b"Bun v", rb"Bun v([0-9]+\.[0-9]+\.[0-9]+)[^\x00\n]{0,24} \("))
_NATIVE_IMAGE: Final = RuntimeMark(
    RuntimeName.NATIVE_IMAGE,
    _mark(
        b"com.oracle.svm.core.VM=",
        rb"com\.oracle\.svm\.core\.VM=(?=[A-Za-z ]{0,40}([0-9][0-9.]{0,20}))?([A-Za-z ]{0,40})",
    ),
)
RUNTIMES: Final = (_DENO, _BUN, _NODE, _NATIVE_IMAGE, _RUBY)

DOTNET: Final = _mark(b"@(#)Version ", rb"@\(#\)Version ([0-9]+\.[0-9]+)\.[0-9.]{1,20} ")
DOTNET_PLACE: Final = re.compile(r"/Microsoft\.NETCore\.App/([0-9]+\.[0-9]+\.[0-9]+[^/]*)/")

# Where rustc's own library was built, in the messages of its panics; Debian's is built in /usr/src/rustc-1.63.0.
RUST: Final = _mark(b"/library/", rb"/rustc(?:/[0-9a-f]{40}|-[0-9][0-9a-z.~+-]{2,30})/library/", 60)
RUSTC: Final = _mark(b"rustc version ", rb"rustc version ([0-9]+\.[0-9]+\.[0-9]+)")

LIBCS: Final = (
    PartMark(
        "glibc",
        re.compile(r"libc\.so\.6|libc-2\.\d+\.so"),
        _mark(b"GNU C Library (", rb"GNU C Library \([^\x00\n]{1,120} version ([0-9]+\.[0-9]+)"),
        builtin=_mark(b"malloc(): corrupted top size"),
    ),
    PartMark(
        "musl",
        re.compile(r"(ld|libc)[.-]musl-.*\.so\.1|libc\.so"),
        _mark(b"musl libc (", rb"musl libc \("),
        _mark(b"\x001.", rb"\x00(1\.[0-9]\.[0-9]{1,2})\x00"),
        builtin=_mark(b"No error information\x00"),
    ),
)
ALLOCATORS: Final = (
    PartMark(
        "jemalloc",
        re.compile(r"libjemalloc.*\.so.*"),
        _mark(b"<jemalloc>: "),
        _mark(b"-g", rb"\x00([0-9]+\.[0-9]+\.[0-9]+)-[0-9]+-g[0-9a-f]{7,40}\x00", 16),
    ),
    PartMark(
        "tcmalloc",
        re.compile(r"libtcmalloc.*\.so.*"),
        _mark(b"TCMALLOC_"),
        _mark(b"gperftools ", rb"gperftools ([0-9]+\.[0-9.]{1,8})"),
    ),
    PartMark("mimalloc", re.compile(r"libmimalloc.*\.so.*"), _mark(b"mimalloc: error: ")),
)
