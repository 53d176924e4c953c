"""What a demo showed: a leak found, the kernel's kill, and the fixed variant beside it."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.absent import Absent
from oakum.model.assessment import Investigation
from oakum.model.plan_record import PlanRecord
from oakum.model.process import OomKill
from oakum.model.series import WorkloadSeries
from oakum.model.standing import Story
from oakum.model.verification import Verification


@dataclass(frozen=True, slots=True)
class NodeChapter:
    """The same story in Node.js: a service whose listeners are never removed, and its fixed variant."""

    leaking: Investigation
    fixed: Investigation


@dataclass(frozen=True, slots=True)
class ActingChapter:
    """``plan``: of the restart, applied; Absent: why the leaking service was left as it was.

    ``verification``: of the fixed variant. ``story``: the incident's record when all was over.
    """

    plan: PlanRecord | Absent
    verification: Verification
    story: Story


@dataclass(frozen=True, slots=True)
class Demo:
    """``whole_life``: the leaking service from its start to its end, two lifetimes where it was restarted.

    ``kill`` is Absent where it was not killed. ``acting``: Absent where no leak was found to act upon.

    ``fixed``: the investigation of the fixed variant under the same load. ``node``: Absent without Node.js.
    ``limit_bytes``: of the memory cgroup that each ran in, None where this machine has none to give.
    """

    leaking: Investigation
    whole_life: WorkloadSeries
    kill: OomKill | Absent
    fixed: Investigation
    node: NodeChapter | Absent
    limit_bytes: int | None
    seconds: float
    acting: ActingChapter | Absent
