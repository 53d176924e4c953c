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
