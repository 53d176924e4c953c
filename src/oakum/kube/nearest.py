"""Names that match nothing, answered with the nearest that do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from oakum.kube.faults import of
from oakum.model.errors import OakumError, TargetError

MOST = 3


def unknown(title: str, name: str, there: Iterable[str], *, look: str) -> OakumError:
    """``title``: what was asked for; ``there``: the names of its kind; ``look``: the command that lists them."""
    names = sorted(set(there))
    near = get_close_matches(name, names, n=MOST, cutoff=0.5)
    if near:
        why = f"the nearest are: {', '.join(near)}"
    elif names:
        more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
        why = f"there are: {', '.join(names[:MOST])}{more}"
    else:
        why = "there is none of its kind"
    return of(404, TargetError(f"there is no {title}", why=why, next_step=look))
