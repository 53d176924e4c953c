"""``oakum investigate`` on real Go programs that serve no profiles: their own memory tells who holds what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from go import SERVICE, built, go_service
from programs import answered, oakum

pytestmark = pytest.mark.lab

KINDS = ("channels", "sessions", "pool")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """By kind, all at once: each watch lasts as long as the others. Nobody says yes to a request."""
    program = built(tmp_path_factory.mktemp("go"), SERVICE)
    with ExitStack() as running, ThreadPoolExecutor(len(KINDS)) as pool:
        services = [running.enter_context(go_service(program, kind, "none")) for kind in KINDS]
        words = ("--no-incident", "--for", "8s", "-o", "json")
        runs = pool.map(lambda service: oakum("investigate", f"pid/{service.pid}", *words), services)
        return {kind: (service, answered(run)) for kind, service, run in zip(KINDS, services, runs, strict=True)}


def test_goroutines_that_wait_for_good_are_named_without_pprof(answers):
    service, answer = answers["channels"]
    first = answer["causes"][0]
    line = service.source_line("channels.go", "answers <- basket")
    made = service.source_line("channels.go", "go ask(")
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert (first["cause"], first["holder"]) == (
        "goroutine",
        f"goroutines at chan send in main.ask (channels.go:{line})",
    )
    assert f"started by main.fetch (channels.go:{made})" in first["why"][0]
    assert "on the heap that only its stack leads to" in first["why"][0]
    assert all(row["cost"]["pause_s"] == 0.0 for row in answer["evidence"] if row["origin"] == "process memory")


def test_the_variable_that_keeps_a_map_is_named_without_pprof(answers):
    service, answer = answers["sessions"]
    first = answer["causes"][0]
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert (first["cause"], first["holder"]) == ("session-state", "main.store → SessionStore.entries")
    kept = service.source_line("sessions.go", "s.entries[id] =")
    assert f"sessions.go:{kept} in main.(*SessionStore).Put" in first["where"]
    assert first["growth_bytes_per_s"] > 1e6


def test_a_pool_with_a_bound_is_not_accused_by_its_memory(answers):
    _, answer = answers["pool"]
    assert answer["verdict"]["verdict"] in {"healthy", "cannot-tell"}, answer["verdict"]
    looked = [row for row in answer["evidence"] if row["id"].startswith("capture")]
    # What stood still when it was watched is not looked into.
    assert looked or answer["verdict"]["verdict"] == "healthy", answer
