"""``oakum doctor``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from oakum.cli.output import FileOption, Output, OutputOption, answer, check_file, save
from oakum.cli.streams import say
from oakum.model.errors import CallerError
from oakum.model.rights import Capability

if TYPE_CHECKING:
    from oakum.model.absent import Absent

LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A namespace's name, as the API takes it."""


def doctor(
    *,
    role: Annotated[
        Capability | None,
        typer.Option(
            "--role",
            help="print the least role of a cluster for this, instead: oakum doctor --role read | kubectl apply -f -",
        ),
    ] = None,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace", "-n", metavar="NAME", help="of a cluster: what is allowed, or the role, in this one alone"
        ),
    ] = "",
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="WHO",
            help="with --role: who gets it, as the API server names who asks (kubectl auth whoami); an account that"
            " comes with it when not given",
        ),
    ] = "",
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """What can Oakum see and do here, what is missing, and how to get it."""
    if namespace and not LABEL.fullmatch(namespace):
        raise CallerError(
            f"{namespace!r} is no name of a namespace",
            why="such a name has 1 to 63 small letters, digits and hyphens",
            next_step="kubectl get namespaces",
        )
    if role is not None:
        _print_role(role, namespace, to, output, file)
        return
    if to:
        raise CallerError(
            "--to is for a role",
            why="it says who gets it",
            next_step=f"oakum doctor --role read --to {quote(to)}",
        )
    from oakum.host.facts import machine_facts  # noqa: PLC0415
    from oakum.model.absent import Absent  # noqa: PLC0415
    from oakum.render.table_doctor import doctor_to_json, doctor_view  # noqa: PLC0415

    if output is Output.HTML:
        raise CallerError("doctor has no page", why="it is a short list", next_step="oakum doctor -o json")
    facts = [(fact.name, fact.finding) for fact in machine_facts()] + _of_cluster(namespace)
    rows = [(name, finding.why if isinstance(finding, Absent) else finding, _get(finding)) for name, finding in facts]
    answer(output, file, table=lambda: doctor_view(rows), encoded=lambda: doctor_to_json(rows), html=str)


def _print_role(role: Capability, namespace: str, to: str, output: Output, file: Path | None) -> None:
    import json  # noqa: PLC0415

    from oakum.render.role import role_json, role_yaml  # noqa: PLC0415

    if output is Output.HTML:
        raise CallerError("a role has no page", why="it is for kubectl", next_step=f"oakum doctor --role {role}")
    check_file(file)
    as_json = output is Output.JSON
    text = json.dumps(role_json(role, namespace, to), indent=2) + "\n" if as_json else role_yaml(role, namespace, to)
    if file is None:
        say(sys.stdout, text)
    else:
        save(file, text)


def _of_cluster(namespace: str) -> list[tuple[str, str | Absent]]:
    """Nothing where no cluster is known: most machines have none."""
    from oakum import wiring  # noqa: PLC0415
    from oakum.loop.cluster_rights import cluster_facts  # noqa: PLC0415
    from oakum.model.absent import Absent, AbsentKind  # noqa: PLC0415
    from oakum.model.errors import OakumError  # noqa: PLC0415

    if not wiring.cluster_known():
        return []
    try:
        return [(fact.name, fact.finding) for fact in cluster_facts(wiring.cluster(None), namespace)]
    except OakumError as exc:
        return [("cluster", Absent("cluster", AbsentKind.UNREADABLE, exc.brief, exc.next_step))]


def _get(finding: object) -> str | None:
    from oakum.model.absent import Absent  # noqa: PLC0415

    return finding.get if isinstance(finding, Absent) else None
