"""Processes that somebody else starts again: a real supervisord, a master with workers, a script in a loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from acting import HEALTHY, SERVICE, YES, bench, planned, wait_until

from oakum.act.control import tell
from oakum.act.plan import Wish
from oakum.loop import act
from oakum.model.action import action_of
from oakum.model.errors import RefusedError
from oakum.model.plan_record import StepState
from oakum.model.supervisor import SupervisorKind

pytestmark = pytest.mark.lab

RESTART, STOP = Wish(restart=True), Wish(stop=True)
SUPERVISORD = Path(sys.executable).with_name("supervisord")

CONFIG = """
[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
nodaemon=true
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/s.sock
[group:shop]
programs=front,back
[program:front]
command={python} -I -S {folder}/service.py {folder}/front.log ends
environment=SHOP="front"
startsecs=0
[program:back]
command=/bin/sh -c "{python} -I -S {folder}/service.py {folder}/back.log ends; exit 3"
environment=SHOP="back"
startsecs=0
stopasgroup=true
"""

MASTER = """
import os, signal, subprocess, sys, time
words = [sys.executable, "-I", "-S", *sys.argv[1:]]
workers = [subprocess.Popen(words) for _ in range(2)]
while True:
    time.sleep(0.05)
    workers = [worker if worker.poll() is None else subprocess.Popen(words) for worker in workers]
"""


def began(log):
    return [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("began")]


def asked(log):
    return [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("asked")]


@contextmanager
def running(*words, **options):
    """A process with all that it started, gone at the end."""
    with subprocess.Popen(words, start_new_session=True, stdin=subprocess.DEVNULL, **options) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def supervised(tmp_path):
    (tmp_path / "service.py").write_text(SERVICE)
    config = tmp_path / "shop.conf"
    config.write_text(CONFIG.format(folder=tmp_path, python=sys.executable))
    logs = [tmp_path / "front.log", tmp_path / "back.log"]
    for log in logs:
        log.touch()
    words = [str(SUPERVISORD), "-c", str(config)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: all(began(log) for log in logs))
            yield logs
        finally:
            # It ends its programs first: each leads a session of its own.
            process.terminate()
            process.wait(30)


def test_what_supervisord_holds_is_restarted_by_supervisord_under_its_own_name(tmp_path, supervised):
    front, _ = supervised
    with bench(tmp_path) as at:
        (old,) = began(front)
        record = planned(old, RESTART, at)
        step = record.steps[-1].step
        assert step.does["by"]["kind"] == SupervisorKind.SUPERVISORD
        assert step.command.endswith("restart shop:front")
        done = act.apply(f"plan-{record.number}", YES, bench=at)
        assert done.state is StepState.APPLIED
        assert asked(front) == [old]
        assert len(began(front)) == 2
        assert f"pid {began(front)[-1]} runs in its place" in done.steps[-1].outcome


def test_a_program_behind_its_shell_is_restarted_with_the_shell(tmp_path, supervised):
    _, back = supervised
    with bench(tmp_path) as at:
        record = planned(began(back)[0], RESTART, at)
        assert record.steps[-1].step.command.endswith("restart shop:back")


def test_what_supervisord_holds_is_stopped_by_it_and_started_by_undo(tmp_path, supervised):
    front, back = supervised
    with bench(tmp_path) as at:
        record = planned(began(front)[0], STOP, at)
        act.apply(f"plan-{record.number}", YES, bench=at)
        assert len(asked(front)) == 1
        act.undo(f"plan-{record.number}", YES, bench=at)
        wait_until(lambda: len(began(front)) == 2)
        assert len(began(back)) == 1


def test_a_restart_that_was_cut_off_between_supervisords_stop_and_start_goes_on(tmp_path, supervised):
    front, _ = supervised
    with bench(tmp_path) as at:
        record = planned(began(front)[0], RESTART, at)
        kept, restart = record.steps
        # As it was written before the client of supervisord was begun, and died.
        steps = (
            replace(kept, state=StepState.APPLIED, undo_data={}),
            replace(restart, state=StepState.APPLYING, undo_data={}),
        )
        cut = at.store.plans.change(replace(record, state=StepState.APPLYING, steps=steps))
        tell(action_of(restart.step.does).by, "stop", at.hands.programs)
        assert act.apply(f"plan-{cut.number}", YES, bench=at).state is StepState.APPLIED
        assert len(began(front)) == 2


def test_a_worker_is_asked_to_end_and_its_master_puts_another_in_its_place(tmp_path):
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "master.py").write_text(MASTER)
    log = tmp_path / "life.log"
    log.touch()
    environment = {**os.environ, "SHOP": "workers"}
    words = (str(tmp_path / "master.py"), str(tmp_path / "service.py"), str(log), "ends")
    with running(sys.executable, *words, env=environment), bench(tmp_path) as at:
        wait_until(lambda: len(began(log)) == 2)
        old, other = began(log)
        record = planned(old, RESTART, at)
        assert record.steps[-1].step.does["by"]["kind"] == SupervisorKind.MASTER
        act.apply(f"plan-{record.number}", YES, bench=at)
        assert (asked(log), len(began(log))) == ([old], 3)
        os.kill(other, 0)
        with pytest.raises(RefusedError, match="would put another"):
            planned(other, STOP, at)


def test_what_a_script_may_start_again_is_left_alone_with_what_to_do_instead(tmp_path):
    (tmp_path / "service.py").write_text(SERVICE)
    log = tmp_path / "life.log"
    log.touch()
    script = f"while true; do {sys.executable} -I -S {tmp_path}/service.py {log} ends; done"
    with running("/bin/sh", "-c", script, env={**os.environ, "SHOP": "loop"}) as shell, bench(tmp_path) as at:
        wait_until(lambda: began(log))
        with pytest.raises(RefusedError, match="is not restarted by Oakum") as told:
            planned(began(log)[0], RESTART, at)
        assert f"oakum plan pid/{shell.pid} --restart" in told.value.next_step
        assert planned(began(log)[0], Wish(), at, HEALTHY).steps == ()
        assert asked(log) == []


def test_a_process_in_namespaces_of_its_own_is_left_alone(tmp_path):
    words = ("unshare", "--pid", "--fork", "--mount-proc", "sleep", "60")
    with running(*words) as outer, bench(tmp_path) as at:
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
        wait_until(lambda: children.read_text().strip() or outer.poll() is not None)
        if outer.poll() is not None:
            pytest.skip("no namespaces can be made here")
        (inner,) = map(int, children.read_text().split())
        wait_until(lambda: b"sleep" in Path(f"/proc/{inner}/cmdline").read_bytes())
        with pytest.raises(RefusedError, match="is not restarted by Oakum") as told:
            planned(inner, RESTART, at)
        assert "container" in told.value.why
        assert told.value.next_step.startswith("docker restart")
