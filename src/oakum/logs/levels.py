"""Whether a line reports what it names, or only speaks of it."""

from __future__ import annotations

import re
from typing import Final

BEGIN: Final = 300
"""A level stands within so many letters of the line's begin, or in a field of its own."""

ADDRESS: Final = 256
"""An address is seen so many letters back."""

_GRAVE: Final = r"WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?|FATAL|ALERT|EMERG(?:ENCY)?|PANIC"
_PLAIN: Final = r"INFO(?:RMATION)?|NOTICE|DEBUG|TRACE|FINE(?:R|ST)?|VERBOSE"
_LEVEL: Final = re.compile(
    rf"(?<![\w/-])(?:(?P<plain>{_PLAIN})|{_GRAVE})(?![\w-])"
    # [info], <info>, and info: at the begin
    r"|[\[<](?i:(?P<plain_too>info|notice|debug|trace)|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal)[\]>]"
    r"|^(?:(?P<plain_first>info|debug|trace|verbose)|warn|error): "
    # klog
    r"|^(?:(?P<plain_letter>I)|[WEF])[01]\d[0-3]\d \d\d:"
)
_FIELD: Final = re.compile(
    r"""(?i)["']?\b(?:log[._])?(?:level|lvl|severity|loglevel)["']?\s?[:=]\s?["']?"""
    r"(?P<level>[a-z]+|\d+)"
)
_PLAIN_FIELD: Final = re.compile(r"(?i)info(?:rmation)?|notice|debug|trace|verbose|[123]0")
"""Of numbers, those of pino and bunyan: 30 is info."""

_ACCESS: Final = re.compile(r'\bHTTP/\d(?:\.\d)?"? \d{3}\b')
_IN_ADDRESS: Final = re.compile(r"(?:/|https?://\S*|[?&][\w.%-]*=\S*)\Z")
_COPED: Final = re.compile(
    r"(?i)\b(?:caught|handled|retry(?:ing)?|retried|recover(?:ed|ing)|rejected|skipp(?:ed|ing))\b"
)
"""Words of a program that went on."""


def only_speaks(line: str, at: int) -> bool:
    """Of a line that names something at the letter ``at``.

    Its level is below a warning, it is of an access log, what it names is part of an address, or it says that the
    program coped.
    """
    before = line[:at]
    level = _LEVEL.search(before[:BEGIN])
    if level is not None:
        plain = any(level.groupdict().values())
    else:
        field = _FIELD.search(line)
        plain = field is not None and _PLAIN_FIELD.fullmatch(field["level"]) is not None
    return (
        plain
        or _ACCESS.search(line) is not None
        or _IN_ADDRESS.search(before[-ADDRESS:]) is not None
        or _COPED.search(line) is not None
    )
