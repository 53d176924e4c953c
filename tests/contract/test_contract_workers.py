"""Who works here: a process that goes on is told from one that is gone, also when its number is used again."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from oakum.host.procfs import LiveProcesses
from oakum.host.workers import LiveWorkers


def test_this_process_is_not_gone_and_is_itself_again():
    workers = LiveWorkers()
    assert workers.this() == workers.this()
    assert workers.this().pid == os.getpid()
    assert workers.gone(workers.this()) is False


def test_a_process_that_ended_is_gone():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        holder = replace(LiveWorkers().this(), pid=child.pid, start_ticks=LiveProcesses().info(child.pid).start_ticks)
        assert LiveWorkers().gone(holder) is False
        child.communicate(b"\n")
    assert LiveWorkers().gone(holder) is True


def test_a_number_that_another_process_has_now_and_a_machine_that_was_started_again_are_told():
    this = LiveWorkers().this()
    assert LiveWorkers().gone(replace(this, start_ticks=this.start_ticks - 1)) is True
    assert LiveWorkers().gone(replace(this, boot="another")) is True


def test_a_process_of_another_machine_cannot_be_told():
    assert LiveWorkers().gone(replace(LiveWorkers().this(), host="elsewhere")) is None
