"""Reads the environment and oakum.toml once, builds the adapters; no logic."""

from __future__ import annotations

import os
import platform
import pwd
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from dataclasses import fields
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oakum.model.errors import CallerError, MachineError
from oakum.model.incident import Runbook
from oakum.model.policy import Policy

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.incident.settings import IncidentSettings
    from oakum.loop.bench import Bench
    from oakum.loop.progress import Progress
    from oakum.loop.record import Recorder
    from oakum.loop.scan_prometheus import Elsewhere
    from oakum.model.cluster import Cluster
    from oakum.model.errand import Errands
    from oakum.model.hands import MemoryLimits
    from oakum.model.log import LogPattern
    from oakum.model.metrics import MetricsServer, QueryBudget
    from oakum.model.own_cost import OwnCosts
    from oakum.model.ports import Answers, Rates, Store, Workers
    from oakum.model.source import MetricsSource


def machine() -> Machine:
    """The ports of this machine."""
    from oakum.host import this_machine  # noqa: PLC0415  (oakum --help never needs it)

    return this_machine()


def cluster(context: str | None) -> AbstractAsyncContextManager[Cluster]:
    """The cluster of a kubeconfig's context, None for the current one: $KUBECONFIG, or the user's own file.

    $OAKUM_KUBE_INSECURE=1: one that proves nothing may be spoken to.
    """
    from oakum.kube import cluster as made  # noqa: PLC0415  (an extra)

    insecure = os.environ.get("OAKUM_KUBE_INSECURE") == "1"
    return made(context or "", environment=dict(os.environ), home=Path.home(), insecure=insecure)


def prometheus(source: MetricsSource, budget: QueryBudget) -> AbstractAsyncContextManager[MetricsServer]:
    """The server, with the login that ``[prometheus]`` of oakum.toml or $OAKUM_PROMETHEUS_… has for it.

    Its URL may hold a name and a password. Raises CallerError or MachineError for what cannot be used.
    """
    from oakum.model.source import ServiceSource  # noqa: PLC0415
    from oakum.prometheus import server  # noqa: PLC0415  (an extra)

    opens = partial(server, source.url, environment=dict(os.environ), table=_prometheus_table(), budget=budget)
    if not isinstance(source, ServiceSource):
        return opens()
    from oakum.loop.through_cluster import through_cluster  # noqa: PLC0415

    return through_cluster(source, cluster(source.context), lambda dial: opens(way=(source, dial)))


def prometheus_source() -> MetricsSource | None:
    """$OAKUM_PROMETHEUS_URL, or ``url`` in ``[prometheus]`` of oakum.toml; None where neither names one."""
    from oakum.model.source import metrics_source  # noqa: PLC0415

    url = os.environ.get("OAKUM_PROMETHEUS_URL") or _prometheus_table().get("url", "")
    return metrics_source(url) if url else None


def fleet(scheduler: str, source: MetricsSource, budget: QueryBudget, policy: Policy) -> Elsewhere | None:
    """The Dask cluster whose workers read and judge shards, None where none is named.

    Each of them asks with the login that it has itself for the server: one in the address stays here.
    """
    if not scheduler:
        return None
    from oakum.loop.scan_fleet import on_fleet  # noqa: PLC0415  (an extra)
    from oakum.model.source import metrics_source  # noqa: PLC0415

    bare = metrics_source(str(source))
    return on_fleet(scheduler, partial(prometheus, bare), source=bare, budget=budget, policy=policy)


def _prometheus_table() -> dict[str, Any]:
    from oakum.model.metrics import LOGIN  # noqa: PLC0415

    path = _config_path()
    if path is None:
        return {}
    table = _table(path, "prometheus", LOGIN)
    for name, value in table.items():
        texts = value.values() if isinstance(value, dict) and name == "headers" else [value]
        if not all(isinstance(text, str) and text for text in texts):
            raise CallerError(
                f"{path}: [prometheus] {name} is no text", why="texts are wanted", next_step=f"edit {path}"
            )
    return table


def cluster_known() -> bool:
    """Whether a kubeconfig, or the pod that we run in, says where a cluster is."""
    from oakum.kube import known  # noqa: PLC0415

    return known(os.environ, Path.home())


def answers() -> Answers:
    """Answers about files, kept in the user's cache folder ($XDG_CACHE_HOME)."""
    from importlib.metadata import version  # noqa: PLC0415

    from oakum.host.answers import LiveAnswers  # noqa: PLC0415

    return LiveAnswers(_cache_folder() / "answers", made_by=f"oakum {version('oakum')} {_source_mark()}")


def rates() -> Rates:
    """How fast this machine did such work before."""
    from oakum.host.rates import LiveRates  # noqa: PLC0415

    return LiveRates(_cache_folder() / "rates.json")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oakum"


def _source_mark() -> str:
    """What the code that answers is known by: a checkout changes while its version does not."""
    told = [path.stat() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    return f"{len(told)} {sum(each.st_size for each in told)} {max(each.st_mtime_ns for each in told)}"


def policy() -> Policy:
    """The defaults, or what ``[policy]`` of the first oakum.toml found says: $OAKUM_CONFIG, here, the user's folder."""
    path = _config_path()
    return Policy() if path is None else read_policy(path)


def store(named: str = "") -> Store:
    """The record: ``named``, $OAKUM_STORE, ``[store] url`` of oakum.toml, or a file in the user's state folder.

    Evidence is kept in ``[store] blobs``: a folder or a bucket's URL; beside the file where none is named.
    """
    from oakum.store import open_store  # noqa: PLC0415  (SQL is loaded where a record is wanted)
    from oakum.store.place import FilePlace, parse_place  # noqa: PLC0415

    table = _store_table()
    place = parse_place(_store_text(named, table))
    blobs = table.get("blobs", "")
    if not blobs and not isinstance(place, FilePlace):
        blobs = str(_state_folder() / "blobs")
    return open_store(place, blobs=blobs)


@contextmanager
def bench(named: str, progress: Progress) -> Iterator[Bench]:
    """What plans are made, applied, undone and verified with; ``named``: as ``store``."""
    from oakum.host.hands import these_hands  # noqa: PLC0415
    from oakum.loop.bench import Bench  # noqa: PLC0415

    record = recorder(named)
    with closing(record.store):
        yield Bench(machine(), these_hands(_state_folder() / "hands"), record, progress)


def errands() -> Errands:
    """Commands of this very Oakum, in processes of their own."""
    from oakum.host.errands import LiveErrands  # noqa: PLC0415

    return LiveErrands("oakum.cli.entry")


def own_costs() -> OwnCosts:
    from oakum.host.own_cost import LiveOwnCosts  # noqa: PLC0415

    return LiveOwnCosts()


def for_errands(named: str) -> dict[str, str]:
    """What tells a command of ours the same record; in its environment, where no other user reads a password."""
    return {"OAKUM_STORE": named} if named else {}


@contextmanager
def bench_apart(progress: Progress, policy: Policy) -> Iterator[Bench]:
    """As ``bench``, with a record of its own that is gone afterwards, however we end. Raises MachineError."""
    from oakum.host.hands import these_hands  # noqa: PLC0415
    from oakum.host.passing import passing_folder  # noqa: PLC0415
    from oakum.incident.settings import IncidentSettings  # noqa: PLC0415
    from oakum.loop.bench import Bench  # noqa: PLC0415
    from oakum.loop.record import Recorder  # noqa: PLC0415
    from oakum.store import open_store  # noqa: PLC0415
    from oakum.store.place import FilePlace  # noqa: PLC0415

    with (
        passing_folder("oakum-record-") as folder,
        closing(open_store(FilePlace(folder / "oakum.db"), blobs="")) as made,
    ):
        recorder = Recorder(made, workers(), author(), policy, IncidentSettings())
        yield Bench(machine(), these_hands(folder / "hands"), recorder, progress)


def store_if_there(named: str = "") -> Store | None:
    """As ``store``; None where no file has been made yet. SQL is not loaded for that answer."""
    text = _store_text(named, _store_table())
    if "://" not in text:
        path = Path(text).expanduser()
        if not (path.is_file() or (path / "oakum.db").is_file()):
            return None
    return store(named)


def kept_scans(named: str, *, writes: bool) -> Callable[[], Store | None]:
    """Opens the record of ``store``; None where nothing is to be written and no file has been made yet."""
    return partial(store, named) if writes else partial(store_if_there, named)


def _store_text(named: str, table: dict[str, str]) -> str:
    return named or os.environ.get("OAKUM_STORE") or table.get("url") or str(_state_folder() / "oakum.db")


def _state_folder() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "oakum"


def _store_table() -> dict[str, str]:
    path = _config_path()
    if path is None:
        return {}
    table = _table(path, "store", {"url", "blobs"})
    for name, value in table.items():
        if not isinstance(value, str) or not value:
            raise CallerError(f"{path}: [store] {name} = {value!r}", why="a text is wanted", next_step=f"edit {path}")
    return table


def _table(path: Path, name: str, known: Iterable[str]) -> dict[str, Any]:
    """One table of a TOML file, {} where it has none. Raises CallerError for a field that is not known."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get(name, {})
    except OSError as exc:
        raise MachineError(f"cannot read {path}", why=str(exc), next_step=f"ls -l {path}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise CallerError(f"{path} is not TOML", why=str(exc), next_step=f"edit {path}") from exc
    if not isinstance(table, dict):
        raise CallerError(f"{path}: [{name}] is no table", why="fields are wanted", next_step=f"edit {path}")
    _known(path, name, table, known)
    return table


def _known(path: Path, name: str, table: Iterable[str], known: Iterable[str]) -> None:
    for field in table:
        if field not in known:
            raise CallerError(
                f"{path}: [{name}] has no field {field!r}",
                why=f"it knows {', '.join(sorted(known))}",
                next_step=f"edit {path}",
            )


def recorder(named: str = "") -> Recorder:
    """The record of ``store``, with all that is needed to write to it on behalf of who runs this."""
    from oakum.loop.record import Recorder  # noqa: PLC0415

    settings = incident_settings()
    return Recorder(store(named), workers(), author(), policy(), settings)


def workers() -> Workers:
    from oakum.host.workers import LiveWorkers  # noqa: PLC0415

    return LiveWorkers()


def limits() -> MemoryLimits:
    """The memory limits of this machine's cgroups."""
    from oakum.host.limits import LiveMemoryLimits  # noqa: PLC0415

    return LiveMemoryLimits()


def host() -> str:
    """The name of this machine, as records know it."""
    return platform.node()


def author() -> str:
    """Who runs this, as the machine knows them; the person behind sudo."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    person = os.environ.get("SUDO_USER")
    return person if person and os.getuid() == 0 else user


def incident_settings() -> IncidentSettings:
    """``[incident]`` and ``[incident.runbook]`` of oakum.toml. Raises CallerError as ``policy`` does."""
    from oakum.incident.settings import IncidentSettings  # noqa: PLC0415

    path = _config_path()
    if path is None:
        return IncidentSettings()
    table = _table(path, "incident", [field.name for field in fields(IncidentSettings)])
    runbook = table.pop("runbook", {})
    if not isinstance(runbook, dict):
        raise CallerError(f"{path}: [incident.runbook] is no table", why="fields are wanted", next_step=f"edit {path}")
    _known(path, "incident.runbook", runbook, [field.name for field in fields(Runbook)])
    lists = {
        "contacts": _texts(path, "incident] contacts", table.pop("contacts", [])),
        "related": _texts(path, "incident.runbook] related", runbook.pop("related", [])),
    }
    for name, value in [*table.items(), *runbook.items()]:
        if not isinstance(value, str):
            raise CallerError(
                f"{path}: [incident] {name} = {value!r}", why="a text is wanted", next_step=f"edit {path}"
            )
    return IncidentSettings(**table, contacts=lists["contacts"], runbook=Runbook(**runbook, related=lists["related"]))


def _texts(path: Path, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CallerError(f"{path}: [{name} = {value!r}", why="a list of texts is wanted", next_step=f"edit {path}")
    return tuple(value)


def read_policy(path: Path) -> Policy:
    """Raises CallerError for a file that is not TOML, an unknown field, or a value that is no positive number."""
    table = _table(path, "policy", [field.name for field in fields(Policy)])
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
            raise CallerError(
                f"{path}: [policy] {name} = {value!r}", why="a positive number is wanted", next_step=f"edit {path}"
            )
    return Policy(**table)


def log_patterns(named: Iterable[Path] = ()) -> tuple[LogPattern, ...]:
    """The library of patterns, with those of ``[logs] patterns`` of oakum.toml and of the files ``named``, later first.

    A path in oakum.toml is relative to its folder. Raises CallerError for a file that cannot be read or used.
    """
    from oakum.logs import library, parse_patterns, with_own  # noqa: PLC0415

    path = _config_path()
    table = {} if path is None else _table(path, "logs", {"patterns"})
    always = () if path is None else _texts(path, "logs] patterns", table.get("patterns", []))
    own: tuple[LogPattern, ...] = ()
    for file in [*(Path(path.parent, name) for name in always if path is not None), *named]:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise CallerError(f"cannot read patterns from {file}", why=str(exc), next_step=f"ls -l {file}") from exc
        made = parse_patterns(text, str(file))
        taken = {pattern.id for pattern in made}
        own = (*(pattern for pattern in own if pattern.id not in taken), *made)
    return with_own(own) if own else library()


def seal_recipients(named: Iterable[str]) -> tuple[str, ...]:
    """Those that were ``named``, and ``[seal] recipients`` of oakum.toml, each once."""
    path = _config_path()
    table = {} if path is None else _table(path, "seal", {"recipients"})
    always = () if path is None else _texts(path, "seal] recipients", table.get("recipients", []))
    return tuple(dict.fromkeys([*named, *always]))


def _config_path() -> Path | None:
    named = os.environ.get("OAKUM_CONFIG")
    if named:
        return Path(named)
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return next((path for path in (Path("oakum.toml"), user / "oakum" / "oakum.toml") if path.is_file()), None)
