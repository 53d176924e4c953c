"""Writing to standard output and standard error when their reader may have gone."""

from __future__ import annotations

import os
from typing import TextIO


def say(stream: TextIO, text: str, *, instead: str = "replace") -> None:
    """A reader that went away (``| head``) is no error, and changes no verdict: the rest is said to nobody.

    ``instead``: how signs are written that the stream's encoding has not; a page has its own way (xmlcharrefreplace).
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, instead).decode(encoding))
        stream.flush()
    except BrokenPipeError:
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, stream.fileno())
        os.close(nobody)
