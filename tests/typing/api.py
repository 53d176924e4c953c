"""Public API as users write it; type-checked, never run."""

import oakum
from oakum.model.units import format_size, parse_size

size: int = parse_size("512MiB")
text: str = format_size(size)


def leaks(target: str) -> bool:
    try:
        found: oakum.Investigation = oakum.investigate(target, watch_s=60.0, capture=True, stop=False)
    except oakum.OakumError as exc:
        code: int = exc.exit_code
        raise SystemExit(code) from exc
    verdict: oakum.Verdict = found.verdict
    return verdict.name == "leak"


def worst() -> str:
    scanned: oakum.Scan = oakum.scan("series.csv", unit="MiB", at="2026-11-20T03:00:00Z")
    series: oakum.WorkloadSeries = scanned.ranked[0][0]
    life: oakum.Series = series.lifetimes[-1]
    return f"{series.id}: {len(life)}"


def since_yesterday() -> list[str]:
    found: oakum.Scan = oakum.scan("http://127.0.0.1:9090", keep_as="nightly", diff=True, baseline=False, against="")
    if found.since is None:
        return []
    return [f"{change.name.value} {change.id}" for change in found.since.changes if change.now is not None]


def by_a_fleet() -> int:
    found: oakum.Scan = oakum.scan("https://mimir.example", scheduler="tcp://dask:8786", at_once=8, budget_s=1800.0)
    return found.leaks


def handover(name: str) -> str:
    story: oakum.Story = oakum.show_incident(name, store="postgresql://db/oakum")
    incident: oakum.Incident = oakum.note_incident(name, "rolled back", move="stabilise")
    oakum.escalate_incident(incident.id, level=2)
    mute: oakum.Mute = oakum.mute(incident.target, reason="the cache fills", for_s=86400.0)
    oakum.unmute(mute.id)
    oakum.close_incident(name, reason="fixed in 4.2")
    open_ones: list[oakum.Incident] = oakum.list_incidents(every=False)
    held: list[oakum.Mute] = oakum.list_mutes()
    page: str = oakum.report_incident(name, output="markdown")
    return f"{oakum.summarise_incident(name)}{page}{len(open_ones)}{len(held)}{story.standing.phase}"


def act_and_verify() -> tuple[str, str]:
    plan: oakum.PlanRecord = oakum.make_plan("pid/4242", restart=True, watch_s=60.0)
    done: oakum.PlanRecord = oakum.apply_plan(f"plan-{plan.number}", yes=True)
    found: oakum.Verification = oakum.verify_fix("inc-1", watch_s=60.0, on="pid/4300")
    return done.state.value, found.outcome.value


def evidence() -> int:
    done: oakum.Retained = oakum.retain_evidence(keep_s=86400.0, budget_bytes=2 << 30, unnamed=False, dry_run=True)
    return done.bytes_before - done.bytes_after


def look_into(target: str) -> int:
    budget = oakum.Budget(max_pause_s=5.0, deadline_s=30.0, max_bytes=1 << 30)
    counted: oakum.ClassHistogram = oakum.heap_histogram(target, inspect=True, budget=budget)
    taken: oakum.Capture = oakum.capture_heap(target, "shop.hprof.zst", inspect=True, budget=budget, incident="inc-1")
    return taken.file_bytes + counted.rows[0].bytes
