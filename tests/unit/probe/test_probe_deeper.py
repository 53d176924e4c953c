"""What a deeper look would need is told from what started the process; nothing is asked of it."""

from __future__ import annotations

import pytest
from fake_machine import FakeMachine

from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe.deeper import look_deeper


def looked(version="3.11.7", *, command=("/srv/venv/bin/python", "app.py"), files=(), **environment):
    machine = FakeMachine()
    process = machine.start(command)
    process.environment.update(environment)
    process.files.update(dict.fromkeys(files, b"#"))
    runtime = Runtime(RuntimeName.CPYTHON, version)
    return look_deeper(process.pid, runtime, machine.processes, machine.memories)


@pytest.mark.parametrize(
    ("folder", "environment"),
    [
        ("/srv/venv/lib/python3.11/site-packages", {}),
        ("/opt/venv/lib/python3.11/site-packages", {"VIRTUAL_ENV": "/opt/venv"}),
        ("/opt/more", {"PYTHONPATH": "lib:/opt/more"}),
    ],
)
def test_memray_is_found_where_the_process_would_import_it_from(folder, environment):
    assert looked(files=[f"{folder}/memray/__init__.py"], **environment).memray == folder


def test_memray_that_is_not_there_or_of_another_version_is_not_found():
    assert looked().memray == ""
    assert looked(files=["/srv/venv/lib/python3.12/site-packages/memray/__init__.py"]).memray == ""


def test_scripts_are_taken_since_3_14_unless_that_was_turned_off():
    assert not looked("3.13.1").remote
    assert looked("3.14.8").remote
    assert not looked("3.14.8", PYTHON_DISABLE_REMOTE_DEBUG="1").remote
    assert not looked("3.14.8", command=("/usr/bin/python3", "-X", "disable-remote-debug", "app.py")).remote


def test_another_runtime_is_none_of_it():
    machine = FakeMachine()
    process = machine.start(("node", "app.js"))
    node = Runtime(RuntimeName.NODE, "20.1.0")
    assert look_deeper(process.pid, node, machine.processes, machine.memories) is None
