"""Scans on record: one is kept, and the next one says what has changed since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from shlex import quote
from typing import Final
from urllib.parse import urlsplit

from oakum.explain.since import changes, fresh
from oakum.incident import likeness
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import CallerError, OakumError
from oakum.model.kept_scan import BASELINE, KeptHead, KeptScan, ScanBounds, Since, Standing, kept_name, scan_number
from oakum.model.policy import Policy
from oakum.model.ports import Store
from oakum.model.scan import Scan, ScanRow
from oakum.model.source import ClusterSource, FileSource, HostSource, PrometheusSource, ServiceSource, Source
from oakum.model.units import format_duration
from oakum.render.codec_kept import absent_of, end_of, length_of, standings_of
from oakum.render.codec_scan import scan_to_json
from oakum.render.names import encodable

LONGER: Final = 1.5
"""Windows whose lengths differ by this factor are said to differ."""

OWNERS: Final = ("workloads", "owners")
"""What is absent begins with one of these where a scan could not tell whose pods are."""

MOST_NAMED: Final = 5
"""So many kept scans an error names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """As the options say it. ``keep_as`` and ``against``: "" where nothing is said."""

    keep_as: str = ""
    diff: bool = False
    baseline: bool = False
    against: str = ""


@dataclass(frozen=True, slots=True)
class Comparing:
    """What is asked of the record. ``keep_as``: a name, "" where it is not kept; ``host``: this machine's name.

    ``command``: that made the scan; ``origin``: what the record knows its source by, but for an API server.
    ``against``: the name or ``scan-N`` of the earlier one, "" for the last of the same source.
    ``only_fresh``: what is no worse than then is not shown.
    """

    command: str
    origin: str
    host: str
    policy: Policy
    keep_as: str = ""
    compares: bool = False
    against: str = ""
    only_fresh: bool = False

    @classmethod
    def of(
        cls,
        sources: Sequence[Source],
        *,
        namespaces: Sequence[str] = (),
        labels: Sequence[str] = (),
        host: str,
        policy: Policy,
        wish: Wish,
    ) -> Comparing:
        """A scan of some namespaces, or by labels, is another source than one of all. Raises CallerError."""
        narrowed = [f"-n {quote(each)}" for each in sorted(namespaces)] + [
            f"-l {quote(each)}" for each in sorted(labels)
        ]
        command = " ".join(["oakum scan", *(quote(str(source)) for source in sources), *narrowed])
        if wish.diff and wish.baseline:
            raise CallerError(
                "--diff and --baseline compare with different scans",
                why="--diff takes the last one that was kept, --baseline the one that was accepted",
                next_step=f"{command} --baseline    # or --diff",
            )
        if wish.keep_as:
            kept_name(wish.keep_as)
        against = wish.against or (BASELINE if wish.baseline else "")
        if against and scan_number(against) is None:
            kept_name(against)
        compares = wish.diff or bool(against)
        origin = " ".join([_origin(sources, host), *narrowed])
        return cls(command, origin, host, policy, wish.keep_as, compares, against, wish.baseline)

    @property
    def wanted(self) -> bool:
        return bool(self.keep_as) or self.compares

    def origin_of(self, scan: Scan) -> str:
        """A cluster is known by its server, which is known once it was asked."""
        if not scan.origin:
            return self.origin
        server = _placed(scan.origin, scan.origin.removeprefix("kube "), self.host)
        return self.origin.replace(_CLUSTER, server, 1)

    def key(self, name: str, labels: Mapping[str, str]) -> str:
        return likeness(name, labels, host=self.host)


_CLUSTER: Final = "kube ?"


def _origin(sources: Sequence[Source], host: str) -> str:
    """The same wherever it is asked for: a machine shares its record with others."""
    match sources[0]:
        case HostSource():
            return f"host {host}"
        case ClusterSource():
            return _CLUSTER
        case ServiceSource() as service:
            return f"{replace(service, context=None)} in {_CLUSTER}"
        case PrometheusSource(url):
            return _placed(str(sources[0]).rstrip("/"), url, host)
    paths = ", ".join(str(Path(source.path).resolve()) for source in sources if isinstance(source, FileSource))
    return f"{host}: {paths}"


def _placed(text: str, url: str, host: str) -> str:
    """An address of this machine alone is another server's on each."""
    return f"{text} on {host}" if _is_loopback(url) else text


def _is_loopback(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def check_record(comparing: Comparing, open_store: Callable[[], Store | None]) -> None:
    """Before the scan is made: the record can be opened, and holds such a scan. Raises OakumError.

    That none is kept yet is no mistake where the last one is meant, or the baseline.
    """
    if not comparing.wanted:
        return
    store = open_store()
    if store is None:
        heads: Sequence[KeptHead] = ()
    else:
        with closing(store):
            heads = store.scans.list() if comparing.compares else ()
    number = scan_number(comparing.against)
    if number is not None and all(head.number != number for head in heads):
        raise _not_kept(comparing, heads)
    named = number is None and comparing.against not in {"", BASELINE, comparing.keep_as}
    if named and all(head.name != comparing.against for head in heads):
        raise _not_kept(comparing, heads)


def _not_kept(comparing: Comparing, heads: Sequence[KeptHead]) -> CallerError:
    there = "; ".join(f"scan-{head.number} {head.name} of {head.source}" for head in heads[:MOST_NAMED])
    return CallerError(
        f"no scan is kept as {comparing.against}",
        why=f"these are: {there}" if there else "none is kept at all",
        next_step=f"{comparing.command} --keep NAME    # keeps one",
    )


def on_record(
    scan: Scan, comparing: Comparing, open_store: Callable[[], Store | None]
) -> tuple[Scan, OakumError | None]:
    """Compared, then kept, as was asked for. The error: it was not kept. The scan stands whatever the record does."""
    origin, failed = comparing.origin_of(scan), None
    answer = scan
    if comparing.compares:
        try:
            answer = _compared(scan, comparing, origin, open_store)
        except OakumError as exc:
            answer = _lacking(answer, "what has changed since", exc.brief, exc.next_step)
    if comparing.keep_as:
        try:
            answer = replace(answer, kept=_kept(scan, comparing, origin, open_store))
        except OakumError as exc:
            answer, failed = _lacking(answer, "this scan on record", exc.brief, exc.next_step), exc
    return answer, failed


def _lacking(scan: Scan, what: str, why: str, get: str) -> Scan:
    return replace(scan, absent=(*scan.absent, Absent(what, AbsentKind.UNREADABLE, why, get)))


def _kept(scan: Scan, comparing: Comparing, origin: str, open_store: Callable[[], Store | None]) -> str:
    store = open_store()
    assert store is not None, "a record that is to be written is made"
    bounds = ScanBounds(int(comparing.policy.scans_kept), scan.generated_at_s - comparing.policy.scans_kept_s)
    with closing(store):
        document = scan_to_json(scan)
        number = store.scans.add(origin, scan.generated_at_s, document, name=comparing.keep_as, bounds=bounds)
    return KeptScan(origin, scan.generated_at_s, {}, comparing.keep_as, number).title


def _compared(scan: Scan, comparing: Comparing, origin: str, open_store: Callable[[], Store | None]) -> Scan:
    store = open_store()
    found = None
    if store is not None:
        with closing(store):
            number = scan_number(comparing.against)
            found = store.scans.last(origin, comparing.against) if number is None else store.scans.get(number)
    if found is None:
        name = comparing.against or comparing.keep_as or "nightly"
        what = f"what has changed since {comparing.against}" if comparing.against else "what has changed"
        why = f"no scan of {origin} is kept{f' as {comparing.against}' if comparing.against else ''} yet"
        absent = Absent(what, AbsentKind.NOT_YET, why, f"{comparing.command} --keep {name}")
        return replace(scan, absent=(*scan.absent, absent))
    return replace(scan, since=since(scan, found, comparing, origin))


def since(scan: Scan, then: KeptScan, comparing: Comparing, origin: str) -> Since:
    """``origin``: of ``scan``, as the record knows it."""
    now = [_standing(scan, row, comparing) for row in scan.rows]
    whole_then = not then.document.get("partial", False)
    ended_s, alike = end_of(then.document), _ownerless(scan) == _ownerless_then(then)
    found = changes(
        now,
        standings_of(then.document, comparing.key),
        then_s=then.at_s if ended_s is None else ended_s,
        unread={comparing.key(encodable(skipped.id), _encodable(skipped.labels)) for skipped in scan.skipped},
        whole_now=not scan.partial and alike,
        whole_then=whole_then and alike,
    )
    return Since(
        then.title,
        then.name,
        then.source,
        then.at_s,
        found,
        fresh(now, found),
        comparing.only_fresh,
        not whole_then,
        tuple(_notes(scan, then, origin)),
    )


def _ownerless(scan: Scan) -> bool:
    """It could not tell, or not of all pods, whose they are: these stand under names of their own."""
    return any(each.what.startswith(OWNERS) for each in scan.absent)


def _ownerless_then(then: KeptScan) -> bool:
    return any(what.startswith(OWNERS) for what in absent_of(then.document))


def _encodable(labels: Mapping[str, str]) -> dict[str, str]:
    return {encodable(name): encodable(value) for name, value in labels.items()}


def _standing(scan: Scan, row: ScanRow, comparing: Comparing) -> Standing:
    series, verdict = row
    labels = _encodable(series.labels)
    replicas = scan.replicas.get(series.id)
    return Standing(
        comparing.key(encodable(series.id), labels),
        series.id,
        verdict.name,
        series.unit,
        verdict.level,
        verdict.rate_per_s,
        verdict.rate_interval,
        max(series.oom_kills, 0 if replicas is None else replicas.kills),
        series.last_kill_s if replicas is None else replicas.last_kill_s,
        series.id in scan.muted,
        labels.get("command", ""),
    )


def _notes(scan: Scan, then: KeptScan, origin: str) -> list[str]:
    notes = []
    if then.source != origin:
        notes.append(f"{then.title} is of another source: {then.source}")
    if then.document.get("partial", False):
        notes.append(f"{then.title} is partial: what it had not read may be older than it seems")
    if scan.partial:
        notes.append("nothing is called gone: this scan is partial")
    if _ownerless(scan) != _ownerless_then(then):
        which = "this scan" if _ownerless(scan) else then.title
        notes.append(f"nothing is called gone, or appeared: {which} could not tell all workloads by their pods")
    was_s, is_s = length_of(then.document), scan.window.end_s - scan.window.start_s
    if was_s and is_s > 0 and not 1 / LONGER < is_s / was_s < LONGER:
        notes.append(f"{then.title} looked at {format_duration(was_s)}, this one at {format_duration(is_s)}")
    return notes
