"""Values so small that they may not be bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from oakum.model.series import WorkloadSeries
from oakum.model.units import format_size

LEAST_BYTES: Final = 2.0**20
"""A process has more: where no value is as large, they may be meant in another unit."""


def small_values(series: Sequence[WorkloadSeries]) -> str:
    """What to say of a file whose unit nobody told; empty where its values are of a size that memory has."""
    bytes_alone = [workload for workload in series if workload.unit == "bytes"]
    largest = max((float(life.value.max()) for one in bytes_alone for life in one.lifetimes if len(life)), default=0.0)
    if not 0 < largest < LEAST_BYTES or len(bytes_alone) < len(series):
        return ""
    return (
        f"no unit is told, so values were read as bytes: the largest is {format_size(largest)}, less than any process"
        " needs. If they are KiB or MiB, add --unit KiB or --unit MiB; if they are bytes, --unit B says so"
    )
