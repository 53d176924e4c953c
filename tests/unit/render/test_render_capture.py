"""What a capture answers: its JSON keeps to the schema, its table says what was paid and who may read it."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from oakum.model.capture import Capture, Foretold
from oakum.model.evidence import Cost
from oakum.model.redaction import Redacted, Share
from oakum.render import capture_to_json, capture_view, schemas

CENSUS = Capture(
    "pid/7", 7, "cpython 3.11.7", "a.census", 3_000_000, "python", 1.7e9, 60_000, 200_000,
    Cost(0.0, 0.4, 30_000_000), 0, redacted=True, seconds=2.0, foretold=Foretold(0.0, 0, 7_500_000),
)  # fmt: skip
DUMP = replace(
    CENSUS, runtime="jvm 17.0.19", file="-", format="hprof", objects=None, references=None,
    cost=Cost(0.57, 0.57, 8 << 20),
    extra_bytes=1 << 20, foretold=Foretold(1.3, 64 << 20, 160 << 20), sealed_to=("age1x",), warnings=("\x1b[31mred",),
    redaction=Redacted("hprof", 8 << 20, (Share("byte[]", 7, 900),), (), "classes"),
)  # fmt: skip


@pytest.mark.parametrize("capture", [CENSUS, DUMP, replace(DUMP, redacted=False, redaction=None)])
def test_the_json_keeps_to_its_schema(capture):
    schema = schemas.read("oakum.capture/1")
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(capture_to_json(capture))))


def test_the_table_tells_what_was_paid_beside_what_was_foretold():
    told = str(capture_view(DUMP))
    assert "pause: 570 ms; memory: 1.00 MiB more" in told
    assert "foretold, at most: pause 1.30 s, memory 64.0 MiB more, 160 MiB of dump" in told
    assert "objects" not in told
    assert "\x1b" not in told
    assert "next:" not in told
    assert "60,000 objects, 200,000 references in" in str(capture_view(CENSUS))
    assert "foretold, at most: 7.15 MiB of dump" in str(capture_view(CENSUS))


def test_a_file_with_texts_says_how_to_keep_it():
    assert "as you keep secrets" in str(capture_view(replace(DUMP, redacted=False, redaction=None)))
