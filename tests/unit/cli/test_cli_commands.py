"""The command as a person types it: help, mistakes, closed pipes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer.main
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oakum import wiring
from oakum.cli.main import app
from oakum.cli.main import run as run_here

OAKUM = Path(sys.executable).with_name("oakum")
ROOT = Path(__file__).parents[3]


def commands(group, before=""):
    """Every command by what is typed: a group's are "heap analyze"."""
    found = {}
    for name, command in group.commands.items():
        inner = commands(command, f"{before}{name} ") if hasattr(command, "commands") else {before + name: command}
        found.update(inner)
    return found


COMMANDS = commands(typer.main.get_command(app))
SERIES = "series_id,ts,value\n" + "".join(f"shop,{1_760_000_000 + 60 * row},1000000\n" for row in range(40))


def oakum(*arguments, **options):
    """In a child of its own, as installed."""
    return subprocess.run(
        [OAKUM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=20, **options
    )


@pytest.fixture
def spoken(monkeypatch, capsys):
    """In this process: (exit code, standard output, standard error) of one command."""

    def speak(*arguments):
        monkeypatch.setattr("sys.argv", ["oakum", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run_here()
        told = capsys.readouterr()
        return caught.value.code or 0, told.out, told.err

    return speak


@pytest.fixture
def series(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(SERIES)
    return path


def test_the_commands_are_those_that_were_promised():
    heap = {f"heap {verb}" for verb in ("analyze", "capture", "diff", "helper", "histogram", "paths", "redact")}
    verbs = ("list", "show", "summary", "note", "escalate", "close", "report", "mute", "mutes", "unmute", "retain")
    incident = {f"incident {verb}" for verb in verbs}
    plain = {"demo", "doctor", "investigate", "scan", "watch", "plan", "apply", "undo", "verify"}
    assert set(COMMANDS) == plain | heap | incident


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_says_something_of_each_option(name, spoken):
    code, told_all, wrong = spoken(*name.split(), "--help")
    assert (code, wrong) == (0, "")
    assert f"oakum {name}" in told_all
    for parameter in COMMANDS[name].params:
        told = getattr(parameter, "help", None) or ""
        assert len(told) > 8, f"{name}: nothing is said of {parameter.name}"
        for written in parameter.opts:
            if written.startswith("-"):
                assert written in told_all


def test_the_command_alone_lists_every_command():
    run = oakum("--help")
    assert run.returncode == 0
    assert all(f"  {name.split()[0]} " in run.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_or_the_docs(name):
    pages = ("tutorial.md", "incidents.md", "stop-the-bleeding.md", "is-it-fixed.md", "watch.md")
    told = "".join(
        (ROOT / path).read_text(encoding="utf-8") for path in ("README.md", *(f"docs/{page}" for page in pages))
    )
    assert f"oakum {name}" in told or f"make {name}" in told


def test_the_version_is_told(spoken):
    code, told, _ = spoken("--version")
    assert (code, told.split()[0]) == (0, "oakum")
    assert told.split()[1][0].isdigit()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["--nonsense"],
        ["demo", "--nonsense"],
        ["demo", "extra"],
        ["doctor", "-o", "yaml"],
        ["doctor", "-o", "html"],
        ["investigate"],
        ["investigate", "pid/1", "pid/2"],
        ["investigate", "17"],
        ["investigate", "pid/1", "--for", "soon"],
        ["investigate", "pid/1", "--for", "1s"],
        ["investigate", "pid/1", "--for", "-20s"],
        ["investigate", "pid/1", "--every", "20s"],
        ["investigate", "node/worker-1"],
        ["incident"],
        ["incident", "show"],
        ["incident", "show", "17x"],
        ["incident", "show", "inc-1", "--store", "mysql://x"],
        ["incident", "note", "inc-1", "x", "--move", "prove"],
        ["incident", "escalate", "inc-1", "--level", "4"],
        ["incident", "close", "inc-1"],
        ["incident", "mute", "pid/1", "--for", "1d"],
        ["incident", "mute", "pid/1", "--reason", "x", "--for", "soon"],
        ["incident", "unmute", "inc-1"],
        ["incident", "report", "inc-1", "-o", "table"],
        ["incident", "retain", "--keep", "soon"],
        ["incident", "retain", "--disk", "much"],
        ["incident", "retain", "-o", "html"],
        ["scan", "--top", "0"],
        ["scan", "--top", "many"],
        ["scan", "--for", "1s"],
        ["scan", "--every", "0s"],
        ["scan", "no such file.csv"],
        ["scan", "host", "no such file.csv"],
        ["scan", "kube://", "host"],
        ["scan", "kube://a", "kube://b"],
        ["scan", "kube://", "--for", "5s"],
        ["scan", "kube://", "--at", "2026-11-20"],
        ["scan", "http://prometheus:9090", "--for", "7d"],
        ["scan", "kube+http://prometheus.monitoring:9090", "--for", "7d"],
        ["scan", "kube+http://prometheus:9090"],
        ["scan", "kube+http://prometheus.monitoring:9090", "http://prometheus:9090"],
        ["scan", "--namespace", "shop"],
        ["scan", "http://prometheus:9090/graph?g0.expr=up"],
        ["scan", "http://prometheus:9090", "host"],
        ["scan", "host", "--window", "3h"],
        ["scan", "host", "--namespace", "shop"],
        ["scan", "http://prometheus:9090", "--window", "1s"],
        ["scan", "http://prometheus:9090", "--label", "nothing"],
        ["scan", "http://prometheus:9090", "--scheduler", "dask:8786"],
        ["scan", "host", "--scheduler", "tcp://dask:8786"],
        ["investigate", "postgresql://me:s3[cret@db/shop"],
        ["investigate", "postgresql://me@db/shop", "--for", "1s"],
        ["investigate", "postgresql://me@db/shop", "--every", "10ms"],
    ],
)
def test_a_mistake_is_the_callers_and_nothing_is_done(arguments, tmp_path, monkeypatch, spoken):
    monkeypatch.chdir(tmp_path)
    code, _, told = spoken(*arguments)
    assert code == 2
    assert "Traceback" not in told
    assert not list(tmp_path.iterdir())
    # Alone it says what it can do, on standard output; every mistake is told on standard error.
    assert told.strip() or not arguments


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["kube://", "--at", "2026-11-20"], "--at"),
        (["kube://", "--every", "2s"], "--every"),
        (["http://prometheus:9090", "--for", "7d"], "--for"),
        (["http://prometheus:9090", "--unit", "KiB"], "--unit"),
    ],
)
def test_an_option_that_a_source_would_ignore_is_refused_by_its_name(arguments, option, spoken):
    code, _, told = spoken("scan", *arguments)
    assert code == 2
    assert f"{option} says nothing of a" in " ".join(told.split())


@pytest.mark.parametrize("source", ["host", "kube://", "series.csv"])
@pytest.mark.parametrize(
    "option",
    [["--at-once", "2"], ["--budget", "1min"], ["--max-bytes", "1MiB"], ["--no-remote-read"], ["--step", "1m"]],
)
def test_an_option_about_a_server_is_refused_where_there_is_none(source, option, spoken):
    code, _, told = spoken("scan", source, *option)
    assert code == 2
    assert f"{option[0]} is about a Prometheus server" in " ".join(told.split())


@pytest.mark.parametrize(
    "option",
    [
        *(["--stop"], ["--no-capture"], ["--inspect"], ["--exec"], ["--image", "python"], ["--max-pause", "1s"]),
        *(["--max-bytes", "1GiB"], ["--max-copy", "1s"], ["--earlier", "a"], ["--prometheus", "http://p"]),
        *(["--window", "1h"], ["--node-pod", "python"], ["--node-pod-namespace", "tools"], ["--no-logs"]),
        *(["--patterns", "a.toml"], ["--with", "redis://db"]),
    ],
)
def test_an_option_of_other_targets_is_refused_for_a_dependency_and_no_password_said(option, spoken):
    code, _, told = spoken("investigate", "postgresql://me:s3cret@db/shop", "--no-incident", *option)
    assert code == 2
    assert f"{option[0]} is not for postgresql://me@db/shop" in " ".join(told.split())
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("target", "beside", "why"),
    [
        ("pid/1", "deploy/shop/web", "--with deploy/shop/web is no dependency"),
        ("pid/1", "mysql://me:s3cret@db/shop", "'mysql://…' is not a target"),
        ("./app.log", "redis://:s3cret@db", "--with is not for"),
        ("pid/1", "app:s3cret@h:5432/db", "'…@h:5432/db' is not a target"),
        ("pid/1", "", "--with names no server"),
        ("redis://db", "", "--with is not for redis://db"),
    ],
)
def test_what_a_target_cannot_be_looked_at_with_is_refused_and_no_password_said(target, beside, why, spoken):
    code, _, told = spoken("investigate", target, "--no-incident", "--with", beside)
    assert code == 2
    assert why in " ".join(told.split())
    assert "s3cret" not in told


def test_a_server_that_is_not_there_ends_the_look_before_it_begins(spoken):
    code, out, told = spoken(
        "investigate", f"pid/{os.getpid()}", "--no-incident", "--with", "postgresql://me:s3cret@/x?host=/no-such"
    )
    assert (code, out) == (3, "")
    assert "looking at" not in told
    assert "s3cret" not in told


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text("QXZJ7#?/@:[]%&=+,!", min_size=4, max_size=16),
    st.sampled_from(["me:{}@/u8?host=/no-such", ":{}@/u8?host=/no-such", "/u8?host=/no-such&password={}"]),
)
def test_no_piece_of_a_password_is_said_wherever_its_signs_stand(spoken, password, form):
    code, out, told = spoken("investigate", f"postgresql://{form.format(password)}", "--no-incident")
    assert code in {2, 3}
    pieces = {password[at : at + 4] for at in range(len(password) - 3)}
    assert not [each for each in pieces if re.search("[QXZJ7]", each) and each in out + told]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_investigation_that_is_ended_from_outside_lets_go_of_what_it_holds_as_by_ctrl_c(number, monkeypatch, spoken):
    held = []

    @contextmanager
    def lodged():
        held.append("pod")
        try:
            yield
        finally:
            held.clear()

    def machine():
        with lodged():
            assert held
            os.kill(os.getpid(), number)

    before = signal.signal(number, signal.SIG_DFL)
    try:
        monkeypatch.setattr(wiring, "machine", machine)
        code, _, _ = spoken("investigate", f"pid/{os.getpid()}", "--no-incident")
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert (code, held) == (130, [])


def test_the_scans_of_several_namespaces_keep_the_context_and_each_is_run_whatever_the_one_before_ends_with(spoken):
    _, _, told = spoken("scan", "kube://prod", "-n", "a", "-n", "b")
    assert "oakum scan kube://prod -n a; oakum scan kube://prod -n b" in " ".join(told.split())


@pytest.mark.parametrize(
    "arguments", [["--unit", "lots"], ["--at", "yesterday"], ["--for", "soon"], ["--top", "3", "host"]]
)
def test_a_mistake_about_a_file_is_the_callers_and_says_the_next_step(series, arguments, spoken):
    code, answer, told = spoken("scan", series, *arguments)
    assert (code, answer) == (2, "")
    assert "why:" in told
    assert "next:" in told


def test_a_broken_file_is_the_datas_fault(tmp_path, spoken):
    (tmp_path / "broken.csv").write_text("series_id,ts\na,1\n")
    code, answer, told = spoken("scan", tmp_path / "broken.csv")
    assert (code, answer) == (4, "")
    assert "next:" in told


@pytest.mark.parametrize("target", ["pid/2147483647", "cgroup/no/such.slice"])
def test_a_target_that_is_not_there(target, spoken):
    code, answer, told = spoken("investigate", target)
    assert (code, answer) == (3, "")
    assert "next:" in told


def test_a_place_that_cannot_be_written_is_this_machines_fault_and_told_first(series, tmp_path, spoken):
    code, _, told = spoken("scan", series, "-o", "json", "-f", tmp_path / "no such folder" / "x.json")
    assert code == 6
    assert "reading" not in told


def test_json_stands_alone_on_standard_output_and_progress_beside_it(series, spoken):
    code, answer, told = spoken("scan", series, "-o", "json")
    assert code == 0
    assert json.loads(answer)["schema"] == "oakum.scan/1"
    assert "reading" in told


def test_a_page_goes_to_standard_output_when_that_is_no_terminal(series, tmp_path, monkeypatch, spoken):
    monkeypatch.chdir(tmp_path)
    _, answer, _ = spoken("scan", series, "-o", "html")
    assert answer.startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["series.csv"]


LEAK = "series_id,ts,value\n" + "".join(
    f"shop,{1_760_000_000 + 600 * row},{50_000_000 + 500_000 * max(0, row - 400)}\n" for row in range(700)
)


@pytest.mark.parametrize("output", ["json", "html", "table"])
@pytest.mark.parametrize("progress_too", [False, True], ids=["its answer", "all that it says"])
def test_a_reader_that_has_gone_changes_no_verdict(tmp_path, output, progress_too):
    """``oakum scan … | head`` ends as it would have: 1 for a leak, 0 for none."""
    for text, code in ((SERIES, 0), (LEAK, 1)):
        (tmp_path / "series.csv").write_text(text)
        reader, writer = os.pipe()
        os.close(reader)
        try:
            run = subprocess.run(
                [OAKUM, "scan", tmp_path / "series.csv", "-o", output],
                stdout=writer,
                stderr=writer if progress_too else subprocess.PIPE,
                text=True,
                check=False,
                timeout=20,
            )
        finally:
            os.close(writer)
        assert run.returncode == code
        assert progress_too or "BrokenPipe" not in run.stderr


@pytest.mark.parametrize("output", ["json", "html", "table"])
def test_a_terminal_that_knows_ascii_only_gets_an_answer(series, output):
    run = oakum("scan", series, "-o", output, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert run.returncode == 0, run.stderr
    assert run.stdout.isascii()
    assert "shop" in run.stdout
    assert output != "html" or "&#9679; healthy" in run.stdout


HEAVY = {
    "anyio",
    "httpx2",
    "orjson",
    "websockets",
    "yaml",
    "elftools",
    "jinja2",
    "numba",
    "numpy",
    "polars",
    "pyarrow",
    "rich",
    "pygments",
    "httpx",
    "sqlalchemy",
    "alembic",
    "psycopg",
    "obstore",
}


@pytest.mark.parametrize(
    "program",
    [
        "import oakum",
        "import oakum.cli.main",
        "from oakum.cli.main import app; app(['--help'], standalone_mode=False)",
        "from oakum.cli.main import app; app(['scan', '--help'], standalone_mode=False)",
        "from oakum.cli.main import app; app(['investigate', '--help'], standalone_mode=False)",
    ],
)
def test_what_only_says_its_name_loads_nothing_heavy(program):
    told = f"{program}\nimport sys\nprint('loaded', *sorted({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=20)
    loaded = set(run.stdout.splitlines()[-1].split()[1:])
    assert "oakum" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("output", ["table", "json"])
def test_streams_that_the_caller_closed_change_no_verdict(series, closed, output):
    command = f"exec {shlex.quote(str(OAKUM))} scan {shlex.quote(str(series))} -o {output} {closed}"
    run = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=20)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_standard_output_is_this_machines_fault(series):
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [OAKUM, "scan", series, "-o", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=20,
        )
    assert run.returncode == 6
    assert "No space left on device" in run.stderr


def test_a_plugin_of_kubectl_is_the_same_command_under_its_own_name():
    plugin = OAKUM.with_name("kubectl-oakum")
    told = subprocess.run([plugin, "investigate", "--help"], capture_output=True, text=True, check=True, timeout=20)
    assert told.stdout.startswith("Usage: kubectl oakum investigate ")
    assert told.stdout.replace("kubectl oakum", "oakum").split() == oakum("investigate", "--help").stdout.split()
