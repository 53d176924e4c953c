"""One column of a table of samples: names, numbers, limits and times, from whatever type they were written in."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import DataError
from oakum.model.series import Floats

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit of epoch times and how many seconds it has; a time in it is a number from ``least`` on, below ``most``."""

    name: str
    seconds: float
    least: float
    most: float

    def odd(self, times: Floats) -> NDArray[np.bool_]:
        """bool[n]: finite times of another unit."""
        size = np.abs(times)
        return np.isfinite(times) & ((size < self.least) | (size >= self.most))


# Epoch seconds of the years 2001 to 2286 lie below the first line; each further line is a thousand times finer.
_SCALES: Final = (
    Scale("seconds", 1.0, 0.0, 1e10),
    Scale("milliseconds", 1e-3, 1e10, 1e13),
    Scale("microseconds", 1e-6, 1e13, 1e16),
    Scale("nanoseconds", 1e-9, 1e16, 1e19),
)


def scale_of(times: Floats) -> Scale:
    """By the size of most of them: float64[n], not finite ones are left out."""
    size = np.abs(times[np.isfinite(times)])
    usual = float(np.median(size)) if size.size else 0.0
    return next((scale for scale in _SCALES if usual < scale.most), _SCALES[-1])


def names(column: pl.Series, name: str) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    if column.dtype.is_nested() or column.dtype == pl.Binary:
        raise _wrong_type(column, name, "text")
    words = column.cast(pl.String)
    return words.fill_null("") if words.null_count() else words


def limits(column: pl.Series, name: str) -> pl.Series:
    """``max`` is how a cgroup writes that there is none."""
    import polars as pl  # noqa: PLC0415

    return numbers(column.str.replace(r"^\s*max\s*$", "inf") if column.dtype == pl.String else column, name)


def numbers(column: pl.Series, name: str) -> pl.Series:
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


def times(column: pl.Series, name: str, warnings: list[str]) -> pl.Series:
    """UTC epoch seconds. Raises DataError for what is no time, and for times in several units."""
    import polars as pl  # noqa: PLC0415

    if isinstance(column.dtype, pl.Date | pl.Datetime):
        return column.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6
    if column.dtype == pl.String and (dated := _dates(column.str.strip_chars().replace("", None), name)) is not None:
        return dated
    told = numbers(column, name)
    values = told.fill_null(float("nan")).to_numpy()
    scale = scale_of(values)
    odd = np.flatnonzero(scale.odd(values))
    if odd.size:
        row = int(odd[0])
        raise DataError(
            f"{name}, row {row + 2}: ts is {column[row]}",
            why=f"most others are {scale.name}, by their size",
            next_step=f"sed -n {row + 2}p {quote(name)}",
        )
    if scale.seconds != 1.0:
        warnings.append(f"{name}: the times are {scale.name}, by their size")
    return told * scale.seconds


def _dates(words: pl.Series, name: str) -> pl.Series | None:
    """UTC epoch seconds of ISO 8601, UTC where no zone is told; None where the first of them is a number."""
    import polars as pl  # noqa: PLC0415

    given = words.drop_nulls()
    if not len(given) or given.head(1).cast(pl.Float64, strict=False).null_count() == 0:
        return None
    if not given[0][:1].isdigit():
        return None
    parsed = words.str.to_datetime(time_zone="UTC", strict=False, ambiguous="null")
    wrong = (parsed.is_null() & words.is_not_null()).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{name}, row {row + 2}: ts is {str(words[row])[:40]!r}",
            why="a time is wanted",
            next_step=f"sed -n {row + 2}p {quote(name)}",
        )
    return parsed.dt.epoch("us").cast(pl.Float64) / 1e6


def _wrong_type(column: pl.Series, name: str, wanted: str) -> DataError:
    return DataError(
        f"{name}: the column {column.name} holds {column.dtype}",
        why=f"{wanted} is wanted",
        next_step=f"write {column.name} again as {wanted.removeprefix('a ')}",
    )
