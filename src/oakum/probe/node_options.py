"""The options that a Node.js process was started with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from oakum.model.ports import Processes


def node_options(pid: int, processes: Processes) -> list[str]:
    """Of NODE_OPTIONS, then of its command line with the program's own words, as the last one counts.

    Raises TargetError when it has ended.
    """
    environment = processes.environment(pid)
    more = environment.get("NODE_OPTIONS", "").split() if isinstance(environment, dict) else []
    return [*more, *processes.info(pid).command[1:]]


def values_of(option: str, words: Sequence[str]) -> Iterator[str]:
    """What the words give it, ``OPTION=VALUE`` or ``OPTION VALUE``, in order. Node.js takes ``_`` for ``-``."""
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        name, equals, value = word.partition("=")
        if name.replace("_", "-") == option:
            yield value if equals else following
