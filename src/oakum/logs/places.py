"""Where in the code: read from the lines around, in the form in which each runtime prints its stacks."""

from __future__ import annotations

import re
from typing import Final

from oakum.logs.lines import unescaped
from oakum.model.cause import CodePlace

_JAVA: Final = re.compile(
    r"^[ \t]*at (?:[\w.@-]+/)*(?P<function>[\w$.<>]+)"
    r"\((?P<file>[\w$-]+\.(?:java|kt|scala|groovy|clj)):(?P<line>\d{1,9})\)",
    re.MULTILINE,
)
_PYTHON: Final = re.compile(
    r'^[ \t]*File "(?P<file>[^"\n]+)", line (?P<line>\d{1,9}), in (?P<function>\S+)', re.MULTILINE
)
_SCRIPT: Final = re.compile(
    r"^[ \t]*at (?:async )?(?:(?P<function>[^\s(]+(?: \[as [^\]\n]+\])?) \()?(?:file://)?(?P<file>/?[^\s():]+\.[cm]?[jt]sx?):(?P<line>\d{1,9})(?::\d{1,9})?\)?",
    re.MULTILINE,
)
_GO: Final = re.compile(
    r"^(?P<function>[\w./*()-]{1,300})\([^\n]{0,300}\)\n\t(?P<file>\S+\.go):(?P<line>\d{1,9})", re.MULTILINE
)
_RUST: Final = re.compile(r"panicked at (?:'[^'\n]*', )?(?P<file>[^\s:,]+\.rs):(?P<line>\d{1,9})")
_RUST_FRAME: Final = re.compile(
    r"^[ \t]*\d{1,9}: (?P<function>\S+)\n[ \t]+at (?P<file>\S+\.rs):(?P<line>\d{1,9})", re.MULTILINE
)
_RUBY: Final = re.compile(r"(?<![\w./-])(?P<file>[\w./-]+\.rb):(?P<line>\d{1,9}):in [`'](?P<function>[^'\n]+)'")
_PHP: Final = re.compile(r" in (?P<file>/\S+\.php)(?: on line |:)(?P<line>\d{1,9})")
_NET: Final = re.compile(
    r"^[ \t]*at (?P<function>[\w.<>`]+)\([^)\n]*\) in (?P<file>\S[^\n]*?):line (?P<line>\d{1,9})", re.MULTILINE
)
_NATIVE: Final = re.compile(
    r"^[ \t]*#\d{1,9} +0x[0-9a-f]+ in (?P<function>\S+) (?P<file>/[^\s:]+):(?P<line>\d{1,9})", re.MULTILINE
)

_AFTER: Final = {
    "jvm": (_JAVA,),
    "node": (_SCRIPT,),
    "go": (_GO,),
    "rust": (_RUST, _RUST_FRAME),
    "ruby": (_RUBY,),
    "php": (_PHP,),
    "dotnet": (_NET,),
    "native": (_NATIVE,),
}
_LIBRARY: Final = re.compile(
    r"^(?:java|javax|jdk|sun|com\.sun|kotlin|scala)\.|^runtime[./]|^node:|^internal/|/node_modules/|/site-packages/"
    r"|/dist-packages/|/rustc/|/go/src/runtime/|/libgo/|^com\.zaxxer\.|^io\.netty\.|^org\.apache\.(?:tomcat|catalina)"
    r"|/lib/python3|<frozen |^std::|^core::|^alloc::"
)
_ENDS: Final = re.compile(r"\n[^\s]*(?:\d{4}-\d\d-\d\d[T ]|\[\d{4}-)")


MOST_LETTERS: Final = 4 << 10
"""An expression of a user sees so many of the line, and of the lines before and after it."""


def place(runtime: str, location: str, before: str, line: str, after: str) -> CodePlace | None:
    """The nearest frame that is no library's; else the nearest. ``before``, ``after``: whole lines around."""
    if location == "none":
        return None
    if location != "stack":
        form = re.compile(location, re.MULTILINE)
        return _first((form,), f"{line[:MOST_LETTERS]}\n{after[:MOST_LETTERS]}") or _last(form, before[-MOST_LETTERS:])
    after = f"{unescaped(line)}\n{_own(after)}" if "\\n" in line else f"{line}\n{_own(after)}"
    if runtime in {"python", "any", "kernel", "kubernetes"} or runtime not in _AFTER:
        found = _last(_PYTHON, _traceback(before)) or _first((_PYTHON,), after)
        every = tuple(form for forms in _AFTER.values() for form in forms)
        return found or _first(every, after)
    return _first(_AFTER[runtime], after)


def _own(after: str) -> str:
    """Up to the next line that has a date: another message."""
    end = _ENDS.search(f"\n{after}")
    return after if end is None else after[: end.start()]


def _traceback(before: str) -> str:
    """From the last traceback on, where it is the one that ends here."""
    begin = before.rfind("Traceback (most recent call last)")
    return "" if begin < 0 else before[begin:]


def _first(forms: tuple[re.Pattern[str], ...], text: str) -> CodePlace | None:
    for form in forms:
        frames = [_frame(match) for match in form.finditer(text)]
        if frames:
            return next((frame for frame in frames if not _library(frame)), frames[0])
    return None


def _last(form: re.Pattern[str], text: str) -> CodePlace | None:
    frames = [_frame(match) for match in form.finditer(text)][::-1]
    return next((frame for frame in frames if not _library(frame)), frames[0]) if frames else None


def _library(frame: CodePlace) -> bool:
    return bool(_LIBRARY.search(frame.function) or _LIBRARY.search(frame.file))


def _frame(match: re.Match[str]) -> CodePlace:
    found = match.groupdict()
    line = found.get("line") or "0"
    return CodePlace(
        found.get("file") or "?", int(line) if line.isdecimal() and len(line) < 10 else 0, found.get("function") or ""
    )
