"""The committed JSON Schemas (draft 2020-12) of everything that Oakum encodes, as package data."""

from __future__ import annotations

import json
from importlib.resources import files

NAMES = (
    "oakum.capture/1",
    "oakum.demo/1",
    "oakum.heap/1",
    "oakum.heapdiff/1",
    "oakum.heappaths/1",
    "oakum.histogram/1",
    "oakum.incident/1",
    "oakum.incidents/1",
    "oakum.investigation/1",
    "oakum.mutes/1",
    "oakum.plan/1",
    "oakum.redaction/1",
    "oakum.retention/1",
    "oakum.scan/1",
    "oakum.verify/1",
    "oakum.watch/1",
)


def read(name: str) -> dict[str, object]:
    """The schema of one of NAMES; KeyError for any other name.

    The investigation's refers to the scan's by its ``$id``: give a validator both.
    """
    if name not in NAMES:
        raise KeyError(name)
    text = files(__name__).joinpath(f"{name.replace('/', '-')}.json").read_text(encoding="utf-8")
    schema: dict[str, object] = json.loads(text)
    return schema
