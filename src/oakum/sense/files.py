"""Series from a file's bytes: CSV, Parquet, or the JSON of a Prometheus range query; told apart by content."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import CallerError, DataError
from oakum.model.scan import Skipped
from oakum.model.series import Floats, Metric, Scope, Series, Unit, WorkloadSeries
from oakum.model.units import format_count

if TYPE_CHECKING:
    import polars as pl

NEEDED: Final = ("series_id", "ts", "value")
OTHER: Final = frozenset({*NEEDED, "limit", "unit", "load", "metric"})
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
# Epoch seconds of the years 2001 to 2286 lie below the first line; each further line is a thousand times finer.
_SCALES: Final = ((1e10, 1.0, "seconds"), (1e13, 1e-3, "milliseconds"), (1e16, 1e-6, "microseconds"))


@dataclass(slots=True)
class Read:
    """What a file gave. ``warnings``: what was taken for granted."""

    series: list[WorkloadSeries] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_series(content: bytes, name: str, *, unit: str = "bytes") -> Read:
    """``name`` is for messages only. Raises DataError for content that cannot be understood."""
    if unit not in FACTORS:
        raise CallerError(f"{unit!r} is not a unit", why=f"one of {', '.join(FACTORS)}", next_step="--unit MiB")
    if not content.strip():
        raise DataError(f"{name} is empty", next_step=f"ls -l {quote(name)}")
    if content[:4] == b"PAR1":
        return _from_frame(_parquet(content, name), name, unit)
    start = content.lstrip()[:1]
    if start == b"{":
        return _from_prometheus(content, name, unit)
    if start == b"<":
        raise DataError(f"{name} holds HTML", why="perhaps a login page was saved", next_step=f"head {quote(name)}")
    return _from_frame(_csv(content, name), name, unit)


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

    missing = [column for column in NEEDED if column not in frame.columns]
    if missing and not all(column.isprintable() for column in frame.columns):
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
    read = Read()
    columns = {"ts": _times(frame["ts"], name, read), "value": _numbers(frame["value"], name)}
    for column in ("limit", "load"):
        if column in frame.columns:
            columns[column] = _numbers(frame[column], name)
    frame = frame.with_columns(**columns).with_columns(series_id=_names(frame["series_id"], name))
    whole = frame.filter((pl.col("value").is_finite() & pl.col("ts").is_finite()).fill_null(value=False))
    if left_out := frame.height - whole.height:
        read.warnings.append(f"{format_count(left_out)} rows without a finite time and value were left out")
    for part in whole.partition_by("series_id", maintain_order=True):
        _one(part, unit, read)
    kept = set(whole["series_id"])
    for series_id in frame["series_id"].unique(maintain_order=True):
        if series_id not in kept:
            read.skipped.append(Skipped(series_id, "it has no finite samples"))
    return read


def _names(column: pl.Series, name: str) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    if column.dtype.is_nested() or column.dtype == pl.Binary:
        raise _wrong_type(column, name, "text")
    return column.cast(pl.String).fill_null("")


def _wrong_type(column: pl.Series, name: str, wanted: str) -> DataError:
    return DataError(
        f"{name}: the column {column.name} holds {column.dtype}",
        why=f"{wanted} is wanted",
        next_step=f"write {column.name} again as {wanted.removeprefix('a ')}",
    )


def _one(part: pl.DataFrame, unit: str, read: Read) -> None:
    series_id = str(part["series_id"][0])
    told = _unit_of(part, unit)
    if told not in FACTORS:
        read.skipped.append(Skipped(series_id, f"its unit {told!r} is none of {', '.join(FACTORS)}"))
        return
    kind, factor = FACTORS[told]
    at, value = part["ts"].to_numpy(), part["value"].to_numpy()
    kept = _in_order(series_id, at, value, read)
    if kept is None:
        return
    limit = _scaled(part["limit"].to_numpy()[kept], factor) if "limit" in part.columns else None
    load = part["load"].to_numpy()[kept] if "load" in part.columns else None
    labels = {
        column: str(part[column][0]) for column in part.columns if column not in OTHER and part[column][0] is not None
    }
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
        return value * factor


def _in_order(series_id: str, at: Floats, value: Floats, read: Read) -> NDArray[np.intp] | None:
    """Which rows to take, in order of time and each time once; None, and skipped, where rows contradict each other."""
    if np.any(np.diff(at) < 0):
        read.warnings.append(f"{series_id}: rows were not in order of time; they were sorted")
    order = np.argsort(at, kind="stable")
    at, value = at[order], value[order]
    again = np.diff(at) == 0
    differing = np.flatnonzero(again & (value[1:] != value[:-1]))
    if differing.size:
        read.skipped.append(Skipped(series_id, f"two different values at the same time {at[differing[0]]:.3f}"))
        return None
    if again.any():
        read.warnings.append(f"{series_id}: {format_count(int(again.sum()))} rows stood twice")
    return order[np.concatenate(([True], ~again))]


def _add(workload: WorkloadSeries, read: Read) -> None:
    value = workload.lifetimes[0].value
    if np.any(value < 0):
        read.skipped.append(Skipped(workload.id, "it holds negative values: memory cannot be negative"))
    elif not np.all(np.isfinite(value)):
        read.skipped.append(Skipped(workload.id, "a value is too large to be memory"))
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


def _numbers(column: pl.Series, name: str) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    if column.dtype.is_numeric() or column.dtype == pl.Null:
        return column.cast(pl.Float64, strict=False)
    if column.dtype != pl.String:
        raise _wrong_type(column, name, "a number")
    stripped = column.str.strip_chars()
    numbers = stripped.cast(pl.Float64, strict=False)
    given = (
        stripped.is_not_null()
        & (stripped != "")
        & ~stripped.str.to_lowercase().is_in(["nan", "null", "none", "inf", "+inf"])
    )
    wrong = (numbers.is_null() & given).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{name}, row {row + 2}: {column.name} is {str(column[row])[:40]!r}",
            why="a number is wanted",
            next_step=f"sed -n {row + 2}p {quote(name)}",
        )
    return numbers


def _times(column: pl.Series, name: str, read: Read) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    if isinstance(column.dtype, pl.Date | pl.Datetime):
        return column.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6
    if column.dtype == pl.String and column[0] is not None and ":" in str(column[0]):
        parsed = column.str.to_datetime(time_zone="UTC", strict=False, ambiguous="null")
        if parsed.null_count() > column.null_count():
            row = int((parsed.is_null() & column.is_not_null()).arg_true()[0])
            raise DataError(
                f"{name}, row {row + 2}: ts is {str(column[row])[:40]!r}",
                why="a time is wanted",
                next_step=f"sed -n {row + 2}p {quote(name)}",
            )
        return parsed.dt.epoch("us").cast(pl.Float64) / 1e6
    seconds = _numbers(column, name)
    largest = float(seconds.filter(seconds.is_finite()).abs().max() or 0.0)  # type: ignore[arg-type]
    finer = (1e-9, "nanoseconds")
    factor, word = next(((factor, word) for most, factor, word in _SCALES if largest < most), finer)
    if factor != 1.0:
        read.warnings.append(f"{name}: the times are {word}, by their size")
    return seconds * factor


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
    read = Read(warnings=[str(warning) for warning in answer.get("warnings") or []])
    kind, factor = FACTORS[unit]
    for row in data["result"]:
        _prometheus_row(row, kind, factor, read)
    return read


def _prometheus_row(row: Any, kind: Unit, factor: float, read: Read) -> None:
    try:
        labels = {str(key): str(value) for key, value in (row.get("metric") or {}).items()}
        metric = labels.pop("__name__", "")
        series_id = metric + "{" + ",".join(f"{key}={value}" for key, value in sorted(labels.items())) + "}"
    except AttributeError:
        read.skipped.append(Skipped(str(row)[:60], "it has no labels: a result is an object with metric and values"))
        return
    try:
        pairs = np.array([(float(at), float(value)) for at, value in row["values"]], np.float64).reshape(-1, 2)
    except (KeyError, TypeError, ValueError, OverflowError):
        read.skipped.append(Skipped(series_id, "its values are not pairs of time and number"))
        return
    finite = np.isfinite(pairs).all(axis=1)
    if not finite.any():
        read.skipped.append(Skipped(series_id, "it has no finite samples"))
        return
    if not finite.all():
        count = format_count(int(np.count_nonzero(~finite)))
        read.warnings.append(f"{series_id}: {count} samples without a finite time and value were left out")
    at, value = pairs[finite].T
    kept = _in_order(series_id, at, value, read)
    if kept is not None:
        lifetime = Series(at[kept], _scaled(value[kept], factor))
        _add(WorkloadSeries(series_id, (lifetime,), kind, Scope.CONTAINER, _metric(metric), labels), read)
