"""Redis servers with services that leak into them, asked as an engineer asks them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from shutil import which

import pytest
from redis.exceptions import MovedError
from redis_clients import services
from redis_server import RedisCluster, RedisServer, certificates

pytestmark = pytest.mark.lab

PASSWORD = "s3cret-of-the-lab"

READS = {"acl|whoami", "client|setname", "client|no-touch", "client|list", "client|id", "info", "slowlog|get", "scan"}
READS |= {"memory|doctor", "memory|usage", "pttl", "type", "llen", "xlen", "hlen", "scard", "zcard", "ping", "select"}
READS |= {"xinfo|stream", "xinfo|groups", "cluster|nodes"}
"""All that is ever asked of a server."""


@pytest.fixture
def server():
    with closing(RedisServer()) as started:
        yield started


def investigated(url, *more, watch="6s", **environment):
    """(exit code, the answer, what was said beside it)."""
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "oakum.cli.entry",
            "investigate",
            url,
            "--for",
            watch,
            "--no-incident",
            "-o",
            "json",
            *more,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env={**os.environ, **environment},
    )
    assert PASSWORD not in run.stdout + run.stderr
    return run.returncode, json.loads(run.stdout) if run.stdout else {}, run.stderr


def facts(answer, kind):
    return [row["facts"] for row in answer["evidence"] if row["id"].partition("-")[0] == kind]


def titles(answer):
    return "\n".join(row["title"] for row in answer["evidence"])


def test_keys_without_ttl_and_a_queue_that_nobody_empties_are_named(server):
    before = server.client().info("commandstats")
    with services(server, "leaks", "queues"):
        code, answer, _ = investigated(server.url)
    assert (code, answer["verdict"]["verdict"]) == (1, "leak")
    named = {(cause["cause"], cause["holder"]) for cause in answer["causes"]}
    assert named >= {("keys-without-ttl", "session:*:cart"), ("queue-backlog", "jobs:mail")}
    assert all(cause["growth_bytes_per_s"] > 0 for cause in answer["causes"][:2])
    (pattern,) = [row for row in facts(answer, "pattern") if row["pattern"] == "session:*:cart"]
    assert pattern["without_ttl"] == [1.0, 1.0, 1.0]
    assert pattern["came"][0] > 0
    assert pattern["went"][0] == 0
    commands = "\n".join(step["command"] for step in answer["plan"]["steps"])
    assert "TTL" in commands
    assert str(server.port) in commands
    asked = {name.removeprefix("cmdstat_") for name in server.client().info("commandstats")}
    assert asked - {name.removeprefix("cmdstat_") for name in before} <= READS | {"set", "rpush", "client|setinfo"}


def test_keys_that_end_by_themselves_are_healthy(server):
    with services(server, "caches"):
        code, answer, _ = investigated(server.url)
    assert (code, answer["verdict"]["verdict"], answer["causes"]) == (0, "healthy", [])
    (pattern,) = facts(answer, "pattern")
    assert pattern["pattern"] == "page:*"
    assert pattern["without_ttl"][0] == 0
    assert pattern["went"][0] > 0


def test_a_user_who_must_not_scan_is_told_which_right_is_missing(server):
    client = server.client()
    client.set("a:1", "b")
    client.execute_command("ACL", "SETUSER", "viewer", "on", f">{PASSWORD}", "~*", "+info", "+ping")
    code, answer, _ = investigated(f"redis://viewer@127.0.0.1:{server.port}", watch="5s", REDISCLI_AUTH=PASSWORD)
    assert code == 5 or answer["verdict"]["verdict"] == "healthy"
    absent = {row["what"]: row["get"] for row in answer["absent"]}
    assert absent["keys by pattern"].endswith("ACL SETUSER viewer +scan")
    assert absent["its slow log"].endswith("ACL SETUSER viewer +slowlog|get")
    assert "1 key, 1 of them (100 %) without TTL, counted by the server" in titles(answer)


def test_the_rights_that_the_page_names_are_all_that_is_needed(server):
    page = (Path(__file__).parents[2] / "docs" / "redis.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("ACL SETUSER oakum")]
    client = server.client()
    client.rpush("jobs", "a", "b")
    client.xadd("events", {"a": "b"})
    client.xgroup_create("events", "mailers")
    client.set("a:1", "b", ex=100)
    client.execute_command(*line.replace("PASSWORD", PASSWORD).split())
    _, answer, said = investigated(f"redis://oakum@127.0.0.1:{server.port}", watch="5s", REDISCLI_AUTH=PASSWORD)
    assert [row for row in answer["absent"] if row["kind"] == "not-permitted"] == [], said
    assert {row["key"]: row["groups"] for row in facts(answer, "collection")} == {
        "jobs": [],
        "events": [{"name": "mailers", "consumers": 0, "pending": 0, "lag": 0}],
    }


def test_a_user_who_must_not_read_keys_is_told_so_and_counts_them_all_the_same(server):
    client = server.client()
    for number in range(40):
        client.set(f"a:{number}", "b", ex=100 if number % 2 else None)
    client.execute_command("ACL", "SETUSER", "namer", "on", f">{PASSWORD}", "resetkeys", "+@read", "+@slow", "+ping")
    code, answer, _ = investigated(f"redis://namer:{PASSWORD}@127.0.0.1:{server.port}", watch="5s")
    absent = {row["what"]: row["get"] for row in answer["absent"]}
    assert absent["which patterns have a TTL"].endswith("ACL SETUSER namer '%R~*'")
    (pattern,) = facts(answer, "pattern")
    assert (pattern["pattern"], pattern["keys"], pattern["without_ttl"]) == ("a:*", [40, 40, 40], None)
    assert code in {0, 5}


def test_a_user_who_must_not_ask_for_info_and_a_wrong_password_are_refused(server):
    client = server.client()
    client.execute_command("ACL", "SETUSER", "blind", "on", f">{PASSWORD}", "~*", "+scan")
    code, _, said = investigated(f"redis://blind:{PASSWORD}@127.0.0.1:{server.port}")
    assert (code, "ACL SETUSER blind +info" in said) == (3, True)
    code, _, said = investigated(f"redis://blind:{PASSWORD}-not@127.0.0.1:{server.port}")
    assert (code, "does not let us in" in said) == (3, True)


def test_tls_wants_to_know_who_signed(tmp_path):
    made = certificates(tmp_path)
    with closing(RedisServer(f"requirepass {PASSWORD}", tls=made)) as server:
        url = f"rediss://127.0.0.1:{server.port}"
        code, _, said = investigated(url, REDISCLI_AUTH=PASSWORD)
        assert (code, "OAKUM_REDIS_AUTHORITY_FILE=FILE" in said) == (3, True)
        files = {"OAKUM_REDIS_AUTHORITY_FILE": str(made[2]), "REDISCLI_AUTH": PASSWORD}
        code, answer, said = investigated(url, watch="5s", **files)
        assert code in {0, 5}, said
        assert answer["target"] == url
        code, _, said = investigated(server.url, REDISCLI_AUTH=PASSWORD)
        assert (code, "rediss:// is with" in said) == (3, True)


def test_a_replica_says_what_it_is(server):
    server.client().set("a:1", "b")
    with closing(RedisServer(f"replicaof 127.0.0.1 {server.port}")) as replica:
        client = replica.client()
        end_s = time.monotonic() + 30
        while client.info("replication")["master_link_status"] != "up":
            assert time.monotonic() < end_s
        _, answer, _ = investigated(replica.url, watch="5s")
    assert f"a replica of 127.0.0.1:{server.port}" in titles(answer)
    assert [row["pattern"] for row in facts(answer, "pattern")] == ["a:*"]


def test_a_cluster_is_asked_as_a_whole_and_goes_on_without_a_node():
    with closing(RedisCluster()) as cluster:
        for server in cluster.servers:
            client = server.client()
            for number in range(300):
                with suppress(MovedError):  # it is another node's
                    client.set(f"user:{number}", "x" * 100)
        _, answer, said = investigated(cluster.servers[0].url, watch="5s")
        assert "3 primaries of a cluster" in answer["runtime"], said
        (pattern,) = facts(answer, "pattern")
        assert (pattern["pattern"], pattern["keys"][0]) == ("user:*", 300)
        held = cluster.servers[2].client().dbsize()
        cluster.stop(2)
        _, answer, said = investigated(cluster.servers[0].url, watch="5s")
        (pattern,) = facts(answer, "pattern")
        assert pattern["keys"][0] == 300 - held, said
        lost = [row for row in answer["absent"] if row["what"].startswith("the primary 127.0.0.1")]
        assert "the cluster says that it is down" in lost[0]["why"]


@pytest.mark.skipif(which("redis-cli") is None, reason="no redis-cli here")
def test_the_command_that_shows_keys_shows_a_few_and_changes_none(server):
    client = server.client()
    with services(server, "leaks"):
        _, answer, _ = investigated(server.url)
    (command,) = [step["command"] for step in answer["plan"]["steps"] if "TTL" in step["command"]]
    keys = client.dbsize()
    run = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=60)
    shown = run.stdout.splitlines()
    assert len(shown) == 10
    assert all(line.startswith("-1 session:") for line in shown)
    space = client.info("keyspace")["db0"]
    assert (space["keys"], space["expires"]) == (keys, 0)
