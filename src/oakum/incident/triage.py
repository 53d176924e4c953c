"""The first step: is the alert true? Answered with what was measured, not with what the alert said."""

from __future__ import annotations

from typing import Final

from oakum.incident.severity import pressure
from oakum.model.assessment import Investigation
from oakum.model.incident import Answer, Symptom, Triage
from oakum.model.policy import Policy
from oakum.model.series import Unit
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.model.verdict import VerdictName

KILLED_WITHIN_S: Final = 86_400.0
"""A cluster tells the last end of each container however long ago it was; older ones tell nothing of today."""

RESTARTS: Final = 3
"""So many lifetimes within what was watched are frequent restarts."""

_ANSWERS: Final = {
    VerdictName.LEAK: Answer.YES,
    VerdictName.SUSPECT: Answer.OPEN,
    VerdictName.CANNOT_TELL: Answer.OPEN,
    VerdictName.HEALTHY: Answer.NO,
}


def triage(investigation: Investigation, *, alert: str, policy: Policy) -> Triage:
    """``alert``: the name of what called, "" where nobody did. One that is not known is answered by the verdict."""
    verdict, series = investigation.verdict, investigation.series
    answer = _ANSWERS[verdict.name]
    known = _alert(investigation, alert, policy)
    why = [] if known is None else [known[1]]
    said = f"sure {format_share(verdict.probability)}" if verdict.probability is not None else "not sure"
    why.append(f"Oakum measured it itself: {verdict.name.value}, {said}, from {format_count(series.samples)} samples")
    why += verdict.reasons
    if verdict.settles:
        why.append(f"open: {verdict.settles}")
    return Triage(answer if known is None else known[0], investigation.generated_at_s, tuple(why))


def _alert(investigation: Investigation, alert: str, policy: Policy) -> tuple[Answer, str] | None:
    verdict, series = investigation.verdict, investigation.series
    name = alert.casefold()
    if name == "podmemoryhigh":
        state = pressure(verdict, policy)
        if state == "no limit":
            return Answer.OPEN, f"{alert}: no limit is known that {_level(investigation)} could be compared with"
        holds = state != "normal"
        sense = "at or above" if holds else "below"
        return _yes(
            holds
        ), f"{alert}: {_level(investigation)} is {sense} {format_share(policy.warn_share)} of the limit"
    if name == "oomkilled":
        kills = oom_kills(investigation)
        return _yes(kills > 0), f"{alert}: it was killed for memory {_times(kills)} {_kills_over(investigation)}"
    if name == "podrestartingfrequently":
        lives = max(len(series.lifetimes), restarts(investigation) + 1)
        return _yes(lives >= RESTARTS), f"{alert}: {format_count(lives)} lifetimes were seen"
    return None


def symptoms(investigation: Investigation) -> tuple[Symptom, ...]:
    """Each sign that a leak may have, with what was measured of it, or what would tell."""
    verdict, series = investigation.verdict, investigation.series
    grows = verdict.pattern is not None and verdict.pattern.leaks
    seen_s = sum(float(life.at_s[-1] - life.at_s[0]) for life in series.lifetimes if len(life))
    over = f"over {format_duration(seen_s)}"
    rate = _rate(verdict.rate_per_s, series.unit)
    killed, again = oom_kills(investigation), restarts(investigation)
    return (
        Symptom("steady growth", _yes(grows), f"{rate} {over}, {verdict.pattern.value if verdict.pattern else 'flat'}"),
        Symptom("OOM kills", _yes(killed > 0), f"{format_count(killed)} {_kills_over(investigation)}"),
        Symptom("restarts", _yes(again > 0), f"{format_count(again)} {_COUNTED if _told(investigation) else over}"),
        Symptom("swap growth", Answer.OPEN, "not measured: vmstat 1, column so"),
        Symptom("slow before it dies", Answer.OPEN, "not measured: the service's own latency"),
        Symptom("more garbage collection", Answer.OPEN, "not measured: the runtime's GC log or metrics"),
        Symptom("errors and timeouts", Answer.OPEN, "not measured: the service's own error rate"),
    )


def service_impact(investigation: Investigation) -> str:
    """What the figures say of the service; what it does to users, only people know."""
    verdict = investigation.verdict
    killed = oom_kills(investigation)
    if killed:
        many = "1 kill" if killed == 1 else f"{format_count(killed)} kills"
        return f"{many} for its memory {_kills_over(investigation)}; requests in flight fail"
    ends = [forecast for forecast in verdict.forecasts if forecast.p50_s < float("inf")]
    if verdict.name is VerdictName.LEAK and ends:
        first = min(ends, key=lambda forecast: forecast.p50_s)
        ends_in = format_duration(max(first.p50_s, 0.0))
        if investigation.series.unit == "connections":
            return f"it refuses new connections in about {ends_in}: requests that need one fail"
        if first.boundary == "limit":
            return f"it reaches its limit in about {ends_in}, and is killed there"
        return f"it fills the {first.boundary} in about {ends_in}; the kernel then kills what it finds largest"
    if verdict.name is VerdictName.LEAK and investigation.series.unit == "connections":
        return "it takes connections that others will miss"
    if verdict.name is VerdictName.LEAK:
        return "it takes memory that others on the machine will miss"
    return "none measured yet"


def oom_kills(investigation: Investigation) -> int:
    """Of what is judged: that were seen, or that the cluster and the kernel tell of, of its last day."""
    container, since_s = investigation.series.labels.get("container"), investigation.generated_at_s - KILLED_WITHIN_S
    told = [
        kill
        for kill in investigation.kills
        if kill.kind.for_memory and kill.container in {container, ""} and (kill.at_s is None or kill.at_s >= since_s)
    ]
    return max(investigation.series.oom_kills, len(told))


def restarts(investigation: Investigation) -> int:
    """That were seen, or that the cluster counts of the container that is judged, in all its pods."""
    return max(len(investigation.series.lifetimes) - 1, sum(_told(investigation)), 0)


_COUNTED: Final = "in all its pods, as the cluster counts them"


def _told(investigation: Investigation) -> list[int]:
    container = investigation.series.labels.get("container")
    rows = [
        row.facts
        for row in investigation.evidence
        if row.id.removeprefix("cluster-").startswith("container") and row.facts.get("container") == container
    ]
    return [count for row in rows if isinstance(count := row.get("restarts"), int)]


def _kills_over(investigation: Investigation) -> str:
    of_a_cluster = "workload" in investigation.series.labels
    return "in the last day, as the cluster and the kernel tell" if of_a_cluster else "while it was watched"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{format_count(count)} times"


def _level(investigation: Investigation) -> str:
    level, unit = investigation.verdict.level, investigation.series.unit
    if unit == "percent":
        return f"{level:.1f} %"
    return format_size(level) if unit == "bytes" else f"{level:.0f} {unit}"


def _rate(per_s: float | None, unit: Unit) -> str:
    if per_s is None or unit == "percent":
        return "no rate"
    return format_rate(per_s) if unit == "bytes" else f"{per_s * 60:+.2f} {unit}/min"


def _yes(holds: bool) -> Answer:  # noqa: FBT001  (it is the answer)
    return Answer.YES if holds else Answer.NO
