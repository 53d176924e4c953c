"""How long evidence is kept: what no record names goes, what was closed long ago, and what is more than the budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from oakum.incident.saying import entry_of, touched
from oakum.incident.settings import Keeping
from oakum.model.blob import Blob
from oakum.model.incident import EXPIRED, Change, EntryKind, Record
from oakum.model.retention import Claim, Going, Retention, Why
from oakum.model.units import format_count, format_duration, format_size

GRACE_S: Final = 86_400.0
"""What was put less than this many seconds ago may belong to a record that is still to be written."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A blob with the incidents that name it. ``closed_at_s``: when the last of them was closed, None: one is open."""

    blob: Blob
    incidents: tuple[int, ...]
    closed_at_s: float | None

    def fresh(self, now_s: float) -> bool:
        """Put a short while ago, and after every closing: whoever did it may be about to name it."""
        since_closing = self.closed_at_s is None or self.blob.at_s > self.closed_at_s
        return since_closing and now_s - self.blob.at_s <= GRACE_S


def retention(blobs: Sequence[Blob], claims: Sequence[Claim], *, now_s: float, keeping: Keeping) -> Retention:
    """What goes: unnamed, then expired, then, until the budget is kept, the evidence of those closed the longest ago.

    Nothing goes that an open incident names. Within one incident the largest piece goes first: samples are small, and
    a report lives of them.
    """
    pieces = list(_pieces(blobs, claims))
    going = [
        Going(piece.blob, why, piece.incidents)
        for piece in pieces
        if (why := _why(piece, now_s=now_s, keeping=keeping)) is not None
    ]
    bytes_before = sum(blob.size_bytes for blob in blobs)
    bytes_after = bytes_before - sum(each.blob.size_bytes for each in going)
    if keeping.budget_bytes is None:
        return Retention(tuple(going), bytes_before, bytes_after)
    for piece in _oldest_first(_left(pieces, going), now_s):
        if bytes_after <= keeping.budget_bytes:
            break
        going.append(Going(piece.blob, Why.BUDGET, piece.incidents))
        bytes_after -= piece.blob.size_bytes
    over = "" if bytes_after <= keeping.budget_bytes else _over(_left(pieces, going), now_s)
    return Retention(tuple(going), bytes_before, bytes_after, over)


def _left(pieces: Sequence[_Piece], going: Sequence[Going]) -> Sequence[_Piece]:
    gone = {each.blob.digest for each in going}
    return [piece for piece in pieces if piece.blob.digest not in gone]


def _pieces(blobs: Sequence[Blob], claims: Sequence[Claim]) -> Iterator[_Piece]:
    naming: Mapping[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        for digest in claim.digests:
            naming[digest].append(claim)
    for blob in blobs:
        same = naming.get(blob.digest, [])
        closings = [claim.closed_at_s for claim in same if claim.closed_at_s is not None]
        closed_at_s = max(closings) if same and len(closings) == len(same) else None
        yield _Piece(blob, tuple(sorted(claim.incident for claim in same)), closed_at_s)


def _why(piece: _Piece, *, now_s: float, keeping: Keeping) -> Why | None:
    """None: it stays, as far as its age is concerned."""
    if piece.fresh(now_s):
        return None
    if not piece.incidents:
        return Why.UNNAMED if keeping.unnamed else None
    if piece.closed_at_s is not None and now_s - piece.closed_at_s > keeping.keep_s:
        return Why.EXPIRED
    return None


def _oldest_first(pieces: Sequence[_Piece], now_s: float) -> Sequence[_Piece]:
    """Those of closed incidents."""
    closed = [(piece.closed_at_s, piece) for piece in pieces if piece.closed_at_s is not None]
    closed.sort(key=lambda row: (row[0], -row[1].blob.size_bytes, row[1].blob.digest))
    return [piece for _, piece in closed if not piece.fresh(now_s)]


def _over(left: Sequence[_Piece], now_s: float) -> str:
    """What keeps the budget from being kept."""
    sizes: dict[str, int] = defaultdict(int)
    for piece in left:
        if piece.incidents and piece.closed_at_s is None:
            said = "open incidents name {}"
        elif piece.fresh(now_s):
            said = "{} was put within the last day"
        else:
            said = "no incident here names {}, which may be another record's"
        sizes[said] += piece.blob.size_bytes
    return "; ".join(said.format(format_size(size)) for said, size in sizes.items())


def expiring(record: Record, going: Sequence[Going], *, author: str, now_s: float, keeping: Keeping) -> Change | None:
    """Says on the timeline which of its evidence goes. None: it is open again, or all of that was said before."""
    going = [each for each in going if record.expiry(each.blob.digest) is None]
    if record.incident.is_open or not going:
        return None
    incident = touched(record.incident, now_s)
    size = format_size(sum(each.blob.size_bytes for each in going))
    files = "1 file" if len(going) == 1 else f"{format_count(len(going))} files"
    text = f"evidence expired: {files}, {size}; {_rule(going, keeping)}"
    facts = {EXPIRED: sorted(each.blob.digest for each in going)}
    return Change(incident, (entry_of(incident, EntryKind.EVIDENCE, author, text, **facts),))


def _rule(going: Sequence[Going], keeping: Keeping) -> str:
    if any(each.why is Why.BUDGET for each in going):
        return f"all evidence together may take {format_size(keeping.budget_bytes or 0)}"
    return f"it is kept for {format_duration(keeping.keep_s)} after the closing"
