"""Whether the process that closed its inspector has ended."""

from __future__ import annotations

import os
import subprocess
import sys

from oakum.host.inspector import is_gone


def test_one_that_ended_is_gone_before_and_after_its_parent_asks():
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert is_gone(child.pid, within_s=10.0)
    child.wait()
    assert is_gone(child.pid, within_s=0.0)


def test_one_that_runs_is_not():
    assert not is_gone(os.getpid(), within_s=0.0)
