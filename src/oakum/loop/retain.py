"""``oakum incident retain``: what has been kept for long enough goes, and the timeline says so first.

Cut off anywhere, the same command goes on: what is said to have expired and is still there goes then. Two of them at
once say it once, and remove what the other has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oakum.incident import GRACE_S, Keeping, expiring, retention
from oakum.loop.record import Recorder
from oakum.model.ports import Blobs
from oakum.model.retention import Going, Retained, Retention


def retain(recorder: Recorder, keeping: Keeping, *, now_s: float, dry_run: bool = False) -> Retained:
    """Scans and judge states that were last written longer ago than ``keep_s`` (a day at least) are forgotten too.

    What is reopened, or put again, meanwhile stays.
    """
    store = recorder.store
    # The files first: what a record comes to name meanwhile is then found named.
    blobs = store.blobs.kept()
    plan = retention(blobs, store.incidents.claims(), now_s=now_s, keeping=keeping)
    told = Retained(
        now_s,
        keeping.keep_s,
        keeping.budget_bytes,
        dry_run,
        plan.going,
        (),
        plan.bytes_before,
        plan.bytes_after,
        plan.over,
    )
    if dry_run:
        return told
    reopened = _told(recorder, plan, keeping, now_s)
    gone: list[Going] = []
    stayed: list[Going] = []
    for each in plan.going:
        went = reopened.isdisjoint(each.incidents) and _removed(store.blobs, each)
        (gone if went else stayed).append(each)
    before_s = now_s - max(keeping.keep_s, GRACE_S)
    return replace(
        told,
        gone=tuple(gone),
        stayed=tuple(stayed),
        bytes_after=plan.bytes_after + _bytes(stayed),
        scans=store.scans.forget(before_s),
        judge_states=store.judge_states.forget(before_s),
    )


def _told(recorder: Recorder, plan: Retention, keeping: Keeping, now_s: float) -> frozenset[int]:
    """Each incident says what of it goes. Returns those that are open again."""
    numbers = sorted({number for each in plan.going for number in each.incidents})
    return frozenset(number for number in numbers if _is_open(recorder, number, plan, keeping, now_s))


def _is_open(recorder: Recorder, number: int, plan: Retention, keeping: Keeping, now_s: float) -> bool:
    mine = [each for each in plan.going if number in each.incidents]
    found = recorder.store.incidents.change(
        number, lambda record: expiring(record, mine, author=recorder.author, now_s=now_s, keeping=keeping)
    )
    return found.is_open


def _removed(blobs: Blobs, going: Going) -> bool:
    """By us or by another."""
    digest = going.blob.digest
    return blobs.remove(digest, put_at_s=going.blob.at_s) > 0 or not blobs.has(digest)


def _bytes(going: Sequence[Going]) -> int:
    return sum(each.blob.size_bytes for each in going)
