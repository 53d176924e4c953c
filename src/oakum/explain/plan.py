"""What to do now, in order; nothing here is executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from shlex import quote
from typing import Final

from oakum.model.cause import Cause, CauseName
from oakum.model.policy import Policy
from oakum.model.step import Plan, Step
from oakum.model.units import format_duration
from oakum.model.verdict import Verdict, VerdictName

RESTART = "Restart it"
KEEP = "Keep the evidence"
SOON = f"{KEEP} now"
CALM_S = 900.0
"""With less than this left, in seconds, nobody waits for a calm moment."""

LONGER_S = 600.0
"""For so long it is looked at again, in seconds: what dies before that leaves nothing to look at."""

VERIFY = "Verify on the fixed version, under the same load"
RISKS: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "a bound changes how often values are computed again: look at the hit ratio",
    CauseName.LISTENER: "what is removed too early hears nothing any more: look at who still waits for an event",
    CauseName.TIMER: "what is cancelled does not run: look at whether somebody still needs it",
    CauseName.SESSION_STATE: "whoever comes back after that time has to begin anew",
    CauseName.QUEUE_BACKLOG: "with a bound, whoever puts into it waits or is refused: look at what callers do then",
    CauseName.GOROUTINE: "work that nobody waits for is given up: look at what its callers do then",
    CauseName.CONNECTION_POOL: "with a bound, callers wait for a connection: look at how long",
    CauseName.NATIVE_ALLOCATION: "what is freed too early crashes: run its tests under AddressSanitizer first",
}
"""Of the change of code, by cause; elsewhere something is let go that a reader may still want."""


def plan(
    verdict: Verdict,
    causes: tuple[Cause, ...],
    target: str,
    policy: Policy,
    *,
    inspected: bool = False,
    over_http: bool = False,
) -> Plan:
    """Empty for a healthy target. ``inspected``: its heap is seen through an inspector, and stands still for that.

    ``over_http``: it was asked for its profiles.
    """
    options = " --inspect" if inspected or over_http else ""
    risk = "it is asked for its profiles again, as it was now" if over_http else ""
    if verdict.name is VerdictName.HEALTHY:
        return Plan()
    if verdict.name is not VerdictName.LEAK:
        again = Step(
            "Look again, longer",
            effect=verdict.settles or "a firmer verdict",
            risk="none: it only watches and reads",
            command=f"oakum investigate {quote(target)} --for {_longer(verdict)}{options}",
        )
        return Plan((*_before_its_end(verdict, target, options, risk), again))
    return Plan((_keep(target, options, risk), _restart(verdict), _fix(causes), _verify(target, policy, options)))


def after_evidence(plan: Plan, more: Plan) -> Plan:
    """``more``: what ends the growth from outside, begun with its own way to keep the evidence, which is kept once.

    No other restart is advised then. Empty where ``plan`` is: a healthy target.
    """
    if not more.steps or not plan.steps:
        return plan
    keep, *ends = more.steps
    first, *rest = plan.steps
    left = [step for step in rest if not step.title.startswith(RESTART)]
    if first.title.startswith(KEEP):
        return Plan((first, *ends, *left) if not first.title.startswith(SOON) else (first, *left, *ends))
    return Plan((keep, first, *left, *ends))


def keeping(workload: str, plan: Plan) -> Plan:
    """Its steps, after the evidence of a cluster's workload is kept: nothing for none."""
    risk = "a shell is started in its container for the watch: it takes one or two MiB of the limit"
    return Plan((_keep(workload, " --exec", risk), *plan.steps)) if plan.steps else plan


def on_record(plan: Plan, incident: str) -> Plan:
    """With the commands that go on from an incident (``inc-12``): they know its target and its verdict."""
    commands = {RESTART: f"oakum plan {incident}", VERIFY: f"oakum verify {incident}"}

    def pointed(step: Step) -> Step:
        known = [command for title, command in commands.items() if step.title.startswith(title)]
        return replace(step, command=known[0]) if known else step

    return Plan(tuple(map(pointed, plan.steps)))


def _keep(target: str, options: str, risk: str) -> Step:
    return Step(
        f"{KEEP} before anything is restarted",
        effect="the report survives the process",
        risk=risk or "it stands still for two looks into its heap, as it did now"
        if options
        else "none: it reads memory and does not stop the target",
        command=f"oakum investigate {quote(target)}{options} -o html -f leak.html",
    )


def _before_its_end(verdict: Verdict, target: str, options: str, risk: str) -> tuple[Step, ...]:
    """A suspicion that may reach its limit before the longer look is over."""
    nearest = min(verdict.forecasts, key=lambda row: row.p50_s, default=None)
    if nearest is None or nearest.p50_s >= LONGER_S:
        return ()
    kept = _keep(target, options, risk)
    left = "" if nearest.p50_s < 1 else f": {format_duration(nearest.p50_s)} to its {nearest.boundary}"
    return (replace(kept, title=f"{SOON}{left}"),)


def _longer(verdict: Verdict) -> str:
    """As long as what would settle it asks for."""
    asked = re.search(r"--for (\d+\w*)", verdict.settles)
    return asked[1] if asked else f"{LONGER_S / 60:.0f}m"


def _restart(verdict: Verdict) -> Step:
    soonest = min((row.p10_s for row in verdict.forecasts), default=float("inf"))
    when = " now" if soonest < 1 else f" within {format_duration(soonest)}" if soonest < 7 * 86400 else ""
    # With a limit and no forecast nobody knows how much time there is.
    calm = soonest >= CALM_S and (bool(verdict.forecasts) or verdict.limit is None)
    return Step(
        f"{RESTART}{' in a calm moment' if calm else ''}{when}, one instance at a time",
        effect="memory starts from its base again; the leak goes on",
        risk="requests in flight are lost unless the service drains; the heap's evidence is gone afterwards",
        undo="none is needed",
    )


def _fix(causes: tuple[Cause, ...]) -> Step:
    if not causes:
        return Step("Find the holder", effect="a name to fix", risk="none", command="oakum doctor")
    cause = causes[0]
    place = cause.where[0] if cause.where else None
    named = place is not None and f"{PurePath(place.file).name}:{place.line}" in cause.holder
    where = f" at {place}" if place is not None and not named else ""
    return Step(
        f"Fix {cause.holder}{where}",
        effect=cause.advice,
        risk=RISKS.get(cause.name, "what is let go may still be wanted: look at who reads it"),
        undo="revert the change",
    )


def _verify(target: str, policy: Policy, options: str) -> Step:
    again, whose = quote(target), ""
    if target.startswith("pid/"):
        again, whose = "pid/PID", "    # PID: of the fixed version"
    for_s = format_duration(policy.quick_check_s).replace(" ", "")
    return Step(
        VERIFY,
        effect=f"flat for {format_duration(policy.quick_check_s)},"
        f" then closed after {format_duration(policy.closing_window_s)}",
        risk="none",
        command=f"oakum investigate {again} --for {for_s}{options}{whose}",
        takes_s=policy.quick_check_s,
    )
