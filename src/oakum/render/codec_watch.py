"""``oakum.watch/1``."""

from __future__ import annotations

from oakum.model.series import WorkloadSeries
from oakum.model.watch import Look, Watched, WatchReport
from oakum.render.codec_number import finite
from oakum.render.codec_verdict import assessed_to_json
from oakum.render.figures import iso_text
from oakum.render.names import encodable

SCHEMA = "oakum.watch/1"


def watch_to_json(report: WatchReport) -> dict[str, object]:
    """Plain values."""
    own, seconds = report.own, max(report.ended_s - report.begun_s, 1e-9)
    return {
        "schema": SCHEMA,
        "begun_at": iso_text(report.begun_s),
        "ended_at": iso_text(report.ended_s),
        "source": encodable(report.source),
        "interval_s": report.interval_s,
        "followed": report.followed,
        "ticks": report.ticks,
        "missed": report.missed,
        "judged": report.judged,
        "incidents": list(report.incidents),
        "series": [_row(row) for row in report.rows],
        "looks": [_look(look) for look in report.looks],
        "happenings": [
            {"at": iso_text(one.at_s), "target": encodable(one.target), "text": encodable(one.text)}
            for one in report.happenings
        ],
        "own": {
            "cpu_s": finite(own.cpu_s),
            "cpu_share": finite(own.cpu_s / seconds),
            "looks_cpu_s": finite(own.children_cpu_s),
            "anon_bytes": own.anon_bytes,
            "peak_bytes": own.peak_bytes,
            "stored_bytes": report.stored_bytes,
        },
    }


def _row(row: Watched) -> dict[str, object]:
    if row.verdict is not None:
        return assessed_to_json(row.series, row.verdict)
    return {"id": encodable(row.series.id), "verdict": None, "labels": _labels(row.series)}


def _labels(series: WorkloadSeries) -> dict[str, str]:
    return {encodable(name): encodable(value) for name, value in series.labels.items()}


def _look(look: Look) -> dict[str, object]:
    return {
        "target": encodable(look.target),
        "depth": look.depth,
        "at": iso_text(look.at_s),
        "seconds": finite(look.seconds),
        "pause_s": finite(look.pause_s),
        "verdict": look.verdict or None,
        "incident": look.incident or None,
        "headline": encodable(look.headline),
        "failed": encodable(look.failed) or None,
    }
