"""The engine that reads logs: bytes in, findings out.

It opens nothing and knows no clock: times come from the lines, the year where they name none from the caller. Patterns
are values (``library``); lines that may match are found by all their texts at once (``texts``, ``kernels``).
"""

from oakum.logs.library import library, parse_patterns, with_own
from oakum.logs.reader import STOPPED, LogReader, read_log

__all__ = ["STOPPED", "LogReader", "library", "parse_patterns", "read_log", "with_own"]
