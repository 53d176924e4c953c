"""Series from a file's bytes: CSV, Parquet, or the JSON of a Prometheus range query; told apart by content."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import CallerError, DataError
from oakum.model.scan import Skipped
from oakum.model.series import FAR_S, MOST, Floats, Metric, Scope, Series, Unit, WorkloadSeries
from oakum.model.units import format_count, format_rows
from oakum.sense import column
from oakum.sense.column import scale_of

if TYPE_CHECKING:
    import polars as pl

NEEDED: Final = ("series_id", "ts", "value")
OTHER: Final = frozenset({*NEEDED, "limit", "unit", "load", "metric"})
MOST_TORN: Final = 0.02
"""A share of a series' times: where more have two values, it is two series under one name."""

FACTORS: Final[dict[str, tuple[Unit, float]]] = {
    "bytes": ("bytes", 1.0),
    "B": ("bytes", 1.0),
    "percent": ("percent", 1.0),
    "%": ("percent", 1.0),
    "KiB": ("bytes", 1024.0),
    "MiB": ("bytes", 1024.0**2),
    "GiB": ("bytes", 1024.0**3),
    "kB": ("bytes", 1e3),
    "MB": ("bytes", 1e6),
    "GB": ("bytes", 1e9),
}


@dataclass(slots=True)
class Read:
    """What a file gave. ``warnings``: what was taken for granted. ``unit_told``: by a column or a metric's name."""

    series: list[WorkloadSeries] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unit_told: bool = False


def read_series(content: bytes, name: str, *, unit: str = "bytes") -> Read:
    """``name`` is for messages only. Raises DataError for content that cannot be understood."""
    if unit not in FACTORS:
        raise CallerError(f"{unit!r} is not a unit", why=f"one of {', '.join(FACTORS)}", next_step="--unit MiB")
    if not content.strip():
        raise DataError(f"{name} is empty", next_step=f"ls -l {quote(name)}")
    if content[:4] == b"PAR1":
        return _from_frame(_parquet(content, name), name, unit)
    plain = _unpacked(content, name)
    start = plain.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if start == b"{":
        return _from_prometheus(plain, name, unit)
    if start == b"<":
        raise DataError(f"{name} holds HTML", why="perhaps a login page was saved", next_step=f"head {quote(name)}")
    return _from_frame(_csv(plain, name), name, unit)


def _unpacked(content: bytes, name: str) -> bytes:
    """Gzip is undone; what else CSV may be packed in is undone where it is read."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as exc:
        raise DataError(
            f"{name} is not whole gzip", why=str(exc), next_step=f"copy it again; gzip -t {quote(name)}"
        ) from exc


def _parquet(content: bytes, name: str) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415

    try:
        return pl.read_parquet(io.BytesIO(content))
    # A panic of the library is no Exception: broken pages and footers cause it.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as exc:
        raise DataError(
            f"{name} is not whole Parquet",
            why=_first_line(exc),
            next_step=f"copy it again; ls -l {quote(name)}",
        ) from exc


def _csv(content: bytes, name: str) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415

    try:
        return pl.read_csv(io.BytesIO(content), infer_schema=False)
    # Packed content (gzip, zlib, zstd) is unpacked on the way; where it is cut off that is an OSError.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as exc:
        raise DataError(f"{name} is not CSV", why=_first_line(exc), next_step=f"head {quote(name)}") from exc


def _first_line(exc: Exception) -> str:
    return str(exc).split("\n", 1)[0][:200]


def _from_frame(frame: pl.DataFrame, name: str, unit: str) -> Read:
    import polars as pl  # noqa: PLC0415

    frame = _named_plainly(frame)
    missing = [needed for needed in NEEDED if needed not in frame.columns]
    if missing and not all(given.isprintable() for given in frame.columns):
        raise DataError(
            f"{name} is not CSV",
            why="its first line does not print: a binary file, or text in UTF-16",
            next_step=f"head -c 200 {quote(name)} | od -c",
        )
    if missing:
        raise DataError(
            f"{name} has no column {', '.join(missing)}",
            why=f"its columns are {', '.join(frame.columns)[:200]}",
            next_step=f"rename them to {', '.join(NEEDED)}",
        )
    if not frame.height:
        raise DataError(f"{name} has no rows", why="only the header is there", next_step=f"head {quote(name)}")
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    read = Read()
    columns = {"ts": column.times(frame["ts"], name, read.warnings), "value": column.numbers(frame["value"], name)}
    if "limit" in frame.columns:
        columns["limit"] = column.limits(frame["limit"], name)
    if "load" in frame.columns:
        columns["load"] = column.numbers(frame["load"], name)
    frame = frame.with_columns(**columns).with_columns(series_id=column.names(frame["series_id"], name))
    # Where nothing is left out, nothing is copied: a frame may be most of the memory that there is.
    if blank.any():
        frame = frame.filter(~blank)
    names = frame["series_id"].unique(maintain_order=True)
    good = frame.select((pl.col("value").is_finite() & pl.col("ts").is_finite()).fill_null(value=False)).to_series()
    if left_out := frame.height - int(good.sum()):
        were = "was" if left_out == 1 else "were"
        read.warnings.append(f"{format_rows(left_out)} without a finite time and value {were} left out")
        frame = frame.filter(good)
    kept = set()
    for part in _parts(frame):
        kept.add(part["series_id"][0])
        _one(part, unit, read)
    read.skipped += [Skipped(series_id, "it has no finite samples") for series_id in names if series_id not in kept]
    return read


def _parts(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of each series, series in the order of their first rows; only rows that are mixed are copied."""
    if not frame.height:
        return
    runs = frame["series_id"].rle().struct.unnest()
    if runs["value"].n_unique() < runs.height:
        yield from frame.partition_by("series_id", maintain_order=True)
        return
    begin = 0
    for length in runs["len"].to_list():
        yield frame[begin : begin + length]
        begin += length


def _named_plainly(frame: pl.DataFrame) -> pl.DataFrame:
    """``series_id, ts, value`` has blanks about its names that nobody means."""
    names = [given.strip() for given in frame.columns]
    if len(set(names)) == len(names):
        frame.columns = names
    return frame


def _one(part: pl.DataFrame, unit: str, read: Read) -> None:
    series_id = str(part["series_id"][0])
    labels = {label: str(part[label][0]) for label in part.columns if label not in OTHER and part[label][0] is not None}
    told = _unit_of(part, unit)
    if told not in FACTORS:
        read.skipped.append(Skipped(series_id, f"its unit {told!r} is none of {', '.join(FACTORS)}", labels))
        return
    read.unit_told |= "unit" in part.columns and bool(part["unit"].drop_nulls().len())
    kind, factor = FACTORS[told]
    at, value = part["ts"].to_numpy(), part["value"].to_numpy()
    kept = _in_order(series_id, at, value, read, labels)
    if kept is None:
        return
    limit = _known_since(_scaled(part["limit"].to_numpy()[kept], factor)) if "limit" in part.columns else None
    load = part["load"].to_numpy()[kept] if "load" in part.columns else None
    if limit is not None:
        limit = np.where(np.isfinite(limit) & (limit > 0), limit, np.inf)
    metric = str(part["metric"][0]) if "metric" in part.columns else ""
    lifetime = Series(at[kept], _scaled(value[kept], factor), limit, load)
    _add(WorkloadSeries(series_id, (lifetime,), kind, Scope.UNKNOWN, _metric(metric), labels), read)


def _unit_of(part: pl.DataFrame, unit: str) -> str:
    """What the column says where it says something; several words that differ name no unit together."""
    if "unit" not in part.columns:
        return unit
    told = {str(word).strip() for word in part["unit"].drop_nulls().unique()} - {""}
    return "/".join(sorted(told)) or unit


def _scaled(value: Floats, factor: float) -> Floats:
    with np.errstate(over="ignore"):
        return value if factor == 1.0 else value * factor


def _known_since(limit: Floats) -> Floats:
    """A row that says nothing of the limit does not lift it: the last one told stays in force."""
    told = np.where(np.isnan(limit), 0, np.arange(limit.size))
    held: Floats = limit[np.maximum.accumulate(told)]
    return held


def _in_order(
    series_id: str, at: Floats, value: Floats, read: Read, labels: Mapping[str, str]
) -> NDArray[np.intp] | slice | None:
    """Which rows to take, in order of time and each time once; None, and skipped, where too many contradict each other.

    Of few times with two values neither row is taken: nobody knows which one is right.
    """
    if np.any(np.diff(at) < 0):
        read.warnings.append(f"{series_id}: rows were not in order of time; they were sorted")
    order = np.argsort(at, kind="stable")
    at, value = at[order], value[order]
    again = np.diff(at) == 0
    differing = np.unique(at[1:][again & (value[1:] != value[:-1])])
    torn = np.isin(at, differing)
    first = np.concatenate(([True], ~again))
    times = int(np.count_nonzero(first))
    if differing.size > MOST_TORN * times:
        why = f"{_of_its_times(differing, times)}: are these two series? Give each its own name"
        read.skipped.append(Skipped(series_id, why, labels))
        return None
    if differing.size:
        read.warnings.append(f"{series_id}: {_of_its_times(differing, times)}; rows of such a time were left out")
    if twice := int(np.count_nonzero(again & ~torn[1:])):
        read.warnings.append(f"{series_id}: {format_rows(twice)} stood twice")
    kept = order[first & ~torn]
    # Rows that are as they should be are not copied.
    return slice(None) if kept.size == order.size and np.all(np.diff(kept) > 0) else kept


def _of_its_times(differing: Floats, times: int) -> str:
    many = f"{format_count(differing.size)} of its {format_count(times)} times"
    return f"two different values at the same time {differing[0]:.3f}, at {many}"


def _add(workload: WorkloadSeries, read: Read) -> None:
    at_s, value = workload.lifetimes[0].at_s, workload.lifetimes[0].value
    if np.any(np.abs(at_s) >= FAR_S):
        read.skipped.append(Skipped(workload.id, "its times are later than the year 2286", workload.labels))
    elif np.any(value < 0):
        read.skipped.append(
            Skipped(workload.id, "it holds negative values: memory cannot be negative", workload.labels)
        )
    elif not np.all(value <= MOST):
        read.skipped.append(Skipped(workload.id, "a value is too large to be memory", workload.labels))
    else:
        read.series.append(workload)


def _metric(name: str) -> Metric:
    for part, metric in (
        ("rss", Metric.RSS),
        ("anon", Metric.ANON),
        ("working_set", Metric.WORKING_SET),
        ("usage", Metric.USAGE),
    ):
        if part in name:
            return metric
    return Metric.UNKNOWN


def _from_prometheus(content: bytes, name: str, unit: str) -> Read:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise DataError(f"{name} is not whole JSON", why=str(exc), next_step=f"tail -c 200 {quote(name)}") from exc
    if answer.get("status") == "error":
        raise DataError(f"{name} holds an error of Prometheus", why=str(answer.get("error", "")), next_step="ask again")
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
        raise DataError(
            f"{name} is not the answer of a Prometheus range query",
            why="status, data.resultType 'matrix' and data.result are wanted",
            next_step="curl -G …/api/v1/query_range --data-urlencode query=…",
        )
    if not data["result"]:
        raise DataError(f"{name} has no series", why="the query matched nothing", next_step="look at the labels")
    told = answer.get("warnings")
    read = Read(warnings=[str(warning) for warning in told] if isinstance(told, list) else [])
    kind, factor = FACTORS[unit]
    for row in data["result"]:
        _prometheus_row(row, kind, factor, read)
    return read


def _prometheus_row(row: Any, kind: Unit, factor: float, read: Read) -> None:
    try:
        labels = {str(key): str(value) for key, value in (row.get("metric") or {}).items()}
        metric = labels.pop("__name__", "")
        read.unit_told |= "bytes" in metric
        series_id = metric + "{" + ",".join(f"{key}={value}" for key, value in sorted(labels.items())) + "}"
    except AttributeError:
        read.skipped.append(Skipped(str(row)[:60], "it has no labels: a result is an object with metric and values"))
        return
    try:
        pairs = np.array([(float(at), float(value)) for at, value in row["values"]], np.float64).reshape(-1, 2)
    except (KeyError, TypeError, ValueError, OverflowError):
        read.skipped.append(Skipped(series_id, "its values are not pairs of time and number", labels))
        return
    finite = np.isfinite(pairs).all(axis=1)
    if not finite.any():
        read.skipped.append(Skipped(series_id, "it has no finite samples", labels))
        return
    if not finite.all():
        count = format_count(int(np.count_nonzero(~finite)))
        read.warnings.append(f"{series_id}: {count} samples without a finite time and value were left out")
    at, value = pairs[finite].T
    scale = scale_of(at)
    if scale.odd(at).any():
        why = f"some of its times are not {scale.name}, as most are by their size"
        read.skipped.append(Skipped(series_id, why, labels))
        return
    if scale.seconds != 1.0:
        read.warnings.append(f"{series_id}: the times are {scale.name}, by their size")
        at = at * scale.seconds
    kept = _in_order(series_id, at, value, read, labels)
    if kept is not None:
        lifetime = Series(at[kept], _scaled(value[kept], factor))
        _add(WorkloadSeries(series_id, (lifetime,), kind, Scope.CONTAINER, _metric(metric), labels), read)
