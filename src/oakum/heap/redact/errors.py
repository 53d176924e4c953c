"""What is said of a file that cannot be redacted whole."""

from __future__ import annotations

from oakum.model.errors import DataError


def cut_off(size: int) -> DataError:
    return DataError(
        "the dump is cut off: it is not redacted",
        why=f"it ends after {size:,} bytes, in the middle of a record; nothing was written",
        next_step="oakum heap analyze FILE    # reads what is there",
    )


def broken(at: int, why: str = "") -> DataError:
    return DataError(
        "the dump is broken: it is not redacted",
        why=f"{why or 'what stands there is no record'} (byte {at:,}); nothing was written",
        next_step="take the dump again",
    )
