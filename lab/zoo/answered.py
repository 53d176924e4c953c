"""A whole answer, as a run left it, made an Investigation again, so that Oakum's own renderer can print it.

Samples are not among what an answer keeps: the curve of the terminal is the one line that is missing.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf, nan
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from lab.zoo.results import ROOT
from oakum import render
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, CauseName, CodePlace, Example
from oakum.model.evidence import Cost, Evidence
from oakum.model.growth import HeapGrowth, HolderGrowth, LineGrowth, PathStep, RootKind, TypeGrowth
from oakum.model.series import WorkloadSeries
from oakum.model.step import Plan, Step
from oakum.model.story import Accounted, Claim, Story
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

COLUMNS: Final = 100
_SEGMENT = r"(?:[\w.+@-]+/)*"
"""What of a path goes with its folder."""

Row = Mapping[str, Any]


def answer(path: Path) -> Investigation:
    """Folders of the machine are cut to ``…/``. Raises OSError, ValueError and KeyError where it is no answer."""
    row = json.loads(path.read_text(encoding="utf-8"))
    group = row["verdict"]["labels"].get("cgroup", "")
    folders = (tempfile.gettempdir(), ROOT, sys.prefix, Path.home(), Path(group).parent if group else "/")
    return _investigation(cut(row, [str(folder) for folder in folders if str(folder) != "/"]))


def cut(value: Any, folders: Sequence[str]) -> Any:
    """``value`` of JSON with each path below one of ``folders`` as ``…/`` and its last name."""
    if isinstance(value, str):
        below = "|".join(re.escape(folder) for folder in sorted(folders, key=len, reverse=True))
        return re.sub(rf"(?:{below})/{_SEGMENT}", "…/", value) if folders else value
    if isinstance(value, list):
        return [cut(item, folders) for item in value]
    return {name: cut(item, folders) for name, item in value.items()} if isinstance(value, dict) else value


def printed(investigation: Investigation, columns: int = COLUMNS) -> str:
    """What ``oakum investigate`` prints in a terminal of ``columns``, without its colours."""
    out = io.StringIO()
    Console(file=out, width=columns, force_terminal=False, highlight=False).print(
        render.investigation_view(investigation), crop=False
    )
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _investigation(row: Row) -> Investigation:
    series = WorkloadSeries(id=row["verdict"]["id"], lifetimes=(), unit=row["verdict"]["unit"])
    explained, growth, story = row["explained"], row["growth"], row["story"]
    rates = explained and (explained["rate_bytes_per_s"], explained["explained_bytes_per_s"])
    return Investigation(
        target=row["target"],
        generated_at_s=datetime.fromisoformat(row["generated_at"]).timestamp(),
        verdict=_verdict(row["verdict"]),
        series_verdict=_verdict(row["series_verdict"]),
        series=series,
        runtime=row["runtime"],
        evidence=tuple(Evidence(**{**each, "cost": Cost(**each["cost"])}) for each in row["evidence"]),
        absent=tuple(
            Absent(each["what"], AbsentKind(each["kind"]), each["why"], each["get"]) for each in row["absent"]
        ),
        growth=None if growth is None else _growth(growth),
        causes=tuple(_cause(each) for each in row["causes"]),
        plan=Plan(tuple(Step(**each) for each in row["plan"]["steps"])),
        incident=row["incident"],
        partial=row["partial"],
        accounted=Accounted(*rates) if rates else None,
        story=None if story is None else _story(story),
    )


def _verdict(row: Row) -> Verdict:
    return Verdict(
        VerdictName(row["verdict"]),
        Pattern(row["pattern"]) if row["pattern"] else None,
        row["probability"],
        _number(row["level"], nan),
        rate_per_s=row["rate_per_s"],
        onset_s=row["onset_s"],
        limit=row["limit"],
        forecasts=tuple(
            Forecast(each["boundary"], *(_number(each[name], inf) for name in ("p10_s", "p50_s", "p90_s")))
            for each in row["forecasts"]
        ),
        reasons=tuple(row["reasons"]),
        settles=row["settles"],
    )


def _number(value: float | None, absent: float) -> float:
    return absent if value is None else value


def _cause(row: Row) -> Cause:
    return Cause(
        name=CauseName(row["cause"]),
        **{name: row[name] for name in ("confidence", "title", "holder", "retained_bytes", "advice", "share")},
        growth_bytes_per_s=_number(row["growth_bytes_per_s"], nan),
        where=tuple(_place(each) for each in row["places"]),
        why=tuple(row["why"]),
        against=tuple(row["against"]),
        evidence=tuple(row["evidence"]),
        example=Example(**row["example"]) if row["example"] else None,
        instead_of=CauseName(row["instead_of"]) if row["instead_of"] else None,
    )


def _place(row: Row) -> CodePlace:
    return CodePlace(row["file"], row["line"] or 0, row["function"], row["source"])


def _growth(row: Row) -> HeapGrowth:
    (objects_before, objects_after), (heap_before, heap_after) = row["objects"], row["heap_bytes"]
    return HeapGrowth(
        seconds=row["seconds"],
        objects_before=objects_before,
        objects_after=objects_after,
        heap_bytes_before=heap_before,
        heap_bytes_after=heap_after,
        types=tuple(TypeGrowth(each["name"], *each["count"], *each["shallow_bytes"]) for each in row["types"]),
        holders=tuple(_holder(each) for each in row["holders"]),
        lines=tuple(
            LineGrowth(
                each["name"],
                CodePlace(each["file"], each["line"] or 0, ""),
                tuple(each["count"]),
                tuple(each["shallow_bytes"]),
            )
            for each in row["lines"]
        ),
    )


def _holder(row: Row) -> HolderGrowth:
    (items_before, items_after), (bytes_before, bytes_after) = row["items"], row["retained_bytes"]
    return HolderGrowth(
        **{name: row[name] for name in ("name", "kind", "item_type", "counted", "evicted_items")},
        root=RootKind(row["root"]),
        path=tuple(PathStep(each["node"], each["via"]) for each in row["path"]),
        items_before=items_before,
        items_after=items_after,
        bytes_before=bytes_before,
        bytes_after=bytes_after,
    )


def _story(row: Row) -> Story:
    lead, *told = (Claim(each["text"], tuple(each["evidence"])) for each in row["claims"])
    proof, against = (
        [Claim(each["text"], tuple(each["evidence"])) for each in row[name]] for name in ("proof", "against")
    )
    return Story(lead.evidence, tuple(told), tuple(proof), tuple(against), tuple(row["next"]))
