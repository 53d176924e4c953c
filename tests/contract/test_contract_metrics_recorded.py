"""What real servers answered to a scan is told again: without them, all that is made of their answers is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.metrics.planted import END_S, MIB, NASTY
from lab.metrics.recorded import NAMESPACES, STEP_S, WINDOW_S, replayed
from oakum.loop.progress import Silent
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.model.policy import Policy
from oakum.prometheus import server
from oakum.render import scan_to_json

FILES = sorted((Path(__file__).parents[1] / "recordings" / "metrics").glob("*.json"))


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.stem)
def found(request):
    settings = HistorySettings.of(window_s=WINDOW_S, step_s=STEP_S, at=str(END_S), namespaces=NAMESPACES)
    with replayed(request.param) as address:
        opened = server(address.address, environment={}, table={}, budget=settings.budget)
        return scan_prometheus("recorded", opened, settings=settings, policy=Policy(), now_s=END_S, progress=Silent())


def test_both_servers_are_recorded():
    assert [file.stem for file in FILES] == ["prometheus", "victoria"]


def test_the_same_is_read_from_each(found):
    assert not found.partial
    assert [absent.what for absent in found.absent] == ["request rates"]
    assert {series.id for series, _ in found.rows} == {
        "deploy/shop/cart/app",
        "deploy/shop/mailer/app",
        "deploy/shop/web/app",
        "sts/db/postgres/app",
        f"pod/odd/{NASTY}/app",
    }
    # Half a day of a daily wave, from its trough to its top, is a climb that is all its past.
    first, *accused = [series.id for series, _ in found.ranked][:3]
    assert first == "deploy/shop/mailer/app"
    assert sorted(accused) == ["deploy/shop/cart/app", "sts/db/postgres/app"]


def test_lifetimes_and_limits_are_those_that_were_planted(found):
    by_id = {series.id: (series, verdict) for series, verdict in found.rows}
    mailer, verdict = by_id["deploy/shop/mailer/app"]
    assert [life.ending.value for life in mailer.lifetimes] == ["oom-killed"] * 3 + ["running"]
    assert verdict.limit == 256 * MIB
    web, _ = by_id["deploy/shop/web/app"]
    assert [life.ending.value for life in web.lifetimes] == ["replaced", "running"]
    assert by_id["deploy/shop/cart/app"][0].labels["pods"] == "3"


def test_the_working_set_that_is_near_its_limit_is_told(found):
    reasons = next(verdict.reasons for series, verdict in found.rows if series.id == "deploy/shop/mailer/app")
    assert any("working set" in reason and "of its limit" in reason for reason in reasons)


def test_the_answer_says_what_was_asked_for(found):
    told = scan_to_json(found)
    assert told["window"] == {"start_s": END_S - WINDOW_S, "end_s": END_S, "step_s": STEP_S}
    assert any("container_memory_rss" in warning and "kube_pod_owner" in warning for warning in told["warnings"])
