"""``oakum investigate`` on real Go programs: what grows is named, goroutines too, and a healthy one is not accused."""

from __future__ import annotations

import os
import time
from contextlib import closing

import numpy as np
import pytest
from agent_pipes import pipes
from go import SERVICE, built, go_service
from programs import PAUSE_BEYOND_S, answered, oakum

from oakum.heap.formats.pprof import read_profile
from oakum.heap.formats.pprof.text import read_text
from oakum.host.afar.agent import Agent, command
from oakum.host.afar.debuggees import AfarDebuggees
from oakum.host.inspector import LiveDebuggees
from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Listener
from oakum.model.errors import DataError, TargetError
from oakum.model.served import Served
from oakum.probe.go import GoProbe
from oakum.probe.go_session import unpacked

pytestmark = pytest.mark.lab

WATCH = ("--inspect", "--no-incident", "--for", "10s", "-o", "json")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return built(tmp_path_factory.mktemp("go"), SERVICE)


def evidence(answer, kind):
    return [row for row in answer["evidence"] if row["id"].partition("-")[0] == kind]


def absent(answer, what="what the heap holds"):
    return next(row for row in answer["absent"] if row["what"] == what)


def test_goroutines_that_wait_for_good_are_named_with_their_line_and_who_started_them(program):
    with go_service(program, "channels") as service:
        service.ask("reset")
        run = oakum("investigate", f"pid/{service.pid}", *WATCH)
        answer, paused_s = answered(run), service.number("pause", "pause_s")
    first, line = answer["causes"][0], service.source_line("channels.go", "answers <- basket")
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert (first["cause"], first["holder"]) == (
        "goroutine",
        f"goroutines at chan send in main.ask (channels.go:{line})",
    )
    assert first["where"].endswith(f"channels.go:{line} in main.ask")
    made = service.source_line("channels.go", "go ask(")
    assert f"started by main.fetch (channels.go:{made})" in first["why"][0]
    assert "what main.newBasket allocates" in first["why"][0]
    (blocked,) = evidence(answer, "blocked")
    assert blocked["facts"]["grown"][0]["operation"] == "chan send"
    assert blocked["facts"]["grown"][0]["per_s"] > 0
    said_s = max(row["cost"]["pause_s"] for row in answer["evidence"])
    assert paused_s <= said_s + PAUSE_BEYOND_S
    assert "is served there" not in run.err


def test_a_map_that_only_grows_is_named_by_its_source_under_another_path(program):
    with go_service(program, "sessions", "profiles", "/internal/prof/") as service:
        wanted = f"{service.port}/internal/prof"
        answer = answered(oakum("investigate", f"pid/{service.pid}", "--pprof", wanted, *WATCH))
    first, made = answer["causes"][0], service.source_line("sessions.go", "cart: make(")
    kept = service.source_line("sessions.go", "s.entries[id] =")
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert first["cause"] == "session-state"
    assert first["holder"] == "SessionStore.entries"
    assert [place["line"] for place in first["places"]] == [kept, made]
    assert f"main.newSession (sessions.go:{made}) allocates it, by the profile" in first["why"][0]
    assert len(answer["causes"]) == 1
    assert f"{service.port}/internal/prof/" in evidence(answer, "pprof")[0]["title"]


def test_a_pool_with_a_bound_is_not_accused(program):
    with go_service(program, "pool") as service:
        answer = answered(oakum("investigate", f"pid/{service.pid}", *WATCH))
    assert answer["verdict"]["verdict"] != "leak", answer["verdict"]
    assert not [cause for cause in answer["causes"] if cause["cause"] == "goroutine"]
    assert len(evidence(answer, "profile")) >= 2


def test_without_a_yes_no_port_is_asked(program):
    with go_service(program, "pool", "ends") as service:
        answer = answered(oakum("investigate", f"pid/{service.pid}", *WATCH[1:2], "--for", "5s", "-o", "json"))
        refused = absent(answer)
    assert refused["kind"] == "not-yet"
    assert refused["get"] == f"oakum investigate pid/{service.pid} --inspect"
    assert f"127.0.0.1:{service.port}" in refused["why"]


def test_metrics_count_goroutines_where_profiles_are_not_served(program):
    with go_service(program, "channels", "metrics") as service:
        answer = answered(oakum("investigate", f"pid/{service.pid}", *WATCH[:2], "--for", "5s", "-o", "json"))
    before, after = (row["facts"]["goroutines"] for row in evidence(answer, "metrics"))
    assert after > before
    assert 'import _ "net/http/pprof"' in absent(answer)["get"]
    # Which ones they are, its memory tells.
    assert evidence(answer, "blocked")[0]["facts"]["grown"][0]["operation"] == "chan send"


@pytest.mark.parametrize(
    ("face", "kind", "why"),
    [
        ("html", AbsentKind.NOT_APPLICABLE, "a page of HTML"),
        ("missing", AbsentKind.NOT_APPLICABLE, "HTTP 404"),
        ("login", AbsentKind.NOT_PERMITTED, "HTTP 401"),
        ("silent", AbsentKind.UNREADABLE, "came within 2.00 s"),
        ("ends", AbsentKind.UNREADABLE, "closed in the middle"),
        ("endless", AbsentKind.TOO_DEAR, "more than 1.00 MiB came"),
    ],
)
def test_what_serves_no_profiles_is_told_as_what_it_is_and_in_time(program, face, kind, why):
    with go_service(program, "pool", face) as service, closing(LiveDebuggees().open(service.pid)) as debuggee:
        probe = GoProbe(service.pid, debuggee, Served())
        begun_s = time.monotonic()
        found = probe.find(probe.candidates())
        assert service.serve_for(0.0) > 0
    assert isinstance(found, Absent)
    assert (found.kind, why in found.why, bool(found.get)) == (kind, True, True)
    assert time.monotonic() - begun_s < 60


@pytest.fixture(params=["this machine", "from afar"])
def debuggees(request):
    if request.param == "this machine":
        yield LiveDebuggees()
        return
    with pipes(command()) as channel:
        yield AfarDebuggees(Agent(channel))


def test_an_endpoint_that_changes_or_goes_is_an_error_with_a_next_step(program, debuggees):
    with go_service(program, "pool") as service, closing(debuggees.open(service.pid)) as debuggee:
        probe = GoProbe(service.pid, debuggee, Served())
        session = probe.session(probe.find(probe.candidates()))
        assert session.heap().raw.startswith(b"heap profile: ")
        assert b"main.main()" in session.stacks().raw
        service.ask("quit html")
        with pytest.raises(DataError, match="is no profile"):
            session.heap()
        service.ask("quit pprof")
        service.process.kill()
        service.process.wait()
        with pytest.raises(TargetError, match="did not answer"):
            session.goroutines()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")
def test_a_loopback_of_its_own_network_is_reached(program):
    apart = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
    with go_service(program, "pool", prefix=apart) as service, closing(LiveDebuggees().open(service.pid)) as debuggee:
        probe = GoProbe(service.pid, debuggee, Served(service.port))
        found = probe.find(probe.candidates())
    assert not isinstance(found, Absent)
    assert found.goroutines > 0


def test_text_and_protobuf_of_one_moment_tell_the_same(program):
    """Both are as of the same collection; one that comes between the two is met by asking again."""
    with go_service(program, "sessions") as service, closing(LiveDebuggees().open(service.pid)) as debuggee:
        service.serve_for(1.0)
        at = Listener("127.0.0.1", service.port)
        for _ in range(10):
            raw = [
                unpacked(debuggee.fetch(at, f"/debug/pprof/{name}", within_s=20.0, most_bytes=1 << 24).body)
                for name in ("heap?debug=1", "heap", "heap?debug=1")
            ]
            if collections(raw[0]) == collections(raw[2]):
                break
        packed = read_profile(np.frombuffer(raw[1], np.uint8))
        written = read_text(raw[0])
    assert sizes(packed) == sizes(written) != []


def collections(raw):
    return raw[raw.index(b"# NumGC") :].partition(b"\n")[0]


def sizes(profile):
    return sorted((each.objects, each.bytes, each.allocated) for each in profile.samples if each.objects)


def test_two_goroutine_files_tell_which_became_more(program, tmp_path):
    files = []
    with go_service(program, "pool") as service, closing(LiveDebuggees().open(service.pid)) as debuggee:
        for name in ("goroutine", "goroutine?debug=2"):
            got = []
            for number in range(2):
                path = f"/debug/pprof/{name}"
                answer = debuggee.fetch(Listener("127.0.0.1", service.port), path, within_s=20.0, most_bytes=1 << 24)
                got.append(tmp_path / f"{len(files)}-{number}.profile")
                got[-1].write_bytes(answer.body)
                service.ask("park 200")
            files.append(got)
    line = service.source_line("main.go", "<-make(chan int)")
    for pair in files:
        run = oakum("heap", "diff", *pair, "-o", "json")
        assert run.code == 0, run.err
        first = run.json["suspects"][0]
        assert first["cause"] == "goroutine"
        assert first["holder"] == f"goroutines at chan receive in main.park.func1 (main.go:{line})"
        # Some may have said that they begun, and wait an instant later.
        assert first["count"] >= 150
