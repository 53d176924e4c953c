"""Programs that leak are planted in no cluster that somebody's KUBECONFIG happens to name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oakum.model.errors import RefusedError

YES = "OAKUM_LAB_KUBECONFIG"
ROOT = Path(__file__).parents[3]
NAMED = "context prod (api.shop.example:6443)"


@pytest.fixture
def kubeconfig(tmp_path):
    content = {
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": "https://api.shop.example:6443"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    (tmp_path / "config").write_text(json.dumps(content))
    return tmp_path / "config"


def run(kubeconfig, stdin=subprocess.DEVNULL, **more):
    environment = {name: value for name, value in os.environ.items() if name != YES}
    command = [sys.executable, "-m", "lab.cluster", "run", "--", "echo", "planted"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {"KUBECONFIG": str(kubeconfig)} | more,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_terminal_and_without_a_yes_nothing_runs_and_the_cluster_is_named(kubeconfig):
    done = run(kubeconfig)
    assert (done.returncode, done.stdout) == (RefusedError.exit_code, "")
    assert NAMED in done.stderr
    assert f"{YES}=yes" in done.stderr


def test_with_a_yes_beforehand_it_runs_and_the_cluster_is_named(kubeconfig):
    done = run(kubeconfig, **{YES: "yes"})
    assert (done.returncode, done.stdout) == (0, "planted\n")
    assert NAMED in done.stderr


@pytest.mark.parametrize(("line", "code"), [("yes", 0), ("y", RefusedError.exit_code), ("", RefusedError.exit_code)])
def test_on_a_terminal_only_a_whole_yes_is_one(kubeconfig, line, code):
    person, terminal = os.openpty()
    try:
        os.write(person, f"{line}\n".encode())
        done = run(kubeconfig, terminal)
    finally:
        os.close(person)
        os.close(terminal)
    assert (done.returncode, "planted\n" in done.stdout) == (code, code == 0), done.stderr


def test_everything_that_must_hold_is_run_on_a_cluster_of_our_own():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert next(number for number, text in enumerate(lines) if text == "unset KUBECONFIG") < next(
        number for number, text in enumerate(lines) if "make lab-cluster" in text
    )
