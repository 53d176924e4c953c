"""One suite for each server of the family: what a scan asks for, and what it makes of the answers."""

from __future__ import annotations

import anyio
import numpy as np
import pytest
from metric_servers import planted, real_prometheus, real_victoria

from lab.metrics.planted import MIB, NASTY
from oakum.loop.progress import Silent
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.model.errors import TargetError
from oakum.model.metrics import Matcher, QueryBudget, Selected, Span
from oakum.model.policy import Policy
from oakum.model.verdict import VerdictName
from oakum.prometheus import server
from oakum.sense.prometheus.promql import any_of, selector

WORLD = planted()
DAY = Span(WORLD.start_s, WORLD.end_s, 60.0)


@pytest.fixture(scope="module", params=[real_prometheus, real_victoria], ids=["prometheus", "victoria-metrics"])
def address(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("metrics")) as address:
        yield address


def opened(address, budget=None):
    return server(address, environment={}, table={}, budget=budget or QueryBudget())


def asked(address, question, budget=None):
    async def journey():
        async with opened(address, budget) as live:
            return await question(live)

    return anyio.run(journey)


def scan(address, budget=None, **settings):
    given = HistorySettings.of(window_s=12 * 3600, at=str(WORLD.end_s), budget=budget, **settings)
    return scan_prometheus(
        address, opened(address, budget), settings=given, policy=Policy(), now_s=WORLD.end_s, progress=Silent()
    )


@pytest.fixture(scope="module")
def found(address):
    return scan(address)


def row(found, name):
    return next(row for row in found.rows if row[0].id == name)


def test_the_server_says_which_one_it_is_or_is_known_by_its_language(address, request):
    about = asked(address, lambda live: live.about())
    wanted = {"prometheus": "Prometheus", "victoria-metrics": "VictoriaMetrics"}
    assert about.product == wanted[request.node.callspec.id]


def test_the_leaks_come_first_and_nothing_else_is_one(found):
    ids = [series.id for series, _ in found.ranked]
    assert ids[:2] == ["deploy/shop/mailer/app", "deploy/shop/cart/app"]
    assert {verdict.name for _, verdict in found.ranked[:2]} == {VerdictName.LEAK}
    assert found.leaks == 2


def test_every_container_is_there_once_with_its_pods_together_and_without_pods_and_pauses(found):
    ids = [series.id for series, _ in found.rows]
    assert len(ids) == len(set(ids)) == 5 + 14
    assert all(series.labels["container"] == "app" for series, _ in found.rows)
    cart, verdict = row(found, "deploy/shop/cart/app")
    assert cart.labels["pods"] == cart.labels["pods_leaking"] == "3"
    assert any("3 pods side by side" in reason for reason in verdict.reasons)


def test_restarts_are_lifetimes_that_ended_as_the_cluster_says_and_do_not_overlap(found):
    series, verdict = row(found, "deploy/shop/mailer/app")
    assert [life.ending.value for life in series.lifetimes] == ["oom-killed"] * 3 + ["running"]
    assert all(a.at_s[-1] < b.at_s[0] for a, b in zip(series.lifetimes, series.lifetimes[1:], strict=False))
    # What lingers of the old run would be the highest value of the new one's first minutes.
    assert all(life.value[0] < 40 * MIB for life in series.lifetimes[1:])
    assert verdict.limit == 256 * MIB


def test_a_rollout_is_one_series_of_two_pods(found):
    series, _ = row(found, "deploy/shop/web/app")
    assert [life.ending.value for life in series.lifetimes] == ["replaced", "running"]
    assert series.samples == pytest.approx(721, abs=2)


def test_any_label_value_is_asked_for_as_it_is(found, address):
    series, _ = row(found, f"pod/odd/{NASTY}/app")
    assert series.samples == pytest.approx(721, abs=2)
    alone = scan(address, labels=[f"pod={NASTY}"])
    assert [series.labels["pod"] for series, _ in alone.rows] == [NASTY]


def test_the_values_are_those_that_were_planted(found):
    series, _ = row(found, "sts/db/postgres/app")
    told = next(
        each
        for each in WORLD.rows
        if each.name == "container_memory_rss" and each.labels["pod"] == series.labels["pod"] and "image" in each.labels
    )
    assert np.array_equal(series.lifetimes[0].at_s, [at for at, _ in told.samples])
    assert np.array_equal(series.lifetimes[0].value, [value for _, value in told.samples])


def test_more_points_than_a_server_answers_are_asked_for_in_parts(address):
    second = Span(WORLD.start_s, WORLD.end_s, 1.0)
    (one,) = asked(address, lambda live: live.over("vector(1)", second))
    assert one.at_s.size == second.points == 43_201
    assert np.array_equal(np.diff(one.at_s), np.ones(43_200))


def test_a_range_selector_gives_the_samples_as_they_were_scraped(address):
    query = selector("container_memory_rss", [any_of("pod", [NASTY]), any_of("container", ["app"])]) + "[10m]"
    (one,) = asked(address, lambda live: live.instant(query, WORLD.end_s))
    assert 10 <= one.at_s.size <= 11
    assert set(np.diff(one.at_s)) == {60.0}


def test_labels_and_their_values_are_told(address):
    names = asked(address, lambda live: live.label_names(["container_memory_rss"], DAY))
    assert {"namespace", "pod", "container", "id"} <= set(names)
    values = asked(address, lambda live: live.label_values("namespace", ["container_memory_rss"], DAY))
    assert set(values) >= {"shop", "db", "odd"}


def by_way(address, remote_read, span=DAY):
    """Every series of three metrics, how a step saw it; and what was asked."""

    async def question(live):
        await live.about()
        found = {}
        for metric in ("container_memory_rss", "container_start_time_seconds", "kube_pod_owner"):
            selected = Selected(metric, (Matcher("namespace", "=~", "shop|odd|db"),), 60.0)
            for each in await live.last(selected, span):
                if each.at_s.size:
                    found[tuple(sorted(each.labels.items()))] = (each.at_s.tolist(), each.value.tolist())
        return found, live.asked

    return asked(address, question, QueryBudget(remote_read=remote_read))


@pytest.mark.parametrize("step_s", [60.0, 90.0, 120.0])
def test_both_ways_of_reading_give_the_same(address, request, step_s):
    span = Span(WORLD.end_s - 6 * 3600, WORLD.end_s, step_s)
    chunks, by_chunks = by_way(address, True, span)
    evaluated, told = by_way(address, False, span)
    assert told.chunks == 0
    assert len(chunks) > 20
    assert chunks == evaluated
    pays = step_s <= 90 or "victoria" not in request.node.callspec.id
    assert by_chunks.chunks == (3 if pays else 0)
    assert by_chunks.evaluated == ""


def test_an_answer_says_by_which_way_it_was_read(found, request):
    way = "export" if "victoria" in request.node.callspec.id else "remote read"
    assert f"of them by {way}" in found.warnings[-1]


def test_a_namespace_alone_is_asked_for_and_one_that_is_not_there_is_told_with_those_that_are(address):
    assert {series.labels["namespace"] for series, _ in scan(address, namespaces=["shop"]).rows} == {"shop"}
    with pytest.raises(TargetError, match="nope") as told:
        scan(address, namespaces=["nope"])
    assert "shop" in told.value.why


def test_a_window_in_which_there_is_nothing_is_told(address):
    given = HistorySettings.of(window_s=3600, at="2001-01-01T00:00:00Z")
    with pytest.raises(TargetError, match="no memory of containers") as told:
        scan_prometheus(address, opened(address), settings=given, policy=Policy(), now_s=WORLD.end_s, progress=Silent())
    assert "container_memory_rss" in told.value.why


def test_the_answer_is_not_written_out_when_the_event_loop_ends(address, monkeypatch):
    written_out = []
    monkeypatch.setattr("oakum.model.scan.Scan.__repr__", lambda _: written_out.append(1) or "")
    assert scan(address, namespaces=["shop"]).rows
    assert not written_out  # a fleet's takes longer than to read it


def test_a_budget_that_is_used_up_leaves_a_partial_answer_that_says_so(address):
    partial = scan(address, budget=QueryBudget(at_once=1, most_bytes=40_000))
    assert partial.partial
    assert any("budget" in absent.why for absent in partial.absent)
