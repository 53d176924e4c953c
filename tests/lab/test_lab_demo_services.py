"""The demo's programs by themselves: under one load the leaking one dies at its limit, the fixed one stays small."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import Lines, fields, started

from oakum import showcase

pytestmark = pytest.mark.lab

FOLDER = Path(showcase.__file__).parent
LIMIT_BYTES = 96 * 1024**2
FAST = ("--rate", "1000", "--connections", "8")


def command(name: str, *options: str) -> list[str]:
    """Isolated, as the demo starts them: they may need nothing that is installed."""
    return [sys.executable, "-I", str(FOLDER / f"{name}.py"), *options]


@contextmanager
def loaded(port: str, seconds: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command("load", "--port", port, "--for", str(seconds), *FAST), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as load:
        try:
            yield load
        finally:
            load.kill()


def last_line(load: subprocess.Popen[bytes]) -> dict[str, str]:
    lines = Lines(load.stdout.fileno())
    while not (line := lines.next()).startswith("done"):
        pass
    return fields(line)


def test_the_leaking_service_dies_at_its_limit():
    with started(command("leaky"), name="leaky", limit_bytes=LIMIT_BYTES) as (service, _):
        ready = fields(Lines(service.stdout.fileno()).next())
        assert int(ready["pid"]) == service.pid
        with loaded(ready["port"], 60) as load:
            done = last_line(load)
            assert service.wait(timeout=10) == -signal.SIGKILL
    # 96 MiB at about 10 KB an answer; the load reports what it did and that the service is gone.
    assert 5_000 < int(done["requests"]) < 20_000
    assert int(done["errors"]) >= 1


def test_the_fixed_service_stays_small_under_the_load_that_killed_the_other():
    with started(command("fixed"), name="fixed", limit_bytes=LIMIT_BYTES) as (service, _):
        ready = fields(Lines(service.stdout.fileno()).next())
        with loaded(ready["port"], 20) as load:
            done = last_line(load)
        status = Path(f"/proc/{service.pid}/status").read_text()
        assert service.poll() is None
    assert int(done["errors"]) == 0
    assert float(done["requests_per_s"]) > 300
    anon_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))
    assert anon_kib < 40 * 1024


def test_without_a_cgroup_the_service_keeps_its_own_limit():
    with subprocess.Popen(
        command("leaky", "--own-limit", str(64 * 1024**2)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as service:
        ready = fields(Lines(service.stdout.fileno()).next())
        try:
            with loaded(ready["port"], 60):
                assert service.wait(timeout=60) == 1
        finally:
            service.kill()
        assert b"out of memory" in service.stderr.read()


@pytest.mark.parametrize("name", ["leaky", "fixed"])
def test_a_service_ends_with_its_starter(name):
    with subprocess.Popen(command(name), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
        assert Lines(service.stdout.fileno()).next().startswith("ready")
        service.stdin.close()
        assert service.wait(timeout=10) == 0


def test_the_two_differ_only_in_the_bound():
    """The demo's claim is that one bound is the fix; so the rest must be the same code."""
    import difflib  # noqa: PLC0415

    leaky, fixed = ((FOLDER / f"{name}.py").read_text().splitlines()[1:] for name in ("leaky", "fixed"))
    gone = [line for line in difflib.ndiff(leaky, fixed) if line.startswith("- ")]
    assert len(gone) <= 12, "\n".join(gone)
