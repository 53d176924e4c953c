"""``oakum demo`` in a terminal: what was found, what was done, what the kernel said, and the fixed twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.model.absent import Absent
from oakum.model.demo import ActingChapter, Demo, NodeChapter
from oakum.model.plan_record import PlanRecord
from oakum.model.units import format_duration, format_size
from oakum.render.headline import SIGNS, headline
from oakum.render.names import shown
from oakum.render.sparkline import sparkline
from oakum.render.table_investigation import investigation_view
from oakum.render.table_verify import verification_view

if TYPE_CHECKING:
    from rich.console import RenderableType


def demo_view(demo: Demo) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415
    from rich.rule import Rule  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    parts: list[RenderableType] = [Rule("the leak", align="left"), investigation_view(demo.leaking)]
    parts += _restart(demo.acting)
    parts.append(Rule("the kill", align="left"))
    kill = demo.kill
    life = demo.whole_life.lifetimes[-1]
    parts.append(Text(f"  {sparkline(life.value, 56)}", style="cyan"))
    if isinstance(kill, Absent):
        parts.append(Text(f"  not seen: {shown(kill.why)} → {shown(kill.get)}", style="yellow"))
    else:
        parts.append(
            Text(
                f"  the kernel killed pid {kill.pid} ({shown(kill.victim)}) with {format_size(kill.anon_bytes)}"
                f" of anonymous memory; the limit of {shown(kill.limit_cgroup or 'the machine')} was hit; its words:"
            )
        )
        parts += [Text(f"    {shown(line)}", style="dim") for line in kill.line.splitlines()]
    fixed = demo.fixed
    sentence = headline("the fixed variant", fixed.verdict, fixed.series.unit, now_s=fixed.generated_at_s)
    parts += [
        Rule("the proof", align="left"),
        Text(f"  {SIGNS[fixed.verdict.name]} {sentence}"),
        Text(f"  {sparkline(fixed.series.lifetimes[-1].value, 56)}", style="cyan"),
        *_gate(demo.acting),
        *_node(demo.node),
        Text(f"  all of it took {format_duration(demo.seconds)}", style="dim"),
    ]
    return Group(*parts)


def _restart(acting: ActingChapter | Absent) -> list[RenderableType]:
    from rich.rule import Rule  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    plan = acting if isinstance(acting, Absent) else acting.plan
    head = Rule("the restart", align="left")
    if isinstance(plan, Absent):
        return [head, Text(f"  {shown(plan.what)} was left out: {shown(plan.why)} → {shown(plan.get)}", style="yellow")]
    return [head, *(Text(f"  {line}") for line in restart_lines(plan))]


def restart_lines(plan: PlanRecord) -> list[str]:
    """What was applied, one line each."""
    return [f"{shown(step.step.title)}: {shown(step.outcome)}" for step in plan.steps if step.outcome]


def _gate(acting: ActingChapter | Absent) -> list[RenderableType]:
    from rich.rule import Rule  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if isinstance(acting, Absent):
        return []
    incident = acting.story.record.incident
    ended = f": {shown(incident.closed_why)}" if incident.closed_why else ""
    return [
        Rule("the gate", align="left"),
        verification_view(acting.verification),
        Text(f"  {incident.id} is {incident.state.value}{ended}", style="bold"),
    ]


def _node(node: NodeChapter | Absent) -> list[RenderableType]:
    from rich.rule import Rule  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if isinstance(node, Absent):
        return [Text(f"  {shown(node.what)}: {shown(node.why)} → {shown(node.get)}", style="yellow")]
    fixed = node.fixed
    sentence = headline("its fixed variant", fixed.verdict, fixed.series.unit, now_s=fixed.generated_at_s)
    return [
        Rule("the same in Node.js", align="left"),
        investigation_view(node.leaking),
        Text(f"  {SIGNS[fixed.verdict.name]} {sentence}"),
    ]
