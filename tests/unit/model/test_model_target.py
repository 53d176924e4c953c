"""Targets and sources: one parser, one printer."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.errors import (
    CallerError,
    DataError,
    InternalError,
    MachineError,
    OakumError,
    RefusedError,
    TargetError,
)
from oakum.model.source import (
    ClusterSource,
    FileSource,
    HostSource,
    PrometheusSource,
    ServiceSource,
    metrics_source,
    parse_source,
)
from oakum.model.target import (
    CgroupTarget,
    DependencyTarget,
    LogTarget,
    NodeTarget,
    PodTarget,
    ProcessTarget,
    WorkloadTarget,
    parse_target,
)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("log/app.log", LogTarget("app.log")),
        ("log//var/log/app.log", LogTarget("/var/log/app.log")),
        ("/var/log/app.log", LogTarget("/var/log/app.log")),
        ("./app.log", LogTarget("./app.log")),
        ("../app.log", LogTarget("../app.log")),
        ("-", LogTarget("-")),
        ("pid/4242", ProcessTarget(4242)),
        ("cgroup/kubepods/pod1", CgroupTarget("/kubepods/pod1")),
        ("deploy/shop/cart", WorkloadTarget("deploy", "shop", "cart")),
        ("deployment/shop/cart@prod", WorkloadTarget("deploy", "shop", "cart", "prod")),
        ("sts/shop/db", WorkloadTarget("sts", "shop", "db")),
        ("pod/shop/cart-0", PodTarget("shop", "cart-0")),
        ("pod/shop/cart-0/app@prod", PodTarget("shop", "cart-0", "app", "prod")),
        ("node/worker-1", NodeTarget("worker-1")),
        ("redis://cache:6379/0", DependencyTarget("redis://cache:6379/0")),
        ("postgresql://me@db:5432/shop", DependencyTarget("postgresql://me@db:5432/shop")),
        ("postgresql:///shop?host=/run/pg&port=5433", DependencyTarget("postgresql:///shop?host=/run/pg&port=5433")),
        ("postgresql://me@a:5432,b:5433/shop", DependencyTarget("postgresql://me@a:5432,b:5433/shop")),
        ("postgresql://me@[::1]:5432/shop", DependencyTarget("postgresql://me@[::1]:5432/shop")),
    ],
)
def test_a_target_is_understood_and_printed(text, target):
    assert parse_target(text) == target
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "text",
    ["", "pid", "pid/", "pid/0", "pid/-1", "pid/+5", "pid/ 5", "pid/5x", "pid/\u0665", "deploy/cart", "pod/a/b/c/d"],
)
def test_what_is_no_target_is_refused_with_the_next_step(text):
    with pytest.raises(CallerError, match="is not a target") as raised:
        parse_target(text)
    assert raised.value.why
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("app:s3cret@h:5432/db", "'…@h:5432/db'"),
        ("s3cret@h", "'…@h'"),
        ("app:s3c@ret@h/db", "'…@h/db'"),
        ("postgresql:/app:s3cret@h/db", "'…@h/db'"),
        ("pid/app:s3cret@h", "'…@h'"),
        ("pod/app:s3cret@h", "'…@h'"),
        ("deploy/Shop/web@prod", "'deploy/Shop/web@prod'"),
    ],
)
def test_what_stands_before_an_at_sign_is_not_said_again(text, shown):
    with pytest.raises(CallerError, match="is not a target") as raised:
        parse_target(text)
    assert "s3c" not in str(raised.value)
    assert raised.value.what.startswith(shown)


@pytest.mark.parametrize("scheme", ["postgresql", "POSTGRES", "redis", "valkeys"])
@pytest.mark.parametrize(
    "rest",
    [
        *("me:s3[cret@db/shop", "me:S3cr#etPW@db:1/u8", "me:S3cr?etPW@db", "me:S3cr/etPW@db", "me:12/S3cret@db"),
        *("me:S3cret", "db/shop#S3cret", "db/shop?password=S3c@ret", "me:S3cret@db:port"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_saying_its_password(scheme, rest):
    with pytest.raises(CallerError) as raised:
        parse_target(f"{scheme}://{rest}")
    assert not any(piece in str(raised.value) for piece in ("cret", "S3c", "etPW", "port"))
    assert "%23" in raised.value.why


def test_a_password_with_an_at_sign_is_refused_where_libpq_would_take_its_rest_for_the_host():
    with pytest.raises(CallerError):
        parse_target("postgresql://me:s3c@ret@db/shop")
    assert str(parse_target("redis://me:s3c@ret@db")) == "redis://me@db"


@given(st.text(max_size=40) | st.text(max_size=20).map("postgresql://{}".format))
def test_any_text_is_a_target_or_the_caller_s_mistake(text):
    try:
        target = parse_target(text)
    except CallerError:
        return
    if not isinstance(target, DependencyTarget):
        assert parse_target(str(target)) == target


def test_a_password_is_never_printed():
    assert str(parse_target("postgresql://me:s3cret@db/shop")) == "postgresql://me@db/shop"
    assert str(parse_target("redis://:s3cret@cache/0")) == "redis://cache/0"
    assert str(parse_target("postgresql://db/shop?password=s3cret&host=a")) == "postgresql://db/shop?host=a"
    assert "s3cret" not in str(parse_source("https://me:s3cret@prom.example/api"))


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("host", HostSource()),
        ("kube://", ClusterSource()),
        ("kube://prod", ClusterSource("prod")),
        ("http://prom:9090", PrometheusSource("http://prom:9090")),
        ("prometheus://prom:9090", PrometheusSource("http://prom:9090")),
        ("kube+http://prometheus.monitoring:9090", ServiceSource("prometheus", "monitoring", 9090)),
        ("kube+http://prometheus.monitoring.svc.cluster.local", ServiceSource("prometheus", "monitoring")),
        (
            "kube+https://thanos.openshift-monitoring.svc:9091/api/@arn:aws:eks:eu-1:2:cluster/me@work",
            ServiceSource("thanos", "openshift-monitoring", 9091, "/api", True, "arn:aws:eks:eu-1:2:cluster/me@work"),
        ),
        ("./series.csv", FileSource(PurePath("series.csv"))),
    ],
)
def test_a_source_is_understood_and_printed(text, source):
    assert parse_source(text) == source
    assert parse_source(str(source)) == source


@pytest.mark.parametrize(
    "text",
    [
        *("", "ftp://x/y", "http://", "kube+http://prometheus", "kube+http://-a.monitoring", "kube+http://a.b:0"),
        *("kube+http://a.b:port", "kube+http://a.b?query=up", "kube+http://", "kube+http://[::1", "kube+ftp://a.b"),
    ],
)
def test_what_is_no_source_is_refused(text):
    with pytest.raises(CallerError):
        parse_source(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:s3cret@:9090",
        "kube+http://me:s3cret@prometheus.monitoring:9090",
        "promethues://me:s3c@ret@h",
        "http://me:s3cret@[::1:9090",
        *("http://me:s3c/ret@host:9090", "https://me:12/s3c@host", "prometheus://me:s3c?ret@host", "http://me:#s3c@h"),
        *("http://me:s3cret", "kube+http://me:s3cret", "kube+https://me:s3c/ret", "kube+http://me:[s3cret"),
    ],
)
def test_what_is_no_source_is_refused_without_the_password_that_it_holds(text):
    with pytest.raises(CallerError) as refused:
        parse_source(text)
    assert "s3c" not in str(refused.value)


@pytest.mark.parametrize("text", ["host", "kube://prod", "series.csv", ""])
def test_what_must_be_a_server_of_metrics_is_no_other_source(text):
    with pytest.raises(CallerError):
        metrics_source(text)


def test_every_family_has_the_exit_code_of_the_design():
    families = {CallerError: 2, TargetError: 3, RefusedError: 3, DataError: 4, MachineError: 6, InternalError: 70}
    assert {family: family.exit_code for family in families} == families


def test_an_error_says_what_why_and_next():
    error = OakumError("it broke", why="because", next_step="oakum doctor")
    assert str(error) == "it broke\n  why:  because\n  next: oakum doctor"
