"""What plans are made, applied, undone and verified with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oakum.incident import MOVES, Event, moving
from oakum.loop.incident import left
from oakum.loop.record import Recorder
from oakum.model.errors import RefusedError
from oakum.model.hands import Hands
from oakum.model.incident import Change, Entry, EntryKind, Record
from oakum.model.policy import Policy
from oakum.model.ports import Store
from oakum.model.work import Work

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress


@dataclass(frozen=True, slots=True)
class Bench:
    """This machine, the hands that change it, and the record of what they did."""

    machine: Machine
    hands: Hands
    recorder: Recorder
    progress: Progress

    @property
    def store(self) -> Store:
        return self.recorder.store

    @property
    def policy(self) -> Policy:
        return self.recorder.policy

    @property
    def author(self) -> str:
        return self.recorder.author

    def now_s(self) -> float:
        return self.machine.clock.now_s()

    def note(self, incident: int, text: str) -> None:
        """One line on the incident's timeline."""

        def change(record: Record) -> Change:
            entry = Entry(self.now_s(), EntryKind.PLAN, self.author, text, record.incident.state)
            return Change(record.incident, (entry,))

        self.store.incidents.change(incident, change)

    def move(self, incident: int, event: Event, why: str) -> bool:
        """False: its state does not allow that, and nothing was written."""
        done: list[Event] = []

        def change(record: Record) -> Change | None:
            done.clear()
            if event not in MOVES[record.incident.state]:
                return None
            done.append(event)
            return moving(record, event, why, author=self.author, now_s=self.now_s())

        self.store.incidents.change(incident, change)
        return bool(done)


@contextmanager
def at_work(kind: str, subject: str, bench: Bench) -> Iterator[None]:
    """On record while it lasts. What others left, and what stands for too long, is told first.

    Raises RefusedError while another Oakum is at it.
    """
    recorder = bench.recorder
    for line in left(recorder, bench.hands.limits, now_s=bench.now_s()).lines:
        bench.progress.stage(line)
    earlier = [work for work in bench.store.works.unfinished() if work.subject == subject]
    for work in earlier:
        if not recorder.workers.gone(work.holder) and work.holder != recorder.workers.this():
            raise RefusedError(
                f"another Oakum is at {subject} now",
                why=f"pid {work.holder.pid} on {work.holder.host}",
                next_step=f"{work.again}    # once that has ended",
            )
    begun = bench.store.works.begin(
        Work(kind, subject, f"oakum {kind} {subject}", recorder.workers.this(), bench.now_s())
    )
    try:
        yield
    finally:
        for work in (*earlier, begun):
            bench.store.works.finish(work.number)
