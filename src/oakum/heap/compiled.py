"""Which form of a kernel to run: compiled, or the plain Python that it was written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

INTERPRETED_STEPS = 20_000
"""Below this many steps plain Python is done before numba has loaded a kernel from its cache."""


def chosen(kernel: Any, steps: int) -> Callable[..., Any]:
    """``kernel`` in the form that answers first. ``steps``: about how often its innermost loop will run.

    Where numba is switched off
    (NUMBA_DISABLE_JIT) a kernel is plain Python anyway.
    """
    plain: Callable[..., Any] | None = getattr(kernel, "py_func", None)
    if plain is None or steps > INTERPRETED_STEPS:
        form: Callable[..., Any] = kernel
        return form
    return plain
