"""Servers that refuse, lie, stall or die: one clear error each, and never a word of a secret."""

from __future__ import annotations

import base64
import gzip
import json

import anyio
import numpy as np
import pytest
from metric_server import MetricServer, Reply, error, one_after_the_other, success
from metric_store import MetricStore, containers

from oakum.loop.progress import Silent
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.model.errors import (
    CallerError,
    DataError,
    InternalError,
    MachineError,
    OakumError,
    SpentError,
    TargetError,
    TooMuchError,
)
from oakum.model.metrics import QueryBudget, Span
from oakum.model.policy import Policy
from oakum.prometheus import server
from oakum.prometheus.access import find_access

ONE = {"resultType": "vector", "result": [{"metric": {}, "value": [1.7e9, "1"]}]}
SPAN = Span(1.7e9, 1.7e9 + 600, 60.0)


def asked(answer, question=lambda live: live.instant("up", 1.7e9), *, budget=None, environment=None, table=None):
    """(what came of it, the server)."""
    with MetricServer(answer) as fake:
        return outcome(fake.address, question, budget, environment, table), fake


def outcome(address, question, budget=None, environment=None, table=None):
    async def journey():
        opened = server(address, environment=environment or {}, table=table or {}, budget=budget or QueryBudget())
        async with opened as live:
            try:
                return await question(live), live.asked
            except OakumError as exc:
                return exc, live.asked

    return anyio.run(journey)


def said(reply, **how):
    ((exc, _), _) = asked(lambda _: reply, **how)
    assert isinstance(exc, OakumError)
    return exc


@pytest.mark.parametrize(
    ("reply", "family", "words"),
    [
        (Reply(b"<html><title>Grafana</title><form/></html>"), TargetError, "Grafana"),
        (Reply(b""), TargetError, "does not speak"),
        (Reply(b'"hello"'), TargetError, "does not speak"),
        (Reply(b'{"jsonrpc": 2}'), TargetError, "does not speak"),
        (Reply(b'{"status":"success","data":{"resul'), DataError, "no whole JSON"),
        (Reply(b"", 302, {"Location": "https://login.example/?token=hidden"}), TargetError, "elsewhere"),
        (Reply(b"Unauthorized", 401), TargetError, "TOKEN_FILE"),
        (error(403, "denied"), TargetError, "does not let us in"),
        (Reply(b"no org id", 401), TargetError, "OAKUM_PROMETHEUS_TENANT"),
        (Reply(b"404 page not found", 404), TargetError, "no Prometheus API"),
        (error(400, 'unsupported path requested: "/select/0/api/v1/query"'), TargetError, "no Prometheus API"),
        (Reply(b"<html><title>Error response</title></html>", 501), TargetError, "Error response"),
        (error(400, 'parse error: unexpected "}"', "bad_data"), InternalError, "refused a query"),
        (error(422, "query processing would load too many samples into memory"), TooMuchError, "so much"),
        (error(400, "exceeded maximum resolution of 11,000 points per timeseries"), TooMuchError, "so much"),
        (error(422, "cannot select more than -search.maxSamplesPerQuery=1000 samples", "422"), TooMuchError, "so much"),
        (
            error(422, "the query hit the max number of series (err-mimir-max-series-per-query)"),
            TooMuchError,
            "so much",
        ),
        (error(503, "query timed out in expression evaluation", "timeout"), TooMuchError, "so much"),
        (Reply(b"", 413), TooMuchError, "so much"),
        (Reply(b"boom", 500), TargetError, "too busy or not whole"),
        (
            success({"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "x"]]}]}),
            TargetError,
            "no Prometheus does",
        ),
        (success({"resultType": "matrix", "result": [{"metric": {"a": 1}, "values": []}]}), TargetError, "labels"),
        (success({"resultType": "streams", "result": []}), TargetError, "streams"),
        (success(None), TargetError, "no Prometheus does"),
    ],
)
def test_an_answer_that_is_none_is_one_clear_error_with_a_next_step(reply, family, words):
    exc = said(reply)
    assert type(exc) is family
    assert words in str(exc)
    assert exc.next_step or family is InternalError
    assert "hidden" not in str(exc)


def test_nobody_there_is_told_with_the_address():
    with MetricServer(lambda _: Reply(b"")) as gone:
        pass
    exc, _ = outcome(gone.address, lambda live: live.about())
    assert isinstance(exc, TargetError)
    assert gone.address in str(exc)


def test_a_server_that_is_busy_is_asked_again_when_it_said_so():
    busy = error(429, "too many outstanding requests", Retry_After="0.01")
    ((found, told), fake) = asked(one_after_the_other(busy, busy, success(ONE)))
    assert found[0].value.tolist() == [1.0]
    assert told.refused == 2
    assert len(fake.asked) == 3


def test_a_server_that_wants_to_be_left_alone_for_long_is_told_of_at_once():
    ((exc, _), fake) = asked(lambda _: error(503, "starting", Retry_After="3600"))
    assert "too busy" in str(exc)
    assert len(fake.asked) == 1


def test_a_server_is_not_waited_for_beyond_the_budget(monkeypatch):
    async def never(_):
        raise AssertionError("it is slept through the end of the budget")

    monkeypatch.setattr("oakum.prometheus.api.anyio.sleep", never)
    busy = error(429, "too many outstanding requests", Retry_After="25")
    ((exc, told), fake) = asked(lambda _: busy, budget=QueryBudget(seconds=20))
    assert isinstance(exc, SpentError)
    assert told.refused == len(fake.asked) == 1


def test_a_server_that_dies_in_the_middle_of_an_answer_is_asked_again_and_then_told_of():
    whole = success(ONE)
    cut = Reply(whole.body, cut=10)
    ((found, _), _) = asked(one_after_the_other(cut, whole))
    assert found[0].value.tolist() == [1.0]
    assert "does not answer" in str(said(cut))


def test_a_server_that_stalls_costs_no_more_than_the_budget():
    """Waited for, it would answer what is no answer."""
    exc = said(Reply(b"{}", stalls_s=30), budget=QueryBudget(seconds=0.3))
    assert isinstance(exc, SpentError)


@pytest.mark.parametrize("code", [405, 501])
def test_a_server_that_takes_no_post_is_asked_by_get(code):
    def answer(request):
        return success(ONE) if request.method == "GET" else Reply(b"", code)

    ((found, _), fake) = asked(answer)
    assert found[0].value.tolist() == [1.0]
    assert fake.asked[-1].form["query"] == ["up"]


def test_warnings_are_heard_once_each_and_make_the_answer_partial():
    reply = success(ONE, warnings=["store x is down", "store x is down", "no\nnewlines"])
    ((_, told), _) = asked(lambda _: reply)
    assert list(told.warnings) == ["store x is down", "no newlines"]
    assert told.partial
    ((_, told), _) = asked(lambda _: success(ONE, isPartial=True))
    assert told.partial


def test_samples_that_are_none_out_of_order_or_twice_are_put_right():
    values = [[3, "3"], [1, "1"], [2, "NaN"], [2, "+Inf"], [3, "4"], [5, "5"]]
    matrix = {"resultType": "matrix", "result": [{"metric": {"pod": 'é\n"}'}, "values": values}]}
    ((found, _), _) = asked(lambda _: success(matrix), lambda live: live.over("up", SPAN))
    assert found[0].at_s.tolist() == [1.0, 3.0, 5.0]
    assert found[0].value.tolist() == [1.0, 4.0, 5.0]
    assert found[0].labels == {"pod": 'é\n"}'}


def test_the_clock_of_the_server_is_told():
    reply = success(ONE)
    reply.headers["Date"] = "Sat, 01 Jan 2000 00:00:00 GMT"
    ((_, told), _) = asked(lambda _: reply)
    assert told.ahead_s is not None


SECRETS = ("s3cret", "t0ken", "hidden", base64.b64encode(b"me:s3cret").decode())


@pytest.mark.parametrize(
    ("environment", "table", "header", "value"),
    [
        ({"OAKUM_PROMETHEUS_TOKEN": "t0ken"}, {}, "authorization", "Bearer t0ken"),
        (
            {"OAKUM_PROMETHEUS_USER": "me", "OAKUM_PROMETHEUS_PASSWORD": "s3cret"},
            {},
            "authorization",
            "Basic bWU6czNjcmV0",
        ),
        ({"OAKUM_PROMETHEUS_TENANT": "team-a"}, {}, "x-scope-orgid", "team-a"),
        ({"OAKUM_PROMETHEUS_HEADERS": "X-One: 1\nX-Two: hidden"}, {}, "x-two", "hidden"),
        ({}, {"url": "HERE", "token": "t0ken"}, "authorization", "Bearer t0ken"),
        ({}, {"url": "HERE", "headers": {"X-Two": "hidden"}}, "x-two", "hidden"),
        (
            {"OAKUM_PROMETHEUS_TOKEN": "t0ken"},
            {"url": "HERE", "user": "me", "password": "s3cret"},
            "authorization",
            "Bearer t0ken",
        ),
    ],
)
def test_who_we_are_is_sent_and_never_told(environment, table, header, value):
    with MetricServer(lambda _: Reply(b"denied", 403)) as fake:
        given = {name: fake.address if text == "HERE" else text for name, text in table.items()}
        exc, _ = outcome(fake.address, lambda live: live.instant("up", 0), None, environment, given)
    assert fake.asked[0].headers[header] == value
    assert not any(secret in f"{exc!s}{exc!r}" for secret in SECRETS)


@pytest.mark.parametrize(("headers", "asked_for"), [({}, "identity"), ({"accept-encoding": "gzip"}, "gzip")])
def test_answers_are_packed_where_that_is_asked_for_alone_and_are_understood_either_way(headers, asked_for):
    def answer(given):
        reply = success(ONE)
        if given.headers["accept-encoding"] == "gzip":
            return Reply(gzip.compress(reply.body), headers={"Content-Encoding": "gzip"})
        return reply

    with MetricServer(answer) as fake:
        (one, *_), _ = outcome(
            fake.address, lambda live: live.instant("up", 0), table={"url": fake.address, "headers": headers}
        )
    assert [each.headers["accept-encoding"] for each in fake.asked] == [asked_for]
    assert one.value.tolist() == [1.0]


def test_what_the_file_says_of_one_server_is_not_sent_to_another():
    table = {"url": "https://elsewhere.example", "token": "t0ken", "tenant": "team-a", "headers": {"X-Two": "hidden"}}
    ((_, _), fake) = asked(lambda _: success(ONE), table=table)
    assert not {"authorization", "x-scope-orgid", "x-two"} & fake.asked[0].headers.keys()


LOGGED_IN = {"OAKUM_PROMETHEUS_TOKEN": "t0ken", "OAKUM_PROMETHEUS_HEADERS": "X-Two: hidden"}


def test_the_login_of_the_environment_is_for_the_server_that_it_names():
    with MetricServer(lambda _: Reply(b"denied", 401)) as fake:
        for named in (fake.address, f"{fake.address}/prometheus", fake.address.replace("http", "prometheus"), ""):
            outcome(fake.address, lambda live: live.about(), environment={**LOGGED_IN, "OAKUM_PROMETHEUS_URL": named})
        assert {each.headers.get("authorization") for each in fake.asked} == {"Bearer t0ken"}
        fake.asked.clear()
        for named in ("https://elsewhere.example", "kube+http://p.m:9090@arn:aws:eks"):
            given = {**LOGGED_IN, "OAKUM_PROMETHEUS_URL": named}
            exc, _ = outcome(fake.address, lambda live: live.instant("up", 0), environment=given)
            assert "OAKUM_PROMETHEUS_URL, and was not sent" in exc.why
            assert exc.next_step.startswith(f"export OAKUM_PROMETHEUS_URL={fake.address} ")
    assert len(fake.asked) == 2
    assert not any({"authorization", "x-two"} & each.headers.keys() for each in fake.asked)


def test_an_address_of_the_environment_that_is_none_is_told_by_its_name():
    with pytest.raises(CallerError, match="OAKUM_PROMETHEUS_URL is no address") as told:
        find_access("http://h:9090", {**LOGGED_IN, "OAKUM_PROMETHEUS_URL": "http://me:s3cret@h:99999"}, {})
    assert not any(secret in str(told.value) for secret in SECRETS)


def test_a_name_and_a_password_in_the_address_log_in_and_are_told_nowhere():
    with MetricServer(lambda _: Reply(b"denied", 401)) as fake:
        address = fake.address.replace("http://", "http://me:s3cret@")
        exc, _ = outcome(address, lambda live: live.instant("up", 0))
    assert fake.asked[0].headers["authorization"] == "Basic bWU6czNjcmV0"
    assert not any(secret in str(exc) for secret in SECRETS)


def test_a_token_in_a_file_is_read_again_for_each_request(tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n")

    async def twice(live):
        await live.instant("up", 0)
        file.write_text("second\n")
        return await live.instant("up", 0)

    ((_, _), fake) = asked(lambda _: success(ONE), twice, environment={"OAKUM_PROMETHEUS_TOKEN_FILE": str(file)})
    assert [each.headers["authorization"] for each in fake.asked] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    ("url", "environment", "family"),
    [
        ("http://127.0.0.1:1/graph?g0.expr=up", {}, CallerError),
        ("http://127.0.0.1:99999", {}, CallerError),
        ("http://127.0.0.1:1", {"OAKUM_PROMETHEUS_TOKEN": "t0ken\nX-Evil: 1"}, CallerError),
        ("http://127.0.0.1:1", {"OAKUM_PROMETHEUS_TOKEN_FILE": "/no/such/file"}, MachineError),
        ("http://127.0.0.1:1", {"OAKUM_PROMETHEUS_KEY_FILE": "/etc/hostname"}, CallerError),
        ("https://127.0.0.1:1", {"OAKUM_PROMETHEUS_AUTHORITY_FILE": "/etc/hostname"}, MachineError),
    ],
)
def test_an_address_or_a_login_that_cannot_be_used_is_told_before_anything_is_asked(url, environment, family):
    async def journey():
        async with server(url, environment=environment, table={}, budget=QueryBudget()):
            pass

    with pytest.raises(OakumError) as told:
        anyio.run(journey)
    assert type(told.value) is family
    assert not any(secret in str(told.value) for secret in SECRETS)


@pytest.mark.parametrize(
    "given",
    ["Authorization Bearer s3cret", "X-One: 1\nAuthorization Bearer s3cret", "Bearer s3cret: x", "X-One: s3cret\x7f"],
)
def test_a_header_that_cannot_be_sent_is_told_without_what_may_be_a_secret(given):
    with pytest.raises(CallerError) as told:
        find_access("http://h:9090", {"OAKUM_PROMETHEUS_HEADERS": given}, {})
    assert not any(secret in str(told.value) for secret in SECRETS)
    assert "header" in told.value.what
    assert ("X-One" in told.value.what) == ("\x7f" in given)


@pytest.mark.parametrize("url", ["http://h:99999", "http://[x"])
def test_an_address_of_the_settings_that_is_none_is_the_callers_mistake(url):
    with pytest.raises(CallerError, match="url is no address"):
        find_access("http://h:9090", {}, {"url": url, "tenant": "a"})


@pytest.mark.parametrize(("url", "own"), [("https://h", "https://h:443"), ("http://h:80/prometheus", "http://h")])
def test_the_port_that_goes_without_saying_is_the_same_one_when_it_is_said(url, own):
    assert find_access(url, {}, {"url": own, "tenant": "a"}).headers == {"X-Scope-OrgID": "a"}
    assert find_access(url, {}, {"url": f"{url.split('//')[0]}//h:8080", "tenant": "a"}).headers == {}


@pytest.mark.parametrize("path", ["/", "/graph", "/api/v1", "/api/v1/query"])
def test_what_is_copied_along_with_an_address_does_no_harm(path):
    with MetricServer(lambda _: success(ONE)) as fake:
        outcome(fake.address + "/prometheus" + path, lambda live: live.instant("up", 0))
    assert fake.asked[0].path == "/prometheus/api/v1/query"


def test_an_answer_that_is_too_large_to_hold_is_asked_for_in_parts(monkeypatch):
    monkeypatch.setattr("oakum.prometheus.api.LARGEST", 1000)
    exc = said(Reply(json.dumps({"status": "success", "data": "x" * 5000}).encode()))
    assert isinstance(exc, TooMuchError)


def test_a_path_that_is_not_there_is_told_with_the_address_without_it():
    with MetricServer(lambda _: Reply(b"404 page not found", 404)) as fake:
        with_path, _ = outcome(f"{fake.address}/prometheus", lambda live: live.about())
        without, _ = outcome(fake.address, lambda live: live.about())
        assert f"oakum scan {fake.address} " in with_path.next_step
        assert "is a path missing" in without.next_step


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (b"Client sent an HTTP request to an HTTPS server.\n", "https://"),
        (b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>", "https://"),
    ],
)
def test_a_server_that_speaks_tls_only_is_told_with_its_address(words, address):
    exc = said(Reply(words, 400))
    assert type(exc) is TargetError
    assert f"oakum scan {address}" in exc.next_step


def test_https_where_there_is_no_tls_is_told_with_the_other_address():
    with MetricServer(lambda _: success(ONE)) as fake:
        exc, _ = outcome(fake.address.replace("http", "https"), lambda live: live.about())
    assert "does not speak TLS" in exc.what
    assert f"oakum scan {fake.address} " in exc.next_step


TIMES = np.arange(1_700_000_000.0 - 4 * 3600, 1_700_000_001.0, 60.0)


def scanned(rows, before=lambda _: None):
    settings = HistorySettings.of(window_s=4 * 3600, at="1700000000", step_s=60.0)
    with MetricStore(TIMES, rows, before) as store:
        opened = server(store.address, environment={}, table={}, budget=settings.budget)
        return scan_prometheus("store", opened, settings=settings, policy=Policy(), now_s=1.7e9, progress=Silent())


def test_containers_that_have_labels_and_no_number_are_told_and_are_not_nothing():
    rows = [
        (labels, np.full(TIMES.size, np.nan) if labels["__name__"] == "container_memory_rss" else value)
        for labels, value in containers(TIMES, namespaces=1, each=3)
    ]
    with pytest.raises(TargetError, match="no sample of container_memory_rss came") as caught:
        scanned(rows)
    assert "3 containers" in caught.value.why
    assert caught.value.next_step


def test_a_counter_in_the_place_of_a_gauge_is_told():
    def typed(asked):
        counter = {"container_memory_rss": [{"type": "counter", "help": "", "unit": ""}]}
        return success(counter) if asked.path.endswith("/metadata") else None

    found = scanned(containers(TIMES, namespaces=1, each=3), typed)
    assert "container_memory_rss is a counter here, and was read as a gauge" in found.warnings


@pytest.mark.parametrize(
    ("build", "product"),
    [
        ({"version": "3.7.3", "revision": "0a3e", "goVersion": "go1.25"}, "Prometheus"),
        ({"version": "3.7.3", "revision": "", "goVersion": "go1.26.8"}, "Prometheus"),
        ({"version": "0.38.0", "revision": "", "goVersion": "go1.26.8"}, "Thanos"),
        ({"application": "Grafana Mimir", "version": "2.17", "revision": "0a3e"}, "Mimir"),
    ],
)
def test_a_server_is_known_by_its_build_also_where_that_has_no_revision(build, product):
    async def about(address):
        async with server(address, environment={}, table={}, budget=QueryBudget()) as live:
            return await live.about()

    with MetricServer(lambda _: success(build)) as fake:
        assert anyio.run(about, fake.address).product == product
