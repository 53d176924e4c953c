"""One self-contained HTML file: no script, no network, light and dark, phone to desktop; every name escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from oakum.model.absent import Absent
from oakum.model.assessment import Investigation
from oakum.model.demo import Demo
from oakum.model.scan import Scan
from oakum.model.series import Metric
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.render.chart import Event, chart_svg
from oakum.render.figures import (
    clock_text,
    forecast_range_text,
    forecast_text,
    level_text,
    moment_text,
    nearest_forecast,
    of_limit_text,
    pattern_text,
    probability_text,
    rate_text,
)
from oakum.render.headline import SIGNS, headline
from oakum.render.names import encodable, shown, shown_lines
from oakum.render.node_lines import largest_line, node_line, oom_lines, standing_lines
from oakum.render.pathway import elided
from oakum.render.since_lines import change_line, left_out_line, since_head
from oakum.render.story_lines import accounted_line, proof_of
from oakum.render.table_demo import restart_lines
from oakum.render.table_scan import counted
from oakum.render.workload_parts import kill_events, rows_of, workload_parts

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_CHARTS = 60
MEASURED = {
    Metric.WORKING_SET.value: "working set, with page cache",
    Metric.USAGE.value: "all that is charged",
    Metric.HEAP_USED.value: "memory in use, as it tells itself",
}
"""What a chart's line is called where it is no anonymous memory."""

MOST_CHANGES = 200


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    made = Environment(
        loader=PackageLoader("oakum.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters.update(
        shown=shown,
        lines=shown_lines,
        size=format_size,
        signed=lambda value: format_size(value, signed=True),
        count=format_count,
        duration=format_duration,
        rate=format_rate,
        share=format_share,
        elided=elided,
    )
    made.globals.update(
        SIGNS=SIGNS, MEASURED=MEASURED, chart=chart_svg, of_limit=of_limit_text, level=level_text, rate_text=rate_text
    )
    made.globals.update(proof_lines=proof_of, explained_line=accounted_line)
    made.globals.update(
        pattern=pattern_text, probability=probability_text, nearest=nearest_forecast, forecast=forecast_text
    )
    made.globals.update(forecast_range=forecast_range_text, clock=clock_text, moment=moment_text)
    return made


def investigation_html(investigation: Investigation) -> str:
    cluster = workload_parts(rows_of(investigation.evidence), investigation.watched)
    return page("investigation.html", investigation=investigation, cluster=cluster, **_parts(investigation))


def demo_html(demo: Demo) -> str:
    killed = None if isinstance(demo.kill, Absent) else demo.kill
    events = [] if killed is None else [Event(killed.at_s, "OOM kill")]
    life = demo.whole_life.lifetimes[-1]
    whole = chart_svg(
        demo.whole_life, None, limit=float(life.limit[-1]) if life.limit is not None else None, events=events
    )
    fixed = _parts(demo.fixed)
    node = None if isinstance(demo.node, Absent) else demo.node
    acting = None if isinstance(demo.acting, Absent) else demo.acting
    plan = demo.acting if isinstance(demo.acting, Absent) else demo.acting.plan
    return page(
        "demo.html",
        demo=demo,
        killed=killed,
        absent_kill=demo.kill if killed is None else None,
        whole=whole,
        acting=acting,
        restart=[] if isinstance(plan, Absent) else restart_lines(plan),
        absent_restart=plan if isinstance(plan, Absent) else None,
        fixed=fixed,
        absent_node=demo.node if node is None else None,
        node=None if node is None else (node.leaking, _parts(node.leaking)),
        node_fixed=None if node is None else (node.fixed, _parts(node.fixed)),
        investigation=demo.leaking,
        **_parts(demo.leaking),
    )


def scan_html(scan: Scan) -> str:
    rows = [
        # One sample makes no curve.
        (
            series,
            verdict,
            chart_svg(series, None, limit=verdict.limit) if series.samples > 1 else "",
            nearest_forecast(verdict),
        )
        for series, verdict in scan.ranked[:MOST_CHARTS]
    ]
    machine = [] if scan.node is None else [node_line(scan.node), largest_line(scan.rows)]
    return page(
        "scan.html",
        scan=scan,
        rows=rows,
        counts=counted(scan),
        more=max(0, len(scan.shown) - MOST_CHARTS),
        machine=[*filter(None, machine), *standing_lines(scan.nodes), *oom_lines(scan.ooms)],
        **_since(scan),
    )


def _since(scan: Scan) -> dict[str, object]:
    found = scan.since
    if found is None:
        return {"since": "", "left_out": "", "changes": [], "more_changes": 0}
    return {
        "since": since_head(found),
        "left_out": left_out_line(found, len(scan.rows) - len(scan.shown), scan.leaks - scan.leaks_shown),
        "changes": [(change.name, change_line(change)) for change in found.changes[:MOST_CHANGES]],
        "more_changes": max(0, len(found.changes) - MOST_CHANGES),
    }


def _parts(investigation: Investigation) -> dict[str, object]:
    series, verdict = investigation.series, investigation.verdict
    events = [Event(row.at_s, "capture") for row in investigation.evidence if row.id.startswith("capture")]
    events += kill_events(investigation.kills, series.labels.get("container"))
    growth = investigation.growth
    return {
        "sentence": headline(investigation.target, verdict, series.unit, now_s=investigation.generated_at_s),
        "picture": chart_svg(series, investigation.curve, limit=verdict.limit, events=events),
        "holders": {holder.name: holder for holder in growth.holders} if growth is not None else {},
        "most": max((grown.bytes_grown for grown in growth.types), default=1) if growth is not None else 1,
    }


def page(template: str, **values: object) -> str:
    return encodable(_environment().get_template(template).render(**values))
