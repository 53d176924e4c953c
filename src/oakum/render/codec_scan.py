"""``oakum.scan/1``."""

from __future__ import annotations

from oakum.model.absent import Absent
from oakum.model.scan import Scan
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict
from oakum.render.codec_kept import since_to_json
from oakum.render.codec_node import node_to_json, oom_to_json, standing_to_json
from oakum.render.codec_number import finite, texts
from oakum.render.codec_verdict import assessed_to_json
from oakum.render.figures import iso_text
from oakum.render.names import encodable

SCHEMA = "oakum.scan/1"


def scan_to_json(scan: Scan) -> dict[str, object]:
    """Plain values, worst first; ``json.dumps(…, allow_nan=False)`` takes them."""
    return {
        "schema": SCHEMA,
        "generated_at": iso_text(scan.generated_at_s),
        "source": encodable(scan.source),
        "window": {
            "start_s": finite(scan.window.start_s),
            "end_s": finite(scan.window.end_s),
            "step_s": finite(scan.window.step_s),
        },
        "series": [_row(scan, series, verdict) for series, verdict in scan.ranked],
        "skipped": [{"id": encodable(skipped.id), "why": encodable(skipped.why)} for skipped in scan.skipped],
        "absent": [absent_to_json(absent) for absent in scan.absent],
        "partial": scan.partial,
        "warnings": texts(scan.warnings),
        "node": None if scan.node is None else node_to_json(scan.node),
        "nodes": [standing_to_json(node) for node in scan.nodes],
        "ooms": [oom_to_json(report, blame) for report, blame in scan.ooms],
        "kept": encodable(scan.kept.partition(" ")[0]) or None,
        "since": None if scan.since is None else since_to_json(scan.since, left_out=len(scan.rows) - len(scan.shown)),
    }


def _row(scan: Scan, series: WorkloadSeries, verdict: Verdict) -> dict[str, object]:
    told = assessed_to_json(series, verdict, scan.muted.get(series.id))
    found = scan.replicas.get(series.id)
    if found is None:
        return told
    replicas = {
        "worst": encodable(found.worst),
        "pods": found.pods,
        "running": found.running,
        "restarts": found.restarts,
        "kills_for_memory": found.kills,
        "last_kill_s": finite(found.last_kill_s),
        "share_of_limit": finite(found.share),
    }
    return {**told, "oom_kills": found.oom_kills, "replicas": replicas}


def absent_to_json(absent: Absent) -> dict[str, object]:
    return {
        "what": encodable(absent.what),
        "kind": absent.kind.value,
        "why": encodable(absent.why),
        "get": encodable(absent.get),
    }
