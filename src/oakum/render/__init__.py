"""Tables, charts, codecs and reports for every face.

Names are loaded when they are first used: a face that prints JSON never loads rich or jinja2.
No name here is a file's too: once ``render/save.py`` is imported, ``render.save`` is the file. Import such from it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oakum.render.chart import chart_svg as chart_svg
    from oakum.render.codec_capture import capture_to_json as capture_to_json
    from oakum.render.codec_demo import demo_to_json as demo_to_json
    from oakum.render.codec_heap import heap_diff_to_json as heap_diff_to_json
    from oakum.render.codec_heap import heap_to_json as heap_to_json
    from oakum.render.codec_incident import incidents_to_json as incidents_to_json
    from oakum.render.codec_incident import mutes_to_json as mutes_to_json
    from oakum.render.codec_incident import story_to_json as story_to_json
    from oakum.render.codec_investigation import investigation_to_json as investigation_to_json
    from oakum.render.codec_scan import scan_to_json as scan_to_json
    from oakum.render.incident_lines import incident_summary as incident_summary
    from oakum.render.live import live_panel as live_panel
    from oakum.render.live import watch_line as watch_line
    from oakum.render.report_heap import heap_diff_html as heap_diff_html
    from oakum.render.report_heap import heap_html as heap_html
    from oakum.render.report_html import demo_html as demo_html
    from oakum.render.report_html import investigation_html as investigation_html
    from oakum.render.report_html import scan_html as scan_html
    from oakum.render.report_incident import incident_html as incident_html
    from oakum.render.report_incident import incident_markdown as incident_markdown
    from oakum.render.report_incident import incidents_html as incidents_html
    from oakum.render.report_incident import mutes_html as mutes_html
    from oakum.render.report_markdown import investigation_markdown as investigation_markdown
    from oakum.render.table_capture import capture_view as capture_view
    from oakum.render.table_demo import demo_view as demo_view
    from oakum.render.table_heap import heap_diff_view as heap_diff_view
    from oakum.render.table_heap import heap_view as heap_view
    from oakum.render.table_incident import incident_view as incident_view
    from oakum.render.table_incident import incidents_table as incidents_table
    from oakum.render.table_incident import mutes_table as mutes_table
    from oakum.render.table_investigation import investigation_view as investigation_view
    from oakum.render.table_scan import scan_table as scan_table

_HOMES = {
    "capture_to_json": "codec_capture",
    "capture_view": "table_capture",
    "chart_svg": "chart",
    "demo_html": "report_html",
    "demo_to_json": "codec_demo",
    "demo_view": "table_demo",
    "heap_diff_html": "report_heap",
    "heap_diff_to_json": "codec_heap",
    "heap_diff_view": "table_heap",
    "heap_html": "report_heap",
    "heap_to_json": "codec_heap",
    "heap_view": "table_heap",
    "incident_html": "report_incident",
    "incident_markdown": "report_incident",
    "incident_summary": "incident_lines",
    "incident_view": "table_incident",
    "incidents_html": "report_incident",
    "incidents_table": "table_incident",
    "incidents_to_json": "codec_incident",
    "investigation_html": "report_html",
    "investigation_markdown": "report_markdown",
    "investigation_to_json": "codec_investigation",
    "investigation_view": "table_investigation",
    "live_panel": "live",
    "mutes_html": "report_incident",
    "mutes_table": "table_incident",
    "mutes_to_json": "codec_incident",
    "scan_html": "report_html",
    "scan_table": "table_scan",
    "scan_to_json": "codec_scan",
    "story_to_json": "codec_incident",
    "watch_line": "live",
}

__all__ = [
    "capture_to_json",
    "capture_view",
    "chart_svg",
    "demo_html",
    "demo_to_json",
    "demo_view",
    "heap_diff_html",
    "heap_diff_to_json",
    "heap_diff_view",
    "heap_html",
    "heap_to_json",
    "heap_view",
    "incident_html",
    "incident_markdown",
    "incident_summary",
    "incident_view",
    "incidents_html",
    "incidents_table",
    "incidents_to_json",
    "investigation_html",
    "investigation_markdown",
    "investigation_to_json",
    "investigation_view",
    "live_panel",
    "mutes_html",
    "mutes_table",
    "mutes_to_json",
    "scan_html",
    "scan_table",
    "scan_to_json",
    "story_to_json",
    "watch_line",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
