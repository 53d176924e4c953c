"""Times in many formats; lines as they may be shown."""

from __future__ import annotations

import pytest

from oakum.logs.lines import MASK, SHOWN, showable
from oakum.logs.stamps import Stamps
from oakum.model.log import Clock

NOW_S = 1_795_400_000.0
AT_S = 1_795_327_557.0
"""2026-11-22 06:05:57 UTC, a day before."""


@pytest.mark.parametrize(
    ("line", "at_s", "clock"),
    [
        ("2026-11-22T06:05:57Z x", AT_S, Clock.UTC),
        ("2026-11-22T06:05:57.250+0000 x", AT_S + 0.25, Clock.UTC),
        ("2026-11-22 07:05:57,250 +01:00 x", AT_S + 0.25, Clock.UTC),
        ("2026-11-22 06:05:57,250 INFO", AT_S + 0.25, Clock.ASSUMED_UTC),
        ("[2026-11-22T06:05:57.250+0000][gc] x", AT_S + 0.25, Clock.UTC),
        ("2026/11/22 06:05:57 x", AT_S, Clock.ASSUMED_UTC),
        ('10.0.0.7 - - [22/Nov/2026:06:05:57 +0000] "GET /"', AT_S, Clock.UTC),
        ("17:M 22 Nov 2026 06:05:57.250 * Ready", AT_S + 0.25, Clock.ASSUMED_UTC),
        ("Sun Nov 22 06:05:57 2026 x", AT_S, Clock.ASSUMED_UTC),
        ("Nov 22, 2026 6:05:57 AM com.acme.Main main", AT_S, Clock.ASSUMED_UTC),
        ("Nov 22 06:05:57 host app[17]: x", AT_S, Clock.ASSUMED_UTC),
        ("E1122 06:05:57.250000  17 main.go:3] x", AT_S + 0.25, Clock.ASSUMED_UTC),
        ('{"level":30,"time":1795327557250,"msg":"x"}', AT_S + 0.25, Clock.UTC),
        ('{"ts":1795327557.25,"msg":"x"}', AT_S + 0.25, Clock.UTC),
        ('{"timestamp":"2026-11-22T06:05:57.25Z","msg":"x"}', AT_S + 0.25, Clock.UTC),
        ("[12.345s][info][gc] x", 12.345, Clock.SINCE_START),
        ("[   12.345678] oom-kill", 12.345678, Clock.SINCE_START),
        ("gc 1 @0.012s 2%: x", 0.012, Clock.SINCE_START),
        ("[17:0x5581]    1234 ms: Mark-Compact x", 1.234, Clock.SINCE_START),
    ],
)
def test_times_are_read_in_many_formats(line, at_s, clock):
    stamp = Stamps(NOW_S).of(line)
    assert (stamp.at_s, stamp.clock) == (pytest.approx(at_s), clock)


@pytest.mark.parametrize(
    "line", ["", "no time", "version 12.345", "2026-13-45 06:05:57", "took 06:05:57", "id 17953275570000001234"]
)
def test_what_is_no_time_is_none(line):
    assert Stamps(NOW_S).of(line) is None


def test_a_time_without_a_year_is_never_of_tomorrow():
    assert Stamps(NOW_S).of("Dec 31 06:05:57 host x").at_s < NOW_S


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("password=hunter2 x", "hunter2"),
        ('{"password": "hunter2"}', "hunter2"),
        ("DB_PASSWORD: hunter2", "hunter2"),
        ("postgres://bob:hunter2@db:5432/x", "hunter2"),
        ("Authorization: Bearer abcdef.ghijkl", "abcdef"),
        ("Cookie: a=hunter2; b=hunter2", "hunter2"),
        ("api_key=hunter2&x=1", "hunter2"),
        ("got AKIAABCDEFGHIJKLMNOP now", "AKIAABCDEFGHIJKLMNOP"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJhbGci"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abc"),
        ("hash 0123456789abcdef0123456789abcdef", "0123456789abcdef"),
        ("mail bob@example.org failed", "bob@example.org"),
        ("card 4111 1111 1111 1111", "4111"),
        ("card 4111111111111111.", "4111"),
        ("card 371449635398431", "3714"),
        (r'{"msg":"{\"password\":\"hunter2\",\"a\":1}"}', "hunter2"),
        (r"{\\\"password\\\":\\\"hunter2\\\"}", "hunter2"),
        (r"{\"password\":\"a\\\"hunter2\"}", "hunter2"),
        ("run --password hunter2 x", "hunter2"),
        ("run --db-password 'correct hunter2' x", "hunter2"),
        ("""['run', '--password', 'hunter2']""", "hunter2"),
        ("""["run","-pass","hunter2"]""", "hunter2"),
        ('password="correct horse hunter2" x', "hunter2"),
        (r'password="correct \" hunter2" x', "hunter2"),
        ("password='it''s hunter2' x", "hunter2"),
        ('password="correct horse hunter2', "hunter2"),
        ("postgres://bob:p@ss/hunter2!@db/x", "hunter2"),
        ("postgres://bob:p@hunter2@db/x", "hunter2"),
        ("https://abcdefghijklhunter2@host/x", "hunter2"),
        ("password=abc,hunter2;hunter2&hunter2 x", "hunter2"),
        ('"passwords": ["abc", "hunter2"]', "hunter2"),
        ("pass=hunter2", "hunter2"),
        ("dbPass: hunter2", "hunter2"),
        ("DB_PASS=hunter2", "hunter2"),
        ("passphrase=correct horse hunter2", "hunter2"),
        ("auth=hunter2", "hunter2"),
        ("x-auth-key: hunter2", "hunter2"),
        ("pin=8642", "8642"),
        ("user_pin: 8642", "8642"),
        ("AccountName=a;AccountKey=hunter2==;x", "hunter2"),
        ("https://a.blob.core.windows.net/c?se=1&sig=hunter2%3D", "hunter2"),
        ("CREATE USER bob IDENTIFIED BY 'hunter2'", "hunter2"),
        ("identified with mysql_native_password by 'correct hunter2'", "hunter2"),
        ("ALTER ROLE bob PASSWORD 'hunter2'", "hunter2"),
        ("<password>correct hunter2</password>", "hunter2"),
        ("<db:adminPassword type='a'><![CDATA[hunter2]]></db:adminPassword>", "hunter2"),
        ("q=password%3Dhunter2", "hunter2"),
        ("%22password%22%3A%22hunter2%22", "hunter2"),
        ("user[password]=hunter2", "hunter2"),
        (':password=>"correct hunter2"', "hunter2"),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "hunter2"),
        ("got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY now", "wJalr"),
        ("got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY now", "EXAMPLEKEY"),
        ("got YWJj+ZGVm/Z2hpamtsbW5vcHE= now", "YWJj"),
        ('Cookie: a="x y"; b=hunter2', "hunter2"),
        ("""curl -H 'Cookie: a="x"; b=hunter2' x""", "hunter2"),
        ('Authorization: Digest username="bob", response="hunter2"', "hunter2"),
    ],
)
def test_what_looks_like_a_secret_is_masked(line, secret):
    assert secret not in showable(line)
    assert MASK in showable(line)


@pytest.mark.parametrize(
    "line",
    [
        "java.lang.OutOfMemoryError: Java heap space",
        "at com.acme.shop.VeryLongClassNameWithManyWords2InIt.someMethod(Cart.java:42)",
        "Killed process 17 (java) total-vm:1234567kB, anon-rss:123456kB",
        "[12.3s][info][gc] GC(12) Pause Full (G1 Compaction Pause) 63M->62M(64M) 12.2ms",
        "the author: bob; bypass=1 spin=2 signal: killed, design: none, compass: north",
        "FATAL: password authentication failed for user bob",
        "HikariPool-1 - Connection is not available, request timed out after 30000ms",
        "connectionAcquisitionLimit2=3 reached",
        "see https://example.org/path/to/page?x=1 of 1795327557123",
    ],
)
def test_what_is_none_stays(line):
    assert showable(line) == line


def test_what_a_quoted_secret_is_followed_by_stays():
    assert showable('{"password": "hunter2", "error": "Java heap space"}').endswith('", "error": "Java heap space"}')
    assert showable('{"cookie":"a=b","error":"Java heap space"}').endswith('","error":"Java heap space"}')


def test_long_lines_are_cut_around_what_was_found_and_terminals_are_not_spoken_to():
    line = "x" * 5000 + "HERE" + "y" * 5000
    assert "HERE" in showable(line, 5000)
    assert len(showable(line, 5000)) <= SHOWN + 2
    assert showable("a\x1b]0;title\x07b") == "a]0;titleb"
