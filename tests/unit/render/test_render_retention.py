"""What went, and what would go, in a terminal and as JSON by its schema."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from examples_render import NOW_S
from test_render_codec import _validator
from test_render_incident import printed

from oakum.model.blob import Blob
from oakum.model.retention import Going, Retained, Why
from oakum.render.codec_retention import retained_to_json
from oakum.render.table_retention import retained_view

GIB = 1 << 30


def going(number, why, *incidents):
    return Going(Blob(f"{number:064x}", number * GIB, NOW_S - 60.5), why, incidents)


GONE = (
    going(1, Why.UNNAMED),
    going(2, Why.EXPIRED, 3, 4),
    going(3, Why.EXPIRED, 4),
    going(4, Why.BUDGET, *range(5, 13)),
)
DONE = Retained(
    NOW_S, 86400.0, GIB, False, GONE, (going(5, Why.EXPIRED, 2),), 17 * GIB, 7 * GIB, "open incidents name 7 GiB", 12, 3
)
DRY = replace(DONE, dry_run=True, stayed=(), scans=None, judge_states=None)
NOTHING = Retained(NOW_S, 86400.0, None, False, (), (), 0, 0, "", 0, 0)


@pytest.mark.parametrize("retained", [DONE, DRY, NOTHING])
def test_the_json_is_valid_by_its_schema(retained):
    document = retained_to_json(retained, place="/x\udc80")
    _validator("oakum.retention/1").validate(json.loads(json.dumps(document, allow_nan=False)))
    assert document["budget_kept"] is (not retained.over)


def test_what_went_is_told_by_its_reason_with_its_incidents_and_what_is_left():
    told = printed(retained_view(DONE)).splitlines()
    assert [" ".join(line.split()) for line in told[1:4]] == [
        "named by no record 1 1.00 GiB",
        "closed long ago 2 5.00 GiB inc-3, inc-4",
        "more than the budget 1 4.00 GiB inc-5, inc-6, inc-7, inc-8, inc-9, inc-10 and 2 more",
    ]
    assert told[4:] == [
        "evidence: 17.0 GiB before, 7.00 GiB left",
        "stayed: 1, reopened or put again meanwhile",
        "forgotten: 12 scans, 3 judge states",
        "more than 1.00 GiB: open incidents name 7 GiB",
    ]


def test_a_dry_run_says_that_nothing_was_removed():
    told = printed(retained_view(DRY))
    assert "would go" in told
    assert "7.00 GiB would be left" in told
    assert "nothing was removed" in told


def test_where_nothing_goes_one_line_says_so():
    assert printed(retained_view(NOTHING)) == "evidence: 0 B before, 0 B left\n"
