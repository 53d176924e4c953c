"""A demo as it comes out of a real run, with and without the kernel's kill."""

from __future__ import annotations

from dataclasses import replace

from examples_render import HOSTILE, MIB, NOW_S, healthy, hostile, leak, leaking_series

from oakum.incident import standing
from oakum.model.absent import Absent, AbsentKind
from oakum.model.action import Restart, facts_of
from oakum.model.demo import ActingChapter, Demo, NodeChapter
from oakum.model.incident import Incident, Record, Severity, State
from oakum.model.plan_record import PlanRecord, StepRecord, StepState
from oakum.model.policy import Policy
from oakum.model.process import OomKill
from oakum.model.series import Ending
from oakum.model.standing import Story
from oakum.model.step import Step
from oakum.model.supervisor import Supervisor, SupervisorKind
from oakum.model.verification import Check, CheckState, Outcome, Verification

KILL = OomKill(
    at_s=NOW_S - 0.5,
    constraint="memcg",
    limit_cgroup="/oakum/demo",
    task_cgroup="/oakum/demo/leaky",
    victim="python3",
    pid=4242,
    uid=0,
    anon_bytes=int(251 * MIB),
    line="Memory cgroup out of memory: Killed process 4242 (python3)\nanon-rss:257024kB, file-rss:0kB",
)


def killed():
    whole = leaking_series()
    (life,) = whole.lifetimes
    whole = replace(whole, lifetimes=(replace(life, ending=Ending.OOM_KILLED, ended_s=NOW_S),))
    node = NodeChapter(leak(), healthy())
    return Demo(leak(), whole, KILL, healthy(), node, int(256 * MIB), 94.0, acting())


def acting(said="every check passed"):
    does = facts_of(Restart(Supervisor(SupervisorKind.NONE)))
    step = Step(f"Restart pid 4241, {said}", effect=said, risk=said, does=does)
    outcome = f"pid 4241 ended, pid 4242 runs in its place; {said}"
    seen = {"pid": 4241, "verdict": "leak", "expires_at_s": NOW_S}
    steps = (StepRecord(step, StepState.APPLIED, outcome=outcome),)
    plan = PlanRecord(1, "pid/4241", NOW_S, "ab" * 32, steps, seen, StepState.APPLIED, number=1)
    incident = Incident(
        said, said, State.CLOSED, Severity.P2, NOW_S, NOW_S, NOW_S, 1, closed_at_s=NOW_S, closed_why=said
    )
    record = Record(incident)
    gate = Verification(
        "pid/4243",
        1,
        NOW_S,
        NOW_S - 20,
        19.0,
        Outcome.CLOSED,
        (Check("the floor is flat", CheckState.PASSED, said),),
        healthy().verdict,
        healthy().series,
    )
    return ActingChapter(plan, gate, Story(record, standing(record, now_s=NOW_S, policy=Policy()), (plan,)))


def not_killed():
    why = Absent("the kernel's kill", AbsentKind.NOT_APPLICABLE, "no memory cgroup here", "run the demo as root")
    node = Absent("the Node.js chapter", AbsentKind.NOT_APPLICABLE, "no node on the PATH", "apt-get install nodejs")
    restart = Absent("the restart", AbsentKind.NOT_APPLICABLE, "nobody may restart it here", "run the demo as root")
    return replace(killed(), kill=why, node=node, limit_bytes=None, acting=replace(acting(), plan=restart))


def not_found():
    """The judge wanted more: nothing was acted upon."""
    return replace(not_killed(), acting=Absent("the incident", AbsentKind.NOT_APPLICABLE, "it was judged healthy"))


def hostile_demo():
    kill = replace(KILL, victim=HOSTILE, limit_cgroup=HOSTILE, task_cgroup=HOSTILE, line=f"{HOSTILE}\n{HOSTILE}")
    node = NodeChapter(hostile(), hostile())
    return replace(killed(), leaking=hostile(), fixed=hostile(), node=node, kill=kill, acting=acting(HOSTILE))
