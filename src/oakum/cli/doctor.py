"""``oakum doctor``."""

from __future__ import annotations

from oakum.cli.output import FileOption, Output, OutputOption, answer
from oakum.model.errors import CallerError


def doctor(*, output: OutputOption = Output.TABLE, file: FileOption = None) -> None:
    """What can Oakum see and do here, what is missing, and how to get it."""
    from oakum.host.facts import machine_facts  # noqa: PLC0415
    from oakum.model.absent import Absent  # noqa: PLC0415
    from oakum.render.table_doctor import doctor_to_json, doctor_view  # noqa: PLC0415

    if output is Output.HTML:
        raise CallerError("doctor has no page", why="it is a short list", next_step="oakum doctor -o json")
    rows = [
        (fact.name, fact.finding.why if isinstance(fact.finding, Absent) else fact.finding, _get(fact.finding))
        for fact in machine_facts()
    ]
    answer(output, file, table=lambda: doctor_view(rows), encoded=lambda: doctor_to_json(rows), html=str)


def _get(finding: object) -> str | None:
    from oakum.model.absent import Absent  # noqa: PLC0415

    return finding.get if isinstance(finding, Absent) else None
