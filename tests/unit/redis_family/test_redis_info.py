"""Replies as servers really give them, and as others give them who are like them."""

from __future__ import annotations

from pathlib import Path

from oakum.model.redis import Keyspace
from oakum.redis_family import info

RECORDED = Path(__file__).parents[2] / "recordings" / "redis" / "info-7.0.txt"

CLIENTS = (
    b"id=54 addr=127.0.0.1:41230 laddr=127.0.0.1:6379 fd=8 name=tail age=90 idle=0 flags=O db=0 sub=0 psub=0 ssub=0"
    b" multi=-1 qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=16384 rbp=0 obl=10 oll=4 omem=8388608"
    b" tot-mem=8426266 events=r cmd=monitor user=default redir=-1 resp=2\n"
    b"id=7 addr=10.0.0.9:4 name= age=1 idle=1 flags=S cmd=psync omem=0 obl=0\n"
    b"broken line\n"
)

NODES = (
    b"07c3 127.0.0.1:30004@31004,hostname4 slave e7d1 0 1426238317239 4 connected\n"
    b"67ed 127.0.0.1:30002@31002,db-2.shop master - 0 1426238316232 2 connected 5461-10922\n"
    b"292f [::1]:30003@31003 master,fail - 0 1426238318243 3 disconnected 10923-16382 16383 [93-<-292f]\n"
    b"e7d1 127.0.0.1:30001@31001,hostname1 myself,master - 0 0 1 connected 0-5460\n"
    b"9999 :0@0 master,noaddr - 0 0 1 connected 0-1\n"
    b"new1 127.0.0.1:30009@31009 handshake - 0 0 0 connected\n"
)


def test_what_redis_7_tells():
    told = info.figures(info.fields(RECORDED.read_bytes()), "redis://db:6379")
    assert told is not None
    assert (told.name, told.mode, told.role) == ("Redis 7.0.15", "standalone", "master")
    assert (told.maxmemory, told.policy, told.evicts_any) == (400 << 20, "noeviction", False)
    assert told.resident > told.used > told.dataset > 0
    assert None not in {told.small_frag, told.freed, told.beside, told.clients_bytes, told.evicted, told.hits}
    (space,) = told.keyspaces
    assert (space.database, space.forever) == (0, space.keys)


def test_who_it_is_that_is_like_redis():
    like = b"used_memory:9\nredis_version:7.2.4\n"
    told = [
        info.figures(info.fields(like + more), "here").name
        for more in (
            b"server_name:valkey\nvalkey_version:8.0.1\n",
            b"dragonfly_version:df-v1.21.2\n",
            b"mvcc_depth:0\n",
        )
    ]
    assert told == ["Valkey 8.0.1", "Dragonfly v1.21.2", "KeyDB 7.2.4"]


def test_what_is_not_told_is_not_known():
    told = info.figures(info.fields(b"# Memory\r\nused_memory:1048576\r\nuptime_in_seconds:-5\r\n"), "here")
    assert (told.used, told.maxmemory, told.resident, told.small_frag, told.uptime_s) == (1 << 20, 0, None, None, None)
    assert info.figures(info.fields(b"hello:1\n"), "here") is None
    spaces = info.fields(b"used_memory:1\ndb0:keys=20000,expires=5000,avg_ttl=1\ndb7:keys=3,expires=9\ndbx:keys=1\n")
    assert info.figures(spaces, "here").keyspaces == (Keyspace(0, 20000, 5000), Keyspace(7, 3, 3))


def test_connections_and_what_they_have_not_taken():
    tail, replica = info.clients(CLIENTS)
    assert (tail.id, tail.kind, tail.output_bytes, tail.command) == (54, "monitor", 8388618, "monitor")
    assert (replica.kind, replica.total_bytes) == ("replica", None)


def test_nodes_of_a_cluster():
    told = {node.id: node for node in info.cluster_nodes(NODES)}
    assert set(told) == {"07c3", "67ed", "292f", "e7d1", "9999"}
    assert (told["67ed"].host, told["67ed"].port, told["67ed"].slots) == ("db-2.shop", 30002, 5462)
    assert (told["292f"].host, told["292f"].down, told["292f"].slots) == ("::1", "fail", 5461)
    assert (told["e7d1"].own, told["e7d1"].primary, told["07c3"].primary) == (True, True, False)
    assert told["9999"].down == "noaddr"


def test_the_slow_log_keeps_names_of_commands_alone():
    told = info.slow([[14, 1700000000, 12000, [b"set", b"card:4111", b"secret"], b"127.0.0.1:1", b""], [1], "odd"])
    assert [(each.id, each.micros, each.command) for each in told] == [(14, 12000, "SET")]


def test_groups_of_a_stream_with_and_without_a_lag():
    row = [b"name", b"mailers", b"consumers", 2, b"pending", 7, b"last-delivered-id", b"1-0", b"entries-read", 5]
    assert [(each.name, each.pending, each.lag) for each in info.groups([[*row, b"lag", 3], row])] == [
        ("mailers", 7, 3),
        ("mailers", 7, None),
    ]


def test_what_our_commands_took():
    told = info.fields(
        b"cmdstat_scan:calls=2,usec=500,usec_per_call=250.00\ncmdstat_set:calls=1,usec=9\ncmdstat_pttl:calls=1,usec=7\n"
    )
    assert info.command_micros(told, ("scan", "pttl", "type")) == 507
    assert info.command_micros({}, ("scan",)) is None
