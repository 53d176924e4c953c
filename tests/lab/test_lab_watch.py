"""``oakum watch`` on real services: one leak is one incident, killed or muted or not; and fixes that it proves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import jsonschema
import pytest
import referencing
from acting import wait_until
from programs import OAKUM, SCHEMAS, oakum, running, started

pytestmark = pytest.mark.lab

POLICY = "[policy]\nquick_check_s = 12\nclosing_window_s = 24\n"

SERVICE = """
import sys, time
fixed = open(sys.argv[1]).read() == "fixed"
class Basket:
    def __init__(self, number):
        self.lines = [f"line {number} {row}" for row in range(8)]
class Shop:
    def __init__(self):
        self.baskets = {}
SHOP = Shop()
warm = [f"price {number}" for number in range(200_000)]
print("ready", flush=True)
number = 0
while True:
    for _ in range(40):
        number += 1
        SHOP.baskets[number % 1000 if fixed else number] = Basket(number)
    time.sleep(0.02)
"""


class Watch:
    """One ``oakum watch``; what it says and answers is kept in files."""

    def __init__(self, folder, home, *options, name="watch"):
        self.said_file, self.answer_file = folder / f"{name}.said", folder / f"{name}.answer"
        with self.said_file.open("wb") as said, self.answer_file.open("wb") as answer:
            self.process = subprocess.Popen(
                [str(OAKUM), "watch", *map(str, options), "-o", "json"],
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=said,
                env={**os.environ, **home},
            )

    @property
    def said(self):
        return self.said_file.read_text()

    def says(self, words, within_s=500.0):
        until_s = time.monotonic() + within_s
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until_s, f"{words!r} is not in:\n{self.said}"
            time.sleep(0.1)

    def look(self):
        """The pid of the closer look that runs."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def told_to_end(self):
        """(exit code, answer), checked against the committed schema."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60.0)
        answer = json.loads(self.answer_file.read_text())
        schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
        registry = referencing.Registry().with_contents([(schema["$id"], schema) for schema in schemas])
        schema = json.loads((SCHEMAS / "oakum.watch-1.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema, registry=registry).validate(answer)
        return code, answer

    def end(self):
        self.process.kill()
        self.process.wait()


@contextmanager
def watching(*arguments, **options):
    watch = Watch(*arguments, **options)
    try:
        yield watch
    finally:
        watch.end()


@pytest.fixture
def home(tmp_path):
    (tmp_path / "oakum.toml").write_text(POLICY)
    return {"OAKUM_CONFIG": str(tmp_path / "oakum.toml"), "XDG_STATE_HOME": str(tmp_path / "state")}


def incidents(home):
    return oakum("incident", "list", "--all", "-o", "json", environment=home).json["incidents"]


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def test_one_leak_among_healthy_services_is_one_incident_although_the_watch_is_killed_meanwhile(tmp_path, home):
    with ExitStack() as stack:
        leak = stack.enter_context(running("sessions", "--for", "900", "--rate", "1"))
        muted = stack.enter_context(running("closure", "--for", "900", "--rate", "1"))
        healthy = [
            stack.enter_context(running(name, "--for", "900")) for name in ("steady_heap", "lru_constant", "batch_load")
        ]
        targets = [f"cgroup{program.cgroup}" for program in (leak, muted, *healthy)]
        mute = ("incident", "mute", f"pid/{muted.pid}", "--reason", "it fills", "--for", "1h")
        assert oakum(*mute, environment=home).code == 0
        options = (*targets, "--every", "0.5s")
        with watching(tmp_path, home, *options, name="first") as first:
            first.says("watching")
            second = oakum("watch", *options, environment=home)
            assert second.code == 3
            second.says("another Oakum watches", str(first.process.pid))
            first.says(f"pid/{leak.pid}: suspect")
            first.says("looking closer")
            look = first.look()
            first.end()
            wait_until(lambda: gone(look))
        assert oakum("incident", "list", environment=home).code == 0
        begun_s = time.time()
        with watching(tmp_path, home, *options, name="next") as watch:
            watch.says(f"a watch was cut off at pid {first.process.pid}; going on")
            watch.says("looking closer")
            os.kill(watch.look(), signal.SIGKILL)
            watch.says("the closer look failed: it was ended by signal 9")
            watch.end()
        with watching(tmp_path, home, *options, name="last") as watch:
            watch.says(f"pid/{leak.pid}: looked closer: leak")
            watch.says(f"pid/{muted.pid}: found, and muted: mute-1")
            code, answer = watch.told_to_end()
        assert code == 1
        assert answer["incidents"] == ["inc-1"]
        row = next(row for row in answer["series"] if row["id"] == f"pid/{leak.pid}")
        seen = 2 * (time.time() - begun_s)
        assert row["verdict"] in {"suspect", "leak"}
        assert row["samples"] > seen + 60, "what was stored before the kill is among them"
        assert {look["target"] for look in answer["looks"]} == {f"pid/{leak.pid}"}
        assert answer["own"]["cpu_s"] > 0
        assert 0 < answer["own"]["anon_bytes"] <= answer["own"]["peak_bytes"]
        (incident,) = incidents(home)
        shown = oakum("incident", "show", incident["id"], environment=home)
        assert "SessionStore.sessions" in shown.out
        assert all(program.process.poll() is None for program in (leak, muted, *healthy))


@contextmanager
def service(folder, name):
    """(start: gives the pid of a new process of it, the file that says whether it is fixed)."""
    switch = folder / f"{name}.switch"
    switch.write_text("leaks")
    words = [sys.executable, "-c", SERVICE, str(switch)]
    # Held open in its cgroup by a shell, which starts it again whenever it ends.
    script = 'while :; do "$@"; done'
    with started(["/bin/sh", "-c", script, "sh", *words], name=name) as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def start(before=0):
            wait_until(lambda: children.read_text().split() and int(children.read_text().split()[0]) != before)
            pid = int(children.read_text().split()[0])
            assert process.stdout.readline() == b"ready\n"
            return pid

        yield start, switch


def test_a_fix_that_holds_is_closed_by_the_watch_and_one_that_does_not_is_reopened(tmp_path, home):
    with ExitStack() as stack:
        services = [stack.enter_context(service(tmp_path, name)) for name in ("holds", "leaks-on")]
        pids = [start() for start, _ in services]

        def investigated(pid):
            return oakum("investigate", f"pid/{pid}", "--for", "16s", "-o", "json", environment=home).json["incident"]

        with ThreadPoolExecutor() as pool:
            names = list(pool.map(investigated, pids))
        assert None not in names
        services[0][1].write_text("fixed")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        new = [start(before=pid) for (start, _), pid in zip(services, pids, strict=True)]
        for name in names:
            for move in ("stabilise", "fix"):
                assert oakum("incident", "note", name, "the fix is out", "--move", move, environment=home).code == 0
        targets = [f"pid/{pid}" for pid in new]
        with watching(tmp_path, home, *targets, "--every", "0.5s", "--no-capture") as watch:
            watch.says(f"{names[1]}: the fix does not hold", 90.0)
            watch.says(f"{names[0]}: fixed: every check of the closing window passed", 90.0)
            watch.told_to_end()
        states = {row["id"]: row["state"] for row in incidents(home)}
        assert states[names[0]] == "closed", watch.said
        assert states[names[1]] == "reopened"
