"""Connections that are taken and never given back: as objects that a holder gains, or as sockets that only grow."""

from __future__ import annotations

import re
from math import nan

from oakum.explain.causes.finding import CLIENTS, Clue, Finding
from oakum.explain.remedies import advised, with_advice
from oakum.model.cause import Cause, CauseName, Example
from oakum.model.surroundings import Crowd, Surroundings
from oakum.model.units import format_count, format_duration
from oakum.model.wording import says

ITEMS = re.compile(
    r"^(?:\w*(?:Connection|Conn|Socket|PoolClient|PooledClient)|connection|socket|Client"
    r"|(?:Jdbc|Pg|Oracle|Prepared|Callable|Hikari\w*)\w*Statement|\w*ResultSet|StreamWriter)$"
)
"""Classes whose objects are connections, or hold one, by the last part of their name; Client alone is not enough."""

HINTS = ("connection", "conns", "checked_out", "checkedout", "in_use", "inuse", "leased", "borrowed", "sockets")
MORE = 5
"""So many more than at the begin, to one remote."""

LEAST_MOMENTS = 4

EXAMPLE = Example(
    before="connection = pool.getconn()\nrows = connection.execute(query).fetchall()",
    after="""from contextlib import contextmanager

@contextmanager
def borrowed(pool):
    connection = pool.getconn()
    try:
        yield connection
    finally:
        pool.putconn(connection)

def rows_of(pool, query):
    with borrowed(pool) as connection:
        return connection.execute(query).fetchall()
""",
)


def look(clue: Clue) -> Finding | None:
    """Of a holder in a heap."""
    item = clue.holder.item_type.rpartition(".")[2].rpartition("$")[2]
    own = f"{clue.holder.name} {clue.holder.attribute} {clue.holder.owner_type}".lower()
    of_library = clue.holder.item_type.startswith(CLIENTS) and says(item, ("session", "client", "asyncclient"))
    made = bool(ITEMS.match(item)) or of_library
    hinted = any(hint in own for hint in HINTS) or "pool" in own
    if not made or (item == "Client" and not hinted and not of_library):
        return None
    advice, example = advised(CauseName.CONNECTION_POOL, clue.language)
    return Finding(
        CauseName.CONNECTION_POOL,
        0.96 if hinted else 0.88,
        f"its items are connections ({clue.holder.item_type}): they are opened or taken, and not given back",
        advice,
        example or EXAMPLE,
    )


def sockets(around: Surroundings) -> Cause | None:
    """Of the sockets of a process: those to one remote that only become more, or that the peer has ended long ago."""
    crowds = around.crowds
    if len(crowds) < LEAST_MOMENTS:
        return None
    first, last = crowds[0], crowds[-1]
    names = sorted({*last.by_remote, *last.closing})
    rows = [(_more(crowds, name, closing=closing), name, closing) for name in names for closing in (True, False)]
    more, name, closing = max(rows, default=(0, "", False))
    if more < MORE:
        return None
    before, now = (_of(each, name, closing=closing) for each in (first, last))
    seconds = format_duration(last.at_s - first.at_s)
    what = "that the peer has ended, and it has not (CLOSE_WAIT)" if closing else "that are open"
    found = Cause(
        name=CauseName.CONNECTION_POOL,
        confidence=0.75 if closing else 0.55,
        title=f"connections to {name} only become more: {format_count(before)} → {format_count(now)} in {seconds}",
        holder=f"connections to {name}",
        retained_bytes=None,
        growth_bytes_per_s=nan,
        why=(f"{format_count(more)} more connections to {name} {what}; none went at any of {len(crowds)} looks",),
        against=() if closing else ("a pool that fills stops at its size", "more load may want more connections"),
        evidence=around.ids("crowds"),
    )
    return with_advice(found, around.language)


def _of(crowd: Crowd, name: str, *, closing: bool) -> int:
    return (crowd.closing if closing else crowd.by_remote).get(name, 0)


def _more(crowds: tuple[Crowd, ...], name: str, *, closing: bool) -> int:
    """How many more; 0 where they fell at any look, or came all at once."""
    counts = [_of(each, name, closing=closing) for each in crowds]
    steps = [after - before for before, after in zip(counts, counts[1:], strict=False)]
    if any(step < 0 for step in steps) or sum(step > 0 for step in steps) < 3:
        return 0
    return counts[-1] - counts[0]
