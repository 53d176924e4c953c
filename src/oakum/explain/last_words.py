"""What a program's last lines say of memory. The words that are told are these, never a line of the log itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LastWords:
    """``runtime``: whose words they are: jvm, node, python, go, ruby, native. Whoever still speaks met a limit of its
    own: the kernel lets nobody say a last word.
    """

    runtime: str
    words: str


_JVM: Final = (
    "Java heap space",
    "GC overhead limit exceeded",
    "Metaspace",
    "Compressed class space",
    "Direct buffer memory",
    "unable to create native thread",
    "Requested array size exceeds VM limit",
)
_OTHERS: Final = (
    (r"JavaScript heap out of memory", "node", "V8: JavaScript heap out of memory"),
    (r"^MemoryError\b", "python", "MemoryError"),
    (r"fatal error: runtime: (?:out of memory|cannot allocate memory)", "go", "runtime: out of memory"),
    (r"\bNoMemoryError\b|failed to allocate memory", "ruby", "NoMemoryError"),
    (r"std::bad_alloc", "native", "std::bad_alloc"),
)


def last_words(log: str) -> LastWords | None:
    """None: they say nothing of memory."""
    for kind in _JVM:
        if f"java.lang.OutOfMemoryError: {kind}" in log:
            return LastWords("jvm", f"java.lang.OutOfMemoryError: {kind}")
    if "java.lang.OutOfMemoryError" in log:
        return LastWords("jvm", "java.lang.OutOfMemoryError")
    for pattern, runtime, words in _OTHERS:
        if re.search(pattern, log, re.MULTILINE):
            return LastWords(runtime, words)
    return None
