"""What people muted is marked in a scan: it is shown, last, and counts as no leak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oakum.incident import identity
from oakum.loop.record import muted
from oakum.model.errors import OakumError
from oakum.model.mute import Mute
from oakum.model.ports import Store
from oakum.model.scan import Scan


def with_mutes(scan: Scan, open_store: Callable[[], Store | None], *, host: str) -> Scan:
    """``open_store``: None where there is no record yet. One that cannot be read is a warning, for the scan stands."""
    try:
        store = open_store()
        if store is None:
            return scan
        try:
            mutes = store.mutes.list()
        finally:
            store.close()
    except OakumError as exc:
        return replace(scan, warnings=(*scan.warnings, f"mutes are not known: {exc.what}: {exc.why}"))
    marked: dict[str, Mute] = {}
    for series, _ in scan.rows:
        known = identity(series.id, series.labels, host=host)
        mute = muted(mutes, series.id, known, now_s=scan.generated_at_s)
        if mute is not None:
            marked[series.id] = mute
    return replace(scan, muted=marked)
